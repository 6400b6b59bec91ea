// Standing controls: who they are, what they get, and that nobody takes them for anything else.

#include <array>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "decision/other_lists.h"
#include "decision/test_engine.h"
#include "domain/bucketing.h"
#include "math/statistics.h"

namespace ante {
namespace {

constexpr std::uint64_t kPeople = 20'000;

class ControlsTest : public DecisionEngineTest {
 protected:
  ControlsTest() {
    slot.stake = 0;
    slot.holdout = 0.1;
    slot.controls = {0.1, 0.05, 0.2};
    put_slot();
  }
  Arm arm(std::uint64_t n) const { return arm_of(slot, "salt", "salt", person(n)); }
  std::uint64_t somebody(Arm wanted, std::uint64_t from = 0) const {
    while (arm(from) != wanted) ++from;
    return from;
  }
  // So many treated people see what is best for them.
  void serve_treated(std::size_t count) {
    std::uint64_t n = 100'000;
    for (std::size_t i = 0; i < count; ++i, ++n) decide(n = somebody(Arm::kTreated, n));
  }
};

// Five cells against their planned shares; 4 degrees of freedom, fixed people.
TEST_F(ControlsTest, EveryArmHasItsPlannedShare) {
  std::array<double, 5> n{};
  for (std::uint64_t i = 0; i < kPeople; ++i) {
    const Decision decision = decide(i).decision;
    ++n[static_cast<std::size_t>(decision.arm) - 1];
    EXPECT_EQ(decision.outcome == Outcome::kControl, is_control(decision.arm));
    journal.records.clear();
  }
  const std::array<double, 5> share = {.9 * .65, .1, .9 * .1, .9 * .05, .9 * .2};
  double chi = 0;
  for (std::size_t i = 0; i < n.size(); ++i) {
    const double expected = share[i] * kPeople;
    chi += (n[i] - expected) * (n[i] - expected) / expected;
  }
  EXPECT_GT(chi_square_p(chi, 4), 0.001);
}

TEST_F(ControlsTest, AnotherShareMovesNobodyBetweenControls) {
  Slot more = slot;
  more.controls = {0.2, 0.2, 0.01};
  more.holdout = 0.3;
  std::map<std::pair<Arm, Arm>, int> moves;
  for (std::uint64_t i = 0; i < kPeople; ++i)
    ++moves[{arm(i), arm_of(more, "salt", "salt", person(i))}];
  for (const auto& [move, n] : moves) {
    if (is_control(move.first) && is_control(move.second)) {
      EXPECT_EQ(move.first, move.second) << n;
    }
    if (move.first == Arm::kHoldout) {
      EXPECT_EQ(move.second, Arm::kHoldout) << n;
    }
    // Grown controls keep their people, but for those who are held out now.
    if (move.first == Arm::kBestSingle || move.first == Arm::kShuffled) {
      EXPECT_NE(move.second, Arm::kTreated) << n;
    }
  }
  // In another slot others are controls; the held out are the same.
  Slot other = slot;
  other.name = "cart";
  int both = 0, trending = 0;
  for (std::uint64_t i = 0; i < kPeople; ++i) {
    const Arm there = arm_of(other, "salt", "salt", person(i));
    EXPECT_EQ(arm(i) == Arm::kHoldout, there == Arm::kHoldout);
    trending += there == Arm::kTrending ? 1 : 0;
    both += arm(i) == Arm::kTrending && there == Arm::kTrending ? 1 : 0;
  }
  const double expected = trending * 0.2;
  EXPECT_NEAR(both, expected, 5 * std::sqrt(expected));
}

TEST_F(ControlsTest, BestSingleAndTrendingGetTheSameForEverybodyAndAGhostLog) {
  for (const Arm control : {Arm::kBestSingle, Arm::kTrending}) {
    const std::uint64_t one = somebody(control);
    const DecideAnswer answer = decide(one), again = decide(somebody(control, one + 1));
    EXPECT_EQ(answer.decision.arm, control);
    EXPECT_EQ(answer.decision.outcome, Outcome::kControl);
    EXPECT_EQ(ids(answer), std::vector<std::string>{"item-5"});  // the ranker's best for everybody
    EXPECT_EQ(ids(again), ids(answer));
    EXPECT_EQ(answer.decision.served[0].propensity, 1.0F);
    EXPECT_EQ(answer.decision.would_have, std::vector<ItemKey>{item_key("item-0")});
    EXPECT_EQ(answer.decision.safe_default, std::vector<ItemKey>{item_key("item-3")});
    EXPECT_EQ(signer.verify(answer.tokens[0])->arm, control);
    EXPECT_TRUE(answer.decision.reasons.front().starts_with("control: "));
  }
}

TEST_F(ControlsTest, ShuffledGetsAnotherPersonsListOrSaysThatThereAreTooFew) {
  const std::uint64_t one = somebody(Arm::kShuffled);
  DecideAnswer none = decide(one);
  EXPECT_EQ(none.decision.outcome, Outcome::kControl);
  EXPECT_EQ(none.decision.fallback, Fallback::kNoOtherLists);
  EXPECT_EQ(ids(none), std::vector<std::string>{"item-3"});

  serve_treated(kOtherListsMin - 1);
  EXPECT_EQ(decide(one).decision.fallback, Fallback::kNoOtherLists);
  serve_treated(kOtherListsMin - 1);  // the same people again: one list each
  EXPECT_EQ(decide(one).decision.fallback, Fallback::kNoOtherLists);
  serve_treated(kOtherListsMin);

  // What suits this one is not what was made for the others.
  ranker.chances = {0.05, 0.10, 0.15, 0.20, 0.25, 0.40};
  DecideAnswer shuffled = decide(one);
  EXPECT_EQ(shuffled.decision.fallback, Fallback::kNone);
  EXPECT_EQ(ids(shuffled), std::vector<std::string>{"item-0"});
  EXPECT_EQ(shuffled.decision.would_have, std::vector<ItemKey>{item_key("item-5")});
  // What this one may not see is passed over: the next of the other's hand.
  put_item(0, [](Item& item) { item.withdrawn = true; });
  EXPECT_EQ(ids(decide(one)), std::vector<std::string>{"item-1"});
  DecideRequest request;
  request.slot = "home";
  request.person = person(one);
  request.exclude = {"item-1"};
  EXPECT_EQ(ids(decide(request)), std::vector<std::string>{"item-2"});
  request.candidates = {"item-nobody"};  // nothing of any list may be shown
  const DecideAnswer nothing = decide(request);
  EXPECT_EQ(nothing.decision.fallback, Fallback::kNoOtherLists);
}

TEST_F(ControlsTest, ControlsWaitWhileTheSlotDoesNotBet) {
  const std::uint64_t one = somebody(Arm::kTrending);
  slot.waived_by.clear();
  slot.waived_reason.clear();
  put_slot();
  const DecideAnswer shadow = decide(one);
  EXPECT_EQ(shadow.decision.outcome, Outcome::kAbstain);
  EXPECT_EQ(shadow.decision.fallback, Fallback::kSlotInShadow);
  EXPECT_EQ(ids(shadow), std::vector<std::string>{"item-3"});
  slot.waived_by = slot.waived_reason = "test";
  slot.fell_back = "it lost";
  put_slot();
  EXPECT_EQ(ids(decide(one)), std::vector<std::string>{"item-3"});
  slot.fell_back.clear();
  put_slot();
  // In trouble a control still gets its list.
  ranker.forbidden = {0, 1, 2, 3, 4, 5};
  const DecideAnswer empty = decide(one);
  EXPECT_EQ(empty.decision.outcome, Outcome::kControl);
  EXPECT_EQ(empty.decision.fallback, Fallback::kNoCandidates);
  EXPECT_EQ(ids(empty), std::vector<std::string>{"item-5"});
}

TEST_F(ControlsTest, NoBetTouchesThem) {
  Bet bet;
  bet.id = "b";
  bet.slot = "home";
  bet.items = {"item-0"};
  bet.need = "test";
  bet.owner = "me";
  bet.expires_at_ms = kTestNow + kDayMs;
  bet.state = BetState::kOpen;
  put_bet(bet);
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const Decision decision = decide(i).decision;
    EXPECT_EQ(decision.bet.play == BetPlay::kNone, decision.arm != Arm::kTreated);
  }
}

TEST_F(ControlsTest, ARecordThatShowsAnItemTwiceDoesNotReproduceItself) {
  Decision decision = decide(somebody(Arm::kTrending)).decision;
  decision.served.push_back(decision.served.front());
  EXPECT_FALSE(replay(decision));
  decision.served.pop_back();
  EXPECT_TRUE(replay(decision));
  decision.served.front().propensity = 0.5F;
  EXPECT_FALSE(replay(decision));
  decision.served.front().propensity = 1;
  decision.would_have = {item_key("item-4")};
  EXPECT_FALSE(replay(decision));
}

// A million people in each of five layers: the holdout, two bets, the controls and the ablations of
// a slot. Each
// is uniform over its 10,000 buckets, and each pair over the squares of its buckets, 100 x 100:
// 9,999 degrees of freedom both. Fixed people; each p above .001.
TEST(Bucketing, LayersAreIndependent) {
  const std::array<std::string, 5> salts = {"s", "s bet spring", "s bet mail", "s controls home",
                                            "s sources home"};
  constexpr std::uint64_t kLayerPeople = 1'000'000;
  constexpr std::size_t kCells = 100, kPairs = 10;
  std::array<std::vector<double>, 5> alone;
  alone.fill(std::vector<double>(kBuckets));
  std::array<std::vector<double>, kPairs> together;
  together.fill(std::vector<double>(kCells * kCells));
  Random random(20261122);
  for (std::uint64_t i = 0; i < kLayerPeople; ++i) {
    const PersonHash person{{random.next(), random.next()}};
    std::array<std::uint32_t, 5> bucket{};
    for (std::size_t s = 0; s < salts.size(); ++s) {
      bucket[s] = bucket_of(salts[s], person);
      ++alone[s][bucket[s]];
    }
    std::size_t pair = 0;
    for (std::size_t a = 0; a < salts.size(); ++a) {
      for (std::size_t b = a + 1; b < salts.size(); ++b)
        ++together[pair++][bucket[a] / kCells * kCells + bucket[b] / kCells];
    }
  }
  const auto p_of = [&](const std::vector<double>& cells) {
    const double expected = static_cast<double>(kLayerPeople) / static_cast<double>(cells.size());
    double chi = 0;
    for (const double n : cells) chi += (n - expected) * (n - expected) / expected;
    return chi_square_p(chi, static_cast<double>(cells.size() - 1));
  };
  for (const auto& cells : alone) EXPECT_GT(p_of(cells), 0.001);
  for (const auto& cells : together) EXPECT_GT(p_of(cells), 0.001);
}

TEST(OtherLists, KeepsOneListAPersonAndDropsTheOldest) {
  OtherLists lists;
  Decision decision;
  decision.slot = slot_key("home");
  decision.served = {{item_key("b"), "b", 1, 1, {}}};
  decision.hand.resize(2);
  decision.hand[0].item = item_key("a");
  decision.hand[1].item = item_key("b");
  for (std::uint64_t n = 0; n < 3 * kOtherListsMax; ++n) {
    decision.people = {person(n), person(n / 2)};
    lists.keep(decision);
  }
  const auto others = lists.of_others(decision.slot, person(1'000));
  ASSERT_EQ(others.size(), kOtherListsMax);
  EXPECT_EQ(others.back()->person, person(3 * kOtherListsMax / 2 - 1));
  EXPECT_EQ(others.front()->person, person(3 * kOtherListsMax / 2 - kOtherListsMax));
  EXPECT_EQ(others.front()->items, (std::vector<ItemKey>{item_key("b"), item_key("a")}));
  EXPECT_EQ(lists.of_others(decision.slot, others.back()->person).size(), kOtherListsMax - 1);
  EXPECT_TRUE(lists.of_others(slot_key("cart"), person(1)).empty());
}

}  // namespace
}  // namespace ante
