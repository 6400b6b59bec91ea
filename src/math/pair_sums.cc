#include "math/pair_sums.h"

#include <cmath>

#include "base/check.h"

namespace ante {
namespace {

constexpr double kPairMicros = 1e6;

double mean_of(WideInteger sum, std::uint64_t n) {
  return n == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(n) / kPairMicros;
}

// The products would not fit n times; the means are taken off in long double.
double covariance_of(WideInteger products, WideInteger a, WideInteger b, std::uint64_t n) {
  if (n < 2) return 0;
  const long double mean = static_cast<long double>(b) / static_cast<long double>(n);
  const long double centred =
      static_cast<long double>(products) - static_cast<long double>(a) * mean;
  return static_cast<double>(centred / static_cast<long double>(n - 1) /
                             (kPairMicros * kPairMicros));
}

double at_least_0(double x) { return x > 0 ? x : 0; }

bool is_outcome(std::int64_t micros) {
  return micros <= OutcomeSums::kOutcomeMicrosMax && micros >= -OutcomeSums::kOutcomeMicrosMax;
}

}  // namespace

void PairSums::add(std::int64_t first_micros, std::int64_t second_micros) {
  CHECK(is_outcome(first_micros) && is_outcome(second_micros));
  const WideInteger f = first_micros, s = second_micros;
  ++n;
  first += f;
  second += s;
  first_first += f * f;
  first_second += f * s;
  second_second += s * s;
}

void PairSums::remove(std::int64_t first_micros, std::int64_t second_micros) {
  CHECK(n > 0 && is_outcome(first_micros) && is_outcome(second_micros));
  const WideInteger f = first_micros, s = second_micros;
  --n;
  first -= f;
  second -= s;
  first_first -= f * f;
  first_second -= f * s;
  second_second -= s * s;
}

void PairSums::merge(const PairSums& other) {
  n += other.n;
  first += other.first;
  second += other.second;
  first_first += other.first_first;
  first_second += other.first_second;
  second_second += other.second_second;
}

double PairSums::mean_first() const { return mean_of(first, n); }
double PairSums::mean_second() const { return mean_of(second, n); }
double PairSums::variance_first() const {
  return at_least_0(covariance_of(first_first, first, first, n));
}
double PairSums::variance_second() const {
  return at_least_0(covariance_of(second_second, second, second, n));
}
double PairSums::covariance() const { return covariance_of(first_second, first, second, n); }

Estimated ratio_of_sums(const PairSums& sums) {
  CHECK(sums.n >= 2 && sums.second != 0);
  const double below = sums.mean_second(), ratio = sums.mean_first() / below;
  const double spread = sums.variance_first() - 2 * ratio * sums.covariance() +
                        ratio * ratio * sums.variance_second();
  return {ratio, at_least_0(spread) / (static_cast<double>(sums.n) * below * below)};
}

CupedDifference cuped_difference(const PairSums& treated, const PairSums& control) {
  CHECK(treated.n >= 2 && control.n >= 2);
  const auto t = static_cast<double>(treated.n - 1), c = static_cast<double>(control.n - 1);
  const double before = t * treated.variance_second() + c * control.variance_second();
  const double outcome = t * treated.variance_first() + c * control.variance_first();
  const double together = t * treated.covariance() + c * control.covariance();
  CupedDifference result;
  result.unadjusted = treated.mean_first() - control.mean_first();
  if (before > 0) {
    result.theta = together / before;
    if (outcome > 0) result.rho_squared = together * together / (before * outcome);
  }
  const double theta = result.theta;
  const auto variance = [theta](const PairSums& arm) {
    return at_least_0(arm.variance_first() - 2 * theta * arm.covariance() +
                      theta * theta * arm.variance_second()) /
           static_cast<double>(arm.n);
  };
  result.difference = {result.unadjusted - theta * (treated.mean_second() - control.mean_second()),
                       variance(treated) + variance(control)};
  return result;
}

Interval fixed_interval(const Estimated& estimate, double alpha) {
  const double half = normal_quantile(1 - alpha / 2) * std::sqrt(estimate.variance);
  return {estimate.value - half, estimate.value + half};
}

Interval sequence_interval(const Estimated& estimate, double persons, double persons_planned,
                           double alpha) {
  const double half =
      std::sqrt(estimate.variance * persons) * sequence_half_width(persons, persons_planned, alpha);
  return {estimate.value - half, estimate.value + half};
}

Interval relative_interval(const Estimated& treated, const Estimated& control, double errors) {
  const auto relative_variance = [](const Estimated& estimate) {
    return estimate.variance / (estimate.value * estimate.value);
  };
  const double ratio = treated.value / control.value;
  const double half = errors * std::sqrt(relative_variance(treated) + relative_variance(control));
  return {ratio * std::exp(-half) - 1, ratio * std::exp(half) - 1};
}

}  // namespace ante
