#include "learning/slate_estimator.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/check.h"

namespace ante {
namespace {

constexpr double kPivotMin = 1e-12;  // of the largest: below, a direction no slate has

using Matrix = std::vector<std::vector<double>>;

// Any z with A z = b where A is symmetric, positive semidefinite and maybe singular: elimination
// with diagonal pivots until what is left is zero, those z left 0. `b` becomes z.
void solve_semidefinite(Matrix a, std::vector<double>& b) {
  const std::size_t n = b.size();
  std::vector<std::size_t> pivots;
  std::vector<bool> used(n, false);
  double largest = 0;
  for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, a[i][i]);
  for (std::size_t step = 0; step < n; ++step) {
    std::size_t pivot = n;
    for (std::size_t i = 0; i < n; ++i) {
      if (!used[i] && (pivot == n || a[i][i] > a[pivot][pivot])) pivot = i;
    }
    if (a[pivot][pivot] <= kPivotMin * largest) break;
    used[pivot] = true;
    pivots.push_back(pivot);
    for (std::size_t i = 0; i < n; ++i) {
      if (used[i]) continue;
      const double factor = a[i][pivot] / a[pivot][pivot];
      for (std::size_t j = 0; j < n; ++j) {
        if (!used[j]) a[i][j] -= factor * a[pivot][j];
      }
      b[i] -= factor * b[pivot];
    }
  }
  std::vector<double> z(n, 0);
  for (std::size_t k = pivots.size(); k-- > 0;) {
    const std::size_t pivot = pivots[k];
    double left = b[pivot];
    for (std::size_t later = k + 1; later < pivots.size(); ++later)
      left -= a[pivot][pivots[later]] * z[pivots[later]];
    z[pivot] = left / a[pivot][pivot];
  }
  b = std::move(z);
}

SlateWeight independent_weight(const SlateRound& round) {
  SlateWeight result{1 - static_cast<double>(round.slate.size()), 0};
  for (std::size_t k = 0; k < round.slate.size(); ++k) {
    const std::vector<double>&logged = round.logged[k], &target = round.target[k];
    CHECK(logged[round.slate[k]] > 0);
    result.weight += target[round.slate[k]] / logged[round.slate[k]];
    double outside = 0;
    for (std::size_t a = 0; a < logged.size(); ++a) outside += logged[a] > 0 ? 0 : target[a];
    result.out_of_support = std::max(result.out_of_support, outside);
  }
  return result;
}

double slate_count(std::size_t items, std::size_t places) {
  double count = 1;
  for (std::size_t k = 0; k < places; ++k) count *= static_cast<double>(items - k);
  return count;
}

void extend_slates(std::span<const double> weights, std::size_t places, DrawnSlateChance& so_far,
                   std::vector<DrawnSlateChance>& slates) {
  if (so_far.slate.size() == places) {
    slates.push_back(so_far);
    return;
  }
  // What remains is summed anew, never 1 minus what is gone.
  double remaining = 0, free = 0;
  const auto is_free = [&](std::size_t item) {
    return std::ranges::find(so_far.slate, item) == so_far.slate.end();
  };
  for (std::size_t a = 0; a < weights.size(); ++a) {
    if (!is_free(a)) continue;
    remaining += weights[a];
    ++free;
  }
  const double before = so_far.probability;
  for (std::size_t a = 0; a < weights.size(); ++a) {
    const double chance = remaining > 0 ? weights[a] / remaining : 1 / free;
    if (!is_free(a) || chance == 0) continue;
    so_far.slate.push_back(static_cast<std::uint32_t>(a));
    so_far.probability = before * chance;
    extend_slates(weights, places, so_far, slates);
    so_far.slate.pop_back();
  }
  so_far.probability = before;
}

Result<SlateWeight> plackett_luce_weight(const SlateRound& round) {
  const std::vector<double>&logged = round.logged[0], &target = round.target[0];
  const std::size_t items = logged.size(), places = round.slate.size();
  const std::size_t pairs = items * places;
  if (pairs > kSlatePairsMax || slate_count(items, places) > kSlatesEnumeratedMax) {
    return invalid_argument(
        fmt::format("{} of {} items make more slates than can be summed ({}); log each place's own "
                    "propensities, or evaluate places one by one",
                    places, items, kSlatesEnumeratedMax));
  }
  Matrix gamma(pairs, std::vector<double>(pairs, 0));
  std::vector<double> mean(pairs, 0);
  for (const DrawnSlateChance& s : plackett_luce_slates(logged, places)) {
    for (std::size_t k = 0; k < places; ++k) {
      for (std::size_t l = 0; l < places; ++l)
        gamma[k * items + s.slate[k]][l * items + s.slate[l]] += s.probability;
    }
  }
  for (const DrawnSlateChance& s : plackett_luce_slates(target, places)) {
    for (std::size_t k = 0; k < places; ++k) mean[k * items + s.slate[k]] += s.probability;
  }
  SlateWeight result;
  for (std::size_t i = 0; i < pairs; ++i) {
    if (gamma[i][i] == 0) result.out_of_support = std::max(result.out_of_support, mean[i]);
  }
  // Every slate lies in the range of Gamma, so any solution gives it the same weight.
  solve_semidefinite(std::move(gamma), mean);
  for (std::size_t k = 0; k < places; ++k) result.weight += mean[k * items + round.slate[k]];
  return result;
}

}  // namespace

std::vector<DrawnSlateChance> plackett_luce_slates(std::span<const double> weights,
                                                   std::size_t places) {
  CHECK(places <= weights.size());
  std::vector<DrawnSlateChance> slates;
  DrawnSlateChance so_far{{}, 1};
  extend_slates(weights, places, so_far, slates);
  return slates;
}

Result<SlateWeight> slate_weight(const SlateRound& round) {
  CHECK(!round.slate.empty() && !round.logged.empty() &&
        round.logged.size() == round.target.size());
  if (round.logging == SlateLogging::kIndependent) {
    CHECK(round.logged.size() == round.slate.size());
    return independent_weight(round);
  }
  return plackett_luce_weight(round);
}

}  // namespace ante
