// The holdout and the standing controls in the whole engine: sticky over a restart and a merge,
// drawn anew by hand, ended with a reason only.

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "api/test_engine.h"
#include "api/verify.h"

namespace ante {
namespace {

class EngineHoldoutTest : public TestEngine {
 protected:
  EngineHoldoutTest() {
    put_items({"item-0", "item-1", "item-2", "item-3"});
    EXPECT_TRUE(put_slot("home", 0.3, kMe));
  }
  Result<Slot> put_slot(std::string_view name, double holdout, const Author& author) {
    return engine_->put_slot(
        name,
        R"({"limit":1,"safeDefault":{"items":["item-0"]},"stake":0.5,"holdout":)" +
            std::to_string(holdout) +
            R"(,"controls":{"shuffled":0.1,"trending":0.2},"goal":{"windowMs":60000},)"
            R"("brief":{"waived":{"by":"t","reason":"t"}}})",
        author, {});
  }
  Arm decided_arm(PersonHash who) {
    const Decision decision = decide(who).decision;
    EXPECT_TRUE(replay(decision));
    last_ = decision.id;
    return decision.arm;
  }
  std::vector<Arm> come(std::uint64_t people) {
    std::vector<Arm> arms;
    for (std::uint64_t n = 0; n < people; ++n) arms.push_back(decided_arm(somebody(n)));
    EXPECT_TRUE(engine_->journal().flush());
    return arms;
  }
  void append(RecordKind kind, PersonHash who, std::string body) {
    note(kind, who, std::move(body));
    store_noted();
  }
  void expect_rebuilt() {
    const auto same = rebuild_and_compare(*engine_);
    ASSERT_TRUE(same);
    for (const auto& [name, equal] : *same) EXPECT_TRUE(equal) << name;
  }

