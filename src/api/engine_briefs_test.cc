// Briefs in the whole engine: a slot bets only on a brief that counts, and stops by default.

#include <algorithm>

#include <gtest/gtest.h>

#include "api/brief_evidence.h"
#include "api/test_engine.h"
#include "api/verify.h"

namespace ante {
namespace {

constexpr TimeMs kBegin = 1'770'000'000'000;  // 2026-02-02

class EngineBriefsTest : public TestEngine {
 protected:
  EngineBriefsTest() {
    put_items({"safe", "bet"});
    put_slot(R"("evening")");
  }
  void put_slot(std::string_view brief) {
    const auto slot = engine_->put_slot(
        "home",
        R"({"limit":1,"safeDefault":{"items":["safe"]},"stake":0.5,"holdout":0.5,)"
        R"("goal":{"windowMs":60000},"brief":)" +
            std::string(brief) + "}",
        kUnsaid, {});
    ASSERT_TRUE(slot) << slot.error().message;
  }
  static std::string brief(std::string_view more = "", std::string_view slot = "home") {
    return R"({"title":"Evening","owner":"priya","purpose":"one good thing",)"
           R"("impact":{"customer":{"change":"she is glad","metric":"click","target":0.02},)"
           R"("business":{"change":"she stays","metric":"stay"}},)"
           R"("different":{"promise":"long reads","share":0.3},"chain":{"need":"rest"},)"
           R"("needs":{"decision":")" +
           std::string(slot) +
           R"(","events":["Article Read"],)"
           R"("data":[{"name":"hour","have":true,"purpose":"profile"}]},)"
           R"("horizonDays":90)" +
           std::string(more) + "}";
  }
  std::string unfinished() const {
    return R"({"title":"Evening","owner":"priya","purpose":"one good thing"})";
  }
  Slot slot() const { return engine_->slots().get()->at("home"); }
  bool serves_only_the_safe_default() {
    return decide(somebody_new()).decision.fallback == Fallback::kSlotInShadow;
  }
  bool bets_somewhere() {
    for (int i = 0; i < 50; ++i) {
      if (!serves_only_the_safe_default()) return true;
    }
    return false;
  }
  // People come and click with the chance of what they see; then every window closes.
  void come(int people, double safe_chance, double bet_chance) {
    for (int i = 0; i < people; ++i) {
      const Decision decision = decide(somebody_new()).decision;
      const bool bet = decision.served.at(0).item_id == "bet";
      if (random_.uniform() < (bet ? bet_chance : safe_chance)) note_reward(decision);
    }
    pass(2 * kMinuteMs);
  }

  const Author kUnsaid{"test", ""}, kWhy{"test", "we learned"};
};

TEST_F(EngineBriefsTest, ASlotBetsWhenItsBriefIsThereAndComplete) {
  EXPECT_EQ(slot().brief_missing, "there is no brief 'evening'");
  EXPECT_TRUE(serves_only_the_safe_default());
  ASSERT_TRUE(engine_->put_brief("evening", unfinished(), kUnsaid, 0));
  EXPECT_EQ(slot().brief_missing, "0 of 3 questions of brief 'evening' are answered");
  EXPECT_FALSE(bets_somewhere());
  const auto written = engine_->put_brief("evening", brief(), kUnsaid, 1);
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->registered_at_ms, kBegin);
  EXPECT_EQ(slot().brief_missing, "");
  EXPECT_TRUE(bets_somewhere());
  EXPECT_EQ(*engine_->keep_bets(), 0u);  // nothing to do twice
}

TEST_F(EngineBriefsTest, WhatASlotSaysOfItsBriefIsNotBelieved) {
  const auto put =
      engine_->put_slot("home", R"({"brief":"evening","briefMissing":""})", kUnsaid, {});
  EXPECT_TRUE(put->in_shadow());
  put_slot(R"({"waived":{"by":"ed","reason":"first week"}})");
  EXPECT_FALSE(slot().in_shadow());
}

