#include "learning/uplift_curve.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/check.h"

namespace ante {
namespace {

constexpr std::size_t kFoldNumbers = 256;  // of one byte
// Scores of one fold are learned from the persons of the others and theirs from its own, so where
// there is nothing to learn the errors of folds go together: over five folds and twenty cuts the
// variance was 1.45 to 1.59 times that of the fold's own persons (docs/decisions/0072-trials.md).
constexpr double kSharedVariance = 1.6;

// 1/2 - the share of the fold ranked before, equal scores at the middle of theirs.
std::vector<double> places_in_folds(std::span<const double> scores,
                                    std::span<const std::uint8_t> fold) {
  std::vector<std::uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
    return fold[a] != fold[b] ? fold[a] < fold[b] : scores[a] > scores[b];
  });
  std::vector<double> places(scores.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && fold[order[end]] == fold[order[begin]]) ++end;
    for (std::size_t first = begin, last = begin; first < end; first = last) {
      while (last < end && scores[order[last]] == scores[order[first]]) ++last;
      const double before = static_cast<double>(first + last) / 2 - static_cast<double>(begin);
      for (std::size_t k = first; k < last; ++k)
        places[order[k]] = 0.5 - before / static_cast<double>(end - begin);
    }
  }
  return places;
}

// The persons of one fold and arm.
struct CurveCell {
  double n = 0, place = 0, outcome = 0;  // means, after they are all added
  double squares = 0;                    // of outcomes less their mean
  double qini = 0, qini_squares = 0;     // of (outcome - mean) (place - mean)
  double auuc_squares = 0;               // of (outcome - mean) (place - mean + 1/2)
  double of_mean(double sum_of_squares, double sum) const {  // squared error of a mean
    return n > 1 ? (sum_of_squares - sum * sum / n) / (n * (n - 1)) : 0;
  }
};
using CurveFold = std::array<CurveCell, 2>;  // untreated, treated

Interval around(double value, double variance) {
  const double half = normal_quantile(0.975) * std::sqrt(std::max(0.0, variance));
  return {value - half, value + half};
}

}  // namespace

double median(std::vector<double> values) {
  CHECK(!values.empty());
  std::ranges::sort(values);
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

UpliftCurve uplift_curve(std::span<const double> scores, std::span<const std::uint8_t> fold,
                         std::span<const std::uint8_t> treated, std::span<const double> outcome) {
  CHECK(scores.size() == fold.size() && scores.size() == treated.size());
  CHECK(scores.size() == outcome.size());
  const std::vector<double> places = places_in_folds(scores, fold);
  std::vector<CurveFold> folds(kFoldNumbers);
  std::vector<double> spread(kFoldNumbers);  // mean square of places; their mean is 0
  for (std::size_t i = 0; i < scores.size(); ++i) {
    CurveCell& cell = folds[fold[i]][treated[i] != 0 ? 1 : 0];
    ++cell.n;
    cell.place += (places[i] - cell.place) / cell.n;
    cell.outcome += (outcome[i] - cell.outcome) / cell.n;
    spread[fold[i]] += places[i] * places[i];
  }
  for (std::size_t i = 0; i < scores.size(); ++i) {
    CurveCell& cell = folds[fold[i]][treated[i] != 0 ? 1 : 0];
    const double off = outcome[i] - cell.outcome, place = places[i] - cell.place;
    cell.squares += off * off;
    cell.qini += off * place;
    cell.qini_squares += off * place * off * place;
    cell.auuc_squares += off * (place + 0.5) * off * (place + 0.5);
  }
  double all = 0;
  for (const CurveFold& f : folds) all += f[0].n > 0 && f[1].n > 0 ? f[0].n + f[1].n : 0;
  UpliftCurve curve;
  double end = 0, qini_variance = 0, auuc_variance = 0, band_variance = 0;
  for (std::size_t f = 0; f < folds.size(); ++f) {
    const CurveCell &control = folds[f][0], &moved = folds[f][1];
    if (!(control.n > 0 && moved.n > 0)) continue;
    const double share = (control.n + moved.n) / all;
    curve.ranks = curve.ranks || spread[f] > 0;
    curve.qini += share * (moved.qini / moved.n - control.qini / control.n);
    end += share * (moved.outcome - control.outcome);
    for (const CurveCell& cell : folds[f]) {
      qini_variance += share * share * cell.of_mean(cell.qini_squares, cell.qini);
      auuc_variance += share * share * cell.of_mean(cell.auuc_squares, cell.qini);
      band_variance += share * share * cell.of_mean(cell.squares, 0) * spread[f] / (share * all);
    }
  }
  curve.auuc = curve.qini + end / 2;
  curve.qini_interval = around(curve.qini, qini_variance);
  curve.auuc_interval = around(curve.auuc, auuc_variance);
  curve.qini_band = around(0, band_variance);
  curve.auuc_band = around(end / 2, band_variance);
  curve.above_chance = curve.qini > curve.qini_band.high;
  return curve;
}

namespace {

Interval widened(const Interval& interval) {
  const double middle = (interval.low + interval.high) / 2;
  const double half = std::sqrt(kSharedVariance) * interval.width() / 2;
  return {middle - half, middle + half};
}

}  // namespace

UpliftCurve median_curve(std::span<const UpliftCurve> cuts) {
  CHECK(!cuts.empty());
  const auto median_of = [&](auto number) {
    std::vector<double> values;
    for (const UpliftCurve& cut : cuts) values.push_back(number(cut));
    return median(std::move(values));
  };
  const auto median_interval = [&](Interval UpliftCurve::* interval) {
    return Interval{median_of([&](const UpliftCurve& cut) { return widened(cut.*interval).low; }),
                    median_of([&](const UpliftCurve& cut) { return widened(cut.*interval).high; })};
  };
  UpliftCurve curve;
  curve.auuc = median_of([](const UpliftCurve& cut) { return cut.auuc; });
  curve.qini = median_of([](const UpliftCurve& cut) { return cut.qini; });
  curve.auuc_interval = median_interval(&UpliftCurve::auuc_interval);
  curve.qini_interval = median_interval(&UpliftCurve::qini_interval);
  curve.auuc_band = median_interval(&UpliftCurve::auuc_band);
  curve.qini_band = median_interval(&UpliftCurve::qini_band);
  curve.above_chance = curve.qini > curve.qini_band.high;
  curve.ranks = 2 * std::ranges::count_if(cuts, &UpliftCurve::ranks) > std::ssize(cuts);
  return curve;
}

}  // namespace ante
