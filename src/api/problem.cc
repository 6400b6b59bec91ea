#include "api/problem.h"

#include <algorithm>

#include "base/check.h"
#include "base/json_writer.h"

namespace ante {
namespace {

constexpr ProblemType kProblems[] = {
    {"bad-request", 400, "The request cannot be understood",
     "The HTTP message itself is wrong: its framing, a header, the target or the query. The detail "
     "says which part. Sending it again cannot help."},
    {"malformed-json", 400, "The body is not JSON",
     "The body must be one JSON value in UTF-8, nested at most 64 deep. The detail names the byte "
     "where it stops being JSON. The Content-Type is not looked at."},
    {"invalid-request", 400, "A value in the request is wrong",
     "The body is JSON, but a member is missing, of the wrong type or out of bounds. `errors` has "
     "a JSON pointer for each."},
    {"bad-encoding", 400, "The body cannot be inflated",
     "Content-Encoding says gzip or deflate, and the bytes are something else or cut off."},
    {"unauthorized", 401, "A key is needed",
     "Send a key as `Authorization: Bearer`, `X-API-Key`, the user name of Basic, or `writeKey` in "
     "the body or query. `ante init` prints a publishable and a secret key, once."},
    {"forbidden", 403, "This key may not do that",
     "A publishable key (pk_) stands in a page that everybody can read: it sends events, asks for "
     "decisions and answers for its own visitor. Everything else needs the secret key (sk_)."},
    {"origin-not-allowed", 403, "This origin may not use the key",
     "The browser's Origin is not in the list of the key. Origins are compared exactly: scheme, "
     "host and port."},
    {"bad-token", 403, "The token is not ours",
     "An impression token was changed, belongs to another decision or was signed by another data "
     "directory. Send the token exactly as it came with the item."},
    {"unknown-route", 404, "There is nothing at this address",
     "The path does not exist. /openapi.json lists those that do."},
    {"unknown-slot", 404, "No such slot",
     "Slots are made with `ante slot set` or PUT "
     "/v1/slots/{name}, and listed with `ante slot list`."},
    {"unknown-metric", 404, "No such metric",
     "The name is no metric, built in or defined. List them, or define it first."},
    {"unknown-bet", 404, "No such bet",
     "Bets are placed with `ante bet new` or PUT /v1/bets/{id}, and listed with `ante bet list`."},
    {"unknown-brief", 404, "No such brief",
     "Briefs are written with `ante brief new` or PUT /v1/briefs/{id}, and listed with `ante brief "
     "list`."},
    {"unknown-cost", 404, "No such cost",
     "Costs are entered with `ante cost new` or PUT /v1/costs/{id}, and listed with `ante cost "
     "list`."},
    {"unknown-item", 404, "No such item",
     "The item was never put, or only under another id. Ids are compared byte by byte."},
    {"unknown-decision", 404, "No such decision",
     "The id is not of a stored decision: it was never made here, has expired, or died with a "
     "crash before it was written."},
    {"unknown-person", 404, "No such person", "Nothing is stored under this id."},
    {"not-found", 404, "It does not exist", "What the request names does not exist."},
    {"method-not-allowed", 405, "This address has other methods",
     "The header Allow lists the methods of this address."},
    {"timeout", 408, "The request did not arrive in time",
     "The head of a request must arrive within 10 seconds, its body at a steady pace."},
    {"conflict", 409, "It exists in another state", "Read it again, then send your change."},
    {"version-mismatch", 412, "It has changed since you read it",
     "If-Match names another version than the present one. Read it again (its ETag is the "
     "version), apply your change to that, and send the new ETag."},
    {"too-large", 413, "The body is too large",
     "Bodies have a limit for each route, on the wire and after inflating: 32 KB an event, 500 KB "
     "and 2,500 events a batch, 64 MiB an import, 1 MiB elsewhere."},
    {"unsupported-encoding", 415, "This Content-Encoding is not known",
     "Bodies may come plain, or with Content-Encoding gzip or deflate."},
    {"rejected-events", 422, "Some events were rejected",
     "In strict mode (header Ante-Strict: 1) a batch with one wrong event is answered like this. "
     "The right ones are stored all the same; `errors` names the others."},
    {"rate-limited", 429, "Too many requests",
     "The key or the network it comes from has used up its allowance. Wait as long as Retry-After "
     "says. The limits are the settings limits.*."},
    {"headers-too-large", 431, "The head of the request is too large",
     "Request line and headers together may have 16 KiB, and at most 100 headers."},
    {"internal", 500, "Something failed that should not",
     "The failure is in our log, under the request id of this answer."},
    {"unavailable", 503, "Not now",
     "The server is full, its disk is full, or it is stopping. Nothing of this request was stored. "
     "Send it again after Retry-After."},
};

// Messages of parsers begin with a pointer: "#/price/amount: must be …".
Problem invalid_request(const std::string& message) {
  Problem problem{.name = "invalid-request", .detail = message};
  const std::size_t colon = message.find(": ");
  if (message.starts_with('#') && colon != std::string::npos) {
    problem.errors.emplace_back(message.substr(0, colon), message.substr(colon + 2));
  }
  return problem;
}

}  // namespace

std::span<const ProblemType> problem_types() { return kProblems; }

const ProblemType* find_problem_type(std::string_view name) {
  const auto* found = std::ranges::find(kProblems, name, &ProblemType::name);
  return found == std::end(kProblems) ? nullptr : found;
}

Problem problem_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
      return invalid_request(error.message);
    case ErrorCode::kNotFound:
      return {.name = "not-found", .detail = error.message};
    case ErrorCode::kConflict:
      return {.name = "conflict", .detail = error.message};
    case ErrorCode::kUnavailable:
      return {.name = "unavailable", .detail = error.message, .retry_after_s = 1};
    case ErrorCode::kDataLoss:
    case ErrorCode::kInternal:
      return {.name = "internal", .detail = error.message};
  }
  return {.name = "internal", .detail = error.message};
}

HttpResponse problem_response(const Problem& problem, std::string_view origin,
                              std::string_view instance) {
  const ProblemType* type = find_problem_type(problem.name);
  CHECK(type != nullptr);
  HttpResponse response;
  response.status = type->status;
  response.content_type = "application/problem+json";
  JsonWriter json(response.body);
  json.begin_object();
  std::string address(origin);
  address.append("/problems/").append(type->name);
  json.field("type", address).field("title", type->title).field("status", type->status);
  if (!problem.detail.empty()) json.field("detail", problem.detail);
  if (!instance.empty()) json.field("instance", instance);
  if (!problem.errors.empty()) {
    json.key("errors").begin_array();
    for (const auto& [pointer, detail] : problem.errors) {
      json.begin_object().field("pointer", pointer).field("detail", detail).end_object();
    }
    json.end_array();
  }
  if (!problem.fix.empty()) json.field("fix", problem.fix);
  json.end_object();
  response.headers = problem.headers;
  const int wait_s =
      std::max(problem.retry_after_s, type->status == 429 || type->status == 503 ? 1 : 0);
  if (wait_s > 0) response.headers.emplace_back("Retry-After", std::to_string(wait_s));
  if (type->status == 401) {
    response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"ante\"");
  }
  return response;
}

}  // namespace ante
