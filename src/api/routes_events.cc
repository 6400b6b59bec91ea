#include <algorithm>

#include "api/routes.h"
#include "base/json_writer.h"

namespace ante {
namespace {

constexpr std::size_t kRejectedShownMax = 200;

IngestCaller caller_of(const Call& call) {
  IngestCaller caller;
  caller.tenant = call.caller.tenant;
  caller.key = call.caller.is_secret() ? KeyClass::kSecret : KeyClass::kPublishable;
  caller.strict = call.request.header("Ante-Strict") == "1";
  return caller;
}

void answer_refused(Call& call, const Error& error) {
  if (error.code != ErrorCode::kInvalidArgument) return call.problem(error);
  const bool json = error.message.starts_with("JSON");
  call.problem({.name = json ? "malformed-json" : "invalid-request", .detail = error.message});
}

void answer_ingest(Call& call, const IngestReply& reply, bool strict) {
  if (reply.refused) return answer_refused(call, *reply.refused);
  if (strict && !reply.rejected.empty()) {
    Problem problem{.name = "rejected-events",
                    .detail = std::to_string(reply.rejected.size()) +
                              " events are wrong; nothing of this call was stored."};
    for (const RejectedMessage& rejected : reply.rejected) {
      if (problem.errors.size() == kRejectedShownMax) break;
      problem.errors.emplace_back(rejected.pointer, rejected.detail);
    }
    return call.problem(std::move(problem));
  }
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("success", true).field("accepted", reply.accepted);
  if (reply.duplicates > 0) json.field("duplicates", reply.duplicates);
  json.key("rejected").begin_array();
  for (const RejectedMessage& rejected : reply.rejected) {
    json.begin_object().field("index", rejected.index);
    if (!rejected.message_id.empty()) json.field("messageId", rejected.message_id);
    json.field("pointer", rejected.pointer).field("detail", rejected.detail).end_object();
  }
  json.end_array().end_object();
  call.reply_json(200, std::move(body));
}

void take_events(Api& api, CallPointer call) {
  const std::string_view path = call->request.path;
  const auto endpoint = endpoint_of(path.substr(path.rfind('/') + 1));
  CHECK(endpoint.has_value());
  const IngestCaller caller = caller_of(*call);
  const std::string_view body = call->request.body;
  api.engine.ingest().accept(caller, *endpoint, body,
                             [call = std::move(call), strict = caller.strict](IngestReply reply) {
                               answer_ingest(*call, reply, strict);
                             });
}

// What analytics libraries say about themselves: taken, and thrown away.
void take_client_metrics(Api&, CallPointer call) { call->reply_json(200, R"({"success":true})"); }

// The boot call of analytics-next: the library signs with the apiKey of this answer.
void boot_settings(Api&, CallPointer call) {
  const std::string& key = call->path_values[0];
  if (key.size() > kIdBytesMax) {
    return call->problem({.name = "bad-request", .detail = "This is no key."});
  }
  std::string host = call->origin;
  const std::size_t scheme = host.find("://");
  const std::string protocol = scheme == std::string::npos ? "http" : host.substr(0, scheme);
  if (scheme != std::string::npos) host = host.substr(scheme + 3);
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("integrations").begin_object().key("Segment.io").begin_object();
  json.field("apiKey", key).field("apiHost", host + "/v1").field("protocol", protocol);
  json.end_object().end_object();
  // Without this the library sends its own figures to its maker's host.
  json.key("metrics").begin_object().field("sampleRate", 0).end_object();
  json.key("plan").begin_object().key("track").begin_object().end_object().end_object();
  json.end_object();
  HttpResponse response;
  response.body = std::move(body);
  response.headers.emplace_back("Cache-Control", "no-cache");
  call->reply(std::move(response));
}

constexpr std::size_t kOne = 64 * 1024;  // an event may have 32 KB; its own message says so
constexpr std::size_t kBatch = kBatchBytesMax;
constexpr Role kPk = Role::kPublishable;

}  // namespace

std::span<const Route> event_routes() {
  static constexpr Route kRoutes[] = {
      {"POST", "/v1/track", kPk, kOne, take_events, "events", "One event"},
      {"POST", "/v1/identify", kPk, kOne, take_events, "events", "Traits of a person, and links"},
      {"POST", "/v1/page", kPk, kOne, take_events, "events", "A page was seen"},
      {"POST", "/v1/screen", kPk, kOne, take_events, "events", "A screen was seen"},
      {"POST", "/v1/group", kPk, kOne, take_events, "events", "A person belongs to a group"},
      {"POST", "/v1/alias", kPk, kOne, take_events, "events", "Two ids are one person"},
      {"POST", "/v1/batch", kPk, kBatch, take_events, "events", "Many events at once"},
      {"POST", "/v1/import", Role::kSecret, kBatch, take_events, "events", "A batch of old events"},
      {"POST", "/v1/t", kPk, kOne, take_events, "events", "track, short"},
      {"POST", "/v1/i", kPk, kOne, take_events, "events", "identify, short"},
      {"POST", "/v1/p", kPk, kOne, take_events, "events", "page, short"},
      {"POST", "/v1/s", kPk, kOne, take_events, "events", "screen, short"},
      {"POST", "/v1/g", kPk, kOne, take_events, "events", "group, short"},
      {"POST", "/v1/a", kPk, kOne, take_events, "events", "alias, short"},
      {"POST", "/v1/b", kPk, kBatch, take_events, "events", "batch, short"},
      {"POST", "/v1/m", Role::kAnybody, kOne, take_client_metrics, "events",
       "Metrics of client libraries: taken and dropped"},
      {"GET", "/v1/projects/{writeKey}/settings", Role::kAnybody, 0, boot_settings, "events",
       "What analytics.js asks for first"},
  };
  return kRoutes;
}

}  // namespace ante
