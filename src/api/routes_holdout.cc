// The draw of the holdout: how old it is, whom it shares with the draw before, and a new one.

#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>

#include "api/routes.h"
#include "base/json_writer.h"
#include "base/time_text.h"

namespace ante {
namespace {

constexpr std::size_t kRedrawBodyBytesMax = 1000;

std::uint64_t draw_version(const Api& api) {
  const auto object = api.engine.objects().find(kHoldoutObjectType, kHoldoutObjectId);
  return object ? object->version : 0;
}

// When the people who are held out now began to be: the draw, or the first who came.
TimeMs began_at(const HoldoutDraw& draw, const std::map<std::string, HoldoutReturn>& slots) {
  if (draw.epoch > 0) return draw.since_ms;
  TimeMs first = 0;
  for (const auto& [name, slot] : slots) {
    if (slot.first_ms > 0 && (first == 0 || slot.first_ms < first)) first = slot.first_ms;
  }
  return first;
}

void write_slot(JsonWriter& json, const std::string& name, const HoldoutReturn& slot) {
  const SlotDraw& of = slot.counts;
  json.begin_object().field("slot", name).field("share", slot.share);
  json.field("people", of.entered).field("heldOut", of.held_out).field("mixed", slot.mixed);
  json.key("overlap").begin_object().field("cameBack", of.returned);
  json.field("heldOutAgain", of.held_again);
  json.field("expected", static_cast<double>(of.expected_buckets) / kBuckets);
  json.field("p", slot.overlap_p).end_object();
  json.key("drawBefore");
  if (of.treated.n + of.holdout.n == 0) {
    json.null();
  } else {
    json.begin_object().field("epoch", of.closed_epoch);
    json.key("treated").begin_object().field("n", of.treated.n).field("mean", of.treated.mean());
    json.end_object();
    json.key("holdout").begin_object().field("n", of.holdout.n).field("mean", of.holdout.mean());
    json.end_object().end_object();
  }
  json.end_object();
}

std::string draw_sentence(const HoldoutDraw& draw, TimeMs began, TimeMs now, bool due) {
  if (began == 0) return "Nobody has been held out yet.";
  const auto days = std::max<TimeMs>(0, now - began) / kDayMs;
  if (due) {
    return fmt::format(
        "The same people have been held out for {} days (draw {}): a new draw is due, so that "
        "nobody is left alone for good. Nothing moves by itself: ante holdout redraw --why \"…\"",
        days, draw.epoch);
  }
  return fmt::format(
      "The same people have been held out for {} day{} (draw {}); after {} a new draw is proposed.",
      days, days == 1 ? "" : "s", draw.epoch, kHoldoutDrawDueMs / kDayMs);
}

void holdout_report(Api& api, CallPointer call) {
  const HoldoutDraw draw = *api.engine.holdout().get();
  const auto slots = api.engine.lift().returns();
  const TimeMs now = api.engine.clock().now_ms(), began = began_at(draw, slots);
  const bool due = began > 0 && now - began >= kHoldoutDrawDueMs;
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("epoch", draw.epoch).field("version", draw_version(api));
  json.key("since");
  began > 0 ? json.string(format_time(began)) : json.null();
  json.key("ageDays");
  began > 0 ? json.number(std::max<TimeMs>(0, now - began) / kDayMs) : json.null();
  json.field("dueAfterDays", kHoldoutDrawDueMs / kDayMs).field("due", due);
  json.field("sentence", draw_sentence(draw, began, now, due));
  json.key("slots").begin_array();
  for (const auto& [name, slot] : slots) write_slot(json, name, slot);
  json.end_array().end_object();
  call->reply_json(200, std::move(body));
}

void redraw(Api& api, CallPointer call) {
  ExpectedVersion expected;
  if (!read_expected_version(*call, expected)) return;
  if (author_of(*call).why.empty()) {
    return call->problem(
        {.name = "invalid-request",
         .detail = "Other people are to be held out, and what was measured so far is closed: say "
                   "why in the header Ante-Why.",
         .errors = {{"Ante-Why", "is required"}},
         .fix = "ante holdout redraw --why \"…\""});
  }
  later(api, call, [&api, expected](const CallPointer& waiting) {
    const auto draw = api.engine.draw_holdout(author_of(*waiting), expected);
    if (!draw) {
      Problem problem = problem_of(draw.error());
      if (draw.error().code == ErrorCode::kConflict && expected && *expected != draw_version(api))
        problem.name = "version-mismatch";
      return waiting->problem(std::move(problem));
    }
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("epoch", draw->epoch).field("since", format_time(draw->since_ms));
    json.field("version", draw_version(api)).end_object();
    waiting->reply_json(200, std::move(body));
  });
}

}  // namespace

std::span<const Route> holdout_routes() {
  static constexpr Route kRoutes[] = {
      {"POST", "/v1/holdout/redraw", Role::kSecret, kRedrawBodyBytesMax, redraw, "reports",
       "Holds out other people from now on; the header Ante-Why says why"},
      {"GET", "/v1/reports/holdout", Role::kSecret, 0, holdout_report, "reports",
       "How old the draw of the holdout is, and how many are held out again"},
  };
  return kRoutes;
}

}  // namespace ante
