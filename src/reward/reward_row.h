// A matured reward: one placement that was shown, and what came of it.

#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "domain/decision.h"
#include "domain/ids.h"

namespace ante {

inline constexpr double kMicros = 1e6;  // of a unit of reward

struct RewardRow {
  DecisionId decision;
  SlotKey slot;
  PersonHash person;  // oldest member at the decision
  Arm arm = Arm::kTreated;
  Outcome outcome = Outcome::kBet;
  TimeMs at_ms = 0;       // of the decision
  TimeMs matured_ms = 0;  // when it was told
  Situation situation;
  std::uint64_t model_version = 0;
  ItemKey item;
  std::uint8_t position = 1;
  float propensity = 1;
  SourceBits sources = 0;
  bool in_hand = false;  // false: features are unknown (not learned)
  QuantisedFeatures features{};
  std::vector<TopicKey> topics;
  float predicted = 0;  // P(outcome) when decided; for calibration
  // What its outcomes are worth together; the slot's default reward when there were none.
  double reward = 0;
  double share = 0;  // where that lies in what the slot can pay, 0 .. 1
};

// Whoever takes matured rows: the trainer, calibration, reports. One thread at a time.
class RewardSink {
 public:
  virtual ~RewardSink() = default;
  virtual void matured(const RewardRow& row) = 0;
  // An outcome arrived after the row matured: how it is now, and how it was told before. Who does
  // nothing here stays with what was known first.
  virtual void corrected(const RewardRow& /*now*/, const RewardRow& /*before*/) {}
};

}  // namespace ante
