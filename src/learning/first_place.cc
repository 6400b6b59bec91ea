#include "learning/first_place.h"

#include <algorithm>
#include <cmath>

#include "decision/decision_engine.h"
#include "decision/policy.h"

namespace ante {
namespace {

constexpr double kChanceSumTolerance = 1e-9;

std::optional<NotDrawn> not_drawn_because(const Decision& decision) {
  switch (decision.outcome) {
    case Outcome::kHoldout:
      return NotDrawn::kHoldout;
    case Outcome::kGeneral:
      return NotDrawn::kGeneral;
    case Outcome::kNoConsent:
      return NotDrawn::kNoConsent;
    case Outcome::kPaused:
      return NotDrawn::kPaused;
    case Outcome::kControl:
      return NotDrawn::kControl;
    case Outcome::kBet:
    case Outcome::kExplore:
    case Outcome::kAbstain:
    case Outcome::kFallback:
      break;
  }
  if (is_control(decision.arm)) return NotDrawn::kControl;
  if (decision.arm != Arm::kTreated) return NotDrawn::kHoldout;
  if (decision.fallback == Fallback::kSlotInShadow) return NotDrawn::kShadow;
  // Without a model the policy draws all the same; every other trouble serves the safe default.
  if (decision.fallback != Fallback::kNone && decision.fallback != Fallback::kNoModel)
    return NotDrawn::kFallback;
  if (decision.bet.play == BetPlay::kControl || decision.bet.play == BetPlay::kExcluded)
    return NotDrawn::kLeftAlone;
  const PolicyTrace& policy = decision.policy;
  if (policy.policy_version == 0 || policy.policy_version > kPolicyVersion)
    return NotDrawn::kOtherPolicy;
  const bool may_be_empty =
      decision.safe_default.empty() && (policy.base_branch == kSafeBranch || policy.permitted < 1);
  if (decision.served.empty() || may_be_empty) return NotDrawn::kNothingShown;
  if (!replay(decision)) return NotDrawn::kBroken;
  return std::nullopt;
}

// What was expected of the safe default: what an item of the hand was expected to earn, less what
// it was to gain, on average over the hand (the gains are drawn together, the chances are not).
double expected_of_safe(const Decision& decision, const RewardRange& range) {
  double sum = 0;
  for (const HandItem& item : decision.hand)
    sum += range.reward_of(static_cast<double>(item.probability)) -
           static_cast<double>(item.gain_mean);
  return decision.hand.empty() ? 0 : sum / static_cast<double>(decision.hand.size());
}

// Whether it is a choice, and the one that the record tells of.
bool is_sound(const FirstPlace& first, const Placement& served) {
  double sum = 0;
  for (const FirstPlaceAction& action : first.actions) {
    if (!std::isfinite(action.gain) || !std::isfinite(action.expected)) return false;
    sum += action.propensity;
  }
  if (std::abs(sum - 1) > kChanceSumTolerance || first.chosen >= first.actions.size()) return false;
  const double propensity = first.actions[first.chosen].propensity;
  return propensity > 0 && static_cast<float>(propensity) == served.propensity;
}

}  // namespace

std::string_view to_string(NotDrawn reason) {
  switch (reason) {
    case NotDrawn::kHoldout:
      return "holdout";
    case NotDrawn::kControl:
      return "control";
    case NotDrawn::kGeneral:
      return "general";
    case NotDrawn::kNoConsent:
      return "no_consent";
    case NotDrawn::kPaused:
      return "paused";
    case NotDrawn::kFallback:
      return "fallback";
    case NotDrawn::kShadow:
      return "slot_in_shadow";
    case NotDrawn::kLeftAlone:
      return "left_alone";
    case NotDrawn::kNothingShown:
      return "nothing_to_show";
    case NotDrawn::kOtherPolicy:
      return "other_policy";
    case NotDrawn::kBroken:
      return "broken_record";
  }
  return "";
}

FirstPlace first_place_of(const Decision& decision, const RewardRange& range) {
  FirstPlace first;
  first.not_drawn = not_drawn_because(decision);
  if (first.not_drawn) return first;
  // replay() has checked the mixture.
  const Mixture mixture = mixture_of(decision, decision.served.size());
  const double safe_expected = expected_of_safe(decision, range);
  for (const FirstPlaceChance& chance : first_place_chances(mixture)) {
    const std::size_t at = first.actions.size();
    FirstPlaceAction& action = first.actions.emplace_back();
    action.item = chance.item;
    action.propensity = chance.propensity;
    action.gain = at < decision.hand.size() ? static_cast<double>(decision.hand[at].gain_mean) : 0;
    action.expected = safe_expected + action.gain;
    action.is_safe = !decision.safe_default.empty() && chance.item == decision.safe_default.front();
  }
  // Of equal actions a policy that is asked about takes the first: ties are the safe default's.
  std::ranges::stable_partition(first.actions, &FirstPlaceAction::is_safe);
  while (first.chosen < first.actions.size() &&
         first.actions[first.chosen].item != decision.served.front().item) {
    ++first.chosen;
  }
  if (!is_sound(first, decision.served.front())) return {NotDrawn::kBroken, {}, 0};
  return first;
}

}  // namespace ante
