// A metric: what is counted of a person after they first met a slot, and what kind of proof it is.
//
// A click measures our own page; money measures us; only a job done measures the reader. So every
// metric has a class, and proxies alone decide nothing. A definition is registered: people who came
// before it, or before its last change, are not counted in it (report/metric_fold.h).
// Pure values; any thread. docs/decisions/0080-metrics.md.
//
//   {"title": "Finishes what they start", "class": "customer", "how": "ratio",
//    "count": {"event": "finish"}, "per": {"event": "Article Read"},
//    "windowMs": 604800000, "afterMs": 0, "cap": 20, "better": "more",
//    "ask": {"text": "Did you get done what you came for?", "share": 0.02}}
//
//   share   of the people, who did it at least once
//   mean    a person, of how often ("of": "count") or of the events' values ("of": "value"), less
//           the values of another event ("minus"): what was refunded is not earned
//   ratio   of all counts to all of `per`; the unit stays the person (delta method)
//   time    hours until it is first done; the whole window for who never does
//
// An event is named as in a slot's goal (a name as sent, a short name, a measure of rewards), or it
// is one of the visit itself: "visit" (one begins, kVisitGapMs after the last act; as `per` also
// the one in which they first met the slot) and "uninvited visit" (one that no campaign brought).
// "where" tells occurrences apart by a property.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/event.h"

namespace ante {

inline constexpr std::size_t kMetricsMax = 32;  // besides the built-in ones
inline constexpr std::size_t kMetricTestsMax = 4;
inline constexpr DurationMs kMetricWindowMsMax = 90 * kDayMs;
inline constexpr std::string_view kMetricObjectType = "metric";
inline constexpr std::string_view kVisitEvent = "visit";
inline constexpr std::string_view kUninvitedVisitEvent = "uninvited visit";

// Numbers are stored: only append.
enum class MetricClass : std::uint8_t {
  kProxy = 1,     // of our own channel: clicks, opens, pages
  kBusiness = 2,  // ours: money, staying
  kPerson = 3,    // theirs: the job done, its effort, its time
};
const char* to_string(MetricClass metric_class);
std::optional<MetricClass> parse_metric_class(std::string_view text);

enum class Aggregation : std::uint8_t { kShare = 1, kMean = 2, kRatio = 3, kTime = 4 };
const char* to_string(Aggregation how);

// One property of the event: equal to a text, number or truth; or a number at least so large.
struct PropertyTest {
  std::string property;
  std::string is;  // as JSON; empty = not asked
  std::optional<double> at_least;
  friend bool operator==(const PropertyTest&, const PropertyTest&) = default;
};

struct MetricEvent {
  std::string event;
  std::vector<PropertyTest> where;  // all of them hold
  friend bool operator==(const MetricEvent&, const MetricEvent&) = default;
};

// A question put to a small share of people, held out or not, by the same draw.
struct MetricQuestion {
  std::string text;
  double share = 0.02;  // of people, in each kAskPeriodMs; all questions together at most kAskedMax
  friend bool operator==(const MetricQuestion&, const MetricQuestion&) = default;
};
inline constexpr DurationMs kAskPeriodMs = 30 * kDayMs;  // nobody is asked twice in it
inline constexpr double kAskedMax = 0.2;

struct Metric {
  std::string id, title;
  MetricClass metric_class = MetricClass::kProxy;
  Aggregation how = Aggregation::kShare;
  MetricEvent count;
  std::optional<MetricEvent> per;    // of a ratio
  std::optional<MetricEvent> minus;  // of a mean of values
  bool of_value = false;             // of a mean: the events' values, not their number
  DurationMs window_ms = 7 * kDayMs;
  DurationMs after_ms = 0;  // the window opens so long after the first exposure
  double cap = 0;           // a person's number counts up to it; 0 = all of it
  bool more_is_better = true;
  std::optional<MetricQuestion> ask;  // answered by "answer" events: their value is counted
  bool built_in = false;
  std::uint64_t version = 0;

  DurationMs closes_after_ms() const { return after_ms + window_ms; }
  // The same numbers would be counted: titles and shares asked may differ.
  bool measures_as(const Metric& other) const;
  friend bool operator==(const Metric&, const Metric&) = default;
};

// finish-rate, pages-a-visit, return-7d, uninvited-return, job-done, clicks, revenue.
std::span<const Metric> built_in_metrics();

// kInvalidArgument: names the member, what was found and what is possible.
Result<Metric> metric_from_json(std::string_view id, std::string_view json);
std::string metric_to_json(const Metric& metric);
// "'Job Done' with result "done""; "share of people with 'Order Completed' within 7 days".
std::string to_words(const MetricEvent& event);
std::string to_words(const Metric& metric);

// The class of a slot's goal: the highest of the metrics that count the event; where none does,
// what is seen on our own channel is a proxy and everything else business.
MetricClass class_of_outcome(std::string_view event, std::span<const Metric> metrics);

// Whether an occurrence of this event passes the tests.
bool passes(std::span<const PropertyTest> tests, const Event& event);

}  // namespace ante