  DecisionId last_;
};

TEST_F(EngineHoldoutTest, ArmsStayOverARestart) {
  const std::vector<Arm> before = come(500);
  const DecisionId last = last_;
  std::map<Arm, int> n;
  for (const Arm arm : before) ++n[arm];
  EXPECT_EQ(n.size(), 4U);  // no best single action was asked for
  start();
  EXPECT_EQ(come(500), before);
  const auto stored = engine_->journal().find_decision(last);
  ASSERT_TRUE(stored);
  EXPECT_EQ(*replay(*stored), stored->served);
  pass(kHourMs);
  const LiftSummary lift = *engine_->lift().lift("home");
  EXPECT_EQ(lift.mixed, 0U);
  std::uint64_t controls = 0;
  for (const ControlSummary& control : lift.controls.controls) controls += control.n;
  EXPECT_GT(controls, 50U);
  EXPECT_LE(lift.treated.n + lift.holdout.n + controls, 500U);  // each person once
  expect_rebuilt();
}

TEST_F(EngineHoldoutTest, TrendingIsWhatIsLookedAtMostAndMayBeShown) {
  std::uint64_t one = 0;
  while (decided_arm(somebody(one)) != Arm::kTrending) ++one;
  const auto look_at = [&](std::size_t item, std::uint64_t people, std::uint64_t from) {
    Event event;
    event.kind = EventKind::kViewed;
    event.name = "Article Viewed";
    event.items.push_back({.id = "item-" + std::to_string(item),
                           .key = item_key("item-" + std::to_string(item)),
                           .topics = {},
                           .group = {}});
    for (std::uint64_t n = 0; n < people; ++n)
      append(RecordKind::kEvent, somebody(from + n), encode(event));
  };
  const auto served = [&](PersonHash who) {
    decided_arm(who);
    EXPECT_TRUE(engine_->journal().flush());
    const auto stored = engine_->journal().find_decision(last_);
    EXPECT_TRUE(stored);
    return stored->served.at(0).item_id;
  };
  look_at(2, 30, 10'000);
  look_at(3, 10, 20'000);
  EXPECT_EQ(served(somebody(one)), "item-2");
  clock_.advance_to(clock_.now_ms() + 4 * kDayMs);  // eight half-lives: that was long ago
  look_at(3, 5, 30'000);
  EXPECT_EQ(served(somebody(one)), "item-3");
  Item gone;
  gone.id = "item-3";
  gone.key = item_key(gone.id);
  gone.title = gone.id;
  gone.withdrawn = true;
  ASSERT_TRUE(engine_->put_items_and_wait({gone}));
  EXPECT_EQ(served(somebody(one)), "item-2");
}

TEST_F(EngineHoldoutTest, AMergeKeepsTheOldersArmAndIsFlagged) {
  // Pairs who meet in different arms: the even one is older.
  constexpr std::uint64_t kPairs = 100;
  std::vector<Arm> arms(2 * kPairs);
  for (const std::uint64_t half : {0, 1}) {
    for (std::uint64_t pair = 0; pair < kPairs; ++pair)
      arms[2 * pair + half] = decided_arm(somebody(2 * pair + half));
    ASSERT_TRUE(engine_->journal().flush());
    clock_.advance_to(clock_.now_ms() + 10 * kSecondMs);
  }
  const TimeMs older = clock_.now_ms() - 20 * kSecondMs, younger = older + 10 * kSecondMs;
  for (std::uint64_t pair = 0; pair < kPairs; ++pair) {
    const PersonHash a = somebody(2 * pair), b = somebody(2 * pair + 1);
    append(RecordKind::kLink, a, encode(Link{b, younger, true}));
    append(RecordKind::kLink, b, encode(Link{a, older, true}));
  }
  for (const bool restarted : {false, true}) {
    if (restarted) start();
    std::size_t moved = 0;
    for (std::uint64_t pair = 0; pair < kPairs; ++pair) {
      for (const std::uint64_t half : {0, 1})
        EXPECT_EQ(decided_arm(somebody(2 * pair + half)), arms[2 * pair]) << pair << restarted;
      moved += arms[2 * pair] != arms[2 * pair + 1] ? 1 : 0;
    }
    EXPECT_GT(moved, 20U);
  }
  pass(kHourMs);
  const LiftSummary lift = *engine_->lift().lift("home");
  EXPECT_GT(lift.mixed, 20U);
  EXPECT_LT(lift.mixed, kPairs);
  EXPECT_NE(lift.sentence.find("Left out: " + std::to_string(lift.mixed)), std::string::npos);
  expect_rebuilt();
}

TEST_F(EngineHoldoutTest, ANewDrawHoldsOutOthersAndClosesWhatWasMeasured) {
  constexpr std::uint64_t kPeople = 3000;
  const std::vector<Arm> before = come(kPeople);
  pass(kHourMs);
  const LiftSummary measured = *engine_->lift().lift("home");
  EXPECT_GT(measured.holdout.n, 700U);

  EXPECT_EQ(engine_->draw_holdout({"me", ""}, {}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(engine_->draw_holdout(kMe, 3).error().code, ErrorCode::kConflict);
  ASSERT_TRUE(engine_->draw_holdout(kMe, {}));
  EXPECT_EQ(engine_->draw_holdout(kMe, {}).error().code, ErrorCode::kConflict);  // it just was
  EXPECT_EQ(decided_arm(somebody(0)), before[0]);  // it does not count yet
  pass(kMinuteMs);
  start();
  const std::vector<Arm> after = come(kPeople);
  std::map<std::pair<Arm, Arm>, int> moves;
  for (std::size_t i = 0; i < kPeople; ++i) ++moves[{before[i], after[i]}];
  EXPECT_GT((moves[{Arm::kHoldout, Arm::kTreated}]), 300);
  EXPECT_GT((moves[{Arm::kTreated, Arm::kHoldout}]), 300);
  // Controls have a salt of their own: nobody moves from one into another.
  EXPECT_EQ((moves[{Arm::kShuffled, Arm::kTrending}]), 0);
  EXPECT_EQ((moves[{Arm::kTrending, Arm::kTreated}]), 0);

  pass(kHourMs);
  const HoldoutReturn home = engine_->lift().returns().at("home");
  EXPECT_EQ(engine_->lift().draw().epoch, 1U);
  EXPECT_EQ(home.counts.closed_epoch, 0U);
  EXPECT_EQ(home.counts.holdout.n, measured.holdout.n);
  EXPECT_EQ(home.counts.treated.n, measured.treated.n);
  // Who is no control now and was held out: those whom the new draw could hold out again.
  EXPECT_EQ(home.counts.held_again,
            static_cast<std::uint64_t>(moves[{Arm::kHoldout, Arm::kHoldout}]));
  EXPECT_EQ(home.counts.returned,
            static_cast<std::uint64_t>(moves[{Arm::kHoldout, Arm::kHoldout}] +
                                       moves[{Arm::kHoldout, Arm::kTreated}]));
  EXPECT_GT(home.overlap_p, 0.001);
  const LiftSummary now = *engine_->lift().lift("home");
  EXPECT_EQ(now.holdout.n, home.counts.held_out);
  EXPECT_GT(now.srm_p, 0.001);
  expect_rebuilt();
}

TEST_F(EngineHoldoutTest, TheHoldoutEndsWithAReasonOnly) {
  const auto refused = put_slot("home", 0, {"me", ""});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(refused.error().message.starts_with("#/holdout: slot 'home' holds out 30 %"));
  EXPECT_EQ(engine_->slots().get()->at("home").holdout, 0.3);
  // As good as nobody is no way around it, whatever the reason.
  for (const Author& author : {Author{"me", ""}, kMe}) {
    const auto nobody = put_slot("home", 0.00001, author);
    ASSERT_FALSE(nobody);
    EXPECT_TRUE(nobody.error().message.starts_with("#/holdout: 0.001 % of people is as good as"));
  }
  EXPECT_EQ(engine_->slots().get()->at("home").holdout, 0.3);
  EXPECT_TRUE(put_slot("home", 0.1, {"me", ""}));  // less of it needs none
  EXPECT_TRUE(put_slot("new", 0, {"me", ""}));     // nor one that never had any
  EXPECT_TRUE(put_slot("home", 0, {"me", "the law"}));
  EXPECT_TRUE(put_slot("home", 0, {"me", ""}));  // it is gone already
}

}  // namespace
}  // namespace ante
