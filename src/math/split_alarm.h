// The sample-ratio alarm: do the arms have the shares of persons they were to have? Valid however
// often one looks.
//
// In:   persons of each arm, and the shares they were drawn with. Out: evidence against the split.
//
// The evidence is a Bayes factor: the chance of the counts when the true shares are themselves
// drawn from a Dirichlet distribution around the planned ones, against their chance under the
// planned ones (Lindon & Malek, "Anytime-valid inference for multinomial count data", NeurIPS
// 2022). Under the planned shares it reaches 1 / level, at any look ever, with a chance of at most
// `level`. Counts of partitions add. When the planned shares change, count anew and add the
// logarithms. Pure; any thread.

#pragma once

#include <cstdint>
#include <span>

namespace ante {

// False alarms, over the whole life of a comparison.
inline constexpr double kSplitAlarmLevel = 0.002;

// ln of the evidence. Nine tenths of the prior stand close to the plan (as if known from 5,000
// persons: off by .7 % of 50/50), which finds a split that is off by one percent soonest, and one
// tenth far (100 persons), which finds a gross fault within hundreds of persons.
// REQUIRES at least 2 arms, as many counts as shares, shares > 0 that sum to 1.
double log_split_evidence(std::span<const std::uint64_t> counts, std::span<const double> shares);

// Has the evidence reached 1 / level? Once it has, the alarm stays: keep it.
// REQUIRES as above, 0 < level < 1.
bool split_alarm(std::span<const std::uint64_t> counts, std::span<const double> shares,
                 double level = kSplitAlarmLevel);

}  // namespace ante
