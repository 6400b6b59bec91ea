#include "learning/uplift.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "learning/uplift_fit.h"
#include "learning/uplift_world.h"
#include "math/group_ridge.h"

namespace ante {
namespace {

constexpr std::size_t kWorldPersons = 30'000;

// How many seeds a simulation takes; the figures of docs/decisions/0063-uplift.md are of 50.
std::size_t seeds() {
  const char* const text = std::getenv("ANTE_SEEDS");
  return text == nullptr ? 5 : std::strtoul(text, nullptr, 10);
}

double tenth(const Traits&) { return 0.10; }
// Who comes often does it often: the outcome differs by traits, the effect need not.
double by_visits(const Traits& traits) {
  return 0.03 + 0.03 * traits[Trait::kVisits] + (has(traits, Trait::kDevice, "desktop") ? 0.02 : 0);
}
double by_visits_and_referrer(const Traits& traits) {
  return by_visits(traits) + 0.015 * std::abs(traits[Trait::kReferrer] - 2.0);
}
bool on_phone_from_search(const Traits& traits) {  // 20 % of persons
  return has(traits, Trait::kDevice, "phone") &&
         (has(traits, Trait::kReferrer, "search") || has(traits, Trait::kReferrer, "newsletter"));
}
bool on_phone_first_time(const Traits& traits) {  // 22 %
  return has(traits, Trait::kDevice, "phone") && has(traits, Trait::kVisits, "first");
}
bool from_social(const Traits& traits) {  // 20 %
  return has(traits, Trait::kReferrer, "social");
}

struct Planted {
  const char* name;
  double (*control)(const Traits&);
  double (*effect)(const Traits&);
};
// From .10 to .05 for some, to .13 for the rest.
double harms_phone_from_search(const Traits& t) { return on_phone_from_search(t) ? -0.05 : 0.03; }
double harms_phone_first_time(const Traits& t) { return on_phone_first_time(t) ? -0.05 : 0.03; }
double harms_social(const Traits& t) { return from_social(t) ? -0.05 : 0.03; }
double gains_social(const Traits& t) { return from_social(t) ? 0.08 : 0; }
double helps_all(const Traits&) { return 0.02; }
double moves_nobody(const Traits&) { return 0; }
double a_little_by_each(const Traits& t) {
  return 0.01 + 0.008 * (t[Trait::kVisits] - 1.0) - 0.01 * t[Trait::kDay] +
         (from_social(t) ? 0.006 : 0);
}

struct Figures {
  double mean_found = 0, worst_found = 1;  // of those harmed, who was left alone as such
  double mean_wrong = 0, worst_wrong = 0;  // of the others
  double covered = 0;                      // of all persons, in all seeds
};

Figures simulate(const Planted& planted, std::size_t persons, double treated_share) {
  Figures figures;
  const auto runs = static_cast<double>(seeds());
  for (std::size_t seed = 0; seed < seeds(); ++seed) {
    Random random(1000 + seed);
    UpliftLearner learner;
    const auto people =
        play({planted.control, planted.effect}, persons, treated_share, random, learner);
    const UpliftModel model = learner.model();
    double harmed = 0, found = 0, wrong = 0, covered = 0;
    for (const Traits& traits : people) {
      const double tau = planted.effect(traits);
      const auto effect = model.effect(traits);
      const bool out = model.exclusion(traits, 0, 1) == Exclusion::kSleepingDog;
      harmed += tau < 0 ? 1 : 0;
      (tau < 0 ? found : wrong) += out ? 1 : 0;
      covered += effect && effect->low <= tau && tau <= effect->high ? 1 : 0;
    }
    const auto n = static_cast<double>(persons);
    found = harmed > 0 ? found / harmed : 1;
    wrong /= n - harmed;
    figures.mean_found += found / runs;
    figures.worst_found = std::min(figures.worst_found, found);
    figures.mean_wrong += wrong / runs;
    figures.worst_wrong = std::max(figures.worst_wrong, wrong);
    figures.covered += covered / n / runs;
  }
  std::printf(
      "%-24s n %zu share %.2f: found %.3f (worst %.3f), wrong %.4f (worst %.4f), "
      "covered %.3f\n",
      planted.name, persons, treated_share, figures.mean_found, figures.worst_found,
      figures.mean_wrong, figures.worst_wrong, figures.covered);
  return figures;
}

// Power: without pairs of traits about a half of those harmed by two traits together are found.
TEST(UpliftSimulation, SleepingDogsAreFoundAndFewOthers) {
  const Planted worlds[] = {{"phone from search", tenth, harms_phone_from_search},
                            {"phone first time", tenth, harms_phone_first_time},
                            {"social", tenth, harms_social}};
  for (const Planted& world : worlds) {
    const Figures figures = simulate(world, 40'000, 0.5);
    EXPECT_GE(figures.mean_found, 0.90) << world.name;
    EXPECT_LE(figures.worst_wrong, 0.05) << world.name;
    EXPECT_GE(figures.covered, 0.93) << world.name;
  }
}

TEST(UpliftSimulation, NobodyIsTakenForASleepingDogWhereNobodyIsHarmed) {
  const Planted worlds[] = {{"helps all", tenth, helps_all},
                            {"moves nobody", tenth, moves_nobody},
                            {"moves nobody, they vary", by_visits, moves_nobody}};
  for (const Planted& world : worlds) {
    for (const std::size_t persons : {std::size_t{20'000}, std::size_t{40'000}}) {
      const Figures figures = simulate(world, persons, 0.5);
      EXPECT_LE(figures.mean_wrong, 0.05) << world.name;
      EXPECT_GE(figures.covered, 0.95) << world.name;
    }
  }
}

// Many small differences and no large one is the hardest case for what draws effects to 0; rare
// goals (.03) and a share far from a half for what counts on the normal distribution. Persons of
// one world are right or wrong together: the standard error of a mean over five worlds is .02.
TEST(UpliftSimulation, IntervalsCoverSmallDifferencesRareGoalsAndUnevenShares) {
  const Planted little{"a little by each", by_visits, a_little_by_each};
  for (const double share : {0.5, 0.2, 0.9})
    EXPECT_GE(simulate(little, kWorldPersons, share).covered, 0.85) << share;
}

// A contact costs .08 at a goal of value 1. Those who come often do it anyway (.25, not moved);
// those from social hardly ever do it (.03, not moved); the rest gain .15.
TEST(UpliftSimulation, SureThingsAndLostCausesAreFoundAgainstACost) {
  const auto often = [](const Traits& t) { return t[Trait::kVisits] >= 2; };
  const auto rarely = [](const Traits& t) { return has(t, Trait::kReferrer, "social"); };
  UpliftWorld world;
  world.control = [&](const Traits& t) { return rarely(t) ? 0.03 : often(t) ? 0.25 : 0.10; };
  world.effect = [&](const Traits& t) { return rarely(t) || often(t) ? 0.0 : 0.15; };
  double sure = 0, lost = 0, wrong = 0, worst_wrong = 0;
  const auto runs = static_cast<double>(seeds());
  for (std::size_t seed = 0; seed < seeds(); ++seed) {
    Random random(2000 + seed);
    UpliftLearner learner;
    const auto people = play(world, 60'000, 0.5, random, learner);
    const UpliftModel model = learner.model();
    double are_sure = 0, are_lost = 0, said_sure = 0, said_lost = 0, said_wrong = 0;
    for (const Traits& t : people) {
      const Exclusion exclusion = model.exclusion(t, 0.08, 1);
      const bool is_lost = rarely(t), is_sure = often(t) && !is_lost;
      are_sure += is_sure ? 1 : 0;
      are_lost += is_lost ? 1 : 0;
      said_sure += is_sure && exclusion == Exclusion::kSureThing ? 1 : 0;
      said_lost += is_lost && exclusion == Exclusion::kLostCause ? 1 : 0;
      said_wrong += !is_sure && !is_lost && exclusion != Exclusion::kNone ? 1 : 0;
    }
    sure += said_sure / are_sure / runs;
    lost += said_lost / are_lost / runs;
    said_wrong /= static_cast<double>(people.size()) - are_sure - are_lost;
    wrong += said_wrong / runs;
    worst_wrong = std::max(worst_wrong, said_wrong);
  }
  std::printf("cost: sure things %.3f, lost causes %.3f, wrong %.4f (worst %.4f)\n", sure, lost,
              wrong, worst_wrong);
  EXPECT_GE(sure, 0.7);
  EXPECT_GE(lost, 0.7);
  EXPECT_LE(wrong, 0.05);
}

// The share rises from .2 to .8 while outcomes rise from .05 to .15 and nobody is moved: comparing
// the arms as they are finds an effect of .03; weighing with the chance finds none.
TEST(UpliftSimulation, AShareThatChangesWithTheTimesBiasesNothing) {
  Random random(7);
  UpliftLearner learner;
  double treated_mean = 0, control_mean = 0, treated = 0, control = 0, mean = 0;
  constexpr int kPersons = 60'000;
  std::vector<Traits> people;
  for (int i = 0; i < kPersons; ++i) {
    const bool late = i >= kPersons / 2;
    const double share = late ? 0.8 : 0.2;
    const Traits traits = draw_traits(random);
    const bool is_treated = random.uniform() < share;
    const double outcome = random.uniform() < (late ? 0.15 : 0.05) ? 1 : 0;
    learner.add(traits, is_treated, share, outcome);
    (is_treated ? treated : control) += 1;
    (is_treated ? treated_mean : control_mean) += outcome;
    people.push_back(traits);
  }
  EXPECT_GT(treated_mean / treated - control_mean / control, 0.05);
  const UpliftModel model = learner.model();
  for (const Traits& traits : people) mean += model.effect(traits)->value / kPersons;
  EXPECT_NEAR(mean, 0, 0.008);  // its standard error is .003
}

// A T-learner from the same regression: each arm by itself on the levels, its ridge by evidence.
std::vector<double> arm_means(const std::vector<Traits>& people, const std::vector<bool>& treated,
                              const std::vector<double>& outcomes, bool arm) {
  NormalEquations equations(1 + kTraitLevelCount);
  double mean = 0, n = 0;
  for (std::size_t i = 0; i < people.size(); ++i) {
    if (treated[i] != arm) continue;
    mean += outcomes[i];
    n += 1;
  }
  const double noise = mean / n * (1 - mean / n);
  std::vector<ColumnGroup> groups = {{0, 1, std::numeric_limits<double>::infinity()}};
  for (std::size_t t = 0; t < kTraitCount; ++t) {
    const std::size_t count = trait_levels(static_cast<Trait>(t)).size();
    groups.push_back({groups.back().first + groups.back().count, count, noise * 1e-4});
  }
  for (std::size_t i = 0; i < people.size(); ++i) {
    if (treated[i] != arm) continue;
    std::vector<std::size_t> places = {0};
    for (std::size_t t = 0; t < kTraitCount; ++t)
      places.push_back(1 + trait_level_number(people[i], t));
    equations.add_indicators(places, 1 / noise, outcomes[i] / noise);
  }
  std::vector<double> variances;
  for (const double spread : {0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64})
    variances.push_back(spread * spread * noise);
  choose_variances(equations, groups, 1, variances, 3);
  return ridge_posterior(equations, groups)->mean;
}

double t_effect(const std::vector<double>& treated, const std::vector<double>& control,
                const Traits& traits) {
  double sum = treated[0] - control[0];
  for (std::size_t t = 0; t < kTraitCount; ++t) {
    const std::size_t place = 1 + trait_level_number(traits, t);
    sum += treated[place] - control[place];
  }
  return sum;
}

// Where people differ in what they do anyway, that is: where all are alike without the bet, an arm
// of its own needs no effects for the control and is as near or nearer.
TEST(UpliftSimulation, IsNearerToTheTruthThanOneRegressionAnArm) {
  const Planted worlds[] = {{"helps all, they vary", by_visits, helps_all},
                            {"a little by each", by_visits, a_little_by_each},
                            {"social", by_visits_and_referrer, gains_social}};
  const auto runs = static_cast<double>(seeds());
  for (const Planted& world : worlds) {
    double ours = 0, theirs = 0;
    for (std::size_t seed = 0; seed < seeds(); ++seed) {
      Random random(3000 + seed);
      UpliftLearner learner;
      std::vector<Traits> people;
      std::vector<bool> treated;
      std::vector<double> outcomes;
      for (std::size_t i = 0; i < kWorldPersons; ++i) {
        people.push_back(draw_traits(random));
        treated.push_back(random.uniform() < 0.5);
        const double chance = world.control(people[i]) + (treated[i] ? world.effect(people[i]) : 0);
        outcomes.push_back(random.uniform() < chance ? 1 : 0);
        learner.add(people[i], treated[i], 0.5, outcomes[i]);
      }
      const UpliftModel model = learner.model();
      const auto with = arm_means(people, treated, outcomes, true);
      const auto without = arm_means(people, treated, outcomes, false);
      double r = 0, t = 0;
      for (const Traits& traits : people) {
        const double truth = world.effect(traits);
        r += std::pow(model.effect(traits)->value - truth, 2);
        t += std::pow(t_effect(with, without, traits) - truth, 2);
      }
      ours += std::sqrt(r / kWorldPersons) / runs;
      theirs += std::sqrt(t / kWorldPersons) / runs;
    }
    std::printf("%-24s sqrt-PEHE %.4f, of one regression an arm %.4f\n", world.name, ours, theirs);
    EXPECT_LE(ours, theirs) << world.name;
  }
}

class UpliftSumsTest : public ::testing::Test {
 protected:
  struct Person {
    Traits traits;
    bool treated = false;
    double share = 0.5, outcome = 0;
  };
  UpliftSumsTest() {
    Random random(9);
    for (int i = 0; i < 4000; ++i) {
      const double share = random.below(2) == 0 ? 0.3 : 0.7;
      people_.push_back({draw_traits(random), random.uniform() < share, share,
                         random.uniform() < 0.2 ? random.uniform() * 10 : 0});
    }
  }
  static void add(UpliftLearner& learner, const Person& person) {
    learner.add(person.traits, person.treated, person.share, person.outcome);
  }
  UpliftLearner all() const {
    UpliftLearner learner;
    for (const Person& person : people_) add(learner, person);
    return learner;
  }
  std::vector<Person> people_;
};

TEST_F(UpliftSumsTest, TheOrderOfPersonsDoesNotMatterNorDoTheirParts) {
  UpliftLearner backwards, odd, even;
  for (std::size_t i = people_.size(); i > 0; --i) add(backwards, people_[i - 1]);
  for (std::size_t i = 0; i < people_.size(); ++i) add(i % 2 == 0 ? even : odd, people_[i]);
  odd.merge(even);
  EXPECT_EQ(backwards, all());
  EXPECT_EQ(odd, all());
  EXPECT_EQ(odd.save(), all().save());
}

TEST_F(UpliftSumsTest, AnOutcomeThatComesLateIsAsIfItHadComeInTime) {
  UpliftLearner late;
  for (Person person : people_) {
    person.outcome = person.outcome > 5 ? 0 : person.outcome;
    add(late, person);
  }
  EXPECT_NE(late, all());
  for (const Person& p : people_) {
    if (p.outcome > 5) late.replace(p.traits, p.treated, p.share, 0, p.outcome);
  }
  EXPECT_EQ(late, all());
}

TEST_F(UpliftSumsTest, SavedSumsAreTheSameAndGiveTheSameModel) {
  const UpliftLearner before = all();
  UpliftLearner after;
  ASSERT_TRUE(after.load(before.save()));
  EXPECT_EQ(after, before);
  EXPECT_EQ(after.persons(true) + after.persons(false), people_.size());
  const UpliftModel one = before.model(), other = after.model();
  ASSERT_TRUE(one.ready());
  for (const Person& person : people_) {
    EXPECT_EQ(one.effect(person.traits)->value, other.effect(person.traits)->value);
    EXPECT_EQ(one.effect(person.traits)->high, other.effect(person.traits)->high);
  }
}

TEST_F(UpliftSumsTest, DamagedBytesAreAnErrorAndChangeNothing) {
  const std::string good = all().save();
  UpliftLearner learner = all();
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, good.size() / 2, good.size() - 1})
    EXPECT_FALSE(learner.load(good.substr(0, size))) << size;
  EXPECT_FALSE(learner.load(good + "x"));
  EXPECT_FALSE(learner.load("\x02" + good.substr(1)));
  std::string beyond = UpliftLearner().save();
  beyond[1] = 1;  // one combination, numbered beyond the last
  beyond += std::string(4 + 2 + UpliftSums::kSums * 16, '\xff');
  EXPECT_FALSE(learner.load(beyond));
  EXPECT_EQ(learner, all());
  EXPECT_TRUE(learner.load(UpliftLearner().save()));
  EXPECT_EQ(learner, UpliftLearner());
}

TEST(Uplift, CombinationsHaveANumberEach) {
  std::size_t number = 0;
  for (; number < kTraitCombinations; ++number) {
    ASSERT_TRUE(valid(traits_of_combination(number)));
    ASSERT_EQ(trait_combination(traits_of_combination(number)), number);
  }
  EXPECT_EQ(traits_of_combination(0), Traits{});
}

// One below and exactly at each minimum: 500 persons and 100 conversions an arm.
TEST(Uplift, NothingIsSaidBeforeThereIsEvidence) {
  struct Row {
    std::uint64_t persons, conversions;
    bool ready;
  };
  const Row rows[] = {{0, 0, false},
                      {kUpliftPersonsMin - 1, kUpliftConversionsMin, false},
                      {kUpliftPersonsMin, kUpliftConversionsMin - 1, false},
                      {kUpliftPersonsMin, kUpliftConversionsMin, true}};
  for (const Row& row : rows) {
    UpliftLearner learner;
    for (std::uint64_t i = 0; i < 2 * kUpliftPersonsMin; ++i) {  // plenty of controls
      learner.add({}, false, 0.5, i % 2 == 0 ? 1 : 0);
    }
    for (std::uint64_t i = 0; i < row.persons; ++i)
      learner.add({}, true, 0.5, i < row.conversions ? 1 : 0);
    const UpliftModel model = learner.model();
    EXPECT_EQ(model.ready(), row.ready) << row.persons << " " << row.conversions;
    EXPECT_EQ(model.effect({}).has_value(), row.ready);
    const Exclusion exclusion = model.exclusion({}, 0, 1);  // harmed: .2 against .5
    EXPECT_EQ(exclusion, row.ready ? Exclusion::kSleepingDog : Exclusion::kNone);
  }
}

TEST(Uplift, OutcomesThatNeverVarySayNothing) {
  UpliftLearner learner;
  for (int i = 0; i < 2000; ++i) learner.add({}, i % 2 == 0, 0.5, 1);
  EXPECT_FALSE(learner.model().ready());
}

TEST(Uplift, OneCombinationGivesTheDifferenceOfItsArmsAndItsInterval) {
  UpliftLearner learner;
  for (int i = 0; i < 4000; ++i) {
    learner.add({}, true, 0.5, i < 1200 ? 1 : 0);
    learner.add({}, false, 0.5, i < 800 ? 1 : 0);
  }
  const auto effect = learner.model().effect({});
  ASSERT_TRUE(effect);
  EXPECT_NEAR(effect->value, 0.1, 1e-6);
  EXPECT_NEAR(effect->baseline, 0.2, 1e-6);
  const double deviation = std::sqrt(0.3 * 0.7 / 4000 + 0.2 * 0.8 / 4000);
  EXPECT_NEAR((effect->high - effect->low) / 2, kUpliftDeviations * deviation, 2e-4);
}

TEST(Uplift, ALevelNeverSeenIsLessCertainThanOneSeen) {
  Random random(12);
  UpliftLearner learner;
  for (int i = 0; i < 20'000; ++i) {
    Traits traits = draw_traits(random);
    traits[Trait::kDevice] = static_cast<std::uint8_t>(1 + random.below(2));
    const bool treated = random.below(2) == 0;
    const bool phone = traits[Trait::kDevice] == 1;
    learner.add(traits, treated, 0.5, random.uniform() < (treated && phone ? 0.4 : 0.2) ? 1 : 0);
  }
  const UpliftModel model = learner.model();
  Traits seen, unseen;
  seen[Trait::kDevice] = 1;
  unseen[Trait::kDevice] = 3;
  const auto width = [&](const Traits& t) { return model.effect(t)->high - model.effect(t)->low; };
  EXPECT_GT(width(unseen), 1.5 * width(seen));
  EXPECT_EQ(model.exclusion(unseen, 0, 1), Exclusion::kNone);
}

TEST(UpliftDeathTest, RefusesWhatCannotBe) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  UpliftLearner learner;
  Traits bad;
  bad[Trait::kDay] = 2;
  EXPECT_DEATH(learner.add(bad, true, 0.5, 1), "valid");
  for (const double share : {0.0, 1.0, -0.1, 1.1, kNan})
    EXPECT_DEATH(learner.add({}, true, share, 1), "treated_share");
  for (const double outcome : {kNan, 1.1e6, -1.1e6, std::numeric_limits<double>::infinity()})
    EXPECT_DEATH(learner.add({}, true, 0.5, outcome), "kOutcomeMicrosMax");
  EXPECT_DEATH(learner.replace({}, true, 0.5, 0, 1), "found");
  const UpliftModel model;
  EXPECT_DEATH(static_cast<void>(model.effect(bad)), "valid");
  EXPECT_DEATH(static_cast<void>(model.exclusion({}, -1, 1)), "contact_cost");
  EXPECT_DEATH(static_cast<void>(model.exclusion({}, kNan, 1)), "contact_cost");
  EXPECT_DEATH(static_cast<void>(model.exclusion({}, 0, 0)), "goal_value");
  EXPECT_DEATH(static_cast<void>(model.exclusion({}, 0, kNan)), "goal_value");
}

}  // namespace
}  // namespace ante
