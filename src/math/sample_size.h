// How many persons, and how many days, until a difference can be told; and what can be told with
// those there are. Arms of any two sizes; `persons_needed` of statistics.h is the plain case.
//
// In:   variances of one person's outcome in each arm (of a rate p: p (1 - p)), the share of
// persons
//       in the control arm, the difference of means to be found. Out: persons in both arms
//       together.
// With s^2 = s1^2/(1 - q) + s0^2/q the difference of n persons has variance s^2 / n.
// Pure; any thread.

#pragma once

namespace ante {

struct Comparison {
  double treated_variance = 0, control_variance = 0;  // of one person's outcome
  double control_share = 0.5;                         // q
  double power = 0.8, alpha = 0.05;
};

// For rates: the treated one is base x (1 + relative_lift).
// REQUIRES both rates within (0, 1), 0 < control_share < 1.
Comparison rates_compared(double base_rate, double relative_lift, double control_share);

// The smallest difference that a look at the end of so many persons finds with that power.
// REQUIRES persons > 0.
double smallest_difference(const Comparison& comparison, double persons);

// Persons after which a comparison that is watched all the time, by a confidence sequence planned
// for just as many, excludes 0 with at least that power: about 1.9 times those of one look at the
// end for a power of .8. What is found on the way comes on top. REQUIRES difference > 0.
double persons_needed_watched(const Comparison& comparison, double difference);

// How many times the persons of equal arms a control arm of this share needs, for equal variances:
// 1 / (4 q (1 - q)). REQUIRES 0 < control_share < 1.
double cost_of_unequal_arms(double control_share);

// Days until so many new persons have come and the window of the last has closed.
// REQUIRES new_persons_a_day > 0, window_days >= 0.
double days_needed(double persons, double new_persons_a_day, double window_days);

}  // namespace ante
