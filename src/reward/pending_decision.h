// A decision that waits for what comes of it: only what its reward rows will need.
//
// It waits to be shown, then for the slot's reward wait (learned), then for the end of the window
// (closed), then for outcomes that happened in time and arrive late.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "domain/decision.h"
#include "reward/reward_row.h"
#include "reward/slot_goals.h"

namespace ante {

inline constexpr DurationMs kActivationWaitMs = kDayMs;
inline constexpr DurationMs kRewardLateMaxMs = 30 * kDayMs;  // imported outcomes

struct PendingPlacement {
  ItemKey item;
  float propensity = 1;
  float predicted = 0;
  SourceBits sources = 0;
  bool in_hand = false;
  bool shown = false;
  Credits credits;
  // What learners, and those who wait for the window's end, have been told; none: no row yet.
  std::optional<std::int64_t> told_learners, told;
  QuantisedFeatures features{};
  std::vector<TopicKey> topics;
};

struct PendingDecision {
  DecisionId id;
  SlotKey slot;
  PersonHash person;  // oldest member at the decision
  PersonHash routed;  // the id the decision was asked for
  Arm arm = Arm::kTreated;
  Outcome outcome = Outcome::kBet;
  TimeMs at_ms = 0;
  TimeMs shown_ms = 0;   // 0: not yet
  TimeMs learns_ms = 0;  // end of the reward wait
  TimeMs closes_ms = 0;  // end of the window
  enum class Phase : std::uint8_t { kOpen = 0, kLearned = 1, kClosed = 2 };
  Phase phase = Phase::kOpen;
  std::uint64_t model_version = 0;
  Situation situation;
  std::vector<PendingPlacement> placements;
  std::vector<std::uint64_t> rewards_seen;  // hashes of (placement, measure)

  // Marks a placement as shown at `shown`, which opens the window if nothing was shown before.
  void show(std::size_t placement, TimeMs shown, const Slot& of);
  // When something is next to be done with it.
  TimeMs due_ms() const;
  bool in_window(TimeMs occurred_at) const {
    return shown_ms > 0 && occurred_at >= shown_ms && occurred_at <= closes_ms;
  }
  // REQUIRES its slot. `micros`: what the placement earned.
  RewardRow row(std::size_t placement, const Slot& slot, std::int64_t micros,
                TimeMs matured_ms) const;
};

// REQUIRES at least one person.
PendingDecision pending_of(const Decision& decision);

void write_pending(ByteWriter& out, const PendingDecision& pending);
// False: the bytes are damaged.
bool read_pending(ByteReader& in, PendingDecision& pending);

}  // namespace ante
