#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "profile/features.h"
#include "profile/person_state.h"
#include "profile/test_records.h"
#include "profile/unanswered.h"

namespace ante {
namespace {

// One person and the clock of the test.
class FoldTest : public ::testing::Test {
 protected:
  const CommittedRecord& act(const Event& event, DurationMs later_ms = kSecondMs) {
    now_ms_ += later_ms;
    const CommittedRecord& record = log_.event(person_, now_ms_, event);
    fold(state_, record);
    return record;
  }
  void act_late(const Event& event, DurationMs earlier_ms) {
    fold(state_, log_.add(RecordKind::kEvent, person_, now_ms_ - earlier_ms, encode(event)));
  }
  TopicAffinity affinity(std::string_view topic) const {
    const TopicKey key = topic_key(topic);
    return topic_affinity(state_, std::span(&key, 1), now_ms_);
  }

  PersonHash person_ = test_person(7);
  TimeMs now_ms_ = kTestStartMs;
  TestLog log_;
  PersonState state_;
};

TEST_F(FoldTest, AViewIsCountedRememberedAndSpreadOverItsTopics) {
  act(test_event(EventKind::kViewed, {test_item("a", {"cars", "gear"})}));
  EXPECT_EQ(state_.events, 1u);
  EXPECT_EQ(state_.visits, 1u);
  EXPECT_EQ(state_.first_seen_ms, now_ms_);
  EXPECT_EQ(state_.last_seen_ms, now_ms_);
  EXPECT_EQ(state_.folded, 1u);
  ASSERT_EQ(state_.recent.size(), 1u);
  EXPECT_EQ(state_.recent[0].item, item_key("a"));
  EXPECT_FLOAT_EQ(affinity("cars").visit, 1 / std::sqrt(2.0F));
  EXPECT_FLOAT_EQ(affinity("cars").lasting, affinity("gear").lasting);
  EXPECT_EQ(affinity("fashion"), TopicAffinity{});
}

TEST_F(FoldTest, AReadOutweighsAClickAndTheEndOutweighsAnyDepth) {
  const auto weight_of = [](const Event& event) {
    TestLog log;
    PersonState state;
    fold(state, log.event(test_person(1), kTestStartMs, event));
    return state.topics.at(0).lasting;
  };
  Event read = test_event(EventKind::kArticleRead, {test_item("a", {"cars"})});
  Event click = read;
  click.kind = EventKind::kClicked;
  const float bare = weight_of(read);
  EXPECT_GT(bare, weight_of(click));
  read.depth_percent = 100;
  const float deep = weight_of(read);
  EXPECT_GT(deep, bare);
  read.active_ms = 10 * 60 * 1000;
  const float deep_and_long = weight_of(read);
  EXPECT_GT(deep_and_long, deep);
  read.depth_percent.reset();
  read.active_ms.reset();
  read.finished = true;
  EXPECT_GT(weight_of(read), deep_and_long);
}

TEST_F(FoldTest, NotForMeActsOnTheVeryNextView) {
  act(test_event(EventKind::kViewed, {test_item("a", {"cars"}, "g")}));
  ASSERT_FALSE(is_hidden(state_, item_key("a"), item_key("g")));
  act(test_event(EventKind::kNotForMe, {test_item("a", {"cars"}, "g")}));
  EXPECT_TRUE(is_hidden(state_, item_key("a"), {}));
  EXPECT_TRUE(is_hidden(state_, item_key("variant"), item_key("g")));
  EXPECT_FALSE(is_hidden(state_, item_key("b"), {}));
}

TEST_F(FoldTest, AReasonTouchesOnlyWhatItNames) {
  struct Case {
    const char* reason;
    bool topic_refused, owned, fact;
  };
  for (const Case& c : {Case{"", false, false, false}, Case{"other", false, false, false},
                        Case{"topic", true, false, false}, Case{"owned", false, true, false},
                        Case{"brand", false, false, true}, Case{"price", false, false, true}}) {
    SCOPED_TRACE(c.reason);
    TestLog log;
    PersonState state;
    fold(state, log.event(person_, kTestStartMs,
                          test_event(EventKind::kViewed, {test_item("a", {"cars"})})));
    const float before = state.topics.at(0).lasting;
    Event no = test_event(EventKind::kNotForMe, {test_item("a", {"cars"})});
    no.reason = c.reason;
    fold(state, log.event(person_, kTestStartMs + 1, no));
    EXPECT_TRUE(is_hidden(state, item_key("a"), {}));
    EXPECT_EQ(state.topics.at(0).lasting, before);
    EXPECT_EQ(state.topics.at(0).told < 0, c.topic_refused);
    EXPECT_EQ(!state.hidden_topics.empty(), c.topic_refused);
    EXPECT_EQ(is_bought(state, item_key("a"), {}), c.owned);
    EXPECT_EQ(!state.facts.empty(), c.fact);
    EXPECT_EQ(state.purchases, 0u);
  }
}

TEST_F(FoldTest, ARefusalOfOneOfSeveralTopicsIsAskedTwiceBeforeItHides) {
  Event no = test_event(EventKind::kNotForMe, {test_item("a", {"cars", "gear"})});
  no.reason = "topic";
  act(no);
  EXPECT_TRUE(state_.hidden_topics.empty());
  EXPECT_EQ(affinity("cars").told, -4);
  act(no);
  EXPECT_TRUE(affinity("cars").hidden);
}

TEST_F(FoldTest, AGiftLeavesNoInterestBehind) {
  act(test_event(EventKind::kViewed, {test_item("tent", {"outdoor"})}));
  const PersonState before = state_;
  const EventItem dress = test_item("dress", {"fashion"});
  act(test_event(EventKind::kViewed, {dress}));
  act(test_event(EventKind::kPurchased, {dress}));
  EXPECT_GT(affinity("fashion").lasting, 0);
  Event gift = test_event(EventKind::kNotForMe, {dress});
  gift.reason = "gift";
  act(gift);
  EXPECT_NEAR(affinity("fashion").lasting, 0, 1e-3);
  EXPECT_EQ(own_history(state_, dress.key), OwnHistory{});
  EXPECT_EQ(state_.recent, before.recent);
  EXPECT_TRUE(is_bought(state_, dress.key, {}));
  EXPECT_NEAR(affinity("outdoor").lasting, 1, 1e-3);
}

TEST_F(FoldTest, APurchaseIsBoughtWithItsVariantsUntilRefunded) {
  act(test_event(EventKind::kPurchased, {test_item("red", {"cars"}, "shirt")}));
  EXPECT_EQ(state_.purchases, 1u);
  EXPECT_TRUE(is_bought(state_, item_key("red"), {}));
  EXPECT_TRUE(is_bought(state_, item_key("blue"), item_key("shirt")));
  EXPECT_EQ(own_history(state_, item_key("red")).bought, 1);
  act(test_event(EventKind::kRefunded, {test_item("red", {"cars"}, "shirt")}));
  EXPECT_FALSE(is_bought(state_, item_key("red"), item_key("shirt")));
  EXPECT_EQ(own_history(state_, item_key("red")).bought, 0);
  EXPECT_EQ(state_.visits, 1u);
}

TEST_F(FoldTest, OwnHistoryCountsReturnsNotClicks) {
  const Event view = test_event(EventKind::kViewed, {test_item("a")});
  act(view);
  act(view);
  EXPECT_EQ(own_history(state_, item_key("a")).count, 1);
  EXPECT_TRUE(state_.own.empty());
  act(view, kVisitGapMs + kMinuteMs);
  EXPECT_EQ(own_history(state_, item_key("a")).count, 2);
  EXPECT_EQ(state_.own.size(), 1u);
}

TEST_F(FoldTest, TellingMovesWhatIsToldWithinItsBounds) {
  Event follow = test_event(EventKind::kTopicFollowed);
  follow.topics = {topic_key("cars")};
  act(follow);
  act(follow);
  EXPECT_EQ(affinity("cars").told, 4);
  Event more = test_event(EventKind::kMoreLikeThis, {test_item("a", {"cars"})});
  for (int i = 0; i < 9; ++i) act(more);
  EXPECT_EQ(affinity("cars").told, kToldMax);
  Event less = more;
  less.kind = EventKind::kLessLikeThis;
  for (int i = 0; i < 9; ++i) act(less);
  EXPECT_EQ(affinity("cars").told, -kToldMax);
  EXPECT_TRUE(affinity("cars").hidden);
  act(follow);
  EXPECT_FALSE(affinity("cars").hidden);
  EXPECT_EQ(affinity("cars").told, 4);
  Event unfollow = follow;
  unfollow.kind = EventKind::kTopicUnfollowed;
  act(unfollow);
  EXPECT_EQ(affinity("cars").told, 0);
}

TEST_F(FoldTest, PinsComeAndGo) {
  const EventItem item = test_item("a", {"cars"});
  act(test_event(EventKind::kNotForMe, {item}));
  act(test_event(EventKind::kPinned, {item}));
  act(test_event(EventKind::kPinned, {item}));
  EXPECT_TRUE(is_pinned(state_, item.key));
  EXPECT_FALSE(is_hidden(state_, item.key, {}));  // the later word counts
  EXPECT_EQ(affinity("cars").told, 1);
  act(test_event(EventKind::kUnpinned, {item}));
  act(test_event(EventKind::kUnpinned, {item}));
  EXPECT_FALSE(is_pinned(state_, item.key));
  EXPECT_EQ(affinity("cars").told, 0);
}

TEST_F(FoldTest, AVisitEndsAfterThirtyMinutes) {
  Event search = test_event(EventKind::kSearched);
  search.query = "black dress";
  act(test_event(EventKind::kViewed, {test_item("a", {"cars"})}));
  act(search, kVisitGapMs);
  EXPECT_EQ(state_.visits, 1u);
  EXPECT_EQ(state_.last_query, "black dress");
  const TimeMs second_ms = now_ms_ + kVisitGapMs + 1;
  act(test_event(EventKind::kViewed, {test_item("b", {"gear"})}), kVisitGapMs + 1);
  EXPECT_EQ(state_.visits, 2u);
  EXPECT_EQ(state_.visit_started_ms, second_ms);
  EXPECT_EQ(affinity("cars").visit, 0);
  EXPECT_GT(affinity("cars").lasting, 0);
  EXPECT_EQ(affinity("gear").visit, 1);
  EXPECT_TRUE(state_.last_query.empty());
}

TEST_F(FoldTest, OneEveningMovesALastingTasteByAtMostTheCap) {
  for (int i = 0; i < 40; ++i) {
    act(test_event(EventKind::kViewed, {test_item("a" + std::to_string(i), {"cars"})}));
  }
  EXPECT_EQ(affinity("cars").visit, 40);
  EXPECT_LE(affinity("cars").lasting, kVisitLastingMax);
  EXPECT_GT(affinity("cars").lasting, 0.99F * kVisitLastingMax);
}

TEST_F(FoldTest, LastingInterestHalvesInThreeWeeks) {
  act(test_event(EventKind::kViewed, {test_item("a", {"cars"})}));
  now_ms_ += kLongInterestHalfLifeMs;
  EXPECT_NEAR(affinity("cars").lasting, 0.5, 1e-5);
}

TEST_F(FoldTest, ALateRecordGivesDecayedEvidenceAndNoNewVisit) {
  act(test_event(EventKind::kViewed, {test_item("a", {"cars"})}));
  const TimeMs started_ms = state_.visit_started_ms;
  act_late(test_event(EventKind::kViewed, {test_item("b", {"cars"})}), kLongInterestHalfLifeMs);
  EXPECT_EQ(state_.visits, 1u);
  EXPECT_EQ(state_.visit_started_ms, started_ms);
  EXPECT_EQ(state_.last_seen_ms, now_ms_);
  EXPECT_NEAR(affinity("cars").lasting, 1.5, 1e-4);
  EXPECT_EQ(affinity("cars").visit, 1);
  EXPECT_EQ(state_.recent.front().item, item_key("a"));
  EXPECT_EQ(state_.recent.back().item, item_key("b"));
  for (int i = 0; i < 100; ++i)
    act_late(test_event(EventKind::kViewed, {test_item("c", {"cars"})}), kDayMs);
  EXPECT_LE(affinity("cars").lasting, kVisitLastingMax);
}

TEST_F(FoldTest, WithoutConsentNothingIsNoticedAndWhatIsToldStays) {
  Event view = test_event(EventKind::kViewed, {test_item("a", {"cars"})});
  view.consent = Consent{.store = true, .profile = false};
  act(view);
  act(test_event(EventKind::kPurchased, {test_item("a", {"cars"})}));
  EXPECT_EQ(state_.events, 2u);
  EXPECT_TRUE(state_.recent.empty() && state_.topics.empty() && state_.bought.empty() &&
              state_.own.empty());
  act(test_event(EventKind::kNotForMe, {test_item("a", {"cars"})}));
  EXPECT_TRUE(is_hidden(state_, item_key("a"), {}));
  const Consent again{};
  fold(state_, log_.add(RecordKind::kConsent, person_, now_ms_,
                        std::string(1, static_cast<char>(consent_bits(again)))));
  Event silent = test_event(EventKind::kViewed, {test_item("b", {"cars"})});
  silent.use_for_decisions = false;
  act(silent);
  EXPECT_TRUE(state_.recent.empty());
  act(test_event(EventKind::kViewed, {test_item("b", {"cars"})}));
  EXPECT_EQ(state_.recent.size(), 1u);
}

TEST_F(FoldTest, FactsKeepTheirSourceAndTheNewestWins) {
  const auto facts = [&](std::vector<Fact> list) {
    fold(state_, log_.add(RecordKind::kFacts, person_, now_ms_, encode(FactSet{std::move(list)})));
  };
  facts({{.name = "plan",
          .value_json = "\"gold\"",
          .provenance = Provenance::kImported,
          .at_ms = 100,
          .expires_at_ms = {}},
         {.name = "plan",
          .value_json = "\"free\"",
          .provenance = Provenance::kTold,
          .at_ms = 50,
          .expires_at_ms = {}},
         {.name = "ante.paused",
          .value_json = "true",
          .provenance = Provenance::kTold,
          .at_ms = 1,
          .expires_at_ms = {}}});
  EXPECT_EQ(state_.facts.size(), 2u);
  EXPECT_TRUE(state_.paused);
  facts({{.name = "plan",
          .value_json = "\"old\"",
          .provenance = Provenance::kImported,
          .at_ms = 99,
          .expires_at_ms = {}}});
  EXPECT_EQ(state_.facts[0].value_json, "\"gold\"");
  facts({{.name = "plan",
          .value_json = "null",
          .provenance = Provenance::kImported,
          .at_ms = 101,
          .expires_at_ms = {}},
         {.name = "long",
          .value_json = std::string(kFactValueBytesMax + 1, '1'),
          .provenance = Provenance::kImported,
          .at_ms = 1,
          .expires_at_ms = {}},
         {.name = "sale",
          .value_json = "1",
          .provenance = Provenance::kImported,
          .at_ms = 1,
          .expires_at_ms = now_ms_ + 5}});
  ASSERT_EQ(state_.facts.size(), 2u);
  now_ms_ += kSecondMs;
  facts({});
  ASSERT_EQ(state_.facts.size(), 1u);
  EXPECT_EQ(state_.facts[0].provenance, Provenance::kTold);
}

TEST_F(FoldTest, OnlyVerifiedLinksJoin) {
  const auto link = [&](std::uint64_t other, bool verified) {
    const Link body{.other = test_person(other), .other_first_seen_ms = 5, .verified = verified};
    fold(state_, log_.add(RecordKind::kLink, person_, now_ms_, encode(body)));
  };
  link(8, false);
  link(7, true);  // oneself
  EXPECT_TRUE(state_.links.empty());
  for (int twice = 0; twice < 2; ++twice) {
    for (std::uint64_t i = 20; i < 60; ++i) link(i, true);
  }
  EXPECT_EQ(state_.links.size(), kLinkMembersMax - 1);
  EXPECT_EQ(state_.links.front().other, test_person(20));
}

TEST_F(FoldTest, ShownIsActivatedNotDecided) {
  Decision decision;
  decision.slot = slot_key("home");
  decision.at_ms = now_ms_;
  fold(state_, log_.add(RecordKind::kDecision, person_, now_ms_, encode(decision)));
  EXPECT_TRUE(state_.exposures.empty());
  decision.activated = true;
  fold(state_, log_.add(RecordKind::kDecision, person_, now_ms_, encode(decision)));
  Activation activation;
  activation.slot = slot_key("home");
  now_ms_ += kMinuteMs;
  fold(state_, log_.add(RecordKind::kActivation, person_, now_ms_, encode(activation)));
  ASSERT_EQ(state_.exposures.size(), 1u);
  EXPECT_EQ(state_.exposures[0].shown, 2u);
  EXPECT_EQ(state_.exposures[0].last_s - state_.exposures[0].first_s, 60u);
  EXPECT_EQ(state_.events, 0u);
}

TEST_F(FoldTest, WhatIsShownCountsUntilItIsAnswered) {
  Decision decision;
  decision.slot = slot_key("home");
  decision.at_ms = now_ms_;
  decision.served = {{item_key("a"), "a", 1, 255, {}}, {item_key("b"), "b", 1, 255, {}}};
  fold(state_, log_.add(RecordKind::kDecision, person_, now_ms_, encode(decision)));
  EXPECT_TRUE(state_.shown.empty());  // decided is not shown
  decision.activated = true;
  for (int i = 0; i < 3; ++i)
    fold(state_, log_.add(RecordKind::kDecision, person_, now_ms_, encode(decision)));
  ASSERT_EQ(state_.shown.size(), 2u);
  EXPECT_EQ(times_shown(state_.shown[1], now_ms_, 7), 3u);
  EXPECT_EQ(state_.unanswered, 3u);
  EXPECT_EQ(decode_person_state(encode(state_)).value(), state_);
  Reward reward;
  reward.item = item_key("b");
  reward.value = 0;
  fold(state_, log_.add(RecordKind::kReward, person_, now_ms_, encode(reward)));
  EXPECT_EQ(state_.shown.size(), 2u);
  reward.value = 1;
  fold(state_, log_.add(RecordKind::kReward, person_, now_ms_, encode(reward)));
  ASSERT_EQ(state_.shown.size(), 1u);
  EXPECT_EQ(state_.shown[0].item, item_key("a"));
  EXPECT_EQ(state_.unanswered, 0u);
}

TEST_F(FoldTest, ErasureLeavesNothingAndRebuildsTheSame) {
  Random random(5);
  for (int i = 0; i < 50; ++i) fold(state_, add_random_record(log_, random, person_, now_ms_));
  const std::size_t content = log_.records().size();
  fold(state_, log_.add(RecordKind::kErase, person_, now_ms_, ""));
  PersonState nothing = empty_state(person_);
  nothing.erased = true;
  nothing.folded = content + 1;
  EXPECT_EQ(state_, nothing);
  act(test_event(EventKind::kViewed, {test_item("z", {"new"})}));

  // A rebuild reads empty records where the content was.
  PersonState rebuilt;
  for (std::size_t i = 0; i < log_.records().size(); ++i) {
    CommittedRecord record = log_.records()[i];
    if (i < content) {
      record.header.kind = RecordKind::kErased;
      record.body = {};
    }
    fold(rebuilt, record);
  }
  EXPECT_EQ(encode(rebuilt), encode(state_));
}

TEST_F(FoldTest, DamagedBodiesMoveOnlyTheSequence) {
  act(test_event(EventKind::kViewed, {test_item("a", {"cars"})}));
  PersonState before = state_;
  for (const RecordKind kind :
       {RecordKind::kEvent, RecordKind::kFacts, RecordKind::kLink, RecordKind::kDecision,
        RecordKind::kActivation, RecordKind::kConsent}) {
    fold(state_, log_.add(kind, person_, now_ms_, "\xff\xff broken"));
    before.folded = log_.records().size();
    EXPECT_EQ(state_, before);
  }
}

TEST_F(FoldTest, ClocksYearsOffGiveNoNegativeDurations) {
  act(test_event(EventKind::kViewed, {test_item("a", {"cars"})}));
  for (const TimeMs at_ms : {TimeMs{-5}, TimeMs{0}, TimeMs{1}, now_ms_ + 10'000 * kDayMs}) {
    CommittedRecord record =
        log_.event(person_, now_ms_, test_event(EventKind::kViewed, {test_item("b", {"cars"})}));
    record.header.occurred_at = at_ms;
    fold(state_, record);
    EXPECT_GE(state_.last_seen_ms, state_.visit_started_ms);
    EXPECT_LE(state_.last_seen_ms, record.header.received_at);
    EXPECT_TRUE(std::isfinite(state_.topics.at(0).lasting));
  }
  EXPECT_EQ(state_.visits, 1u);
}

TEST_F(FoldTest, EveryListHasItsLimit) {
  Random random(11);
  for (int i = 0; i < 20'000; ++i) {
    TimeMs& now = now_ms_;
    fold(state_, add_random_record(log_, random, person_, now));
    if (i % 500 != 0) continue;
    EXPECT_LE(state_.recent.size(), kRecentItemsMax);
    EXPECT_LE(state_.own.size(), kOwnItemsMax);
    EXPECT_LE(state_.bought.size(), kBoughtItemsMax);
    EXPECT_LE(state_.hidden.size(), kHiddenItemsMax);
    EXPECT_LE(state_.pinned.size(), kPinnedItemsMax);
    EXPECT_LE(state_.topics.size(), kTopicInterestsMax);
    EXPECT_LE(state_.hidden_topics.size(), kHiddenTopicsMax);
    EXPECT_LE(state_.exposures.size(), kSlotExposuresMax);
    EXPECT_LE(state_.facts.size(), kPersonFactsMax);
    EXPECT_LE(state_.links.size(), kLinkMembersMax - 1);
  }
  EXPECT_EQ(state_.recent.size(), kRecentItemsMax);
  EXPECT_EQ(state_.topics.size(), kTopicInterestsMax);
  EXPECT_LT(encode(state_).size(), 16u * 1024);
}

TEST_F(FoldTest, ALongQueryIsCutBetweenCharacters) {
  Event search = test_event(EventKind::kSearched);
  for (int i = 0; i < 150; ++i) search.query += "ü";
  act(search);
  EXPECT_EQ(state_.last_query.size(), 200u);
  search.query = "x" + search.query;
  act(search);
  EXPECT_EQ(state_.last_query.size(), 199u);
}

}  // namespace
}  // namespace ante
