#include "learning/what_if.h"

#include <memory>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "decision/exploration.h"
#include "learning/first_place.h"

namespace ante {
namespace {

constexpr std::string_view kSafePolicy = "safe";

// The target; no rule is "safe".
struct TargetPolicy {
  std::string name;
  std::unique_ptr<ExplorationRule> rule;
};

Result<TargetPolicy> target_policy(std::string_view text) {
  if (text == kSafePolicy) return TargetPolicy{std::string(text), nullptr};
  auto rule = exploration_rule(text);
  if (!rule) {
    return invalid_argument(rule.error().message + " And safe: always the safe default.");
  }
  if ((*rule)->name() == "thompson") {
    return invalid_argument(
        "policy 'thompson': it changes with every reward and cannot be asked about in a log; "
        "evaluate it with: ante evaluate bandit");
  }
  return TargetPolicy{(*rule)->name(), *std::move(rule)};
}

// The chances of the target over the actions, in their order.
std::vector<double> target_chances(const TargetPolicy& target, const FirstPlace& first,
                                   RewardScale scale) {
  std::vector<double> targets(first.actions.size(), 0);
  if (!target.rule) {
    for (std::size_t a = 0; a < targets.size(); ++a) targets[a] = first.actions[a].is_safe ? 1 : 0;
    return targets;
  }
  if (!(scale.sd > 0)) scale = {};  // nothing is known of the unit of reward
  std::vector<ActionEstimate> possible;
  for (const FirstPlaceAction& action : first.actions)
    if (action.propensity > 0) possible.push_back({action.gain, 0, 0});
  std::vector<double> chances(possible.size());
  target.rule->distribute(possible, scale, chances);
  std::size_t next = 0;
  for (std::size_t a = 0; a < targets.size(); ++a)
    if (first.actions[a].propensity > 0) targets[a] = chances[next++];
  return targets;
}

// All but the reward.
OffPolicyRow row_of(const FirstPlace& first, const std::vector<double>& targets) {
  OffPolicyRow row;
  const FirstPlaceAction& chosen = first.actions[first.chosen];
  row.weight = targets[first.chosen] / chosen.propensity;
  row.expected = chosen.expected;
  double total = 0;
  for (std::size_t a = 0; a < targets.size(); ++a) {
    total += targets[a];
    row.direct += targets[a] * first.actions[a].expected;
    if (first.actions[a].propensity <= 0) row.out_of_support += targets[a];
  }
  // Where there is no safe default to show, "safe" is none of the actions.
  if (total <= 0) row.out_of_support = 1;
  return row;
}

class WhatIfRows final : public DecisionSink {
 public:
  WhatIfRows(const TargetPolicy& target, std::size_t decisions_max)
      : target_(target), decisions_max_(decisions_max) {}

  bool take(const LoggedDecision& logged) override {
    if (taken_ >= decisions_max_) return false;
    ++taken_;
    const FirstPlace first = first_place_of(logged.decision, logged.range());
    if (first.not_drawn) {
      ++answer_.not_drawn;
    } else {
      waiting_[logged.decision.id] = row_of(first, target_chances(target_, first, logged.scale));
    }
    return true;
  }

  void settle(DecisionId id, RewardState state, std::span<const PlaceReward> rewards) override {
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return;
    OffPolicyRow row = found->second;
    waiting_.erase(found);
    switch (state) {
      case RewardState::kMatured:
        break;
      case RewardState::kOpen:
        ++answer_.open;
        return;
      case RewardState::kNotShown:
        ++answer_.not_shown;
        return;
      case RewardState::kNotJoined:
        ++answer_.not_joined;
        return;
    }
    for (const PlaceReward& place : rewards) {
      if (place.position != 1) continue;
      row.reward = place.reward;
      rows_.push_back(row);
      return;
    }
    ++answer_.not_shown;  // a lower place was, the first was not
  }

  WhatIf finish(const DecisionReading& reading) {
    answer_.policy = target_.name;
    answer_.unreadable = reading.unreadable;
    answer_.cut = reading.next.has_value();
    answer_.report = evaluate_off_policy(rows_, {.interval = IntervalKind::kSequence});
    if (rows_.size() < 2) return std::move(answer_);
    std::vector<double> earned, differences;
    for (const OffPolicyRow& row : rows_) {
      earned.push_back(row.reward);
      differences.push_back(row.direct + row.weight * (row.reward - row.expected) - row.reward);
    }
    answer_.logged = mean_reward(earned, IntervalKind::kSequence);
    if (answer_.report.health.refusal.empty())
      answer_.difference = mean_reward(differences, IntervalKind::kSequence);
    return std::move(answer_);
  }

 private:
  const TargetPolicy& target_;
  std::size_t decisions_max_, taken_ = 0;
  std::unordered_map<DecisionId, OffPolicyRow> waiting_;
  std::vector<OffPolicyRow> rows_;
  WhatIf answer_;
};

std::string with_interval(double value, const Interval& interval) {
  return fmt::format("{:.4g} [{:.4g}, {:.4g}]", value, interval.low, interval.high);
}

std::string difference_in_words(const MeanReward& difference) {
  if (difference.interval.contains(0)) return "which cannot be told from";
  return difference.value > 0 ? "more than" : "less than";
}

std::string sentence_of(const WhatIfQuestion& question, const WhatIf& answer) {
  const OffPolicyHealth& health = answer.report.health;
  if (health.rows == 0) {
    return fmt::format(
        "No value for '{}' in {}: no decision that was drawn and shown has a closed window yet "
        "({} open, {} not shown, {} not drawn by the policy).",
        answer.policy, question.slot, answer.open, answer.not_shown, answer.not_drawn);
  }
  if (!health.refusal.empty())
    return fmt::format("No value for '{}' in {}: {}.", answer.policy, question.slot,
                       health.refusal);
  const OffPolicyEstimate& dr = answer.report[Estimator::kDr];
  return fmt::format(
      "In the first place of {} the policy '{}' would have earned {} a decision, {} the {} of the "
      "policy that ran, by {} decisions.",
      question.slot, answer.policy, with_interval(*dr.value, *dr.interval),
      difference_in_words(*answer.difference),
      with_interval(answer.logged->value, answer.logged->interval), health.rows);
}

}  // namespace

Result<WhatIf> what_if(const Store& store, const WhatIfQuestion& question) {
  const TargetPolicy target = TRY(target_policy(question.policy));
  WhatIfRows rows(target, question.decisions_max);
  const DecisionsWanted wanted{question.slot, question.since, question.until, {}};
  const DecisionReading reading = TRY(read_decisions(store, wanted, rows));
  WhatIf answer = rows.finish(reading);
  answer.sentence = sentence_of(question, answer);
  return answer;
}

}  // namespace ante
