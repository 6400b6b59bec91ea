// Metrics: define, list, end; and what they say.

#include <algorithm>

#include "api/routes.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "domain/metric.h"
#include "report/metrics.h"

namespace ante {
namespace {

constexpr std::size_t kMetricBodyBytesMax = 8 * 1024;

void unknown_metric(Api& api, Call& call, const std::string& id) {
  const std::vector<Metric> metrics = api.engine.lift().metrics();
  std::vector<std::string_view> known;
  for (const Metric& metric : metrics) known.push_back(metric.id);
  call.problem({.name = "unknown-metric",
                .detail = "There is no metric '" + id + "'." + did_you_mean(id, known),
                .fix = "ante metric list"});
}

std::string metric_answer(const Metric& metric) {
  std::string body = metric_to_json(metric), more;
  JsonWriter json(more);
  json.begin_object().field("what", to_words(metric)).field("builtIn", metric.built_in);
  json.end_object();
  body.pop_back();
  return body + "," + more.substr(1);
}

void answer_metric(Call& call, const Metric& metric, int status) {
  HttpResponse response;
  response.status = status;
  response.body = metric_answer(metric);
  response.headers.emplace_back("ETag", etag(metric.version));
  call.reply(std::move(response));
}

// Of the log's newest state; the reports follow a moment later.
std::optional<Metric> find_metric(Api& api, const std::string& id) {
  for (const Metric& metric : built_in_metrics()) {
    if (metric.id == id) return metric;
  }
  const auto object = api.engine.objects().find(kMetricObjectType, id);
  if (!object || object->deleted) return std::nullopt;
  Result<Metric> metric = metric_from_json(id, object->json);
  if (!metric) return std::nullopt;
  metric->version = object->version;
  return *std::move(metric);
}

void answer_metric_error(Api& api, Call& call, const Error& error, ExpectedVersion expected) {
  if (error.code == ErrorCode::kNotFound) return unknown_metric(api, call, call.path_values[0]);
  Problem problem = problem_of(error);
  const auto present = find_metric(api, call.path_values[0]);
  if (error.code == ErrorCode::kConflict && expected &&
      *expected != (present ? present->version : 0))
    problem.name = "version-mismatch";
  call.problem(std::move(problem));
}

void put_metric(Api& api, CallPointer call) {
  ExpectedVersion expected;
  if (!body_object(*call) || !read_expected_version(*call, expected)) return;
  later(api, call, [&api, expected](const CallPointer& waiting) {
    const std::string& id = waiting->path_values[0];
    const bool is_new = !find_metric(api, id);
    const auto metric =
        api.engine.put_metric(id, waiting->request.body, author_of(*waiting), expected);
    if (!metric) return answer_metric_error(api, *waiting, metric.error(), expected);
    answer_metric(*waiting, *metric, is_new ? 201 : 200);
  });
}

void get_metric(Api& api, CallPointer call) {
  const auto metric = find_metric(api, call->path_values[0]);
  if (!metric) return unknown_metric(api, *call, call->path_values[0]);
  answer_metric(*call, *metric, 200);
}

void delete_metric(Api& api, CallPointer call) {
  ExpectedVersion expected;
  if (!read_expected_version(*call, expected)) return;
  later(api, call, [&api, expected](const CallPointer& waiting) {
    const auto gone = api.engine.delete_object(kMetricObjectType, waiting->path_values[0],
                                               author_of(*waiting), expected);
    if (!gone) return answer_metric_error(api, *waiting, gone.error(), expected);
    waiting->reply_empty();
  });
}

void list_metrics(Api& api, CallPointer call) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("data").begin_array();
  for (const Metric& metric : built_in_metrics()) json.raw(metric_answer(metric));
  for (const Object& object : api.engine.objects().list(kMetricObjectType)) {
    if (const auto metric = find_metric(api, object.id)) json.raw(metric_answer(*metric));
  }
  json.end_array().key("nextCursor").null().end_object();
  call->reply_json(200, std::move(body));
}

void metrics_report(Api& api, CallPointer call) {
  const std::string *slot = call->query.find("slot"), *bet = call->query.find("bet");
  if (slot != nullptr && bet != nullptr) {
    return call->problem({.name = "invalid-request",
                          .detail = "Ask of a slot or of a bet, not of both.",
                          .errors = {{"?bet", "stands beside ?slot"}}});
  }
  Result<Scorecard> card = not_found("");
  if (bet != nullptr) {
    const auto bets = api.engine.bets().get();
    const auto found = bets->by_id.find(*bet);
    if (found == bets->by_id.end()) {
      std::vector<std::string_view> known;
      for (const auto& [id, other] : bets->by_id) known.push_back(id);
      return call->problem({.name = "unknown-bet",
                            .detail = "There is no bet '" + *bet + "'." + did_you_mean(*bet, known),
                            .fix = "ante bet list"});
    }
    card = api.engine.lift().scorecard_of(*found->second);
  } else {
    card = api.engine.lift().scorecard_of(slot == nullptr ? std::string() : *slot);
  }
  if (!card) {
    return call->problem(
        {.name = "unknown-slot", .detail = card.error().message, .fix = "ante slot list"});
  }
  call->reply_json(200, to_json(*card));
}

void proxies_report(Api& api, CallPointer call) {
  call->reply_json(200, to_json(api.engine.lift().proxies()));
}

}  // namespace

std::span<const Route> metric_routes() {
  static constexpr Route kRoutes[] = {
      {"GET", "/v1/metrics", Role::kSecret, 0, list_metrics, "metrics",
       "What is counted of people, and what kind of proof it is"},
      {"GET", "/v1/metrics/{id}", Role::kSecret, 0, get_metric, "metrics", "A metric"},
      {"PUT", "/v1/metrics/{id}", Role::kSecret, kMetricBodyBytesMax, put_metric, "metrics",
       "Defines a metric; another definition begins its evidence anew"},
      {"DELETE", "/v1/metrics/{id}", Role::kSecret, 0, delete_metric, "metrics", "Ends a metric"},
      {"GET", "/v1/reports/metrics", Role::kSecret, 0, metrics_report, "reports",
       "Are people better off, and are we? Every metric of a slot, a bet or of all"},
      {"GET", "/v1/reports/proxies", Role::kSecret, 0, proxies_report, "reports",
       "How well clicks and the like foretell the outcomes"},
  };
  return kRoutes;
}

}  // namespace ante
