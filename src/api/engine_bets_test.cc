// Bets in the whole engine: people come, the rules open, fold and settle, the record stays.

#include <atomic>
#include <functional>
#include <thread>

#include <gtest/gtest.h>

#include "api/engine.h"
#include "api/test_entropy.h"
#include "base/random.h"
#include "report/bet_rulings.h"
#include "store/memory_store.h"

namespace ante {
namespace {

constexpr TimeMs kStart = 1'770'000'000'000;

class EngineBetsTest : public testing::Test {
 protected:
  EngineBetsTest() {
    EngineOptions options;
    options.secret = {4, 5, 6};
    options.entropy = seeded(7);
    engine_ = *Engine::open(store_, clock_, metrics_, options, [](Error) { FAIL(); });
    std::vector<Item> items(2);
    for (std::size_t i = 0; i < items.size(); ++i) {
      items[i].id = i == 0 ? "safe" : "bet";
      items[i].key = item_key(items[i].id);
      items[i].title = items[i].id;
    }
    EXPECT_TRUE(engine_->put_items_and_wait(items));
    EXPECT_TRUE(
        engine_->put_slot("home",
                          R"({"limit":1,"safeDefault":{"items":["safe"]},"stake":0,"holdout":0,)"
                          R"("goal":{"event":"purchase","windowMs":60000},)"
                          R"("brief":{"waived":{"by":"t","reason":"t"}}})",
                          kMe, 0));
  }

  std::string bet(std::string_view more = "") const {
    return R"({"need":"n","slot":"home","owner":"ines","audience":{"everybody":true},)"
           R"("content":{"items":["bet"]},"stake":0.5,"odds":0.6,)"
           R"("expires":")" +
           std::string("2026-03-01T00:00:00Z\"") + std::string(more) + "}";
  }
  void open_bet(std::string_view more = "") {
    const auto placed = engine_->put_bet("b", bet(more), kMe, 0);
    ASSERT_TRUE(placed) << placed.error().message;
    ASSERT_TRUE(engine_->move_bet("b", BetState::kSmallStake, kMe, {}));
    ASSERT_TRUE(engine_->move_bet("b", BetState::kOpen, kMe, {}));
  }
  // `people` new ones come; who is shown the item clicks with its chance.
  void come(int people, double safe_chance, double bet_chance) {
    for (int i = 0; i < people; ++i) {
      DecideRequest request;
      request.slot = "home";
      request.person = PersonHash{{mix64(++person_), person_}};
      const auto answer = engine_->decisions().decide(request);
      ASSERT_TRUE(answer);
      const Placement& place = answer->decision.served.at(0);
      if (random_.uniform() >= (place.item_id == "bet" ? bet_chance : safe_chance)) continue;
      Reward reward;
      reward.decision = answer->decision.id;
      reward.slot = answer->decision.slot;
      reward.item = place.item;
      reward.measure = measure_;
      NewRecord record;
      record.partition = partition_of(*request.person);
      record.header = {RecordKind::kReward, kFirstTenant, *request.person, clock_.now_ms(),
                       clock_.now_ms()};
      record.body = encode(reward);
      rewards_.push_back(std::move(record));
    }
    ASSERT_TRUE(engine_->journal().flush());  // rewards after their decisions
    ASSERT_TRUE(engine_->journal().append_and_wait(std::move(rewards_)));
    rewards_.clear();
    pass(2 * kMinuteMs);
  }
  // Time passes, and somebody outside the trial makes the log notice it.
  void pass(DurationMs ms) {
    clock_.advance_to(clock_.now_ms() + ms);
    NewRecord record;
    record.partition = Partition{9};
    record.header = {RecordKind::kConsent, kFirstTenant, PersonHash{{9ULL << 56, 1}},
                     clock_.now_ms(), clock_.now_ms()};
    record.body = std::string(1, '\x1f');
    std::vector<NewRecord> records;
    records.push_back(std::move(record));
    ASSERT_TRUE(engine_->journal().append_and_wait(std::move(records)));
    ASSERT_TRUE(engine_->journal().flush());
  }
  Bet now() const { return *engine_->bets().get()->by_id.at("b"); }

