#include "math/group_ridge.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/check.h"
#include "math/cholesky.h"

namespace ante {
namespace {

// x becomes M x. REQUIRES m a lower triangle of x.size() rows.
std::vector<double> symmetric_times(std::span<const double> m, std::span<const double> x) {
  std::vector<double> y(x.size(), 0);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double* const row = m.data() + triangle_size(i);
    for (std::size_t j = 0; j < i; ++j) {
      y[i] += row[j] * x[j];
      y[j] += row[j] * x[i];
    }
    y[i] += row[i] * x[i];
  }
  return y;
}

bool cover_all(std::span<const ColumnGroup> groups, std::size_t columns) {
  std::size_t next = 0;
  for (const ColumnGroup& group : groups) {
    if (group.first != next || !(group.variance > 0)) return false;
    next += group.count;
  }
  return next == columns;
}

}  // namespace

NormalEquations::NormalEquations(std::size_t columns_)
    : columns(columns_), matrix(triangle_size(columns_), 0), score(columns_, 0) {}

void NormalEquations::add_indicators(std::span<const std::size_t> places, double weight,
                                     double weighted_y) {
  for (std::size_t a = 0; a < places.size(); ++a) {
    CHECK(places[a] < columns && (a == 0 || places[a - 1] < places[a]));
    double* const row = matrix.data() + triangle_size(places[a]);
    for (std::size_t b = 0; b <= a; ++b) row[places[b]] += weight;
    score[places[a]] += weighted_y;
  }
}

std::optional<RidgePosterior> ridge_posterior(const NormalEquations& equations,
                                              std::span<const ColumnGroup> groups) {
  CHECK(cover_all(groups, equations.columns));
  RidgePosterior posterior;
  posterior.factor = equations.matrix;
  double log_evidence = 0;
  for (const ColumnGroup& group : groups) {
    if (!std::isfinite(group.variance)) continue;
    for (std::size_t j = group.first; j < group.first + group.count; ++j)
      posterior.factor[triangle_size(j) + j] += 1 / group.variance;
    log_evidence -= 0.5 * static_cast<double>(group.count) * std::log(group.variance);
  }
  if (!cholesky_factor(posterior.factor, equations.columns)) return std::nullopt;
  posterior.mean = equations.score;
  cholesky_solve(posterior.factor, posterior.mean);
  for (std::size_t j = 0; j < equations.columns; ++j) {
    log_evidence += 0.5 * posterior.mean[j] * equations.score[j];
    log_evidence -= std::log(posterior.factor[triangle_size(j) + j]);
  }
  posterior.log_evidence = log_evidence;
  return posterior;
}

double choose_variances(const NormalEquations& equations, std::span<ColumnGroup> groups,
                        std::size_t from, std::span<const double> variances, int sweeps) {
  CHECK(!variances.empty() && from <= groups.size());
  const auto evidence = [&] {
    const auto posterior = ridge_posterior(equations, groups);
    return posterior ? posterior->log_evidence : -std::numeric_limits<double>::infinity();
  };
  double best = evidence();
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    bool moved = false;
    for (ColumnGroup& group : groups.subspan(from)) {
      double chosen = group.variance;
      for (const double variance : variances) {
        group.variance = variance;
        const double here = evidence();
        if (here > best) {
          moved = true;
          best = here;
          chosen = variance;
        }
      }
      group.variance = chosen;
    }
    if (!moved) break;
  }
  return best;
}

std::vector<double> sandwich_covariance(const RidgePosterior& posterior,
                                        std::span<const ColumnGroup> groups,
                                        std::span<const double> score_covariance) {
  const std::size_t n = posterior.mean.size();
  CHECK(cover_all(groups, n) && score_covariance.size() == triangle_size(n));
  std::vector<double> middle(score_covariance.begin(), score_covariance.end());
  for (const ColumnGroup& group : groups) {
    for (std::size_t j = group.first; j < group.first + group.count; ++j)
      middle[triangle_size(j) + j] += 1 / group.variance;
  }
  std::vector<double> covariance(triangle_size(n), 0);
  std::vector<double> column(n);
  for (std::size_t j = 0; j < n; ++j) {
    std::ranges::fill(column, 0);
    column[j] = 1;
    cholesky_solve(posterior.factor, column);
    column = symmetric_times(middle, column);
    cholesky_solve(posterior.factor, column);
    for (std::size_t i = j; i < n; ++i) covariance[triangle_size(i) + j] = column[i];
  }
  return covariance;
}

}  // namespace ante
