// Requests and answers as plain values: what the router sees, whoever carries them (socket, local
// socket, a test in the same process).

#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ante {

struct HttpRequest {
  std::string_view method;  // "GET"
  std::string_view target;  // path and query as sent
  std::string_view path;    // without query, not decoded
  std::string_view query;
  std::string_view body;  // already inflated, within the limit of its route
  std::string_view peer;  // address, for rate limits
  bool local = false;     // came over the 0600 socket of the data directory
  std::vector<std::pair<std::string_view, std::string_view>> headers;

  // Case-insensitive; empty when absent.
  std::string_view header(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
};

// Called exactly once, on any thread.
using Respond = std::function<void(HttpResponse)>;

}  // namespace ante
