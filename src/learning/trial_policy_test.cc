#include "learning/trial_policy.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "learning/uplift_curve.h"

namespace ante {
namespace {

constexpr std::size_t kTrialWidth = 4;

struct MadeTrial {
  std::vector<double> x, outcome;
  std::vector<std::uint32_t> arm;
  std::size_t arms = 3;
  TrialRows rows() const { return {kTrialWidth, x, arm, outcome, arms}; }
};

// A goal of 20 %; arm 1 adds `effect` where x_1 > 0 and takes it where not; arm 2 does nothing.
MadeTrial made(std::size_t persons, std::size_t arms, double effect, double main,
               std::uint64_t seed) {
  Random random(seed);
  MadeTrial trial;
  trial.arms = arms;
  for (std::size_t i = 0; i < persons; ++i) {
    const double x[] = {1, random.normal(), random.normal(), random.normal()};
    const auto arm = static_cast<std::uint32_t>(random.below(arms));
    double chance = 0.2 + 0.04 * std::clamp(x[2], -2.0, 2.0);
    if (arm == 1) chance += main + effect * (x[1] > 0 ? 1 : -1);
    trial.x.insert(trial.x.end(), std::begin(x), std::end(x));
    trial.arm.push_back(arm);
    trial.outcome.push_back(random.uniform() < chance ? 1 : 0);
  }
  return trial;
}

TEST(EffectLearners, FindALinearEffectUnderAnyChance) {
  Random random(2);
  std::vector<EffectSums> folds(5, EffectSums(2));
  for (int i = 0; i < 20'000; ++i) {
    const double x[] = {1, random.normal()};
    const double chance = x[1] > 0 ? 0.8 : 0.2;  // not balanced, and the outcome depends on x
    const bool treated = random.uniform() < chance;
    const double y = 3 * x[1] + (treated ? 0.5 + 1.5 * x[1] : 0) + random.normal();
    folds[static_cast<std::size_t>(i) % 5].add(x, treated, chance, y);
  }
  const LearnedEffects effects = learn_effects(folds);
  // 5 standard errors, about 1 / sqrt(20,000 x .16).
  for (const auto* tau : {&effects.r_learner, &effects.t_learner, &effects.blend}) {
    EXPECT_NEAR((*tau)[0], 0.5, 0.09);
    EXPECT_NEAR((*tau)[1], 1.5, 0.09);
  }
}

TEST(EffectLearners, SumsOfArmsAreTheSumsOfPersons) {
  Random random(3);
  EffectSums one_by_one(3);
  RidgeSums treated(3), control(3);
  for (int i = 0; i < 500; ++i) {
    const double x[] = {1, random.normal(), random.uniform()};
    const bool is_treated = random.uniform() < 0.3;
    const double y = random.normal();
    one_by_one.add(x, is_treated, 0.3, y);
    (is_treated ? treated : control).add(x, y);
  }
  const EffectSums of_arms(treated, control, 0.3);
  for (std::size_t i = 0; i < of_arms.squared.xx.size(); ++i) {
    EXPECT_NEAR(of_arms.squared.xx[i], one_by_one.squared.xx[i], 1e-9);
    EXPECT_NEAR(of_arms.centred.xx[i], one_by_one.centred.xx[i], 1e-9);
  }
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_NEAR(of_arms.centred.xy[i], one_by_one.centred.xy[i], 1e-9);
}

// The claim is wrong in at most 4 % of null trials; 60 trials, cut 5 times each: 2.4 expected at
// the most, 8 or more have a chance below .005. (In full: bench/proof.py uplift.)
TEST(TrialPolicy, SeldomClaimsWhereThereIsNothing) {
  int claims = 0, differs = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const MadeTrial trial = made(1500, 3, 0, seed % 2 == 0 ? 0.05 : 0, seed);
    const TrialReport report = evaluate_trial(trial.rows(), {0, 1}, 5);
    claims += report.claim ? 1 : 0;
    differs += report.heterogeneity_p < 0.05 ? 1 : 0;
  }
  EXPECT_LT(claims, 8);
  EXPECT_LT(differs, 9);
}

TEST(TrialPolicy, FindsAPlantedInteraction) {
  int claims = 0;
  double value = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const TrialReport report = evaluate_trial(made(6000, 3, 0.1, 0, seed).rows(), {0, 1}, 5);
    claims += report.claim ? 1 : 0;
    value += report.value / 10;
    EXPECT_LT(report.heterogeneity_p, 0.05);
  }
  EXPECT_GE(claims, 9);
  EXPECT_NEAR(value, 0.05, 0.012);  // half of the persons gain .1
}

