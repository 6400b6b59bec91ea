// A decision that waits for what comes of it: only what its reward rows will need.

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

namespace ante {

struct PendingPlacement {
  ItemKey item;
  float propensity = 1;
  float predicted = 0;
  SourceBits sources = 0;
  bool in_hand = false;
  bool shown = false;
  std::optional<std::int64_t> credit_micros;  // none: no goal yet
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
  TimeMs shown_ms = 0;  // 0: not yet
  TimeMs closes_ms = 0;
  std::uint64_t model_version = 0;
  Situation situation;
  std::vector<PendingPlacement> placements;
  std::vector<std::uint64_t> rewards_seen;  // hashes of (placement, measure)

  // Marks a placement as shown at `shown`, which opens the window if nothing was shown before.
  void show(std::size_t placement, TimeMs shown, DurationMs window_ms);
  // A goal of this worth happened; of several the best counts.
  void credit(std::size_t placement, std::int64_t micros);
  bool in_window(TimeMs occurred_at) const {
    return shown_ms > 0 && occurred_at >= shown_ms && occurred_at <= closes_ms;
  }
  RewardRow row(std::size_t placement, TimeMs matured_ms) const;
};

// REQUIRES at least one person.
PendingDecision pending_of(const Decision& decision);

void write_pending(ByteWriter& out, const PendingDecision& pending);
// False: the bytes are damaged.
bool read_pending(ByteReader& in, PendingDecision& pending);

}  // namespace ante
