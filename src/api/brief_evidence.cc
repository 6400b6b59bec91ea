#include "api/brief_evidence.h"

#include <utility>

#include "base/text.h"
#include "events/schema.h"
#include "report/scale.h"

namespace ante {
namespace {

// By what it is called: what somebody says of themselves, what they pay, or what they do on a page.
MetricClass class_of_outcome(std::string_view outcome) {
  const EventKind kind = kind_of_event(outcome);
  if (kind == EventKind::kAnswered) return MetricClass::kPerson;
  if (kind == EventKind::kPurchased || kind == EventKind::kRefunded ||
      same_word(outcome, "purchase"))
    return MetricClass::kBusiness;
  return MetricClass::kProxy;
}

MeasuredMetric metric_of_lift(std::string_view id, const LiftSummary& lift) {
  MeasuredMetric metric;
  metric.id = std::string(id);
  metric.metric_class = class_of_outcome(id);
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
  ScaleQuestion question{.slot = slot.name,
                         .treated = sums->treated,
                         .holdout = sums->holdout,
                         .holdout_share = slot.holdout,
                         .new_people = sums->entered};
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
  if (const auto lift = engine.lift().lift(slot.name)) {
    evidence.slot_lift = metric_of_lift(slot.goal_event, *lift);
    // With further outcomes the lift is of all of them together, and of none alone.
    if (slot.further_outcomes.empty()) evidence.metrics.push_back(*evidence.slot_lift);
  }
  if (evidence.metrics.empty()) {
    MeasuredMetric goal;
    goal.id = slot.goal_event;
    goal.metric_class = class_of_outcome(goal.id);
    evidence.metrics.push_back(std::move(goal));
  }
  for (const SlotOutcome& outcome : slot.further_outcomes) {
    MeasuredMetric metric;
    metric.id = outcome.event;
    metric.metric_class = class_of_outcome(outcome.event);
    evidence.metrics.push_back(std::move(metric));
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
  gather_events(engine.event_counts(), brief, evidence);
  return evidence;
}

}  // namespace ante
