#include "decision/decision_engine.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "decision/policy.h"
#include "decision/safe_default.h"
#include "decision/test_engine.h"
#include "domain/bucketing.h"
#include "domain/item.h"
#include "math/statistics.h"

namespace ante {
namespace {

TEST_F(DecisionEngineTest, BetsOnTheBestAndExploresWithinTheStake) {
  ranker.sd = 0.05;  // enough is unknown that exploring is worth its price
  std::map<Outcome, int> outcomes;
  for (int i = 0; i < 4000; ++i) {
    const DecideAnswer answer = decide(static_cast<std::uint64_t>(i % 200));
    ++outcomes[answer.decision.outcome];
    if (answer.decision.outcome == Outcome::kBet) {
      EXPECT_EQ(ids(answer), std::vector<std::string>{"item-0"});
    }
    EXPECT_EQ(answer.decision.would_have, answer.decision.safe_default);
    ASSERT_TRUE(answer.runner_up);
    EXPECT_NE(answer.runner_up->item, answer.decision.served[0].item);
    EXPECT_LE(answer.odds_lo, answer.odds);
    EXPECT_LE(answer.odds, answer.odds_hi);
  }
  EXPECT_EQ(outcomes.size(), 2U);
  EXPECT_NEAR(outcomes[Outcome::kExplore], 800, 110);  // binomial: sd 25
}

// Each arm and mode: what is served, how often, and with which logged propensity. 100,000 draws.
TEST_F(DecisionEngineTest, FrequenciesMatchLoggedPropensitiesThroughTheWholeEngine) {
  constexpr int kDraws = 100'000;
  for (const std::uint8_t limit : {std::uint8_t{1}, std::uint8_t{3}}) {
    slot.limit = limit;
    put_slot();
    std::map<std::vector<ItemKey>, std::pair<int, double>> cells;
    DecideRequest request;
    request.slot = "home";
    request.person = person(5);
    for (int i = 0; i < kDraws; ++i) {
      const auto answer = engine.decide(request);
      ASSERT_TRUE(answer);
      std::vector<ItemKey> items;
      double probability = 1;
      for (const Placement& placement : answer->decision.served) {
        items.push_back(placement.item);
        probability *= static_cast<double>(placement.propensity);
      }
      auto& cell = cells[items];
      ++cell.first;
      cell.second = probability;
      journal.records.clear();
    }
    double chi = 0, found = kDraws, expected = kDraws;
    int degrees = -1;
    for (const auto& [items, cell] : cells) {
      const double e = cell.second * kDraws;
      if (e < 5) continue;
      chi += (cell.first - e) * (cell.first - e) / e;
      found -= cell.first;
      expected -= e;
      ++degrees;
    }
    if (expected >= 5) {
      chi += (found - expected) * (found - expected) / expected;
      ++degrees;
    }
    ASSERT_GT(degrees, 2);
    EXPECT_GT(chi_square_p(chi, degrees), 0.0005) << int{limit};
  }
}

TEST_F(DecisionEngineTest, AbstainsOnATieAndServesTheSafeDefault) {
  ranker.chances.assign(6, 0.2);
  slot.stake = 0;
  put_slot();
  const DecideAnswer answer = decide();
  EXPECT_EQ(answer.decision.outcome, Outcome::kAbstain);
  EXPECT_EQ(ids(answer), std::vector<std::string>{"item-3"});
  EXPECT_EQ(answer.decision.served[0].propensity, 1.0F);
}

TEST_F(DecisionEngineTest, AttentionCostKeepsTheSafeDefault) {
  slot.stake = 0;
  slot.attention_cost = 0.3;
  put_slot();
  EXPECT_EQ(decide().decision.outcome, Outcome::kAbstain);
}

TEST_F(DecisionEngineTest, HoldoutGetsTheSafeDefaultAndAGhostLog) {
  slot.holdout = 0.9;
  put_slot();
  int held = 0;
  for (std::uint64_t n = 0; n < 250; ++n) {
    const DecideAnswer answer = decide(n);
    EXPECT_EQ(answer.decision.arm, arm_of("salt", person(n), 0.9));
    if (answer.decision.arm != Arm::kHoldout) continue;
    ++held;
    EXPECT_EQ(answer.decision.outcome, Outcome::kHoldout);
    EXPECT_EQ(ids(answer), std::vector<std::string>{"item-3"});
    EXPECT_EQ(answer.decision.served[0].propensity, 1.0F);
    EXPECT_FALSE(answer.decision.would_have.empty());
    EXPECT_FALSE(answer.decision.hand.empty());
    DecideRequest general;
    general.slot = "home";
    general.person = person(n);
    general.general = true;
    const DecideAnswer same = decide(general);
    EXPECT_EQ(same.decision.outcome, Outcome::kGeneral);
    EXPECT_EQ(ids(same), ids(answer));
  }
  EXPECT_GT(held, 200);
}

TEST_F(DecisionEngineTest, ASlotInShadowDecidesAndServesTheSafeDefault) {
  slot.waived_by.clear();
  slot.waived_reason.clear();
  slot.stake = 0;
  put_slot();
  const DecideAnswer answer = decide();
  EXPECT_EQ(answer.decision.outcome, Outcome::kAbstain);
  EXPECT_EQ(answer.decision.fallback, Fallback::kSlotInShadow);
  EXPECT_EQ(ids(answer), std::vector<std::string>{"item-3"});
  EXPECT_EQ(answer.decision.would_have, std::vector<ItemKey>{item_key("item-0")});
}

TEST_F(DecisionEngineTest, EveryTroubleHasItsName) {
  DecideRequest request;
  request.slot = "home";
  EXPECT_EQ(decide(request).decision.fallback, Fallback::kNoProfile);  // nobody: nothing is stored
  EXPECT_TRUE(journal.records.empty());
  request.person = person(1);
  request.request_consent.profile = false;
  EXPECT_EQ(decide(request).decision.outcome, Outcome::kNoConsent);
  request.request_consent = {};
  request.request_consent.measure = false;
  journal.records.clear();
  decide(request);
  EXPECT_TRUE(journal.records.empty());  // not measured: not recorded
  request.request_consent = {};

  ranker.slow = &clock;
  ranker.slow_until_ns = clock.monotonic_ns() + 20'000'000;
  request.deadline_ms = 2;
  EXPECT_EQ(decide(request).decision.fallback, Fallback::kDeadline);
  ranker.slow = nullptr;
  request.deadline_ms = 0;

  ranker.forbidden = {0, 1, 2, 3, 4, 5};
  EXPECT_EQ(decide(request).decision.fallback, Fallback::kNoCandidates);
  ranker.forbidden.clear();

  ranker.model_version = 0;
  for (int i = 0; i < 50; ++i) {
    const Decision decision = decide(request).decision;
    if (decision.outcome != Outcome::kExplore) {
      EXPECT_EQ(decision.fallback, Fallback::kNoModel);
    }
  }
}

TEST_F(DecisionEngineTest, AFullJournalIsCountedAndTheAnswerStays) {
  journal.full = true;
  EXPECT_EQ(decide().decision.served.size(), 1U);
  EXPECT_NE(metrics.text().find("ante_decision_records_dropped_total 1"), std::string::npos);
}

TEST_F(DecisionEngineTest, ForbiddenItemsAreNeverServed) {
  ranker.forbidden = {0, 2};
  slot.stake = 0.5;
  slot.limit = 3;
  put_slot();
  for (int i = 0; i < 3000; ++i) {
    for (const std::string& id : ids(decide())) {
      EXPECT_NE(id, "item-0");
      EXPECT_NE(id, "item-2");
    }
  }
}

TEST_F(DecisionEngineTest, TheSafeDefaultLeavesOutWhatCannotBeHadAndWhatWasRefused) {
  slot.limit = 3;
  slot.safe_items = {"item-0", "item-1", "item-2", "unknown"};
  slot.holdout = 0.9;
  put_slot();
  put_item(0, [](Item& item) { item.withdrawn = true; });
  put_item(1, [](Item& item) { item.expires_at_ms = kTestNow - 1; });
  put_item(4, [](Item& item) {
    item.offer = Offer{};
    item.offer->stock = 0;
  });
  Event hidden;
  hidden.kind = EventKind::kNotForMe;
  hidden.name = "Not For Me";
  EventItem item;
  item.id = "item-5";
  item.key = item_key("item-5");
  hidden.items = {item};
  put_event(person(3), hidden);
  for (std::uint64_t n = 3; n < 5; ++n) {
    DecideRequest request;
    request.slot = "home";
    request.person = person(n);
    request.general = true;
    const std::vector<std::string> expected =
        n == 3 ? std::vector<std::string>{"item-2", "item-3"}
               : std::vector<std::string>{"item-2", "item-5", "item-3"};
    EXPECT_EQ(ids(decide(request)), expected);
  }
}

TEST_F(DecisionEngineTest, LimitsAndNames) {
  DecideRequest request;
  request.slot = "hone";
  const auto unknown = engine.decide(request);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
  EXPECT_NE(unknown.error().message.find("home"), std::string::npos);
  request.slot = "home";
  request.candidates.assign(kSuppliedCandidatesMax + 1, "item-1");
  EXPECT_EQ(engine.decide(request).error().code, ErrorCode::kInvalidArgument);
  request.candidates.clear();
  request.exclude.assign(kExcludedItemsMax + 1, "item-1");
  EXPECT_EQ(engine.decide(request).error().code, ErrorCode::kInvalidArgument);
  request.exclude.clear();
  request.person = person(1);
  request.limit = 255;  // more places than items: each once
  EXPECT_LE(decide(request).decision.served.size(), 6U);
  request.limit = 2;
  request.candidates = {"item-4", "item-5", "item-4"};
  for (int i = 0; i < 50; ++i) {
    for (const std::string& id : ids(decide(request)))
      EXPECT_TRUE(id == "item-4" || id == "item-5");
  }
}

TEST_F(DecisionEngineTest, ADecisionThatWasChangedDoesNotReplay) {
  slot.limit = 3;
  put_slot();
  const Decision good = decide().decision;
  ASSERT_TRUE(replay(good));
  Decision bad = good;
  bad.served[0].propensity *= 0.99F;
  EXPECT_EQ(replay(bad).error().code, ErrorCode::kDataLoss);
  bad = good;
  std::swap(bad.served[0], bad.served[1]);
  EXPECT_FALSE(replay(bad));
  bad = good;
  bad.hand.push_back(bad.hand[0]);
  EXPECT_FALSE(replay(bad));
  bad = good;
  bad.policy.stake = 2;
  EXPECT_FALSE(replay(bad));
  bad = good;
  bad.policy.policy_version = 99;
  EXPECT_FALSE(replay(bad));
  bad = good;
  bad.served.clear();
  EXPECT_FALSE(replay(bad));
}

TEST(SlotTable, SavesAndLoadsItself) {
  SlotTable table;
  Slot slot;
  slot.name = "cart";
  slot.key = slot_key("cart");
  Object object{"slot", "cart", 3, false, "me", "why", slot_to_json(slot)};
  table.consume(committed(RecordKind::kObject, {}, kControlPartition, encode(object), 1));
  SlotTable copy;
  ASSERT_TRUE(copy.load(table.save()));
  EXPECT_EQ(*copy.get(), *table.get());
  EXPECT_EQ(copy.get()->at("cart").version, 3U);
  SlotTable damaged;
  EXPECT_FALSE(damaged.load("x"));
  const std::string bytes = table.save();
  EXPECT_FALSE(damaged.load(bytes.substr(0, bytes.size() - 2)));
  object.deleted = true;
  table.consume(committed(RecordKind::kObject, {}, kControlPartition, encode(object), 2));
  EXPECT_TRUE(table.get()->empty());
}

}  // namespace
}  // namespace ante
