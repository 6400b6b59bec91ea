#include "api/openapi.h"
#include "api/routes.h"
#include "base/json_writer.h"

namespace ante {
namespace {

void alive(Api&, CallPointer call) {
  HttpResponse response;
  response.body = R"({"status":"alive"})";
  call->reply(std::move(response));
}

void ready(Api& api, CallPointer call) {
  const Journal::Status status = api.engine.journal().status();
  if (!api.ready.load()) {
    return call->problem({.name = "unavailable", .detail = "Starting or stopping."});
  }
  if (!status.accepting) {
    return call->problem(
        {.name = "unavailable",
         .detail = "Decisions are answered, writes are refused: " + status.why_not + "."});
  }
  call->reply_json(200, R"({"status":"ready"})");
}

void health(Api& api, CallPointer call) {
  const Journal::Status journal = api.engine.journal().status();
  const Joiner::Status joiner = api.engine.joiner().status();
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("status", journal.accepting ? "ok" : "degraded");
  if (!journal.accepting) json.field("reason", journal.why_not);
  json.field("version", api.options.version);
  json.field("clock", api.options.simulated != nullptr ? "simulated" : "system");
  if (call->query.find("verbose") != nullptr) {
    json.key("journal").begin_object().field("lastCommit", journal.last_commit);
    json.field("followerCommit", journal.follower_commit);
    json.field("queued", journal.queued_records).field("stored", journal.records_stored);
    json.field("duplicates", journal.duplicates);
    json.field("droppedDecisions", journal.dropped_unacknowledged).end_object();
    json.key("rewards").begin_object().field("pending", joiner.pending);
    json.field("matured", joiner.matured).field("corrected", joiner.corrected);
    json.field("dropped", joiner.dropped);
    json.field("rewards", joiner.rewards).field("unjoined", joiner.rewards_unjoined);
    json.field("repeated", joiner.rewards_repeated).end_object();
    json.key("people").begin_object().field("count", api.engine.people().size());
    json.field("memoryBytes", api.engine.people().memory_bytes()).end_object();
    json.key("items").begin_object().field("count", api.engine.catalog().view().size());
    json.end_object().field("logBytes", api.engine.store().log_bytes());
  }
  json.end_object();
  call->reply_json(200, std::move(body));
}

void metrics(Api& api, CallPointer call) {
  refresh_supply_gauge(api);
  HttpResponse response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = api.engine.metrics().text();
  call->reply(std::move(response));
}

void openapi(Api& api, CallPointer call) {
  call->reply_json(200, openapi_document(all_routes(), api.options.version));
}

void problem_page(Api&, CallPointer call) {
  const ProblemType* type = find_problem_type(call->path_values[0]);
  if (type == nullptr) {
    return call->problem({.name = "not-found",
                          .detail = "There is no problem called '" + call->path_values[0] + "'."});
  }
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("name", type->name).field("status", type->status);
  json.field("title", type->title).field("explanation", type->explanation).end_object();
  call->reply_json(200, std::move(body));
}

void problem_list(Api&, CallPointer call) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("data").begin_array();
  for (const ProblemType& type : problem_types()) {
    json.begin_object().field("name", type.name).field("status", type.status);
    json.field("title", type.title).end_object();
  }
  json.end_array().key("nextCursor").null().end_object();
  call->reply_json(200, std::move(body));
}

void gpc(Api&, CallPointer call) { call->reply_json(200, R"({"gpc":true})"); }

constexpr Role kAll = Role::kAnybody;

}  // namespace

std::span<const Route> system_routes() {
  static constexpr Route kRoutes[] = {
      {"GET", "/livez", kAll, 0, alive, "system", "The process runs"},
      {"GET", "/readyz", kAll, 0, ready, "system", "It takes requests"},
      {"GET", "/healthz", Role::kSecret, 0, health, "system", "How it is; ?verbose for numbers"},
      {"GET", "/api/health/live", kAll, 0, alive, "system", "The same as /livez"},
      {"GET", "/api/health/ready", kAll, 0, ready, "system", "The same as /readyz"},
      {"GET", "/metrics", kAll, 0, metrics, "system", "Numbers for Prometheus"},
      {"GET", "/openapi.json", kAll, 0, openapi, "system", "This interface, as OpenAPI 3.1"},
      {"GET", "/problems", kAll, 0, problem_list, "system", "All problem types"},
      {"GET", "/problems/{name}", kAll, 0, problem_page, "system", "What a problem means"},
      {"GET", "/.well-known/gpc.json", kAll, 0, gpc, "system",
       "Global Privacy Control is honoured"},
  };
  return kRoutes;
}

}  // namespace ante
