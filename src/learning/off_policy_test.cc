#include "learning/off_policy.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ante {
namespace {

std::vector<OffPolicyRow> rows_of(std::size_t count, double weight, double reward) {
  return std::vector<OffPolicyRow>(count, {weight, reward, 0.25, 0.5, 0});
}

// Two contexts, three actions, a logging and a target policy; `expected` is off by `bias`.
class SmallWorld {
 public:
  explicit SmallWorld(double bias) : bias_(bias) {}

  double truth() const {
    double value = 0;
    for (std::size_t x = 0; x < 2; ++x) {
      for (std::size_t a = 0; a < 3; ++a) value += 0.5 * kTarget[x][a] * kChance[x][a];
    }
    return value;
  }
  OffPolicyRow draw(Random& random) const {
    const std::size_t x = random.below(2);
    const double u = random.uniform();
    const std::size_t a = u < kLogging[x][0] ? 0 : u < kLogging[x][0] + kLogging[x][1] ? 1 : 2;
    OffPolicyRow row;
    row.weight = kTarget[x][a] / kLogging[x][a];
    row.reward = random.uniform() < kChance[x][a] ? 1 : 0;
    row.expected = kChance[x][a] + bias_;
    for (std::size_t b = 0; b < 3; ++b) row.direct += kTarget[x][b] * (kChance[x][b] + bias_);
    return row;
  }

