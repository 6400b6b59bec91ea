#include "reward/joiner.h"

#include <map>

#include <gtest/gtest.h>

#include "domain/event.h"
#include "domain/slot.h"
#include "reward/reward_scales.h"
#include "reward/slot_goals.h"

namespace ante {
namespace {

constexpr TimeMs kStart = 1'700'000'000'000;
constexpr DurationMs kWindow = 30 * kMinuteMs;

PersonHash person(std::uint64_t n) { return PersonHash{{n << 56, n + 1}}; }
DecisionId decision_id(std::uint64_t n) {
  return DecisionId{{static_cast<std::uint64_t>(kStart) << 16, n}};
}

class Rows final : public RewardSink {
 public:
  void matured(const RewardRow& row) override { rows.push_back(row); }
  std::vector<RewardRow> rows;
};

Slot make_slot(const std::string& name, const std::string& goal) {
  Slot slot;
  slot.name = name;
  slot.key = slot_key(name);
  slot.goal_event = goal;
  slot.goal_window_ms = kWindow;
  slot.goal_value = 2;
  return slot;
}

Decision make_decision(std::uint64_t n, std::uint64_t who, std::vector<std::string> items) {
  Decision decision;
  decision.id = decision_id(n);
  decision.people = {person(who)};
  decision.slot = slot_key("home");
  decision.slot_name = "home";
  decision.at_ms = kStart;
  decision.outcome = Outcome::kBet;
  decision.activated = true;
  for (const std::string& id : items) {
    HandItem hand;
    hand.item = item_key(id);
    hand.probability = 0.25F;
    hand.features[3] = 9;
    decision.hand.push_back(hand);
    decision.served.push_back({item_key(id),
                               id,
                               0.5F,
                               static_cast<std::uint8_t>(decision.hand.size() - 1),
                               {topic_key("t-" + id)}});
  }
  return decision;
}

class JoinerTest : public testing::Test {
 protected:
  JoinerTest() { put_slot(make_slot("home", "click")); }

  void put(RecordKind kind, std::uint64_t who, TimeMs occurred, TimeMs received,
           const std::string& body) {
    RecordHeader header;
    header.kind = kind;
    header.person = person(who);
    header.occurred_at = occurred;
    header.received_at = received;
    ++sequence;
    joiner.consume({Commit{sequence}, partition_of(person(who)), Sequence{sequence}, header, body});
  }
  void put_slot(const Slot& slot) {
    Object object{"slot", slot.name, ++sequence, false, "me", "test", slot_to_json(slot)};
    put(RecordKind::kObject, 0, kStart, kStart, encode(object));
  }
  void put(const Decision& decision) {
    put(RecordKind::kDecision, decision.people.front().value.hi >> 56, decision.at_ms,
        decision.at_ms, encode(decision));
  }
  void put_reward(std::uint64_t n, std::uint64_t who, const std::string& item,
                  std::uint8_t position, TimeMs at, double value = 1,
                  const std::string& measure = "click") {
    Reward reward;
    reward.decision = decision_id(n);
    reward.slot = slot_key("home");
    reward.item = item_key(item);
    reward.position = position;
    reward.measure = measure;
    reward.value = value;
    put(RecordKind::kReward, who, at, at, encode(reward));
  }
  void put_click(std::uint64_t who, const std::string& item, TimeMs occurred, TimeMs received,
                 std::optional<std::uint64_t> claimed = {}) {
    Event event;
    event.kind = EventKind::kClicked;
    event.name = "Article Clicked";
    EventItem clicked;
    clicked.id = item;
    clicked.key = item_key(item);
    event.items = {clicked};
    if (claimed) event.decision = decision_id(*claimed);
    put(RecordKind::kEvent, who, occurred, received, encode(event));
  }
  void pass(TimeMs until) { put(RecordKind::kFacts, 9, until, until, ""); }
  void close() { pass(kStart + kWindow + 1); }

