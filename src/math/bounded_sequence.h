// A confidence sequence for the mean of outcomes that cannot leave a known range: valid at every
// look from the first outcome on, for any distribution. Wider than the asymptotic sequence of
// statistics.h, and no burn-in.
//
// Predictable plug-in empirical Bernstein: Waudby-Smith & Ramdas, "Estimating means of bounded
// random variables by betting" (JRSS B 2024), theorem 2. With x scaled to [0, 1]:
//
//   sum(l_i x_i) / sum(l_i)  +-  (ln(2/alpha) + sum 4 (x_i - m_{i-1})^2 f(l_i)) / sum(l_i)
//   f(l) = (-ln(1 - l) - l) / 4,  l_i = min(1/2, sqrt(2 ln(2/alpha) / (v_{i-1} i ln(1 + i))))
//   m and v: the mean and the variance of what came before, begun as one outcome of 1/2
//
// Six sums. Those of independent streams may be added: what bounds the error is a product of one
// factor an outcome, each decided before its outcome, so the product over both streams bounds it
// too. Sums are doubles: the order counts in the last digits. Not thread-safe, like any value.

#pragma once

#include <cstdint>

#include "math/statistics.h"

namespace ante {

class BoundedSequence {
 public:
  // REQUIRES low < high, 0 < alpha < 1.
  BoundedSequence(double low, double high, double alpha);

  // REQUIRES low <= outcome <= high.
  void add(double outcome);
  // REQUIRES the same range and alpha; outcomes of other persons.
  void merge(const BoundedSequence& other);

  std::uint64_t n() const { return n_; }
  // The whole range before the first outcome.
  Interval interval() const;

 private:
  double low_, high_, alpha_;
  std::uint64_t n_ = 0;
  double sum_ = 0.5, squares_ = 0.25;  // of outcomes in [0, 1], with what they begin as
  double bets_ = 0, weighted_ = 0, penalties_ = 0;  // sums of l, l x and 4 (x - m)^2 f(l)
};

// The difference of two means, treated minus control, at every look at once: each side's sequence
// at alpha / 2 (REQUIRES both made with it), so that both hold with 1 - alpha.
Interval bounded_difference(const BoundedSequence& treated, const BoundedSequence& control);

}  // namespace ante
