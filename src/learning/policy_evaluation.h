// A log, a target policy and a reward model → the rows that the estimators take.
//
// In:   a log of single choices, which policy to ask about. Out: OffPolicyRows, one a round.
//
// A policy that is made from expected rewards (greedy, squarecb, …) takes them from the reward
// model of the other folds, so no round is evaluated by a policy that was trained on it.
// Pure functions; any thread.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "learning/bandit_log.h"
#include "learning/off_policy.h"

namespace ante {

// Sets log.targets to what the policy `text` would do in each round:
//   "target"            what the log itself says (nothing changes)
//   "logged"            what the logging policy did; needs every propensity
//   "constant:ACTION"   always this action
//   and the names of decision/exploration.h, on `expected` rewards (one an entry of log.actions).
// Actions that the log says cannot be chosen (propensity 0) are no actions of a rule.
// kInvalidArgument: no such policy, no targets in the log, an action that is not in every round.
Result<void> set_targets(BanditLog& log, std::string_view text,
                         const std::vector<double>& expected);

// REQUIRES log.targets and `expected` of the size of log.actions.
std::vector<OffPolicyRow> off_policy_rows(const BanditLog& log,
                                          const std::vector<double>& expected);

}  // namespace ante
