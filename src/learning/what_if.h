// What would another policy have earned in a slot, from the live log alone?
//
// In:   the log; a slot and a policy. Out: estimates with intervals, or a refusal and why.
//
// Rows are the first places of decisions that the policy drew, whose reward has matured. The target
// is a rule of decision/exploration.h on the gains that were expected when it decided, over every
// action that could stand first, with the scale of rewards as it was then; or "safe", always the
// first item of the safe default. Targets and expectations come from before the reward, and the
// live policy learns: so every interval is a confidence sequence, never a bootstrap. Why:
// docs/decisions/0066-what-if-of-the-live-log.md. Any thread.

#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "base/result.h"
#include "learning/off_policy.h"
#include "learning/settled_decisions.h"

namespace ante {

// Decisions of one question; those behind are not looked at, and the answer says so.
inline constexpr std::size_t kWhatIfDecisionsMax = 1'000'000;

struct WhatIfQuestion {
  std::string slot, policy;
  TimeMs since = std::numeric_limits<TimeMs>::min();
  TimeMs until = std::numeric_limits<TimeMs>::max();
  std::size_t decisions_max = kWhatIfDecisionsMax;
};

struct WhatIf {
  std::string policy;  // with its settings
  OffPolicyReport report;
  std::optional<MeanReward> logged;      // what the policy that ran earned in the same decisions
  std::optional<MeanReward> difference;  // DR minus that; none when refused
  // Decisions that are not among the rows, and values of the log that could not be read.
  std::uint64_t open = 0, not_shown = 0, not_joined = 0, not_drawn = 0, unreadable = 0;
  bool cut = false;  // at decisions_max
  std::string sentence;
};

// kInvalidArgument: no such policy (the message lists them). Else as Store::scan_log.
Result<WhatIf> what_if(const Store& store, const WhatIfQuestion& question);

}  // namespace ante
