#include "api/router.h"

#include <algorithm>
#include <charconv>

#include "api/routes.h"
#include "base/encoding.h"
#include "base/json_parser.h"
#include "base/text.h"
#include "base/time_text.h"

namespace ante {
namespace {

constexpr std::size_t kRouteSegmentsMax = 8;
constexpr std::string_view kAllowedHeaders =
    "authorization, content-type, content-encoding, x-write-key, idempotency-key, x-api-key, "
    "x-request-id, if-match, if-none-match, ante-strict";
constexpr std::string_view kAllowedMethods = "GET, POST, PUT, PATCH, DELETE, OPTIONS";
constexpr std::string_view kPreflightMaxAgeS = "86400";
constexpr double kTimeOfHeaderMax = 8e12;  // year 2223, in ms

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= kRequestIdBytesMax &&
         std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '-' || c == '_' || c == '.';
         });
}

std::string_view next_segment(std::string_view& rest) {
  rest.remove_prefix(1);  // the slash
  const std::size_t end = std::min(rest.find('/'), rest.size());
  const std::string_view segment = rest.substr(0, end);
  rest.remove_prefix(end);
  return segment;
}

// Whether `path` fits `pattern`; the parts in braces go to `values`, still encoded.
bool fits(std::string_view pattern, std::string_view path, std::vector<std::string_view>& values) {
  values.clear();
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = next_segment(pattern);
    const std::string_view found = next_segment(path);
    if (wanted.starts_with('{')) {
      if (found.empty()) return false;
      values.push_back(found);
    } else if (wanted != found) {
      return false;
    }
  }
  return pattern.empty() && path.empty();
}

// "Bearer KEY" or "Basic base64(KEY:)".
std::string key_of_authorization(std::string_view header) {
  const std::size_t space = header.find(' ');
  if (space == std::string_view::npos) return {};
  const std::string scheme = lower_case(header.substr(0, space));
  std::string_view rest = header.substr(header.find_first_not_of(' ', space) == header.npos
                                            ? header.size()
                                            : header.find_first_not_of(' ', space));
  if (scheme == "bearer") return std::string(rest);
  if (scheme != "basic") return {};
  auto decoded = base64_decode(rest);
  if (!decoded) return {};
  return decoded->substr(0, decoded->find(':'));
}

// The member writeKey of a JSON body, of whatever Content-Type.
std::string write_key_of(std::string_view body) {
  if (body.empty() || body.find("writeKey") == body.npos) return {};
  thread_local JsonParser parser(kBodyBytesMax);
  auto parsed = parser.parse(body);
  if (!parsed) return {};
  std::string_view key;
  if ((*parsed)["writeKey"].get(key)) return {};
  return std::string(key.substr(0, key.find(':')));
}

std::vector<Route> collect_routes() {
  std::vector<Route> all;
  for (const auto group :
       {event_routes(), decide_routes(), decision_routes(), item_routes(), slot_routes(),
        bet_routes(), brief_routes(), metric_routes(), cost_routes(), people_routes(),
        report_routes(), proof_routes(), supply_routes(), holdout_routes(), evaluation_routes(),
        system_routes(), admin_routes()}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

}  // namespace

std::span<const Route> all_routes() {
  static const std::vector<Route> routes = collect_routes();
  return routes;
}

Router::Router(Engine& engine, RouterOptions options)
    : engine_(engine),
      options_(std::move(options)),
      work_(options_.work_threads),
      api_{engine_, options_, work_, ready_} {
  for (const Route& route : all_routes()) {
    if (route.pattern.find('{') == std::string_view::npos) {
      fixed_[route.pattern].push_back(&route);
    } else {
      patterns_.push_back(&route);
    }
    seconds_[&route] = &engine_.metrics().histogram(
        "ante_http_request_duration_seconds", "Time from the whole request to its answer",
        latency_bounds(), {{"route", route.pattern}, {"method", route.method}});
  }
}

Router::~Router() { stop(); }

Router::Match Router::match(const HttpRequest& request) const {
  const std::string_view method = request.method == "HEAD" ? "GET" : request.method;
  Match found;
  const auto consider = [&](const Route* route, const std::vector<std::string_view>& values) {
    if (route->method != method) {
      if (!found.allow.empty()) found.allow += ", ";
      found.allow += route->method;
      return;
    }
    found.route = route;
    for (const std::string_view value : values) {
      auto decoded = percent_decode(value);
      if (!decoded || decoded->empty()) {
        found.bad_path = true;
        return;
      }
      found.values.push_back(std::move(*decoded));
    }
  };
  std::vector<std::string_view> values;
  if (const auto at = fixed_.find(request.path); at != fixed_.end()) {
    for (const Route* route : at->second) {
      if (found.route == nullptr) consider(route, values);
    }
    return found;
  }
  if (request.path.empty() || request.path[0] != '/') return found;
  for (const Route* route : patterns_) {
    if (found.route == nullptr && fits(route->pattern, request.path, values)) {
      consider(route, values);
    }
  }
  return found;
}

std::size_t Router::body_bytes_max(const HttpRequest& head) const {
  const Match found = match(head);
  if (found.route == nullptr) return kBodyBytesMax;
  if (found.route->body_bytes_max <= kBodyBytesMax || head.local) {
    return found.route->body_bytes_max;
  }
  // Large bodies are only read for who may send them.
  const auto query = QueryParameters::parse(head.query);
  if (!query) return kBodyBytesMax;
  const auto key = engine_.keys().find(presented_key(head, *found.route, *query));
  return key && key->kind == KeyKind::kSecret ? found.route->body_bytes_max : kBodyBytesMax;
}

std::string Router::make_request_id(const HttpRequest& request) {
  const std::string_view given = request.header("X-Request-Id");
  if (is_request_id(given)) return std::string(given);
  const std::uint64_t number = requests_.fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t time = static_cast<std::uint64_t>(engine_.clock().now_ms());
  return "req_" +
         crockford32_encode({(time << 16) | (number >> 48), mix64(options_.seed ^ number)});
}

std::string Router::own_origin(const HttpRequest& request) const {
  if (!options_.public_url.empty()) return options_.public_url;
  const std::string_view host =
      request.local && !options_.listen.empty() ? options_.listen : request.header("Host");
  const bool harmless = std::ranges::all_of(host, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == ':' || c == '[' || c == ']' || c == '_';
  });
  return host.empty() || !harmless ? std::string{} : "http://" + std::string(host);
}

