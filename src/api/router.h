// Every route of the product in one table: method, pattern, the role it asks for, its body limit.
//
// In:   requests, whoever carried them. Out: answers, after authentication, rate limits and CORS.
//
// What is not in the table does not exist; what asks for a role is closed to everybody else. The
// routes stand in one file a group (routes_*.cc), listed in router.cc. Any thread.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/call.h"
#include "api/engine.h"
#include "api/http_server.h"
#include "api/rate_limiter.h"
#include "api/work_queue.h"

namespace ante {

inline constexpr std::size_t kBodyBytesMax = 1u << 20;
inline constexpr std::size_t kImportBodyBytesMax = 64u << 20;
inline constexpr std::size_t kRequestIdBytesMax = 64;

struct RouterOptions {
  SimulatedClock* simulated = nullptr;    // set: Ante-Now with a secret key moves it
  std::string public_url;                 // "https://ante.example"; empty = from the Host header
  std::string listen;                     // "localhost:8080": what callers of the local socket, who
                                          // came by no address, are told; empty = as others
  std::vector<std::string> cors_origins;  // exact; "*" is not one
  bool trust_browser = false;             // identity.trustBrowser
  Rate key_rate{100'000, 200'000};        // of one key
  Rate network_rate{1'000, 5'000};        // of one network with a publishable key
  double failed_auth_cost = 20;           // of a network's tokens
  unsigned work_threads = 2;
  std::string version = "0.1.0";
  std::uint64_t seed = 1;  // of request ids
};

// What the routes work with.
struct Api {
  Engine& engine;
  const RouterOptions& options;
  WorkQueue& work;
  const std::atomic<bool>& ready;
};

struct Route {
  std::string_view method;
  std::string_view pattern;  // "/v1/items/{id}"
  Role role;
  std::size_t body_bytes_max;
  void (*answer)(Api& api, CallPointer call);
  std::string_view tag, summary;  // for /openapi.json
};

// All routes, in the order of their groups.
std::span<const Route> all_routes();

class Router final : public HttpRoutes {
 public:
  Router(Engine& engine, RouterOptions options);
  ~Router() override;

  std::size_t body_bytes_max(const HttpRequest& head) const override;
  void handle(const HttpRequest& request, Respond respond) override;
  HttpResponse refuse(const HttpRequest& head, const Problem& problem) override;

  // What /readyz says from now on.
  void set_ready(bool ready) { ready_.store(ready); }
  // Ends the work that waits; before the engine stops.
  void stop() { work_.stop(); }

 private:
  struct Match {
    const Route* route = nullptr;
    std::string allow;  // methods of the path, when only the method is wrong
    std::vector<std::string> values;
    bool bad_path = false;
  };
  Match match(const HttpRequest& request) const;
  void begin(const HttpRequest& request, Call& call);
  bool authenticate(const HttpRequest& request, const Route& route, Call& call);
  bool admit(const HttpRequest& request, const Route& route, Call& call);
  bool take_time(const HttpRequest& request, Call& call);
  std::string presented_key(const HttpRequest& request, const Route& route,
                            const QueryParameters& query) const;
  void preflight(const HttpRequest& request, Call& call) const;
  bool origin_allowed(const HttpRequest& request, std::string_view origin) const;
  std::string own_origin(const HttpRequest& request) const;
  std::string make_request_id(const HttpRequest& request);

  Engine& engine_;
  RouterOptions options_;
  WorkQueue work_;
  std::atomic<bool> ready_{false};
  Api api_;
  RateLimiter limiter_;
  std::atomic<std::uint64_t> requests_{0};
  std::unordered_map<std::string_view, std::vector<const Route*>> fixed_;  // path → routes
  std::vector<const Route*> patterns_;
  std::unordered_map<const Route*, Histogram*> seconds_;
};

}  // namespace ante
