// Is a policy that chooses by features better than the best single action for everybody?
//
// In:   a trial's features as rows of numbers, arms and outcomes; what a contact costs and what an
//       outcome is worth. Out: the difference of the two in profit a person, a test of whether
//       effects differ, how well persons are ranked by them, and a claim or none.
//
// Cross-fitted: persons are cut into 5 folds at random; both the policy and the best single action
// are chosen on four and valued on the fifth, by doubly robust scores
//   G_a = mu_a(x) + 1{arm = a} / e_a (y - mu_a(x)),   e_a the arm's share,
// whose mu_a also come from the four (Robins, Rotnitzky & Zhao 1994; Athey & Wager 2021). That is
// done for 20 cuts from fixed seeds, because one lucky cut proves nothing: value and ends of the
// interval are the medians over cuts, and a claim is made only if the median of the lower ends of
// the two-sided 95 % intervals is above 0.
//
// Policy: the arm with the largest worth x tau_a(x) - cost, tau_a by the R-learner against the
// control; the control when none is above 0. Pure; any thread. Why: docs/decisions/0072-trials.md.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "learning/effect_learners.h"
#include "learning/trial_table.h"
#include "learning/uplift_curve.h"
#include "math/statistics.h"

namespace ante {

inline constexpr std::size_t kTrialFolds = 5;
inline constexpr std::uint64_t kTrialCuts = 20;

struct TrialEconomics {
  double cost = 0;   // of one contact: of every arm but the control; >= 0
  double worth = 1;  // of one unit of the outcome; > 0
};

// Views of a trial's columns, all of the same length.
struct TrialRows {
  std::size_t width = 0;               // numbers a row, the first 1
  std::span<const double> x;           // rows x width
  std::span<const std::uint32_t> arm;  // 0 is the control
  std::span<const double> outcome;
  std::size_t arms = 0;

  std::size_t rows() const { return arm.size(); }
  std::span<const double> row(std::size_t i) const { return x.subspan(i * width, width); }
};

// tau_a(x) of each arm but the control.
struct TrialPolicy {
  TrialEconomics economics;
  std::vector<std::vector<double>> effects;  // effects[a - 1]: coefficients of arm a

  std::uint32_t choose(std::span<const double> x) const;  // the arm
};

struct TrialArm {
  std::uint64_t n = 0;
  double mean = 0;
  double effect = 0;  // less the control's mean
  Interval interval;  // 95 %, one look; {0, 0} of the control
};

struct TrialReport {
  std::vector<TrialArm> arms;
  std::uint32_t best_single = 0;  // by profit
  Interval best_single_profit;    // over the control, a person; {0, 0} if it is the control
  double heterogeneity_p = 1;     // do effects differ by features? Twice the median over cuts
  double value = 0;               // profit a person, policy less best single
  Interval interval;
  bool claim = false;             // interval.low > 0
  double value_of_t_learner = 0;  // the same for a policy of one regression an arm
  double same_choice = 0;         // share of persons for whom both choose alike
  double policy_share = 0;        // of persons for whom the policy contacts somebody
  std::uint32_t curve_arm = 1;    // the arm with the largest effect, by which persons are ranked
  UpliftCurve curve;              // of the persons of that arm and the control
};

// REQUIRES 2 arms or more, each with kTrialFolds rows or more; width >= 1, cost >= 0, worth > 0.
TrialReport evaluate_trial(const TrialRows& rows, const TrialEconomics& economics,
                           std::uint64_t cuts = kTrialCuts);

// tau_a(x) of each person by what was learned without their fold, of one cut: rows x (arms - 1).
// REQUIRES as above.
std::vector<double> out_of_fold_effects(const TrialRows& rows, const TrialEconomics& economics,
                                        std::uint64_t cut);

// The policy learned from all rows. REQUIRES as above.
TrialPolicy learn_trial_policy(const TrialRows& rows, const TrialEconomics& economics);

}  // namespace ante
