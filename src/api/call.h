// One request on its way through a route: who asks, what for, and the one answer it gets.
//
// A Call lives until it is answered; its request's views do too. A route answers from any thread,
// exactly once: reply(), or problem(). Headers that every answer carries are added there.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http.h"
#include "api/keys.h"
#include "api/problem.h"
#include "api/url.h"
#include "base/metrics.h"

namespace ante {

// What a route asks of its caller; each includes the ones before it.
enum class Role : std::uint8_t { kAnybody = 1, kPublishable = 2, kSecret = 3, kLocal = 4 };
const char* to_string(Role role);

struct Caller {
  Role role = Role::kAnybody;
  std::shared_ptr<const ApiKey> key;  // null: nobody, or the owner of the local socket
  TenantId tenant = kFirstTenant;
  bool is_secret() const { return role >= Role::kSecret; }
};

class Call {
 public:
  Call(const HttpRequest& http_request, Respond respond);

  const HttpRequest& request;
  Caller caller;
  std::vector<std::string> path_values;  // of the {parts} of the route's pattern, decoded
  QueryParameters query;
  std::string request_id;
  std::string origin;          // of this server as the caller sees it: "https://host"
  std::string allowed_origin;  // for CORS; empty = none
  std::int64_t started_ns = 0;
  Histogram* seconds = nullptr;  // of the route
  std::int64_t (*now_ns)(const void*) = nullptr;
  const void* clock = nullptr;

  void reply(HttpResponse response);
  void reply_json(int status, std::string body);
  void reply_empty(int status = 204);
  void problem(Problem problem);
  void problem(const Error& error) { this->problem(problem_of(error)); }

 private:
  Respond respond_;
};

using CallPointer = std::shared_ptr<Call>;

}  // namespace ante
