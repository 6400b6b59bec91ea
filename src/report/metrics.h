// What the metrics of a trial say: readers first, ourselves second, proxies marked as such; and how
// well each proxy has foretold the outcomes.
//
// In:   sums of report/metric_fold.h. Out: summaries with intervals, a verdict each and one for the
//       class, in words. Pure; any thread.
//
// The interval is the asymptotic confidence sequence of math/pair_sums.h over persons, valid at
// every look, from kWatchedConversionsMin conversions in each arm on. A ratio's is by the delta
// method. Beside it stands the difference adjusted by how often they had come before (CUPED), with
// rho squared. The verdict of a class stands on intervals at alpha / (metrics of the class).
// Where people were asked, an unequal response of the arms voids the answer.
// docs/decisions/0080-metrics.md.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "report/lift.h"
#include "report/metric_fold.h"

namespace ante {

inline constexpr double kResponseAlarm = 0.01;  // p of equal response, below: void
inline constexpr double kUselessCorrelation = 0.1;
inline constexpr std::uint64_t kProxyPeopleMin = 400;
inline constexpr std::uint64_t kProxyTrialsMin = 10;

struct MetricArm {
  std::uint64_t n = 0, conversions = 0, asked = 0, answered = 0;
  double mean = 0;  // of a ratio: the ratio
};

struct MetricSummary {
  Metric metric;
  MetricArm treated, holdout;
  std::optional<double> value, low, high;  // treated minus holdout; all or none but for `value`
  double standard_error = 0;               // of `value`
  std::optional<double> relative;          // value / the holdout's, where that is above 0
  std::optional<Interval> relative_interval;
  struct Adjusted {
    double rho_squared = 0, value = 0;
    std::optional<double> low, high;
  };
  std::optional<Adjusted> adjusted;  // none of ratios and times
  // The difference in the first and the last third of the window: news that wears off, or a habit
  // that forms. `changed`: the one minus the other, with its sequence.
  struct Novelty {
    double early = 0, late = 0;
    std::optional<double> changed_low, changed_high;
    std::string sentence;
  };
  std::optional<Novelty> novelty;        // of shares and means that have an interval
  std::optional<double> response_p;      // of those who were asked
  Verdict verdict = Verdict::kTooEarly;  // paying = better, whichever way that is
  std::string sentence;

  // Who answered is no fair sample of who was asked.
  bool is_void() const { return response_p && *response_p < kResponseAlarm; }
};

// REQUIRES 0 < alpha < 1.
MetricSummary summarize(const Metric& metric, const MetricTrial& sums, double alpha);

// How well a proxy goes with an outcome.
struct ProxyValidity {
  std::string proxy, outcome;
  std::uint64_t persons = 0;
  std::optional<double> correlation, low, high;  // of persons, within arms; 95 %
  std::uint64_t trials = 0, together = 0;        // comparisons; those in which both moved one way
  enum class State : std::uint8_t { kUnknown, kHolds, kWeak, kStruckOut };
  State state = State::kUnknown;
  std::string sentence;
};
const char* to_string(ProxyValidity::State state);

// The two metrics' effects in one trial, each divided by its standard error.
struct EffectPair {
  double proxy = 0, outcome = 0;
};
ProxyValidity validity(const ProxyPair& pair, std::span<const EffectPair> effects);

struct Scorecard {
  std::vector<MetricSummary> metrics;       // customer, business, proxies
  std::optional<Verdict> person, business;  // none: nothing of the class was counted
  std::string sentence;
};
// `struck_out`: proxies that foretell nothing are left out of the sentence.
Scorecard scorecard(std::span<const Metric> metrics, std::span<const MetricTrial> sums,
                    std::span<const std::string> struck_out);

std::string to_json(const MetricSummary& summary);
std::string to_json(const Scorecard& card);
std::string to_json(std::span<const ProxyValidity> proxies);

}  // namespace ante
