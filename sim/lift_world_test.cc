#include "sim/lift_world.h"

#include <string>

#include <gtest/gtest.h>

#include "sim/lift_trial.h"

namespace ante::sim {
namespace {

// Ten worlds of each first kind, five of the others: the 400-world run is
// `./dev bench lift`. Coverage is binomial(10, .95): below 7 has a chance of
// 0.001; the sequence is wrong in a world with at most .05: above 3 has a
// chance of 0.001. Seeds are fixed.
TEST(LiftWorlds, TheReportSaysWhatIsTrue) {
  const LiftTrial trial = run_trial(10, 1);
  EXPECT_GE(trial.covered, 7U);
  EXPECT_LE(trial.sequence_wrong, 3U);
  EXPECT_GT(trial.median_width_ratio(), 1.4);
  EXPECT_LE(trial.median_width_ratio(), 1.8);
  EXPECT_LE(trial.null_paying, 1U);
  EXPECT_GE(trial.planned_paying, 3U);
  EXPECT_EQ(trial.early_verdicts, 0U);
  EXPECT_GT(trial.explored, trial.decisions / 400);
}

TEST(LiftWorlds, TheSameSeedGivesTheSameWorld) {
  WorldSpec spec;
  spec.persons = 1500;
  spec.look = 400;
  const WorldRun a = run_world(make_world(spec)), b = run_world(make_world(spec));
  ASSERT_EQ(a.looks.size(), b.looks.size());
  for (std::size_t i = 0; i < a.looks.size(); ++i) {
    EXPECT_EQ(a.looks[i].truth, b.looks[i].truth);
    EXPECT_EQ(to_json(a.looks[i].lift), to_json(b.looks[i].lift));
  }
}

TEST(LiftWorlds, APolicyThatKnowsTheTruthBeatsTheSafeDefault) {
  WorldSpec spec;
  spec.frozen = true;
  const WorldRun run = run_world(make_world(spec));
  EXPECT_GT(run.declared.truth, 0);
  EXPECT_LE(run.declared.lift.fixed_low.value_or(1), run.declared.truth);
  EXPECT_GE(run.declared.lift.fixed_high.value_or(-1), run.declared.truth);
}

// The real policy, its SquareCB weights and its joins. In about half of the worlds an item is drawn
// often enough; of six at .95, two or more are missed once in 30 times (73 of 73 were covered).
TEST(FigureWorlds, TheSummedRegretIsTheOnePlanted) {
  int known = 0, covered = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    WorldSpec spec;
    spec.seed = seed;
    spec.items = 4;
    spec.stake = 0.5;
    spec.taste_sd = 0.1;
    const WorldRun run = run_world(make_world(spec));
    const FiguresSummary& figures = run.figures;
    EXPECT_EQ(figures.decisions, run.decisions);
    EXPECT_LT(*figures.individualization.value, 1) << seed;
    const Estimate& regret = figures.regret.total;
    if (!regret.value) continue;
    ++known;
    covered += regret.interval.contains(run.planted_regret) ? 1 : 0;
    testing::Test::RecordProperty(
        "seed" + std::to_string(seed),
        std::to_string(*regret.value) + " of " + std::to_string(run.planted_regret));
  }
  EXPECT_GE(known, 4);
  EXPECT_GE(covered, known - 1);
}

}  // namespace
}  // namespace ante::sim