// A slot of before there were briefs names one that nobody wrote: it stops.
TEST_F(EngineBriefsTest, ASlotOfBeforeGoesToShadow) {
  ASSERT_TRUE(engine_->put_brief("evening", brief(), kUnsaid, 0));
  Slot old = slot();
  old.brief = "whatever we wanted";
  ASSERT_TRUE(engine_->put_object("slot", "home", slot_to_json(old), kUnsaid, {}));
  EXPECT_FALSE(slot().in_shadow());
  EXPECT_EQ(*engine_->keep_bets(), 1u);
  EXPECT_EQ(slot().brief_missing, "there is no brief 'whatever we wanted'");
  EXPECT_TRUE(serves_only_the_safe_default());
}

TEST_F(EngineBriefsTest, OneBriefIsForOneSlot) {
  ASSERT_TRUE(engine_->put_slot("end", R"({"brief":"evening"})", kUnsaid, 0));
  ASSERT_TRUE(engine_->put_brief("evening", brief(), kUnsaid, 0));
  EXPECT_FALSE(slot().in_shadow());
  EXPECT_EQ(engine_->slots().get()->at("end").brief_missing,
            "brief 'evening' is for slot 'home', not for this one");
  const auto moved = engine_->put_brief("evening", brief("", "end"), kWhy, {});
  EXPECT_EQ(moved.error().code, ErrorCode::kConflict);
  const auto unknown = engine_->put_brief("other", brief("", "hoem"), kUnsaid, 0);
  EXPECT_EQ(unknown.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(unknown.error().message.find("no slot 'hoem'. Did you mean 'home'?"), std::string::npos)
      << unknown.error().message;
}

TEST_F(EngineBriefsTest, TheDefaultIsToStop) {
  ASSERT_TRUE(engine_->put_brief("evening", brief(), kUnsaid, 0));
  pass(91 * kDayMs - 2 * kMinuteMs);
  EXPECT_EQ(*engine_->keep_bets(), 0u);
  EXPECT_TRUE(bets_somewhere());
  pass(3 * kMinuteMs);
  EXPECT_EQ(*engine_->keep_bets(), 1u);
  EXPECT_NE(slot().brief_missing.find("was to be renewed by 2026-05-04"), std::string::npos)
      << slot().brief_missing;
  EXPECT_FALSE(bets_somewhere());
  // Neither writing it again nor another date brings it back.
  ASSERT_TRUE(engine_->put_brief("evening", brief(), kUnsaid, {}));
  EXPECT_TRUE(slot().in_shadow());
  put_slot(R"("evening")");
  EXPECT_TRUE(slot().in_shadow());
  EXPECT_FALSE(
      engine_->put_brief("evening", brief(R"(,"renewBy":"2026-06-01T00:00:00Z")"), kWhy, {}));
  // A reason does.
  EXPECT_EQ(engine_->renew_brief("evening", kUnsaid, {}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(engine_->renew_brief("evning", kWhy, {}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(engine_->renew_brief("evening", kWhy, 99).error().code, ErrorCode::kConflict);
  const auto renewed = engine_->renew_brief("evening", kWhy, {});
  ASSERT_TRUE(renewed) << renewed.error().message;
  EXPECT_EQ(renewed->changes.back().what, std::vector<std::string>{"renewed"});
  EXPECT_EQ(renewed->changes.back().why, "we learned");
  EXPECT_EQ(renewed->due_ms(), clock_.now_ms() + kBriefRenewMs);
  EXPECT_FALSE(slot().in_shadow());
  EXPECT_TRUE(bets_somewhere());
}

TEST_F(EngineBriefsTest, ItsOwnDayMayBeEarlierAndNeitherPastNorLater) {
  const auto past =
      engine_->put_brief("evening", brief(R"(,"renewBy":"2026-02-01T00:00:00Z")"), kUnsaid, 0);
  EXPECT_NE(past.error().message.find("#/renewBy: lies in the past"), std::string::npos);
  const auto late =
      engine_->put_brief("evening", brief(R"(,"renewBy":"2026-06-01T00:00:00Z")"), kUnsaid, 0);
  EXPECT_NE(late.error().message.find("#/renewBy: is later than 2026-05-04"), std::string::npos)
      << late.error().message;
  ASSERT_TRUE(
      engine_->put_brief("evening", brief(R"(,"renewBy":"2026-02-10T00:00:00Z")"), kUnsaid, 0));
  EXPECT_EQ(engine_->brief("evening")->due_ms(), *engine_->brief("evening")->renew_by_ms);
  pass(9 * kDayMs);
  EXPECT_EQ(*engine_->keep_bets(), 1u);
  EXPECT_TRUE(slot().in_shadow());
}

TEST_F(EngineBriefsTest, WhatLosesForPeopleIsNotRenewed) {
  ASSERT_TRUE(engine_->put_brief("evening", brief(), kUnsaid, 0));
  // Before there is a model half of the decisions explore both items; one of them is much worse.
  come(4000, 0.6, 0.01);
  const auto refused = engine_->renew_brief("evening", kWhy, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_NE(refused.error().message.find("'click' is losing"), std::string::npos)
      << refused.error().message;
  const Brief now = *engine_->brief("evening");
  const BriefCheck checked = check(now, brief_evidence(*engine_, now));
  EXPECT_EQ(checked.status, CheckState::kFail);
}

TEST_F(EngineBriefsTest, WhatIsRegisteredIsStampedAndNotTakenAway) {
  ASSERT_TRUE(engine_->put_brief("evening", brief(), kUnsaid, 0));
  pass(kDayMs);
  std::string easier = brief();
  easier.replace(easier.find("0.02"), 4, "0.01");
  const auto silent = engine_->put_brief("evening", easier, kUnsaid, {});
  ASSERT_FALSE(silent);
  EXPECT_NE(silent.error().message.find("(impact/customer/target)"), std::string::npos);
  EXPECT_FALSE(engine_->put_brief("evening", easier, {"test", "one\ntwo"}, {}));
  const auto stamped = engine_->put_brief("evening", easier, kWhy, {});
  ASSERT_TRUE(stamped) << stamped.error().message;
  ASSERT_EQ(stamped->changes.size(), 1u);
  EXPECT_EQ(stamped->changes[0].what, std::vector<std::string>{"impact/customer/target"});
  EXPECT_EQ(stamped->changes[0].at_ms, clock_.now_ms());
  EXPECT_EQ(stamped->registered_at_ms, kBegin);
  const auto taken = engine_->put_brief("evening", unfinished(), kWhy, {});
  EXPECT_NE(taken.error().message.find("is missing, and brief 'evening' is registered"),
            std::string::npos);
  // Not from outside either.
  EXPECT_FALSE(engine_->put_brief("evening", brief(R"(,"changes":[])"), kWhy, {}));
  EXPECT_EQ(engine_->put_brief("evening", easier, kWhy, 0).error().code, ErrorCode::kConflict);
  // What is not registered needs no why and leaves no stamp.
  ASSERT_TRUE(engine_->put_brief("evening", easier.replace(easier.find("Evening"), 7, "Morning"),
                                 kUnsaid, {}));
  EXPECT_EQ(engine_->brief("evening")->changes.size(), 1u);
}

TEST_F(EngineBriefsTest, IsDeletedWhenNoSlotNamesIt) {
  ASSERT_TRUE(engine_->put_brief("evening", brief(), kUnsaid, 0));
  EXPECT_EQ(engine_->delete_object(kBriefObjectType, "evening", kUnsaid, {}).error().code,
            ErrorCode::kConflict);
  put_slot("null");
  ASSERT_TRUE(engine_->delete_object(kBriefObjectType, "evening", kUnsaid, {}));
  EXPECT_FALSE(engine_->brief("evening"));
  EXPECT_TRUE(engine_->briefs().empty());
}

TEST_F(EngineBriefsTest, ABetWaitsForTheBriefAndHoldsIt) {
  const std::string bet =
      R"({"need":"n","slot":"home","owner":"ines","audience":{"everybody":true},)"
      R"("content":{"items":["bet"]},"expires":"2026-03-01T00:00:00Z"})";
  ASSERT_TRUE(engine_->put_bet("b", bet, kUnsaid, 0));
  const auto early = engine_->move_bet("b", BetState::kSmallStake, kUnsaid, {});
  ASSERT_FALSE(early);
  EXPECT_NE(early.error().message.find("because there is no brief 'evening'"), std::string::npos)
      << early.error().message;
  ASSERT_TRUE(engine_->put_brief("evening", brief(), kUnsaid, 0));
  ASSERT_TRUE(engine_->move_bet("b", BetState::kSmallStake, kUnsaid, {}));
  const auto other = engine_->put_slot("home", R"({"brief":"none such"})", kUnsaid, {});
  EXPECT_EQ(other.error().code, ErrorCode::kConflict);
}

// A slot that never bets: everybody gets the safe default, whatever was promised.
TEST_F(EngineBriefsTest, PromisedDifferentAndServedTheSame) {
  ASSERT_TRUE(engine_->put_brief("evening", brief(), kUnsaid, 0));
  ASSERT_TRUE(engine_->put_slot("home",
                                R"({"limit":1,"safeDefault":{"items":["safe"]},"stake":0,)"
                                R"("holdout":0.2,"goal":{"windowMs":60000},"brief":"evening"})",
                                kUnsaid, {}));
  come(400, 0.5, 0.5);
  const Brief now = *engine_->brief("evening");
  const BriefCheck checked = check(now, brief_evidence(*engine_, now));
  const auto line = std::ranges::find(checked.lines, "difference", &BriefCheckLine::name);
  ASSERT_NE(line, checked.lines.end());
  EXPECT_EQ(line->state, CheckState::kFail);
  EXPECT_NE(line->sentence.find("100 % saw the same"), std::string::npos) << line->sentence;
}

TEST_F(EngineBriefsTest, TheEvidenceIsWhatTheLogSays) {
  ASSERT_TRUE(engine_->put_brief("evening", brief(), kUnsaid, 0));
  come(300, 0.5, 0.5);
  Event event;
  event.name = "Article Read";
  event.consent = Consent{.profile = false};
  note(RecordKind::kEvent, PersonHash{{1, 1}}, encode(event));
  store_noted();
  const BriefEvidence evidence = brief_evidence(*engine_, *engine_->brief("evening"));
  EXPECT_TRUE(evidence.slot_exists && evidence.slot_uses_it && !evidence.in_shadow);
  EXPECT_EQ(evidence.people, 300u);
  EXPECT_TRUE(evidence.has_base);
  EXPECT_GT(evidence.smallest_lift.value_or(0), 0);
  ASSERT_EQ(evidence.arrivals.size(), 1u);
  EXPECT_EQ(evidence.arrivals[0].total, 1u);
  EXPECT_EQ(evidence.arrivals[0].allowed, 0u);
  EXPECT_GT(evidence.different.n, 0u);
  ASSERT_EQ(evidence.metrics.size(), 1 + built_in_metrics().size());
  EXPECT_EQ(evidence.metrics[0].metric_class, MetricClass::kProxy);
  EXPECT_TRUE(std::ranges::any_of(evidence.metrics, [](const MeasuredMetric& metric) {
    return metric.id == "job-done" && metric.metric_class == MetricClass::kPerson;
  }));
  EXPECT_EQ(person_measure(*engine_->brief("evening"), evidence)->id, "click");
}

TEST_F(EngineBriefsTest, IsTheSameAfterARestartAndARebuild) {
  ASSERT_TRUE(engine_->put_brief("evening", brief(), kUnsaid, 0));
  come(100, 0.5, 0.5);
  pass(92 * kDayMs);
  ASSERT_TRUE(engine_->keep_bets());
  ASSERT_TRUE(engine_->renew_brief("evening", kWhy, {}));
  const Brief before = *engine_->brief("evening");
  const std::string counts = engine_->reports().event_counts.save();
  const auto compared = rebuild_and_compare(*engine_);
  ASSERT_TRUE(compared);
  for (const auto& [fold, is_same] : *compared) EXPECT_TRUE(is_same) << fold;
  ASSERT_TRUE(engine_->stop());
  engine_.reset();
  start(8);
  EXPECT_EQ(*engine_->brief("evening"), before);
  EXPECT_EQ(engine_->reports().event_counts.save(), counts);
  EXPECT_FALSE(slot().in_shadow());
}

}  // namespace
}  // namespace ante
