// Short versions of the worlds of bets, with fixed seeds; the full figures are `./dev bench bets`.

#include <gtest/gtest.h>

#include "sim/bets_trials.h"

namespace ante::sim {
namespace {

TEST(BetsWorlds, BettingStopsWhereItStopsPaying) {
  BreakEvenSpec spec;
  spec.annoyance = 1;
  spec.rungs = 7;
  spec.spread = 1.3;
  spec.shown_before = 6000;
  spec.visits_a_rung = 500;
  const BreakEvenRun run = run_break_even(spec);
  EXPECT_NEAR(run.found / run.planted, 1, 0.1);
  EXPECT_LT(run.bets.front(), 0.05);
  EXPECT_GT(run.bets.back(), 0.95);
}

TEST(BetsWorlds, WithoutAnnoyanceItBetsOnWhatIsBetter) {
  BreakEvenSpec spec;
  spec.safe_chance = 0.25;
  spec.rungs = 7;
  spec.spread = 1.3;
  spec.shown_before = 6000;
  spec.visits_a_rung = 500;
  const BreakEvenRun run = run_break_even(spec);
  EXPECT_EQ(run.planted, 0.25);
  EXPECT_NEAR(run.found / run.planted, 1, 0.1);
}

TEST(BetsWorlds, WhereNobodyDiffersEverybodyGetsTheSame) {
  SameSpec spec;
  spec.decisions = 10'000;
  spec.looks = 2;
  spec.asked = 500;
  EXPECT_GE(run_same(spec).worst(), 0.95);
}

TEST(BetsWorlds, SleepingDogsAreLeftAlone) {
  HarmSpec spec;
  spec.harmed = -0.07;
  spec.persons = 15'000;
  spec.asked = 500;
  const HarmRun harmed = run_harm(spec);
  EXPECT_GE(harmed.harmed_left_alone, 0.9);
  EXPECT_LE(harmed.others_left_alone, 0.05);
  spec.harmed = spec.others;
  const HarmRun nobody = run_harm(spec);
  EXPECT_LE(nobody.harmed_left_alone, 0.05);
  EXPECT_LE(nobody.others_left_alone, 0.05);
}

// 80 statements: what chance alone makes of the error is about .08.
TEST(BetsWorlds, StatedOddsComeTrue) {
  OddsSpec spec;
  spec.rounds = 4;
  spec.bets_a_round = 20;
  spec.persons_max = 800;
  const OddsRun run = run_odds(spec);
  EXPECT_EQ(run.settled, 80U);
  EXPECT_EQ(run.stated.size(), 80U);
  EXPECT_LE(run.error, 1.6 * run.chance_error);
}

TEST(BetsWorlds, TheLedgerKeepsItsPromiseInTheLivePath) {
  LedgerSpec bad;
  bad.rounds = 8000;
  LedgerSpec good = bad;
  good.reversed = false;
  good.default_mean = 0.3;
  good.worths = {1, 1.2, 0.8, 0.6};
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    bad.seed = good.seed = seed;
    EXPECT_TRUE(run_ledger(bad).kept) << seed;
    const LedgerRun run = run_ledger(good);
    EXPECT_TRUE(run.kept) << seed;
    EXPECT_GT(run.gain_share, 0.05) << seed;
  }
}

TEST(BetsWorlds, ASlotThatLosesGoesBackByItselfAndOneThatWinsDoesNot) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    FallSpec spec;
    spec.seed = seed;
    const FallRun worse = run_fall(spec);
    EXPECT_TRUE(worse.fell) << seed;
    EXPECT_GT(worse.treated_bets, 0.2) << seed;
    EXPECT_EQ(worse.bets_after, 0U) << seed;
    EXPECT_EQ(worse.fallbacks_after, worse.decisions_after) << seed;
    spec.elsewhere = 0.2;
    spec.elsewhere_of_safe = 0.26;
    spec.persons = 3000;
    EXPECT_FALSE(run_fall(spec).fell) << seed;
  }
}

TEST(BetsWorlds, TheSameSeedGivesTheSameWorld) {
  FallSpec spec;
  spec.persons = 1500;
  const FallRun a = run_fall(spec), b = run_fall(spec);
  EXPECT_EQ(a.treated_bets, b.treated_bets);
  EXPECT_EQ(a.persons_then, b.persons_then);
}

}  // namespace
}  // namespace ante::sim
