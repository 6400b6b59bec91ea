#include "sim/lift_trial.h"

#include <algorithm>
#include <cmath>

#include "base/json_writer.h"

namespace ante::sim {

namespace {

constexpr std::uint64_t kNullSeeds = 1'000'000, kPlannedSeeds = 2'000'000;
constexpr std::size_t kPlannedMin = 400, kPlannedMax = 4000;  // persons of a planned test
constexpr std::size_t kLastWindow = 1000;  // people who come while the last window is open

bool enough_conversions(const LiftSummary& lift) {
  return lift.treated.conversions >= kConversionsMin && lift.holdout.conversions >= kConversionsMin;
}

bool ever_paying(const WorldRun& run) {
  return std::any_of(run.looks.begin(), run.looks.end(),
                     [](const Look& look) { return look.lift.verdict == Verdict::kPaying; });
}

// What every kind of world is asked.
void note_run(const WorldRun& run, LiftTrial& trial) {
  trial.decisions += run.decisions;
  trial.explored += run.explored;
  trial.looks += run.looks.size();
  for (const Look& look : run.looks) {
    const bool says = look.lift.verdict == Verdict::kPaying ||
                      look.lift.verdict == Verdict::kLosing ||
                      look.lift.verdict == Verdict::kNeutral || look.lift.low.has_value();
    if (says && !enough_conversions(look.lift)) ++trial.early_verdicts;
  }
}

void run_learning(std::uint64_t seed, LiftTrial& trial) {
  WorldSpec spec;
  spec.seed = seed;
  spec.places = seed % 2 == 0 ? 1 : 3;
  const WorldRun run = run_world(make_world(spec));
  note_run(run, trial);
  ++trial.worlds;
  const Look& look = run.declared;
  const Interval fixed{look.lift.fixed_low.value_or(0), look.lift.fixed_high.value_or(0)};
  trial.covered += fixed.contains(look.truth) ? 1 : 0;
  if (look.lift.low)
    trial.width_ratios.push_back((*look.lift.high - *look.lift.low) / fixed.width());
  trial.sequence_wrong += std::any_of(run.looks.begin(), run.looks.end(), [](const Look& at) {
    return at.lift.low && (at.truth < *at.lift.low || at.truth > *at.lift.high);
  });
}

// Everybody likes the same, and the safe default is the best of it.
void run_null(std::uint64_t seed, LiftTrial& trial) {
  WorldSpec spec;
  spec.seed = seed;
  spec.taste_sd = 0;
  const WorldRun run = run_world(make_world(spec));
  note_run(run, trial);
  ++trial.null_worlds;
  trial.null_paying += ever_paying(run) ? 1 : 0;
}

void run_planned(std::uint64_t& seed, LiftTrial& trial) {
  WorldSpec spec;
  spec.frozen = true;
  std::size_t planned = 0;
  // Worlds whose plan is out of range are passed over before anything is played in them.
  do {
    spec.seed = seed++;
    planned = planned_persons(make_world(spec));
  } while (planned < kPlannedMin || planned > kPlannedMax);
  spec.look = 2 * planned;
  spec.persons = spec.look + kLastWindow;
  WorldRun run = run_world(make_world(spec));
  std::erase_if(run.looks, [&](const Look& look) { return look.counted > 2 * planned; });
  note_run(run, trial);
  ++trial.planned_worlds;
  trial.planned_paying += ever_paying(run) ? 1 : 0;
}

void write_bound(JsonWriter& json, std::string_view name, double found, std::size_t of, double low,
                 double high) {
  json.key(name).begin_object();
  json.field("found", found).field("of", of);
  json.key("accepted").begin_array().number(low).number(high).end_array();
  json.field("holds", found >= low && found <= high);
  json.end_object();
}

}  // namespace

double LiftTrial::median_width_ratio() const {
  if (width_ratios.empty()) return 0;
  std::vector<double> sorted = width_ratios;
  std::sort(sorted.begin(), sorted.end());
  return sorted[sorted.size() / 2];
}

LiftTrial run_trial(std::size_t worlds, std::uint64_t first_seed) {
  LiftTrial trial;
  for (std::size_t i = 0; i < worlds; ++i) run_learning(first_seed + i, trial);
  for (std::size_t i = 0; i < worlds / 2; ++i) run_null(first_seed + kNullSeeds + i, trial);
  std::uint64_t seed = first_seed + kPlannedSeeds;
  for (std::size_t i = 0; i < worlds / 2; ++i) run_planned(seed, trial);
  return trial;
}

std::string to_json(const LiftTrial& t, const std::string& commit) {
  std::string text;
  JsonWriter json(text);
  // Bounds for 400 (or 200) worlds, scaled and rounded outwards.
  const auto least = [](std::size_t n, double bound, double of) {
    return std::floor(bound / of * static_cast<double>(n));
  };
  const auto most = [](std::size_t n, double bound, double of) {
    return std::ceil(bound / of * static_cast<double>(n));
  };
  json.begin_object().field("bench", "lift").field("commit", commit);
  write_bound(json, "fixedIntervalCovers", static_cast<double>(t.covered), t.worlds,
              least(t.worlds, 367, 400), most(t.worlds, 393, 400));
  write_bound(json, "sequenceWrongAtAnyTime", static_cast<double>(t.sequence_wrong), t.worlds, 0,
              most(t.worlds, 33, 400));
  write_bound(json, "medianWidthRatio", t.median_width_ratio(), t.width_ratios.size(), 0, 1.8);
  write_bound(json, "nullPayingAtAnyTime", static_cast<double>(t.null_paying), t.null_worlds, 0,
              most(t.null_worlds, 16, 200));
  write_bound(json, "plannedPayingByTwiceN", static_cast<double>(t.planned_paying),
              t.planned_worlds, least(t.planned_worlds, 180, 200),
              static_cast<double>(t.planned_worlds));
  write_bound(json, "verdictsBefore25Conversions", static_cast<double>(t.early_verdicts), t.looks,
              0, 0);
  json.field("decisions", t.decisions).field("explored", t.explored).field("looks", t.looks);
  json.end_object();
  return text;
}

}  // namespace ante::sim
