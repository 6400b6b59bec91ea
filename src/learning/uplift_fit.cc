#include "learning/uplift_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

#include "base/check.h"
#include "domain/bucketing.h"
#include "math/cholesky.h"
#include "math/group_ridge.h"

namespace ante {
namespace {

// m, v and the baseline: a level is drawn to the average as if so many average persons had it.
constexpr double kSmoothingPersons = 50;
constexpr double kNoiseShareMin = 0.2;  // of the average noise: less is not believed of anybody
// Standard deviations of the effects of a trait's levels that are tried, in sds of the outcome.
constexpr std::array kSpreads = {0.014, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64};
constexpr int kSweeps = 3;

constexpr std::size_t kMainColumns = 1 + kTraitLevelCount;  // a constant and the levels
constexpr std::size_t kPairCount = kTraitCount * (kTraitCount - 1) / 2;
constexpr std::size_t kPlacesMax = 1 + kTraitCount + kPairCount;

// Where the levels of each trait and of each pair stand among the columns.
struct Layout {
  std::array<std::size_t, kTraitCount> levels{}, trait_first{};
  struct Pair {
    std::size_t a = 0, b = 0, first = 0, count = 0;
  };
  std::array<Pair, kPairCount> pairs{};
  std::size_t columns = kMainColumns;
};

Layout make_layout() {
  Layout layout;
  std::size_t first = 1;
  for (std::size_t t = 0; t < kTraitCount; ++t) {
    layout.levels[t] = trait_levels(static_cast<Trait>(t)).size();
    layout.trait_first[t] = first;
    first += layout.levels[t];
  }
  CHECK(first == kMainColumns);
  std::size_t next = 0;
  for (std::size_t a = 0; a < kTraitCount; ++a) {
    for (std::size_t b = a + 1; b < kTraitCount; ++b) {
      const std::size_t count = layout.levels[a] * layout.levels[b];
      layout.pairs[next++] = {a, b, layout.columns, count};
      layout.columns += count;
    }
  }
  return layout;
}

const Layout& the_layout() {
  static const Layout layout = make_layout();
  return layout;
}

// The columns that are 1 for these traits, ascending: constant, levels, pairs.
using Places = std::array<std::size_t, kPlacesMax>;
Places places_of(const Traits& traits) {
  const Layout& layout = the_layout();
  Places places{};
  for (std::size_t t = 0; t < kTraitCount; ++t)
    places[1 + t] = layout.trait_first[t] + traits.level[t];
  for (std::size_t p = 0; p < kPairCount; ++p) {
    const Layout::Pair& pair = layout.pairs[p];
    places[1 + kTraitCount + p] =
        pair.first + traits.level[pair.a] * layout.levels[pair.b] + traits.level[pair.b];
  }
  return places;
}

// One combination's sums in units, and what is estimated for it on the way.
struct Cell {
  Places places{};
  std::array<double, UpliftSums::kSums> sum{};
  double persons = 0, control = 0;
  double expected = 0;  // m(x)
  double noise = 1;     // v(x)

