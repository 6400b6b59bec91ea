// Learns the value model from matured rewards, and publishes it as immutable versions.
//
// In:   RewardRows of the joiner (RewardSink). Holdout rows and rows without features are left out:
//       the holdout is for measuring, and nothing that was not in the hand has features.
//       Learned is where a reward lies between the least and the most that the slot can pay.
//       A row that is corrected, since its outcome came late, is moved to what it now says, at the
//       pace at which corrections come on average: a till's whole day imported at night is spread
//       over the next day's rows. At once it raised every chance by up to 78 %, for a while.
// Out:  published ValueModel.
//
// A new version is published with the kRowsAVersionMin-th row since the last, later less often (a
// thousandth of all rows, at most kRowsAVersionMax): at that very row, so that versions do not
// depend on how commits were grouped. As a LogConsumer it keeps its checkpoint. Follower thread.

#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "base/published.h"
#include "domain/log_consumer.h"
#include "ranking/value_model.h"
#include "reward/reward_row.h"

namespace ante {

inline constexpr std::uint64_t kRowsAVersionMin = 64;
inline constexpr std::uint64_t kRowsAVersionMax = 5000;
inline constexpr std::size_t kCorrectionsMax =
    5000;                                       // waiting; beyond it the oldest is made at once
inline constexpr double kCorrectionPace = 1.1;  // over the average, so that none wait for ever

class Trainer final : public RewardSink, public LogConsumer {
 public:
  explicit Trainer(Published<ValueModel>& models);

  void matured(const RewardRow& row) override;
  void corrected(const RewardRow& now, const RewardRow& before) override;

  std::string_view name() const override { return "trainer"; }
  void consume(const CommittedRecord&) override {}
  std::string save() const override;
  Result<void> load(std::string_view bytes) override;

  std::uint64_t rows() const { return state_.rows(); }

 private:
  struct Correction {
    ValueTerms terms;
    float before = 0, now = 0;
  };
  void correct_in_pace();
  void correct_oldest();
  void publish();

  Published<ValueModel>& models_;
  ValueLearner state_;
  std::uint64_t published_rows_ = 0;
  std::deque<Correction> late_;  // at most kCorrectionsMax
  double corrected_sum_ = 0;     // of all corrections that came, in shares
  double credit_ = 0;            // how much may be corrected now
};

}  // namespace ante
