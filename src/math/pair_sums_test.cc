#include "math/pair_sums.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ante {
namespace {

constexpr std::int64_t kPairUnit = 1'000'000;

// A person comes 1 to 12 times, clicks each time with a chance of their own: their views go
// together. The ratio of expectations is known.
struct Visitor {
  std::int64_t clicks = 0, views = 0;
};
Visitor visitor(Random& random, double lift) {
  const double taste = random.uniform();
  const double chance = (taste < 0.2 ? 0.3 : 0.02) + lift;
  Visitor visitor;
  visitor.views = 1 + static_cast<std::int64_t>(random.below(taste < 0.2 ? 12 : 4));
  for (std::int64_t i = 0; i < visitor.views; ++i)
    visitor.clicks += random.uniform() < chance ? 1 : 0;
  return visitor;
}
constexpr double kTrueRatio = (0.2 * 6.5 * 0.3 + 0.8 * 2.5 * 0.02) / (0.2 * 6.5 + 0.8 * 2.5);

TEST(PairSums, EqualTheTextbookInAnyOrder) {
  Random random(3);
  PairSums all, left, right;
  std::vector<std::pair<double, double>> pairs;
  for (int i = 0; i < 999; ++i) {
    const auto a = static_cast<std::int64_t>(random.below(3'000'000)) - 500'000;
    const auto b = a / 2 + static_cast<std::int64_t>(random.below(1'000'000));
    pairs.emplace_back(static_cast<double>(a) / 1e6, static_cast<double>(b) / 1e6);
    all.add(a, b);
    (i % 7 == 0 ? left : right).add(a, b);
  }
  double mean_a = 0, mean_b = 0, aa = 0, ab = 0, bb = 0;
  for (const auto& [a, b] : pairs) {
    mean_a += a / 999;
    mean_b += b / 999;
  }
  for (const auto& [a, b] : pairs) {
    aa += (a - mean_a) * (a - mean_a) / 998;
    ab += (a - mean_a) * (b - mean_b) / 998;
    bb += (b - mean_b) * (b - mean_b) / 998;
  }
  EXPECT_NEAR(all.variance_first(), aa, 1e-10);
  EXPECT_NEAR(all.covariance(), ab, 1e-10);
  EXPECT_NEAR(all.variance_second(), bb, 1e-10);
  right.merge(left);
  EXPECT_EQ(right, all);
}

TEST(PairSums, NobodyAndOnePersonHaveNoVariance) {
  PairSums sums;
  EXPECT_EQ(sums.mean_first(), 0);
  EXPECT_EQ(sums.variance_first(), 0);
  sums.add(5 * kPairUnit, kPairUnit);
  EXPECT_EQ(sums.mean_first(), 5);
  EXPECT_EQ(sums.covariance(), 0);
}

TEST(PairSums, RatioMatchesWorkByHand) {
  // Clicks 0, 1, 2 of views 1, 2, 3: R = .5, s_f^2 = s_s^2 = s_fs = 1, Var = .25 / (3 x 4).
  PairSums sums;
  for (std::int64_t i = 0; i < 3; ++i) sums.add(i * kPairUnit, (i + 1) * kPairUnit);
  const Estimated ratio = ratio_of_sums(sums);
  EXPECT_NEAR(ratio.value, 0.5, 1e-12);
  EXPECT_NEAR(ratio.variance, 0.25 / 12, 1e-12);
}

// 800 runs of 2,000 persons an arm. At 95 % true coverage 760 are expected, and fewer than 736 or
// more than 782 have a chance of about .001 each: this catches an interval 10 % off. Counting views
// as independent covers about 86 %.
TEST(PairSums, RatioIntervalsCoverThoughViewsGoTogether) {
  int covered = 0, naive = 0, doubled = 0;
  for (std::uint64_t run = 0; run < 800; ++run) {
    Random random(run + 11);
    PairSums treated, control;
    for (int i = 0; i < 4000; ++i) {
      const Visitor who = visitor(random, 0);
      (i % 2 == 0 ? treated : control).add(who.clicks * kPairUnit, who.views * kPairUnit);
    }
    EXPECT_NEAR(ratio_of_sums(treated).value, kTrueRatio, 0.05);
    const Estimated t = ratio_of_sums(treated), c = ratio_of_sums(control);
    const double off = t.value - c.value;
    covered += fixed_interval(Estimated{off, t.variance + c.variance}, 0.05).contains(0) ? 1 : 0;
    const Interval relative = relative_interval(t, c, 1.96);
    EXPECT_TRUE(relative.low < off / c.value && off / c.value < relative.high);
    doubled += relative.contains(1) ? 1 : 0;
    double variance = 0;
    for (const PairSums* arm : {&treated, &control}) {
      const double rate = ratio_of_sums(*arm).value;
      variance += rate * (1 - rate) / (arm->mean_second() * static_cast<double>(arm->n));
    }
    naive += fixed_interval(Estimated{off, variance}, 0.05).contains(0) ? 1 : 0;
  }
  EXPECT_GE(covered, 736);
  EXPECT_LE(covered, 782);
  EXPECT_LT(naive, 720);
  EXPECT_EQ(doubled, 0);
}

TEST(PairSums, RelativeIntervalsAreOfTheLogarithm) {
  const Interval interval = relative_interval({0.6, 0.0009}, {0.3, 0.0004}, 2);
  const double half = 2 * std::sqrt(0.0025 + 0.0004 / 0.09);
  EXPECT_NEAR(interval.low, 2 * std::exp(-half) - 1, 1e-12);
  EXPECT_NEAR(interval.high, 2 * std::exp(half) - 1, 1e-12);
}

TEST(Cuped, TakesAwayWhatWasKnownAndNothingOfTheEffect) {
  Random random(5);
  PairSums treated, control;
  constexpr double kEffect = 0.3;
  for (int i = 0; i < 20'000; ++i) {
    const double before = random.normal(), noise = random.normal();
    const bool is_treated = i % 4 != 0;
    const double outcome = 2 * before + noise + (is_treated ? kEffect : 0);
    (is_treated ? treated : control)
        .add(static_cast<std::int64_t>(outcome * 1e6), static_cast<std::int64_t>(before * 1e6));
  }
  const CupedDifference cuped = cuped_difference(treated, control);
  EXPECT_NEAR(cuped.theta, 2, 0.05);
  EXPECT_NEAR(cuped.rho_squared, 0.8, 0.01);  // 4 / (4 + 1)
  // 4 standard errors, sqrt(1/15,000 + 1/5,000) = .0163.
  EXPECT_NEAR(cuped.difference.value, kEffect, 0.066);
  const double plain = treated.variance_first() / 15'000 + control.variance_first() / 5000;
  EXPECT_NEAR(cuped.difference.variance / plain, 1 - cuped.rho_squared, 0.02);
}

// The between-arms difference must not enter theta: with arms far apart a covariance over all
// persons would be about 5,000 here.
TEST(Cuped, ThetaIsPooledWithinTheArms) {
  PairSums treated, control;
  for (std::int64_t i = -2; i <= 2; ++i) {
    treated.add((100 + i) * kPairUnit, (50 + i) * kPairUnit);
    control.add(i * kPairUnit, i * kPairUnit);
  }
  EXPECT_NEAR(cuped_difference(treated, control).theta, 1, 1e-9);
  EXPECT_NEAR(cuped_difference(treated, control).rho_squared, 1, 1e-9);
}

TEST(Cuped, WhatIsTheSameForEverybodyChangesNothing) {
  PairSums treated, control;
  for (std::int64_t i = 0; i < 10; ++i) {
    treated.add(i * kPairUnit, kPairUnit);
    control.add(i % 3 * kPairUnit, kPairUnit);
  }
  const CupedDifference cuped = cuped_difference(treated, control);
  EXPECT_EQ(cuped.theta, 0);
  EXPECT_EQ(cuped.rho_squared, 0);
  EXPECT_EQ(cuped.difference.value, cuped.unadjusted);
}

TEST(PairSums, SequenceIsTheOneOfStatisticsOnTheSameVariance) {
  OutcomeSums treated, control;
  for (int i = 0; i < 400; ++i) {
    treated.add(i % 3 == 0 ? kPairUnit : 0);
    control.add(i % 4 == 0 ? kPairUnit : 0);
  }
  const Estimated estimate{treated.mean() - control.mean(),
                           treated.variance() / 400 + control.variance() / 400};
  const Interval ours = sequence_interval(estimate, 800, 2000, 0.05);
  const Interval theirs = sequence_interval(treated, control, 0.05, 2000);
  EXPECT_NEAR(ours.low, theirs.low, 1e-12);
  EXPECT_NEAR(ours.high, theirs.high, 1e-12);
}

}  // namespace
}  // namespace ante
