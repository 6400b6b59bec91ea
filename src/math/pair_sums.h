// Two numbers a person: the ratio of their sums, and an outcome adjusted by what was known before.
//
// Sums are integers (products of millionths), so they can be added and merged in any order and stay
// exact. The unit is the person: whoever comes often adds larger numbers, not more rows, so views
// that go together do no harm. Everything else is a pure function of doubles. Any thread.
//
//   ratio  R = sum of first / sum of second, by the delta method:
//          Var R = (s_f^2 - 2 R s_fs + R^2 s_s^2) / (n m_s^2)        Deng, Knoblich & Lu 2018
//   CUPED  Y - theta X with Y = first and X = second, known before the treatment:
//          theta = cov(Y, X) / var(X), both pooled within the arms   Deng, Xu, Kohavi & Walker 2013

#pragma once

#include <cstdint>

#include "math/statistics.h"

namespace ante {

// REQUIRES what OutcomeSums requires, of both numbers.
struct PairSums {
  std::uint64_t n = 0;
  WideInteger first = 0, second = 0;  // millionths
  WideInteger first_first = 0, first_second = 0, second_second = 0;

  void add(std::int64_t first_micros, std::int64_t second_micros);
  // Undoes an add() bit by bit. REQUIRES that there was one of the same numbers.
  void remove(std::int64_t first_micros, std::int64_t second_micros);
  void merge(const PairSums& other);

  double mean_first() const;   // in units; 0 when n = 0
  double mean_second() const;  // as above
  // Unbiased, in units squared; 0 when n < 2.
  double variance_first() const;
  double variance_second() const;
  double covariance() const;
  friend bool operator==(const PairSums&, const PairSums&) = default;
};

// An estimate and the variance of its error.
struct Estimated {
  double value = 0, variance = 0;
};

// REQUIRES n >= 2 and a mean of `second` that is not 0.
Estimated ratio_of_sums(const PairSums& sums);

struct CupedDifference {
  Estimated difference;    // treated minus control, adjusted
  double unadjusted = 0;   // treated minus control of the plain means
  double theta = 0;        // 0 where `second` is the same for everybody
  double rho_squared = 0;  // the share of the outcome's variance that it takes away: say it always
};
// REQUIRES both n >= 2. `second` must have been known before the treatment: else this takes away a
// part of the effect.
CupedDifference cuped_difference(const PairSums& treated, const PairSums& control);

// At a look declared beforehand. REQUIRES 0 < alpha < 1.
Interval fixed_interval(const Estimated& estimate, double alpha);
// At every look at once (the asymptotic confidence sequence of statistics.h), over all `persons` of
// both arms. REQUIRES persons >= 1, persons_planned >= 1, 0 < alpha < 1.
Interval sequence_interval(const Estimated& estimate, double persons, double persons_planned,
                           double alpha);

// Of treated.value / control.value less 1, `errors` standard errors of its logarithm wide to each
// side (delta method): a control that is itself only estimated widens it.
// REQUIRES both values above 0.
Interval relative_interval(const Estimated& treated, const Estimated& control, double errors);

}  // namespace ante
