// Everything that is folded from the log for reports, wired as the engine and a rebuild need it.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "domain/log_consumer.h"
#include "report/content_audit.h"
#include "report/event_counts.h"
#include "report/lift.h"
#include "report/supply.h"

namespace ante {

struct ReportSide {
  explicit ReportSide(std::string holdout_salt) : lift(std::move(holdout_salt)) {}

  LiftReport lift;
  EventCounts event_counts;
  Supply supply;
  ContentAudit audit;
  std::vector<LogConsumer*> all{&lift, &event_counts, &supply, &audit};
};

}  // namespace ante
