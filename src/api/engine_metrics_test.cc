// Questions of the engine: who is asked, how often, and that neither arm is asked more.

#include <atomic>
#include <cmath>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "api/test_engine.h"

namespace ante {
namespace {

class EngineMetricsTest : public TestEngine {
 protected:
  EngineMetricsTest() {
    for (const char* slot : {"home", "end"}) {
      EXPECT_TRUE(engine_->put_slot(
          slot, R"({"holdout":0.5,"brief":{"waived":{"by":"t","reason":"t"}}})", kMe, 0));
    }
    EXPECT_TRUE(engine_->put_metric(
        "done", R"({"class":"customer","ask":{"text":"Done?","share":0.1}})", kMe, 0));
    EXPECT_TRUE(engine_->put_metric(
        "glad", R"({"class":"customer","ask":{"text":"Glad?","share":0.1}})", kMe, 0));
  }
  DecideAnswer decide_for(std::uint64_t who, const char* slot) {
    return decide(somebody(who), slot);
  }
};

TEST_F(EngineMetricsTest, AFifthIsAskedOnceAMonthInBothArmsAlike) {
  constexpr std::uint64_t kPeople = 4000;
  std::map<std::string, int> asked;
  std::map<Arm, int> of_arm, n_of_arm;
  for (std::uint64_t who = 0; who < kPeople; ++who) {
    const DecideAnswer first = decide_for(who, "home");
    const DecideAnswer second = decide_for(who, "end");  // before the first is in the log
    EXPECT_TRUE(second.decision.asked.empty());
    EXPECT_EQ(first.question.empty(), first.decision.asked.empty());
    ++n_of_arm[first.decision.arm];
    if (first.decision.asked.empty()) continue;
    ++asked[first.decision.asked];
    ++of_arm[first.decision.arm];
    const auto stored = decode_decision(encode(first.decision));
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->asked, first.decision.asked);
  }
  EXPECT_NEAR(asked["done"], 0.1 * kPeople, 4 * std::sqrt(0.09 * kPeople));
  EXPECT_NEAR(asked["glad"], 0.1 * kPeople, 4 * std::sqrt(0.09 * kPeople));
  const double treated = of_arm[Arm::kTreated] * 1.0 / n_of_arm[Arm::kTreated];
  const double holdout = of_arm[Arm::kHoldout] * 1.0 / n_of_arm[Arm::kHoldout];
  EXPECT_NEAR(treated, holdout, 4 * std::sqrt(2 * 0.16 / (kPeople / 2.0)));
  ASSERT_TRUE(engine_->journal().flush());
  clock_.advance_to(clock_.now_ms() + 29 * kDayMs);  // the next period has begun for some
  for (std::uint64_t who = 0; who < kPeople; ++who) {
    const bool again = !decide_for(who, "home").decision.asked.empty();
    if (again) ++asked["again"];
  }
  // Nobody who was asked is asked within 30 days; others are drawn anew.
  EXPECT_LT(asked["again"], 0.2 * kPeople);
  EXPECT_GT(asked["again"], 0);
}

TEST_F(EngineMetricsTest, WritersAtOnceNeverAskMoreThanAllMay) {
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> taken = 0;
    std::vector<std::thread> writers;
    for (int i = 0; i < 4; ++i) {
      writers.emplace_back([&, i] {
        if (engine_->put_metric("q" + std::to_string(i),
                                R"({"class":"customer","ask":{"text":"Q?","share":0.0001}})", kMe,
                                0))
          ++taken;
      });
    }
    for (std::thread& writer : writers) writer.join();
    EXPECT_EQ(taken, 0);  // .1 and .1 are asked already
  }
  ASSERT_TRUE(engine_->delete_object(kMetricObjectType, "glad", kMe, {}));
  std::atomic<int> taken = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&, i] {
      if (engine_->put_metric("q" + std::to_string(i),
                              R"({"class":"customer","ask":{"text":"Q?","share":0.06}})", kMe, 0))
        ++taken;
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(taken, 1);
  // What asks nothing may always be defined.
  EXPECT_TRUE(engine_->put_metric(
      "buys", R"({"class":"business","count":{"event":"Order Completed"}})", kMe, 0));
}

TEST_F(EngineMetricsTest, WhoWasAskedIsNotAskedAgainWithinThirtyDays) {
  std::vector<std::uint64_t> asked;
  for (std::uint64_t who = 0; who < 500; ++who) {
    if (!decide_for(who, "home").decision.asked.empty()) asked.push_back(who);
  }
  ASSERT_GT(asked.size(), 50U);
  ASSERT_TRUE(engine_->journal().flush());
  for (int day = 1; day < 30; day += 7) {
    clock_.advance_to(1'770'000'000'000 + day * kDayMs);
    for (const std::uint64_t who : asked)
      EXPECT_TRUE(decide_for(who, "home").decision.asked.empty());
  }
}

}  // namespace
}  // namespace ante
