#include "learning/policy_evaluation.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "decision/exploration.h"

namespace ante {
namespace {

constexpr std::string_view kConstant = "constant:";

Result<void> set_constant(BanditLog& log, std::string_view name) {
  const auto place = std::ranges::find(log.action_names, name);
  if (place == log.action_names.end())
    return invalid_argument(fmt::format("policy 'constant:{}': no round has this action", name));
  const auto action = static_cast<std::uint32_t>(place - log.action_names.begin());
  log.targets.assign(log.actions.size(), 0);
  for (const LoggedRound& round : log.rounds) {
    bool found = false;
    for (std::size_t e = round.first_action; e < round.first_action + round.action_count; ++e) {
      log.targets[e] = log.actions[e] == action ? 1 : 0;
      found = found || log.actions[e] == action;
    }
    if (!found) {
      return invalid_argument(
          fmt::format("policy 'constant:{}': the round of line {} does not have this action", name,
                      round.line));
    }
  }
  return {};
}

RewardScale scale_of(const BanditLog& log) {
  RunningRewardScale running;
  for (const LoggedRound& round : log.rounds) running.add(round.reward);
  return running.scale();
}

void set_rule(BanditLog& log, const ExplorationRule& rule, const std::vector<double>& expected) {
  const RewardScale scale = scale_of(log);
  log.targets.assign(log.actions.size(), 0);
  std::vector<ActionEstimate> actions;
  std::vector<double> chances;
  for (const LoggedRound& round : log.rounds) {
    actions.clear();
    const std::size_t end = round.first_action + round.action_count;
    for (std::size_t e = round.first_action; e < end; ++e) {
      if (log.propensities[e] != 0) actions.push_back({expected[e], 0, 0});
    }
    chances.resize(actions.size());
    rule.distribute(actions, scale, chances);
    std::size_t next = 0;
    for (std::size_t e = round.first_action; e < end; ++e)
      log.targets[e] = log.propensities[e] != 0 ? chances[next++] : 0;
  }
}

}  // namespace

Result<void> set_targets(BanditLog& log, std::string_view text,
                         const std::vector<double>& expected) {
  CHECK(expected.size() == log.actions.size());
  if (text == "target") {
    if (log.targets.size() == log.actions.size()) return {};
    return invalid_argument(
        "policy 'target': the log has no \"target\" probabilities; add them to its actions, give "
        "--target-log, or name a policy with --policy");
  }
  if (text == "logged") {
    if (std::ranges::find(log.propensities, kUnknownPropensity) != log.propensities.end()) {
      return invalid_argument(
          "policy 'logged': the log tells only the propensity of what was chosen");
    }
    log.targets = log.propensities;
    return {};
  }
  if (text.starts_with(kConstant)) return set_constant(log, text.substr(kConstant.size()));
  const auto rule = TRY(exploration_rule(text));
  if (rule->name() == "thompson") {
    return invalid_argument(
        "policy 'thompson': it changes with every reward and cannot be asked about in a log; "
        "evaluate it with: ante evaluate bandit");
  }
  set_rule(log, *rule, expected);
  return {};
}

std::vector<OffPolicyRow> off_policy_rows(const BanditLog& log,
                                          const std::vector<double>& expected) {
  CHECK(log.targets.size() == log.actions.size() && expected.size() == log.actions.size());
  std::vector<OffPolicyRow> rows;
  rows.reserve(log.rounds.size());
  for (const LoggedRound& round : log.rounds) {
    const std::size_t chosen = round.first_action + round.chosen;
    CHECK(log.propensities[chosen] > 0);
    OffPolicyRow row;
    row.weight = log.targets[chosen] / log.propensities[chosen];
    row.reward = round.reward;
    row.expected = expected[chosen];
    for (std::size_t e = round.first_action; e < round.first_action + round.action_count; ++e) {
      row.direct += log.targets[e] * expected[e];
      if (log.propensities[e] == 0) row.out_of_support += log.targets[e];
    }
    rows.push_back(row);
  }
  return rows;
}

}  // namespace ante
