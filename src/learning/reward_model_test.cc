#include "learning/reward_model.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/random.h"
#include "learning/policy_evaluation.h"

namespace ante {
namespace {

// Three actions, one feature: action a earns 1 with chance .2 + .1 a + .2 x (x is -1 or 1), drawn
// evenly; the target is always action 2.
BanditLog world(std::size_t rounds, std::uint64_t seed) {
  BanditLog log;
  log.action_names = {"a", "b", "c"};
  log.feature_count = 1;
  Random random(seed);
  for (std::size_t i = 0; i < rounds; ++i) {
    const double x = random.below(2) == 0 ? -1 : 1;
    LoggedRound round{i + 1, log.actions.size(), 3, static_cast<std::uint32_t>(random.below(3)), 0};
    const double chance = 0.3 + 0.1 * round.chosen + 0.2 * x;
    round.reward = random.uniform() < chance ? 1 : 0;
    for (std::uint32_t a = 0; a < 3; ++a) {
      log.actions.push_back(a);
      log.propensities.push_back(1.0 / 3);
      log.targets.push_back(a == 2 ? 1 : 0);
    }
    log.features.push_back(x);
    log.rounds.push_back(round);
  }
  return log;
}

TEST(RewardModel, FindsWhatActionsEarn) {
  const BanditLog log = world(20'000, 1);
  const std::vector<double> expected = cross_fitted_rewards(log);
  for (std::size_t i = 0; i < log.rounds.size(); ++i) {
    for (std::uint32_t a = 0; a < 3; ++a)
      ASSERT_NEAR(expected[log.rounds[i].first_action + a], 0.3 + 0.1 * a + 0.2 * log.features[i],
                  0.04);
  }
}

// A round's own reward must not reach its own expectation: with the ridge left the same, turning
// one reward around changes expectations in other folds only.
TEST(RewardModel, ARoundDoesNotKnowItsOwnReward) {
  const BanditLog log = world(600, 2);
  const std::vector<double> before = cross_fitted_rewards(log);
  for (const std::size_t turned : {0U, 17U, 300U}) {
    BanditLog changed = log;
    changed.rounds[turned].reward = 1 - changed.rounds[turned].reward;
    const std::vector<double> after = cross_fitted_rewards(changed);
    bool others_changed = false;
    for (std::size_t i = 0; i < log.rounds.size(); ++i) {
      for (std::uint32_t a = 0; a < 3; ++a) {
        const std::size_t e = log.rounds[i].first_action + a;
        if (fold_of(i) == fold_of(turned)) {
          ASSERT_EQ(before[e], after[e]) << "round " << i;
        } else {
          others_changed = others_changed || before[e] != after[e];
        }
      }
    }
    EXPECT_TRUE(others_changed);
  }
}

TEST(RewardModel, FoldsAreAboutEqual) {
  std::array<int, kFolds> counts{};
  for (std::size_t i = 0; i < 30'000; ++i) ++counts[fold_of(i)];
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 400);
}

// Expectations that are all wrong in the same way come right where the target looks.
TEST(RewardModel, CalibrationRemovesALinearError) {
  const BanditLog log = world(20'000, 3);
  std::vector<double> wrong(log.actions.size());
  for (std::size_t i = 0; i < log.rounds.size(); ++i) {
    for (std::uint32_t a = 0; a < 3; ++a)
      wrong[log.rounds[i].first_action + a] = 0.9 - 0.5 * (0.3 + 0.1 * a + 0.2 * log.features[i]);
  }
  const std::vector<double> right = calibrated_to_target(log, wrong);
  for (std::size_t i = 0; i < log.rounds.size(); ++i)
    ASSERT_NEAR(right[log.rounds[i].first_action + 2], 0.5 + 0.2 * log.features[i], 0.05);
}

TEST(RewardModel, FewRoundsAndUnseenActionsAreNoTrouble) {
  BanditLog log = world(1, 4);
  for (const double each : cross_fitted_rewards(log)) EXPECT_TRUE(std::isfinite(each));
  for (const double each : calibrated_to_target(log, {0.1, 0.2, 0.3})) {
    EXPECT_GE(each, 0);
    EXPECT_LE(each, 1);
  }
  log = world(300, 5);
  log.targets.assign(log.actions.size(), 0);  // nothing to calibrate to
  EXPECT_EQ(calibrated_to_target(log, std::vector<double>(log.actions.size(), 0.4)),
            std::vector<double>(log.actions.size(), 0.4));
}

TEST(PolicyEvaluation, TargetsOfNamedPolicies) {
  BanditLog log = world(50, 6);
  const std::vector<double> expected(log.actions.size(), 0.5);
  ASSERT_TRUE(set_targets(log, "constant:b", expected));
  EXPECT_EQ(log.targets[1], 1);
  EXPECT_EQ(log.targets[0] + log.targets[2], 0);
  ASSERT_TRUE(set_targets(log, "logged", expected));
  EXPECT_EQ(log.targets, log.propensities);
  ASSERT_TRUE(set_targets(log, "uniform", expected));
  for (const double p : log.targets) EXPECT_NEAR(p, 1.0 / 3, 1e-12);
  log.propensities[0] = 0;  // cannot be chosen, so no rule chooses it
  log.rounds[0].chosen = 1;
  ASSERT_TRUE(set_targets(log, "uniform", expected));
  EXPECT_EQ(log.targets[0], 0);
  EXPECT_NEAR(log.targets[1], 0.5, 1e-12);
  for (const char* text : {"constant:z", "thompson", "nothing", "", "squarecb:-1"})
    EXPECT_FALSE(set_targets(log, text, expected)) << text;
  log.targets.clear();
  EXPECT_FALSE(set_targets(log, "target", expected));
  log.propensities[0] = kUnknownPropensity;
  EXPECT_FALSE(set_targets(log, "logged", expected));
}

// The policy that always plays c earns .5 in this world; the logged one .4.
TEST(PolicyEvaluation, EstimatesTheTargetOfAWorld) {
  BanditLog log = world(6000, 7);
  const std::vector<double> expected = calibrated_to_target(log, cross_fitted_rewards(log));
  const OffPolicyReport report = evaluate_off_policy(off_policy_rows(log, expected), {});
  for (const Estimator e : kEstimators) EXPECT_NEAR(*report[e].value, 0.5, 0.05) << to_string(e);
  EXPECT_TRUE(report[Estimator::kDr].interval->contains(0.5));
  EXPECT_FALSE(report[Estimator::kDr].interval->contains(0.4));
  EXPECT_NEAR(report.health.effective_rows, 2000, 100);
}

TEST(PolicyEvaluation, MassOnWhatCannotBeLoggedIsCounted) {
  BanditLog log = world(400, 8);
  for (const LoggedRound& round : log.rounds) {
    if (round.chosen != 0) log.propensities[round.first_action] = 0;
    log.targets[round.first_action] = 0.25;
    log.targets[round.first_action + 2] = 0.75;
  }
  const auto rows = off_policy_rows(log, std::vector<double>(log.actions.size(), 0));
  for (std::size_t i = 0; i < rows.size(); ++i)
    EXPECT_EQ(rows[i].out_of_support, log.rounds[i].chosen != 0 ? 0.25 : 0);
}

}  // namespace
}  // namespace ante
