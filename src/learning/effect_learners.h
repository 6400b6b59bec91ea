// Effects of a treatment by features: the R-learner, and one regression an arm (the T-learner) to
// check it by. Both are ridge regressions of the same features, made from sums.
//
// In:   sums over folds of persons: features x (the first is 1), whether treated (w), the chance of
//       it (e, known by design), outcome y. Out: linear coefficients.
//
//   R-learner: min sum of [(y - m(x)) - (w - e) tau(x)]^2 + penalty   Nie & Wager 2021
//   T-learner: tau(x) = mu_1(x) - mu_0(x), a regression each
//   blend:     (1 - a) R + a T, the a in {0, 1/4, 1/2, 3/4, 1} with the least R-loss where neither
//   was
//              fitted (their "stacking"): R alone is 6 % farther off where treated and
//              untreated outcomes have nothing in common
//
// Penalties are chosen by cross-validation over the folds, from a fixed list that ends with "the
// same for everybody"; m of a fold is fitted without it. The intercept is never drawn to 0. Since
// all is algebra on sums, leaving a fold out costs no pass over the persons. Pure; any thread.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace ante {

// Sums of one ridge regression: x x' (lower triangle), x y and y^2, weighted.
struct RidgeSums {
  std::vector<double> xx, xy;
  double yy = 0, n = 0;

  explicit RidgeSums(std::size_t width);
  std::size_t width() const { return xy.size(); }
  // REQUIRES x.size() == width, x[0] == 1.
  void add(std::span<const double> x, double y);
  // this += weight x other. REQUIRES equal widths.
  void add_scaled(const RidgeSums& other, double weight);
};

// What the learners need of a set of persons.
struct EffectSums {
  RidgeSums treated, control;  // of each arm
  RidgeSums centred;           // (w - e) x x', (w - e) x y: may be negative
  RidgeSums squared;           // (w - e)^2 x x'; no outcome

  explicit EffectSums(std::size_t width);
  void add(std::span<const double> x, bool is_treated, double chance, double y);
  // Of two arms whose members all had the same chance of being treated.
  // REQUIRES 0 < chance < 1.
  EffectSums(const RidgeSums& of_treated, const RidgeSums& of_control, double chance);
};

double linear_value(std::span<const double> coefficients, std::span<const double> x);

// One ridge regression, its penalty by cross-validation over the folds.
// REQUIRES at least 2 folds, each of the same width.
std::vector<double> fit_ridge(std::span<const RidgeSums> folds);

struct LearnedEffects {
  std::vector<double> r_learner, t_learner;  // coefficients of tau
  double t_share = 0;                        // a
  std::vector<double> blend;                 // of both: the one to use
};
// REQUIRES as above.
LearnedEffects learn_effects(std::span<const EffectSums> folds);

}  // namespace ante
