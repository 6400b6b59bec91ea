#include "decision/bet_rule.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ante {
namespace {

struct BetRuleTest : testing::Test {
  BetRuleTest() {
    hand.resize(2);
    hand[0] = {ItemKey{1}, 0, 0.02F, 0.01F, 0.10F, 0.5F, {}};
    hand[1] = {ItemKey{2}, 0, 0.01F, 0.01F, 0.05F, 0.5F, {}};
    slot.stake = 0.2;
  }
  RuleAnswer answer() const {
    return apply_bet_rule({.slot = slot,
                           .gain = gain,
                           .hand = hand,
                           .scale = scale,
                           .places = places,
                           .fatigue = fatigue,
                           .creep = creep,
                           .has_model = has_model,
                           .owner_stakes = owner_stakes});
  }
  Slot slot;
  SlateGain gain{0.02, 0.005};
  std::vector<HandItem> hand;
  RewardScale scale{5000, 0.1, 0.3};
  std::size_t places = 1;
  double fatigue = 1, creep = 0;
  bool has_model = true, owner_stakes = false;
};

TEST_F(BetRuleTest, EveryPriceIsPaid) {
  EXPECT_TRUE(answer().place);
  slot.attention_cost = 0.014;  // above the lower bound 0.0136
  EXPECT_FALSE(answer().place);
  slot.attention_cost = 0;
  slot.miss_cost = 0.014;  // x (1 - 0.1) = 0.0126
  EXPECT_TRUE(answer().place);
  EXPECT_FLOAT_EQ(answer().prices.miss, 0.0126F);
  fatigue = 2;
  EXPECT_FALSE(answer().place);
  EXPECT_FLOAT_EQ(answer().prices.miss, 0.0252F);
  slot.miss_cost = 0;
  creep = 0.02;
  EXPECT_FALSE(answer().place);
  EXPECT_FLOAT_EQ(answer().prices.creep, 0.02F);
  EXPECT_NE(answer().reason.find("abstain: lower bound 0.01359 <= cost 0.02"), std::string::npos)
      << answer().reason;
}

TEST_F(BetRuleTest, TheGeneralExperienceWinsTies) {
  gain = {0, 0};
  EXPECT_FALSE(answer().place);
  owner_stakes = true;
  EXPECT_FALSE(answer().place);
}

TEST_F(BetRuleTest, AnOwnersStakePaysForWhatIsNotKnown) {
  gain = {-0.01, 0.02};
  EXPECT_FALSE(answer().place);
  owner_stakes = true;
  has_model = false;
  EXPECT_TRUE(answer().place);  // the upper bound is above 0
  gain = {-0.05, 0.02};
  EXPECT_FALSE(answer().place);  // surely worse
}

TEST_F(BetRuleTest, ASlateMissesWhenNobodyAnswersAnyOfIt) {
  EXPECT_NEAR(miss_chance(hand, 1), 0.9, 1e-6);
  EXPECT_NEAR(miss_chance(hand, 2), 0.9 * (1 - 0.05 / std::log2(3)), 1e-6);
  EXPECT_NEAR(miss_chance(hand, 9), miss_chance(hand, 2), 0);
  EXPECT_EQ(miss_chance({}, 3), 1);
}

// Against the definition, by simulation: H times what switching after n looks is worth, a look.
TEST_F(BetRuleTest, InformationIsWorthWhatItChangesLater) {
  Random random(5);
  for (const auto& [below, sd, noise] :
       {std::tuple{0.01, 0.02, 0.3}, std::tuple{0.0, 0.05, 0.1}, std::tuple{0.05, 0.02, 0.01}}) {
    double most = 0;
    for (const double n : {1.0, 16.0, 256.0}) {
      constexpr int kWorlds = 400'000;
      double gained = 0;
      for (int i = 0; i < kWorlds; ++i) {
        const double truth = -below + sd * random.normal();
        const double seen = truth + noise / std::sqrt(n) * random.normal();
        const double kept = sd * sd / (sd * sd + noise * noise / n);
        const double posterior = -below + kept * (seen + below);
        if (posterior > 0) gained += truth;
      }
      most = std::max(most, gained / kWorlds / n);
    }
    const double found = information_value(below, sd, noise, 1000);
    EXPECT_NEAR(found, 1000 * most, 0.03 * found + 1e-4) << below << " " << sd;
  }
  EXPECT_EQ(information_value(0.1, 0, 1, 1000), 0);
}

TEST_F(BetRuleTest, ExploresOnlyWhileThereIsSomethingToLearn) {
  EXPECT_FLOAT_EQ(answer().stake, 0.2F);
  for (HandItem& item : hand) item.gain_sd = 1e-6F;
  EXPECT_FLOAT_EQ(answer().stake, static_cast<float>(0.2 * kExploreFloor));
  EXPECT_LT(answer().prices.information, answer().prices.exploring);
  for (HandItem& item : hand) item.explore_weight = 0;  // nothing to draw from
  EXPECT_FLOAT_EQ(answer().stake, static_cast<float>(0.2 * kExploreFloor));
}

}  // namespace
}  // namespace ante
