#include "report/executive.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "base/json_parser.h"

namespace ante {
namespace {

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

ExecutiveSlot slot_with(std::string name, Verdict verdict) {
  ExecutiveSlot slot;
  slot.lift.slot = slot.scale.slot = std::move(name);
  slot.lift.verdict = verdict;
  slot.lift.treated.n = 9000;
  slot.lift.holdout.n = 1000;
  slot.scale.holdout_share = 0.1;
  slot.scale.days = 10;
  slot.scale.base = 0.1;
  slot.scale.days_to_know = 31.2;
  if (verdict == Verdict::kTooEarly) return slot;
  const double sign = verdict == Verdict::kLosing ? -1 : 1;
  slot.lift.value = 0.012 * sign;
  slot.lift.low = sign > 0 ? 0.004 : -0.02;
  slot.lift.high = sign > 0 ? 0.02 : -0.004;
  slot.lift.relative = *slot.lift.value * 10;
  slot.lift.relative_low = *slot.lift.low * 10;
  slot.lift.relative_high = *slot.lift.high * 10;
  return slot;
}

MapCell harmed(std::string slot, std::string level) {
  MapCell cell;
  cell.slot = std::move(slot);
  cell.trait = "visits";
  cell.level = std::move(level);
  cell.treated = 800;
  cell.holdout = 200;
  cell.holdout_mean = 0.1;
  cell.difference = -0.05;
  cell.interval = {-0.08, -0.02};
  cell.verdict = CellVerdict::kHarms;
  cell.switch_off = true;
  cell.command = "ante bet new …";
  return cell;
}

TEST(Executive, WithNothingItSaysSo) {
  ExecutiveQuestion unused;
  unused.slots.resize(2);
  EXPECT_EQ(executive_page(unused).needs,
            std::vector<std::string>{"People: nobody has been shown anything yet."});
  const ExecutivePage page = executive_page(unused);
  EXPECT_EQ(page.sentence, "Nothing is personalised yet.");
  EXPECT_LE(screen_of(page).size(), kScreenLines);
}

TEST(Executive, NobodyIsSaidToHaveComeOnlyWhereNobodyCame) {
  ExecutiveQuestion q;
  q.slots.resize(1);
  q.slots[0].lift.slot = "home";
  q.slots[0].shadow = "has no brief and none was waived";
  const std::string shut =
      "home: everybody gets the safe default, since it has no brief and none was waived.";
  ExecutivePage page = executive_page(q);
  EXPECT_EQ(page.sentence, "Nothing is personalised yet.");
  EXPECT_EQ(page.needs,
            (std::vector<std::string>{"People: nobody has been shown anything yet.", shut}));
  // 3,000 came, none of them into a comparison.
  q.slots[0].decisions = 3000;
  page = executive_page(q);
  EXPECT_EQ(page.sentence, "Of 1 place it works in 0, does not in 0, and is not known yet of 1.");
  EXPECT_EQ(page.needs, std::vector<std::string>{shut});
  // And where what they saw is no more.
  q.slots.clear();
  q.decisions_gone = 3000;
  page = executive_page(q);
  EXPECT_EQ(page.sentence, "Nothing is personalised now: the places where it was are gone.");
  EXPECT_EQ(page.needs, std::vector<std::string>{"People: nobody has been shown anything since."});
}

TEST(Executive, ASlotThatFellBackDoesNotWorkWhateverItsCountsSayNow) {
  for (const Verdict verdict : {Verdict::kTooEarly, Verdict::kLosing, Verdict::kPaying}) {
    ExecutiveQuestion q;
    q.slots = {slot_with("home", verdict)};
    q.slots[0].fell_back = "Losing: 3 of 10.";
    const ExecutivePage page = executive_page(q);
    EXPECT_EQ(page.sentence, "Of 1 place it works in 0, does not in 1, and is not known yet of 0.");
    EXPECT_EQ(page.does_not,
              std::vector<std::string>{
                  "home: fell back to the safe default on its own: Losing: 3 of 10."});
    EXPECT_TRUE(page.needs.empty() && page.works.empty());
  }
}

TEST(Executive, EveryPlaceStandsOnceWithWhomItIsHeldAgainst) {
  ExecutiveQuestion q;
  q.slots = {slot_with("home", Verdict::kPaying), slot_with("end", Verdict::kLosing),
             slot_with("mail", Verdict::kTooEarly), slot_with("shelf", Verdict::kNeutral)};
  q.losers.losers = {harmed("home", "first")};
  q.losers.map = q.losers.losers;
  q.all.sentence = "Paying: it brought 10 (5 to 15) more than leaving people alone.";
  q.supply = "Two topics run dry in a week.";
  const ExecutivePage page = executive_page(q);
  EXPECT_EQ(page.sentence, "Of 4 places it works in 1, does not in 2, and is not known yet of 1.");
  ASSERT_EQ(page.works.size(), 1U);
  EXPECT_EQ(page.works[0],
            "home: people with bets bring 12 % more than people left alone (4 % more to 20 % more; "
            "9000 people with bets, 1000 left alone).");
  ASSERT_EQ(page.does_not.size(), 3U);
  EXPECT_TRUE(page.does_not[0].starts_with("end: people with bets bring 12 % less"));
  EXPECT_TRUE(page.does_not[2].starts_with("home, visits: first: −50.0 %")) << page.does_not[2];
  for (const std::string& line : page.does_not)
    EXPECT_NE(line.find("people left alone"), std::string::npos) << line;
  ASSERT_EQ(page.needs.size(), 3U);
  EXPECT_TRUE(page.needs[0].starts_with("Switch off 1 place"));
  EXPECT_EQ(page.needs[1],
            "mail: time. About 22 more days until a difference of 10 % to people left alone would "
            "show.");
  EXPECT_EQ(page.needs[2], q.supply);
  EXPECT_EQ(page.costs, std::vector<std::string>{q.all.sentence});
}

TEST(Executive, WhereReadersLoseItDoesNotWorkWhateverItEarns) {
  ExecutiveQuestion q;
  q.slots = {slot_with("home", Verdict::kPaying), slot_with("end", Verdict::kPaying)};
  q.slots[0].readers = Verdict::kLosing;
  q.slots[0].readers_sentence = "Fewer came back than of the people left alone.";
  q.slots[1].readers = Verdict::kPaying;
  const ExecutivePage page = executive_page(q);
  EXPECT_EQ(page.sentence, "Of 2 places it works in 1, does not in 1, and is not known yet of 0.");
  ASSERT_EQ(page.does_not.size(), 1U);
  EXPECT_EQ(page.does_not[0],
            "home: readers get less of what they came for. Fewer came back than of the people left "
            "alone.");
  ASSERT_EQ(page.works.size(), 2U);
  EXPECT_TRUE(page.works[0].starts_with("end: readers get more"));
}

TEST(Executive, WhatMovesApartStandsUnderWhatDoesNot) {
  ConflictReport apart;
  apart.apart.resize(1);
  apart.apart[0].sentence = "home, apart: clicks get better and returns get worse.";
  ExecutiveQuestion q;
  q.conflicts = apart;
  EXPECT_EQ(executive_page(q).does_not, std::vector<std::string>{apart.apart[0].sentence});
}

TEST(Executive, EachReasonToWaitHasItsSentence) {
  std::set<std::string> sentences;
  for (int which = 0; which < 6; ++which) {
    ExecutiveSlot slot = slot_with("home", Verdict::kTooEarly);
    if (which == 0) slot.lift.srm_p = 1e-9;
    if (which == 1) slot.scale.holdout_share = 0;
    if (which == 2) slot.scale.base.reset();
    if (which == 3) slot.scale.days_to_know.reset();
    if (which == 4) slot.scale.days = 40;
    ExecutiveQuestion q;
    q.slots = {slot};
    const ExecutivePage page = executive_page(q);
    ASSERT_EQ(page.needs.size(), 1U);
    sentences.insert(page.needs[0]);
  }
  EXPECT_EQ(sentences.size(), 6U);
}

TEST(Executive, HoweverMuchThereIsItFitsOnOneScreen) {
  ExecutiveQuestion q;
  for (int i = 0; i < 40; ++i) {
    q.slots.push_back(slot_with("home-" + std::to_string(i), Verdict::kPaying));
    q.slots.push_back(slot_with("end-" + std::to_string(i), Verdict::kLosing));
    q.slots.push_back(slot_with("mail-" + std::to_string(i), Verdict::kTooEarly));
  }
  q.losers.losers.assign(40, harmed("home", "first"));
  std::string endless;
  for (int i = 0; i < 500; ++i) endless += "−";
  for (const std::string& cost : {std::string("short."), std::string(3000, 'x'), endless,
                                  std::string("many words ") + std::string(900, ' ')}) {
    q.all.sentence = cost;
    const std::vector<std::string> screen = screen_of(executive_page(q));
    EXPECT_LE(screen.size(), kScreenLines);
    for (const std::string& line : screen) {
      EXPECT_LE(characters(line), kScreenColumns) << line;
      EXPECT_TRUE(line.empty() || (static_cast<unsigned char>(line.back()) & 0xC0) != 0xC0) << line;
    }
    const auto more = std::ranges::count_if(screen, [](const std::string& line) {
      return line.starts_with("  and ") && line.find(" more: --json") != std::string::npos;
    });
    EXPECT_EQ(more, 3);
  }
  JsonParser parser(1 << 22);
  ASSERT_TRUE(parser.parse(to_json(executive_page(q))));
}

}  // namespace
}  // namespace ante
