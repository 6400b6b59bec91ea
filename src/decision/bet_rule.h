// The rule of betting: place, explore or abstain, each with its price and its reason.
//
// In:   the gain over the safe default with its uncertainty, the prices of this person's attention
//       and goodwill, how noisy rewards are. Out: a RuleAnswer, written into the decision.
//
// Place, for the slot's standing bet, when the lower bound of the gain exceeds what placing costs:
//   attention + annoyance x P(no goal) x fatigue + creep. The general experience wins ties.
// For a bet somebody staked their word on, the stake pays for what is not known yet: place unless
//   even the upper bound does not cover the cost.
// Explore when what an explored decision teaches is worth more than it is expected to lose. For an
//   item whose value lies d below what is served, with sd s and n more observations of noise sigma:
//   s~ = s^2 / sqrt(s^2 + sigma^2 / n), value(n) = H (s~ phi(d/s~) - d Phi(-d/s~)) / n, the largest
//   over n (knowledge gradient, Frazier et al. 2008; the best of n as Chick & Frazier 2012), H the
//   decisions it will serve. Where it is not worth it the stake shrinks to kExploreFloor of itself:
//   without any draw nothing could be evaluated from the log.
// Pure functions; any thread. docs/decisions/0062-bets.md.

#pragma once

#include <span>
#include <string>

#include "decision/gain.h"
#include "domain/reward_scale.h"
#include "domain/slot.h"

namespace ante {

inline constexpr double kExploreFloor = 0.1;
inline constexpr double kFutureUsesMin = 1000, kFutureUsesMax = 100'000;

struct RuleQuestion {
  const Slot& slot;
  const SlateGain& gain;
  std::span<const HandItem> hand;  // with gains and explore weights
  const RewardScale& scale;
  std::size_t places = 1;
  double fatigue = 1;  // >= 1
  double creep = 0;    // in reward, >= 0
  bool has_model = false;
  bool owner_stakes = false;  // a bet, not the slot's standing one
};

struct RuleAnswer {
  bool place = false;
  float stake = 0;  // P(explore)
  Prices prices;
  std::string reason;  // "bet: lower bound 0.012 > cost 0.01 (…)"
};

RuleAnswer apply_bet_rule(const RuleQuestion& question);

// P(nobody answers any of the first `places` of the hand).
double miss_chance(std::span<const HandItem> hand, std::size_t places);

// Value of information of one observation of an item that lies `below` >= 0 what is served.
// REQUIRES below >= 0, sd >= 0, noise_sd > 0, uses >= 0.
double information_value(double below, double sd, double noise_sd, double uses);

}  // namespace ante
