// Worlds whose regret is known, played by a policy that learns and knows its propensities.

#include "report/regret.h"

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/random.h"
#include "domain/slot.h"
#include "report/figures.h"

namespace ante {
namespace {

constexpr TimeMs kTrialStart = 1'795'330'800'000;
constexpr std::size_t kTastes = 2, kTrialItems = 4;
using Means = std::array<std::array<double, kTrialItems>, kTastes>;

// What a policy that serves each taste its best would gain is lost with one list for all.
constexpr Means kTwoTastes = {{{0.15, 0.35, 0.05, 0.20}, {0.15, 0.05, 0.35, 0.20}}};
// The same is best for everybody: personalising cannot win.
constexpr Means kOneTaste = {{{0.15, 0.05, 0.10, 0.30}, {0.15, 0.05, 0.10, 0.30}}};

struct TrialRun {
  Regret regret;
  double planted = 0;  // sum of the best single action's mean minus that of what was shown
  bool wrong_at_a_look = false;
};
constexpr std::size_t kTrialLook = 250;  // decisions between two looks

ItemKey trial_item(std::size_t n) { return item_key("item-" + std::to_string(n)); }

std::size_t best_for_all(const Means& means) {
  std::size_t best = 0;
  for (std::size_t a = 1; a < kTrialItems; ++a) {
    if (means[0][a] + means[1][a] > means[0][best] + means[1][best]) best = a;
  }
  return best;
}

struct TrialLog {
  Figures figures;
  std::uint64_t sequence = 0;

