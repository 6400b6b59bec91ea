#include "math/bounded_sequence.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace ante {
namespace {

TEST(BoundedSequence, KnowsNothingBeforeTheFirstOutcome) {
  const BoundedSequence sequence(-2, 5, 0.05);
  EXPECT_EQ(sequence.interval().low, -2);
  EXPECT_EQ(sequence.interval().high, 5);
}

TEST(BoundedSequence, MatchesTheFormulaByHand) {
  // alpha = .5, outcomes 1 and 0: ln(2/alpha) = ln 4.
  //   l_1 = min(.5, sqrt(2 ln 4 / (.25 ln 2))) = .5, l_2 the same; f4(.5) = ln 2 - .5.
  //   m_0 = .5, m_1 = .75: penalties (.25 + .5625) (ln 2 - .5) = .156931; sum l x / sum l = .5.
  BoundedSequence sequence(0, 1, 0.5);
  sequence.add(1);
  sequence.add(0);
  EXPECT_EQ(sequence.n(), 2u);
  EXPECT_EQ(sequence.interval().low, 0);  // .5 - (1.386294 + .156931) / 1, cut at 0
  EXPECT_EQ(sequence.interval().high, 1);
  BoundedSequence many(0, 1, 0.5);
  for (int i = 0; i < 4000; ++i) many.add(i % 2);
  EXPECT_NEAR((many.interval().low + many.interval().high) / 2, 0.5, 0.01);
  EXPECT_LT(many.interval().width(), 0.1);
}

TEST(BoundedSequence, ScalesWithItsRange) {
  Random random(2);
  BoundedSequence unit(0, 1, 0.05), wide(-10, 30, 0.05);
  for (int i = 0; i < 500; ++i) {
    const double x = random.uniform();
    unit.add(x);
    wide.add(-10 + 40 * x);
  }
  EXPECT_NEAR(wide.interval().low, -10 + 40 * unit.interval().low, 1e-9);
  EXPECT_NEAR(wide.interval().high, -10 + 40 * unit.interval().high, 1e-9);
}

// Wrong at any of 3,000 looks in at most 5 % of 400 runs: 20; 36 or more would have a chance below
// .001. Rates of 1 % and no burn-in, where the asymptotic sequence is wrong in most runs.
TEST(BoundedSequence, SeldomWrongAtAnyTimeOfARareOutcome) {
  int wrong = 0, asymptotic = 0;
  for (std::uint64_t run = 0; run < 400; ++run) {
    Random random(run + 21);
    BoundedSequence treated(0, 1, 0.025), control(0, 1, 0.025);
    OutcomeSums treated_sums, control_sums;
    bool ever = false, ever_asymptotic = false;
    for (int i = 0; i < 3000; ++i) {
      const bool is_control = random.uniform() < 0.05, hit = random.uniform() < 0.01;
      (is_control ? control : treated).add(hit ? 1 : 0);
      (is_control ? control_sums : treated_sums).add(hit ? 1'000'000 : 0);
      ever = ever || !bounded_difference(treated, control).contains(0);
      if (i % 10 == 0 && treated_sums.conversions > 0 && control_sums.n >= 2) {
        ever_asymptotic = ever_asymptotic ||
                          !sequence_interval(treated_sums, control_sums, 0.05, 2000).contains(0);
      }
    }
    wrong += ever ? 1 : 0;
    asymptotic += ever_asymptotic ? 1 : 0;
  }
  EXPECT_LT(wrong, 36);
  EXPECT_GT(asymptotic, 36);
}

TEST(BoundedSequence, SeesADifference) {
  Random random(4);
  BoundedSequence treated(0, 1, 0.025), control(0, 1, 0.025);
  for (int i = 0; i < 20'000; ++i) {
    treated.add(random.uniform() < 0.15 ? 1 : 0);
    control.add(random.uniform() < 0.10 ? 1 : 0);
  }
  EXPECT_GT(bounded_difference(treated, control).low, 0);
  EXPECT_LT(bounded_difference(treated, control).low, 0.05);
}

// Streams kept apart (two machines) and added at each look: as seldom wrong as one stream.
TEST(BoundedSequence, SumsOfTwoStreamsAreValidTogether) {
  int wrong = 0;
  double width = 0, width_of_one = 0;
  for (std::uint64_t run = 0; run < 400; ++run) {
    Random random(run + 61);
    BoundedSequence left(0, 1, 0.05), right(0, 1, 0.05), one(0, 1, 0.05);
    bool ever = false;
    for (int i = 0; i < 2000; ++i) {
      const double x = random.uniform() < 0.3 ? 1 : 0;
      (i % 3 == 0 ? left : right).add(x);
      one.add(x);
      BoundedSequence both = left;
      both.merge(right);
      ever = ever || !both.interval().contains(0.3);
      if (i == 1999) width += both.interval().width();
    }
    wrong += ever ? 1 : 0;
    width_of_one += one.interval().width();
  }
  EXPECT_LT(wrong, 36);
  EXPECT_LT(width, 1.15 * width_of_one);
}

}  // namespace
}  // namespace ante
