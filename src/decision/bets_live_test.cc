// Somebody's bets in the decision engine, and the limit of repetition, also under parallel
// requests.

#include <map>
#include <set>
#include <thread>

#include "decision/bet_rule.h"
#include "decision/test_engine.h"

namespace ante {
namespace {

class BetsLiveTest : public DecisionEngineTest {
 protected:
  BetsLiveTest() {
    bet.id = "evening";
    bet.need = "a long read";
    bet.slot = "home";
    bet.owner = "ines";
    bet.items = {"item-5", "item-4"};
    bet.stake = 0.5;
    bet.expires_at_ms = kTestNow + kDayMs;
    bet.state = BetState::kOpen;
    bet.moves = {{kTestNow - 10, BetState::kDraft, BetState::kSmallStake, "ines", ""},
                 {kTestNow - 5, BetState::kSmallStake, BetState::kOpen, "ines", ""}};
    ranker.sd = 0.2;  // little is known: the owner's word counts
    slot.stake = 0;
    put_slot();
  }
  Bet bet;
};

TEST_F(BetsLiveTest, TheAudienceIsSplitAsStakedAndNobodyChangesSides) {
  put_bet(bet);
  int treated = 0;
  for (std::uint64_t who = 0; who < 2000; ++who) {
    const DecideAnswer answer = decide(who);
    const Decision& d = answer.decision;
    EXPECT_EQ(d.bet.id, "evening");
    EXPECT_EQ(d.bet.treated_buckets, 5000);
    if (d.bet.play == BetPlay::kTreated) {
      ++treated;
      EXPECT_EQ(d.outcome, Outcome::kBet);
      EXPECT_EQ(ids(answer), std::vector<std::string>{"item-4"});  // the better of its content
    } else {
      EXPECT_EQ(d.bet.play, BetPlay::kControl);
      EXPECT_EQ(d.outcome, Outcome::kAbstain);
      EXPECT_EQ(ids(answer), std::vector<std::string>{"item-3"});
    }
    EXPECT_EQ(decide(who).decision.bet.play, d.bet.play);
  }
  EXPECT_NEAR(treated, 1000, 120);
  bet.stake = 0.8;  // more of them; who was treated stays so
  std::set<std::uint64_t> before;
  for (std::uint64_t who = 0; who < 500; ++who) {
    if (decide(who).decision.bet.play == BetPlay::kTreated) before.insert(who);
  }
  put_bet(bet);
  for (const std::uint64_t who : before)
    EXPECT_EQ(decide(who).decision.bet.play, BetPlay::kTreated);
}

TEST_F(BetsLiveTest, OutsideTheAudienceTheStandingBetDecides) {
  bet.audience.kind = Predicate::Kind::kTask;
  bet.audience.values = {"gift"};
  put_bet(bet);
  ranker.sd = 0.005;
  const DecideAnswer other = decide(1);
  EXPECT_TRUE(other.decision.bet.id.empty());
  EXPECT_EQ(ids(other), std::vector<std::string>{"item-0"});
  DecideRequest request;
  request.slot = "home";
  request.person = person(1);
  request.situation.task = "gift";
  EXPECT_EQ(decide(request).decision.bet.id, "evening");
}

TEST_F(BetsLiveTest, WhoIsLeftAloneGetsTheSafeDefault) {
  bet.left_alone = {person(3)};
  bet.left_alone_who = Predicate{};
  bet.left_alone_who->kind = Predicate::Kind::kTask;
  bet.left_alone_who->values = {"complaint"};
  bet.stake = 0.95;
  put_bet(bet);
  EXPECT_EQ(decide(3).decision.bet.play, BetPlay::kExcluded);
  EXPECT_EQ(decide(3).decision.bet.exclusion, Exclusion::kListed);
  EXPECT_EQ(ids(decide(3)), std::vector<std::string>{"item-3"});
  DecideRequest request;
  request.slot = "home";
  request.person = person(4);
  request.situation.task = "complaint";
  EXPECT_EQ(decide(request).decision.bet.exclusion, Exclusion::kRule);
  EXPECT_EQ(decide(request).decision.reasons.front(), "bet evening: left alone, rule");
}

TEST_F(BetsLiveTest, LearnedExclusionIsAskedUnlessSwitchedOff) {
  struct Dogs final : LeaveAloneAdvice {
    Exclusion exclusion(std::string_view id, const Traits&) const override {
      return id == "evening" ? Exclusion::kSleepingDog : Exclusion::kNone;
    }
  } dogs;
  const auto choice = [&] {
    const Traits traits;
    const PersonState state;
    const Situation situation;
    return choose_bet(*bets.get(), "home", {state, situation, traits, kTestNow}, person(1), "s",
                      &dogs);
  };
  put_bet(bet);
  EXPECT_EQ(choice().part.exclusion, Exclusion::kSleepingDog);
  bet.left_alone_learned = false;
  put_bet(bet);
  EXPECT_EQ(choice().part.exclusion, Exclusion::kNone);
}

TEST_F(BetsLiveTest, OfTwoBetsTheFirstTakesItsAudience) {
  put_bet(bet);
  Bet later = bet;
  later.id = "earlier-in-the-alphabet";
  later.items = {"item-1"};
  later.moves = {{kTestNow - 1, BetState::kDraft, BetState::kSmallStake, "bo", ""}};
  later.state = BetState::kSmallStake;
  put_bet(later);
  for (std::uint64_t who = 0; who < 100; ++who) EXPECT_EQ(decide(who).decision.bet.id, "evening");
  bet.state = BetState::kFolded;
  put_bet(bet);
  EXPECT_EQ(decide(1).decision.bet.id, later.id);
}

TEST_F(BetsLiveTest, ShadowsExpiredAndFoldedBetsShowNothing) {
  ranker.sd = 0.005;
  bet.state = BetState::kShadow;
  put_bet(bet);
  EXPECT_EQ(decide(1).decision.bet.play, BetPlay::kShadow);
  EXPECT_EQ(ids(decide(1)), std::vector<std::string>{"item-0"});
  bet.state = BetState::kOpen;
  bet.expires_at_ms = kTestNow;
  put_bet(bet);
  EXPECT_TRUE(decide(1).decision.bet.id.empty());
}

TEST_F(BetsLiveTest, SmallStakeIsSmall) {
  bet.state = BetState::kSmallStake;
  put_bet(bet);
  int treated = 0;
  for (std::uint64_t who = 0; who < 4000; ++who)
    treated += decide(who).decision.bet.play == BetPlay::kTreated ? 1 : 0;
  EXPECT_NEAR(treated, 200, 70);
}

TEST_F(BetsLiveTest, TheHoldoutIsNobodysAudience) {
  slot.holdout = 0.5;
  put_slot();
  put_bet(bet);
  int holdout = 0;
  for (std::uint64_t who = 0; who < 500; ++who) {
    const Decision d = decide(who).decision;
    if (d.arm != Arm::kHoldout) continue;
    ++holdout;
    EXPECT_TRUE(d.bet.id.empty());
    EXPECT_EQ(d.outcome, Outcome::kHoldout);
  }
  EXPECT_GT(holdout, 200);
}

TEST_F(BetsLiveTest, ASureLossIsNotPlacedWhateverWasStaked) {
  ranker.sd = 0.001;
  bet.stake = 0.95;
  bet.items = {"item-5"};
  put_bet(bet);
  for (std::uint64_t who = 0; who < 50; ++who) {
    const DecideAnswer answer = decide(who);
    EXPECT_EQ(answer.decision.outcome, Outcome::kAbstain);
    EXPECT_EQ(ids(answer), std::vector<std::string>{"item-3"});
  }
}

TEST_F(BetsLiveTest, ContentThatCannotBeHadIsNotReplacedByOther) {
  bet.items = {"unknown"};
  bet.stake = 0.95;
  put_bet(bet);
  for (std::uint64_t who = 0; who < 20; ++who) {
    const DecideAnswer answer = decide(who);
    EXPECT_EQ(ids(answer), std::vector<std::string>{"item-3"});
    if (answer.decision.bet.play == BetPlay::kTreated) {
      EXPECT_EQ(answer.decision.fallback, Fallback::kNoCandidates);
    }
  }
}

TEST_F(BetsLiveTest, InsteadOfIsTheSafeDefaultOfBothSides) {
  bet.instead_of = {"item-2"};
  put_bet(bet);
  for (std::uint64_t who = 0; who < 20; ++who)
    EXPECT_EQ(decide(who).decision.safe_default, std::vector<ItemKey>{item_key("item-2")});
}

TEST_F(BetsLiveTest, ASlotThatFellBackServesTheSafeDefaultAndGoesOnWatching) {
  ranker.sd = 0.005;
  slot.fell_back = "losing against its holdout";
  put_slot();
  put_bet(bet);
  const DecideAnswer answer = decide(1);
  EXPECT_EQ(answer.decision.fallback, Fallback::kFellBack);
  EXPECT_EQ(ids(answer), std::vector<std::string>{"item-3"});
  EXPECT_EQ(answer.decision.would_have, std::vector<ItemKey>{item_key("item-0")});
}

TEST_F(BetsLiveTest, TheTableIsTheSameAfterItWasSaved) {
  put_bet(bet);
  Bet other = bet;
  other.id = "other";
  put_bet(other);
  BetTable loaded;
  ASSERT_TRUE(loaded.load(bets.save()));
  EXPECT_EQ(loaded.save(), bets.save());
  EXPECT_FALSE(BetTable().load("nonsense"));
}

TEST_F(BetsLiveTest, OfSettledBetsTheNewestAreKept) {
  put_bet(bet);
  bet.state = BetState::kFolded;
  for (std::size_t i = 0; i < kFoldedBetsMax + 3; ++i) {
    bet.id = "b" + std::to_string(i);
    bet.placed_at_ms = kTestNow + static_cast<TimeMs>(i);
    put_bet(bet);
  }
  const auto kept = bets.get();
  EXPECT_EQ(kept->by_id.size(), kFoldedBetsMax + 1);
  EXPECT_FALSE(kept->by_id.contains("b2"));
  EXPECT_TRUE(kept->by_id.contains("b3") && kept->by_id.contains("evening"));
}

TEST_F(BetsLiveTest, WithoutALedgerNothingIsRiskedWhereOneIsAskedFor) {
  ranker.sd = 0.005;
  slot.allowed_loss = 0.05;
  put_slot();
  const DecideAnswer answer = decide(1);
  EXPECT_EQ(answer.decision.policy.permitted, 0);
  EXPECT_EQ(ids(answer), std::vector<std::string>{"item-3"});
  EXPECT_EQ(answer.decision.outcome, Outcome::kAbstain);
}

TEST_F(BetsLiveTest, NothingIsShownMoreOftenThanTheLimit) {
  slot.repeat_exposures = 5;
  put_slot();
  std::map<std::string, int> shown;
  for (int i = 0; i < 100; ++i) {
    for (const std::string& id : ids(decide(1))) ++shown[id];
    if (i % 7 == 0) commit();
  }
  EXPECT_EQ(shown.size(), 6u);
  for (const auto& [id, times] : shown) EXPECT_EQ(times, 5) << id;
  EXPECT_TRUE(decide(1).decision.served.empty());
  EXPECT_FALSE(decide(2).decision.served.empty());  // somebody else
  clock.advance_to(kTestNow + 9 * kDayMs);
  commit();
  EXPECT_FALSE(decide(1).decision.served.empty());
}

TEST_F(BetsLiveTest, AnAnswerBeginsTheCountAnew) {
  slot.repeat_exposures = 2;
  slot.safe_items = {"item-3"};
  ranker.model_version = 0;  // safe default only
  put_slot();
  decide(1);
  decide(1);
  commit();
  EXPECT_NE(ids(decide(1)), std::vector<std::string>{"item-3"});
  Event click;
  click.kind = EventKind::kClicked;
  click.items.resize(1);
  click.items[0].id = "item-3";
  click.items[0].key = item_key("item-3");
  put_event(person(1), click);
  EXPECT_EQ(ids(decide(1)), std::vector<std::string>{"item-3"});
}

TEST_F(BetsLiveTest, SixtyFourThreadsStayWithinTheLimit) {
  for (int round = 0; round < 5; ++round) {
    slot.repeat_exposures = 5;
    slot.limit = 2;
    put_slot();
    Mutex mutex;
    std::map<std::string, int> shown;
    const PersonHash who = person(static_cast<std::uint64_t>(100 + round));
    std::vector<std::thread> threads;
    for (int t = 0; t < 64; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 3; ++i) {
          DecideRequest request;
          request.slot = "home";
          request.person = who;
          request.activate = i != 1;
          const auto answer = engine.decide(request);
          MutexLock lock(mutex);
          for (const Placement& place : answer->decision.served) ++shown[place.item_id];
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    int total = 0;
    for (const auto& [id, times] : shown) {
      EXPECT_LE(times, 5) << id;
      total += times;
    }
    EXPECT_EQ(total, 30);  // six items, five times each: all that may be shown, no more
  }
}

TEST_F(BetsLiveTest, WhatWasDeferredAndNeverShownIsForgotten) {
  slot.repeat_exposures = 1;
  put_slot();
  DecideRequest request;
  request.slot = "home";
  request.person = person(1);
  request.activate = false;
  for (int i = 0; i < 6; ++i) EXPECT_FALSE(decide(request).decision.served.empty());
  EXPECT_TRUE(decide(request).decision.served.empty());  // all may still be shown
  commit();
  clock.advance_to(kTestNow + kReservedMs + 1);
  EXPECT_FALSE(decide(request).decision.served.empty());
}

}  // namespace
}  // namespace ante
