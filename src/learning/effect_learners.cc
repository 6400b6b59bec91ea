#include "learning/effect_learners.h"

#include <array>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "math/cholesky.h"

namespace ante {
namespace {

// Of the mean square of a standardised feature. The last one leaves the intercept alone.
constexpr std::array kPenalties = {1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0, 1e9};

// Solves with the penalty on all but the intercept, scaled by the sum of weights at (0, 0).
std::vector<double> solve(const std::vector<double>& xx, const std::vector<double>& xy,
                          double penalty) {
  const std::size_t width = xy.size();
  std::vector<double> a = xx, b = xy;
  for (std::size_t i = 1; i < width; ++i) a[triangle_size(i) + i] += penalty * xx[0] + 1e-9;
  if (!(a[0] > 0)) a[0] = 1;
  if (!cholesky_factor(a, width)) return std::vector<double>(width);
  cholesky_solve(a, b);
  return b;
}

// b' A b for a lower triangle.
double quadratic(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    double row = 0;
    for (std::size_t j = 0; j < i; ++j) row += 2 * a[triangle_size(i) + j] * b[j];
    sum += b[i] * (row + a[triangle_size(i) + i] * b[i]);
  }
  return sum;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// a += scale x A b for a lower triangle A.
void add_product(const std::vector<double>& a, const std::vector<double>& b, double scale,
                 std::vector<double>& out) {
  for (std::size_t i = 0; i < b.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double v = scale * a[triangle_size(i) + j];
      out[i] += v * b[j];
      out[j] += v * b[i];
    }
    out[i] += scale * a[triangle_size(i) + i] * b[i];
  }
}

void subtract(std::vector<double>& from, const std::vector<double>& what) {
  for (std::size_t i = 0; i < from.size(); ++i) from[i] -= what[i];
}

std::vector<double> blend_of(const std::vector<double>& r, const std::vector<double>& t,
                             double t_share) {
  std::vector<double> result(r.size());
  for (std::size_t i = 0; i < r.size(); ++i) result[i] = (1 - t_share) * r[i] + t_share * t[i];
  return result;
}

struct FoldEquations {
  const std::vector<double>& xx;
  const std::vector<double>& xy;
};

// Least squares over folds: the penalty whose fits err least where they were not fitted, and the
// fits without each fold.
struct CrossValidated {
  double penalty = 0;
  std::vector<std::vector<double>> without;  // one a fold
  std::vector<double> all;
};

CrossValidated cross_validate(std::span<const FoldEquations> folds) {
  CHECK(folds.size() >= 2);
  std::vector<double> xx(folds[0].xx.size()), xy(folds[0].xy.size());
  for (const FoldEquations& fold : folds) {
    for (std::size_t i = 0; i < xx.size(); ++i) xx[i] += fold.xx[i];
    for (std::size_t i = 0; i < xy.size(); ++i) xy[i] += fold.xy[i];
  }
  CrossValidated best;
  double least = std::numeric_limits<double>::infinity();
  for (const double penalty : kPenalties) {
    CrossValidated tried;
    tried.penalty = penalty;
    double loss = 0;
    for (const FoldEquations& fold : folds) {
      std::vector<double> rest_xx = xx, rest_xy = xy;
      subtract(rest_xx, fold.xx);
      subtract(rest_xy, fold.xy);
      tried.without.push_back(solve(rest_xx, rest_xy, penalty));
      const std::vector<double>& b = tried.without.back();
      loss += quadratic(fold.xx, b) - 2 * dot(b, fold.xy);
    }
    if (!(loss < least)) continue;
    least = loss;
    best = std::move(tried);
  }
  if (best.without.empty()) best.without.assign(folds.size(), std::vector<double>(xy.size()));
  best.all = solve(xx, xy, best.penalty);
  return best;
}

}  // namespace

RidgeSums::RidgeSums(std::size_t width) : xx(triangle_size(width)), xy(width) {}

void RidgeSums::add(std::span<const double> x, double y) {
  CHECK(x.size() == xy.size());
  double* row = xx.data();
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double xi = x[i];
    for (std::size_t j = 0; j <= i; ++j) row[j] += xi * x[j];
    row += i + 1;
    xy[i] += xi * y;
  }
  yy += y * y;
  n += 1;
}

