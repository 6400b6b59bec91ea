// Ablations: who they are, that they are treated like the treated but for what is left out, and
// that no guard is left out with it.

#include <array>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "decision/test_engine.h"
#include "domain/bucketing.h"
#include "math/statistics.h"

namespace ante {
namespace {

constexpr std::uint64_t kAblationPeople = 20'000;

// Remembers what it was asked to look at.
class SeeingRanker final : public Ranker {
 public:
  explicit SeeingRanker(const FakeRanker& inner) : inner_(inner) {}
  RankedHand rank(const CandidateRequest& request, const Slot& slot,
                  std::span<const ItemKey> safe_default) const override {
    person = *request.person.state;
    situation = request.situation;
    exclude.assign(request.exclude.begin(), request.exclude.end());
    capped.assign(request.capped.begin(), request.capped.end());
    return inner_.rank(request, slot, safe_default);
  }
  std::vector<ItemKey> best_for_everybody(const CandidateRequest& request,
                                          std::size_t places) const override {
    return inner_.best_for_everybody(request, places);
  }

  mutable PersonState person;
  mutable Situation situation;
  mutable std::vector<ItemKey> exclude, capped;

 private:
  const FakeRanker& inner_;
};

class AblationsTest : public DecisionEngineTest {
 protected:
  AblationsTest() {
    slot.holdout = 0.1;
    slot.controls = {0.1, 0.05, 0.1, 0.05, 0.1, 0.02, 0.2};
    put_slot();
  }
  Arm arm(std::uint64_t n) const { return arm_of(slot, "salt", "salt", person(n)); }
  std::uint64_t somebody(Arm wanted, std::uint64_t from = 0) const {
    while (arm(from) != wanted) ++from;
    return from;
  }
  // Pins an item, reads another, is imported as gold, and hides the third.
  void make_known(PersonHash who) {
    Event event;
    const auto item = [](std::size_t i) {
      return EventItem{.id = name_of(i), .key = item_key(name_of(i)), .topics = {}, .group = {}};
    };
    event.kind = EventKind::kPinned;
    event.items = {item(0)};
    put_event(who, event);
    event.kind = EventKind::kViewed;
    event.items = {item(1)};
    put_event(who, event);
    event.kind = EventKind::kNotForMe;
    event.items = {item(2)};
    put_event(who, event);
    const FactSet facts{{Fact{"plan", "\"gold\"", Provenance::kImported, kTestNow, {}}}};
    people.consume(
        committed(RecordKind::kFacts, who, partition_of(who), encode(facts), ++sequence));
  }

