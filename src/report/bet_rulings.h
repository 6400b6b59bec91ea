// What becomes of a bet by rule: opened when it is paying, folded when it is losing, settled at its
// end; and what its evidence is called.
//
// In:   a bet, what its trial measured, the time. Out: the next move with its reason, the result,
// and
//       the model's odds where they are due. Pure; any thread.
//
//   small stake  → open    when paying
//   small stake, open → folded  when losing, unless the bet says not to stop
//   small stake, open → folded  when a customer outcome of its people is losing, whatever the goal
//   small stake, open → banked or folded at expiry: paying, or not; a goal that is a channel proxy
//                       needs an outcome that pays beside it: proxies alone settle nothing
//   banked       → folded  after kBankedMs: it must prove itself anew
// Nobody but a person moves a draft or a shadow. The words are fixed: too early to say, losing,
// probably losing, unproven, probably paying, paying.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "domain/bet.h"
#include "report/bet_odds.h"
#include "report/lift.h"

namespace ante {

// P(better | data) beyond which an unproven bet is probably paying, or below 1 - it losing.
inline constexpr double kProbably = 0.8;

std::string_view bet_verdict(const LiftSummary& lift);

// The measured difference and its error as shares of the control's mean; none without both.
std::optional<MeasuredBet> relative_difference(const LiftSummary& lift);

struct BetRuling {
  std::optional<BetState> to;
  std::string why;
  std::optional<BetResult> result;   // when it is settled
  std::optional<double> model_odds;  // stated half-way, once
};
// What else was measured of the people of the bet's trial (report/metrics.h).
struct OutcomeEvidence {
  bool goal_is_proxy = false;
  std::optional<Verdict> person, business;

  bool lets_it_win() const {
    if (person == Verdict::kLosing) return false;
    return !goal_is_proxy || person == Verdict::kPaying || business == Verdict::kPaying;
  }
};
// Whether all that the slot counts is seen on our own channel only. `metrics` may know better of
// an event's class.
bool is_proxy_goal(const Slot& slot, std::span<const Metric> metrics);

BetRuling rule_on(const Bet& bet, const LiftSummary& lift, const OutcomeEvidence& outcomes,
                  const EffectPrior& prior, TimeMs now_ms);

BetResult result_of(const LiftSummary& lift, TimeMs now_ms);

}  // namespace ante
