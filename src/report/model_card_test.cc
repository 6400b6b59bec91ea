#include "report/model_card.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/json_parser.h"

namespace ante {
namespace {

CardQuestion card_of_home() {
  CardQuestion q;
  q.slot.name = "home";
  q.slot.goal_event = "purchase";
  q.slot.goal_value = 20;
  q.slot.goal_window_ms = 7 * kDayMs;
  q.slot.safe_items = {"safe"};
  q.slot.waived_by = "ed";
  q.model_version = q.model_rows = 4096;
  q.policy_version = 2;
  q.features = {"age of the item"};
  q.sources = {"graph", "trending"};
  q.lift.slot = "home";
  q.lift.sentence = "Unproven: it could be either way still.";
  q.cells.sentence = "Nobody is credibly worse off; 30 places looked at.";
  q.cells.tested = 30;
  return q;
}

bool says(const std::vector<std::string>& words, std::string_view part) {
  return std::ranges::any_of(
      words, [part](const std::string& line) { return line.find(part) != std::string::npos; });
}

TEST(ModelCard, ItComesFromTheStateItIsAskedFor) {
  CardQuestion q = card_of_home();
  const ModelCard card = model_card(q);
  EXPECT_TRUE(says(card.optimizes, "within 7 days: purchase counts 20."));
  EXPECT_TRUE(says(card.ignores, "later than 7 days"));
  EXPECT_TRUE(says(card.ignores, "Harm: no outcome counts against"));
  EXPECT_TRUE(says(card.ignores, "Attention"));
  EXPECT_TRUE(says(card.ignores, "Goodwill"));
  EXPECT_TRUE(says(card.ignores, "What readers themselves get"));
  EXPECT_TRUE(says(card.uses, "age of the item"));
  EXPECT_TRUE(says(card.uses, "graph, trending"));
  EXPECT_TRUE(says(card.trained, "4096 shown items of all slots"));
  EXPECT_TRUE(says(card.policy, "version 2; 5 % of decisions may explore"));
  EXPECT_TRUE(says(card.calibration, "too early"));
  EXPECT_TRUE(says(card.calibration, "None of the bets"));
  EXPECT_EQ(card.worse_for, std::vector<std::string>{q.cells.sentence});
  EXPECT_TRUE(says(card.limits, "could be either way"));

  // Another state, another card.
  q.slot.further_outcomes = {{"Unsubscribed", -5}};
  q.slot.attention_cost = q.slot.miss_cost = 0.01;
  q.readers = Verdict::kNeutral;
  q.slot.allowed_loss = 0.05;
  q.slot.holdout = 0;
  q.lift.verdict = Verdict::kTooEarly;
  q.cells.tested = 0;
  const ModelCard other = model_card(q);
  EXPECT_TRUE(says(other.optimizes, "Unsubscribed counts -5."));
  for (const char* gone : {"Harm", "Attention", "Goodwill", "What readers"})
    EXPECT_FALSE(says(other.ignores, gone)) << gone;
  EXPECT_TRUE(says(other.policy, "at most 5 %"));
  EXPECT_TRUE(says(other.limits, "Nobody is held out"));
  EXPECT_TRUE(says(other.limits, "No group of people is large enough"));
  EXPECT_FALSE(says(other.limits, "either way"));
}

TEST(ModelCard, AModelThatLearnedNothingSaysSo) {
  CardQuestion q = card_of_home();
  q.model_version = q.model_rows = 0;
  EXPECT_TRUE(says(model_card(q).trained, "Nothing was learned yet"));
  q.slot.waived_by.clear();
  EXPECT_TRUE(says(model_card(q).policy, "It only watches"));
  q.slot.fell_back = "losing";
  EXPECT_TRUE(says(model_card(q).policy, "went back to its safe default: losing"));
}

TEST(ModelCard, WhatItExpectedIsHeldAgainstWhatCame) {
  CardQuestion q = card_of_home();
  q.figures.emplace();
  Regret& regret = q.figures->regret;
  regret.expected_total = -100;  // a win of 0.1 a decision
  regret.expected_n = 1000;
  regret.per_decision = {-0.08, {-0.12, -0.04}, 900, {}};
  EXPECT_TRUE(says(model_card(q).calibration,
                   "expected to win 0.1 a decision (n 1000); measured "
                   "was 0.08 (0.04 to 0.12; n 900): not at odds"));
  regret.per_decision.interval = {-0.09, -0.07};
  EXPECT_TRUE(says(model_card(q).calibration, "it was wrong about itself"));
  q.odds.n = 4;
  q.odds.said = 0.75;
  q.odds.came = 0.5;
  EXPECT_TRUE(
      says(model_card(q).calibration, "Of 4 settled bets it said 75 % would pay; 50 % did"));
}

TEST(ModelCard, ItsJsonNamesWhomItDoesWorseFor) {
  CardQuestion q = card_of_home();
  MapCell cell;
  cell.slot = "home";
  cell.trait = "device";
  cell.level = "phone";
  cell.holdout_mean = 0.1;
  cell.difference = -0.02;
  cell.interval = {-0.03, -0.01};
  q.cells.losers = {cell};
  JsonParser parser(1 << 20);
  const auto json = parser.parse(to_json(model_card(q)));
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(std::string_view((*json)["worseFor"]["groups"].at(0)), "home, device: phone");
  EXPECT_EQ(std::string_view((*json)["optimizes"]["goal"]), "purchase");
  EXPECT_EQ(std::int64_t((*json)["trained"]["rows"]), 4096);
  EXPECT_TRUE((*json)["trained"]["since"].is_null());
  EXPECT_EQ(std::string_view((*json)["lift"]["slot"]), "home");
}

}  // namespace
}  // namespace ante