bool Router::origin_allowed(const HttpRequest& request, std::string_view origin) const {
  if (std::ranges::find(options_.cors_origins, origin) != options_.cors_origins.end()) return true;
  const std::size_t scheme = origin.find("://");
  if (scheme != std::string_view::npos && origin.substr(scheme + 3) == request.header("Host")) {
    return true;  // our own pages
  }
  return engine_.keys().allows_origin(origin);
}

void Router::begin(const HttpRequest& request, Call& call) {
  call.request_id = make_request_id(request);
  call.origin = own_origin(request);
  call.clock = &engine_.clock();
  call.now_ns = [](const void* clock) { return static_cast<const Clock*>(clock)->monotonic_ns(); };
  call.started_ns = engine_.clock().monotonic_ns();
  const std::string_view origin = request.header("Origin");
  if (!origin.empty() && origin_allowed(request, origin)) call.allowed_origin = origin;
}

std::string Router::presented_key(const HttpRequest& request, const Route& route,
                                  const QueryParameters& query) const {
  if (auto key = key_of_authorization(request.header("Authorization")); looks_like_key(key)) {
    return key;
  }
  if (const auto key = request.header("X-API-Key"); !key.empty()) return std::string(key);
  if (auto key = request.header("X-Write-Key"); !key.empty()) {
    return std::string(key.substr(0, key.find(':')));
  }
  if (const std::string* key = query.find("writeKey")) return *key;
  // Only what browsers send carries its key in the body.
  if (route.role == Role::kPublishable) return write_key_of(request.body);
  return {};
}

bool Router::authenticate(const HttpRequest& request, const Route& route, Call& call) {
  if (request.local) {
    call.caller.role = Role::kLocal;
    return true;
  }
  if (route.role == Role::kAnybody) return true;
  const std::string_view network = network_of(request.peer);
  const std::int64_t now_ns = engine_.clock().monotonic_ns();
  const std::string text = presented_key(request, route, call.query);
  const auto key = engine_.keys().find(text);
  if (key == nullptr) {
    if (const int wait_s =
            limiter_.take(network, options_.network_rate, options_.failed_auth_cost, now_ns)) {
      call.problem({.name = "rate-limited",
                    .detail = "Too many requests without a valid key from this network.",
                    .retry_after_s = wait_s});
      return false;
    }
    call.problem({.name = "unauthorized",
                  .detail = text.empty() ? "The request carries no key."
                                         : "This key is not known, or was withdrawn.",
                  .fix = "ante init"});
    return false;
  }
  call.caller.key = key;
  call.caller.tenant = key->tenant;
  call.caller.role = key->kind == KeyKind::kSecret ? Role::kSecret : Role::kPublishable;
  if (call.caller.role < route.role) {
    call.problem({.name = "forbidden",
                  .detail = route.role == Role::kLocal
                                ? "This route answers on the socket of the data directory only."
                                : "This route needs a secret key; a publishable one was sent."});
    return false;
  }
  return true;
}