  SeeingRanker seeing{ranker};
  DecisionEngine looking{{.clock = clock,
                          .slots = slots,
                          .people = people,
                          .catalog = catalog,
                          .ranker = seeing,
                          .journal = journal,
                          .signer = signer,
                          .metrics = metrics,
                          .seed = 7,
                          .holdout_salt = "salt",
                          .bets = &bets,
                          .exposures = &exposures}};
};

TEST(Ablation, ArmsAndSourcesAreOneToOne) {
  for (std::size_t i = 0; i < kDataSourceCount; ++i) {
    const auto source = static_cast<DataSource>(i);
    EXPECT_EQ(left_out_in(arm_without(source)), source);
    EXPECT_EQ(to_string(arm_without(source)), "without_" + std::string(to_string(source)));
  }
  EXPECT_EQ(arm_without(static_cast<DataSource>(kDataSourceCount - 1)), kLastArm);
  for (std::size_t i = 0; i < kControlCount; ++i) {
    const Arm control = control_arm(i);
    EXPECT_TRUE(is_control(control));
    EXPECT_NE(is_list_control(control), is_ablation(control));
    EXPECT_EQ(is_personalised(control), is_ablation(control));
  }
  EXPECT_TRUE(is_personalised(Arm::kTreated));
  EXPECT_FALSE(is_personalised(Arm::kHoldout));
}

// Nine cells against their planned shares, 8 degrees of freedom, fixed people; and the parts that
// the report plans with are those.
TEST_F(AblationsTest, EveryArmHasItsPlannedShare) {
  std::map<Arm, double> n;
  for (std::uint64_t i = 0; i < kAblationPeople; ++i) ++n[arm(i)];
  double chi = 0, all = 0;
  for (unsigned i = 1; i <= static_cast<unsigned>(kLastArm); ++i) {
    const auto each = static_cast<Arm>(i);
    const double part = each == Arm::kHoldout ? 0.1 : 0.9 * slot.controls.part(each);
    const double expected = part * kAblationPeople;
    all += part;
    chi += (n[each] - expected) * (n[each] - expected) / expected;
  }
  EXPECT_NEAR(all, 1, 1e-12);
  EXPECT_NEAR(slot.controls.part(Arm::kTreated), 0.75 * 0.63, 1e-12);
  EXPECT_GT(chi_square_p(chi, 8), 0.001);
}

TEST_F(AblationsTest, TheyComeOutOfTheTreatedAndOutOfNobodyElse) {
  Slot before = slot;
  before.controls = {0.1, 0.05, 0.1};
  Slot more = slot;
  more.controls.without_told = more.controls.without_imported = 0.2;
  for (std::uint64_t i = 0; i < kAblationPeople; ++i) {
    const Arm was = arm_of(before, "salt", "salt", person(i)), is = arm(i),
              then = arm_of(more, "salt", "salt", person(i));
    EXPECT_TRUE(was == is || (was == Arm::kTreated && is_ablation(is)));
    EXPECT_TRUE(is == then || (is == Arm::kTreated && is_ablation(then)));
  }
}

TEST_F(AblationsTest, TheyAreDrawnLikeTheTreated) {
  std::map<Arm, std::map<std::string, int>> shown;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    const DecideAnswer answer = decide(i);  // replays, and checks the tokens
    const Decision& decision = answer.decision;
    ASSERT_EQ(decision.arm, arm(i));
    if (!is_personalised(decision.arm)) continue;
    EXPECT_TRUE(serves_the_draw(decision));
    EXPECT_TRUE(decision.outcome == Outcome::kBet || decision.outcome == Outcome::kExplore);
    EXPECT_EQ(decision.would_have, decision.safe_default);
    EXPECT_EQ(signer.verify(answer.tokens[0])->arm, decision.arm);
    EXPECT_EQ(decision.reasons.front().starts_with("ablation: "), is_ablation(decision.arm));
    ++shown[decision.arm][decision.served[0].item_id];
    if (decision.outcome == Outcome::kExplore) ++shown[decision.arm]["explored"];
    journal.records.clear();
  }
  const auto share = [&](Arm of, const char* what) {
    int all = 0;
    for (const auto& [item, n] : shown[of]) all += item == "explored" ? 0 : n;
    return static_cast<double>(shown[of][what]) / all;
  };
  for (std::size_t i = kListControlCount; i < kControlCount; ++i) {
    const Arm each = control_arm(i);
    const double spread = each == Arm::kWithoutImported ? 0.25 : 0.15;  // of 54 people, of 135
    EXPECT_NEAR(share(each, "item-0"), share(Arm::kTreated, "item-0"), spread);
    EXPECT_GT(share(each, "explored"), 0);
  }
}

TEST_F(AblationsTest, WhatIsLeftOutIsNotLookedAt) {
  for (std::size_t i = 0; i < kControlCount + 1; ++i) {
    const Arm wanted = i == kControlCount ? Arm::kTreated : control_arm(i);
    if (!is_personalised(wanted)) continue;
    const PersonHash who = person(somebody(wanted));
    make_known(who);
    DecideRequest request;
    request.slot = "home";
    request.person = who;
    request.situation = {item_key("page"), "phone", "search", "gift", "tea", 13, 6};
    const auto answer = looking.decide(request);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->decision.situation, request.situation);  // the record says what was so
    EXPECT_EQ(answer->decision.arm, wanted);
    const bool has_situation = wanted != Arm::kWithoutSituation;
    EXPECT_EQ(seeing.person.pinned.empty(), wanted == Arm::kWithoutTold);
    EXPECT_EQ(seeing.person.recent.empty(), wanted == Arm::kWithoutNoticed);
    EXPECT_EQ(seeing.person.facts.empty(), wanted == Arm::kWithoutImported);
    EXPECT_EQ(seeing.situation == request.situation, has_situation);
    EXPECT_EQ(seeing.person.hidden.size(), 1U);
    // The page's own item is left out all the same.
    const bool excluded =
        std::ranges::find(seeing.exclude, item_key("page")) != seeing.exclude.end();
    EXPECT_EQ(excluded, wanted != Arm::kTreated);
    EXPECT_TRUE(excluded || seeing.situation.item == item_key("page"));
  }
}

TEST_F(AblationsTest, TheRepeatLimitHoldsForThem) {
  slot.repeat_exposures = 2;
  put_slot();
  for (std::size_t i = kListControlCount; i < kControlCount; ++i) {
    const std::uint64_t one = somebody(control_arm(i));
    std::map<std::string, int> times;
    for (int k = 0; k < 8; ++k) ++times[decide(one).decision.served[0].item_id];
    for (const auto& [item, n] : times) EXPECT_LE(n, 2) << item;
  }
}

TEST_F(AblationsTest, BetsMeetThemByWhatMayBeLookedAt) {
  Bet bet;
  bet.id = "b";
  bet.slot = "home";
  bet.items = {"item-4"};
  bet.need = "test";
  bet.owner = "me";
  bet.stake = 0.5;
  bet.expires_at_ms = kTestNow + kDayMs;
  bet.state = BetState::kOpen;
  bet.audience.kind = Predicate::Kind::kFact;
  bet.audience.name = "plan";
  bet.audience.values = {"gold"};
  put_bet(bet);
  std::map<Arm, std::array<int, 2>> met;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    if (!is_personalised(arm(i))) continue;
    make_known(person(i));
    const Decision decision = decide(i).decision;
    ++met[decision.arm][decision.bet.play == BetPlay::kNone ? 0 : 1];
  }
  for (const auto& [each, n] : met) {
    const bool looks = each != Arm::kWithoutImported;
    EXPECT_EQ(n[looks ? 0 : 1], 0) << to_string(each);
    EXPECT_GT(n[looks ? 1 : 0], 0) << to_string(each);
  }
}

TEST_F(AblationsTest, WhereTheSlotDoesNotBetTheyGetTheSafeDefault) {
  const std::uint64_t one = somebody(Arm::kWithoutTold);
  DecideRequest general;
  general.slot = "home";
  general.person = person(one);
  general.general = true;
  EXPECT_EQ(decide(general).decision.outcome, Outcome::kGeneral);
  slot.fell_back = "it lost";
  put_slot();
  EXPECT_EQ(decide(one).decision.fallback, Fallback::kFellBack);
  EXPECT_EQ(ids(decide(one)), std::vector<std::string>{"item-3"});
  slot.waived_by = slot.waived_reason = "";
  put_slot();
  const Decision shadow = decide(one).decision;
  EXPECT_EQ(shadow.fallback, Fallback::kSlotInShadow);
  EXPECT_EQ(shadow.served[0].item_id, "item-3");
}

}  // namespace
}  // namespace ante
