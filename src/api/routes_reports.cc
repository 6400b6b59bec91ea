#include "api/routes.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace ante {
namespace {

void append_arm(JsonWriter& json, const char* name, const ArmSummary& arm) {
  json.key(name).begin_object().field("n", arm.n).field("mean", arm.mean);
  json.field("variance", arm.variance).field("conversions", arm.conversions).end_object();
}

void append_interval(JsonWriter& json, const char* name, const std::optional<double>& low,
                     const std::optional<double>& high) {
  json.key(name);
  if (low && high) {
    json.begin_array().number(*low).number(*high).end_array();
  } else {
    json.null();
  }
}

std::string lift_json(const LiftSummary& lift) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("slot", lift.slot).field("unit", "person");
  append_arm(json, "treated", lift.treated);
  append_arm(json, "holdout", lift.holdout);
  // A bare difference is never told: without its interval there is none.
  json.key("lift");
  if (lift.value && lift.low && lift.high) {
    json.begin_object().field("value", *lift.value);
    append_interval(json, "interval", lift.low, lift.high);
    append_interval(json, "fixedInterval", lift.fixed_low, lift.fixed_high);
    json.key("relative");
    lift.relative ? json.number(*lift.relative) : json.null();
    json.end_object();
  } else {
    json.null();
  }
  json.key("srm").begin_object().field("p", lift.srm_p).end_object();
  json.field("waiting", lift.waiting).field("verdict", to_string(lift.verdict));
  json.field("sentence", lift.sentence).end_object();
  return body;
}

void lift_report(Api& api, CallPointer call) {
  const std::string* slot = call->query.find("slot");
  if (slot == nullptr || slot->empty()) {
    return call->problem({.name = "invalid-request",
                          .detail = "The parameter slot is required.",
                          .errors = {{"?slot", "is required"}}});
  }
  const auto slots = api.engine.slots().get();
  if (!slots->contains(*slot)) {
    std::vector<std::string_view> known;
    for (const auto& [name, other] : *slots) known.push_back(name);
    return call->problem(
        {.name = "unknown-slot",
         .detail = "There is no slot '" + *slot + "'." + did_you_mean(*slot, known),
         .fix = "ante slot list"});
  }
  const auto lift = api.engine.lift().lift(*slot);
  if (!lift) return call->problem(lift.error());
  call->reply_json(200, lift_json(*lift));
}

}  // namespace

std::span<const Route> report_routes() {
  static constexpr Route kRoutes[] = {
      {"GET", "/v1/reports/lift", Role::kSecret, 0, lift_report, "reports",
       "Is anybody better off? Treated against holdout, by person, with an interval"},
  };
  return kRoutes;
}

}  // namespace ante
