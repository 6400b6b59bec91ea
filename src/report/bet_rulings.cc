#include "report/bet_rulings.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"
#include "math/statistics.h"

namespace ante {

namespace {

constexpr std::string_view kModel = "model";

std::optional<double> standard_error(const LiftSummary& lift) {
  if (!lift.value || lift.treated.n < 2 || lift.holdout.n < 2) return std::nullopt;
  const double variance = lift.treated.variance / static_cast<double>(lift.treated.n) +
                          lift.holdout.variance / static_cast<double>(lift.holdout.n);
  if (!(variance > 0)) return std::nullopt;
  return std::sqrt(variance);
}

bool has_stated(const Bet& bet, std::string_view who) {
  return std::ranges::any_of(bet.stated, [who](const BetOdds& odds) { return odds.who == who; });
}

// Half of the bet's time has passed and somebody was counted: the odds it will end as paying.
std::optional<double> odds_due(const Bet& bet, const LiftSummary& lift, const EffectPrior& prior,
                               TimeMs now_ms) {
  const TimeMs since = bet.live_since_ms();
  const auto run = static_cast<double>(bet.expires_at_ms - since);
  const auto passed = static_cast<double>(now_ms - since);
  if (since == 0 || has_stated(bet, kModel) || !(passed * 2 >= run) || !(run > 0))
    return std::nullopt;
  const auto measured = relative_difference(lift);
  if (!measured) return std::nullopt;
  const std::uint64_t persons = lift.treated.n + lift.holdout.n;
  const double planned = static_cast<double>(persons) * run / passed;
  return odds_of_paying({*measured, persons, static_cast<std::uint64_t>(std::llround(planned))},
                        prior);
}

}  // namespace

std::string_view bet_verdict(const LiftSummary& lift) {
  switch (lift.verdict) {
    case Verdict::kTooEarly:
      return "too early to say";
    case Verdict::kPaying:
      return "paying";
    case Verdict::kLosing:
      return "losing";
    case Verdict::kNeutral:
    case Verdict::kUnproven:
      break;
  }
  const auto error = standard_error(lift);
  if (!error || lift.srm_p < kSampleRatioAlarm) return "unproven";
  const double better = normal_cdf(*lift.value / *error);
  if (better >= kProbably) return "probably paying";
  return better <= 1 - kProbably ? "probably losing" : "unproven";
}

std::optional<MeasuredBet> relative_difference(const LiftSummary& lift) {
  const auto error = standard_error(lift);
  if (!error || !(lift.holdout.mean > 0)) return std::nullopt;
  return MeasuredBet{*lift.value / lift.holdout.mean, *error / lift.holdout.mean};
}

BetResult result_of(const LiftSummary& lift, TimeMs now_ms) {
  BetResult result;
  result.at_ms = now_ms;
  result.treated = lift.treated.n;
  result.control = lift.holdout.n;
  result.value = lift.value.value_or(0);
  result.low = lift.low;
  result.high = lift.high;
  if (const auto measured = relative_difference(lift)) {
    result.relative = measured->difference;
    result.relative_error = measured->standard_error;
  }
  result.verdict = bet_verdict(lift);
  result.sentence = lift.sentence;
  result.paid = result.value > 0;
  return result;
}

bool is_proxy_goal(const Slot& slot, std::span<const Metric> metrics) {
  const auto is_proxy = [metrics](std::string_view event) {
    return class_of_outcome(event, metrics) == MetricClass::kProxy;
  };
  return is_proxy(slot.goal_event) &&
         std::ranges::all_of(slot.further_outcomes, [&is_proxy](const SlotOutcome& outcome) {
           return is_proxy(outcome.event);
         });
}

BetRuling rule_on(const Bet& bet, const LiftSummary& lift, const OutcomeEvidence& outcomes,
                  const EffectPrior& prior, TimeMs now_ms) {
  BetRuling ruling;
  const bool running = bet.state == BetState::kSmallStake || bet.state == BetState::kOpen;
  const auto settle = [&](BetState to, std::string why) {
    ruling.to = to;
    ruling.why = std::move(why);
    ruling.result = result_of(lift, now_ms);
  };
  if (bet.state == BetState::kBanked && !bet.live(now_ms)) {
    settle(BetState::kFolded,
           fmt::format("won {} days ago: it must prove itself anew", kBankedMs / kDayMs));
    return ruling;
  }
  if (!running) return ruling;
  ruling.model_odds = odds_due(bet, lift, prior, now_ms);
  if (now_ms >= bet.expires_at_ms) {
    const bool paying = lift.verdict == Verdict::kPaying;
    const bool won = paying && outcomes.lets_it_win();
    const char* but = !paying || won                        ? ""
                      : outcomes.person == Verdict::kLosing ? ", but people are worse off"
                                                            : ", but only by what measures our own "
                                                              "page, and no outcome says so";
    settle(won ? BetState::kBanked : BetState::kFolded,
           fmt::format("its time is over: {}{}", bet_verdict(lift), but));
  } else if (lift.verdict == Verdict::kLosing && bet.stop_when_losing) {
    settle(BetState::kFolded, "losing");
  } else if (outcomes.person == Verdict::kLosing && bet.stop_when_losing) {
    settle(BetState::kFolded, "people are worse off by a customer outcome");
  } else if (lift.verdict == Verdict::kPaying && bet.state == BetState::kSmallStake) {
    ruling.to = BetState::kOpen;
    ruling.why = "paying at a small stake";
  }
  return ruling;
}

}  // namespace ante
