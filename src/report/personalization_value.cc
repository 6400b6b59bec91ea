#include "report/personalization_value.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/check.h"

namespace ante {
namespace {

constexpr double kOneSided = 1.6448536269514722;  // 95 %: to say that it pays
constexpr double kUpper = 1.2815515655446004;     // 90 %: to say that it does not
constexpr double kSeen = 0.8416212335729143;      // a power of 80 %
constexpr double kCostShare = 0.01;               // of the best single
constexpr double kAllowance = 1.5;  // on readers: what pays is itself estimated from the same few
constexpr double kReadersMax = 1e9;
constexpr double kViewsMax = 1e6;

struct ArmMeans {
  std::vector<double> mean, n;
};

ArmMeans arm_means(std::span<const HalvedOutcomes> cells, std::size_t arms) {
  ArmMeans means{std::vector<double>(arms), std::vector<double>(arms)};
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const HalvedOutcomes& cell = cells[i];
    CHECK(cell.odd_n >= 0 && cell.even_n >= 0);
    means.n[i % arms] += cell.odd_n + cell.even_n;
    means.mean[i % arms] += cell.odd_sum + cell.even_sum;
  }
  for (std::size_t a = 0; a < arms; ++a)
    if (means.n[a] > 0) means.mean[a] /= means.n[a];
  return means;
}

// One person: numerator and denominator of tau^2, and how far their own outcomes in the means draw
// the numerator down, in s^2.
struct Liking {
  double products = 0, weight = 0, drawn = 0;
  std::size_t arms = 0;
};

Liking liking_of(std::span<const HalvedOutcomes> cells, const ArmMeans& means) {
  Liking liking;
  double weights = 0, squared_weights = 0, odd = 0, even = 0, both = 0;
  double drawn = 0, squared_drawn = 0;
  for (std::size_t a = 0; a < cells.size(); ++a) {
    const HalvedOutcomes& cell = cells[a];
    if (!(cell.odd_n > 0 && cell.even_n > 0)) continue;
    const double w = cell.odd_n * cell.even_n / (cell.odd_n + cell.even_n);
    const double r_odd = cell.odd_sum / cell.odd_n - means.mean[a];
    const double r_even = cell.even_sum / cell.even_n - means.mean[a];
    const double own = cell.own > 0 ? cell.own : 1 / means.n[a];
    ++liking.arms;
    drawn += w * own;
    squared_drawn += w * w * own;
    weights += w;
    squared_weights += w * w;
    odd += w * r_odd;
    even += w * r_even;
    both += w * r_odd * r_even;
  }
  if (liking.arms < 2) return {};
  // sum w (r1 - mean r1)(r2 - mean r2), means weighted the same.
  liking.products = both - odd * even / weights;
  liking.weight = weights - squared_weights / weights;
  liking.drawn = drawn - squared_drawn / weights;
  return liking;
}

// s^2 from the differences of halves, and the harmonic mean of views.
void estimate_noise(std::span<const HalvedOutcomes> cells, PersonalizationValue& value) {
  double squares = 0, expected = 0, inverse_views = 0;
  std::uint64_t pairs = 0;
  for (const HalvedOutcomes& cell : cells) {
    if (!(cell.odd_n > 0 && cell.even_n > 0)) continue;
    const double off = cell.odd_sum / cell.odd_n - cell.even_sum / cell.even_n;
    squares += off * off;
    expected += 1 / cell.odd_n + 1 / cell.even_n;
    inverse_views += 1 / (cell.odd_n + cell.even_n);
    ++pairs;
  }
  if (pairs == 0) return;
  value.noise = squares / expected;
  value.views = static_cast<double>(pairs) / inverse_views;
}

void estimate_arms(const ArmMeans& means, PersonalizationValue& value) {
  double mean = 0, count = 0, sampling = 0;
  bool first = true;
  for (std::size_t a = 0; a < means.mean.size(); ++a) {
    if (!(means.n[a] > 0)) continue;
    mean += means.mean[a];
    sampling += value.noise / means.n[a];
    ++count;
    value.best_single = first ? means.mean[a] : std::max(value.best_single, means.mean[a]);
    first = false;
  }
  if (count < 2) return;
  mean /= count;
  double spread = 0;
  for (std::size_t a = 0; a < means.mean.size(); ++a)
    if (means.n[a] > 0) spread += (means.mean[a] - mean) * (means.mean[a] - mean);
  value.arm_variance = std::max(0.0, spread / (count - 1) - sampling / count);
}

// A person has the choice of the arms they are known from.
std::size_t known_arms(const PersonalizationValue& value) {
  return static_cast<std::size_t>(std::max(2.0, std::round(value.arms_a_person)));
}

double gain_of(const PersonalizationValue& value, double tau_squared) {
  return liking_gain(tau_squared, value.noise, value.views, value.arm_variance, known_arms(value));
}

// What can be told of so many arms: the same arms, or clusters of them.
class Resolution {
 public:
  Resolution(const PersonalizationValue& value, std::size_t arms)
      : noise_(value.noise), arms_(static_cast<double>(arms)) {
    // liking_gain = cost, solved for rho^2 tau^2.
    const double sd = std::sqrt(value.arm_variance);
    const double root = value.cost / expected_maximum(arms) + sd;
    known_ = root * root - sd * sd;
  }

