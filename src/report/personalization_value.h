// Would it pay to treat persons differently, with the readers and the history there are?
//
// In:   what each person did with each of a few arms (topics, layouts, offers), their visits split
//       into odd and even ones. Out: how much persons differ in what they like, what knowing that
//       would earn over the best arm for everybody, and a verdict with what would help.
//
// Split-half covariance. With r^h = mean of a person's half h for an arm less the arm's mean, and
// e^h = r^h less the person's own mean of r^h over the arms (who clicks on everything likes nothing
// in particular), the noise of two halves is independent, so sum e^1 e^2 / (K - 1) has the mean
// tau^2, the variance of persons' likings, and no more. Persons are clusters. Pairs of halves weigh
// n1 n2 / (n1 + n2). Power: z = tau^2 sqrt(N (K-1)) / sqrt((tau^2 + s^2/m_h)^2 + tau^4), where K is
// the number of arms a person is known from, which may be fewer than there are.
// Arms must have been shown at random, or the same to all. Visits, not views, are odd or even: what
// a whole visit shares would look like a liking. Pure; any thread.
// Why these rules: docs/decisions/0071-value-of-personalization.md.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "math/statistics.h"

namespace ante {

// One person and one arm. Counts are of views, sums of outcomes, in units.
struct HalvedOutcomes {
  double odd_n = 0, odd_sum = 0, even_n = 0, even_sum = 0;
  // What the means that both halves are compared with hold of this person's own outcomes draws the
  // halves together by so much of s^2. 0 = the arm's mean alone: 1 / its views.
  double own = 0;
};

enum class PersonalizationVerdict : std::uint8_t {
  kDoNot,        // the most that the data allow would not pay, and they would have shown what does
  kNotYet,       // too little is known of each person to say, or to gain by it
  kPersonalise,  // the least that the data allow pays
};
std::string_view to_string(PersonalizationVerdict verdict);  // "do not", "not yet", "personalise"

struct PersonalizationValue {
  std::uint64_t persons = 0;  // with two arms or more in both halves
  std::uint64_t arms = 0;
  double arms_a_person = 0;  // that one of them is known from, on average
  double tau_squared = 0, standard_error = 0;
  double z = 0, p = 1;      // one-sided: tau_squared > 0
  double noise = 0;         // s^2 of one view
  double views = 0;         // of a person and arm, both halves: the harmonic mean
  double arm_variance = 0;  // of the arms' true means
  double best_single = 0;   // mean of the best arm for everybody, chosen from the same data
  // Over the best single, a view. gain_low: 95 % one-sided, gain_high: 90 % one-sided, because to
  // leave everybody alone wrongly costs less than to treat them wrongly.
  double gain = 0, gain_low = 0, gain_high = 0;
  double cost = 0;  // a view
  PersonalizationVerdict verdict = PersonalizationVerdict::kNotYet;
  // With kNotYet. None: no number of them would do.
  std::optional<std::uint64_t> readers_needed;   // at this history
  std::optional<std::uint64_t> clusters_needed;  // of arms, at these readers
  std::optional<double> views_needed;            // of a person and arm, at these readers
};

inline constexpr std::uint64_t kLikingPersonsMin = 30;  // fewer: "not yet", nothing is estimated

// `cells`: persons x arms, a person's arms one after the other. Cost of a view: 1 % of the best
// single arm unless given.
// REQUIRES arms >= 2, cells.size() a multiple of arms, counts >= 0, cost >= 0.
PersonalizationValue personalization_value(std::span<const HalvedOutcomes> cells, std::size_t arms,
                                           std::optional<double> cost = {});

// What to do about it, in the order of what helps most; empty: personalise.
std::vector<std::string> remedies(const PersonalizationValue& value, std::string_view arm = "arm");
// What the verdict means and what to do. `arm`: what an arm is called there.
std::string in_words(const PersonalizationValue& value, std::string_view arm = "arm");

// z expected of persons who differ by tau: the closed form above.
// REQUIRES persons >= 1, arms >= 2, views_a_half > 0.
double expected_liking_z(double tau_squared, double noise, double persons, double arms,
                         double views_a_half);

// The expected gain over the best single of `arms` arms whose true means have `arm_variance`, when
// persons differ by tau and each is known from so many views of each arm: with rho^2 = tau^2 /
// (tau^2 + s^2/views), c_K (sqrt(arm_variance + rho^2 tau^2) - sqrt(arm_variance)), c_K the
// expected maximum of K standard normals. REQUIRES arms >= 2, variances >= 0, views > 0.
double liking_gain(double tau_squared, double noise, double views, double arm_variance,
                   std::size_t arms);

// Expected maximum of so many independent standard normals. REQUIRES count >= 1.
double expected_maximum(std::size_t count);

}  // namespace ante
