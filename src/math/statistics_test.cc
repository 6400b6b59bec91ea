#include "math/statistics.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ante {
namespace {

constexpr std::int64_t kUnit = 1'000'000;

TEST(Statistics, NormalMatchesTables) {
  struct Row {
    double x, p;
  };
  // Abramowitz & Stegun, table 26.1, and NIST's percentage points.
  const Row rows[] = {{0, 0.5},
                      {1, 0.841344746068543},
                      {1.959963984540054, 0.975},
                      {-1.644853626951472, 0.05},
                      {3.090232306167813, 0.999},
                      {-6, 9.865876450376946e-10}};
  for (const Row& row : rows) {
    EXPECT_NEAR(normal_cdf(row.x), row.p, 1e-14) << row.x;
    EXPECT_NEAR(normal_quantile(row.p), row.x, 1e-9) << row.p;
  }
  for (const double p : {1e-12, 1e-5, 0.2, 0.5, 0.77, 1 - 1e-6}) {
    EXPECT_NEAR(normal_cdf(normal_quantile(p)) / p, 1, 1e-9) << p;
  }
}

TEST(Statistics, ChiSquareMatchesTables) {
  struct Row {
    double x, degrees, p;
  };
  const Row rows[] = {{3.841458820694124, 1, 0.05},
                      {6.634896601021214, 1, 0.01},
                      {18.307038053275146, 10, 0.05},
                      {124.34211340400407, 100, 0.05},
                      {0, 3, 1},
                      {2, 2, 0.36787944117144233},
                      {59.70306444, 30, 0.001}};
  for (const Row& row : rows) {
    EXPECT_NEAR(chi_square_p(row.x, row.degrees), row.p, 1e-7) << row.x << " " << row.degrees;
  }
}

TEST(Statistics, WilsonMatchesValuesByHand) {
  struct Row {
    std::uint64_t hits, n;
    double low, high;
  };
  const Row rows[] = {{0, 10, 0, 0.2775327999},
                      {10, 10, 0.7224672001, 1},
                      {5, 10, 0.2365930905, 0.7634069095},
                      {1, 1, 0.2065493144, 1}};
  for (const Row& row : rows) {
    const Interval interval = wilson_interval(row.hits, row.n, 0.05);
    EXPECT_NEAR(interval.low, row.low, 1e-8) << row.hits << " of " << row.n;
    EXPECT_NEAR(interval.high, row.high, 1e-8) << row.hits << " of " << row.n;
  }
}

TEST(Statistics, ClopperPearsonMatchesTables) {
  struct Row {
    std::uint64_t hits, n;
    double low, high;
  };
  const Row rows[] = {{0, 10, 0, 0.308497104},
                      {5, 10, 0.187086028, 0.812913972},
                      {10, 10, 0.691502896, 1},
                      {4, 20, 0.057333988, 0.436614002},
                      {1, 1, 0.025, 1}};
  for (const Row& row : rows) {
    const Interval interval = rate_interval(row.hits, row.n, 0.05);
    EXPECT_NEAR(interval.low, row.low, 1e-6) << row.hits << "/" << row.n;
    EXPECT_NEAR(interval.high, row.high, 1e-6) << row.hits << "/" << row.n;
  }
}

TEST(Statistics, SumsEqualTheTextbookAndCanBeTakenBack) {
  Random random(1);
  std::vector<std::int64_t> outcomes(2000);
  OutcomeSums all, left, right;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    outcomes[i] = static_cast<std::int64_t>(random.below(5'000'000)) - 1'000'000;
    all.add(outcomes[i]);
    (i % 3 == 0 ? left : right).add(outcomes[i]);
  }
  double mean = 0, squares = 0;
  for (const std::int64_t o : outcomes) mean += static_cast<double>(o) / 1e6 / 2000;
  for (const std::int64_t o : outcomes) squares += std::pow(static_cast<double>(o) / 1e6 - mean, 2);
  EXPECT_NEAR(all.mean(), mean, 1e-12);
  EXPECT_NEAR(all.variance(), squares / 1999, 1e-10);
  left.merge(right);
  EXPECT_EQ(left, all);
  OutcomeSums changed = all;
  changed.replace(outcomes[7], 123);
  EXPECT_NE(changed, all);
  changed.replace(123, outcomes[7]);
  EXPECT_EQ(changed, all);
}

TEST(Statistics, LargestOutcomesDoNotOverflow) {
  OutcomeSums sums;
  for (int i = 0; i < 1000; ++i)
    sums.add(i % 2 == 0 ? OutcomeSums::kOutcomeMicrosMax : -OutcomeSums::kOutcomeMicrosMax);
  EXPECT_EQ(sums.mean(), 0);
  EXPECT_NEAR(sums.variance() / 1e12, 1000.0 / 999, 1e-9);
}

