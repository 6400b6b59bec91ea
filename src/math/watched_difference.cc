#include "math/watched_difference.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace ante {

std::string_view to_string(WatchedVerdict verdict) {
  switch (verdict) {
    case WatchedVerdict::kTooEarly:
      return "too early";
    case WatchedVerdict::kUnproven:
      return "unproven";
    case WatchedVerdict::kPaying:
      return "paying";
    case WatchedVerdict::kLosing:
      return "losing";
  }
  return "";
}

WatchedDifference watched_difference(const OutcomeSums& treated, const OutcomeSums& control,
                                     double alpha, double persons_planned) {
  WatchedDifference result;
  if (std::min(treated.conversions, control.conversions) < kWatchedConversionsMin) return result;
  result.difference = treated.mean() - control.mean();
  const Interval interval = sequence_interval(treated, control, alpha, persons_planned);
  result.interval = interval;
  result.verdict = interval.low > 0    ? WatchedVerdict::kPaying
                   : interval.high < 0 ? WatchedVerdict::kLosing
                                       : WatchedVerdict::kUnproven;
  return result;
}

SelfTest aa_self_test(std::span<const OutcomeSums> groups, double alpha) {
  CHECK(alpha > 0 && alpha < 1);
  OutcomeSums all;
  SelfTest result;
  for (const OutcomeSums& group : groups) {
    if (group.n == 0) continue;
    ++result.groups;
    all.merge(group);
  }
  result.n = all.n;
  const double variance = all.variance();
  if (result.groups < 2 || !(variance > 0)) return result;
  double spread = 0;
  for (const OutcomeSums& group : groups) {
    const double off = group.mean() - all.mean();
    if (group.n > 0) spread += static_cast<double>(group.n) * off * off / variance;
  }
  const auto degrees = static_cast<double>(result.groups - 1);
  result.dispersion = spread / degrees;
  result.p = chi_square_p(spread, degrees);
  if (result.dispersion > 0) {
    const double z = normal_quantile(1 - alpha / 2) / std::sqrt(result.dispersion);
    result.false_findings = 2 * normal_cdf(-z);
  }
  return result;
}

}  // namespace ante
