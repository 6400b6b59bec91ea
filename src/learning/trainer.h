// Learns the value model from matured rewards, and publishes it as immutable versions.
//
// In:   RewardRows of the joiner (RewardSink). Holdout rows and rows without features are left out:
//       the holdout is for measuring, and nothing that was not in the hand has features.
// Out:  published ValueModel.
//
// A new version is published with the kRowsAVersionMin-th row since the last, later less often (a
// thousandth of all rows, at most kRowsAVersionMax): at that very row, so that versions do not
// depend on how commits were grouped. As a LogConsumer it keeps its checkpoint. Follower thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/published.h"
#include "domain/log_consumer.h"
#include "ranking/value_model.h"
#include "reward/reward_row.h"

namespace ante {

inline constexpr std::uint64_t kRowsAVersionMin = 64;
inline constexpr std::uint64_t kRowsAVersionMax = 5000;

class Trainer final : public RewardSink, public LogConsumer {
 public:
  explicit Trainer(Published<ValueModel>& models);

  void matured(const RewardRow& row) override;

  std::string_view name() const override { return "trainer"; }
  void consume(const CommittedRecord&) override {}
  std::string save() const override;
  Result<void> load(std::string_view bytes) override;

  std::uint64_t rows() const { return state_.rows(); }

 private:
  void publish();

  Published<ValueModel>& models_;
  ValueLearner state_;
  std::uint64_t published_rows_ = 0;
};

}  // namespace ante
