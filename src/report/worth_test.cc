#include "report/worth.h"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "base/json_parser.h"
#include "base/random.h"
#include "domain/slot.h"

namespace ante {
namespace {

constexpr std::int32_t kLedgerToday = 20'500;  // at 00:00 UTC
constexpr TimeMs kLedgerNow = static_cast<TimeMs>(kLedgerToday) * kDayMs;
constexpr double kLedgerMonthDays = 365.25 / 12;

// A slot that has met 100 new persons a day for `days` days, 90 treated and 10 held out a day, one
// decision each, with that lift a person and its interval.
SlotBooks books_of(double lift, double low, double high, std::int32_t days = 60) {
  SlotBooks books;
  books.slot = "home";
  books.outcomes = {"purchase"};
  books.lift.slot = "home";
  books.lift.treated.n = static_cast<std::uint64_t>(90 * days);
  books.lift.holdout.n = static_cast<std::uint64_t>(10 * days);
  books.lift.value = lift;
  books.lift.low = low;
  books.lift.high = high;
  books.lift.sentence = "The lift's own words.";
  books.first_day = books.first_decision_day = kLedgerToday - days;
  books.entered.assign(static_cast<std::size_t>(days), 100);
  books.decisions.assign(static_cast<std::size_t>(days), {100, 90});
  books.placed = books.lift.treated.n;
  SlotWorth worth;
  worth.slot = "home";
  worth.margin = 2;
  worth.currency = "EUR";
  books.worth = worth;
  return books;
}

Cost cost_of(double amount, CostPer per, std::int32_t from_day, std::string slot = "home") {
  Cost cost;
  cost.id = "c";
  cost.kind = CostKind::kStaff;
  cost.amount = amount;
  cost.per = per;
  cost.currency = "EUR";
  cost.slot = std::move(slot);
  cost.from_ms = static_cast<TimeMs>(from_day) * kDayMs;
  return cost;
}

WorthReport asked(std::vector<SlotBooks> slots, std::vector<Cost> costs) {
  return worth_it({std::move(slots), std::move(costs), kLedgerNow});
}

const CostLine* line_of(const Worth& worth, std::string_view kind) {
  for (const CostLine& line : worth.costs)
    if (line.kind == kind) return &line;
  return nullptr;
}

TEST(WorthIt, WithNothingThereIsASentenceAndNoNumber) {
  const WorthReport none = asked({}, {});
  EXPECT_TRUE(none.slots.empty());
  EXPECT_EQ(none.all.verdict, WorthVerdict::kNotPriced);
  EXPECT_FALSE(none.all.gain);
  EXPECT_NE(none.all.sentence.find("ante cost worth"), std::string::npos) << none.all.sentence;

  SlotBooks unpriced = books_of(0.1, 0.05, 0.15);
  unpriced.worth.reset();
  const WorthReport report = asked({unpriced}, {cost_of(500, CostPer::kOnce, kLedgerToday - 10)});
  EXPECT_EQ(report.slots[0].verdict, WorthVerdict::kNotPriced);
  EXPECT_FALSE(report.slots[0].net);
  EXPECT_EQ(report.slots[0].cost, 500);
  EXPECT_NE(report.slots[0].sentence.find("home: what one unit"), std::string::npos);
}

TEST(WorthIt, BeforeTheLiftIsKnownItIsTooEarlyWhateverItCosts) {
  SlotBooks books = books_of(0.1, 0.05, 0.15);
  books.lift.low.reset();
  books.lift.high.reset();
  const WorthReport early = asked({books}, {cost_of(1e9, CostPer::kOnce, kLedgerToday - 10)});
  EXPECT_EQ(early.slots[0].verdict, WorthVerdict::kTooEarly);
  EXPECT_EQ(early.all.verdict, WorthVerdict::kTooEarly);
  EXPECT_FALSE(early.slots[0].gain);

  // A split that is not as planned: its numbers are not believed.
  books = books_of(0.1, 0.05, 0.15);
  books.lift.srm_p = 1e-9;
  EXPECT_EQ(asked({books}, {}).slots[0].verdict, WorthVerdict::kTooEarly);
}

TEST(WorthIt, PlantedCostsAboveThePlantedGainStopIt) {
  // 5,400 treated x 0.1 x 2 = 1,080, from 540 to 1,620.
  const SlotBooks books = books_of(0.1, 0.05, 0.15);
  const WorthReport report = asked({books}, {cost_of(1700, CostPer::kOnce, kLedgerToday - 60)});
  const Worth& worth = report.slots[0];
  EXPECT_NEAR(*worth.gain, 1080, 1e-9);
  EXPECT_NEAR(worth.gain_interval->low, 540, 1e-9);
  EXPECT_NEAR(worth.gain_interval->high, 1620, 1e-9);
  EXPECT_NEAR(*worth.net, -620, 1e-9);
  EXPECT_LT(worth.net_interval->high, 0);
  EXPECT_EQ(worth.verdict, WorthVerdict::kStop);
  EXPECT_TRUE(worth.sentence.starts_with("Stop: home brought 1 080 EUR (540 to 1 620 EUR)"))
      << worth.sentence;
  EXPECT_EQ(report.all.verdict, WorthVerdict::kStop);
  EXPECT_NEAR(*report.all.net, -620, 1e-9);
}

TEST(WorthIt, PlantedCostsBelowTheGainPayAndBetweenItIsTooEarly) {
  const SlotBooks books = books_of(0.1, 0.05, 0.15);
  EXPECT_EQ(asked({books}, {cost_of(500, CostPer::kOnce, kLedgerToday - 60)}).slots[0].verdict,
            WorthVerdict::kPaying);
  EXPECT_EQ(asked({books}, {cost_of(600, CostPer::kOnce, kLedgerToday - 60)}).slots[0].verdict,
            WorthVerdict::kTooEarly);
  EXPECT_EQ(asked({books}, {cost_of(1600, CostPer::kOnce, kLedgerToday - 60)}).slots[0].verdict,
            WorthVerdict::kTooEarly);
}

TEST(WorthIt, ReadersWhoLoseGateThePaying) {
  SlotBooks books = books_of(0.1, 0.05, 0.15);
  for (const Verdict readers : {Verdict::kTooEarly, Verdict::kUnproven, Verdict::kPaying}) {
    books.readers = readers;
    EXPECT_EQ(asked({books}, {}).slots[0].verdict, WorthVerdict::kPaying);
  }
  books.readers = Verdict::kLosing;
  const WorthReport report = asked({books}, {});
  EXPECT_EQ(report.slots[0].verdict, WorthVerdict::kReadersLose);
  EXPECT_EQ(report.all.verdict, WorthVerdict::kReadersLose);
  EXPECT_NE(report.slots[0].sentence.find("no success"), std::string::npos);
  // It does not make a stop milder.
  EXPECT_EQ(asked({books}, {cost_of(1e6, CostPer::kOnce, kLedgerToday - 60)}).slots[0].verdict,
            WorthVerdict::kStop);
}

// 90 treated a day x 0.1 x 2 = 18 a day, from 9 to 27; 8 a day of staff; 1,000 once, 60 days ago.
// Net a day 10 (1 to 19): after 60 days -400; 40 more days to 0, which is the end of day +39.
TEST(WorthIt, TheBreakEvenDateIsRightToTheDayInALinearWorld) {
  const SlotBooks books = books_of(0.1, 0.05, 0.15);
  const std::vector<Cost> costs = {
      cost_of(1000, CostPer::kOnce, kLedgerToday - 60),
      cost_of(8 * kLedgerMonthDays, CostPer::kMonth, kLedgerToday - 60)};
  const Worth worth = asked({books}, costs).slots[0];
  EXPECT_NEAR(worth.cost, 1480, 1e-6);
  EXPECT_NEAR(*worth.net, -400, 1e-6);
  EXPECT_NEAR(*worth.net_a_day, 10, 1e-6);
  EXPECT_FALSE(worth.break_even.reached);
  EXPECT_EQ(*worth.break_even.day, kLedgerToday + 39);
  // At 27 - 8 = 19 a day it was there within day 53 (of 0 ..): 1000 / 19 = 52.6.
  EXPECT_EQ(*worth.break_even.earliest, kLedgerToday - 60 + 52);
  // At 1 a day: 1000 - 60 = 940 more days.
  EXPECT_EQ(*worth.break_even.latest, kLedgerToday + 939);
  // A cost a cent higher once moves it by a day.
  const Worth later =
      asked({books}, {cost_of(1000.01, CostPer::kOnce, kLedgerToday - 60), costs[1]}).slots[0];
  EXPECT_EQ(*later.break_even.day, kLedgerToday + 40);
}

TEST(WorthIt, WhatIsPaidBackHasTheDateWhenItWas) {
  const SlotBooks books = books_of(0.1, 0.05, 0.15);
  const Worth worth = asked({books}, {cost_of(180, CostPer::kOnce, kLedgerToday - 60)}).slots[0];
  EXPECT_TRUE(worth.break_even.reached);
  EXPECT_EQ(*worth.break_even.day, kLedgerToday - 60 + 9);       // 10 days x 18
  EXPECT_EQ(*worth.break_even.earliest, kLedgerToday - 60 + 6);  // 27 a day
  EXPECT_EQ(*worth.break_even.latest, kLedgerToday - 60 + 19);   // 9 a day
  EXPECT_NE(worth.sentence.find("It has paid for itself since 20"), std::string::npos);
}

TEST(WorthIt, AtALossADayItNeverBreaksEven) {
  const SlotBooks books = books_of(0.1, 0.05, 0.15);
  const Worth worth =
      asked({books}, {cost_of(18 * kLedgerMonthDays, CostPer::kMonth, kLedgerToday - 61)}).slots[0];
  EXPECT_LT(*worth.net, 0);
  EXPECT_FALSE(worth.break_even.reached);
  EXPECT_FALSE(worth.break_even.day);
  EXPECT_FALSE(worth.break_even.latest);
  EXPECT_TRUE(worth.break_even.earliest);
  // It could be either way: nothing is said of a day.
  EXPECT_TRUE(worth.sentence.ends_with(" EUR net).")) << worth.sentence;
  EXPECT_NE(worth.sentence.find("it could be either way (−5"), std::string::npos);
}

TEST(WorthIt, ItsWordsAgreeWithTheInterval) {
  // The middle is above the cost, the lower end is not: nothing has paid for itself.
  SlotBooks books = books_of(0.1, -0.1, 0.3);
  Worth worth = asked({books}, {cost_of(180, CostPer::kOnce, kLedgerToday - 60)}).slots[0];
  EXPECT_EQ(worth.verdict, WorthVerdict::kTooEarly);
  EXPECT_GT(*worth.net, 0);
  EXPECT_FALSE(worth.break_even.reached);
  EXPECT_FALSE(worth.break_even.latest);
  EXPECT_TRUE(worth.break_even.day);
  EXPECT_NE(worth.sentence.find("it could be either way"), std::string::npos) << worth.sentence;
  EXPECT_EQ(worth.sentence.find("itself"), std::string::npos) << worth.sentence;
  // Below the cost at both ends, and a person came 2.4 times: no stop, and no "either way".
  books = books_of(0.1, 0.05, 0.15);
  books.window_ms = 30 * kMinuteMs;
  for (DayDecisions& day : books.decisions) day = {240, 216};
  worth = asked({books}, {cost_of(2000, CostPer::kOnce, kLedgerToday - 60)}).slots[0];
  EXPECT_EQ(worth.verdict, WorthVerdict::kTooEarly);
  EXPECT_LT(worth.net_interval->high, 0);
  EXPECT_EQ(worth.sentence.find("either way"), std::string::npos) << worth.sentence;
  EXPECT_NE(worth.sentence.find("what is counted does not cover the cost (−"), std::string::npos);
  EXPECT_NE(worth.sentence.find("there was time for 2.4 of them on average"), std::string::npos)
      << worth.sentence;
  EXPECT_NE(worth.sentence.find("At this pace it pays for itself on "), std::string::npos);
  // What has paid for itself has the interval of that day.
  worth = asked({books_of(0.1, 0.05, 0.15)}, {cost_of(180, CostPer::kOnce, kLedgerToday - 60)})
              .slots[0];
  EXPECT_TRUE(worth.break_even.reached);
  EXPECT_TRUE(worth.sentence.ends_with(
      "It has paid for itself since 2025-12-27 (2025-12-24 to 2026-01-06)."))
      << worth.sentence;
}

TEST(WorthIt, EachWayOfPayingIsCountedUpToNow) {
  const SlotBooks books = books_of(0.1, 0.05, 0.15);
  const auto cost = [&](Cost each) { return asked({books}, {std::move(each)}).slots[0].cost; };
  EXPECT_NEAR(cost(cost_of(30, CostPer::kMonth, kLedgerToday - 10)), 30 * 10 / kLedgerMonthDays,
              1e-9);
  Cost ended = cost_of(30, CostPer::kMonth, kLedgerToday - 10);
  ended.until_ms = static_cast<TimeMs>(kLedgerToday - 4) * kDayMs;
  EXPECT_NEAR(cost(ended), 30 * 6 / kLedgerMonthDays, 1e-9);
  EXPECT_NEAR(cost(cost_of(0.01, CostPer::kDecision, kLedgerToday - 60)), 60, 1e-9);
  EXPECT_NEAR(cost(cost_of(0.01, CostPer::kDecision, kLedgerToday - 10)), 10, 1e-9);
  Cost few = cost_of(0.01, CostPer::kDecision, kLedgerToday - 10);
  few.until_ms = static_cast<TimeMs>(kLedgerToday - 9) * kDayMs;
  EXPECT_NEAR(cost(few), 1, 1e-9);
  EXPECT_EQ(cost(cost_of(1000, CostPer::kOnce, kLedgerToday + 3)), 0);   // not yet
  EXPECT_EQ(cost(cost_of(5, CostPer::kMessage, kLedgerToday - 60)), 0);  // a page sends nothing
  SlotBooks mail = books;
  mail.sends = true;
  EXPECT_NEAR(asked({mail}, {cost_of(0.01, CostPer::kMessage, kLedgerToday - 60)}).slots[0].cost,
              54,
              1e-9);  // to the treated
  EXPECT_NEAR(
      asked({mail}, {cost_of(0.01, CostPer::kMessage, kLedgerToday - 60, "")}).slots[0].cost, 54,
      1e-9);
  // By the month and of no slot: only in all.
  const WorthReport shared = asked({books}, {cost_of(2000, CostPer::kOnce, kLedgerToday - 60, "")});
  EXPECT_EQ(shared.slots[0].cost, 0);
  EXPECT_EQ(shared.all.cost, 2000);
  EXPECT_EQ(shared.all.verdict, WorthVerdict::kStop);
  // Of a slot that is gone: paid all the same.
  EXPECT_EQ(asked({books}, {cost_of(2000, CostPer::kOnce, kLedgerToday - 60, "gone")}).all.cost,
            2000);
}

TEST(WorthIt, AnnoyanceIsTakenOffExploringAndHoldoutAreTold) {
  SlotBooks books = books_of(0.1, 0.05, 0.15);
  books.annoyance = 54;  // 0.01 of each placed
  books.explored = 540;
  books.exploring = 20;
  const Worth worth = asked({books}, {}).slots[0];
  const CostLine* annoyance = line_of(worth, "annoyance");
  ASSERT_NE(annoyance, nullptr);
  EXPECT_NEAR(annoyance->amount, 108, 1e-9);
  EXPECT_EQ(annoyance->n, 5400U);
  EXPECT_FALSE(annoyance->in_gain);
  EXPECT_NEAR(worth.cost, 108, 1e-9);
  EXPECT_NEAR(worth.cost_a_decision, 0.01, 1e-12);
  const CostLine* exploring = line_of(worth, "exploring");
  ASSERT_NE(exploring, nullptr);
  EXPECT_NEAR(exploring->amount, 40, 1e-9);
  EXPECT_TRUE(exploring->in_gain);
  const CostLine* held = line_of(worth, "holdout");
  ASSERT_NE(held, nullptr);
  EXPECT_NEAR(held->amount, 120, 1e-9);  // 600 persons
  EXPECT_NEAR(held->interval->high, 180, 1e-9);
  EXPECT_TRUE(held->in_gain);
  EXPECT_NEAR(*worth.net, 1080 - 108, 1e-9);
  // A holdout that is better off forgoes nothing.
  EXPECT_EQ(line_of(asked({books_of(-0.1, -0.15, -0.05)}, {}).slots[0], "holdout")->amount, 0);
}

TEST(WorthIt, AMarginThatIsNotSureWidensTheGain) {
  SlotBooks books = books_of(0.1, 0.05, 0.15);
  books.worth->smallest_margin = 1;
  Worth worth = asked({books}, {}).slots[0];
  EXPECT_NEAR(worth.gain_interval->low, 270, 1e-9);
  EXPECT_NEAR(worth.gain_interval->high, 1620, 1e-9);
  books = books_of(-0.1, -0.15, -0.05);
  books.worth->smallest_margin = 1;
  worth = asked({books}, {}).slots[0];
  EXPECT_NEAR(worth.gain_interval->low, -1620, 1e-9);
  EXPECT_NEAR(worth.gain_interval->high, -270, 1e-9);
}

// The lift counts the first window only: who comes ten times may have had ten times the gain.
TEST(WorthIt, AStopHoldsAlsoIfEveryWindowBroughtAsMuch) {
  SlotBooks books = books_of(0.1, 0.05, 0.15);
  for (DayDecisions& day : books.decisions) day = {1000, 900};
  books.window_ms = 30 * kMinuteMs;
  Worth worth = asked({books}, {cost_of(2000, CostPer::kOnce, kLedgerToday - 60)}).slots[0];
  EXPECT_NEAR(worth.repeats, 10, 1e-9);
  EXPECT_EQ(worth.verdict, WorthVerdict::kTooEarly);
  EXPECT_NE(worth.sentence.find("time for 10.0 of them on average"), std::string::npos)
      << worth.sentence;
  worth = asked({books}, {cost_of(17'000, CostPer::kOnce, kLedgerToday - 60)}).slots[0];
  EXPECT_EQ(worth.verdict, WorthVerdict::kStop);
  // A window of 30 days: no more than 3 of them fit in 60 days.
  books.window_ms = 30 * kDayMs;
  EXPECT_NEAR(asked({books}, {}).slots[0].repeats, 3, 1e-9);
  // What loses is not helped by losing often.
  SlotBooks losing = books_of(-0.1, -0.15, -0.05);
  losing.decisions = books.decisions;
  EXPECT_EQ(asked({losing}, {}).slots[0].verdict, WorthVerdict::kStop);
}

TEST(WorthIt, InAllIsTheSumAndKnowsWhatItDoesNotKnow) {
  SlotBooks a = books_of(0.1, 0.05, 0.15), b = books_of(0.2, 0.1, 0.3);
  b.slot = "end";
  b.worth->slot = "end";
  b.outcomes = {"click"};
  WorthReport report = asked({a, b}, {cost_of(100, CostPer::kOnce, kLedgerToday - 60),
                                      cost_of(50, CostPer::kOnce, kLedgerToday - 60, "end"),
                                      cost_of(25, CostPer::kOnce, kLedgerToday - 80, "")});
  EXPECT_NEAR(*report.all.gain, 3240, 1e-9);
  EXPECT_NEAR(report.all.gain_interval->low, 1620, 1e-9);
  EXPECT_NEAR(report.all.cost, 175, 1e-9);
  EXPECT_EQ(report.all.verdict, WorthVerdict::kPaying);
  EXPECT_EQ(report.all.sentence.find("cannot be added"), std::string::npos);
  // Staff of both slots, annoyance, what the held out forwent, and the shared one.
  ASSERT_EQ(report.all.costs.size(), 4U);
  EXPECT_NEAR(line_of(report.all, "staff")->amount, 150, 1e-9);
  EXPECT_NEAR(line_of(report.all, "holdout")->amount, 120 + 240, 1e-9);
  EXPECT_NEAR(line_of(report.all, "holdout")->interval->high, 180 + 360, 1e-9);
  EXPECT_EQ(report.all.costs[3].amount, 25);
  b.outcomes = {"click", "purchase"};
  report = asked({a, b}, {});
  EXPECT_TRUE(report.all.sentence.starts_with(
      "What home, end brought cannot be added, since they count the same outcome: of them end "
      "stands alone, which is the least that is proven. Paying: All of it brought at least 2 160"))
      << report.all.sentence;
  // A slot that is priced and whose lift is not known: nor is the sum.
  b.lift.low.reset();
  report = asked({a, b}, {cost_of(1e6, CostPer::kOnce, kLedgerToday - 60)});
  EXPECT_FALSE(report.all.gain);
  EXPECT_EQ(report.all.verdict, WorthVerdict::kTooEarly);
  EXPECT_NE(report.all.sentence.find("what end brought"), std::string::npos);
  // One that nobody priced is named, and keeps the sum from a stop.
  b.worth.reset();
  report = asked({a, b}, {cost_of(1e6, CostPer::kOnce, kLedgerToday - 60)});
  EXPECT_EQ(report.all.verdict, WorthVerdict::kTooEarly);
  EXPECT_NE(report.all.sentence.find("Not counted, since nobody said"), std::string::npos);
}

TEST(WorthIt, OfSlotsThatCountTheSameOutcomeOneStandsForAllAndAllCost) {
  SlotBooks a = books_of(0.1, 0.05, 0.15), b = a, c = books_of(0.2, 0.01, 0.39), d = a;
  b.slot = "end";
  c.slot = "mail";
  d.slot = "shelf";
  b.outcomes = {"click", "purchase"};  // links home and mail
  c.outcomes = {"click"};
  d.outcomes = {"read"};
  const std::vector<Cost> costs = {cost_of(600, CostPer::kOnce, kLedgerToday - 60),
                                   cost_of(600, CostPer::kOnce, kLedgerToday - 60, "end")};
  // Added, the two would pay: 2,160 (1,080 to 3,240) for 1,200.
  Worth all = asked({a, b}, costs).all;
  EXPECT_NEAR(*all.gain, 1080, 1e-9);
  EXPECT_NEAR(all.gain_interval->low, 540, 1e-9);
  EXPECT_EQ(all.cost, 1200);
  EXPECT_EQ(all.verdict, WorthVerdict::kTooEarly);
  EXPECT_FALSE(all.break_even.reached);
  EXPECT_EQ(all.treated, 5400U);
  EXPECT_NEAR(line_of(all, "holdout")->amount, 120, 1e-9);
  EXPECT_EQ(all.sharing, (std::vector<std::string>{"home", "end"}));
  EXPECT_EQ(all.standing, std::vector<std::string>{"home"});
  // The largest lower end of three that are linked, and what shares with nobody.
  all = asked({c, b, a, d}, {}).all;
  EXPECT_NEAR(*all.gain, 2160, 1e-9);
  EXPECT_EQ(all.sharing, (std::vector<std::string>{"mail", "end", "home"}));
  EXPECT_EQ(all.standing, std::vector<std::string>{"end"});
  // A loss is not left out.
  SlotBooks loss = books_of(-0.04, -0.06, -0.02);
  loss.slot = "end";
  all = asked({a, loss}, {}).all;
  EXPECT_NEAR(*all.gain, 1080 - 432, 1e-9);
  EXPECT_EQ(all.standing, (std::vector<std::string>{"home", "end"}));
  // A stop holds against all that they could have brought together.
  EXPECT_EQ(asked({a, b}, {cost_of(3000, CostPer::kOnce, kLedgerToday - 60)}).all.verdict,
            WorthVerdict::kTooEarly);
  EXPECT_EQ(asked({a, b}, {cost_of(3300, CostPer::kOnce, kLedgerToday - 60)}).all.verdict,
            WorthVerdict::kStop);
}

// 200 worlds of 4,000 people who all come to two slots that count purchases: a fifth held out of
// both (`nested`) or of each by itself. What is said to be proven is not above what is true.
TEST(WorthIt, InPlantedWorldsOnePurchaseIsNotCountedTwice) {
  Random random(21);
  for (const bool nested : {true, false}) {
    int too_much = 0, sum_too_much = 0;
    for (int run = 0; run < 200; ++run) {
      std::array<SlotLift, 2> sums;
      double truth = 0;
      for (int person = 0; person < 4000; ++person) {
        const bool first = random.below(5) != 0, second = nested ? first : random.below(5) != 0;
        const double effect = nested ? (first ? 0.1 : 0) : 0.05 * first + 0.05 * second;
        truth += effect;
        const std::int64_t micros = random.uniform() < 0.2 + effect ? 1'000'000 : 0;
        (first ? sums[0].treated : sums[0].holdout).add(micros);
        (second ? sums[1].treated : sums[1].holdout).add(micros);
      }
      std::vector<SlotBooks> books;
      double lows = 0;
      for (const SlotLift& of : sums) {
        SlotBooks each = books_of(0, 0, 0);
        Slot slot;
        slot.name = each.slot = books.empty() ? "home" : "end";
        each.lift = summarize(slot, of, 0.2);
        each.worth->margin = 1;
        if (each.lift.low) lows += *each.lift.low * static_cast<double>(each.lift.treated.n);
        books.push_back(std::move(each));
      }
      const Worth all = asked(std::move(books), {}).all;
      ASSERT_TRUE(all.gain_interval);
      too_much += all.gain_interval->low > truth ? 1 : 0;
      sum_too_much += lows > truth ? 1 : 0;
    }
    EXPECT_LE(too_much, 10);
    EXPECT_GE(sum_too_much, nested ? 50 : 0);
  }
}

TEST(WorthIt, WhatASlotThatIsGoneCostStaysInTheLedger) {
  SlotBooks home = books_of(0.1, 0.05, 0.15), cart = home;
  cart.slot = "cart";
  cart.gone = true;
  cart.worth.reset();
  cart.lift = {};
  cart.entered.clear();
  Cost by_decision = cost_of(1, CostPer::kDecision, kLedgerToday - 60, "cart");
  const std::vector<Cost> costs = {cost_of(833, CostPer::kOnce, kLedgerToday - 60, "cart"),
                                   by_decision};
  WorthReport report = asked({home, cart}, costs);
  ASSERT_EQ(report.slots.size(), 2U);
  const Worth& gone = report.slots[1];
  EXPECT_EQ(gone.verdict, WorthVerdict::kGone);
  EXPECT_NEAR(gone.cost, 6833, 1e-9);
  EXPECT_EQ(gone.sentence,
            "Slot cart is gone; it cost 6 833 EUR. What it brought is not known any more.");
  EXPECT_NEAR(report.all.cost, 6833, 1e-9);
  EXPECT_TRUE(report.all.sentence.ends_with(
      " 6 833 EUR of the cost is of what is gone, and brings nothing more: cart."))
      << report.all.sentence;
  EXPECT_EQ(report.all.verdict, WorthVerdict::kTooEarly);  // cart may have brought it
  // With nothing left at all it is said too; one that cost nothing is left out.
  report = asked({cart}, costs);
  EXPECT_NE(report.all.sentence.find("6 833 EUR of the cost"), std::string::npos);
  EXPECT_EQ(asked({home, cart}, {}).slots.size(), 1U);
  EXPECT_EQ(asked({home, cart}, {}).all.verdict, WorthVerdict::kPaying);
}

TEST(WorthIt, MixedCurrenciesAreNotAdded) {
  SlotBooks a = books_of(0.1, 0.05, 0.15);
  Cost dollars = cost_of(5, CostPer::kOnce, kLedgerToday - 60);
  dollars.currency = "USD";
  const WorthReport report = asked({a}, {dollars});
  for (const Worth* worth : {&report.slots[0], &report.all}) {
    EXPECT_EQ(worth->verdict, WorthVerdict::kNotPriced);
    EXPECT_FALSE(worth->gain);
    EXPECT_FALSE(worth->net);
    EXPECT_NE(worth->sentence.find("in EUR and USD"), std::string::npos) << worth->sentence;
  }
  dollars.currency = "";
  EXPECT_EQ(asked({a}, {dollars}).all.currency, "EUR");
}

TEST(WorthIt, ItsJsonHasEveryNumberOrNull) {
  SlotBooks a = books_of(0.1, 0.05, 0.15);
  SlotBooks unknown = books_of(0, 0, 0);
  unknown.slot = "new";
  unknown.worth.reset();
  JsonParser parser(1 << 20);
  const auto json = parser.parse(to_json(asked({a, unknown}, {cost_of(7, CostPer::kOnce, 1)})));
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(double((*json)["slots"].at(0)["net"]["value"]), 1073);
  EXPECT_TRUE((*json)["slots"].at(1)["net"]["value"].is_null());
  EXPECT_EQ(std::string_view((*json)["slots"].at(0)["verdict"]), "paying");
  EXPECT_EQ(std::string_view((*json)["all"]["breakEven"]["date"]).size(), 10U);
}

}  // namespace
}  // namespace ante
