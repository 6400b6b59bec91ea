// Ridge regression whose columns stand in groups, each group drawn to 0 as strongly as the data
// say.
//
// In:   normal equations of observations y = x'b + noise of variance 1 (weight each by the inverse
//       of its variance): the sums of x x' and of x y.
// Out:  the posterior of b, its evidence, and the variance of each group that fits best.
//
// The columns of a group have the prior N(0, variance). Variances are chosen one group after the
// other from a fixed list, by the marginal likelihood of the data (empirical Bayes, "type II";
// MacKay 1992, "Bayesian interpolation"), so the answer depends on nothing but the sums.
// Pure; any thread.

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace ante {

// Symmetric: the lower triangle, as in math/cholesky.h.
struct NormalEquations {
  std::size_t columns = 0;
  std::vector<double> matrix;  // sum of x x'
  std::vector<double> score;   // sum of x y

  explicit NormalEquations(std::size_t columns_);
  // Adds an observation whose x is 1 at `places` and 0 elsewhere. REQUIRES places ascending,
  // all below `columns`.
  void add_indicators(std::span<const std::size_t> places, double weight, double weighted_y);
};

struct ColumnGroup {
  std::size_t first = 0, count = 0;
  double variance = 0;  // > 0; infinity: not drawn to 0 at all
};

struct RidgePosterior {
  std::vector<double> mean;
  std::vector<double> factor;  // Cholesky factor of the posterior's precision
  double log_evidence = 0;     // comparable between priors on the same columns, and on fewer
};

// REQUIRES groups that cover each column once, each with variance > 0.
// Nothing: the precision is not positive definite (two groups without a prior that say the same).
std::optional<RidgePosterior> ridge_posterior(const NormalEquations& equations,
                                              std::span<const ColumnGroup> groups);

// Sets the variance of groups[from] and those after it to those of `variances` with the greatest
// evidence: each in turn, at most `sweeps` times around. Gives the evidence they have.
// REQUIRES as above; variances not empty, each > 0 and finite.
double choose_variances(const NormalEquations& equations, std::span<ColumnGroup> groups,
                        std::size_t from, std::span<const double> variances, int sweeps);

// The covariance of the posterior mean when the score's covariance is `score_covariance` (lower
// triangle) and b itself is drawn from the prior: P (M + prior precision) P, P the posterior's
// covariance. With M = the normal matrix it is P. Lower triangle.
// REQUIRES posterior of these groups, score_covariance of its size.
std::vector<double> sandwich_covariance(const RidgePosterior& posterior,
                                        std::span<const ColumnGroup> groups,
                                        std::span<const double> score_covariance);

}  // namespace ante
