#include "api/brief_evidence.h"

#include <utility>

#include "base/text.h"
#include "events/schema.h"
#include "report/metrics.h"
#include "report/scale.h"

namespace ante {
namespace {

// One of the slot's own outcomes, which nobody need have defined.
MeasuredMetric outcome_of_slot(std::string_view event, std::span<const Metric> metrics) {
  MeasuredMetric metric;
  metric.id = std::string(event);
  metric.metric_class = class_of_outcome(event, metrics);
  return metric;
}

MeasuredMetric measured(const MetricSummary& summary) {
  MeasuredMetric metric;
  metric.id = summary.metric.id;
  metric.metric_class = summary.metric.metric_class;
  metric.n = summary.treated.n + summary.holdout.n;
  metric.verdict = summary.verdict;
  metric.value = summary.relative;
  if (summary.relative_interval) {
    metric.low = summary.relative_interval->low;
    metric.high = summary.relative_interval->high;
  }
  return metric;
}

MeasuredMetric metric_of_lift(MeasuredMetric metric, const LiftSummary& lift) {
  metric.value = lift.relative;
  metric.low = lift.relative_low;
  metric.high = lift.relative_high;
  metric.n = lift.treated.n + lift.holdout.n;
  metric.verdict = lift.verdict;
  return metric;
}

void gather_scale(const Engine& engine, const Brief& brief, const Slot& slot,
                  BriefEvidence& evidence) {
  const auto sums = engine.lift().sums(slot.name);
  if (!sums) return;
  ScaleQuestion question = scale_question(slot, *sums, engine.clock().now_ms());
  if (brief.person.target) question.lift = *brief.person.target;
  const Scale known = scale(question);
  evidence.people = known.people;
  evidence.has_base = known.base.has_value();
  evidence.days_to_know = known.days_to_know;
  evidence.smallest_lift =
      smallest_lift(question, static_cast<double>(brief.horizon_days.value_or(0)));
}

void gather_slot(const Engine& engine, const Brief& brief, const Slot& slot,
                 BriefEvidence& evidence) {
  evidence.slot_exists = true;
  evidence.slot_uses_it = slot.brief == brief.id;
  evidence.in_shadow = slot.in_shadow();
  evidence.holdout_share = slot.holdout;
  gather_scale(engine, brief, slot, evidence);
  if (const auto figures = engine.figures().slot(slot.name))
    evidence.different = figures->individualization;
  const std::vector<Metric> defined = engine.lift().metrics();
  MeasuredMetric goal = outcome_of_slot(slot.goal_event, defined);
  if (const auto lift = engine.lift().lift(slot.name)) {
    evidence.slot_lift = metric_of_lift(goal, *lift);
    // With further outcomes the lift is of all of them together, and of none alone.
    if (slot.further_outcomes.empty()) goal = *evidence.slot_lift;
  }
  evidence.metrics.push_back(std::move(goal));
  for (const SlotOutcome& outcome : slot.further_outcomes)
    evidence.metrics.push_back(outcome_of_slot(outcome.event, defined));
}

// What the slot shows of each; of a slot that is not there, or was made just now, only what there
// is.
void gather_metrics(const Engine& engine, const Brief& brief, BriefEvidence& evidence) {
  if (const auto card = engine.lift().scorecard_of(brief.decision)) {
    for (const MetricSummary& summary : card->metrics)
      evidence.metrics.push_back(measured(summary));
    return;
  }
  for (const Metric& defined : engine.lift().metrics()) {
    MeasuredMetric& metric = evidence.metrics.emplace_back();
    metric.id = defined.id;
    metric.metric_class = defined.metric_class;
  }
}

void gather_events(const EventCounts& counts, const Brief& brief, BriefEvidence& evidence) {
  const auto gather = [&](const std::string& name) {
    if (auto came = counts.find(name)) evidence.arrivals.push_back(*std::move(came));
  };
  for (const std::string& name : brief.events) gather(name);
  for (const BriefSource& source : brief.sources) {
    if (!source.event.empty()) gather(source.event);
  }
  evidence.known_events = counts.names();
  evidence.consent = counts.people(purposes_of(brief));
}

}  // namespace

BriefEvidence brief_evidence(const Engine& engine, const Brief& brief, std::string origin) {
  BriefEvidence evidence;
  evidence.now_ms = engine.clock().now_ms();
  if (!origin.empty()) evidence.origin = std::move(origin);
  const auto slots = engine.slots().get();
  const auto slot = slots->find(brief.decision);
  if (slot != slots->end()) gather_slot(engine, brief, slot->second, evidence);
  gather_metrics(engine, brief, evidence);
  gather_events(engine.reports().event_counts, brief, evidence);
  return evidence;
}

}  // namespace ante