TEST(TrialPolicy, CostDecidesWhoIsContacted) {
  const MadeTrial trial = made(8000, 2, 0.1, 0.05, 1);  // worth .15 to a half, -.05 to the other
  struct Row {
    double cost, worth, share_low, share_high;
    std::uint32_t best;
  };
  const Row rows[] = {
      {0, 1, 0.4, 0.8, 1}, {0.01, 1, 0.4, 0.7, 1}, {0.3, 1, 0, 0.02, 0}, {0.3, 10, 0.4, 0.8, 1}};
  for (const Row& row : rows) {
    const TrialReport report = evaluate_trial(trial.rows(), {row.cost, row.worth}, 3);
    EXPECT_EQ(report.best_single, row.best) << row.cost;
    EXPECT_GE(report.policy_share, row.share_low) << row.cost;
    EXPECT_LE(report.policy_share, row.share_high) << row.cost;
  }
  const TrialPolicy policy = learn_trial_policy(trial.rows(), {0.01, 1});
  const double gains[] = {1, 1.5, 0, 0}, loses[] = {1, -1.5, 0, 0};
  EXPECT_EQ(policy.choose(gains), 1u);
  EXPECT_EQ(policy.choose(loses), 0u);
}

TEST(TrialPolicy, DescribesArmsAsWelchWould) {
  const MadeTrial trial = made(3000, 3, 0, 0.1, 4);
  const TrialReport report = evaluate_trial(trial.rows(), {0, 1}, 1);
  double n[3] = {}, sum[3] = {};
  for (std::size_t i = 0; i < trial.arm.size(); ++i) {
    n[trial.arm[i]] += 1;
    sum[trial.arm[i]] += trial.outcome[i];
  }
  for (std::size_t a = 0; a < 3; ++a) {
    EXPECT_EQ(static_cast<double>(report.arms[a].n), n[a]);
    EXPECT_NEAR(report.arms[a].mean, sum[a] / n[a], 1e-12);
  }
  const double p1 = sum[1] / n[1], p0 = sum[0] / n[0];
  const double half = 1.959964 * std::sqrt(p1 * (1 - p1) / (n[1] - 1) + p0 * (1 - p0) / (n[0] - 1));
  EXPECT_NEAR(report.arms[1].interval.high, p1 - p0 + half, 1e-6);
  EXPECT_EQ(report.best_single, 1u);
}

TEST(TrialPolicy, SameCutsGiveTheSameAnswer) {
  const MadeTrial trial = made(1000, 3, 0.05, 0, 6);
  const TrialReport a = evaluate_trial(trial.rows(), {0, 1}, 3);
  const TrialReport b = evaluate_trial(trial.rows(), {0, 1}, 3);
  EXPECT_EQ(a.value, b.value);
  EXPECT_EQ(a.interval.low, b.interval.low);
  EXPECT_EQ(a.curve.qini, b.curve.qini);
  EXPECT_EQ(a.curve.qini_interval.low, b.curve.qini_interval.low);
}

UpliftCurve curve_of_one_fold(std::span<const double> scores, std::span<const std::uint8_t> treated,
                              std::span<const double> outcome) {
  return uplift_curve(scores, std::vector<std::uint8_t>(scores.size()), treated, outcome);
}

TEST(UpliftCurve, MatchesWorkByHand) {
  // By score: treated 1, control 0, treated 0, control 1. Q = 0 (nobody to compare), 1, 1, 0; per
  // treated person of two: auuc = (0 + 1 + 2 + 0) / 4 / 2 with Q(3) = 1 - 0 x 2 = 1.
  const double scores[] = {4, 3, 2, 1}, outcome[] = {1, 0, 0, 1};
  const std::uint8_t treated[] = {1, 0, 1, 0};
  const UpliftCurve curve = curve_of_one_fold(scores, treated, outcome);
  EXPECT_NEAR(curve.auuc, (0 + 1 + 1 + 0) / 4.0 / 2, 1e-12);
  EXPECT_NEAR(curve.qini, curve.auuc, 1e-12);  // Q(all) = 0
  EXPECT_TRUE(curve.ranks);
}

