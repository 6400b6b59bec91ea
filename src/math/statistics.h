// Intervals, tests and the sums they stand on.
//
// Sums of outcomes are integers (millionths), so they can be added, taken back and merged in any
// order and stay exact. Everything else is a pure function of doubles. Any thread.
//
// Confidence sequence: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, "Time-uniform central limit
// theory and asymptotic confidence sequences" (Annals of Statistics 2024), two-sided.

#pragma once

#include <cstdint>

namespace ante {

__extension__ using WideInteger = __int128;

struct Interval {
  double low = 0, high = 0;
  double width() const { return high - low; }
  bool contains(double x) const { return low <= x && x <= high; }
};

// n, sum and sum of squares of outcomes in millionths. Exact: replace() undoes an add() bit by bit.
// REQUIRES |outcome| <= kOutcomeMicrosMax and at most 2^20 outcomes of that size (the sum fits).
struct OutcomeSums {
  static constexpr std::int64_t kOutcomeMicrosMax = 1'000'000'000'000;  // a million units

  std::uint64_t n = 0, conversions = 0;  // conversions: outcomes above 0
  WideInteger sum = 0, sum_of_squares = 0;

  void add(std::int64_t micros);
  void replace(std::int64_t old_micros, std::int64_t new_micros);
  void merge(const OutcomeSums& other);

  double mean() const;      // in units; 0 when n = 0
  double variance() const;  // unbiased, in units squared; 0 when n < 2
  friend bool operator==(const OutcomeSums&, const OutcomeSums&) = default;
};

double normal_cdf(double x);
// REQUIRES 0 < p < 1. Exact to about 1e-15.
double normal_quantile(double p);

// P(X >= x) of chi-square with that many degrees of freedom. REQUIRES x >= 0, degrees > 0.
double chi_square_p(double x, double degrees);
// Regularised incomplete gamma, upper: Q(a, x). REQUIRES a > 0, x >= 0.
double gamma_q(double a, double x);
// Regularised incomplete beta I_x(a, b). REQUIRES a, b > 0, 0 <= x <= 1.
double beta_i(double x, double a, double b);

// Clopper-Pearson interval of a rate. REQUIRES hits <= n, n >= 1, 0 < alpha < 1.
Interval rate_interval(std::uint64_t hits, std::uint64_t n, double alpha);
// Wilson's score interval of a rate: narrower than the one above and right on average only (Brown,
// Cai & DasGupta 2001). REQUIRES as above.
Interval wilson_interval(std::uint64_t hits, std::uint64_t n, double alpha);

// The difference of two means, treated minus control, at a look declared beforehand.
// REQUIRES both n >= 2.
Interval fixed_interval(const OutcomeSums& treated, const OutcomeSums& control, double alpha);

// The same, valid at every look at once; narrowest, relatively, when `persons_planned` are counted.
//
// sigma^2 = s1^2/pi + s0^2/(1 - pi) and t = persons, with pi the share of treated persons as it
// came out, not as it was designed: sigma^2/t is then s1^2/n1 + s0^2/n0, the variance of the
// difference given who was assigned, also when the holdout's share was changed on the way.
// REQUIRES both n >= 2, persons_planned >= 1.
Interval sequence_interval(const OutcomeSums& treated, const OutcomeSums& control, double alpha,
                           double persons_planned);
// Its half width for a unit of sigma at t persons.
double sequence_half_width(double persons, double persons_planned, double alpha);

// 1 / e of the same sequence for a difference of `z` standard errors: at most alpha where the one
// of 95 % and wider leave 0 out. P(it ever falls to p) <= p where nothing differs, at whatever
// look; over many comparisons it may be used as a p-value is, however they depend on each other.
double sequence_p(double z, double persons, double persons_planned);

// Sample-ratio mismatch: p of the split, when each of the persons had its own chance of the
// holdout; `expected` = sum of the chances, `variance` = sum of chance x (1 - chance).
double sample_ratio_p(std::uint64_t holdout, double expected, double variance);

// Persons in both arms that show a difference of `delta` with that power in a two-sided test.
// REQUIRES 0 < holdout_share < 1, delta > 0, variances >= 0, 0 < power < 1.
double persons_needed(double treated_variance, double control_variance, double holdout_share,
                      double delta, double power, double alpha);

}  // namespace ante