  const Author kMe{"test", "why"};
  MemoryStore store_;
  SimulatedClock clock_{kStart};
  Metrics metrics_;
  Random random_{3};
  std::uint64_t person_ = 0;
  std::string measure_ = "purchase";
  std::vector<NewRecord> rewards_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(EngineBetsTest, AWinnerIsOpenedThenBankedAndKeepsItsAudience) {
  ASSERT_TRUE(engine_->put_bet("b", bet(), kMe, 0));
  ASSERT_TRUE(engine_->move_bet("b", BetState::kSmallStake, kMe, {}));
  come(4000, 0.1, 0.6);
  EXPECT_EQ(*engine_->keep_bets(), 1u);
  EXPECT_EQ(now().state, BetState::kOpen);
  EXPECT_EQ(now().moves.back().who, "rules");
  pass(20 * kDayMs);
  ASSERT_TRUE(engine_->keep_bets());  // past half of its time: the model says its odds
  ASSERT_EQ(now().stated.size(), 2u);
  EXPECT_EQ(now().stated[0].who, "ines");
  EXPECT_EQ(now().stated[1].who, "model");
  EXPECT_GT(now().stated[1].pays, 0.9);
  clock_.advance_to(now().expires_at_ms);
  EXPECT_EQ(*engine_->keep_bets(), 1u);
  EXPECT_EQ(now().state, BetState::kBanked);
  ASSERT_TRUE(now().result);
  EXPECT_TRUE(now().result->paid);
  EXPECT_GT(now().result->low.value_or(-1), 0);
  EXPECT_EQ(now().treated_share(clock_.now_ms()), 1 - kBankedControl);
  EXPECT_EQ(*engine_->keep_bets(), 0u);  // nothing is due twice
  const BetResult won = *now().result;
  pass(kBankedMs);
  EXPECT_EQ(*engine_->keep_bets(), 1u);
  EXPECT_EQ(now().state, BetState::kFolded);
  EXPECT_EQ(now().result, won);
}

TEST_F(EngineBetsTest, ProxiesAloneSettleNothing) {
  ASSERT_TRUE(engine_->put_slot(
      "home",
      R"({"limit":1,"safeDefault":{"items":["safe"]},"stake":0,"holdout":0,)"
      R"("goal":{"event":"click","windowMs":60000},"brief":{"waived":{"by":"t","reason":"t"}}})",
      kMe, {}));
  measure_ = "click";
  open_bet();
  come(4000, 0.1, 0.6);
  const auto by_hand = engine_->move_bet("b", BetState::kBanked, kMe, {});
  ASSERT_FALSE(by_hand);
  EXPECT_EQ(by_hand.error().code, ErrorCode::kConflict);
  EXPECT_NE(by_hand.error().message.find("our own page"), std::string::npos);
  clock_.advance_to(now().expires_at_ms);
  EXPECT_EQ(*engine_->keep_bets(), 1u);
  EXPECT_EQ(now().state, BetState::kFolded);
  EXPECT_EQ(now().result->verdict, "paying");
  EXPECT_NE(now().moves.back().why.find("no outcome says so"), std::string::npos);
}

TEST_F(EngineBetsTest, ALoserIsFoldedUnlessItSaysNotTo) {
  open_bet();
  come(3000, 0.5, 0.1);
  EXPECT_EQ(*engine_->keep_bets(), 1u);
  EXPECT_EQ(now().state, BetState::kFolded) << bet_to_json(now());
  ASSERT_TRUE(now().result);
  EXPECT_EQ(now().result->verdict, "losing");
  EXPECT_FALSE(now().result->paid);
  EXPECT_EQ(engine_->move_bet("b", BetState::kOpen, kMe, {}).error().code, ErrorCode::kConflict);
  EXPECT_EQ(engine_->put_bet("b", bet(), kMe, {}).error().code, ErrorCode::kConflict);
}

TEST_F(EngineBetsTest, OnPurposeItGoesOnLosing) {
  open_bet(R"(,"stop":{"losing":false})");
  come(3000, 0.5, 0.1);
  EXPECT_EQ(*engine_->keep_bets(), 0u);
  EXPECT_EQ(now().state, BetState::kOpen);
  clock_.advance_to(now().expires_at_ms);
  EXPECT_EQ(*engine_->keep_bets(), 1u);
  EXPECT_EQ(now().state, BetState::kFolded);
}

TEST_F(EngineBetsTest, SettlesWithoutEvidenceAsFolded) {
  open_bet();
  pass(1);
  clock_.advance_to(now().expires_at_ms);
  EXPECT_EQ(*engine_->keep_bets(), 1u);
  ASSERT_EQ(now().state, BetState::kFolded);
  EXPECT_EQ(now().result->verdict, "too early to say");
}

TEST_F(EngineBetsTest, WhatItComparesCannotChangeWhileItRuns) {
  open_bet();
  const auto longer = engine_->put_bet("b", bet(R"(,"stop":{"losing":false})"), kMe, {});
  ASSERT_TRUE(longer) << longer.error().message;  // when it stops is no part of it
  EXPECT_EQ(longer->state, BetState::kOpen);
  EXPECT_EQ(longer->moves.size(), 2u);
  std::string other = bet();
  other.replace(other.find(R"("bet"])"), 6, R"("safe"])");
  EXPECT_EQ(engine_->put_bet("b", other, kMe, {}).error().code, ErrorCode::kConflict);
  EXPECT_EQ(engine_->put_bet("b", bet(), kMe, 1).error().code, ErrorCode::kConflict);
}

TEST_F(EngineBetsTest, NorCanWhatItIsMeasuredByInItsSlot) {
  open_bet();
  const Slot slot = engine_->slots().get()->at("home");
  const auto refused = [&](const std::function<void(Slot&)>& change) {
    Slot other = slot;
    change(other);
    const auto put = engine_->put_slot("home", slot_to_json(other), kMe, {});
    if (put) return false;
    EXPECT_EQ(put.error().code, ErrorCode::kConflict);
    EXPECT_NE(put.error().message.find("'b'"), std::string::npos) << put.error().message;
    return true;
  };
  EXPECT_TRUE(refused([](Slot& s) { s.goal_value = 100; }));
  EXPECT_TRUE(refused([](Slot& s) { s.goal_event = "click"; }));
  EXPECT_TRUE(refused([](Slot& s) { s.goal_window_ms *= 2; }));
  EXPECT_TRUE(refused([](Slot& s) { s.further_outcomes = {{"read", 1}}; }));
  EXPECT_TRUE(refused([](Slot& s) { s.waived_by.clear(); }));
  EXPECT_FALSE(refused([](Slot& s) { s.stake = 0.1; }));
  EXPECT_FALSE(refused([](Slot& s) { s.safe_items = {"other"}; }));  // an editor's, every day
  EXPECT_EQ(engine_->delete_object("slot", "home", kMe, {}).error().code, ErrorCode::kConflict);
  ASSERT_TRUE(engine_->move_bet("b", BetState::kFolded, kMe, {}));
  EXPECT_FALSE(refused([](Slot& s) { s.goal_value = 100; }));
  EXPECT_TRUE(engine_->delete_object("slot", "home", kMe, {}));
}

TEST_F(EngineBetsTest, OfTwoForTheSamePeopleOneGoesLive) {
  for (int round = 0; round < 20; ++round) {
    const std::string names[] = {"x" + std::to_string(round), "y" + std::to_string(round)};
    for (const std::string& name : names) ASSERT_TRUE(engine_->put_bet(name, bet(), kMe, 0));
    std::atomic<int> live{0};
    std::vector<std::thread> threads;
    for (const std::string& name : names) {
      threads.emplace_back(
          [&, name] { live += engine_->move_bet(name, BetState::kSmallStake, kMe, {}) ? 1 : 0; });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(live, 1);
    for (const std::string& name : names)
      ASSERT_TRUE(engine_->move_bet(name, BetState::kFolded, kMe, {}));
  }
}

TEST_F(EngineBetsTest, MovesWithoutAVersionNeverFailBecauseOfOneAnother) {
  ASSERT_TRUE(engine_->put_bet("b", bet(), kMe, 0));
  std::atomic<int> lost{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const bool written = i % 2 == 0
                               ? engine_->put_bet("b", bet(), kMe, {}).has_value()
                               : engine_->move_bet("b", BetState::kShadow, kMe, {}).has_value();
      lost += written ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(lost, 3);  // one of the four moves; from shadow to shadow there is none
}

TEST_F(EngineBetsTest, WhatNeverBeganIsFoldedWhenItsTimeIsOver) {
  ASSERT_TRUE(engine_->put_bet("b", bet(), kMe, 0));
  ASSERT_TRUE(engine_->move_bet("b", BetState::kShadow, kMe, {}));
  EXPECT_EQ(*engine_->keep_bets(), 0u);
  clock_.advance_to(now().expires_at_ms);
  EXPECT_EQ(engine_->move_bet("b", BetState::kSmallStake, kMe, {}).error().code,
            ErrorCode::kConflict);
  EXPECT_EQ(*engine_->keep_bets(), 1u);
  EXPECT_EQ(now().state, BetState::kFolded);
  EXPECT_FALSE(now().result.has_value());
  EXPECT_EQ(*engine_->keep_bets(), 0u);
}

TEST_F(EngineBetsTest, ASlotThatLosesGoesBackUntilSomebodyLetsItBeginAnew) {
  ASSERT_TRUE(
      engine_->put_slot("home",
                        R"({"limit":1,"safeDefault":{"items":["safe"]},"stake":0.5,"holdout":0.5,)"
                        R"("goal":{"windowMs":60000},"brief":{"waived":{"by":"t","reason":"t"}}})",
                        kMe, {}));
  // Before there is a model half of the decisions explore both items; one of them is much worse.
  measure_ = "click";
  come(4000, 0.6, 0.01);
  EXPECT_EQ(*engine_->keep_bets(), 1u);
  const Slot fallen = engine_->slots().get()->at("home");
  EXPECT_NE(fallen.fell_back.find("Losing"), std::string::npos);
  EXPECT_EQ(*engine_->keep_bets(), 0u);
  ASSERT_TRUE(engine_->put_slot("home", slot_to_json(fallen), kMe, {}));
  EXPECT_TRUE(engine_->slots().get()->at("home").fell_back.empty());
  pass(1);
  EXPECT_EQ(*engine_->keep_bets(), 0u);  // its evidence began anew too
}

TEST_F(EngineBetsTest, EverythingIsThereAfterARestart) {
  open_bet();
  come(500, 0.5, 0.5);
  const Bet before = now();
  const auto evidence = engine_->lift().bet(before, clock_.now_ms());
  ASSERT_TRUE(engine_->stop());
  engine_.reset();
  EngineOptions options;
  options.secret = {4, 5, 6};
  options.entropy = seeded(8);
  engine_ = *Engine::open(store_, clock_, metrics_, options, [](Error) { FAIL(); });
  EXPECT_EQ(now(), before);
  const auto after = engine_->lift().bet(before, clock_.now_ms());
  EXPECT_EQ(to_json(after->lift), to_json(evidence->lift));
  EXPECT_GT(after->lift.treated.n, 100u);
}

}  // namespace
}  // namespace ante
