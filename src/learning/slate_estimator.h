// The pseudo-inverse estimator: what a target policy would earn with slates, when a slate's reward
// is a sum over its places of something that depends on the item and the place.
//
// In:   a slate as logged, how slates were drawn there and how the target policy draws them.
// Out:  its weight w; the estimate is mean(w r) (Swaminathan et al. 2017, "Off-policy evaluation
//       for slate recommendation"): w = q_target' Gamma^+ 1_slate, with 1_slate the indicator of
//       (place, item), q_target its mean under the target and Gamma the mean of its outer square
//       under the logging policy.
//
//   Places drawn one by one, each on its own: w = sum_k target_k / logging_k - places + 1.
//   Plackett-Luce: the factored form is biased; Gamma is summed over every slate, so only small
//   hands are possible (kSlatesEnumeratedMax).
//
// Unbiased when the reward is such a sum and the target never shows an item at a place where the
// logging policy cannot. It carries no interval. Pure functions; any thread.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace ante {

inline constexpr std::size_t kSlatesEnumeratedMax = 20'000;
inline constexpr std::size_t kSlatePairsMax = 128;  // places x items of an enumerated slate

enum class SlateLogging : std::uint8_t { kIndependent, kPlackettLuce };

struct SlateRound {
  std::uint64_t line = 0;
  double reward = 0;
  SlateLogging logging = SlateLogging::kIndependent;
  // The items shown, by number. kIndependent: of the place's own list. kPlackettLuce: of the one
  // hand, all different.
  std::vector<std::uint32_t> slate;
  // kIndependent: a list of probabilities a place. kPlackettLuce: one list of weights, >= 0.
  std::vector<std::vector<double>> logged, target;
};

struct SlateWeight {
  double weight = 0;
  double out_of_support = 0;  // the largest target probability that the logging policy cannot show
};

// REQUIRES as described; logged probability of what was shown > 0.
// kInvalidArgument: more slates than can be enumerated.
Result<SlateWeight> slate_weight(const SlateRound& round);

// Every slate of `places` different items that Plackett-Luce draws from these weights, with its
// probability; items of weight 0 only when nothing else remains. For tests and small hands.
struct DrawnSlateChance {
  std::vector<std::uint32_t> slate;
  double probability = 0;
};
std::vector<DrawnSlateChance> plackett_luce_slates(std::span<const double> weights,
                                                   std::size_t places);

}  // namespace ante