  double operator[](UpliftSums::Sum which) const { return sum[which]; }
  std::span<const std::size_t> main_places() const {
    return std::span(places).first(1 + kTraitCount);
  }
  // Sum of d^2 (Y - m - d tau)^2: how much the score varies.
  double squares(double tau) const {
    const double m = expected;
    return sum[UpliftSums::kD2Y2] - 2 * m * sum[UpliftSums::kD2Y] -
           2 * tau * sum[UpliftSums::kD3Y] + m * m * sum[UpliftSums::kD2] +
           2 * m * tau * sum[UpliftSums::kD3] + tau * tau * sum[UpliftSums::kD4];
  }
  // Sum of d (Y - m).
  double score() const { return sum[UpliftSums::kDY] - expected * sum[UpliftSums::kD]; }
};

std::vector<Cell> cells_in_units(const UpliftCells& cells) {
  constexpr double kD = 1.0 / kBuckets, kY = 1e-6;
  constexpr std::array<double, UpliftSums::kSums> kUnits = {kY,
                                                            kY,
                                                            kD,
                                                            kD * kD,
                                                            kD * kD * kD,
                                                            kD * kD * kD * kD,
                                                            kD * kY,
                                                            kD * kD * kY,
                                                            kD * kD * kD * kY,
                                                            kD * kD * kY * kY};
  std::vector<Cell> all;
  all.reserve(cells.size());
  for (const auto& [number, sums] : cells) {
    Cell cell;
    cell.places = places_of(traits_of_combination(number));
    for (std::size_t i = 0; i < UpliftSums::kSums; ++i)
      cell.sum[i] = static_cast<double>(sums.sum[i]) * kUnits[i];
    cell.control = static_cast<double>(sums.persons[0]);
    cell.persons = static_cast<double>(sums.persons[0] + sums.persons[1]);
    all.push_back(cell);
  }
  return all;
}

std::vector<ColumnGroup> main_groups(double variance) {
  const Layout& layout = the_layout();
  std::vector<ColumnGroup> groups = {{0, 1, std::numeric_limits<double>::infinity()}};
  for (std::size_t t = 0; t < kTraitCount; ++t)
    groups.push_back({layout.trait_first[t], layout.levels[t], variance});
  return groups;
}

double at_places(std::span<const double> coefficients, std::span<const std::size_t> places) {
  double sum = 0;
  for (const std::size_t place : places) sum += coefficients[place];
  return sum;
}

// A mean that depends on each trait's level: `weight` persons of a cell had `total` in all.
template <typename Weight, typename Total>
std::vector<double> level_means(std::span<const Cell> cells, Weight weight, Total total) {
  NormalEquations equations(kMainColumns);
  for (const Cell& cell : cells) {
    equations.add_indicators(cell.main_places(), weight(cell), total(cell));
  }
  auto fit = ridge_posterior(equations, main_groups(1 / kSmoothingPersons));
  CHECK(fit);  // there are persons, and all else has a prior
  return std::move(fit->mean);
}

template <typename Value>
double total_of(std::span<const Cell> cells, Value value) {
  double sum = 0;
  for (const Cell& cell : cells) sum += value(cell);
  return sum;
}

// Fills in m(x) and v(x). False: outcomes do not vary.
bool estimate_noise(std::span<Cell> cells) {
  const std::vector<double> expected = level_means(
      cells, [](const Cell& c) { return c.persons; },
      [](const Cell& c) { return c[UpliftSums::kY]; });
  for (Cell& cell : cells) cell.expected = at_places(expected, cell.main_places());
  const double persons = total_of(cells, [](const Cell& c) { return c.persons; });
  const double d2 = total_of(cells, [](const Cell& c) { return c[UpliftSums::kD2]; });
  const double tau = total_of(cells, [](const Cell& c) { return c.score(); }) / d2;
  const double average = total_of(cells, [&](const Cell& c) { return c.squares(tau); }) / d2;
  const double largest = total_of(cells, [](const Cell& c) { return c[UpliftSums::kD2Y2]; }) / d2;
  if (!(average > 1e-12 * largest)) return false;
  // Counted in persons, so that smoothing means the same here.
  const double person = d2 / persons;
  const std::vector<double> noise = level_means(
      cells, [&](const Cell& c) { return c[UpliftSums::kD2] / person; },
      [&](const Cell& c) { return c.squares(tau) / person; });
  for (Cell& cell : cells) {
    cell.noise = std::max(at_places(noise, cell.main_places()), kNoiseShareMin * average);
  }
  return true;
}

NormalEquations effect_equations(std::span<const Cell> cells) {
  NormalEquations all(the_layout().columns);
  for (const Cell& cell : cells)
    all.add_indicators(cell.places, cell[UpliftSums::kD2] / cell.noise, cell.score() / cell.noise);
  return all;
}

// The pairs taken in, by number, ascending, and their columns after the levels.
using Taken = std::vector<std::size_t>;

std::vector<std::size_t> columns_of(const Taken& taken) {
  std::vector<std::size_t> columns;
  for (std::size_t j = 0; j < kMainColumns; ++j) columns.push_back(j);
  for (const std::size_t p : taken) {
    const Layout::Pair& pair = the_layout().pairs[p];
    for (std::size_t j = 0; j < pair.count; ++j) columns.push_back(pair.first + j);
  }
  return columns;
}

NormalEquations part_of(const NormalEquations& all, std::span<const std::size_t> columns) {
  NormalEquations part(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    part.score[i] = all.score[columns[i]];
    for (std::size_t j = 0; j <= i; ++j) {
      const auto [low, high] = std::minmax(columns[i], columns[j]);
      part.matrix[triangle_size(i) + j] = all.matrix[triangle_size(high) + low];
    }
  }
  return part;
}

struct Choice {
  Taken taken;
  std::vector<ColumnGroup> groups;  // of the columns of `taken`
  double log_evidence = 0;
};

// Takes pairs in, the best first, while the evidence grows by kUpliftPairEvidence.
// Pairs stand in the order they were taken.
Choice choose_effects(const NormalEquations& all, std::span<const double> variances) {
  Choice choice;
  choice.groups = main_groups(variances.front());
  choice.log_evidence =
      choose_variances(part_of(all, columns_of({})), choice.groups, 1, variances, kSweeps);
  while (choice.taken.size() < kUpliftPairsMax) {
    Choice best = choice;
    for (std::size_t p = 0; p < kPairCount; ++p) {
      if (std::ranges::find(choice.taken, p) != choice.taken.end()) continue;
      Choice next = choice;
      next.taken.push_back(p);
      const std::vector<std::size_t> columns = columns_of(next.taken);
      const std::size_t count = the_layout().pairs[p].count;
      next.groups.push_back({columns.size() - count, count, variances.front()});
      next.log_evidence = choose_variances(part_of(all, columns), next.groups,
                                           next.groups.size() - 1, variances, 1);
      if (next.log_evidence > best.log_evidence) best = std::move(next);
    }
    if (best.log_evidence < choice.log_evidence + kUpliftPairEvidence) break;
    choice = std::move(best);
    choice.log_evidence = choose_variances(part_of(all, columns_of(choice.taken)), choice.groups, 1,
                                           variances, kSweeps);
  }
  return choice;
}

// Where a cell's columns stand in the equations of a choice.
std::vector<std::size_t> chosen_places(const Places& places, const Choice& choice) {
  std::vector<std::size_t> chosen(places.begin(), places.begin() + 1 + kTraitCount);
  for (std::size_t i = 0; i < choice.taken.size(); ++i) {
    const std::size_t p = choice.taken[i];
    const std::size_t within = places[1 + kTraitCount + p] - the_layout().pairs[p].first;
    chosen.push_back(choice.groups[1 + kTraitCount + i].first + within);
  }
  return chosen;
}

// x'Cx of an x that is 1 at ascending places.
double quadratic(std::span<const double> c, std::span<const std::size_t> places) {
  double sum = 0;
  for (std::size_t a = 0; a < places.size(); ++a) {
    const double* const row = c.data() + triangle_size(places[a]);
    for (std::size_t b = 0; b < a; ++b) sum += 2 * row[places[b]];
    sum += row[places[a]];
  }
  return sum;
}

struct EffectFit {
  Choice choice;
  std::vector<double> mean, covariance;
};

EffectFit fit_effects(std::span<const Cell> cells) {
  const NormalEquations all = effect_equations(cells);
  const double d2 = total_of(cells, [](const Cell& c) { return c[UpliftSums::kD2]; });
  const double noise =
      total_of(cells, [](const Cell& c) { return c[UpliftSums::kD2] * c.noise; }) / d2;
  std::array<double, kSpreads.size()> variances{};
  for (std::size_t i = 0; i < kSpreads.size(); ++i)
    variances[i] = kSpreads[i] * kSpreads[i] * noise;
  EffectFit fit;
  fit.choice = choose_effects(all, variances);
  const std::vector<std::size_t> columns = columns_of(fit.choice.taken);
  const auto posterior = ridge_posterior(part_of(all, columns), fit.choice.groups);
  CHECK(posterior);
  NormalEquations seen(columns.size());  // its matrix: the score's covariance as it was seen
  for (const Cell& cell : cells) {
    const std::vector<std::size_t> places = chosen_places(cell.places, fit.choice);
    const double tau = at_places(posterior->mean, places);
    seen.add_indicators(places, std::max(0.0, cell.squares(tau)) / (cell.noise * cell.noise), 0);
  }
  fit.covariance = sandwich_covariance(*posterior, fit.choice.groups, seen.matrix);
  fit.mean = posterior->mean;
  return fit;
}

}  // namespace

std::uint16_t trait_combination(const Traits& traits) {
  CHECK(valid(traits));
  std::size_t number = 0;
  for (std::size_t t = 0; t < kTraitCount; ++t)
    number = number * the_layout().levels[t] + traits.level[t];
  return static_cast<std::uint16_t>(number);
}

Traits traits_of_combination(std::size_t combination) {
  CHECK(combination < kTraitCombinations);
  Traits traits;
  for (std::size_t t = kTraitCount; t > 0; --t) {
    const std::size_t levels = the_layout().levels[t - 1];
    traits.level[t - 1] = static_cast<std::uint8_t>(combination % levels);
    combination /= levels;
  }
  return traits;
}

UpliftModel fit_uplift(const UpliftCells& sums) {
  std::vector<Cell> cells = cells_in_units(sums);
  const double persons = total_of(cells, [](const Cell& c) { return c.persons; });
  const double control = total_of(cells, [](const Cell& c) { return c.control; });
  CHECK(control > 0 && control < persons);
  if (!estimate_noise(cells)) return {};
  const EffectFit fit = fit_effects(cells);
  const std::vector<double> baseline = level_means(
      cells, [](const Cell& c) { return c.control; },
      [](const Cell& c) { return c[UpliftSums::kControlY]; });
  std::vector<UpliftModel::Entry> table(kTraitCombinations);
  for (std::size_t i = 0; i < table.size(); ++i) {
    const Places places = places_of(traits_of_combination(i));
    const std::vector<std::size_t> chosen = chosen_places(places, fit.choice);
    const double variance = std::max(0.0, quadratic(fit.covariance, chosen));
    table[i] = {static_cast<float>(at_places(fit.mean, chosen)),
                static_cast<float>(kUpliftDeviations * std::sqrt(variance)),
                static_cast<float>(at_places(baseline, std::span(places).first(1 + kTraitCount)))};
  }
  UpliftModel::Pairs pairs;
  for (const std::size_t p : fit.choice.taken) {
    const Layout::Pair& pair = the_layout().pairs[p];
    pairs.emplace_back(static_cast<Trait>(pair.a), static_cast<Trait>(pair.b));
  }
  const double average =
      total_of(cells,
               [&](const Cell& c) { return c.persons * at_places(baseline, c.main_places()); }) /
      persons;
  return {std::move(table), std::move(pairs), average};
}

}  // namespace ante