  TrialLog() {
    Slot slot;
    slot.name = "home";
    slot.key = slot_key("home");
    consume(RecordKind::kObject, kControlPartition,
            encode(Object{"slot", "home", 1, false, "me", "test", slot_to_json(slot)}));
  }
  void consume(RecordKind kind, Partition partition, const std::string& body) {
    RecordHeader header;
    header.kind = kind;
    header.received_at = kTrialStart;
    ++sequence;
    figures.consume({Commit{sequence}, partition, Sequence{sequence}, header, body});
  }
  void play(std::uint64_t person, std::size_t item, double propensity, double reward) {
    Decision d;
    d.id = DecisionId{{static_cast<std::uint64_t>(kTrialStart) << 16, sequence + 1}};
    d.people = {PersonHash{{mix64(person), mix64(person + 1)}}};
    d.slot = slot_key("home");
    d.slot_name = "home";
    d.at_ms = kTrialStart;
    d.outcome = Outcome::kBet;
    d.rung = Rung::kPerson;
    d.versions.model = 1;
    d.activated = true;
    d.served.push_back({trial_item(item), {}, static_cast<float>(propensity), 255, {}});
    d.safe_default = {trial_item(0)};
    consume(RecordKind::kDecision, Partition{0}, encode(d));
    RewardRow row;
    row.decision = d.id;
    row.person = d.people.back();
    row.item = trial_item(item);
    row.propensity = static_cast<float>(propensity);
    row.reward = reward;
    figures.matured(row);
    figures.commit_consumed(Commit{sequence});
  }
};

// Greedy on what it has learned of the person's taste so far, and with the stake any item.
TrialRun play_world(const Means& means, std::size_t decisions, double stake, std::uint64_t seed) {
  Random random(seed);
  TrialLog log;
  TrialRun run;
  std::array<std::array<double, kTrialItems>, kTastes> hits{}, shown{};
  const std::size_t best = best_for_all(means);
  for (std::size_t i = 0; i < decisions; ++i) {
    const std::uint64_t person = mix64(seed) + random.below(700);
    const std::size_t taste = mix64(person) % kTastes;
    std::size_t greedy = 0;
    const auto learned = [&](std::size_t a) {
      return (hits[taste][a] + 0.3) / (shown[taste][a] + 1);
    };
    for (std::size_t a = 1; a < kTrialItems; ++a) {
      if (learned(a) > learned(greedy)) greedy = a;
    }
    const std::size_t item =
        random.uniform() < stake ? static_cast<std::size_t>(random.below(kTrialItems)) : greedy;
    const double propensity =
        stake / static_cast<double>(kTrialItems) + (item == greedy ? 1 - stake : 0);
    const double reward = random.uniform() < means[taste][item] ? 1 : 0;
    hits[taste][item] += reward;
    shown[taste][item] += 1;
    run.planted += means[taste][best] - means[taste][item];
    log.play(person, item, propensity, reward);
    if ((i + 1) % kTrialLook != 0) continue;
    const Estimate total = log.figures.slot("home")->regret.total;
    if (total.value && !total.interval.contains(run.planted)) run.wrong_at_a_look = true;
  }
  run.regret = log.figures.slot("home")->regret;
  return run;
}

struct Coverage {
  std::size_t known = 0, covered = 0, wrong_at_a_look = 0, below = 0, above = 0;
  double width = 0, error = 0;
};

Coverage play_worlds(const Means& means, std::size_t runs, std::uint64_t first_seed) {
  Coverage coverage;
  for (std::size_t i = 0; i < runs; ++i) {
    const TrialRun run = play_world(means, 5000, 0.3, first_seed + i);
    const Estimate& total = run.regret.total;
    coverage.wrong_at_a_look += run.wrong_at_a_look ? 1 : 0;
    if (!total.value) continue;
    ++coverage.known;
    coverage.covered += total.interval.contains(run.planted) ? 1 : 0;
    coverage.below += total.interval.high < 0 ? 1 : 0;
    coverage.above += total.interval.low > 0 ? 1 : 0;
    coverage.width += total.interval.width();
    coverage.error += *total.value - run.planted;
  }
  return coverage;
}

void note(const char* name, double x) { testing::Test::RecordProperty(name, std::to_string(x)); }

void note(const Coverage& coverage) {
  const auto known = static_cast<double>(coverage.known);
  note("known", known);
  note("covered", static_cast<double>(coverage.covered));
  note("wrongAtALook", static_cast<double>(coverage.wrong_at_a_look));
  note("below", static_cast<double>(coverage.below));
  note("above", static_cast<double>(coverage.above));
  note("meanWidth", coverage.width / known);
  note("meanError", coverage.error / known);
}

// 60 worlds, 20 looks each, at 95 % for all looks together: with a true error of .05 more than 8
// are wrong once in 350 times; with .3 at most 8 are once in 450. docs/decisions/0064-figures.md
// has 200.
TEST(Regret, CoversWhatWasPlantedWhereTastesDiffer) {
  const Coverage coverage = play_worlds(kTwoTastes, 60, 1);
  note(coverage);
  EXPECT_EQ(coverage.known, 60U);
  EXPECT_LE(coverage.wrong_at_a_look, 8U);
  EXPECT_GE(coverage.below, 54U);  // personalising earned more, and it shows
  EXPECT_EQ(coverage.above, 0U);
}

TEST(Regret, CannotWinWhereOneItemIsBestForAll) {
  const Coverage coverage = play_worlds(kOneTaste, 60, 5000);
  note(coverage);
  EXPECT_GE(coverage.known, 57U);
  EXPECT_LE(coverage.wrong_at_a_look, 8U);
  EXPECT_LE(coverage.below, 1U);  // a win that is none
  EXPECT_GE(coverage.above, 54U);
}

TEST(Regret, WithoutChanceNothingIsKnown) {
  TrialLog log;
  for (std::uint64_t i = 0; i < 1000; ++i) log.play(i, 0, 1, i % 3 == 0 ? 1 : 0);
  const Regret sure = log.figures.slot("home")->regret;
  // One item, shown to all: it is the best single action, and there is nothing to regret.
  ASSERT_TRUE(sure.total.value);
  EXPECT_NEAR(*sure.total.value, 0, 1e-9);

  TrialLog rare;
  for (std::uint64_t i = 0; i < 1000; ++i) rare.play(i, i % 20, 0.05, i % 3 == 0 ? 1 : 0);
  const Regret little = rare.figures.slot("home")->regret;
  EXPECT_FALSE(little.total.value);
  EXPECT_NE(little.total.why_not.find("effective n of"), std::string::npos) << little.total.why_not;
  for (const ActionValue& action : little.actions) EXPECT_FALSE(action.mean.value);

  TrialLog same;
  for (std::uint64_t i = 0; i < 1000; ++i) same.play(i, i % 2, 0.5, 0);
  EXPECT_EQ(same.figures.slot("home")->regret.total.why_not, "every reward so far is the same");
}

// What each item would earn if everybody saw it, for the world of two tastes.
TEST(Regret, ActionsAreWorthTheirPlantedMeans) {
  const TrialRun run = play_world(kTwoTastes, 20'000, 0.5, 99);
  ASSERT_EQ(run.regret.actions.size(), kTrialItems);
  for (const ActionValue& action : run.regret.actions) {
    ASSERT_TRUE(action.mean.value) << action.mean.why_not;
    for (std::size_t a = 0; a < kTrialItems; ++a) {
      if (action.item != trial_item(a)) continue;
      // 700 persons: the tastes are not exactly half and half.
      EXPECT_NEAR(*action.mean.value, (kTwoTastes[0][a] + kTwoTastes[1][a]) / 2, 0.035);
      EXPECT_TRUE(action.mean.interval.contains(*action.mean.value));
    }
  }
}

// The missile index covers its planted value although a person's rewards go together: people click
// .02 to .38 of the time, and come 1 to 16 times. Intervals that took exposures for independent
// would cover about .8 here.
TEST(Missile, CoversThePlantedGainOfPeopleWhoDiffer) {
  constexpr double kGain = 0.4;
  std::size_t known = 0, covered = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    Random random(seed + 31);
    FigureSums sums;
    sums.places = 100;
    sums.places_different = 50;
    for (int person = 0; person < 1500; ++person) {
      const bool held_out = random.uniform() < 0.2;
      const auto group = static_cast<std::size_t>(random.below(kPersonGroups));
      const double activity = random.uniform() < 0.2 ? 0.38 / (1 + kGain) : 0.02;
      const std::uint64_t visits = std::uint64_t{1} << random.below(5);
      Exposures& seen = (held_out ? sums.general_seen : sums.treated_seen)[group];
      for (std::uint64_t i = 0; i < visits; ++i) {
        ++seen.shown;
        seen.hits += random.uniform() < activity * (held_out ? 1 : 1 + kGain) ? 1 : 0;
      }
    }
    const Estimate missile = summarize(sums).missile;
    if (!missile.value) continue;
    ++known;
    covered += missile.interval.contains(0.5 * kGain) ? 1 : 0;
  }
  note("known", static_cast<double>(known));
  note("covered", static_cast<double>(covered));
  EXPECT_EQ(known, 400U);
  EXPECT_GE(covered, 367U);  // fewer are once in 500 times at .95
}

}  // namespace
}  // namespace ante
