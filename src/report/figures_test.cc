#include "report/figures.h"

#include <atomic>
#include <cmath>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "domain/slot.h"
#include "report/figures_text.h"
#include "reward/joiner.h"

namespace ante {
namespace {

constexpr TimeMs kFiguresStart = 1'795'330'800'000;  // 2026-11-22
constexpr DurationMs kFiguresWindow = 30 * kMinuteMs;

PersonHash reader(std::uint64_t n) { return PersonHash{{mix64(n + 77), mix64(n + 991)}}; }
ItemKey numbered(std::uint64_t n) { return item_key("item-" + std::to_string(n)); }

class FiguresTest : public testing::Test {
 protected:
  FiguresTest() { put_slot(); }

  void put(RecordKind kind, PersonHash who, TimeMs at, const std::string& body) {
    RecordHeader header;
    header.kind = kind;
    header.person = who;
    header.occurred_at = at;
    header.received_at = at;
    ++sequence;
    const Partition partition = kind == RecordKind::kObject ? kControlPartition : partition_of(who);
    figures->consume({Commit{sequence}, partition, Sequence{sequence}, header, body});
  }
  void put_slot() {
    Slot slot;
    slot.name = "home";
    slot.key = slot_key("home");
    slot.goal_window_ms = kFiguresWindow;
    put(RecordKind::kObject, {}, kFiguresStart,
        encode(Object{"slot", "home", 1, false, "me", "test", slot_to_json(slot)}));
  }
  Decision decision(std::uint64_t who, Outcome outcome, const std::vector<const char*>& served,
                    const std::vector<const char*>& general) {
    Decision d;
    d.id = DecisionId{{static_cast<std::uint64_t>(kFiguresStart) << 16, ++sequence}};
    d.people = {reader(who)};
    d.slot = slot_key("home");
    d.slot_name = "home";
    d.at_ms = kFiguresStart;
    d.outcome = outcome;
    d.arm = outcome == Outcome::kHoldout ? Arm::kHoldout : Arm::kTreated;
    d.rung = Rung::kPerson;
    d.versions.model = 1;
    d.activated = true;
    for (const char* id : served) d.served.push_back({item_key(id), id, 1, 255, {}});
    for (const char* id : general) d.safe_default.push_back(item_key(id));
    return d;
  }
  void put(const Decision& d) { put(RecordKind::kDecision, d.people.front(), d.at_ms, encode(d)); }
  void mature(const Decision& d, std::size_t place, double reward) {
    RewardRow row;
    row.decision = d.id;
    row.slot = d.slot;
    row.person = d.people.back();
    row.arm = d.arm;
    row.outcome = d.outcome;
    row.item = d.served[place].item;
    row.position = static_cast<std::uint8_t>(place + 1);
    row.propensity = d.served[place].propensity;
    row.reward = reward;
    figures->matured(row);
    figures->commit_consumed(Commit{sequence});
  }
  FiguresSummary home() const {
    const auto summary = figures->slot("home");
    EXPECT_TRUE(summary);
    return summary ? *summary : FiguresSummary{};
  }

