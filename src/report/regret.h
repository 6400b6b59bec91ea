// What personalising cost or earned against showing the best single action to everybody.
//
// In:   inverse-propensity sums of the first places that the policy drew, an item, in two halves of
//       the persons. Out: the summed regret with its interval, what each often drawn item would
//       earn if everybody saw it, and the regret that the model expected.
//
// In each half the best single action is chosen, by means drawn towards each other the less is
// known of them (random effects), and valued in the other half, so the choice flatters nobody.
// x = m + w (r - m) [it was shown] - r, with w = 1/propensity and m its mean in the half that chose
// it, sums to the regret; given the past its mean is what the best single action would have earned
// here minus what the policy expects to. So the sum is a martingale around the truth although the
// policy learns, and its interval is a confidence sequence: valid at every look.
// Known from an effective n of kEffectiveMin on and kEffectiveHitsMin hits of the chosen, for items
// that could have been shown nearly always (kSupportMin). Pure functions; any thread.
// docs/decisions/0064-figures.md.

#pragma once

#include <array>
#include <optional>
#include <vector>

#include "report/estimate.h"
#include "report/figures_fold.h"

namespace ante {

inline constexpr double kEffectiveMin = 200;     // (sum w)^2 / sum w^2, half of it in each half
inline constexpr double kEffectiveHitsMin = 25;  // (sum wr)^2 / sum w^2 r^2
inline constexpr double kSupportMin = 0.99;      // within two standard errors
// The look that the sequence is narrowest at.
inline constexpr double kDrawnPlanned = 5000;
inline constexpr std::size_t kActionsListed = 10;

struct ActionValue {
  ItemKey item;
  double effective_n = 0;
  Estimate mean;  // reward of a first place if everybody saw it there
};

struct Regret {
  // Best in the one half and the other, often the same; null: not known yet.
  std::array<std::optional<ItemKey>, 2> best;
  Estimate total;          // summed; below 0: personalising earned more than the best single action
  Estimate per_decision;   // the opportunity cost
  double mean_reward = 0;  // realised, of a first place
  // What the model expected over the decisions that had the best single action in the hand: it
  // believes in itself, so there is no interval.
  std::optional<double> expected_total;
  std::uint64_t expected_n = 0;
  std::vector<ActionValue> actions;  // most effective n first
};

Regret estimate_regret(const FigureSums& sums);

}  // namespace ante
