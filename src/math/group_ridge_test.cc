#include "math/group_ridge.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/random.h"
#include "math/cholesky.h"

namespace ante {
namespace {

constexpr double kFlat = std::numeric_limits<double>::infinity();

TEST(GroupRidge, AConstantWithoutAPriorIsTheWeightedMean) {
  NormalEquations equations(1);
  const std::size_t place = 0;
  equations.add_indicators(std::span(&place, 1), 3, 3 * 2.0);
  equations.add_indicators(std::span(&place, 1), 1, 1 * 6.0);
  const ColumnGroup group{0, 1, kFlat};
  const auto posterior = ridge_posterior(equations, std::span(&group, 1));
  ASSERT_TRUE(posterior);
  EXPECT_DOUBLE_EQ(posterior->mean[0], 3);
}

TEST(GroupRidge, APriorDrawsToZeroAsIfItWereObservations) {
  NormalEquations equations(1);
  const std::size_t place = 0;
  equations.add_indicators(std::span(&place, 1), 4, 4 * 5.0);
  const ColumnGroup group{0, 1, 0.25};  // four observations of 0
  const auto posterior = ridge_posterior(equations, std::span(&group, 1));
  ASSERT_TRUE(posterior);
  EXPECT_DOUBLE_EQ(posterior->mean[0], 2.5);
}

// One column: y ~ N(0, 1/weight + variance), so the evidence can be written down.
TEST(GroupRidge, EvidenceIsTheMarginalLikelihood) {
  const double weight = 7, y = 0.9;
  NormalEquations equations(1);
  const std::size_t place = 0;
  equations.add_indicators(std::span(&place, 1), weight, weight * y);
  const auto evidence = [&](double variance) {
    const ColumnGroup group{0, 1, variance};
    return ridge_posterior(equations, std::span(&group, 1))->log_evidence;
  };
  const auto log_likelihood = [&](double variance) {
    const double total = variance + 1 / weight;
    return -0.5 * std::log(total) - 0.5 * y * y / total;
  };
  EXPECT_NEAR(evidence(2) - evidence(0.1), log_likelihood(2) - log_likelihood(0.1), 1e-12);
}

TEST(GroupRidge, AColumnThatIsNeverThereChangesNothing) {
  NormalEquations one(1), two(2);
  const std::size_t place = 0;
  one.add_indicators(std::span(&place, 1), 5, 3);
  two.add_indicators(std::span(&place, 1), 5, 3);
  const ColumnGroup first{0, 1, 2};
  const ColumnGroup both[] = {first, {1, 1, 0.3}};
  EXPECT_NEAR(ridge_posterior(one, std::span(&first, 1))->log_evidence,
              ridge_posterior(two, both)->log_evidence, 1e-12);
}

TEST(GroupRidge, TwoColumnsThatSayTheSameNeedAPrior) {
  NormalEquations equations(2);
  const std::size_t places[] = {0, 1};
  equations.add_indicators(places, 1, 1);
  const ColumnGroup flat[] = {{0, 1, kFlat}, {1, 1, kFlat}};
  EXPECT_FALSE(ridge_posterior(equations, flat));
  const ColumnGroup drawn[] = {{0, 1, kFlat}, {1, 1, 1}};
  EXPECT_TRUE(ridge_posterior(equations, drawn));
}

// 200 draws of two groups of 20 effects, of sd .5 and of sd .01, each seen with sd .2: the
// variances found must be near, and the sandwich with the normal matrix must be the posterior's
// covariance.
TEST(GroupRidge, FindsWhichGroupDiffersAndHowMuch) {
  const double grid[] = {1e-4, 1e-3, 1e-2, 0.1, 0.25, 1};
  Random random(3);
  double large = 0, small = 0;
  constexpr int kRuns = 200;
  for (int run = 0; run < kRuns; ++run) {
    NormalEquations equations(40);
    for (std::size_t j = 0; j < 40; ++j) {
      const double effect = random.normal() * (j < 20 ? 0.5 : 0.01);
      const double y = effect + 0.2 * random.normal();
      equations.add_indicators(std::span(&j, 1), 25, 25 * y);
    }
    ColumnGroup groups[] = {{0, 20, 1e-4}, {20, 20, 1e-4}};
    choose_variances(equations, groups, 0, grid, 5);
    large += std::log(groups[0].variance) / kRuns;
    small += std::log(groups[1].variance) / kRuns;
  }
  EXPECT_NEAR(large, std::log(0.25), 0.4);
  EXPECT_LT(small, std::log(0.005));
}

TEST(GroupRidge, TheSandwichOfTheModelsOwnNoiseIsItsCovariance) {
  Random random(4);
  NormalEquations equations(3);
  for (int i = 0; i < 50; ++i) {
    const std::size_t places[] = {0, 1 + random.below(2)};
    equations.add_indicators(places, 1, random.normal());
  }
  const ColumnGroup groups[] = {{0, 1, kFlat}, {1, 2, 0.7}};
  const auto posterior = ridge_posterior(equations, groups);
  ASSERT_TRUE(posterior);
  const auto covariance = sandwich_covariance(*posterior, groups, equations.matrix);
  for (std::size_t j = 0; j < 3; ++j) {
    std::vector<double> unit(3, 0);
    unit[j] = 1;
    cholesky_solve(posterior->factor, unit);
    for (std::size_t i = j; i < 3; ++i)
      EXPECT_NEAR(covariance[triangle_size(i) + j], unit[i], 1e-12) << i << j;
  }
}

TEST(GroupRidgeDeathTest, RefusesGroupsWithGapsAndVariancesBelowZero) {
  NormalEquations equations(2);
  const ColumnGroup gap[] = {{1, 1, 1}};
  EXPECT_DEATH(static_cast<void>(ridge_posterior(equations, gap)), "cover_all");
  const ColumnGroup negative[] = {{0, 2, -1}};
  EXPECT_DEATH(static_cast<void>(ridge_posterior(equations, negative)), "cover_all");
  const ColumnGroup nothing[] = {{0, 2, std::numeric_limits<double>::quiet_NaN()}};
  EXPECT_DEATH(static_cast<void>(ridge_posterior(equations, nothing)), "cover_all");
  const std::size_t beyond = 2;
  EXPECT_DEATH(equations.add_indicators(std::span(&beyond, 1), 1, 1), "places");
}

}  // namespace
}  // namespace ante
