#include "learning/decision_export.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "base/json_parser.h"
#include "base/time_text.h"
#include "learning/bandit_log.h"
#include "learning/test_world.h"

namespace ante {
namespace {

DecisionPage page_of(const LearningWorld& world, const DecisionsWanted& wanted = {},
                     const ExportLimits& limits = {}) {
  const ItemNames names = [&world](ItemKey item, const Slot*) { return world.name_of(item); };
  auto page = export_decisions(world.log.store, wanted, names, limits);
  EXPECT_TRUE(page) << page.error().message;
  return std::move(*page);
}

std::vector<std::string> lines_of(const DecisionPage& page) {
  std::vector<std::string> lines;
  std::string_view rest = page.lines;
  while (!rest.empty()) {
    lines.emplace_back(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(lines.back().size() + 1);
  }
  EXPECT_EQ(lines.size(), page.decisions);
  return lines;
}

std::string_view word(simdjson::dom::element object, std::string_view name) {
  std::string_view text;
  return object[name].get(text) ? std::string_view("(none)") : text;
}

double value(simdjson::dom::element object, std::string_view name) {
  double number = std::nan("");
  return object[name].get(number) ? std::nan("") : number;
}

std::size_t count(simdjson::dom::element object, std::string_view name) {
  simdjson::dom::array array;
  return object[name].get(array) ? 999 : array.size();
}

void expect_equal(simdjson::dom::element line, const Decision& decision) {
  EXPECT_EQ(word(line, "decision"), to_string(decision.id));
  EXPECT_EQ(word(line, "time"), format_time(decision.at_ms));
  EXPECT_EQ(word(line, "outcome"), to_string(decision.outcome));
  EXPECT_EQ(word(line, "arm"), to_string(decision.arm));
  EXPECT_EQ(word(line["context"], "device"), decision.situation.device);
  EXPECT_EQ(count(line, "features"), 12u);
  EXPECT_EQ(word(line, "chosen"), decision.served.front().item_id);
  EXPECT_EQ(static_cast<float>(value(line, "propensity")), decision.served.front().propensity);
  ASSERT_EQ(count(line, "served"), decision.served.size());
  EXPECT_EQ(count(line, "safeDefault"), decision.safe_default.size());
  EXPECT_EQ(static_cast<float>(value(line["policy"], "stake")), decision.policy.stake);
  EXPECT_EQ(value(line["policy"], "branch"), decision.policy.drawn_branch);
  bool drawn = false;
  ASSERT_FALSE(line["drawn"].get(drawn));
  EXPECT_EQ(drawn, decision.arm == Arm::kTreated);
  if (!drawn) {
    EXPECT_EQ(word(line, "notDrawn"), "holdout");
    EXPECT_EQ(count(line, "actions"), 999u);
    EXPECT_TRUE(line["reward"].is_null());
    return;
  }
  ASSERT_EQ(count(line, "actions"), decision.hand.size());  // the safe default is one of the hand
  double sum = 0;
  for (std::size_t i = 0; i < decision.hand.size(); ++i) {
    const simdjson::dom::element action = line["actions"].at(i);
    const auto held =
        std::ranges::find(decision.hand, item_key(word(action, "id")), &HandItem::item);
    ASSERT_NE(held, decision.hand.end());
    EXPECT_EQ(held->item == decision.safe_default.front(), i == 0);  // it wins ties
    EXPECT_EQ(value(action, "gain"), static_cast<double>(held->gain_mean));
    if (word(action, "id") == word(line, "chosen")) {
      EXPECT_NEAR(value(action, "propensity"), value(line, "propensity"), 1e-6);
    }
    sum += value(action, "propensity");
  }
  EXPECT_NEAR(sum, 1, 1e-9);
}

TEST(DecisionExport, ALineIsWhatWasDecided) {
  LearningWorld world(5);
  for (int i = 0; i < 300; ++i) world.step();
  world.close_windows();
  const DecisionPage page = page_of(world);
  const std::vector<std::string> lines = lines_of(page);
  ASSERT_EQ(lines.size(), world.decisions.size());
  JsonParser parser(1 << 20);
  std::uint64_t treated = 0, paid = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    SCOPED_TRACE(lines[i]);
    const auto line = parser.parse(lines[i]);
    ASSERT_TRUE(line);
    expect_equal(*line, world.decisions[i]);
    EXPECT_EQ(word(*line, "rewardState"), "matured");
    treated += world.decisions[i].arm == Arm::kTreated;
    const double reward = value(*line, "reward");
    if (world.decisions[i].arm == Arm::kTreated) {
      EXPECT_TRUE(reward == 0 || reward == 1);
      paid += reward == 1;
    }
    // Not a person, not by any id, and not what they typed.
    for (const PersonHash person : world.decisions[i].people)
      EXPECT_EQ(lines[i].find(to_string(person).substr(4)), std::string::npos);
    EXPECT_EQ(lines[i].find("per_"), std::string::npos);
    EXPECT_EQ(lines[i].find("what they typed"), std::string::npos);
  }
  EXPECT_EQ(page.evaluable, treated);
  EXPECT_GT(paid, treated / 10);
  EXPECT_EQ(page.unreadable, 0u);
  EXPECT_FALSE(page.next);
}

TEST(DecisionExport, WhatIsNotKnownIsNullAndSaysWhy) {
  LearningWorld world(6);
  for (int i = 0; i < 40; ++i)
    world.step(i >= 20);  // the first twenty are never shown, but clicked
  const auto states = [&] {
    std::map<std::string, std::pair<int, int>> found;  // state → lines, with a reward
    JsonParser parser(1 << 20);
    for (const std::string& text : lines_of(page_of(world))) {
      const auto line = parser.parse(text);
      const bool has_reward = !(*line)["rewards"].at(0).is_null();
      auto& [lines, rewards] = found[std::string(word(*line, "rewardState"))];
      ++lines;
      rewards += has_reward ? 1 : 0;
    }
    return found;
  };
  EXPECT_EQ(states(), (decltype(states()){{"open", {40, 0}}}));
  world.close_windows();
  auto later = states();
  // A reward proves that its placement was shown; who clicked nothing of the rest waits for a day.
  EXPECT_EQ(later["matured"].first, later["matured"].second);
  EXPECT_GE(later["matured"].first, 20);
  EXPECT_EQ(later["open"].first, 40 - later["matured"].first);
  world.log.pass(kWorldStart + 2 * kDayMs);
  later = states();
  EXPECT_EQ(later["not_shown"].first, 40 - later["matured"].first);
  EXPECT_EQ(later["not_shown"].second, 0);
  EXPECT_EQ(later.count("open"), 1u - (later["open"].first == 0 ? 0u : 1u));
}

TEST(DecisionExport, PagesHoldEachDecisionOnceAndTheSameRewards) {
  LearningWorld world(7);
  for (int i = 0; i < 200; ++i) world.step();
  world.close_windows();
  const DecisionPage whole = page_of(world);
  for (const ExportLimits& limits :
       {ExportLimits{1, 1 << 30}, ExportLimits{7, 1 << 30}, ExportLimits{200, 1 << 30},
        ExportLimits{1000, 1}, ExportLimits{1000, 20'000}}) {
    DecisionsWanted wanted;
    std::string lines;
    std::uint64_t decisions = 0, evaluable = 0;
    while (true) {
      const DecisionPage page = page_of(world, wanted, limits);
      EXPECT_LE(page.decisions, limits.decisions);
      lines += page.lines;
      decisions += page.decisions;
      evaluable += page.evaluable;
      if (!page.next) break;
      wanted.after = parse_cursor(to_cursor(*page.next)).value();
    }
    EXPECT_TRUE(lines == whole.lines) << limits.decisions;
    EXPECT_EQ(decisions, 200u);
    EXPECT_EQ(evaluable, whole.evaluable);
  }
}

TEST(DecisionExport, TimesAndSlotsCutTheLog) {
  LearningWorld world(8);
  for (int i = 0; i < 30; ++i) world.step();
  DecisionsWanted wanted;
  wanted.since = world.decisions[10].at_ms;
  wanted.until = world.decisions[20].at_ms;
  const DecisionPage page = page_of(world, wanted);
  EXPECT_EQ(page.decisions, 10u);
  EXPECT_NE(page.lines.find(to_string(world.decisions[10].id)), std::string::npos);
  EXPECT_EQ(page.lines.find(to_string(world.decisions[20].id)), std::string::npos);
  wanted.slot = "home";
  EXPECT_EQ(page_of(world, wanted).decisions, 10u);
  wanted.slot = "elsewhere";
  EXPECT_EQ(page_of(world, wanted).decisions, 0u);
}

TEST(DecisionExport, DamageIsPassedOverCountedAndTakesNoReward) {
  LearningWorld world(9);
  for (int i = 0; i < 20; ++i) world.step();
  // A decision that a later version wrote, and a value that is damaged.
  world.log.put(RecordKind::kDecision, PersonHash{{5, 5}}, world.decisions.back().at_ms, "\x7f?");
  world.log.put(RecordKind::kFacts, PersonHash{{5, 6}}, world.decisions.back().at_ms, "x");
  const std::uint64_t damaged = world.log.store.last_commit();
  for (int i = 0; i < 20; ++i) world.step();
  world.close_windows();
  ASSERT_TRUE(world.log.store.rewrite_log(damaged, 0, "damage"));
  const DecisionPage page = page_of(world);
  EXPECT_EQ(page.decisions, 40u);
  EXPECT_EQ(page.unreadable, 2u);
  JsonParser parser(1 << 20);
  const std::vector<std::string> lines = lines_of(page);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto line = parser.parse(lines[i]);
    // What the damaged value held is not known: it may have been a reward.
    EXPECT_EQ(word(*line, "rewardState"), i < 20 ? "not_joined" : "matured") << i;
    EXPECT_EQ((*line)["rewards"].at(0).is_null(), i < 20) << i;
  }
  // Counted once, page by page.
  DecisionsWanted wanted;
  std::uint64_t unreadable = 0;
  while (true) {
    const DecisionPage part = page_of(world, wanted, {3, 1 << 30});
    unreadable += part.unreadable;
    if (!part.next) break;
    wanted.after = *part.next;
  }
  EXPECT_EQ(unreadable, 2u);
}

// Whatever was not drawn is a line that evaluation leaves out.
TEST(DecisionExport, OutcomesWithoutADrawAreMarked) {
  struct Case {
    Outcome outcome;
    Fallback fallback;
    std::string says;
  };
  const Case cases[] = {
      {Outcome::kGeneral, Fallback::kNone, "general"},
      {Outcome::kNoConsent, Fallback::kNone, "no_consent"},
      {Outcome::kPaused, Fallback::kNone, "paused"},
      {Outcome::kFallback, Fallback::kDeadline, "fallback"},
      {Outcome::kAbstain, Fallback::kSlotInShadow, "slot_in_shadow"},
      {Outcome::kHoldout, Fallback::kNone, "holdout"},
      {Outcome::kBet, Fallback::kNone, "broken_record"},
  };
  LearningWorld world(10);
  Decision model = world.step();
  while (model.arm == Arm::kHoldout) model = world.step();
  const std::size_t before = world.decisions.size();
  for (const Case& c : cases) {
    Decision decision = model;
    decision.outcome = c.outcome;
    decision.fallback = c.fallback;
    decision.served.front().propensity = 0.123F;
    decision.id.value.lo += static_cast<std::uint64_t>(&c - cases) + 1;
    world.log.put(RecordKind::kDecision, model.people.front(), model.at_ms, encode(decision));
  }
  Decision alone = model;
  alone.bet.play = BetPlay::kControl;
  alone.id.value.lo += 49;
  world.log.put(RecordKind::kDecision, model.people.front(), model.at_ms, encode(alone));
  Decision other = model;
  other.policy.policy_version = 99;
  other.id.value.lo += 50;
  world.log.put(RecordKind::kDecision, model.people.front(), model.at_ms, encode(other));
  Decision empty = model;
  empty.served.clear();
  empty.id.value.lo += 51;
  world.log.put(RecordKind::kDecision, model.people.front(), model.at_ms, encode(empty));
  world.close_windows();
  const DecisionPage page = page_of(world);
  const std::vector<std::string> lines = lines_of(page);
  ASSERT_EQ(lines.size(), before + std::size(cases) + 3);
  JsonParser parser(1 << 20);
  for (std::size_t i = before; i < lines.size(); ++i) {
    const auto line = parser.parse(lines[i]);
    const std::size_t c = i - before;
    constexpr std::string_view kLast[] = {"left_alone", "other_policy", "nothing_to_show"};
    const std::string_view says =
        c < std::size(cases) ? std::string_view(cases[c].says) : kLast[c - std::size(cases)];
    EXPECT_EQ(word(*line, "notDrawn"), says) << lines[i];
    EXPECT_TRUE((*line)["reward"].is_null());
  }
  const auto log = parse_native_log(page.lines, {"export", 0, 1});
  ASSERT_TRUE(log) << log.error().message;
  EXPECT_EQ(log->not_drawn, std::size(cases) + 3 + (before - 1));
  EXPECT_EQ(log->rounds.size(), 1u);
}

TEST(DecisionExport, AnEmptyLogIsNoLine) {
  LearningWorld world(11);
  const DecisionPage page = page_of(world);
  EXPECT_EQ(page.lines, "");
  EXPECT_FALSE(page.next);
}

TEST(DecisionExport, ACursorIsReadBackAndNothingElse) {
  const LogPlace place{123, 45, 678};
  EXPECT_EQ(to_cursor(place), "123.45.678");
  EXPECT_EQ(parse_cursor("123.45.678").value(), place);
  for (const char* text : {"", "1", "1.2", "1.2.", "1.2.x", "1.2.3.", "1.70000.3", "-1.2.3",
                           "1.2.3 ", "99999999999999999999.1.1"}) {
    EXPECT_FALSE(parse_cursor(text)) << text;
  }
}

}  // namespace
}  // namespace ante
