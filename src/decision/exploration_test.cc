#include "decision/exploration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "math/statistics.h"

namespace ante {
namespace {

const std::vector<std::string> kRules = {"squarecb", "squarecb:1",    "epsilon-greedy",
                                         "softmax",  "softmax:2,0.3", "thompson",
                                         "greedy",   "uniform",       "epsilon-greedy:0.5"};

struct Situation {
  const char* name;
  std::vector<ActionEstimate> actions;
  RewardScale scale;
};

std::vector<Situation> situations() {
  std::vector<ActionEstimate> many(50);
  for (std::size_t i = 0; i < many.size(); ++i) {
    const auto n = static_cast<double>(i);
    many[i] = {0.02 + 0.0002 * n, 2 + n, 200};
  }
  return {
      {"one action", {{0.3, 3, 7}}, {10, 0.3, 0.4}},
      {"nothing known", {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}}, {}},
      {"equals", {{0.5, 1, 1}, {0.5, 1, 1}}, {100, 0.5, 0.5}},
      {"one is better", {{0.1, 10, 90}, {0.3, 30, 70}, {0.2, 20, 80}}, {300, 0.2, 0.4}},
      {"below zero", {{-3, 0, 4}, {-1, 1, 4}, {-2, 0.5, 4}}, {50, -2, 1.5}},
      {"far apart", {{1e6, 900, 1}, {0, 0, 1e6}, {-1e6, 0, 5}}, {100'000, 10, 1000}},
      {"fifty", many, {100'000, 0.02, 0.14}},
  };
}

std::vector<double> distribution(const ExplorationRule& rule, const Situation& situation) {
  std::vector<double> propensities(situation.actions.size(), -1);
  rule.distribute(situation.actions, situation.scale, propensities);
  return propensities;
}

// The contract that every rule keeps, in every situation: a distribution over the legal actions,
// the same for the same input, the same draw for the same seed, and frequencies that are the
// propensities. 20,000 draws, cells below 5 expected pooled, p > .001 over the number of cases: a
// propensity off by .02 moves chi-square by 30 and more.
TEST(ExplorationContract, EveryRuleInEverySituation) {
  constexpr int kDraws = 20'000;
  const double cases = static_cast<double>(kRules.size() * situations().size());
  for (const std::string& text : kRules) {
    const auto rule = exploration_rule(text);
    ASSERT_TRUE(rule) << text;
    for (const Situation& situation : situations()) {
      SCOPED_TRACE(text + ", " + situation.name);
      const std::vector<double> p = distribution(**rule, situation);
      double sum = 0;
      for (const double each : p) {
        EXPECT_GE(each, 0);
        EXPECT_LE(each, 1);
        sum += each;
      }
      EXPECT_NEAR(sum, 1, 1e-9);
      EXPECT_EQ(p, distribution(**rule, situation));
      Random random(7), again(7);
      std::vector<int> found(p.size(), 0);
      for (int i = 0; i < kDraws; ++i) {
        const std::size_t action = draw_action(p, random);
        ASSERT_EQ(action, draw_action(p, again));
        ASSERT_LT(action, p.size());
        ASSERT_GT(p[action], 0);
        ++found[action];
      }
      double chi = 0, few_found = 0, few_expected = 0;
      int cells = 0;
      const auto add_cell = [&](double count, double expected) {
        chi += (count - expected) * (count - expected) / expected;
        ++cells;
      };
      for (std::size_t a = 0; a < p.size(); ++a) {
        const double expected = p[a] * kDraws;
        if (expected >= 5) {
          add_cell(found[a], expected);
        } else {
          few_found += found[a];
          few_expected += expected;
        }
      }
      if (few_expected >= 5) add_cell(few_found, few_expected);
      if (cells > 1) {
        EXPECT_GT(chi_square_p(chi, cells - 1), 0.001 / cases);
      }
    }
  }
}

TEST(ExplorationRule, NamesReadBackAsTheSameRule) {
  for (const std::string& text : kRules) {
    const auto rule = exploration_rule(text);
    ASSERT_TRUE(rule) << text;
    const auto again = exploration_rule((*rule)->name());
    ASSERT_TRUE(again) << (*rule)->name();
    EXPECT_EQ((*rule)->name(), (*again)->name());
    for (const Situation& situation : situations())
      EXPECT_EQ(distribution(**rule, situation), distribution(**again, situation)) << text;
  }
}

TEST(ExplorationRule, WhatIsNoRuleIsRefused) {
  for (const char* text : {"",
                           "squarebc",
                           "squarecb:",
                           "squarecb:0",
                           "squarecb:-1",
                           "squarecb:x",
                           "squarecb:1,2",
                           "squarecb:inf",
                           "squarecb:nan",
                           "epsilon-greedy:1.5",
                           "epsilon-greedy:-0.1",
                           "epsilon-greedy:0.1,",
                           "softmax:1,2",
                           "softmax:-1",
                           "softmax:1,0.1,3",
                           "thompson:3",
                           "greedy:1",
                           "uniform:",
                           "SquareCB",
                           "softmax 1"}) {
    EXPECT_FALSE(exploration_rule(text)) << text;
  }
  EXPECT_NE(exploration_rule("sqarecb").error().message.find("Did you mean 'squarecb'"),
            std::string::npos);
}

TEST(SquareCb, IsThePublishedFormula) {
  const std::vector<double> values = {0.3, 0.9, 0.5, 0.9};
  std::vector<double> p(4);
  squarecb_propensities(values, 40, p);
  EXPECT_NEAR(p[0], 1 / (4 + 40 * 0.6), 1e-12);
  EXPECT_NEAR(p[2], 1 / (4 + 40 * 0.4), 1e-12);
  EXPECT_NEAR(p[3], 1.0 / 4, 1e-12);  // an equal of the best, behind by 0
  EXPECT_NEAR(p[1], 1 - 1.0 / 28 - 1.0 / 20 - 1.0 / 4, 1e-12);
}

double gamma_draw(int shape, Random& random) {  // a sum of exponentials
  double sum = 0;
  for (int i = 0; i < shape; ++i) sum -= std::log(1 - random.uniform());
  return sum;
}

double beta_draw(int a, int b, Random& random) {
  const double x = gamma_draw(a, random), y = gamma_draw(b, random);
  return x / (x + y);
}

// K = 50, t = 1e5 and click rates around 2 %, spread as Beta(2, 98): the mean over 200 worlds of
// the mass off the best (.029; unscaled, and 200 actions at t = 1e6, it is .27). In another unit it
// is the same distribution.
TEST(SquareCb, ScaledGammaLeavesLittleOffTheBest) {
  constexpr int kWorlds = 200;
  Random random(3);
  std::vector<double> values(50), cents(50), p(50), q(50);
  const double sd = std::sqrt(0.02 * 0.98);
  const double gamma = squarecb_gamma(kSquareCbGammaScale, {100'000, 0.02, sd}, 50);
  const double gamma_cents = squarecb_gamma(kSquareCbGammaScale, {100'000, 2, sd * 100}, 50);
  double off = 0;
  for (int world = 0; world < kWorlds; ++world) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = beta_draw(2, 98, random);
      cents[i] = values[i] * 100;
    }
    squarecb_propensities(values, gamma, p);
    squarecb_propensities(cents, gamma_cents, q);
    for (std::size_t i = 0; i < p.size(); ++i) ASSERT_NEAR(p[i], q[i], 1e-9);
    off += (1 - *std::ranges::max_element(p)) / kWorlds;
  }
  EXPECT_LE(off, 0.05);
  EXPECT_GT(off, 0.02);
}

// Against draws of the Betas themselves: 200,000, so that one standard error is .0011.
TEST(Thompson, ChancesAreThoseOfTheLargestBeta) {
  const std::vector<ActionEstimate> actions = {{0, 3, 20}, {0, 30, 200}, {0, 0, 1}, {0, 8, 40}};
  std::vector<double> chances(actions.size());
  largest_beta_chances(actions, chances);
  Random random(11);
  constexpr int kDraws = 200'000;
  std::vector<double> found(actions.size(), 0);
  for (int i = 0; i < kDraws; ++i) {
    std::size_t best = 0;
    double largest = -1;
    for (std::size_t a = 0; a < actions.size(); ++a) {
      const double x = beta_draw(static_cast<int>(actions[a].hits) + 1,
                                 static_cast<int>(actions[a].misses) + 1, random);
      if (x > largest) {
        largest = x;
        best = a;
      }
    }
    found[best] += 1.0 / kDraws;
  }
  for (std::size_t a = 0; a < actions.size(); ++a) EXPECT_NEAR(chances[a], found[a], 0.005);
}

TEST(DecayedCounts, OldRewardsFade) {
  DecayedCounts counts(2, 10);
  for (int i = 0; i < 10; ++i) counts.observe(0, 1);
  const double hits = counts.estimates()[0].hits;
  for (int i = 0; i < 10; ++i) counts.observe(0, 0);
  EXPECT_NEAR(counts.estimates()[0].hits, hits / 2, 1e-12);
  EXPECT_EQ(counts.estimates()[1].hits, 0);
  DecayedCounts kept(1, std::numeric_limits<double>::infinity());
  for (int i = 0; i < 100; ++i) kept.observe(0, i % 4 == 0 ? 1 : 0);
  EXPECT_EQ(kept.estimates()[0].hits, 25);
  EXPECT_EQ(kept.estimates()[0].misses, 75);
  EXPECT_NEAR(kept.estimates()[0].value, 26.0 / 102, 1e-12);
}

TEST(RunningRewardScale, IsTheScaleOfWhatCame) {
  RunningRewardScale running;
  EXPECT_EQ(running.scale(), RewardScale{});
  running.add(0);
  EXPECT_EQ(running.scale(), RewardScale{});  // its unit is not known yet
  running.add(0);
  running.add(3);
  EXPECT_EQ(running.scale().rewards, 3u);
  EXPECT_NEAR(running.scale().mean, 1, 1e-12);
  EXPECT_NEAR(running.scale().sd, std::sqrt(2), 1e-12);
  RunningRewardScale same;
  for (int i = 0; i < 5; ++i) same.add(2);
  EXPECT_NEAR(same.scale().sd, 2 * kRewardSdMin, 1e-12);
}

}  // namespace
}  // namespace ante
