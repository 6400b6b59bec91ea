// Does a brief hold? What it promised against what can be known, what arrives, what people allow,
// what is served, and what came of it.
//
// In:   a brief, and what is known now of its slot, events, people and metrics (BriefEvidence).
// Out:  a line a check: ok, waiting, warn or fail, a sentence, and what to do about it; the worst
//       of them is the status.
//
// The customer gates the business: while her measure is losing the brief fails, whatever ours says.
// Pure; any thread. docs/decisions/0079-the-brief.md.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/brief.h"
#include "domain/metric.h"
#include "report/estimate.h"
#include "report/event_counts.h"
#include "report/lift.h"

namespace ante {

inline constexpr std::int32_t kEventQuietDays = 7;         // without it: it no longer arrives
inline constexpr double kConsentShareMin = 0.5;            // of people, below: a warning
inline constexpr std::uint64_t kConsentPeopleNeeded = 25;  // before it is said that nobody allows
inline constexpr std::uint64_t kDifferenceDecisionsMin = 100;  // before a promise fails by it
inline constexpr std::int64_t kRenewalWarnDays = 14;

// A metric that is known, with what it shows so far.
struct MeasuredMetric {
  std::string id;
  std::optional<MetricClass> metric_class;
  std::optional<double> value, low, high;  // lift relative to those left alone; 95 %
  std::uint64_t n = 0;                     // persons
  Verdict verdict = Verdict::kUnproven;
};

struct BriefEvidence {
  TimeMs now_ms = 0;
  std::string origin = "http://localhost:8080";  // of this server, for what to send

  // Of its slot.
  bool slot_exists = false, slot_uses_it = false, in_shadow = false;
  double holdout_share = 0;
  std::uint64_t people = 0;                 // who came by so far
  bool has_base = false;                    // enough of them reached the goal
  std::optional<double> smallest_lift;      // that can be known within the horizon
  std::optional<double> days_to_know;       // of the customer's target; none: years
  Estimate different;                       // share of decisions that differ for a reason of hers
  std::optional<MeasuredMetric> slot_lift;  // by the slot's own goal

  std::vector<EventCount> arrivals;       // of those events that it names which ever came
  std::vector<std::string> known_events;  // all that come
  ConsentCount consent;                   // of all purposes that it needs
  std::vector<MeasuredMetric> metrics;    // all that are known
};

enum class CheckState : std::uint8_t { kOk = 1, kWaiting = 2, kWarn = 3, kFail = 4 };
const char* to_string(CheckState state);

struct BriefCheckLine {
  std::uint8_t question = 0;  // 1 .. 3; 0 = the brief as a whole
  std::string name;
  CheckState state = CheckState::kOk;
  std::string sentence, todo;  // todo: empty = nothing
};

struct BriefCheck {
  std::vector<BriefCheckLine> lines;
  std::size_t answered = 0;
  CheckState status = CheckState::kOk;
  std::string sentence;
};

BriefCheck check(const Brief& brief, const BriefEvidence& evidence);

// What the customer's measure shows: the metric's own figures, or else the lift of the slot by its
// own goal; null when there is neither.
const MeasuredMetric* person_measure(const Brief& brief, const BriefEvidence& evidence);

// Every purpose that its data and its consent name, each once.
std::vector<Purpose> purposes_of(const Brief& brief);

std::string to_json(const Brief& brief, const BriefCheck& check);

}  // namespace ante
