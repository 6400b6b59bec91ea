#include "report/losers.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/json_parser.h"
#include "base/random.h"

namespace ante {
namespace {

constexpr std::int64_t kLoserMicros = 1'000'000;
constexpr TimeMs kLosersNow = 1'770'000'000'000;

Slot loser_slot(std::string name) {
  Slot slot;
  slot.name = std::move(name);
  slot.key = slot_key(slot.name);
  slot.safe_items = {"safe"};
  slot.holdout = 0.2;
  slot.version = 4;
  slot.waived_by = slot.waived_reason = "it's the first week";
  return slot;
}

// A place with a fifth held out, where people do it with chance .10.
class LoserWorld {
 public:
  LoserWorld(std::uint64_t seed, const Slot& slot) : random_(seed), slot_(slot) {}

  // So many persons more; treated ones have so much more of a chance, first visits besides.
  void come(std::size_t persons, double effect, double first_visit_effect) {
    for (std::size_t i = 0; i < persons; ++i) {
      Traits traits;
      for (std::size_t t = 0; t < kTraitCount; ++t) {
        traits.level[t] =
            static_cast<std::uint8_t>(random_.below(trait_levels(static_cast<Trait>(t)).size()));
      }
      const bool treated = random_.below(5) != 0;
      double chance = 0.10 + (treated ? effect : 0);
      if (treated && traits[Trait::kVisits] == 0) chance += first_visit_effect;
      const std::int64_t micros = random_.uniform() < chance ? kLoserMicros : 0;
      (treated ? sums_.treated : sums_.holdout).add(micros);
      add_person(sums_.levels, traits, treated, micros);
    }
  }
  MapTrial trial(double cost = 0) const {
    return {&slot_, nullptr, summarize(slot_, sums_, 0.2), sums_, cost};
  }

