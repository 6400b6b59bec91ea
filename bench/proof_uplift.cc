// Trials whose truth is known: is a claim made where there is nothing to gain, and where there is?
// And the designs A to D of Nie & Wager 2021, for the R-learner beside the T-learner.

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "base/random.h"
#include "bench/proof.h"
#include "learning/effect_learners.h"
#include "learning/trial_policy.h"

namespace ante::bench {
namespace {

constexpr std::size_t kPersons = 6000, kFeatures = 6, kWidth = kFeatures + 1;

struct TrialWorld {
  const char* name;
  std::size_t arms;
  double main_effect = 0;  // of arm 1, on everybody
  double interaction = 0;  // x_1 > 0 gains from arm 1 and loses by the others, and the reverse
};

struct DrawnTrial {
  std::vector<double> x, outcome;
  std::vector<std::uint32_t> arm;
  TrialRows rows(std::size_t arms) const { return {kWidth, x, arm, outcome, arms}; }
};

// A goal of about 15 %, more for some than for others.
DrawnTrial draw_trial(const TrialWorld& world, Random& random) {
  DrawnTrial trial;
  trial.x.reserve(kPersons * kWidth);
  for (std::size_t i = 0; i < kPersons; ++i) {
    std::array<double, kFeatures> x{};
    for (double& value : x) value = random.normal();
    const auto arm = static_cast<std::uint32_t>(random.below(world.arms));
    double chance = 0.15 + 0.03 * std::clamp(x[1], -2.0, 2.0) + (x[2] > 1 ? 0.05 : 0);
    if (arm == 1) chance += world.main_effect + world.interaction * (x[0] > 0 ? 1 : -1);
    if (arm > 1) chance -= world.interaction * (x[0] > 0 ? 1 : -1);
    trial.x.push_back(1);
    trial.x.insert(trial.x.end(), x.begin(), x.end());
    trial.arm.push_back(arm);
    trial.outcome.push_back(random.uniform() < chance ? 1 : 0);
  }
  return trial;
}

struct TrialCounts {
  std::uint64_t claims = 0, heterogeneity = 0;
  std::uint64_t above_chance = 0, excludes_0 = 0;  // of the Qini: above its band; its interval
  double value = 0;
};

TrialCounts play_trials(const TrialWorld& world, std::uint64_t runs) {
  TrialCounts counts;
  for (std::uint64_t run = 0; run < runs; ++run) {
    Random random(run + 1);
    const DrawnTrial trial = draw_trial(world, random);
    const TrialReport report = evaluate_trial(trial.rows(world.arms), {0, 1});
    counts.claims += report.claim ? 1 : 0;
    counts.heterogeneity += report.heterogeneity_p < 0.05 ? 1 : 0;
    counts.value += report.value / static_cast<double>(runs);
    const UpliftCurve& curve = report.curve;
    counts.above_chance += curve.above_chance ? 1 : 0;
    counts.excludes_0 += curve.ranks && !curve.qini_interval.contains(0) ? 1 : 0;
  }
  return counts;
}

void write_trials(JsonWriter& json, const TrialWorld& world, std::uint64_t runs) {
  const TrialCounts counts = play_trials(world, runs);
  json.begin_object().field("world", world.name).field("arms", world.arms);
  json.field("persons", kPersons).field("mainEffect", world.main_effect);
  json.field("interaction", world.interaction);
  write_share(json, "claims", counts.claims, runs);
  write_share(json, "heterogeneityFound", counts.heterogeneity, runs);
  json.field("meanValue", counts.value);
  write_share(json, "qiniAboveChance", counts.above_chance, runs);
  write_share(json, "qiniExcludes0", counts.excludes_0, runs);
  json.end_object();
}

// ---------------------------------------------------------------- Nie & Wager's designs

constexpr std::size_t kDesignRows = 2000, kDesignFeatures = 6;

struct DesignRow {
  std::array<double, kDesignFeatures> x{};
  double chance = 0.5, effect = 0, expected = 0;  // expected: b(x); y = b + (w - .5) tau + noise
};

DesignRow draw_design(char design, Random& random) {
  DesignRow row;
  for (double& v : row.x) v = design == 'A' ? random.uniform() : random.normal();
  const auto& x = row.x;
  const auto above_0 = [](double v) { return std::max(v, 0.0); };
  switch (design) {
    case 'A':
      row.expected =
          std::sin(M_PI * x[0] * x[1]) + 2 * (x[2] - 0.5) * (x[2] - 0.5) + x[3] + 0.5 * x[4];
      row.chance = std::clamp(std::sin(M_PI * x[0] * x[1]), 0.1, 0.9);
      row.effect = (x[0] + x[1]) / 2;
      break;
    case 'B':
      row.expected = std::max({x[0] + x[1], x[2], 0.0}) + above_0(x[3] + x[4]);
      row.effect = x[0] + std::log1p(std::exp(x[1]));
      break;
    case 'C':
      row.expected = 2 * std::log1p(std::exp(x[0] + x[1] + x[2]));
      row.chance = 1 / (1 + std::exp(x[1] + x[2]));
      row.effect = 1;
      break;
    default:
      row.expected = (above_0(x[0] + x[1] + x[2]) + above_0(x[3] + x[4])) / 2;
      row.chance = 1 / (1 + std::exp(-x[0]) + std::exp(-x[1]));
      row.effect = above_0(x[0] + x[1] + x[2]) - above_0(x[3] + x[4]);
      break;
  }
  return row;
}

// Numbers, squares and products, standardised by what the designs' features are.
std::vector<double> design_features(const DesignRow& row, char design) {
  std::vector<double> result = {1};
  std::array<double, kDesignFeatures> z{};
  for (std::size_t i = 0; i < kDesignFeatures; ++i)
    z[i] = design == 'A' ? (row.x[i] - 0.5) * std::sqrt(12.0) : row.x[i];
  for (std::size_t i = 0; i < kDesignFeatures; ++i) {
    result.push_back(z[i]);
    for (std::size_t j = 0; j <= i; ++j)
      result.push_back(i == j ? (z[i] * z[i] - 1) / std::sqrt(2.0) : z[i] * z[j]);
  }
  return result;
}

struct DesignErrors {
  double blend = 0, r = 0, t = 0;  // root mean squared error of tau on fresh rows
};

DesignErrors play_design(char design, double noise, std::uint64_t seed) {
  Random random(seed);
  const std::size_t width = design_features(DesignRow{}, design).size();
  std::vector<EffectSums> folds(kTrialFolds, EffectSums(width));
  for (std::size_t i = 0; i < kDesignRows; ++i) {
    const DesignRow row = draw_design(design, random);
    const std::vector<double> x = design_features(row, design);
    const bool is_treated = random.uniform() < row.chance;
    const double y =
        row.expected + ((is_treated ? 1 : 0) - 0.5) * row.effect + noise * random.normal();
    folds[i % kTrialFolds].add(x, is_treated, row.chance, y);
  }
  const LearnedEffects fit = learn_effects(folds);
  DesignErrors errors;
  for (std::size_t i = 0; i < kDesignRows; ++i) {
    const DesignRow row = draw_design(design, random);
    const std::vector<double> x = design_features(row, design);
    const auto squared = [&](const std::vector<double>& tau) {
      const double off = linear_value(tau, x) - row.effect;
      return off * off / static_cast<double>(kDesignRows);
    };
    errors.blend += squared(fit.blend);
    errors.r += squared(fit.r_learner);
    errors.t += squared(fit.t_learner);
  }
  return {std::sqrt(errors.blend), std::sqrt(errors.r), std::sqrt(errors.t)};
}

void write_designs(JsonWriter& json, std::uint64_t repetitions) {
  json.key("designs").begin_array();
  for (const char design : {'A', 'B', 'C', 'D'}) {
    for (const double noise : {0.5, 1.0, 2.0}) {
      double blend = 0, r = 0, t = 0, squares = 0;
      const auto n = static_cast<double>(repetitions);
      for (std::uint64_t seed = 1; seed <= repetitions; ++seed) {
        const DesignErrors errors = play_design(design, noise, seed);
        blend += errors.blend / n;
        r += errors.r / n;
        t += errors.t / n;
        squares += (errors.blend - errors.t) * (errors.blend - errors.t) / n;
      }
      const double off = blend - t;
      const double half =
          1.96 * std::sqrt(std::max(0.0, squares - off * off) / std::max(1.0, n - 1));
      json.begin_object().field("design", std::string(1, design)).field("noise", noise);
      json.field("blend", blend).field("rAlone", r).field("tLearner", t);
      json.field("ratio", blend / t);
      write_interval(json, "difference", {off - half, off + half});
      json.field("repetitions", repetitions).end_object();
    }
  }
  json.end_array();
}

}  // namespace

std::string uplift_report(std::uint64_t runs) {
  const std::uint64_t fewer = std::max<std::uint64_t>(1, runs / 5);
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("runs", runs).key("trials").begin_array();
  write_trials(json, {"nothing", 3}, runs);
  write_trials(json, {"one arm better for all", 3, 0.05}, fewer);
  write_trials(json, {"interaction", 3, 0, 0.07}, fewer);
  write_trials(json, {"interaction", 2, 0, 0.07}, fewer);
  write_trials(json, {"small interaction", 3, 0, 0.05}, fewer);
  json.end_array();
  write_designs(json, std::max<std::uint64_t>(1, runs / 10));
  json.end_object();
  return out;
}

}  // namespace ante::bench
