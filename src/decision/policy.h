// The policy: a mixture of three branches, drawn with known probabilities, over one slate.
//
// In:   the hand with explore weights, the safe default, the stake and what is served when not
//       exploring (the base); a seed.
// Out:  places, each with its exact propensity, and the branch that was drawn.
//
// With probability 1 - permitted the safe default is served, whatever else is known: the stake
// ledger does not let more be risked. Of the rest, with probability 1 - stake the base is served:
// the hand in its order, filled up by the safe default if it is too short (exploit), or the safe
// default. With probability stake a place m is
// drawn evenly, and the kExploredPlacesMax places from m on are drawn one after another from what
// remains of the hand, in proportion to explore_weight (Plackett-Luce); every other place takes the
// first item of the base that is not on the slate yet. For one place and SquareCB weights this is
// SquareCB at the rate of the stake.
//
// The propensity at place k is sum_b P(b) prod_{j<=k} p_b(a_j) / sum_b P(b) prod_{j<k} p_b(a_j):
// the product over the places is the probability that a slate begins so, whichever branch made it:
// of the slate itself where all branches make slates of one length.
// Pure functions: the same mixture and seed give the same bits. Any thread.
// Why these branches and no others: docs/decisions/0020-policy-and-propensity.md.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "domain/decision.h"
#include "domain/reward_scale.h"

namespace ante {

inline constexpr std::uint32_t kPolicyVersion = 2;
inline constexpr std::size_t kExploreItemsMax = 50;   // of the hand, best first, may be explored
inline constexpr std::size_t kExploredPlacesMax = 2;  // of one slate

inline constexpr std::uint8_t kSafeBranch = 0;
inline constexpr std::uint8_t kExploitBranch = 1;
inline constexpr std::uint8_t kFirstExploreBranch = 2;  // + the place explored first

struct Mixture {
  std::span<const HandItem> hand;          // best first
  std::span<const ItemKey> safe_default;   // in the order of its places
  float stake = 0;                         // P(explore | permitted)
  std::uint8_t base_branch = kSafeBranch;  // what is served when not exploring
  std::size_t places_max = 1;              // the slate may be shorter: as long as its base
  float permitted = 1;                     // P(anything but the safe default may be served)
};

// Of a record. Old ones do not say how many places were asked for: then at least one, or as many
// as the draw is known to have made.
Mixture mixture_of(const Decision& decision, std::size_t drawn_places);

struct DrawnPlace {
  ItemKey item;
  float propensity = 1;
  std::uint8_t hand_index = 255;  // 255 = not in the hand
};

struct DrawnSlate {
  std::vector<DrawnPlace> places;
  std::uint8_t drawn_branch = kSafeBranch;
};

// What a mixture must be. kInvalidArgument names what is wrong: an item twice, a weight or stake
// that is no probability, more items or places than the limits.
Result<void> check_mixture(const Mixture& mixture);

// REQUIRES check_mixture(mixture).
DrawnSlate draw_slate(const Mixture& mixture, std::uint64_t seed);

// The same with the branch and the items given: the propensities of `items` in this order.
// kInvalidArgument: the mixture cannot make this slate.
Result<std::vector<float>> slate_propensities(const Mixture& mixture,
                                              std::span<const ItemKey> items);

// How likely an item is to stand first.
struct FirstPlaceChance {
  ItemKey item;
  double propensity = 0;
};

// The whole distribution of the first place: every item of the hand in its order, then the first
// item of the safe default if the hand does not hold it. Equal to slate_propensities() of one item.
// REQUIRES check_mixture(mixture), places_max >= 1.
// ENSURES  the propensities sum to 1 within 1e-9, or to less where the safe default is empty and
// may
//          be served: the rest is the chance that nothing is shown.
std::vector<FirstPlaceChance> first_place_chances(const Mixture& mixture);

// Sets explore_weight of the first kExploreItemsMax items by SquareCB (Foster & Rakhlin 2020) on
// gain_mean (decision/exploration.h), and 0 of the rest. gamma = 10 sqrt(t K / 10) / sd, with t
// matured rewards and sd the running standard deviation of reward in the slot, so that the unit of
// reward does not matter.
// REQUIRES scale.sd > 0 when scale.rewards > 0.
void set_explore_weights(std::span<HandItem> hand, const RewardScale& scale);

}  // namespace ante
