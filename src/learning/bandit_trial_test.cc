#include "learning/bandit_trial.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

namespace ante {
namespace {

// Three labels by two numbers: which of three corners a point is near, with `noise` of the labels
// drawn anew.
LabelledRows corners(std::size_t rows, double noise, std::uint64_t seed) {
  LabelledRows data;
  data.columns = 2;
  data.names = {"a", "b", "c"};
  Random random(seed);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto label = static_cast<std::uint32_t>(random.below(3));
    data.numbers.push_back((label == 1 ? 3 : 0) + random.normal());
    data.numbers.push_back((label == 2 ? 3 : 0) + random.normal());
    const auto other = static_cast<std::uint32_t>(random.below(3));
    data.labels.push_back(random.uniform() < noise ? other : label);
  }
  return data;
}

BanditTrial trial(const LabelledRows& data, const char* rule, std::uint64_t seed) {
  return run_bandit_trial(data, **exploration_rule(rule), seed);
}

TEST(BanditTrial, LearnsWhatCanBeLearned) {
  const LabelledRows data = corners(4000, 0, 1);
  const BanditTrial squarecb = trial(data, "squarecb", 1);
  EXPECT_LT(squarecb.progressive_loss, 0.15);  // the best possible is about .09
  EXPECT_LT(squarecb.progressive_loss, trial(data, "epsilon-greedy:0.2", 1).progressive_loss);
  EXPECT_LT(squarecb.regret_vs_best_fixed(), -0.4);
  const BanditTrial uniform = trial(data, "uniform", 1);
  EXPECT_NEAR(uniform.progressive_loss, 2.0 / 3, 0.03);
  EXPECT_NEAR(uniform.exploring, 2.0 / 3, 1e-9);
  EXPECT_NEAR(uniform.expected_loss, 2.0 / 3, 1e-9);
}

TEST(BanditTrial, WhereNothingCanBeLearnedItIsNoBetterThanTheBestFixed) {
  const BanditTrial blind = trial(corners(3000, 1, 2), "squarecb", 3);
  EXPECT_NEAR(blind.regret_vs_best_fixed(), 0.02, 0.04);
}

TEST(BanditTrial, AContextlessRuleFindsTheBestFixed) {
  LabelledRows data = corners(3000, 0, 4);
  for (std::size_t i = 0; i < data.rows(); ++i) data.labels[i] = i % 4 == 0 ? 1 : 2;
  const BanditTrial thompson = trial(data, "thompson", 5);
  EXPECT_EQ(data.names[thompson.best_fixed], "c");
  EXPECT_NEAR(thompson.best_fixed_loss, 0.25, 1e-9);
  EXPECT_LT(thompson.regret_vs_best_fixed(), 0.05);
  EXPECT_GT(thompson.regret_vs_best_fixed(), -0.05);
}

TEST(BanditTrial, IsTheSameForASeedAndAnotherForAnother) {
  const LabelledRows data = corners(500, 0.2, 6);
  EXPECT_EQ(trial(data, "squarecb", 7).progressive_loss,
            trial(data, "squarecb", 7).progressive_loss);
  EXPECT_NE(trial(data, "squarecb", 7).expected_loss, trial(data, "squarecb", 8).expected_loss);
  EXPECT_LE(trial(data, "squarecb", 7).propensity_sum_error, 1e-9);
}

// Over 200 seeds the interval around the drawn loss holds the chance of loss in 95 %: 180 to 199 is
// more than p = .001 away on neither side of what a right interval gives.
TEST(BanditTrial, TheIntervalHoldsTheChanceOfLoss) {
  const LabelledRows data = corners(300, 0.3, 9);
  int held = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const BanditTrial t = trial(data, "epsilon-greedy:0.3", seed);
    held += t.interval.contains(t.expected_loss) ? 1 : 0;
  }
  EXPECT_GE(held, 180);
  EXPECT_LE(held, 199);
}

TEST(BanditTrial, AShuffleHoldsEveryRowOnce) {
  Random random(3);
  std::vector<std::uint32_t> order = shuffled_order(1000, random), sorted(1000);
  std::iota(sorted.begin(), sorted.end(), 0U);
  EXPECT_NE(order, sorted);
  std::ranges::sort(order);
  EXPECT_EQ(order, sorted);
  EXPECT_TRUE(shuffled_order(0, random).empty());
}

TEST(BanditTrial, OneLabelIsNoTrouble) {
  LabelledRows data = corners(50, 0, 1);
  data.names.resize(1);
  for (auto& label : data.labels) label = 0;
  EXPECT_EQ(trial(data, "squarecb", 1).progressive_loss, 0);
}

}  // namespace
}  // namespace ante
