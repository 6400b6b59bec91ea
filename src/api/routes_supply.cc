// Content: whether there is enough of it, and what readers end up with.

#include "api/books.h"
#include "api/routes.h"
#include "base/text.h"

namespace ante {
namespace {

void supply_report(Api& api, CallPointer call) {
  later(api, std::move(call), [&api](const CallPointer& waiting) {
    waiting->reply_json(200, to_json(supply_now(api.engine)));
  });
}

void audit_report(Api& api, CallPointer call) {
  const std::string* asked = call->query.find("slot");
  const std::string slot = asked == nullptr ? "" : *asked;
  const auto slots = api.engine.slots().get();
  if (asked != nullptr && !slots->contains(slot)) {
    std::vector<std::string_view> known;
    for (const auto& [name, other] : *slots) known.push_back(name);
    return call->problem({.name = "unknown-slot",
                          .detail = "There is no slot '" + slot + "'." + did_you_mean(slot, known),
                          .fix = "ante slot list"});
  }
  later(api, std::move(call), [&api, slot](const CallPointer& waiting) {
    waiting->reply_json(200, to_json(audit_now(api.engine, slot)));
  });
}

}  // namespace

void refresh_supply_gauge(Api& api) {
  if (!api.engine.reports().supply.gauge_due(api.engine.clock().now_ms())) return;
  api.work.post([&api] {
    const SupplySummary supply = supply_now(api.engine);
    api.engine.metrics()
        .gauge("ante_supply_insufficient_topics",
               "Topics that readers want and that are not deep enough, at most a minute old.")
        .set(static_cast<double>(supply.wanted - supply.enough));
  });
}

std::span<const Route> supply_routes() {
  static constexpr Route kRoutes[] = {
      {"GET", "/v1/reports/supply", Role::kSecret, 0, supply_report, "reports",
       "Whether there is enough content to personalise with, topic by topic, and what is missing"},
      {"GET", "/v1/reports/audit", Role::kSecret, 0, audit_report, "reports",
       "What readers end up with: how varied, how old, how much of it serves and sells, by arm"},
  };
  return kRoutes;
}

}  // namespace ante