 private:
  Random random_;
  const Slot& slot_;
  SlotLift sums_;
};

bool lists(const LosersReport& report, std::string_view name) {
  return std::ranges::any_of(report.losers,
                             [name](const MapCell& cell) { return name_of(cell) == name; });
}

TEST(Losers, NothingAndTooFewAreSentences) {
  const LosersReport none = losers({}, kLosersNow);
  EXPECT_TRUE(none.map.empty());
  EXPECT_TRUE(none.sentence.starts_with("Too early to say who is worse off")) << none.sentence;
  const Slot home = loser_slot("home");
  LoserWorld world(1, home);
  world.come(200, 0, 0);  // about 4 of 40 held out did it
  const LosersReport few = losers({world.trial()}, kLosersNow);
  ASSERT_EQ(few.map.size(), 1U);
  EXPECT_EQ(few.map[0].verdict, CellVerdict::kUnproven);
  EXPECT_FALSE(few.map[0].difference);
  EXPECT_FALSE(few.map[0].switch_off);
  EXPECT_EQ(few.tested, 0U);
  EXPECT_EQ(size_of(few.map[0]), "not known yet");
}

TEST(Losers, ASplitThatIsNotAsPlannedSaysNothing) {
  const Slot home = loser_slot("home");
  LoserWorld world(1, home);
  world.come(20'000, -0.09, 0);
  MapTrial trial = world.trial();
  ASSERT_FALSE(losers({trial}, kLosersNow).losers.empty());
  trial.lift.srm_p = 1e-9;
  EXPECT_EQ(losers({trial}, kLosersNow).tested, 0U);
}

// 100 worlds of three slots; in one of them first visits (a quarter of 30,000, a fifth of them held
// out) fall from .10 to .04: 7.4 standard errors.
TEST(Losers, APlantedLoserGroupIsFoundAndFirst) {
  const Slot home = loser_slot("home"), end = loser_slot("end"), mail = loser_slot("mail");
  int found = 0, first = 0, others = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    LoserWorld a(seed, home), b(1000 + seed, end), c(2000 + seed, mail);
    a.come(30'000, 0, -0.06);
    b.come(10'000, 0, 0);
    c.come(10'000, 0, 0);
    const LosersReport report = losers({b.trial(), a.trial(), c.trial()}, kLosersNow);
    found += lists(report, "home, visits: first") ? 1 : 0;
    // The whole slot loses with it; of the groups it is first.
    const auto group = std::ranges::find_if(
        report.losers, [](const MapCell& cell) { return !cell.trait.empty(); });
    first += group != report.losers.end() && name_of(*group) == "home, visits: first" ? 1 : 0;
    others +=
        std::ranges::any_of(report.losers, [](const MapCell& cell) { return cell.slot != "home"; })
            ? 1
            : 0;
  }
  EXPECT_GE(found, 90);
  EXPECT_GE(first, 85);
  EXPECT_LE(others, 5);
}

// 200 worlds of two slots without any effect, read ten times each: at most 10 ever list anybody.
TEST(Losers, WhereNobodyLosesNobodyIsListedHoweverOftenOneLooks) {
  const Slot home = loser_slot("home"), end = loser_slot("end");
  int listed = 0, naive = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    LoserWorld a(seed, home), b(5000 + seed, end);
    bool ever = false, ever_naive = false;
    for (int look = 0; look < 10; ++look) {
      a.come(1000, 0, 0);
      b.come(1000, 0, 0);
      const LosersReport report = losers({a.trial(), b.trial()}, kLosersNow);
      ever = ever || !report.losers.empty();
      for (const MapTrial& trial : {a.trial(), b.trial()})
        for (const Segment& segment : segments(trial.sums.levels).tested)
          ever_naive = ever_naive || (segment.p < 0.05 && segment.difference < 0);
    }
    listed += ever ? 1 : 0;
    naive += ever_naive ? 1 : 0;
  }
  EXPECT_LE(listed, 10);
  EXPECT_GE(naive, 150);  // what it would be without either
}

TEST(Losers, AHarmfulSlotIsSwitchedOffByACommandThatDoesIt) {
  Slot home = loser_slot("home");
  LoserWorld world(7, home);
  world.come(20'000, -0.06, 0);
  const LosersReport report = losers({world.trial()}, kLosersNow);
  ASSERT_FALSE(report.losers.empty());
  const MapCell& worst = report.losers[0];  // everybody: most is lost there
  EXPECT_EQ(name_of(worst), "home");
  EXPECT_EQ(worst.verdict, CellVerdict::kHarms);
  EXPECT_TRUE(worst.switch_off);
  EXPECT_LT(worst.interval.high, 0);
  EXPECT_TRUE(worst.interval.contains(*worst.difference));
  EXPECT_TRUE(
      worst.command.starts_with("ante slot set home --if-version 4 --why 'it harms' "
                                "--body '{\"name\":\"home\""))
      << worst.command;
  // The shell's word back to JSON: a slot that only learns, and else the same.
  std::string body = worst.command.substr(worst.command.find("--body '") + 8);
  body.pop_back();
  for (std::size_t at = 0; (at = body.find("'\\''", at)) != std::string::npos; ++at)
    body.replace(at, 4, "'");
  const auto off = slot_from_json("home", body);
  ASSERT_TRUE(off) << off.error().message;
  EXPECT_TRUE(off->apprentice);
  Slot same = *off;
  same.apprentice = false;
  EXPECT_EQ(same, home);
  EXPECT_TRUE(report.sentence.starts_with("Worse off than those left alone: home −"))
      << report.sentence;
  for (std::size_t i = 1; i < report.losers.size(); ++i)
    EXPECT_GE(report.losers[i - 1].lost(), report.losers[i].lost());
}

TEST(Losers, GroupsAndBetsHaveTheirOwnSwitch) {
  const Slot home = loser_slot("home");
  LoserWorld world(8, home);
  world.come(30'000, 0.027, -0.107);  // nothing in the whole
  LosersReport report = losers({world.trial()}, kLosersNow);
  const auto group =
      std::ranges::find_if(report.losers, [](const MapCell& cell) { return !cell.trait.empty(); });
  ASSERT_NE(group, report.losers.end());
  EXPECT_TRUE(group->command.starts_with("ante bet new off-home-visits-first --body '{\"need\""))
      << group->command;
  EXPECT_NE(group->command.find(R"("audience":{"trait":{"name":"visits","in":["first"]}})"),
            std::string::npos);
  EXPECT_NE(group->command.find(R"("content":{"items":["safe"]})"), std::string::npos);
  EXPECT_TRUE(group->command.ends_with("ante bet move off-home-visits-first 'small stake'"));

  Bet bet;
  bet.id = "spring";
  MapTrial trial = world.trial();
  trial.bet = &bet;
  report = losers({trial}, kLosersNow);
  ASSERT_FALSE(report.losers.empty());
  EXPECT_EQ(report.losers[0].command, "ante bet fold 'spring' --why 'it harms'");
  EXPECT_TRUE(name_of(report.losers[0]).starts_with("home, bet spring"));
}

// One command for each thing that can be switched off once: the slot's comes first and folds what
// runs in it, and nothing inside of it has one.
TEST(Losers, ItsCommandsCanBeRunOneAfterTheOther) {
  Slot home = loser_slot("home");
  LoserWorld world(12, home);
  world.come(30'000, -0.05, -0.04);
  Bet spring, over;
  spring.id = "spring";
  spring.state = BetState::kOpen;
  spring.expires_at_ms = kLosersNow + kDayMs;
  over.id = "over";
  MapTrial of_spring = world.trial(), of_over = world.trial();
  of_spring.bet = &spring;
  of_over.bet = &over;
  const auto commands = [](const LosersReport& report) {
    std::vector<std::string> found;
    for (const MapCell& cell : report.map) {
      EXPECT_EQ(cell.switch_off, !cell.advice.empty()) << name_of(cell);
      if (!cell.command.empty()) found.push_back(cell.command);
      EXPECT_TRUE(!cell.switch_off || !cell.command.empty() || cell.advice.ends_with(" above."))
          << cell.advice;
    }
    return found;
  };
  // The bets' trials stand before the slot's.
  LosersReport report = losers({of_spring, of_over, world.trial()}, kLosersNow);
  EXPECT_GE(std::ranges::count_if(report.map, [](const MapCell& c) { return c.switch_off; }), 6);
  std::vector<std::string> all = commands(report);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(
      all[0].starts_with("ante bet fold 'spring' --why 'its slot harms' && "
                         "ante slot set home --if-version 4 --why 'it harms'"))
      << all[0];
  // A bet by itself is folded once, whatever groups it harms.
  LoserWorld fine(13, home);
  fine.come(30'000, 0, 0);
  all = commands(losers({fine.trial(), of_spring}, kLosersNow));
  EXPECT_EQ(all, std::vector<std::string>{"ante bet fold 'spring' --why 'it harms'"});
  // Two groups of a slot that can only be switched off whole: one command.
  Slot best = home;
  best.safe_items.clear();
  LoserWorld groups(8, best);
  groups.come(30'000, 0.02, -0.1);
  report = losers({groups.trial()}, kLosersNow);
  EXPECT_LE(commands(report).size(), 1U);
}

TEST(Losers, WhatIsOffAlreadyIsNotSwitchedOffAgain) {
  Slot home = loser_slot("home");
  home.waived_by = home.waived_reason = "";
  LoserWorld world(8, home);
  world.come(30'000, 0.027, -0.107);
  const auto group = [&](const std::vector<MapTrial>& trials) {
    const LosersReport report = losers(trials, kLosersNow);
    const auto found = std::ranges::find_if(
        report.losers, [](const MapCell& cell) { return !cell.trait.empty(); });
    return found == report.losers.end() ? MapCell{} : *found;
  };
  // No brief, an apprentice, and fallen back.
  EXPECT_EQ(group({world.trial()}).advice,
            "Slot home is switched off already: it has no brief that counts.");
  home.apprentice = true;
  EXPECT_EQ(group({world.trial()}).advice, "Slot home is switched off already: it only learns.");
  home.apprentice = false;
  home.waived_by = home.waived_reason = "ed";
  home.fell_back = "Losing.";
  MapCell cell = group({world.trial()});
  EXPECT_EQ(cell.advice,
            "Slot home is switched off already: it has gone back to its safe default.");
  EXPECT_FALSE(cell.switch_off);
  EXPECT_TRUE(cell.command.empty());
  home.fell_back.clear();
  EXPECT_TRUE(group({world.trial()}).switch_off);
  // The bet of the same report runs: nothing more to do. Once it is over it is offered again.
  Bet off;
  off.id = "off-home-visits-first";
  off.state = BetState::kSmallStake;
  off.expires_at_ms = kLosersNow + 1;
  MapTrial of_off = world.trial();
  of_off.bet = &off;
  of_off.sums = {};
  cell = group({world.trial(), of_off});
  EXPECT_EQ(name_of(cell), "home, visits: first");
  EXPECT_EQ(cell.advice, "It is left alone already, by bet off-home-visits-first.");
  EXPECT_TRUE(cell.command.empty());
  off.expires_at_ms = kLosersNow;
  EXPECT_FALSE(group({world.trial(), of_off}).command.empty());
}

TEST(Losers, WhatBringsLessThanItCostsIsSwitchedOffToo) {
  const Slot home = loser_slot("home");
  LoserWorld world(9, home);
  world.come(40'000, 0, 0);
  EXPECT_FALSE(losers({world.trial()}, kLosersNow).map[0].switch_off);
  EXPECT_FALSE(losers({world.trial(0.001)}, kLosersNow).map[0].switch_off);  // it could bring that
  const LosersReport report = losers({world.trial(0.05)}, kLosersNow);
  EXPECT_TRUE(report.map[0].switch_off);
  EXPECT_NE(report.map[0].verdict, CellVerdict::kHarms);
  EXPECT_TRUE(report.map[0].advice.starts_with("Switch off here: it brings less than it costs"));
  EXPECT_TRUE(report.losers.empty());
  LoserWorld works(10, home);
  works.come(40'000, 0.1, 0);
  const LosersReport worth_it = losers({works.trial(0.05)}, kLosersNow);
  EXPECT_EQ(worth_it.map[0].verdict, CellVerdict::kWorks);
  EXPECT_FALSE(worth_it.map[0].switch_off);
}

// Two tastes: 60 % of people on phones like what everybody gets, which is best for most; 40 % on
// desktops would do it twice as often with something else, and get it when treated.
SlotLift two_tastes(std::uint64_t seed, double desktops_gain) {
  Random random(seed);
  SlotLift sums;
  for (int i = 0; i < 30'000; ++i) {
    Traits traits;
    const bool phone = random.uniform() < 0.6, treated = random.below(5) != 0;
    traits[Trait::kDevice] = phone ? 1 : 3;
    const double chance = phone ? 0.2 : 0.1 + (treated ? desktops_gain : 0);
    const std::int64_t micros = random.uniform() < chance ? kLoserMicros : 0;
    (treated ? sums.treated : sums.holdout).add(micros);
    add_person(sums.levels, traits, treated, micros);
  }
  return sums;
}

TEST(Losers, TheCrowdsWinnerHurtsWhoHasAnotherTaste) {
  Slot home = loser_slot("home");
  home.safe_items.clear();  // the best single action
  int shown = 0, of_nobody = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SlotLift sums = two_tastes(seed, 0.1);
    LosersReport report =
        losers({{&home, nullptr, summarize(home, sums, 0.2), sums, 0}}, kLosersNow);
    if (report.crowd.size() == 1 && report.crowd[0].levels == std::vector<std::string>{"desktop"}) {
      ++shown;
      EXPECT_NEAR(report.crowd[0].share, 0.4, 0.02);
      EXPECT_EQ(report.crowd[0].people, 30'000U);
    }
    sums = two_tastes(seed, 0);
    report = losers({{&home, nullptr, summarize(home, sums, 0.2), sums, 0}}, kLosersNow);
    of_nobody += report.crowd.empty() ? 0 : 1;
  }
  EXPECT_GE(shown, 95);
  EXPECT_LE(of_nobody, 5);
  // An editor's list is no winner of a crowd, and a bet's control not either.
  home.safe_items = {"safe"};
  const SlotLift sums = two_tastes(1, 0.1);
  MapTrial trial{&home, nullptr, summarize(home, sums, 0.2), sums, 0};
  EXPECT_TRUE(losers({trial}, kLosersNow).crowd.empty());
  home.safe_items.clear();
  const LosersReport report = losers({trial}, kLosersNow);
  ASSERT_EQ(report.crowd.size(), 1U);
  EXPECT_TRUE(
      report.crowd[0].sentence.starts_with("home: what is best for everybody leaves at "
                                           "least 40 % of people worse off"))
      << report.crowd[0].sentence;
  Bet bet;
  trial.bet = &bet;
  EXPECT_TRUE(losers({trial}, kLosersNow).crowd.empty());
}

TEST(Losers, ItsJsonNamesEveryCell) {
  const Slot home = loser_slot("home");
  LoserWorld world(11, home);
  world.come(20'000, -0.08, 0);
  JsonParser parser(1 << 22);
  const LosersReport report = losers({world.trial()}, kLosersNow);
  const auto json = parser.parse(to_json(report));
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(simdjson::dom::array((*json)["map"]).size(), report.map.size());
  EXPECT_EQ(std::string_view((*json)["losers"].at(0)["name"]), "home");
  EXPECT_EQ(std::string_view((*json)["losers"].at(0)["verdict"]), "harms");
  EXPECT_EQ(bool((*json)["losers"].at(0)["switchOff"]), true);
}

}  // namespace
}  // namespace ante
