// How large and how noisy rewards are in each slot, as matured rows tell; published for decision/.
//
// In:   matured rows of treated persons (RewardSink), in the joiner's order.
// Out:  scales(): a snapshot a slot, new after each commit that matured something.
//
// Checkpointed as a LogConsumer beside the joiner that feeds it: both are saved at the same record.
// matured() and consume() on one thread; scales() by any.

#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/published.h"
#include "domain/log_consumer.h"
#include "domain/reward_scale.h"
#include "reward/reward_row.h"

namespace ante {

class RewardScales final : public RewardSink, public LogConsumer {
 public:
  const Published<RewardScaleMap>& scales() const { return published_; }

  void matured(const RewardRow& row) override;
  void corrected(const RewardRow& now, const RewardRow& before) override;

  std::string_view name() const override { return "reward-scales"; }
  void consume(const CommittedRecord&) override {}
  void commit_consumed(Commit) override;
  std::string save() const override;
  Result<void> load(std::string_view bytes) override;

 private:
  struct Sums {
    std::uint64_t n = 0;
    double mean = 0, squares = 0;  // Welford: sum of squared distances from the mean
  };
  void publish();

  std::map<SlotKey, Sums> sums_;  // at most kSlotsMax: the joiner knows no other slots
  bool changed_ = false;
  Published<RewardScaleMap> published_;
};

}  // namespace ante
