// The sample-ratio alarm, and intervals of ratios and of adjusted outcomes.

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "base/random.h"
#include "bench/proof.h"
#include "math/pair_sums.h"
#include "math/split_alarm.h"

namespace ante::bench {
namespace {

constexpr std::uint64_t kDays = 100, kPersonsADay = 1000;
constexpr std::int64_t kUnit = 1'000'000;

std::uint64_t alarms(double planned, double real, std::uint64_t runs) {
  const std::array shares = {planned, 1 - planned};
  std::uint64_t result = 0;
  for (std::uint64_t run = 0; run < runs; ++run) {
    Random random(run + 1);
    std::array<std::uint64_t, 2> counts = {0, 0};
    for (std::uint64_t day = 0; day < kDays; ++day) {
      for (std::uint64_t i = 0; i < kPersonsADay; ++i) ++counts[random.uniform() < real ? 0 : 1];
      if (!split_alarm(counts, shares)) continue;
      ++result;
      break;
    }
  }
  return result;
}

// A fifth come 1 to 12 times and click in .3 of views, the others 1 to 4 times and in .02; so the
// expected ratio of clicks to views is known.
constexpr double kRatio = (0.2 * 6.5 * 0.3 + 0.8 * 2.5 * 0.02) / (0.2 * 6.5 + 0.8 * 2.5);

void add_visitor(PairSums& sums, Random& random) {
  const bool keen = random.uniform() < 0.2;
  const std::uint64_t views = 1 + random.below(keen ? 12 : 4);
  std::int64_t clicks = 0;
  for (std::uint64_t i = 0; i < views; ++i)
    clicks += random.uniform() < (keen ? 0.3 : 0.02) ? 1 : 0;
  sums.add(clicks * kUnit, static_cast<std::int64_t>(views) * kUnit);
}

void add_adjusted(PairSums& sums, double effect, Random& random) {
  const double before = random.normal(), outcome = before + random.normal() + effect;
  sums.add(std::llround(outcome * 1e6), std::llround(before * 1e6));
}

}  // namespace

std::string split_report(std::uint64_t runs) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("level", kSplitAlarmLevel).field("days", kDays);
  json.field("personsADay", kPersonsADay);
  const std::uint64_t broken = std::max<std::uint64_t>(1, runs / 10);
  write_share(json, "caught49Of50", alarms(0.5, 0.49, broken), broken);
  write_share(json, "caught4Of5", alarms(0.05, 0.04, broken), broken);
  write_share(json, "falseAlarms50", alarms(0.5, 0.5, runs), runs);
  write_share(json, "falseAlarms5", alarms(0.05, 0.05, runs), runs);
  json.end_object();
  return out;
}

std::string ratios_report(std::uint64_t runs) {
  constexpr int kPersonsAnArm = 2000;
  constexpr double kEffect = 0.1;
  std::uint64_t one = 0, difference = 0, adjusted = 0;
  double rho_squared = 0, variance_left = 0;
  for (std::uint64_t run = 0; run < runs; ++run) {
    Random random(run + 1);
    PairSums treated, control, treated_outcome, control_outcome;
    for (int i = 0; i < kPersonsAnArm; ++i) {
      add_visitor(treated, random);
      add_visitor(control, random);
      add_adjusted(treated_outcome, kEffect, random);
      add_adjusted(control_outcome, 0, random);
    }
    const Estimated t = ratio_of_sums(treated), c = ratio_of_sums(control);
    one += fixed_interval(t, 0.05).contains(kRatio) ? 1 : 0;
    const Estimated off{t.value - c.value, t.variance + c.variance};
    difference += fixed_interval(off, 0.05).contains(0) ? 1 : 0;
    const CupedDifference cuped = cuped_difference(treated_outcome, control_outcome);
    adjusted += fixed_interval(cuped.difference, 0.05).contains(kEffect) ? 1 : 0;
    rho_squared += cuped.rho_squared;
    variance_left +=
        cuped.difference.variance /
        ((treated_outcome.variance_first() + control_outcome.variance_first()) / kPersonsAnArm);
  }
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("runs", runs).field("personsAnArm", kPersonsAnArm);
  write_share(json, "ratioCovered", one, runs);
  write_share(json, "ratioDifferenceCovered", difference, runs);
  write_share(json, "adjustedCovered", adjusted, runs);
  json.field("rhoSquared", rho_squared / static_cast<double>(runs));
  json.field("varianceLeft", variance_left / static_cast<double>(runs)).end_object();
  return out;
}

}  // namespace ante::bench