  // Would so many persons and views have shown the tau^2 whose gain is the cost, with 80 %?
  bool would_see(double persons, double views) const {
    return expected_liking_z(paying(views), noise_, persons, arms_, views / 2) >= kOneSided + kSeen;
  }
  double paying(double views) const {  // that tau^2
    return (known_ + std::sqrt(known_ * known_ + 4 * known_ * noise_ / views)) / 2;
  }

 private:
  double noise_, arms_, known_;
};

// The smallest x >= from that passes; none up to `most`. Passing is monotone in x.
template <typename Passes>
std::optional<double> smallest(double from, double most, Passes passes) {
  double low = from, high = from;
  while (!passes(high)) {
    low = high;
    high *= 2;
    if (high > most) return std::nullopt;
  }
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (passes(middle) ? high : low) = middle;
  }
  return high;
}

void find_remedies(const Resolution& resolution, PersonalizationValue& value) {
  const auto persons = static_cast<double>(value.persons);
  if (resolution.would_see(persons, value.views)) {
    // It would have been seen; what was seen lies too near to what it costs.
    const double off = std::abs(value.tau_squared - resolution.paying(value.views));
    const double root = (kOneSided + kSeen) * value.standard_error / off;
    const double readers = persons * std::max(1.0, root * root);
    if (readers < kReadersMax)
      value.readers_needed = static_cast<std::uint64_t>(std::ceil(readers));
    return;
  }
  const std::size_t arms = known_arms(value);
  for (std::size_t k = arms - 1; k >= 2; --k) {
    const double views = value.views * static_cast<double>(arms) / static_cast<double>(k);
    if (!Resolution(value, k).would_see(persons, views)) continue;
    value.clusters_needed = k;
    break;
  }
  const auto readers = smallest(persons, kReadersMax,
                                [&](double n) { return resolution.would_see(n, value.views); });
  if (readers) value.readers_needed = static_cast<std::uint64_t>(std::ceil(kAllowance * *readers));
  value.views_needed =
      smallest(value.views, kViewsMax, [&](double n) { return resolution.would_see(persons, n); });
}

void estimate_tau(std::span<const HalvedOutcomes> cells, const ArmMeans& means,
                  PersonalizationValue& value) {
  std::vector<Liking> likings;
  double products = 0, weights = 0, arms = 0;
  for (std::size_t first = 0; first < cells.size(); first += value.arms) {
    Liking liking = liking_of(cells.subspan(first, value.arms), means);
    if (liking.arms < 2) continue;
    liking.products += value.noise * liking.drawn;
    likings.push_back(liking);
    products += liking.products;
    weights += liking.weight;
    arms += static_cast<double>(liking.arms);
  }
  value.persons = likings.size();
  if (value.persons < 2 || !(weights > 0)) return;
  value.arms_a_person = arms / static_cast<double>(value.persons);
  value.tau_squared = products / weights;
  double squares = 0;
  for (const Liking& liking : likings) {
    const double off = liking.products - value.tau_squared * liking.weight;
    squares += off * off;
  }
  const auto n = static_cast<double>(value.persons);
  value.standard_error = std::sqrt(squares * n / (n - 1)) / weights;
}

}  // namespace

std::string_view to_string(PersonalizationVerdict verdict) {
  switch (verdict) {
    case PersonalizationVerdict::kDoNot:
      return "do not";
    case PersonalizationVerdict::kNotYet:
      return "not yet";
    case PersonalizationVerdict::kPersonalise:
      return "personalise";
  }
  return "";
}

double expected_liking_z(double tau_squared, double noise, double persons, double arms,
                         double views_a_half) {
  CHECK(persons >= 1 && arms >= 2 && views_a_half > 0);
  const double both = tau_squared + noise / views_a_half;
  const double sd = std::sqrt(both * both + tau_squared * tau_squared);
  return sd > 0 ? tau_squared * std::sqrt(persons * (arms - 1)) / sd : 0;
}

