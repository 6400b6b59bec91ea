// Joins decisions, activations and outcomes inside the slot's window; emits matured rows.
//
// In:   the log in commit order (LogConsumer): decisions, activations, rewards, events, slots.
// Out:  one RewardRow a shown placement, to every sink, in a fixed order: to learners when the
//       slot's reward wait is over, to the others when the window has closed (by received_at, which
//       only grows). Not shown: no row. Before that a missing reward is unknown, not zero.
//
// The window opens when a placement is shown: with the decision, or by its activation, for which
// a deferred decision waits at most kActivationWaitMs. An authenticated reward proves that its
// placement was shown. An event is credited to the latest decision of each slot that showed its
// item to this person, under whatever linked id, or to the decision it names. Each of the slot's
// outcomes counts once for a placement, and of several the one worth most.
// An outcome that happened in the window and arrives after the row was told (a purchase after the
// reward wait, a till's day imported later) corrects it: RewardSink::corrected. For that the newest
// kLateDecisionsMax decisions are kept for kRewardLateMaxMs; what comes later still counts in
// report/lift.h.
//
// A reward counts once for each (decision, item, position, measure). Holdout rows are emitted too:
// it is the trainer's duty to leave them out, and a test's to see that it does. Decisions without
// consent or while paused give no rows.
// One thread. At most kPendingDecisionsMax decisions wait; beyond that the oldest are dropped from
// learning and counted.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "domain/log_consumer.h"
#include "reward/pending_decision.h"
#include "reward/reward_row.h"

namespace ante {

inline constexpr std::size_t kPendingDecisionsMax = 100'000;
inline constexpr std::size_t kPendingOfPersonMax = 256;    // decisions an event is compared with
inline constexpr std::size_t kRewardsOfDecisionMax = 512;  // different (placement, measure)
inline constexpr std::size_t kLateDecisionsMax = 20'000;   // closed, and open to late outcomes

class Joiner final : public LogConsumer {
 public:
  explicit Joiner(std::vector<RewardSink*> at_close, std::vector<RewardSink*> learners = {});
  ~Joiner() override;

  std::string_view name() const override { return "joiner"; }
  void consume(const CommittedRecord& record) override;
  std::string save() const override;
  Result<void> load(std::string_view bytes) override;

  struct Status {
    std::uint64_t pending = 0, matured = 0, corrected = 0, dropped = 0, rewards = 0,
                  rewards_unjoined = 0, rewards_repeated = 0;
  };
  Status status() const;  // any thread
  // Whether the window of this decision may still be open. Between consume() calls.
  bool is_waiting(DecisionId id) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ante
