// What may be said of a comparison that is looked at all the time; and whether the unit of counting
// is a sound one.
//
// Pure functions of sums; any thread. Why 25 conversions: below them the asymptotic sequence was
// wrong in up to 35 % of null comparisons at 5/95 (docs/decisions/0070-proof-statistics.md).

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "math/statistics.h"

namespace ante {

inline constexpr std::uint64_t kWatchedConversionsMin = 25;  // in each arm

enum class WatchedVerdict : std::uint8_t {
  kTooEarly,  // fewer than 25 conversions in an arm: no interval, no verdict
  kUnproven,  // the interval holds 0
  kPaying,    // its lower end is above 0
  kLosing,    // its upper end is below 0
};
std::string_view to_string(WatchedVerdict verdict);  // "too early", "unproven", "paying", "losing"

struct WatchedDifference {
  double difference = 0;             // treated minus control; 0 when too early
  std::optional<Interval> interval;  // none: too early
  WatchedVerdict verdict = WatchedVerdict::kTooEarly;
};
// Valid at every look at once. REQUIRES persons_planned >= 1, 0 < alpha < 1.
WatchedDifference watched_difference(const OutcomeSums& treated, const OutcomeSums& control,
                                     double alpha, double persons_planned);

// A/A self-test. Untreated persons stand in groups by a hash; if persons are independent, the means
// of groups differ by chance only, and any split of the groups into two arms is an A/A test.
// `dispersion` = sum n_g (m_g - m)^2 / (s^2 (groups - 1)) is 1 then, and so is its chi-square.
// Above 1, what was counted as a person is not one: views instead of persons, bots, shared ids.
struct SelfTest {
  std::uint64_t groups = 0, n = 0;
  double dispersion = 0;  // 0 when there is nothing to compare
  double p = 1;           // of a dispersion at least as large
  double false_findings =
      0;  // share of A/A tests of these groups that a look at `alpha` would find
};
// REQUIRES 0 < alpha < 1. Groups without a person are left out.
SelfTest aa_self_test(std::span<const OutcomeSums> groups, double alpha);

}  // namespace ante
