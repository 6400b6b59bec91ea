#include "math/statistics.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "base/check.h"

namespace ante {

namespace {

constexpr double kMicros = 1e6;
constexpr int kSeriesTermsMax = 10'000;
constexpr double kSeriesPrecision = 1e-16;
constexpr double kTiny = 1e-300;

// P(a, x) by its power series; for x < a + 1.
double gamma_p_series(double a, double x) {
  double term = 1 / a, sum = term;
  for (int i = 1; i < kSeriesTermsMax; ++i) {
    term *= x / (a + i);
    sum += term;
    if (term < sum * kSeriesPrecision) break;
  }
  return sum * std::exp(-x + a * std::log(x) - std::lgamma(a));
}

// Q(a, x) by Lentz's continued fraction; for x >= a + 1.
double gamma_q_fraction(double a, double x) {
  double b = x + 1 - a, c = 1 / kTiny, d = 1 / b, h = d;
  for (int i = 1; i < kSeriesTermsMax; ++i) {
    const double an = -i * (i - a);
    b += 2;
    d = an * d + b;
    if (std::abs(d) < kTiny) d = kTiny;
    c = b + an / c;
    if (std::abs(c) < kTiny) c = kTiny;
    d = 1 / d;
    h *= d * c;
    if (std::abs(d * c - 1) < kSeriesPrecision) break;
  }
  return h * std::exp(-x + a * std::log(x) - std::lgamma(a));
}

double beta_fraction(double x, double a, double b) {
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  if (std::abs(d) < kTiny) d = kTiny;
  d = 1 / d;
  double h = d;
  for (int m = 1; m < kSeriesTermsMax; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double change = 1;
    for (const double factor : {even, odd}) {
      d = 1 + factor * d;
      if (std::abs(d) < kTiny) d = kTiny;
      c = 1 + factor / c;
      if (std::abs(c) < kTiny) c = kTiny;
      d = 1 / d;
      change = d * c;
      h *= change;
    }
    if (std::abs(change - 1) < kSeriesPrecision) break;
  }
  return h;
}

// The x with I_x(a, b) = p, by bisection: I is monotone in x.
double beta_quantile(double p, double a, double b) {
  double low = 0, high = 1;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (beta_i(middle, a, b) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

double difference(const OutcomeSums& treated, const OutcomeSums& control) {
  CHECK(treated.n >= 2 && control.n >= 2);
  return treated.mean() - control.mean();
}

Interval around(double middle, double half_width) {
  return {middle - half_width, middle + half_width};
}

}  // namespace

void OutcomeSums::add(std::int64_t micros) {
  CHECK(micros <= kOutcomeMicrosMax && micros >= -kOutcomeMicrosMax);
  ++n;
  conversions += micros > 0 ? 1 : 0;
  sum += micros;
  sum_of_squares += static_cast<WideInteger>(micros) * micros;
}

void OutcomeSums::replace(std::int64_t old_micros, std::int64_t new_micros) {
  CHECK(n > 0 && new_micros <= kOutcomeMicrosMax && new_micros >= -kOutcomeMicrosMax);
  conversions = conversions + (new_micros > 0 ? 1U : 0U) - (old_micros > 0 ? 1U : 0U);
  sum += static_cast<WideInteger>(new_micros) - old_micros;
  sum_of_squares += static_cast<WideInteger>(new_micros) * new_micros -
                    static_cast<WideInteger>(old_micros) * old_micros;
}

void OutcomeSums::merge(const OutcomeSums& other) {
  n += other.n;
  conversions += other.conversions;
  sum += other.sum;
  sum_of_squares += other.sum_of_squares;
}

double OutcomeSums::mean() const {
  return n == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(n) / kMicros;
}

double OutcomeSums::variance() const {
  if (n < 2) return 0;
  // n * sum of squares - sum^2 would not fit for the largest; the mean is taken off in long double.
  const long double mean = static_cast<long double>(sum) / static_cast<long double>(n);
  const long double centred =
      static_cast<long double>(sum_of_squares) - static_cast<long double>(sum) * mean;
  const long double variance = centred / static_cast<long double>(n - 1) / (kMicros * kMicros);
  return variance > 0 ? static_cast<double>(variance) : 0;
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

double normal_quantile(double p) {
  CHECK(p > 0 && p < 1);
  // Newton's method with Halley's correction; the start is good to 5e-4 (Abramowitz &
  // Stegun 26.2.23).
  const double tail = p < 0.5 ? p : 1 - p;
  const double t = std::sqrt(-2 * std::log(tail));
  double x = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                     (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  if (p < 0.5) x = -x;
  for (int i = 0; i < 4; ++i) {
    const double density = std::exp(-x * x / 2) / std::sqrt(2 * M_PI);
    if (density <= 0) break;
    const double u = (normal_cdf(x) - p) / density;
    x -= u / (1 + x * u / 2);
  }
  return x;
}

double gamma_q(double a, double x) {
  CHECK(a > 0 && x >= 0);
  if (x == 0) return 1;
  return x < a + 1 ? 1 - gamma_p_series(a, x) : gamma_q_fraction(a, x);
}

double chi_square_p(double x, double degrees) { return gamma_q(degrees / 2, x / 2); }

double beta_i(double x, double a, double b) {
  CHECK(a > 0 && b > 0 && x >= 0 && x <= 1);
  if (x == 0 || x == 1) return x;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(x, a, b) / a;
  return 1 - front * beta_fraction(1 - x, b, a) / b;
}

Interval rate_interval(std::uint64_t hits, std::uint64_t n, double alpha) {
  CHECK(n >= 1 && hits <= n && alpha > 0 && alpha < 1);
  const auto k = static_cast<double>(hits), all = static_cast<double>(n);
  return {hits == 0 ? 0 : beta_quantile(alpha / 2, k, all - k + 1),
          hits == n ? 1 : beta_quantile(1 - alpha / 2, k + 1, all - k)};
}

Interval wilson_interval(std::uint64_t hits, std::uint64_t n, double alpha) {
  CHECK(n >= 1 && hits <= n && alpha > 0 && alpha < 1);
  const double z = normal_quantile(1 - alpha / 2);
  const auto all = static_cast<double>(n);
  const double rate = static_cast<double>(hits) / all;
  const double shrunk = 1 + z * z / all;
  const double middle = (rate + z * z / (2 * all)) / shrunk;
  const double half = z * std::sqrt(rate * (1 - rate) / all + z * z / (4 * all * all)) / shrunk;
  return {hits == 0 ? 0 : middle - half, hits == n ? 1 : middle + half};
}

Interval fixed_interval(const OutcomeSums& treated, const OutcomeSums& control, double alpha) {
  const double middle = difference(treated, control);
  const double variance = treated.variance() / static_cast<double>(treated.n) +
                          control.variance() / static_cast<double>(control.n);
  return around(middle, normal_quantile(1 - alpha / 2) * std::sqrt(variance));
}

double sequence_half_width(double persons, double persons_planned, double alpha) {
  CHECK(persons > 0 && persons_planned >= 1 && alpha > 0 && alpha < 1);
  const double a = -2 * std::log(alpha);
  const double rho_squared = (a + std::log(a + 1)) / persons_planned;
  const double t = persons * rho_squared;
  return std::sqrt(2 * (t + 1) / (persons * t) * std::log(std::sqrt(t + 1) / alpha));
}

Interval sequence_interval(const OutcomeSums& treated, const OutcomeSums& control, double alpha,
                           double persons_planned) {
  const double middle = difference(treated, control);
  const auto n1 = static_cast<double>(treated.n), n0 = static_cast<double>(control.n);
  const double persons = n1 + n0;
  const double variance = treated.variance() * persons / n1 + control.variance() * persons / n0;
  return around(middle, std::sqrt(variance) * sequence_half_width(persons, persons_planned, alpha));
}

double sequence_p(double z, double persons, double persons_planned) {
  CHECK(persons > 0 && persons_planned >= 1);
  constexpr double kTunedFor = 0.05;
  const double a = -2 * std::log(kTunedFor);
  const double t = persons * (a + std::log(a + 1)) / persons_planned;
  return std::min(1.0, std::sqrt(t + 1) * std::exp(-z * z * t / (2 * (t + 1))));
}

double sample_ratio_p(std::uint64_t holdout, double expected, double variance) {
  if (!(variance > 0)) return 1;
  const double off = static_cast<double>(holdout) - expected;
  return chi_square_p(off * off / variance, 1);
}

double persons_needed(double treated_variance, double control_variance, double holdout_share,
                      double delta, double power, double alpha) {
  CHECK(holdout_share > 0 && holdout_share < 1 && delta > 0);
  const double z = normal_quantile(1 - alpha / 2) + normal_quantile(power);
  const double variance = treated_variance / (1 - holdout_share) + control_variance / holdout_share;
  return z * z * variance / (delta * delta);
}

}  // namespace ante
