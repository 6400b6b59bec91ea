#include "api/call.h"

#include <utility>

namespace ante {

const char* to_string(Role role) {
  switch (role) {
    case Role::kAnybody:
      return "anybody";
    case Role::kPublishable:
      return "publishable";
    case Role::kSecret:
      return "secret";
    case Role::kLocal:
      return "local";
  }
  return "?";
}

Call::Call(const HttpRequest& http_request, Respond respond)
    : request(http_request), respond_(std::move(respond)) {}

void Call::reply(HttpResponse response) {
  response.headers.emplace_back("X-Request-Id", request_id);
  if (!allowed_origin.empty()) {
    response.headers.emplace_back("Access-Control-Allow-Origin", allowed_origin);
    response.headers.emplace_back("Access-Control-Expose-Headers",
                                  "X-Request-Id, ETag, Retry-After, Link");
    response.headers.emplace_back("Vary", "Origin");
  }
  if (seconds != nullptr && now_ns != nullptr) {
    seconds->observe(static_cast<double>(now_ns(clock) - started_ns) / 1e9);
  }
  respond_(std::move(response));
}

void Call::reply_json(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  reply(std::move(response));
}

void Call::reply_empty(int status) {
  HttpResponse response;
  response.status = status;
  reply(std::move(response));
}

void Call::problem(Problem problem) {
  std::string instance(request.path);
  instance.append("#").append(request_id);
  reply(problem_response(problem, origin, instance));
}

}  // namespace ante
