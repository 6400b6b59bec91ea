// The gain of a bet over the safe default, with its uncertainty, and whether it pays.
//
// In:   calibrated chances of the hand and of the safe default, the slot's goal value.
// Out:  gain_mean and gain_sd of each item of the hand, and of the whole slate for the same places.
//
// The bet takes the best of many estimates, and the best of many is partly luck. So every chance
// is first drawn towards what the items have in common, the more the less is known about it
// (random effects, DerSimonian & Laird 1986, on logits: there an error does not grow with the
// chance, so the likeliest items are not outweighed). With no evidence that items differ, all gains
// are 0, and the safe default wins the tie. A model's misfit counts there, for it makes luck too;
// it is no part of a gain's sd, or small gains could never be taken however well they are known
// (docs/decisions/0065-what-a-bet-must-clear.md). An error that is common to all makes no luck, and
// counts in a gain only where the slope from logit to chance differs. An item that stands in both
// slates cancels to the extent that its place is the same. Pure functions; any thread.
// docs/decisions/0020-policy-and-propensity.md.

#pragma once

#include <cstddef>
#include <span>

#include "domain/decision.h"

namespace ante {

// The lower bound of the gain lies this many standard deviations below its mean: 90 % one-sided.
inline constexpr double kBetBoundZ = 1.2816;

struct Chance {
  ItemKey item;
  float probability = 0;
  float sd = 0;
  float misfit = 0;  // the part of `sd` that no reward makes smaller, <= sd
  float common = 0;  // the part of `sd` that errs for all of them alike, <= sd
};

struct SlateGain {
  double mean = 0, sd = 0;  // in reward, over the safe default; sd: what rewards can still correct
  double low() const { return mean - kBetBoundZ * sd; }
  double high() const { return mean + kBetBoundZ * sd; }
};

// Below this share of the goal's value two gains are the same: a tie, which the safe default wins.
inline constexpr double kTieTolerance = 1e-9;

// Whether the lower bound of the gain exceeds what placing the bet costs.
inline bool bet_pays(const SlateGain& gain, double cost, double width) {
  return gain.low() > cost + kTieTolerance * width;
}

// The weight of place k (from 0): how much of an item's chance is left there.
double place_weight(std::size_t place);

// Sets gain_mean and gain_sd of `hand` (same order and items as `chances`), and returns the gain of
// the exploiting slate (the hand, filled up by the safe default) over the safe default, for the
// first `places` of each. `draw_together` false: the chances as they are, for a bet whose content
// somebody chose instead of us picking the best of many.
// REQUIRES hand.size() == chances.size() <= kHandItemsMax, safe.size() <= kSafeDefaultItemsMax.
SlateGain set_gains(std::span<HandItem> hand, std::span<const Chance> chances,
                    std::span<const Chance> safe, double width, std::size_t places,
                    bool draw_together = true);

}  // namespace ante