 private:
  static constexpr double kLogging[2][3] = {{0.6, 0.3, 0.1}, {0.2, 0.2, 0.6}};
  static constexpr double kTarget[2][3] = {{0.1, 0.2, 0.7}, {0.5, 0.4, 0.1}};
  static constexpr double kChance[2][3] = {{0.3, 0.5, 0.4}, {0.2, 0.7, 0.1}};
  double bias_;
};

TEST(OffPolicy, ValuesAreTheTextbookFormulas) {
  const std::vector<OffPolicyRow> rows = {
      {2, 1, 0.5, 0.6, 0}, {0.5, 0, 0.25, 0.3, 0}, {0, 1, 0.1, 0.2, 0}, {4, 0.5, 0.75, 0.7, 0}};
  EXPECT_NEAR(estimate_value(Estimator::kIps, rows), (2 + 0 + 0 + 2) / 4.0, 1e-12);
  EXPECT_NEAR(estimate_value(Estimator::kSnips, rows), 4 / 6.5, 1e-12);
  EXPECT_NEAR(estimate_value(Estimator::kDm, rows), 1.8 / 4, 1e-12);
  EXPECT_NEAR(estimate_value(Estimator::kDr, rows), (1.8 + 1 - 0.125 + 0 - 1) / 4, 1e-12);
  const double dros =
      (1.8 + 3 * 2 / (4 + 3.0) * 0.5 - 3 * 0.5 / (0.25 + 3) * 0.25 - 3 * 4 / (16 + 3.0) * 0.25) / 4;
  EXPECT_NEAR(estimate_value(Estimator::kDros, rows, 3), dros, 1e-12);
  EXPECT_EQ(estimate_value(Estimator::kIps, {}), 0);
  EXPECT_EQ(estimate_value(Estimator::kSnips, rows_of(3, 0, 1)), 0);
}

// 400 logs of 2,000 rounds: IPS, SNIPS and DR are right on average within 4 standard errors, also
// when the reward model is off by .2, and their intervals hold the truth in 92 to 98 %. DM is off
// by that .2: the test that an estimator forgets its correction cannot pass.
TEST(OffPolicy, EstimatesAndIntervalsHoldTheTruth) {
  constexpr int kLogs = 400;
  constexpr std::size_t kRounds = 2000;
  for (const double bias : {0.0, 0.2}) {
    for (const IntervalKind kind : {IntervalKind::kBootstrap, IntervalKind::kSequence}) {
      const SmallWorld world(bias);
      Random random(17);
      std::array<double, 5> sums{}, squares{};
      std::array<int, 3> held{};
      for (int log = 0; log < kLogs; ++log) {
        std::vector<OffPolicyRow> rows;
        rows.reserve(kRounds);
        for (std::size_t i = 0; i < kRounds; ++i) rows.push_back(world.draw(random));
        for (std::size_t e = 0; e < kEstimators.size(); ++e) {
          const double off = estimate_value(kEstimators[e], rows, 10) - world.truth();
          sums[e] += off;
          squares[e] += off * off;
        }
        const auto intervals = estimate_intervals(rows, kind, random.next(), 200);
        for (std::size_t i = 0; i < 3; ++i) held[i] += intervals[i].contains(world.truth()) ? 1 : 0;
      }
      for (const Estimator e : {Estimator::kIps, Estimator::kSnips, Estimator::kDr}) {
        const auto at = static_cast<std::size_t>(e);
        EXPECT_LT(std::abs(sums[at]), 4 * std::sqrt(squares[at])) << to_string(e);
      }
      EXPECT_LT(squares[static_cast<std::size_t>(Estimator::kDr)],
                0.8 * squares[static_cast<std::size_t>(Estimator::kIps)]);
      EXPECT_NEAR(sums[static_cast<std::size_t>(Estimator::kDm)] / kLogs, bias, 0.01);
      for (const int count : held) {
        EXPECT_GE(count, kLogs * 0.915);
        // A sequence is wider than one look needs: it may hold always.
        EXPECT_LE(count, kind == IntervalKind::kBootstrap ? kLogs * 0.98 : kLogs);
      }
    }
  }
}

TEST(OffPolicy, SlopeShrinksUntilTheBiasShows) {
  const SmallWorld right(0), wrong(0.5);
  Random random(3);
  std::vector<OffPolicyRow> good, bad;
  for (int i = 0; i < 5000; ++i) {
    good.push_back(right.draw(random));
    bad.push_back(wrong.draw(random));
  }
  EXPECT_LT(slope_shrinkage(good), slope_shrinkage(bad));
  EXPECT_NEAR(estimate_value(Estimator::kDros, bad, slope_shrinkage(bad)), wrong.truth(), 0.1);
}

TEST(OffPolicy, EffectiveRowsAndClipping) {
  std::vector<OffPolicyRow> rows = rows_of(100, 1, 0);
  rows.push_back({50, 1, 0, 0, 0});
  rows.push_back({20, 1, 0, 0, 0});
  const OffPolicyHealth health = off_policy_health(rows);
  EXPECT_EQ(health.rows, 102u);
  EXPECT_NEAR(health.effective_rows, 170.0 * 170 / (100 + 2500 + 400), 1e-9);
  EXPECT_NEAR(health.effective_clicks, 70.0 * 70 / (2500 + 400), 1e-9);
  EXPECT_EQ(health.weight_max, 50);
  EXPECT_EQ(health.clipped[0].clipped, 2u);
  EXPECT_NEAR(health.clipped[0].ips, 20 / 102.0, 1e-12);
  EXPECT_EQ(health.clipped[1].clipped, 1u);
  EXPECT_NEAR(health.clipped[1].ips, 50 / 102.0, 1e-12);
  EXPECT_EQ(health.clipped[2].clipped, 0u);
}

TEST(OffPolicy, RefusesAtEachLimitAndSaysWhy) {
  const auto refusal = [](const std::vector<OffPolicyRow>& rows) {
    const OffPolicyReport report = evaluate_off_policy(rows, {});
    for (const OffPolicyEstimate& e : report.estimates) {
      EXPECT_EQ(e.value.has_value(), report.health.refusal.empty());
      EXPECT_TRUE(e.value.has_value() || !e.interval.has_value());
    }
    return report.health.refusal;
  };
  EXPECT_NE(refusal(rows_of(199, 1, 1)).find("too little evidence"), std::string::npos);
  EXPECT_EQ(refusal(rows_of(200, 1, 1)), "");
  EXPECT_NE(refusal({}).find("too little evidence"), std::string::npos);
  std::vector<OffPolicyRow> outside = rows_of(1000, 1, 1);
  for (std::size_t i = 0; i < 10; ++i) outside[i].out_of_support = 1;
  EXPECT_EQ(refusal(outside), "");
  outside[10].out_of_support = 0.1;
  EXPECT_NE(refusal(outside).find("support is missing"), std::string::npos);
  std::vector<OffPolicyRow> clicks = rows_of(1000, 1, 0);
  for (std::size_t i = 0; i < 4; ++i) clicks[i].reward = 1;
  EXPECT_NE(refusal(clicks).find("too few rewards"), std::string::npos);
  clicks[4].reward = 1;
  EXPECT_EQ(refusal(clicks), "");
  EXPECT_NE(off_policy_health(clicks).warning.find("thin"), std::string::npos);
  for (std::size_t i = 0; i < 30; ++i) clicks[i].reward = 1;
  EXPECT_EQ(off_policy_health(clicks).warning, "");
}

TEST(OffPolicy, OnlyTheUnbiasedCarryIntervals) {
  Random random(5);
  std::vector<OffPolicyRow> rows;
  rows.reserve(2000);
  for (int i = 0; i < 2000; ++i) rows.push_back(SmallWorld(0).draw(random));
  const OffPolicyReport report = evaluate_off_policy(rows, {IntervalKind::kBootstrap, 7, 0});
  for (const Estimator e : kEstimators) {
    ASSERT_TRUE(report[e].value);
    ASSERT_EQ(report[e].interval.has_value(), has_interval(e)) << to_string(e);
    if (report[e].interval) {
      EXPECT_TRUE(report[e].interval->contains(*report[e].value));
    }
  }
  const OffPolicyReport again = evaluate_off_policy(rows, {IntervalKind::kBootstrap, 7, 0});
  const OffPolicyReport sequence = evaluate_off_policy(rows, {IntervalKind::kSequence, 7, 0});
  EXPECT_EQ(report[Estimator::kDr].interval->low, again[Estimator::kDr].interval->low);
  EXPECT_GT(sequence[Estimator::kDr].interval->width(), report[Estimator::kDr].interval->width());
  EXPECT_EQ(sequence[Estimator::kDr].value, report[Estimator::kDr].value);
}

TEST(OffPolicy, MeanRewardIsTheMean) {
  const std::vector<double> rewards = {0, 1, 1, 0, 0, 0, 0, 0, 0, 0};
  const MeanReward fixed = mean_reward(rewards, IntervalKind::kBootstrap);
  EXPECT_NEAR(fixed.value, 0.2, 1e-12);
  EXPECT_NEAR(fixed.interval.width(), 2 * 1.959964 * std::sqrt(1.6 / 9 / 10), 1e-6);
  EXPECT_GT(mean_reward(rewards, IntervalKind::kSequence).interval.width(), fixed.interval.width());
}

}  // namespace
}  // namespace ante
