// What the log of decisions is asked from outside: its lines, and what another policy would have
// earned. Both read the log from its beginning: slow, so they wait on the threads of later().

#include <fmt/format.h>

#include "api/decide_answer.h"
#include "api/routes.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "base/time_text.h"
#include "learning/decision_export.h"
#include "learning/what_if.h"

namespace ante {
namespace {

// False: the problem is answered.
bool read_moment(Call& call, std::string_view name, TimeMs& moment) {
  const std::string* text = call.query.find(name);
  if (text == nullptr) return true;
  const auto time = parse_time(*text);
  if (time) {
    moment = *time;
    return true;
  }
  call.problem(
      {.name = "invalid-request",
       .detail = fmt::format("{}: {}", name, time.error().message),
       .errors = {{fmt::format("?{}", name), "must be a time like 2026-11-22T07:00:00Z"}}});
  return false;
}

bool read_span(Call& call, TimeMs& since, TimeMs& until) {
  if (!read_moment(call, "since", since) || !read_moment(call, "until", until)) return false;
  if (since < until) return true;
  call.problem({.name = "invalid-request",
                .detail = "since must be before until.",
                .errors = {{"?since", "must be before until"}}});
  return false;
}

// The value of a parameter that must be there. Null: the problem is answered.
const std::string* required_parameter(Call& call, std::string_view name) {
  const std::string* value = call.query.find(name);
  if (value != nullptr && !value->empty()) return value;
  call.problem({.name = "invalid-request",
                .detail = fmt::format("The parameter {} is required.", name),
                .errors = {{fmt::format("?{}", name), "is required"}}});
  return nullptr;
}

bool is_known_slot(Api& api, Call& call, const std::string& slot) {
  const auto slots = api.engine.slots().get();
  if (slots->contains(slot)) return true;
  std::vector<std::string_view> known;
  for (const auto& [name, other] : *slots) known.push_back(name);
  call.problem({.name = "unknown-slot",
                .detail = "There is no slot '" + slot + "'." + did_you_mean(slot, known),
                .fix = "ante slot list"});
  return false;
}

HttpResponse answer_of_page(DecisionPage page, const QueryParameters& query) {
  HttpResponse response;
  response.content_type = "application/x-ndjson";
  response.body = std::move(page.lines);
  response.headers.emplace_back("Ante-Decisions", std::to_string(page.decisions));
  response.headers.emplace_back("Ante-Evaluable", std::to_string(page.evaluable));
  response.headers.emplace_back("Ante-Unreadable", std::to_string(page.unreadable));
  if (!page.next) return response;
  const std::string cursor = to_cursor(*page.next);
  std::string link = "/v1/export/decisions?cursor=" + cursor;
  for (const auto& [name, value] : query.all())
    if (name != "cursor") link += "&" + percent_encode(name) + "=" + percent_encode(value);
  response.headers.emplace_back("Ante-Next-Cursor", cursor);
  response.headers.emplace_back("Link", "<" + link + ">; rel=\"next\"");
  return response;
}

void export_page(Api& api, CallPointer call) {
  DecisionsWanted wanted;
  if (!read_span(*call, wanted.since, wanted.until)) return;
  if (const std::string* slot = call->query.find("slot")) {
    if (!is_known_slot(api, *call, *slot)) return;
    wanted.slot = *slot;
  }
  if (const std::string* cursor = call->query.find("cursor")) {
    const auto place = parse_cursor(*cursor);
    if (!place) {
      return call->problem({.name = "invalid-request",
                            .detail = place.error().message + ".",
                            .errors = {{"?cursor", "must be the Ante-Next-Cursor of a page"}}});
    }
    wanted.after = *place;
  }
  later(api, call, [&api, wanted](const CallPointer& waiting) {
    if (const auto done = api.engine.journal().flush(); !done)
      return waiting->problem(done.error());
    const CatalogView catalog = api.engine.catalog().view();
    const ItemNames names = [&catalog](ItemKey item, const Slot* slot) {
      return item_id_of(item, catalog, slot);
    };
    auto page = export_decisions(api.engine.store(), wanted, names);
    if (!page) return waiting->problem(page.error());
    waiting->reply(answer_of_page(std::move(*page), waiting->query));
  });
}

void write_bounds(JsonWriter& json, const std::optional<Interval>& interval) {
  interval ? json.interval("interval", interval->low, interval->high) : json.key("interval").null();
}

void write_mean_reward(JsonWriter& json, std::string_view name,
                       const std::optional<MeanReward>& mean) {
  json.key(name);
  if (!mean) {
    json.null();
    return;
  }
  json.begin_object().field("value", mean->value);
  write_bounds(json, mean->interval);
  json.field("n", mean->rows).end_object();
}

void write_text_or_null(JsonWriter& json, std::string_view name, const std::string& text) {
  json.key(name);
  text.empty() ? json.null() : json.string(text);
}

std::string what_if_json(const std::string& slot, const WhatIf& answer) {
  const OffPolicyHealth& health = answer.report.health;
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("slot", slot).field("policy", answer.policy);
  json.field("sentence", answer.sentence).field("n", health.rows);
  json.key("estimates").begin_object();
  for (const Estimator estimator : kEstimators) {
    const OffPolicyEstimate& estimate = answer.report[estimator];
    json.key(to_string(estimator)).begin_object().key("value");
    estimate.value ? json.number(*estimate.value) : json.null();
    write_bounds(json, estimate.interval);
    json.end_object();
  }
  json.end_object();
  write_mean_reward(json, "difference", answer.difference);
  write_mean_reward(json, "onPolicy", answer.logged);
  json.field("ess", health.effective_rows).field("effectiveClicks", health.effective_clicks);
  json.field("outOfSupport", health.out_of_support);
  json.key("weights").begin_object().field("mean", health.weight_mean);
  json.field("max", health.weight_max).end_object();
  json.field("interval", "95 % confidence sequence, asymptotic");
  json.field("rewardModel", "what the live model expected when it decided");
  write_text_or_null(json, "refused", health.refusal);
  write_text_or_null(json, "warning", health.warning);
  json.key("leftOut").begin_object().field("open", answer.open);
  json.field("notShown", answer.not_shown).field("notJoined", answer.not_joined);
  json.field("notDrawn", answer.not_drawn).end_object();
  json.field("unreadable", answer.unreadable).field("decisionsMax", kWhatIfDecisionsMax);
  json.field("cut", answer.cut).end_object();
  return body;
}

void whatif(Api& api, CallPointer call) {
  const std::string* slot = required_parameter(*call, "slot");
  const std::string* policy = slot == nullptr ? nullptr : required_parameter(*call, "policy");
  if (policy == nullptr || !is_known_slot(api, *call, *slot)) return;
  WhatIfQuestion question;
  question.slot = *slot;
  question.policy = *policy;
  if (!read_span(*call, question.since, question.until)) return;
  later(api, call, [&api, question](const CallPointer& waiting) {
    if (const auto done = api.engine.journal().flush(); !done)
      return waiting->problem(done.error());
    const auto answer = what_if(api.engine.store(), question);
    if (answer) return waiting->reply_json(200, what_if_json(question.slot, *answer));
    if (answer.error().code != ErrorCode::kInvalidArgument) return waiting->problem(answer.error());
    waiting->problem({.name = "invalid-request",
                      .detail = answer.error().message,
                      .errors = {{"?policy", "is no policy that a log can be asked about"}}});
  });
}

}  // namespace

std::span<const Route> evaluation_routes() {
  static constexpr Route kRoutes[] = {
      {"GET", "/v1/export/decisions", Role::kSecret, 0, export_page, "reports",
       "Decisions with propensities and rewards, a page of NDJSON; ?slot, since, until, cursor"},
      {"GET", "/v1/whatif", Role::kSecret, 0, whatif, "reports",
       "What another policy would have earned in a slot: estimates with intervals, or why not"},
  };
  return kRoutes;
}

}  // namespace ante