double expected_maximum(std::size_t count) {
  CHECK(count >= 1);
  // E max = integral of 1 - F^K over x > 0 less that of F^K over x < 0.
  constexpr double kStep = 0.005, kEnd = 9;
  const auto k = static_cast<double>(count);
  double sum = 0;
  for (double x = kStep / 2; x < kEnd; x += kStep)
    sum += 1 - std::pow(normal_cdf(x), k) - std::pow(normal_cdf(-x), k);
  return sum * kStep;
}

double liking_gain(double tau_squared, double noise, double views, double arm_variance,
                   std::size_t arms) {
  CHECK(views > 0 && arms >= 2 && arm_variance >= 0);
  if (!(tau_squared > 0)) return 0;
  const double known = tau_squared * tau_squared / (tau_squared + noise / views);
  return expected_maximum(arms) * (std::sqrt(arm_variance + known) - std::sqrt(arm_variance));
}

PersonalizationValue personalization_value(std::span<const HalvedOutcomes> cells, std::size_t arms,
                                           std::optional<double> cost) {
  CHECK(arms >= 2 && cells.size() % arms == 0 && cost.value_or(0) >= 0);
  PersonalizationValue value;
  value.arms = arms;
  const ArmMeans means = arm_means(cells, arms);
  estimate_noise(cells, value);
  estimate_arms(means, value);
  value.cost = cost.value_or(kCostShare * std::abs(value.best_single));
  estimate_tau(cells, means, value);
  if (value.persons < kLikingPersonsMin || !(value.standard_error > 0)) return value;
  value.z = value.tau_squared / value.standard_error;
  value.p = normal_cdf(-value.z);
  value.gain = gain_of(value, value.tau_squared);
  value.gain_low = gain_of(value, value.tau_squared - kOneSided * value.standard_error);
  value.gain_high = gain_of(value, value.tau_squared + kUpper * value.standard_error);
  if (value.gain_low > value.cost) {
    value.verdict = PersonalizationVerdict::kPersonalise;
    return value;
  }
  const Resolution resolution(value, known_arms(value));
  if (value.gain_high <= value.cost &&
      resolution.would_see(static_cast<double>(value.persons), value.views)) {
    value.verdict = PersonalizationVerdict::kDoNot;
  } else {
    find_remedies(resolution, value);
  }
  return value;
}

std::vector<std::string> remedies(const PersonalizationValue& value, std::string_view arm) {
  switch (value.verdict) {
    case PersonalizationVerdict::kPersonalise:
      return {};
    case PersonalizationVerdict::kDoNot:
      return {fmt::format("show everybody the best {}", arm)};
    case PersonalizationVerdict::kNotYet:
      break;
  }
  std::string longer = "a longer history";
  if (value.views_needed && *value.views_needed > value.views)
    longer += fmt::format(" ({:.0f} views of each {})", std::ceil(*value.views_needed), arm);
  return {fmt::format("pool persons or {}s into segments", arm), longer,
          "ask (one stated liking is worth tens of views)", "a better model"};
}

std::string in_words(const PersonalizationValue& value, std::string_view arm) {
  if (value.persons < kLikingPersonsMin || !(value.standard_error > 0)) {
    return fmt::format(
        "Not yet: {} persons saw two {}s or more in both halves of their visits; it takes {} who "
        "did, and outcomes that differ.",
        value.persons, arm, kLikingPersonsMin);
  }
  const double share = value.best_single != 0 ? 100 / std::abs(value.best_single) : 0;
  const std::string gain = fmt::format(
      "knowing each of {} persons from {:.3g} views of each of {} {}s is worth "
      "between {:.2f} and {:.2f} % of the best {} for everybody; it costs {:.2f} %",
      value.persons, value.views, known_arms(value), arm, value.gain_low * share,
      value.gain_high * share, arm, value.cost * share);
  switch (value.verdict) {
    case PersonalizationVerdict::kPersonalise:
      return "Personalise: " + gain + ".";
    case PersonalizationVerdict::kDoNot:
      return "Do not: " + gain + fmt::format(". Show everybody the best {}.", arm);
    case PersonalizationVerdict::kNotYet:
      break;
  }
  std::string needs;
  const auto add = [&needs](std::string need) {
    needs += (needs.empty() ? "" : " or ") + std::move(need);
  };
  if (value.readers_needed && *value.readers_needed > value.persons)
    add(fmt::format("about {} readers", *value.readers_needed));
  if (value.clusters_needed) add(fmt::format("{} clusters of {}s", *value.clusters_needed, arm));
  std::string words = "Not yet: " + gain;
  if (!needs.empty()) words += ", and to tell takes " + needs;
  words += ". What helps, in this order: ";
  const std::vector<std::string> helps = remedies(value, arm);
  for (std::size_t i = 0; i + 1 < helps.size(); ++i) words += helps[i] + "; ";
  return words + "and only then " + helps.back() + ".";
}

}  // namespace ante
