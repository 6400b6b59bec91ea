// Exploration rules: from what each action is expected to earn to a distribution over the actions.
//
// In:   one estimate for each legal action, the scale of rewards so far.
// Out:  one propensity for each action, in the same order; draw_action() draws from exactly these.
//
// Forbidden actions are left out before, never floored here. A rule holds settings only, and every
// method is const and pure: equal inputs give equal bits, any thread. The live slate
// (decision/policy.h) uses the same SquareCB; evaluation (learning/) uses all of them.

#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "domain/reward_scale.h"

namespace ante {

inline constexpr std::size_t kActionsMax = 1000;  // of one draw

// What is known of an action. `value`: the reward it is expected to earn, in the unit of reward.
// `hits` and `misses`: its own decayed counts; only Thompson sampling looks at them, and at nothing
// else, because it knows no context.
struct ActionEstimate {
  double value = 0;
  double hits = 0, misses = 0;
};

class ExplorationRule {
 public:
  virtual ~ExplorationRule() = default;

  // Its name with its settings, as exploration_rule() reads it: "epsilon-greedy:0.05".
  virtual std::string name() const = 0;

  // REQUIRES 1 <= actions.size() == propensities.size() <= kActionsMax; every estimate finite, hits
  //          and misses >= 0; scale.sd > 0 when scale.rewards > 0.
  // ENSURES  every propensity is in [0, 1] and they sum to 1 within 1e-9.
  virtual void distribute(std::span<const ActionEstimate> actions, const RewardScale& scale,
                          std::span<double> propensities) const = 0;
};

// "squarecb[:GAMMA_SCALE]", "epsilon-greedy[:STAKE]", "softmax[:SHARPNESS[,FLOOR]]", "thompson",
// "greedy", "uniform".
// kInvalidArgument: no such rule, or a setting out of its range; the message lists what there is.
Result<std::unique_ptr<ExplorationRule>> exploration_rule(std::string_view text);

// The action that these propensities draw. REQUIRES at least one above 0.
// ENSURES an action of propensity 0 is never drawn; one number is taken from `random`.
std::size_t draw_action(std::span<const double> propensities, Random& random);

// SquareCB (Foster & Rakhlin 2020, "Beyond UCB", Algorithm 1): 1 / (K + gamma (max - value)) for
// every action but the best, the rest of the mass on the best (the first of equals).
// REQUIRES sizes equal and >= 1, gamma >= 0.
void squarecb_propensities(std::span<const double> values, double gamma,
                           std::span<double> propensities);

// gamma_scale sqrt(t K / 10) / sd, with t matured rewards and sd their running standard deviation:
// the unit of reward does not matter. 0 before the first reward.
// REQUIRES scale.sd > 0 when scale.rewards > 0.
double squarecb_gamma(double gamma_scale, const RewardScale& scale, std::size_t action_count);
inline constexpr double kSquareCbGammaScale = 10;

// The chance that each of these Beta(hits + 1, misses + 1) is the largest, by a midpoint rule of
// kThompsonNodes nodes over where the maximum lies; sums to 1. Thompson sampling draws with these.
// REQUIRES sizes equal and >= 1, hits and misses >= 0.
void largest_beta_chances(std::span<const ActionEstimate> actions, std::span<double> chances);
inline constexpr std::size_t kThompsonNodes = 256;

// Hits and misses of contextless actions; every observation fades what came before.
// One thread.
class DecayedCounts {
 public:
  // `half_life`: after that many observations of the action an old one counts half; > 0, infinity
  // for no decay.
  DecayedCounts(std::size_t action_count, double half_life);

  // REQUIRES action < size, 0 <= reward <= 1 (a share of a hit).
  void observe(std::size_t action, double reward);
  std::span<const ActionEstimate> estimates() const { return actions_; }  // value: posterior mean

 private:
  std::vector<ActionEstimate> actions_;
  double kept_;  // of an old count at each observation
};

// Count, mean and standard deviation of rewards as they come (Welford).
class RunningRewardScale {
 public:
  void add(double reward);
  // sd is at least kRewardSdMin times the largest |reward| seen, so that it is above 0.
  RewardScale scale() const;

 private:
  std::uint64_t count_ = 0;
  double mean_ = 0, squares_ = 0, largest_ = 0;
};
inline constexpr double kRewardSdMin = 0.01;

}  // namespace ante
