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
    tested().consume(
        {Commit{sequence}, partition_of(person(who)), Sequence{sequence}, header, body});
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

  virtual Joiner& tested() { return joiner; }

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
  for (const Row& row : rows) {
    EXPECT_EQ(credits_of(make_slot("s", row.goal), row.event).size(), row.is ? 1U : 0U)
        << row.goal << row.event.name;
  }
  Reward reward;
  reward.measure = "Job_Done";
  reward.value = -0.5;
  const Credits credits = credits_of(make_slot("s", "job_done"), reward);
  ASSERT_EQ(credits.size(), 1U);
  EXPECT_EQ(credits[0].micros, -1'000'000);
  EXPECT_TRUE(credits_of(make_slot("s", "click"), reward).empty());
}

Slot slot_of_outcomes() {
  Slot slot = make_slot("home", "purchase");  // worth 2
  slot.further_outcomes = {{"read", 0.5}, {"finish", 1}, {"Unsubscribed", -4}};
  slot.default_reward = -0.25;
  return slot;
}

TEST(SlotGoals, AnEventCanBeSeveralOutcomesAndEachHasItsWorth) {
  const Slot slot = slot_of_outcomes();
  Event event;
  event.kind = EventKind::kArticleRead;
  event.finished = true;
  const Credits finished = credits_of(slot, event);
  ASSERT_EQ(finished.size(), 2U);
  EXPECT_EQ(reward_micros(slot, finished), 1'500'000);
  EXPECT_EQ(reward_micros(slot, {}), -250'000);
  Reward reward;
  reward.measure = "unsubscribed";
  const Credits left = credits_of(slot, reward);
  EXPECT_EQ(reward_micros(slot, left), -4'000'000);
  const RewardRange range = slot.reward_range();
  EXPECT_EQ(range.low, -4);
  EXPECT_EQ(range.width, 7.5);  // everything good at once: 3.5
  EXPECT_EQ(range.share_of(-4), 0);
  EXPECT_EQ(range.share_of(3.5), 1);
  EXPECT_EQ(range.share_of(90), 1);
  EXPECT_DOUBLE_EQ(range.reward_of(range.share_of(1.5)), 1.5);
}

TEST(SlotGoals, AnEventThatIsNamedBothWaysCountsOnce) {
  Slot slot = make_slot("home", "purchase");
  slot.further_outcomes = {{"Order Completed", 8}, {"Article Read", 3}, {"read", 1}, {"finish", 5}};
  Event event;
  event.kind = EventKind::kPurchased;
  event.name = "order completed";
  EXPECT_EQ(reward_micros(slot, credits_of(slot, event)), 8'000'000);
  event.kind = EventKind::kArticleRead;
  event.name = "Article Read";
  event.finished = true;
  EXPECT_EQ(reward_micros(slot, credits_of(slot, event)), 8'000'000);  // named, and finished
}

TEST(SlotGoals, OfAnOutcomeTheOccurrenceWorthMostCounts) {
  const Slot slot = slot_of_outcomes();
  Credits credits;
  for (const double value : {0.5, 1.0, 0.25}) {
    Reward reward;
    reward.measure = "purchase";
    reward.value = value;
    add_credit(credits, credits_of(slot, reward).at(0));
    reward.measure = "unsubscribed";
    add_credit(credits, credits_of(slot, reward).at(0));
  }
  ASSERT_EQ(credits.size(), 2U);
  EXPECT_EQ(reward_micros(slot, credits), 2'000'000 - 4'000'000);
}

// Told at the end of the reward wait and of the window, and what came late.
class Learner final : public RewardSink {
 public:
  void matured(const RewardRow& row) override { rows.push_back(row); }
  void corrected(const RewardRow& now, const RewardRow& before) override {
    corrections.push_back({before.reward, now.reward});
    EXPECT_EQ(now.item, before.item);
  }
  std::vector<RewardRow> rows;
  std::vector<std::pair<double, double>> corrections;
};

class LateOutcomes : public JoinerTest {
 protected:
  LateOutcomes() : waiting({&at_close}, {&learner}) {
    Slot slot = slot_of_outcomes();
    slot.reward_wait_ms = kMinuteMs;
    put_slot(slot);
  }
  Joiner& tested() override { return waiting; }

  Learner at_close, learner;
  Joiner waiting;
};

TEST_F(LateOutcomes, LearnersHearAfterTheWaitAndOthersWhenTheWindowHasClosed) {
  put(make_decision(1, 1, {"a", "b"}));
  pass(kStart + kMinuteMs + 1);
  ASSERT_EQ(learner.rows.size(), 2U);
  EXPECT_EQ(learner.rows[0].reward, -0.25);  // the default reward
  EXPECT_DOUBLE_EQ(learner.rows[0].share, 3.75 / 7.5);
  EXPECT_EQ(learner.rows[0].matured_ms, kStart + kMinuteMs);
  EXPECT_TRUE(at_close.rows.empty());
  EXPECT_TRUE(waiting.is_waiting(decision_id(1)));

  put_reward(1, 1, "b", 2, kStart + 2 * kMinuteMs, 1, "purchase");
  const std::vector<std::pair<double, double>> bought = {{-0.25, 2}};
  EXPECT_EQ(learner.corrections, bought);
  put_reward(1, 1, "b", 2, kStart + 3 * kMinuteMs, 1, "purchase");  // the same again
  EXPECT_EQ(learner.corrections, bought);

  close();
  ASSERT_EQ(at_close.rows.size(), 2U);
  EXPECT_EQ(at_close.rows[0].reward, -0.25);
  EXPECT_EQ(at_close.rows[1].reward, 2);
  EXPECT_EQ(learner.rows.size(), 2U);
  EXPECT_FALSE(waiting.is_waiting(decision_id(1)));
  EXPECT_EQ(waiting.status().pending, 0U);
  EXPECT_EQ(waiting.status().matured, 2U);
  EXPECT_EQ(waiting.status().corrected, 1U);
}

TEST_F(LateOutcomes, WhatHappenedInTheWindowAndArrivesDaysLaterCorrectsBoth) {
  put(make_decision(1, 1, {"a"}));
  close();
  put_click(1, "a", kStart + 5, kStart + kDayMs);  // no outcome of this slot
  EXPECT_TRUE(at_close.corrections.empty());
  const auto read = [&](TimeMs occurred, TimeMs received) {
    Event event;
    event.kind = EventKind::kArticleRead;
    event.finished = true;
    EventItem item;
    item.id = "a";
    item.key = item_key("a");
    event.items = {item};
    put(RecordKind::kEvent, 1, occurred, received, encode(event));
  };
  read(kStart + kWindow + 1, kStart + 2 * kDayMs);  // after the window
  EXPECT_TRUE(at_close.corrections.empty());
  read(kStart + kWindow, kStart + 6 * kDayMs);
  const std::vector<std::pair<double, double>> finished = {{-0.25, 1.5}};
  EXPECT_EQ(at_close.corrections, finished);
  EXPECT_EQ(learner.corrections, finished);
  pass(kStart + kWindow + kRewardLateMaxMs + 1);
  put_reward(1, 1, "a", 1, kStart + 5, 1, "purchase");
  EXPECT_EQ(at_close.corrections, finished);
  EXPECT_EQ(waiting.status().rewards_unjoined, 1U);
}

TEST_F(LateOutcomes, APlacementProvedShownAfterTheWaitIsToldAtOnce) {
  Decision deferred = make_decision(1, 1, {"a", "b"});
  deferred.activated = false;
  put(deferred);
  Activation activation;
  activation.decision = decision_id(1);
  activation.items = {item_key("a")};
  put(RecordKind::kActivation, 1, kStart + 10, kStart + 10, encode(activation));
  pass(kStart + 10 + kMinuteMs + 1);
  EXPECT_EQ(learner.rows.size(), 1U);
  put_reward(1, 1, "b", 2, kStart + 2 * kMinuteMs, 1, "purchase");
  ASSERT_EQ(learner.rows.size(), 2U);
  EXPECT_EQ(learner.rows[1].item, item_key("b"));
  // Told as shown without an outcome first, and then what came of it.
  EXPECT_EQ(learner.corrections, (std::vector<std::pair<double, double>>{{-0.25, 2}}));
}

TEST_F(LateOutcomes, SurviveACheckpoint) {
  put(make_decision(1, 1, {"a", "b"}));
  put(make_decision(2, 2, {"a"}));
  put_reward(2, 2, "a", 1, kStart + 5, 1, "purchase");
  close();
  Learner learner_again, at_close_again;
  Joiner again({&at_close_again}, {&learner_again});
  ASSERT_TRUE(again.load(waiting.save()));
  EXPECT_EQ(again.save(), waiting.save());
  RecordHeader header;
  header.kind = RecordKind::kReward;
  header.person = person(1);
  header.occurred_at = kStart + 7;
  header.received_at = kStart + kDayMs;
  Reward reward;
  reward.decision = decision_id(1);
  reward.slot = slot_key("home");
  reward.item = item_key("b");
  reward.position = 2;
  reward.measure = "unsubscribed";
  again.consume({Commit{99}, partition_of(person(1)), Sequence{99}, header, encode(reward)});
  EXPECT_EQ(at_close_again.corrections, (std::vector<std::pair<double, double>>{{-0.25, -4}}));
  EXPECT_EQ(learner_again.corrections, at_close_again.corrections);
}

TEST_F(LateOutcomes, AreKeptForTheNewestDecisionsOnly) {
  for (std::uint64_t n = 0; n < kLateDecisionsMax + 1; ++n) {
    Decision each = make_decision(n + 1, 1, {"a"});
    each.people = {PersonHash{{n << 32, n}}};
    put(each);
  }
  close();
  EXPECT_EQ(waiting.status().matured, kLateDecisionsMax + 1);
  EXPECT_EQ(waiting.status().pending, 0U);
  EXPECT_EQ(waiting.status().dropped, 0U);
  put_reward(1, 1, "a", 1, kStart + 5, 1, "purchase");
  EXPECT_EQ(at_close.corrections.size(), 0U);
  put_reward(2, 1, "a", 1, kStart + 5, 1, "purchase");
  EXPECT_EQ(at_close.corrections.size(), 1U);
}

TEST(RewardScales, ACorrectedRowIsAsIfItHadBeenRightAtOnce) {
  RewardScales corrected, right;
  RewardRow row, before;
  row.slot = before.slot = slot_key("home");
  for (const double reward : {0.0, 2.0, 0.0, -3.0}) {
    row.reward = reward;
    right.matured(row);
    before.reward = 0.5;
    corrected.matured(before);
    corrected.corrected(row, before);
  }
  corrected.commit_consumed(Commit{1});
  right.commit_consumed(Commit{1});
  const RewardScale a = corrected.scales().get()->at(row.slot);
  const RewardScale b = right.scales().get()->at(row.slot);
  EXPECT_EQ(a.rewards, b.rewards);
  EXPECT_NEAR(a.mean, b.mean, 1e-12);
  EXPECT_NEAR(a.sd, b.sd, 1e-12);
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