void RidgeSums::add_scaled(const RidgeSums& other, double weight) {
  CHECK(other.xy.size() == xy.size());
  for (std::size_t i = 0; i < xx.size(); ++i) xx[i] += weight * other.xx[i];
  for (std::size_t i = 0; i < xy.size(); ++i) xy[i] += weight * other.xy[i];
  yy += weight * other.yy;
  n += weight * other.n;
}

EffectSums::EffectSums(std::size_t width)
    : treated(width), control(width), centred(width), squared(width) {}

void EffectSums::add(std::span<const double> x, bool is_treated, double chance, double y) {
  (is_treated ? treated : control).add(x, y);
  const double off = (is_treated ? 1 : 0) - chance;
  std::size_t at = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j <= i; ++j, ++at) {
      const double product = off * x[i] * x[j];
      centred.xx[at] += product;
      squared.xx[at] += off * product;
    }
    centred.xy[i] += off * x[i] * y;
  }
}

EffectSums::EffectSums(const RidgeSums& of_treated, const RidgeSums& of_control, double chance)
    : treated(of_treated),
      control(of_control),
      centred(of_treated.width()),
      squared(of_treated.width()) {
  CHECK(chance > 0 && chance < 1);
  centred.add_scaled(treated, 1 - chance);
  centred.add_scaled(control, -chance);
  squared.add_scaled(treated, (1 - chance) * (1 - chance));
  squared.add_scaled(control, chance * chance);
}

double linear_value(std::span<const double> coefficients, std::span<const double> x) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += coefficients[i] * x[i];
  return sum;
}

std::vector<double> fit_ridge(std::span<const RidgeSums> folds) {
  std::vector<FoldEquations> equations;
  equations.reserve(folds.size());
  for (const RidgeSums& fold : folds) equations.push_back({fold.xx, fold.xy});
  return cross_validate(equations).all;
}

LearnedEffects learn_effects(std::span<const EffectSums> folds) {
  std::vector<RidgeSums> outcomes;
  std::vector<FoldEquations> outcome_equations, treated_equations, control_equations, effects;
  outcomes.reserve(folds.size());
  for (const EffectSums& fold : folds) {
    outcomes.push_back(fold.treated);
    outcomes.back().add_scaled(fold.control, 1);
    treated_equations.push_back({fold.treated.xx, fold.treated.xy});
    control_equations.push_back({fold.control.xx, fold.control.xy});
  }
  for (const RidgeSums& outcome : outcomes) outcome_equations.push_back({outcome.xx, outcome.xy});
  const CrossValidated expected = cross_validate(outcome_equations);
  const CrossValidated treated = cross_validate(treated_equations);
  const CrossValidated control = cross_validate(control_equations);
  // (w - e) x (y - m(x)) with the m that did not see the fold.
  std::vector<std::vector<double>> scores;
  scores.reserve(folds.size());
  for (std::size_t f = 0; f < folds.size(); ++f) {
    scores.push_back(folds[f].centred.xy);
    add_product(folds[f].centred.xx, expected.without[f], -1, scores.back());
  }
  for (std::size_t f = 0; f < folds.size(); ++f)
    effects.push_back({folds[f].squared.xx, scores[f]});
  const CrossValidated direct = cross_validate(effects);
  LearnedEffects fit;
  fit.r_learner = direct.all;
  fit.t_learner = treated.all;
  subtract(fit.t_learner, control.all);
  double least = std::numeric_limits<double>::infinity();
  for (const double share : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    double loss = 0;
    for (std::size_t f = 0; f < folds.size(); ++f) {
      std::vector<double> by_arm = treated.without[f];
      subtract(by_arm, control.without[f]);
      const std::vector<double> tau = blend_of(direct.without[f], by_arm, share);
      loss += quadratic(folds[f].squared.xx, tau) - 2 * dot(tau, scores[f]);
    }
    if (!(loss < least)) continue;
    least = loss;
    fit.t_share = share;
  }
  fit.blend = blend_of(fit.r_learner, fit.t_learner, fit.t_share);
  return fit;
}

}  // namespace ante
