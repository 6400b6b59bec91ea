// Joins decisions, activations and outcomes inside the slot's window; emits matured rows.
//
// In:   the log in commit order (LogConsumer): decisions, activations, rewards, events, slots.
// Out:  when a decision's window has closed (by received_at, which only grows): one RewardRow a
//       shown placement, to every sink, in a fixed order. Not shown: no row. Before the window
//       closes a missing reward is unknown, not zero.
//
// A reward counts once for each (decision, item, position, measure). Holdout rows are emitted too:
// it is the trainer's duty to leave them out, and a test's to see that it does.
// One thread. At most kPendingDecisionsMax decisions wait; beyond that the oldest are dropped from
// learning and counted.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "domain/log_consumer.h"
#include "reward/reward_row.h"

namespace ante {

inline constexpr std::size_t kPendingDecisionsMax = 100'000;
inline constexpr DurationMs kRewardLateMaxMs = 30 * kDayMs;

class Joiner final : public LogConsumer {
 public:
  explicit Joiner(std::vector<RewardSink*> sinks);
  ~Joiner() override;

  std::string_view name() const override { return "joiner"; }
  void consume(const CommittedRecord& record) override;
  std::string save() const override;
  Result<void> load(std::string_view bytes) override;

  struct Status {
    std::uint64_t pending = 0, matured = 0, dropped = 0, rewards = 0, rewards_unjoined = 0,
                  rewards_repeated = 0;
  };
  Status status() const;  // any thread

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ante