  std::unique_ptr<Figures> figures = std::make_unique<Figures>();
  std::uint64_t sequence = 0;
};

TEST_F(FiguresTest, NothingDecidedIsNotFound) {
  EXPECT_EQ(figures->slot("home").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(figures->bet("spring").error().code, ErrorCode::kNotFound);
}

TEST_F(FiguresTest, TheSameDefaultForEverybodyIsNoMissileAndAllHedge) {
  for (std::uint64_t who = 0; who < 200; ++who) {
    const Decision d = decision(who, who % 5 == 0 ? Outcome::kHoldout : Outcome::kAbstain,
                                {"a", "b"}, {"a", "b", "c"});
    put(d);
    mature(d, 0, who % 2 == 0 ? 1 : 0);
  }
  const FiguresSummary f = home();
  EXPECT_EQ(f.decisions, 200U);
  EXPECT_EQ(f.treated, 160U);
  EXPECT_EQ(*f.missile.value, 0);
  EXPECT_EQ(f.missile.interval.low, 0);
  EXPECT_EQ(f.missile.interval.high, 0);
  EXPECT_EQ(*f.individualization.value, 0);
  EXPECT_EQ(*f.hedging.value, 1);
  EXPECT_EQ(*f.divergence.value, 0);
  EXPECT_EQ(f.displaced, 0U);
  EXPECT_EQ(*f.abstention.value, 1);
  ASSERT_EQ(f.months.size(), 1U);
  EXPECT_EQ(f.months[0].decisions[0], 200U);
  EXPECT_EQ(f.months[0].month, (2026 - 1970) * 12 + 10);
}

TEST_F(FiguresTest, TheSameBetForEverybodyIsNotIndividual) {
  for (std::uint64_t who = 0; who < 100; ++who) {
    // What is explored differs by chance, not for a reason of the person.
    const bool explored = who % 10 == 9;
    const std::string other = "other-" + std::to_string(who);
    put(decision(who, explored ? Outcome::kExplore : Outcome::kBet,
                 {explored ? other.c_str() : "x"}, {"a"}));
    put(decision(1000 + who, Outcome::kHoldout, {"a"}, {"a"}));
  }
  EXPECT_EQ(*home().individualization.value, 0);
  EXPECT_GT(home().individualization.interval.high, 0);
}

TEST_F(FiguresTest, AnOwnListForEachIsIndividualAndNoHedge) {
  for (std::uint64_t who = 0; who < 300; ++who) {
    const std::string own = "own-" + std::to_string(who);
    put(decision(who, Outcome::kBet, {own.c_str()}, {"a"}));
  }
  const FiguresSummary f = home();
  EXPECT_EQ(*f.individualization.value, 1);
  EXPECT_EQ(f.individualization.n, 300U);
  EXPECT_GT(f.individualization.interval.low, 0.98);
  EXPECT_NEAR(*f.hedging.value, 0, 1e-9);
  EXPECT_EQ(*f.divergence.value, 1);
  EXPECT_EQ(f.months[0].decisions[4], 300U);
  EXPECT_EQ(f.rungs[3], 300U);
  ASSERT_EQ(f.displaced_items.size(), 1U);
  EXPECT_EQ(f.displaced_items[0].item, item_key("a"));
  EXPECT_EQ(f.displaced_items[0].share, 1);
  EXPECT_EQ(f.replacing_items.size(), kMovedItemsListed);
}

TEST_F(FiguresTest, TwoTastesOfTwoHundredItemsAreMostlyHedged) {
  for (std::uint64_t who = 0; who < 400; ++who) {
    Decision d = decision(who, Outcome::kBet, {who % 2 == 0 ? "x" : "y"}, {"a"});
    d.candidate_count = 200;
    put(d);
  }
  // Entropy ln 2 of ln 200; none of it is the safe default.
  EXPECT_NEAR(*home().hedging.value, (1 - std::log(2.0) / std::log(200.0)) / 2, 1e-9);
  // Unbiased: 1 - 2 * 200 * 199 / (400 * 399).
  EXPECT_NEAR(*home().divergence.value, 1 - 2.0 * 200 * 199 / (400.0 * 399), 1e-12);
}

TEST_F(FiguresTest, NothingMaturedIsSaidAndNotZero) {
  put(decision(1, Outcome::kBet, {"x"}, {"a"}));
  const FiguresSummary f = home();
  for (const Estimate* each : {&f.missile, &f.snap_treated, &f.snap_general, &f.regret.total,
                               &f.regret.per_decision, &f.divergence, &f.individualization}) {
    EXPECT_FALSE(each->value);
    EXPECT_FALSE(each->why_not.empty());
  }
  const auto names = [](ItemKey) { return std::string("it"); };
  EXPECT_NE(to_json(f, names, 0).find("\"value\":null,\"interval\":null"), std::string::npos);
}

TEST(Levels, AreComputedFromWhatWasServedAndKnown) {
  struct Case {
    bool differs;
    BetPlay play;
    Rung rung;
    std::uint64_t model;
    Level expected;
  };
  for (const Case& c : {
           Case{false, BetPlay::kTreated, Rung::kPerson, 1, Level::kNone},
           Case{true, BetPlay::kNone, Rung::kEverybody, 0, Level::kNone},
           Case{true, BetPlay::kNone, Rung::kEverybody, 1, Level::kNone},
           Case{true, BetPlay::kNone, Rung::kPerson, 0, Level::kNone},
           Case{true, BetPlay::kTreated, Rung::kEverybody, 0, Level::kSegment},
           Case{true, BetPlay::kTreated, Rung::kSegment, 0, Level::kSegment},
           Case{true, BetPlay::kTreated, Rung::kEverybody, 1, Level::kSegment},
           Case{true, BetPlay::kTreated, Rung::kSegment, 1, Level::kCluster},
           Case{true, BetPlay::kNone, Rung::kCluster, 1, Level::kCluster},
           Case{true, BetPlay::kNone, Rung::kPerson, 1, Level::kIndividual},
       }) {
    Decision d;
    d.safe_default = {item_key("a"), item_key("b")};
    d.served.push_back({item_key(c.differs ? "b" : "a"), {}, 1, 255, {}});
    d.bet.play = c.play;
    d.rung = c.rung;
    d.versions.model = c.model;
    EXPECT_EQ(level_of(d), c.expected) << c.differs << int(c.play) << int(c.rung) << c.model;
    d.arm = Arm::kTrending;
    EXPECT_EQ(level_of(d), Level::kNone);
  }
}

TEST_F(FiguresTest, MonthsAreUtcAndTheOldestOfSixtyOneGoes) {
  for (int month = 0; month < 61; ++month) {
    Decision d = decision(1, Outcome::kAbstain, {"a"}, {"a"});
    d.at_ms = kFiguresStart + month * 31 * kDayMs;  // a month or a little more each
    put(d);
  }
  EXPECT_EQ(home().months.size(), kFigureMonthsMax);
  EXPECT_EQ(home().months.front().month, (2026 - 1970) * 12 + 11);
}

TEST_F(FiguresTest, AbstainingSavesWhatItDidNotPay) {
  Decision d = decision(1, Outcome::kAbstain, {"a", "b"}, {"a", "b"});
  d.attention_cost = 0.25F;
  d.prices.miss = 0.5F;
  d.prices.creep = 0.125F;
  put(d);
  Decision bet = decision(2, Outcome::kBet, {"x", "b"}, {"a", "b"});
  bet.attention_cost = 0.25F;
  put(bet);
  d = decision(3, Outcome::kAbstain, {"a", "b"}, {"a", "b"});
  d.fallback = Fallback::kSlotInShadow;  // nothing stood open
  put(d);
  d = decision(7, Outcome::kAbstain, {"a", "b"}, {"a", "b"});
  d.fallback = Fallback::kDeadline;  // nobody chose it
  put(d);
  d = decision(4, Outcome::kAbstain, {"a", "b"}, {"a", "b"});
  d.bet.id = "spring";
  d.bet.play = BetPlay::kControl;  // left alone, not abstained
  put(d);
  put(decision(5, Outcome::kPaused, {"a", "b"}, {"a", "b"}));
  put(decision(6, Outcome::kGeneral, {"a", "b"}, {"a", "b"}));
  const FiguresSummary f = home();
  EXPECT_EQ(f.decisions, 7U);
  EXPECT_EQ(f.treated, 4U);
  EXPECT_EQ(f.abstention.n, 2U);
  EXPECT_EQ(*f.abstention.value, 0.5);
  EXPECT_EQ(f.attention_saved, 0.25);
  EXPECT_EQ(f.miss_saved, 0.5);
  EXPECT_EQ(f.creep_saved, 0.125);
  EXPECT_EQ(f.places_saved, 2U);
}

TEST_F(FiguresTest, WhatWasPlacedSpentItsPricesAndDaysAreCounted) {
  const auto priced = [&](std::uint64_t who, Outcome outcome, int day) {
    Decision d = decision(who, outcome, {"x", "b"}, {"a", "b"});
    d.at_ms = kFiguresStart + day * kDayMs;
    d.attention_cost = 0.25F;
    d.prices = {.miss = 0.5F, .creep = 0.125F, .information = 1, .exploring = 0.0625F};
    return d;
  };
  put(priced(1, Outcome::kBet, 0));
  put(priced(2, Outcome::kExplore, 2));
  put(priced(3, Outcome::kHoldout, 2));  // decided, and nothing spent
  put(priced(4, Outcome::kAbstain, 2));
  put(priced(5, Outcome::kPaused, 1));
  put(priced(6, Outcome::kBet, -3));  // of an earlier clock: counts as of the first day
  Decision control = priced(7, Outcome::kAbstain, 2);
  control.bet.id = "spring";
  control.bet.play = BetPlay::kControl;
  put(control);
  FiguresSummary f = home();
  EXPECT_EQ(f.placed, 3U);
  EXPECT_EQ(f.explored, 1U);
  EXPECT_EQ(f.attention_spent, 0.75);
  EXPECT_EQ(f.miss_spent, 1.5);
  EXPECT_EQ(f.creep_spent, 0.375);
  EXPECT_EQ(f.exploring_spent, 0.0625);
  EXPECT_EQ(f.first_day, kFiguresStart / kDayMs);
  EXPECT_EQ(f.days, (std::vector<DayDecisions>{{2, 2}, {1, 0}, {4, 3}}));
  // The newest so many days stay, over a gap too; after a longer one it begins anew.
  put(priced(8, Outcome::kBet, 1 + static_cast<int>(kFigureDaysMax)));
  f = home();
  EXPECT_EQ(f.first_day, kFiguresStart / kDayMs + 2);
  EXPECT_EQ(f.days.size(), kFigureDaysMax);
  EXPECT_EQ(f.days.front(), (DayDecisions{4, 3}));
  put(priced(9, Outcome::kBet, 5 * static_cast<int>(kFigureDaysMax)));
  f = home();
  EXPECT_EQ(f.days, (std::vector<DayDecisions>{{1, 1}}));
  EXPECT_EQ(f.placed, 5U);
  Figures again;
  ASSERT_TRUE(again.load(figures->save()));
  EXPECT_EQ(again.slot("home")->days, f.days);
  EXPECT_EQ(again.slot("home")->exploring_spent, f.exploring_spent);
  EXPECT_EQ(again.save(), figures->save());
}

TEST_F(FiguresTest, WhatIsPushedOffIsWhatWouldHaveStoodThere) {
  // c would have had no place: it is not displaced. b moved up: it is not displaced either.
  put(decision(1, Outcome::kBet, {"b", "x"}, {"a", "b", "c"}));
  put(decision(2, Outcome::kBet, {"c", "a"}, {"a", "b", "c"}));
  const FiguresSummary f = home();
  EXPECT_EQ(f.places, 4U);
  EXPECT_EQ(f.displaced, 2U);
  ASSERT_EQ(f.displaced_items.size(), 2U);
  EXPECT_EQ(f.replacing, 1U);
  ASSERT_EQ(f.replacing_items.size(), 1U);
  EXPECT_EQ(f.replacing_items[0].item, item_key("x"));
  EXPECT_EQ(f.share_different, 1);
}

TEST_F(FiguresTest, ABetHasItsOwnFiguresAndItsOwnControl) {
  for (std::uint64_t who = 0; who < 400; ++who) {
    const bool control = who % 2 == 0;
    Decision d =
        decision(who, control ? Outcome::kAbstain : Outcome::kBet, {control ? "a" : "x"}, {"a"});
    d.bet.id = "spring";
    d.bet.play = control ? BetPlay::kControl : BetPlay::kTreated;
    put(d);
    // 60 of 200 with the bet, 40 of 200 without.
    mature(d, 0, who / 2 % 10 < (control ? 2 : 3) ? 1 : 0);
  }
  put(decision(1000, Outcome::kBet, {"y"}, {"a"}));
  const auto bet = figures->bet("spring");
  ASSERT_TRUE(bet);
  EXPECT_TRUE(bet->of_bet);
  EXPECT_EQ(bet->decisions, 400U);
  EXPECT_EQ(bet->treated, 200U);
  EXPECT_EQ(bet->share_different, 1);
  EXPECT_EQ(bet->treated_seen.hits, 60U);
  EXPECT_EQ(bet->general_seen.hits, 40U);
  ASSERT_TRUE(bet->missile.value);
  EXPECT_NEAR(*bet->missile.value, 0.5, 1e-9);
  EXPECT_TRUE(bet->missile.interval.contains(0.5));
  EXPECT_NEAR(*bet->snap_treated.value, 200.0 / 60, 1e-9);
  EXPECT_NEAR(*bet->snap_general.value, 5, 1e-9);
  // In the slot its control is treated like everybody whom the slot does not hold out.
  EXPECT_EQ(home().decisions, 401U);
  EXPECT_EQ(home().treated, 401U);
  EXPECT_EQ(home().general_seen.shown, 0U);
}

TEST_F(FiguresTest, RowsOfUnknownDecisionsAreCountedAndLeftOut) {
  const Decision seen = decision(1, Outcome::kBet, {"x"}, {"a"});
  Decision never = decision(2, Outcome::kBet, {"x"}, {"a"});
  put(seen);
  mature(never, 0, 1);
  EXPECT_EQ(home().treated_seen.shown, 0U);
  EXPECT_EQ(figures->rows_unseen(), 1U);
  mature(seen, 0, 1);
  EXPECT_EQ(home().treated_seen.shown, 1U);
  // Closed, and its rows have had their time: whatever comes now is not believed.
  put(RecordKind::kFacts, reader(9), kFiguresStart + kFiguresWindow + 1, "");
  mature(seen, 0, 1);
  EXPECT_EQ(home().treated_seen.shown, 2U);
  put(RecordKind::kFacts, reader(9), kFiguresStart + kFiguresWindow + 2, "");
  figures->commit_consumed(Commit{sequence});
  mature(seen, 0, 1);
  EXPECT_EQ(home().treated_seen.shown, 2U);
  EXPECT_EQ(figures->rows_unseen(), 2U);
}

TEST_F(FiguresTest, AnErasedPersonLeavesNumbersOnly) {
  const Decision d = decision(7, Outcome::kBet, {"x"}, {"a"});
  put(d);
  mature(d, 0, 1);
  const std::string before = to_json(home(), [](ItemKey) { return std::string(); }, 0);
  put(RecordKind::kErase, reader(7), kFiguresStart + 1, "");
  EXPECT_EQ(to_json(home(), [](ItemKey) { return std::string(); }, 0), before);
  const std::string bytes = figures->save();
  const PersonHash person = reader(7);
  for (const std::uint64_t word : {person.value.hi, person.value.lo}) {
    const std::string_view raw(reinterpret_cast<const char*>(&word), sizeof word);
    EXPECT_EQ(bytes.find(raw), std::string::npos);
  }
}

TEST_F(FiguresTest, WhatIsLoadedGoesOnBitByBit) {
  const auto play = [&](std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t who = from; who < to; ++who) {
      const std::string own = "own-" + std::to_string(mix64(who) % 40);
      Decision d =
          decision(who, who % 4 == 0 ? Outcome::kExplore : Outcome::kBet, {own.c_str()}, {"a"});
      d.id.value.lo = who + 1;
      d.served[0].propensity = 0.3F;
      d.served[0].hand_index = 0;
      HandItem hand;
      hand.item = d.served[0].item;
      hand.gain_mean = 0.1F * static_cast<float>(who % 7);
      d.hand = {hand};
      d.bet.id = who % 3 == 0 ? "spring" : "";
      d.bet.play = who % 3 == 0 ? BetPlay::kTreated : BetPlay::kNone;
      put(d);
      mature(d, 0, who % 5 == 0 ? 0.7 : 0);
    }
  };
  play(0, 500);
  const std::string half = figures->save();
  const std::uint64_t sequence_then = sequence;
  play(500, 900);
  const std::string whole = figures->save();
  figures = std::make_unique<Figures>();
  ASSERT_TRUE(figures->load(half));
  EXPECT_EQ(figures->save(), half);
  sequence = sequence_then;
  play(500, 900);
  EXPECT_EQ(figures->save(), whole);
  figures = std::make_unique<Figures>();
  sequence = 0;
  put_slot();
  play(0, 900);
  EXPECT_EQ(figures->save(), whole);
}

TEST_F(FiguresTest, DamagedBytesAreRefused) {
  put(decision(1, Outcome::kBet, {"x"}, {"a"}));
  const std::string bytes = figures->save();
  EXPECT_FALSE(Figures().load(""));
  EXPECT_FALSE(Figures().load("\x09" + bytes.substr(1)));
  EXPECT_FALSE(Figures().load(bytes + "x"));
  for (std::size_t size = 1; size < bytes.size(); ++size)
    EXPECT_FALSE(Figures().load(bytes.substr(0, size))) << size;
}

TEST(FiguresLimits, AnItemTableKeepsWhatIsUsedMost) {
  ItemTable table;
  for (std::uint64_t i = 0; i < kFigureItemsMax; ++i) table.at(numbered(i)).first = i + 1;
  EXPECT_EQ(table.size(), kFigureItemsMax);
  EXPECT_EQ(table.gone().items, 0U);
  table.at(numbered(kFigureItemsMax)).first = 1;
  EXPECT_EQ(table.size(), kFigureItemsMax / 2 + 1);
  EXPECT_EQ(table.gone().items, kFigureItemsMax / 2);
  EXPECT_EQ(table.find(numbered(0)), nullptr);
  ASSERT_NE(table.find(numbered(kFigureItemsMax - 1)), nullptr);
  std::uint64_t kept = table.gone().first;
  for (const auto& [key, item] : table.sorted()) kept += item.first;
  EXPECT_EQ(kept, kFigureItemsMax * (kFigureItemsMax + 1) / 2 + 1);
}

TEST(FiguresLimits, SlotsBetsItemsAndDecisionsAreBounded) {
  FiguresFold fold;
  std::uint64_t sequence = 0;
  const auto put = [&](const Decision& d) {
    RecordHeader header;
    header.kind = RecordKind::kDecision;
    header.received_at = d.at_ms;
    ++sequence;
    fold.consume({Commit{sequence}, Partition{0}, Sequence{sequence}, header, encode(d)});
  };
  Slot slot;
  slot.name = "slot-0";
  slot.key = slot_key("slot-0");
  slot.goal_window_ms = kDayMs;
  const std::string object =
      encode(Object{"slot", "slot-0", 1, false, "me", "test", slot_to_json(slot)});
  RecordHeader header;
  header.kind = RecordKind::kObject;
  fold.consume({Commit{1}, kControlPartition, Sequence{1}, header, object});
  constexpr std::uint64_t kDecisions = kPendingDecisionsMax + 10;
  for (std::uint64_t i = 0; i < kDecisions; ++i) {
    Decision d;
    d.at_ms = kFiguresStart + static_cast<TimeMs>(i);
    d.id = DecisionId{{static_cast<std::uint64_t>(d.at_ms) << 16, i}};
    d.people = {reader(i)};
    d.slot_name = i < 3000 ? "slot-" + std::to_string(i % 1500) : "slot-0";
    d.slot = slot_key(d.slot_name);
    d.outcome = Outcome::kBet;
    d.bet.id = "bet-" + std::to_string(i % 1500);
    d.bet.play = BetPlay::kTreated;
    for (std::uint64_t k = 0; k < 4; ++k) d.served.push_back({numbered(i * 4 + k), {}, 1, 255, {}});
    d.safe_default = {item_key("a")};
    if (i >= 3000) d.bet.id = "bet-0";
    put(d);
    ASSERT_LE(fold.pending(), kPendingDecisionsMax);
    ASSERT_LE(fold.items(), kFigureItemsTotalMax);
  }
  EXPECT_GT(fold.slot("slot-0")->items.gone().items, 0U);
  EXPECT_LE(fold.slot("slot-0")->items.size(), kFigureItemsMax);
  EXPECT_NE(fold.bet("bet-1499"), nullptr);
  EXPECT_EQ(fold.bet("bet-100"), nullptr);  // not seen for longest
  FiguresFold loaded;
  ASSERT_TRUE(loaded.load(fold.save()));
  EXPECT_EQ(loaded.items(), fold.items());
  EXPECT_EQ(loaded.pending(), fold.pending());
}

// The joiner and the figures as the engine wires them: activation, a click, the closed window.
TEST_F(FiguresTest, TheJoinerBringsWhatCameOfIt) {
  Joiner joiner({figures.get()});
  std::uint64_t at = 0;
  const auto both = [&](RecordKind kind, Partition partition, TimeMs when,
                        const std::string& body) {
    RecordHeader header;
    header.kind = kind;
    header.person = reader(1);
    header.occurred_at = header.received_at = when;
    ++at;
    const CommittedRecord record{Commit{1000 + at}, partition, Sequence{at}, header, body};
    joiner.consume(record);
    figures->consume(record);
    figures->commit_consumed(record.commit);
  };
  Slot slot;
  slot.name = "home";
  slot.key = slot_key("home");
  slot.goal_window_ms = kFiguresWindow;
  both(RecordKind::kObject, kControlPartition, kFiguresStart,
       encode(Object{"slot", "home", 2, false, "me", "test", slot_to_json(slot)}));
  Decision d = decision(1, Outcome::kBet, {"x"}, {"a"});
  d.activated = false;
  both(RecordKind::kDecision, partition_of(reader(1)), kFiguresStart, encode(d));
  const TimeMs shown = kFiguresStart + kDayMs - 1;
  both(RecordKind::kActivation, partition_of(reader(1)), shown,
       encode(Activation{d.id, d.slot, {}}));
  Reward reward;
  reward.decision = d.id;
  reward.slot = d.slot;
  reward.item = item_key("x");
  reward.measure = "click";
  both(RecordKind::kReward, partition_of(reader(1)), shown + 5, encode(reward));
  EXPECT_EQ(home().treated_seen.shown, 0U);
  both(RecordKind::kFacts, partition_of(reader(1)), shown + kFiguresWindow + 1, "");
  EXPECT_EQ(home().treated_seen.shown, 1U);
  EXPECT_EQ(home().treated_seen.hits, 1U);
  EXPECT_EQ(figures->rows_unseen(), 0U);
}

// A decision may wait to be stored until somebody else has acted, hours later by the log's clock.
TEST_F(FiguresTest, ADecisionStoredBehindALaterActKeepsItsRows) {
  Joiner joiner({figures.get()});
  std::uint64_t at = 0;
  const auto both = [&](std::uint64_t commit, RecordKind kind, Partition partition, TimeMs when,
                        const std::string& body) {
    RecordHeader header;
    header.kind = kind;
    header.person = reader(1);
    header.occurred_at = header.received_at = when;
    ++at;
    const CommittedRecord record{Commit{commit}, partition, Sequence{at}, header, body};
    joiner.consume(record);
    figures->consume(record);
  };
  Slot slot;
  slot.name = "home";
  slot.key = slot_key("home");
  slot.goal_window_ms = kFiguresWindow;
  both(1000, RecordKind::kObject, kControlPartition, kFiguresStart,
       encode(Object{"slot", "home", 2, false, "me", "test", slot_to_json(slot)}));
  figures->commit_consumed(Commit{1000});
  const TimeMs later = kFiguresStart + 2 * kFiguresWindow;
  both(1001, RecordKind::kFacts, partition_of(reader(1)), later, "");
  both(1001, RecordKind::kDecision, partition_of(reader(1)), kFiguresStart,
       encode(decision(1, Outcome::kBet, {"x"}, {"a"})));
  figures->commit_consumed(Commit{1001});
  both(1002, RecordKind::kFacts, partition_of(reader(1)), later + 1, "");
  figures->commit_consumed(Commit{1002});
  EXPECT_EQ(home().treated_seen.shown, 1U);
  EXPECT_EQ(figures->rows_unseen(), 0U);
}

TEST(FiguresThreads, ReadersSeeAWholeSummaryWhileTheLogIsFollowed) {
  Figures figures;
  std::atomic<bool> done{false};
  std::thread reading([&] {
    while (!done) {
      const auto summary = figures.slot("home");
      if (!summary) continue;
      std::uint64_t outcomes = 0;
      for (const std::uint64_t count : summary->outcomes) outcomes += count;
      EXPECT_EQ(outcomes, summary->decisions);
    }
  });
  for (std::uint64_t i = 1; i <= 2000; ++i) {
    Decision d;
    d.people = {reader(i)};
    d.slot_name = "home";
    d.outcome = Outcome::kBet;
    d.served.push_back({numbered(i % 50), {}, 1, 255, {}});
    RecordHeader header;
    header.kind = RecordKind::kDecision;
    figures.consume({Commit{i}, Partition{0}, Sequence{i}, header, encode(d)});
    figures.commit_consumed(Commit{i});
  }
  done = true;
  reading.join();
  EXPECT_EQ(figures.slot("home")->decisions, 2000U);
}

}  // namespace
}  // namespace ante
