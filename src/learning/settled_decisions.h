// The decisions of the log, read again, each with what came of it.
//
// In:   the log from its beginning, and which decisions are wanted. Out: to a sink, each wanted
//       decision in the order of the log, and later, once, how it was settled.
//
// Rewards are joined by a Joiner over the same records: what was known when the window closed (what
// arrives later corrects the models, and is in the lift report). A
// value of the log that cannot be read is passed over and counted, and so is a decision; since such
// a value may have held rewards, no decision whose window was open at it is told a reward. Memory:
// what the Joiner keeps (kPendingDecisionsMax), and an entry for each decision that waits. One
// thread; the log may grow meanwhile.

#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "domain/decision.h"
#include "domain/reward_scale.h"
#include "domain/slot.h"
#include "store/store.h"

namespace ante {

// Where a record stands in the log; commits ascend, and partitions within a commit.
struct LogPlace {
  std::uint64_t commit = 0;
  std::uint16_t partition = 0;
  std::uint64_t sequence = 0;
  friend auto operator<=>(const LogPlace&, const LogPlace&) = default;
};

struct DecisionsWanted {
  std::string slot;  // empty: of every slot
  TimeMs since = std::numeric_limits<TimeMs>::min();
  TimeMs until = std::numeric_limits<TimeMs>::max();  // this moment is no longer in it
  LogPlace after;                                     // only what stands behind this place
};

enum class RewardState : std::uint8_t {
  kMatured,    // the window has closed: a placement without a reward was not shown
  kOpen,       // the window has not closed: rewards may come
  kNotShown,   // nobody said that it was shown
  kNotJoined,  // no reward is joined to it: by its outcome, for want of room, or by damage
};
std::string_view to_string(RewardState state);

struct PlaceReward {
  std::uint8_t position = 1;
  double reward = 0;
};

struct LoggedDecision {
  const Decision& decision;
  const Slot* slot = nullptr;  // as it was then; null: there was none
  RewardScale scale;           // of its slot, as far as rewards had matured
  RewardRange range() const { return slot == nullptr ? RewardRange{} : slot->reward_range(); }
};

class DecisionSink {
 public:
  virtual ~DecisionSink() = default;
  // False: the sink is full; neither this decision nor one behind it is offered again.
  virtual bool take(const LoggedDecision& logged) = 0;
  // Of a decision that was taken. `rewards`: of the placements that were shown, once it matured.
  virtual void settle(DecisionId id, RewardState state, std::span<const PlaceReward> rewards) = 0;
};

struct DecisionReading {
  std::uint64_t unreadable = 0;  // values of the log and decisions, passed over
  // The sink was full: read on with this as `after`.
  std::optional<LogPlace> next;
};

// Reads to the end of the log, or until the sink is full and all it took is settled.
// The errors of Store::scan_log.
Result<DecisionReading> read_decisions(const Store& store, const DecisionsWanted& wanted,
                                       DecisionSink& sink);

}  // namespace ante