// Scores of another fold are no better or worse: the same persons and scores, a fold's scores
// moved.
TEST(UpliftCurve, RanksWithinFoldsOnly) {
  Random random(5);
  std::vector<double> scores, moved, outcome;
  std::vector<std::uint8_t> fold, treated;
  for (int i = 0; i < 1000; ++i) {
    fold.push_back(static_cast<std::uint8_t>(i % 5));
    treated.push_back(random.uniform() < 0.3 ? 1 : 0);
    outcome.push_back(random.normal());
    scores.push_back(std::floor(4 * random.uniform()));
    moved.push_back(scores.back() + 100 * fold.back());
  }
  const UpliftCurve a = uplift_curve(scores, fold, treated, outcome);
  const UpliftCurve b = uplift_curve(moved, fold, treated, outcome);
  EXPECT_EQ(a.qini, b.qini);
  EXPECT_EQ(a.qini_interval.low, b.qini_interval.low);
  // One score a fold is a random order, whatever the fold's effect.
  for (std::size_t i = 0; i < moved.size(); ++i) moved[i] = fold[i];
  const UpliftCurve none = uplift_curve(moved, fold, treated, outcome);
  EXPECT_EQ(none.qini, 0);
  EXPECT_FALSE(none.ranks || none.above_chance);
}

// A score that knows lies above the band of random orders in 9 of 10 trials or more, and the truth
// is in its interval in 95 %: of 200, 23 or more outside have a chance below .001. One that knows
// nothing is above its band in 2.5 %: 14 or more have a chance below .001.
TEST(UpliftCurve, TellsKnowledgeFromChance) {
  int knowing = 0, ignorant = 0, outside = 0, outside_of_0 = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    std::vector<double> good, bad, outcome;
    std::vector<std::uint8_t> treated;
    for (int i = 0; i < 2000; ++i) {
      const double x = random.normal();
      treated.push_back(random.uniform() < 0.5 ? 1 : 0);
      const double effect = x > 0 ? 0.15 : -0.05;
      outcome.push_back(random.uniform() < 0.2 + (treated.back() != 0 ? effect : 0) ? 1 : 0);
      good.push_back(x);
      bad.push_back(random.uniform() < 0.5 ? 0 : 1);  // many ties
    }
    const UpliftCurve knows = curve_of_one_fold(good, treated, outcome);
    const UpliftCurve does_not = curve_of_one_fold(bad, treated, outcome);
    knowing += knows.above_chance ? 1 : 0;
    ignorant += does_not.above_chance ? 1 : 0;
    outside += knows.qini_interval.contains(0.025) ? 0 : 1;  // .1 x the mean of |1/2 - place|
    outside_of_0 += does_not.qini_interval.contains(0) ? 0 : 1;
  }
  EXPECT_GE(knowing, 180);
  EXPECT_LT(ignorant, 14);
  EXPECT_LT(outside, 23);
  EXPECT_LT(outside_of_0, 23);
}

// Where effects do not differ the truth is 0, whatever the effect; where they do the ranking is
// seen. 6 % of 200 are 12; 23 or more have a chance below .003.
TEST(TrialPolicy, TheQiniOfNothingIs0) {
  struct World {
    std::size_t persons, arms;
    double main;
  };
  for (const World& world : {World{1000, 2, 0.15}, World{1500, 3, 0}}) {
    int low = 0, high = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      const MadeTrial trial = made(world.persons, world.arms, 0, world.main, seed);
      const UpliftCurve curve = evaluate_trial(trial.rows(), {0, 1}, 5).curve;
      low += curve.qini_interval.high < 0 ? 1 : 0;
      high += curve.qini_interval.low > 0 ? 1 : 0;
    }
    EXPECT_LT(low + high, 23) << low << " too low, " << high << " too high";
  }
  int above = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const MadeTrial trial = made(5000, 2, 0.08, 0, seed);
    above += evaluate_trial(trial.rows(), {0, 1}, 5).curve.above_chance ? 1 : 0;
  }
  EXPECT_GE(above, 18);
}

TEST(TrialPolicy, RanksNobodyWithoutAColumn) {
  const MadeTrial trial = made(1000, 2, 0, 0.1, 1);
  const std::vector<double> ones(1000, 1.0);
  const TrialReport report = evaluate_trial({1, ones, trial.arm, trial.outcome, 2}, {0, 1});
  EXPECT_FALSE(report.curve.ranks);
  EXPECT_EQ(report.curve.qini, 0);
}

}  // namespace
}  // namespace ante
