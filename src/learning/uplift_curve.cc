#include "learning/uplift_curve.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "base/random.h"

namespace ante {
namespace {

struct CurveAreas {
  double auuc = 0, qini = 0;
};

struct Scored {
  std::vector<double> outcome;
  std::vector<std::uint8_t> treated;
};

// The curve of persons in this order, each counted `weights[i]` times (none: once).
CurveAreas areas_of(const Scored& scored, std::span<const std::uint32_t> order,
                    std::span<const std::uint8_t> weights) {
  double n1 = 0, n0 = 0, y1 = 0, y0 = 0, area = 0, all = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    const std::uint32_t i = order[k];
    const double weight = weights.empty() ? 1 : weights[i];
    if (weight == 0) continue;
    (scored.treated[i] != 0 ? n1 : n0) += weight;
    (scored.treated[i] != 0 ? y1 : y0) += weight * scored.outcome[i];
    if (n0 > 0) area += weight * (y1 - y0 * n1 / n0);
    all += weight;
  }
  if (!(n1 > 0 && n0 > 0)) return {};
  const double end = (y1 - y0 * n1 / n0) / n1;
  const double auuc = area / all / n1;
  return {auuc, auuc - end / 2};
}

void shuffle(std::vector<std::uint32_t>& order, Random& random) {
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
}

// Poisson(1), as a bootstrap counts a person of many.
std::uint8_t poisson_of_1(Random& random) {
  double left = random.uniform(), chance = std::exp(-1.0);
  std::uint8_t count = 0;
  while (left >= chance && count < 20) {
    left -= chance;
    ++count;
    chance /= count;
  }
  return count;
}

Interval middle_95(std::vector<double> values) {
  std::ranges::sort(values);
  const auto at = [&](double share) {
    return values[static_cast<std::size_t>(
        std::lround(share * static_cast<double>(values.size() - 1)))];
  };
  return {at(0.025), at(0.975)};
}

}  // namespace

UpliftCurve uplift_curve(std::span<const double> scores, std::span<const std::uint8_t> treated,
                         std::span<const double> outcome, std::uint64_t seed,
                         std::uint32_t resamples) {
  CHECK(scores.size() == treated.size() && scores.size() == outcome.size());
  CHECK(std::ranges::any_of(treated, [](auto t) { return t != 0; }));
  CHECK(std::ranges::any_of(treated, [](auto t) { return t == 0; }));
  const Scored scored{{outcome.begin(), outcome.end()}, {treated.begin(), treated.end()}};
  Random random(seed);
  std::vector<std::uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0U);
  shuffle(order, random);
  // Equal scores stay in the order of the shuffle.
  std::vector<std::uint32_t> rank(order.size());
  for (std::size_t k = 0; k < order.size(); ++k) rank[order[k]] = static_cast<std::uint32_t>(k);
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : rank[a] < rank[b];
  });
  const CurveAreas found = areas_of(scored, order, {});
  UpliftCurve curve;
  curve.auuc = found.auuc;
  curve.qini = found.qini;
  std::vector<double> auuc, qini, random_auuc, random_qini;
  std::vector<std::uint8_t> weights(scores.size());
  std::vector<std::uint32_t> any_order = order;
  for (std::uint32_t r = 0; r < resamples; ++r) {
    for (std::uint8_t& weight : weights) weight = poisson_of_1(random);
    const CurveAreas resampled = areas_of(scored, order, weights);
    auuc.push_back(resampled.auuc);
    qini.push_back(resampled.qini);
    shuffle(any_order, random);
    const CurveAreas by_chance = areas_of(scored, any_order, {});
    random_auuc.push_back(by_chance.auuc);
    random_qini.push_back(by_chance.qini);
  }
  if (resamples == 0) return curve;
  curve.auuc_interval = middle_95(std::move(auuc));
  curve.qini_interval = middle_95(std::move(qini));
  curve.auuc_band = middle_95(std::move(random_auuc));
  curve.qini_band = middle_95(std::move(random_qini));
  curve.above_chance = curve.qini > curve.qini_band.high;
  return curve;
}

}  // namespace ante