  Rows sink;
  Joiner joiner{{&sink}};
  std::uint64_t sequence = 0;
};

TEST_F(JoinerTest, ShownPlacementsMatureOnceWhenTheWindowCloses) {
  put(make_decision(1, 1, {"a", "b"}));
  put_reward(1, 1, "b", 2, kStart + 5);
  pass(kStart + kWindow);
  EXPECT_TRUE(joiner.is_waiting(decision_id(1)));
  EXPECT_FALSE(joiner.is_waiting(decision_id(2)));
  EXPECT_TRUE(sink.rows.empty());  // unknown, not zero
  close();
  EXPECT_FALSE(joiner.is_waiting(decision_id(1)));
  ASSERT_EQ(sink.rows.size(), 2U);
  EXPECT_EQ(sink.rows[0].item, item_key("a"));
  EXPECT_EQ(sink.rows[0].reward, 0);
  EXPECT_EQ(sink.rows[1].reward, 2);
  EXPECT_EQ(sink.rows[1].position, 2);
  EXPECT_EQ(sink.rows[1].propensity, 0.5F);
  EXPECT_EQ(sink.rows[1].features[3], 9);
  EXPECT_EQ(sink.rows[1].topics, std::vector<TopicKey>{topic_key("t-b")});
  EXPECT_EQ(sink.rows[1].predicted, 0.25F);
  EXPECT_EQ(sink.rows[1].matured_ms, kStart + kWindow);
  pass(kStart + 10 * kWindow);
  EXPECT_EQ(sink.rows.size(), 2U);
  EXPECT_EQ(joiner.status().pending, 0U);
}

TEST_F(JoinerTest, ARewardCountsOnceAndAForgedOneNever) {
  put(make_decision(1, 1, {"a", "b"}));
  for (int i = 0; i < 3; ++i) put_reward(1, 1, "a", 1, kStart + 5);
  put_reward(1, 1, "a", 2, kStart + 5);  // not at that place
  put_reward(1, 1, "z", 1, kStart + 5);  // never served
  put_reward(1, 1, "a", 0, kStart + 5);  // no place
  put_reward(1, 1, "a", 200, kStart + 5);
  put_reward(7, 1, "a", 1, kStart + 5);             // of no decision
  put_reward(1, 1, "b", 2, kStart + 5, 1, "glad");  // another measure: counted, not the goal
  close();
  ASSERT_EQ(sink.rows.size(), 2U);
  EXPECT_EQ(sink.rows[0].reward, 2);
  EXPECT_EQ(sink.rows[1].reward, 0);
  EXPECT_EQ(joiner.status().rewards, 2U);
  EXPECT_EQ(joiner.status().rewards_repeated, 2U);
  EXPECT_EQ(joiner.status().rewards_unjoined, 5U);
}

TEST_F(JoinerTest, AClickIsCreditedToTheLatestDecisionThatShowedIt) {
  put(make_decision(1, 1, {"a", "b"}));
  Decision later = make_decision(2, 1, {"a"});
  later.at_ms += kMinuteMs;
  put(later);
  put_click(1, "a", kStart + 2 * kMinuteMs, kStart + 2 * kMinuteMs);
  put_click(1, "b", kStart + 2 * kMinuteMs, kStart + 2 * kMinuteMs);
  put_click(1, "b", kStart + 3 * kMinuteMs, kStart + 3 * kMinuteMs);  // again: it happened, once
  put_click(2, "a", kStart + 2 * kMinuteMs, kStart + 2 * kMinuteMs);  // somebody else
  pass(kStart + 2 * kWindow);
  ASSERT_EQ(sink.rows.size(), 3U);
  EXPECT_EQ(sink.rows[0].reward, 0);  // a, first decision
  EXPECT_EQ(sink.rows[1].reward, 2);  // b
  EXPECT_EQ(sink.rows[2].reward, 2);  // a, second decision
}

TEST_F(JoinerTest, OutcomesOutsideTheWindowAreNotCredited) {
  put(make_decision(1, 1, {"a", "b", "c"}));
  put_click(1, "a", kStart - 1, kStart + 5);                      // before it was shown
  put_click(1, "b", kStart + kWindow, kStart + kWindow);          // at its last moment
  put_click(1, "c", kStart + kWindow - 5, kStart + kWindow + 1);  // received when it has closed
  close();
  ASSERT_EQ(sink.rows.size(), 3U);
  EXPECT_EQ(sink.rows[0].reward, 0);
  EXPECT_EQ(sink.rows[1].reward, 2);
  EXPECT_EQ(sink.rows[2].reward, 0);
}

TEST_F(JoinerTest, WhatWasNotShownGivesNoRow) {
  Decision deferred = make_decision(1, 1, {"a", "b"});
  deferred.activated = false;
  put(deferred);
  deferred.id = decision_id(2);
  put(deferred);
  Activation activation{decision_id(1), slot_key("home"), {item_key("b")}};
  put(RecordKind::kActivation, 1, kStart + kHourMs, kStart + kHourMs, encode(activation));
  put_click(1, "a", kStart + kHourMs + 5, kStart + kHourMs + 5);
  put_click(1, "b", kStart + kHourMs + 5, kStart + kHourMs + 5);
  pass(kStart + kHourMs + kWindow + 1);
  ASSERT_EQ(sink.rows.size(), 1U);  // the window runs from the activation
  EXPECT_EQ(sink.rows[0].item, item_key("b"));
  EXPECT_EQ(sink.rows[0].reward, 2);
  EXPECT_EQ(joiner.status().pending, 1U);
  pass(kStart + kActivationWaitMs + 1);
  EXPECT_EQ(joiner.status().pending, 0U);
  EXPECT_EQ(sink.rows.size(), 1U);
}

TEST_F(JoinerTest, AnEventCannotClaimAnotherPersonsDecision) {
  put(make_decision(1, 1, {"a"}));
  put(make_decision(2, 2, {"a"}));
  put_click(2, "a", kStart + 5, kStart + 5, 1);
  close();
  ASSERT_EQ(sink.rows.size(), 2U);
  EXPECT_EQ(sink.rows[0].reward + sink.rows[1].reward, 0);
}

TEST_F(JoinerTest, LinkedIdsAreOnePerson) {
  put(make_decision(1, 1, {"a"}));
  put(RecordKind::kLink, 2, kStart, kStart, encode(Link{person(1), kStart, true}));
  put(RecordKind::kLink, 3, kStart, kStart,
      encode(Link{person(1), kStart, false}));  // only claimed
  put_click(3, "a", kStart + 5, kStart + 5);
  Joiner copy{{&sink}};
  ASSERT_TRUE(copy.load(joiner.save()));
  EXPECT_EQ(copy.save(), joiner.save());
  put_click(2, "a", kStart + 5, kStart + 5);
  close();
  ASSERT_EQ(sink.rows.size(), 1U);
  EXPECT_EQ(sink.rows[0].reward, 2);
}

TEST_F(JoinerTest, NoConsentAndErasureGiveNoRows) {
  Decision decision = make_decision(1, 1, {"a"});
  decision.outcome = Outcome::kNoConsent;
  put(decision);
  put(make_decision(2, 2, {"a"}));
  put(RecordKind::kErase, 2, kStart + 1, kStart + 1, "");
  close();
  EXPECT_TRUE(sink.rows.empty());
}

// Holdout rows come with their arm: a sink that does not look at it learns from the holdout.
TEST_F(JoinerTest, HoldoutRowsCarryTheirArm) {
  Decision held = make_decision(1, 1, {"a"});
  held.arm = Arm::kHoldout;
  held.outcome = Outcome::kHoldout;
  put(held);
  put_reward(1, 1, "a", 1, kStart + 5);
  close();
  ASSERT_EQ(sink.rows.size(), 1U);
  EXPECT_EQ(sink.rows[0].arm, Arm::kHoldout);
  RewardScales scales;
  scales.matured(sink.rows[0]);
  scales.commit_consumed(Commit{1});
  EXPECT_TRUE(scales.scales().get()->empty());
}

TEST_F(JoinerTest, StateComesBackAndGoesOnTheSame) {
  for (std::uint64_t n = 0; n < 50; ++n) put(make_decision(n, n % 7, {"a", "b", "c"}));
  for (std::uint64_t n = 0; n < 50; n += 3) put_reward(n, n % 7, "b", 2, kStart + 5);
  Rows other;
  Joiner copy{{&other}};
  const std::string saved = joiner.save();
  ASSERT_TRUE(copy.load(saved));
  close();
  RecordHeader header;
  header.kind = RecordKind::kFacts;
  header.received_at = kStart + kWindow + 1;
  copy.consume({Commit{999}, Partition{0}, Sequence{999}, header, ""});
  ASSERT_EQ(other.rows.size(), 150U);
  ASSERT_EQ(sink.rows.size(), 150U);
  for (std::size_t i = 0; i < 150; ++i) {
    EXPECT_EQ(other.rows[i].decision, sink.rows[i].decision);
    EXPECT_EQ(other.rows[i].item, sink.rows[i].item);
    EXPECT_EQ(other.rows[i].reward, sink.rows[i].reward);
    EXPECT_EQ(other.rows[i].features, sink.rows[i].features);
  }
  for (std::size_t size = 0; size < saved.size(); size += 7) {
    Joiner damaged{{&other}};
    EXPECT_FALSE(damaged.load(saved.substr(0, size)));
  }
}

TEST_F(JoinerTest, TheOldestAreDroppedBeyondTheLimit) {
  const Decision decision = make_decision(0, 1, {"a"});
  for (std::uint64_t n = 0; n < kPendingDecisionsMax + 5; ++n) {
    Decision each = decision;
    each.id = decision_id(n + 1);
    each.people = {PersonHash{{n << 32, n}}};
    put(each);
  }
  EXPECT_EQ(joiner.status().pending, kPendingDecisionsMax);
  EXPECT_EQ(joiner.status().dropped, 5U);
}

TEST(SlotGoals, GoalsAreNamesKindsOrMeasures) {
  const auto event = [](EventKind kind, const std::string& name, bool finished = false) {
    Event e;
    e.kind = kind;
    e.name = name;
    e.finished = finished;
    return e;
  };
  struct Row {
    std::string goal;
    Event event;
    bool is;
  };
  const Row rows[] = {
      {"click", event(EventKind::kClicked, "Article Clicked"), true},
      {"Article Clicked", event(EventKind::kClicked, "article clicked"), true},
      {"read", event(EventKind::kArticleRead, "Article Read"), true},
      {"finish", event(EventKind::kArticleRead, "Article Read", true), true},
      {"purchase", event(EventKind::kPurchased, "Order Completed"), true},
      {"Signed Up", event(EventKind::kOther, "signed up"), true},
      {"finish", event(EventKind::kArticleRead, "Article Read"), false},
      {"click", event(EventKind::kViewed, "Article Viewed"), false},
      {"purchase", event(EventKind::kRefunded, "Order Refunded"), false},
      {"read", event(EventKind::kOther, "Book Read"), false},
      {"", event(EventKind::kOther, "x"), false},
  };
  for (const Row& row : rows)
    EXPECT_EQ(is_goal(make_slot("s", row.goal), row.event), row.is) << row.goal << row.event.name;
  Reward reward;
  reward.measure = "Job_Done";
  EXPECT_TRUE(is_goal(make_slot("s", "job_done"), reward));
  EXPECT_FALSE(is_goal(make_slot("s", "click"), reward));
  EXPECT_EQ(goal_micros(make_slot("s", "x"), -0.5), -1'000'000);
}

TEST(RewardScales, AreTheMeanAndDeviationOfTreatedRows) {
  RewardScales scales;
  RewardRow row;
  row.slot = slot_key("home");
  for (const double reward : {0.0, 0.0, 1.0, 3.0}) {
    row.reward = reward;
    scales.matured(row);
  }
  scales.commit_consumed(Commit{1});
  const RewardScale scale = scales.scales().get()->at(row.slot);
  EXPECT_EQ(scale.rewards, 4U);
  EXPECT_DOUBLE_EQ(scale.mean, 1);
  EXPECT_NEAR(scale.sd, 1.4142135623730951, 1e-12);
  RewardScales copy;
  ASSERT_TRUE(copy.load(scales.save()));
  EXPECT_EQ(*copy.scales().get(), *scales.scales().get());
  EXPECT_FALSE(RewardScales().load("\1\5"));
}

}  // namespace
}  // namespace ante
