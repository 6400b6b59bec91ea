// Off-policy evaluation: what a target policy would have earned, from a log of another.
//
// In:   one row a logged round: its weight w = target / logging probability of what was chosen, its
//       reward r, what a reward model expected of it (q), and of the target policy (the direct
//       value, sum_a target(a) q(a)). Out: estimates with intervals, and how far to trust them.
//
//   IPS    mean(w r)                                  Horvitz & Thompson 1952
//   SNIPS  sum(w r) / sum(w)                          Swaminathan & Joachims 2015
//   DM     mean(direct)
//   DR     mean(direct + w (r - q))                   Dudik, Langford & Li 2011
//   DRos   mean(direct + v (r - q)), v = l w / (w^2 + l)   Su et al. 2020; l by SLOPE
//
// IPS, SNIPS and DR carry a 95 % interval. DM is biased by its model and DRos by its shrinkage:
// they carry none. No value is given below kEffectiveRowsMin effective rows, with more than
// kOutOfSupportMax of the target outside what was logged, or with fewer than kEffectiveClicksMin
// effective clicks. Pure functions of their arguments and a seed; any thread.
// Why these rules: docs/decisions/0060-offline-evaluation.md.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "math/statistics.h"

namespace ante {

inline constexpr double kEffectiveRowsMin = 200;
// Weights average 1 where all that the target would choose could be seen. Farther off than both of
// these and some of it was too unlikely to be seen: no estimator that weighs rewards tells.
inline constexpr double kWeightMeanOffMax = 0.1, kWeightMeanErrorsMax = 5;
inline constexpr double kOutOfSupportMax = 0.01;    // share of the target's probability
inline constexpr double kEffectiveClicksMin = 5;    // below: refused
inline constexpr double kEffectiveClicksThin = 30;  // below: a warning
inline constexpr std::uint32_t kResamples = 1000;

struct OffPolicyRow {
  double weight = 0;
  double reward = 0;
  double expected = 0;        // q of what was chosen; 0 without a reward model
  double direct = 0;          // sum over the actions of target x q
  double out_of_support = 0;  // target probability of what could not have been logged
};

enum class Estimator : std::uint8_t { kIps, kSnips, kDm, kDr, kDros };
inline constexpr std::array kEstimators = {Estimator::kIps, Estimator::kSnips, Estimator::kDm,
                                           Estimator::kDr, Estimator::kDros};
std::string_view to_string(Estimator estimator);
bool has_interval(Estimator estimator);  // IPS, SNIPS, DR

// The textbook value. `shrinkage` (l, above 0) is for DRos only. 0 of no rows or no weight at all.
double estimate_value(Estimator estimator, std::span<const OffPolicyRow> rows,
                      double shrinkage = 0);

// The l of DRos by SLOPE (Su, Srinath & Krishnamurthy 2020): candidates from no shrinkage to
// almost all, until one's interval contradicts an earlier one. REQUIRES rows not empty.
double slope_shrinkage(std::span<const OffPolicyRow> rows);

enum class IntervalKind : std::uint8_t {
  kBootstrap,  // rows drawn anew; for logs of a policy that did not learn from them
  kSequence,   // asymptotic confidence sequence; for logs of a policy that learned on the way
};

// 95 % of IPS, SNIPS and DR, in this order.
// The bootstrap draws rows with replacement kResamples times and studentises (Efron & Tibshirani
// 1993, 12.5), because weighted rewards are skewed; the sequence is centred on the estimate and
// stays valid under martingale dependence and optional stopping.
// REQUIRES at least 2 rows.
std::array<Interval, 3> estimate_intervals(std::span<const OffPolicyRow> rows, IntervalKind kind,
                                           std::uint64_t seed,
                                           std::uint32_t resamples = kResamples);

struct ClippedEstimate {
  double weight_max = 0;      // weights above it are cut to it
  std::uint64_t clipped = 0;  // rows
  double ips = 0;             // with cut weights: biased downward where rewards are not negative
};

// How far to trust the estimates.
struct OffPolicyHealth {
  std::uint64_t rows = 0;
  double effective_rows = 0;    // (sum w)^2 / sum w^2
  double effective_clicks = 0;  // (sum w |r|)^2 / sum w^2 |r|
  double out_of_support = 0;    // mean share of the target that could not have been logged
  double weight_mean = 0, weight_max = 0;
  double weight_mean_error = 0;            // standard error of the mean, as the weights seen say
  std::array<ClippedEstimate, 3> clipped;  // at 10, 30 and 100
  std::string refusal;                     // why there is no value; empty: there is
  std::string warning;                     // "thin: …" or empty
};
OffPolicyHealth off_policy_health(std::span<const OffPolicyRow> rows);

struct OffPolicyEstimate {
  std::optional<double> value;       // none: refused
  std::optional<Interval> interval;  // none: refused, or the estimator has no valid one
};

struct OffPolicyReport {
  OffPolicyHealth health;
  std::array<OffPolicyEstimate, kEstimators.size()> estimates;  // in the order of kEstimators
  double shrinkage = 0;                                         // of DRos
  const OffPolicyEstimate& operator[](Estimator e) const {
    return estimates[static_cast<std::size_t>(e)];
  }
};

struct OffPolicyOptions {
  IntervalKind interval = IntervalKind::kBootstrap;
  std::uint64_t seed = 1;
  double shrinkage = 0;  // of DRos; 0: chosen by SLOPE
};
OffPolicyReport evaluate_off_policy(std::span<const OffPolicyRow> rows,
                                    const OffPolicyOptions& options);

// The mean reward of what was logged, with its interval of the same kind. REQUIRES 2 rewards.
struct MeanReward {
  std::uint64_t rows = 0;
  double value = 0;
  Interval interval;
};
MeanReward mean_reward(std::span<const double> rewards, IntervalKind kind);

}  // namespace ante