TEST(Statistics, FixedIntervalIsWelchs) {
  OutcomeSums treated, control;
  for (int i = 0; i < 100; ++i) treated.add(i < 30 ? kUnit : 0);
  for (int i = 0; i < 400; ++i) control.add(i < 80 ? kUnit : 0);
  const double half = 1.959963984540054 * std::sqrt(0.21 / 99 + 0.16 / 399);
  const Interval interval = fixed_interval(treated, control, 0.05);
  EXPECT_NEAR(interval.low, 0.1 - half, 1e-9);
  EXPECT_NEAR(interval.high, 0.1 + half, 1e-9);
}

TEST(Statistics, SequenceIsAboutOneAndAHalfTimesAsWideAtThePlannedLook) {
  // Worked by hand from the formula: t rho^2 = 7.9359, so sqrt(2 x 1.12601 x ln(2.98930/.05)).
  EXPECT_NEAR(sequence_half_width(2000, 2000, 0.05) * std::sqrt(2000.0), 3.0352, 1e-4);
  for (const double persons : {400.0, 2000.0, 20'000.0, 150'000.0}) {
    const double ratio = sequence_half_width(persons, 2000, 0.05) * std::sqrt(persons) / 1.959964;
    EXPECT_GT(ratio, 1.5) << persons;
    EXPECT_LT(ratio, 1.8) << persons;
  }
}

// Ever wrong in 5 % of runs at most is the promise. 300 null runs of 4,000 persons at 20 %
// holdout, looked at after each person from the burn-in of 25 conversions on: at p = .05 wrong we
// expect at most 15; 28 or more has a chance below 0.001, so the bound would catch an interval
// that is 20 % too narrow (naive intervals are wrong in about a third).
TEST(Statistics, SequenceIsSeldomWrongAtAnyTime) {
  int wrong = 0;
  for (std::uint64_t run = 0; run < 300; ++run) {
    Random random(run + 7);
    OutcomeSums treated, control;
    bool ever = false;
    for (int i = 0; i < 4000 && !ever; ++i) {
      (random.uniform() < 0.2 ? control : treated).add(random.uniform() < 0.1 ? kUnit : 0);
      if (treated.conversions < 25 || control.conversions < 25) continue;
      ever = !sequence_interval(treated, control, 0.05, 2000).contains(0);
    }
    wrong += ever ? 1 : 0;
  }
  EXPECT_LT(wrong, 28);
}

TEST(Statistics, TheSequencesPIsAlphaWhereItsIntervalTouchesZero) {
  for (const double persons : {60.0, 500.0, 2000.0, 1e6}) {
    const double edge = sequence_half_width(persons, 2000, 0.05) * std::sqrt(persons);
    EXPECT_NEAR(sequence_p(edge, persons, 2000), 0.05, 1e-12);
    EXPECT_NEAR(sequence_p(-edge, persons, 2000), 0.05, 1e-12);
    EXPECT_GT(sequence_p(0.99 * edge, persons, 2000), 0.05);
    EXPECT_LT(sequence_p(1.01 * edge, persons, 2000), 0.05);
  }
  EXPECT_EQ(sequence_p(0, 1000, 2000), 1);
  EXPECT_EQ(sequence_p(40, 1e6, 2000), 0);  // too small to write down
}

TEST(Statistics, SampleRatioSeesABrokenSplit) {
  EXPECT_NEAR(sample_ratio_p(500, 500, 475), 1, 1e-12);
  // 50/50 planned, 49/51 of 100,000 found: z = 6.3.
  EXPECT_LT(sample_ratio_p(49'000, 50'000, 25'000), 1e-9);
  EXPECT_NEAR(sample_ratio_p(50'310, 50'000, 25'000), 0.0499, 2e-4);
  EXPECT_EQ(sample_ratio_p(0, 0, 0), 1);  // no holdout: nothing to compare
}

TEST(Statistics, SampleSizeMatchesTheUsualFormula) {
  // 16 s^2 / d^2 an arm (80 %, 5 %, more exactly 15.7) is 31.4 s^2 / d^2 in both.
  EXPECT_NEAR(persons_needed(1, 1, 0.5, 0.1, 0.8, 0.05), 3139.55, 0.1);
  // 5 % holdout, rate .05, 5 % better: about 1.25 million.
  EXPECT_NEAR(persons_needed(0.0475, 0.0475, 0.05, 0.0025, 0.8, 0.05), 1.256e6, 2e3);
}

}  // namespace
}  // namespace ante