bool Router::admit(const HttpRequest& request, const Route& route, Call& call) {
  if (request.local || call.caller.key == nullptr || route.role == Role::kAnybody) return true;
  const ApiKey& key = *call.caller.key;
  const std::string_view origin = request.header("Origin");
  if (!origin.empty() && !key.origins.empty() && call.allowed_origin.empty()) {
    call.problem({.name = "origin-not-allowed",
                  .detail = "The origin '" + std::string(origin.substr(0, 200)) +
                            "' is not in the key's list."});
    return false;
  }
  const std::int64_t now_ns = engine_.clock().monotonic_ns();
  int wait_s = limiter_.take(key.id, options_.key_rate, 1, now_ns);
  if (wait_s == 0 && !call.caller.is_secret()) {
    wait_s = limiter_.take(network_of(request.peer), options_.network_rate, 1, now_ns);
  }
  if (wait_s == 0) return true;
  call.problem({.name = "rate-limited",
                .detail = "This key or network asks more often than it may.",
                .retry_after_s = wait_s});
  return false;
}

// Ante-Now: the time of this request, where the clock is simulated.
bool Router::take_time(const HttpRequest& request, Call& call) {
  const std::string_view text = request.header("Ante-Now");
  if (text.empty()) return true;
  if (!call.caller.is_secret() || options_.simulated == nullptr) {
    call.problem({.name = options_.simulated == nullptr ? "bad-request" : "forbidden",
                  .detail = "Ante-Now is taken from a secret key, by a server whose clock is "
                            "simulated.",
                  .fix = "ante serve --clock simulated"});
    return false;
  }
  TimeMs at = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), at);
  if (failure != std::errc{} || end != text.data() + text.size() || at < 0 ||
      static_cast<double>(at) > kTimeOfHeaderMax) {
    auto parsed = parse_time(text);
    if (!parsed) {
      call.problem({.name = "bad-request", .detail = "Ante-Now: " + parsed.error().message});
      return false;
    }
    at = *parsed;
  }
  options_.simulated->advance_to(at);
  return true;
}

void Router::preflight(const HttpRequest& request, Call& call) const {
  HttpResponse response;
  response.status = 204;
  if (!call.allowed_origin.empty() && !request.header("Access-Control-Request-Method").empty()) {
    response.headers.emplace_back("Access-Control-Allow-Methods", kAllowedMethods);
    response.headers.emplace_back("Access-Control-Allow-Headers", kAllowedHeaders);
    response.headers.emplace_back("Access-Control-Max-Age", kPreflightMaxAgeS);
  }
  call.reply(std::move(response));
}

void Router::handle(const HttpRequest& request, Respond respond) {
  auto call = std::make_shared<Call>(request, std::move(respond));
  begin(request, *call);
  if (request.method == "OPTIONS") return preflight(request, *call);
  Match found = match(request);
  if (found.route == nullptr && !found.allow.empty()) {
    Problem problem{.name = "method-not-allowed",
                    .detail = std::string(request.path) + " has: " + found.allow};
    problem.headers.emplace_back("Allow", found.allow);
    return call->problem(std::move(problem));
  }
  if (found.route == nullptr) {
    std::vector<std::string_view> known;
    for (const Route& route : all_routes()) known.push_back(route.pattern);
    return call->problem({.name = "unknown-route",
                          .detail = "There is nothing at " + std::string(request.path) + "." +
                                    did_you_mean(request.path, known)});
  }
  auto query = QueryParameters::parse(request.query);
  if (!query || found.bad_path) {
    return call->problem({.name = "bad-request",
                          .detail = "The target has a wrong escape, a parameter twice, or more "
                                    "than 50 parameters."});
  }
  call->query = std::move(*query);
  call->path_values = std::move(found.values);
  call->seconds = seconds_.at(found.route);
  if (!authenticate(request, *found.route, *call)) return;
  if (!admit(request, *found.route, *call)) return;
  if (!take_time(request, *call)) return;
  found.route->answer(api_, std::move(call));
}

HttpResponse Router::refuse(const HttpRequest& head, const Problem& problem) {
  const std::string request_id = make_request_id(head);
  HttpResponse response =
      problem_response(problem, own_origin(head), std::string(head.path) + "#" + request_id);
  response.headers.emplace_back("X-Request-Id", request_id);
  const std::string_view origin = head.header("Origin");
  if (!origin.empty() && origin_allowed(head, origin)) {
    response.headers.emplace_back("Access-Control-Allow-Origin", origin);
    response.headers.emplace_back("Vary", "Origin");
  }
  return response;
}

}  // namespace ante
