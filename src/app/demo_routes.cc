#include "app/demo_routes.h"

#include <memory>

#include "api/url.h"
#include "app/demo_site.h"
#include "base/encoding.h"
#include "base/json_parser.h"
#include "base/json_writer.h"
#include "base/time_text.h"
#include "domain/bet.h"

namespace ante {
namespace {

constexpr std::size_t kClockBodyBytesMax = 1024;
constexpr std::size_t kFrontArticles = 18;
constexpr std::size_t kReadersShown = 24;
constexpr double kFavouriteTaste = 0.4;

HttpResponse json_response(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

HttpResponse problem_text(int status, std::string_view detail) {
  std::string body;
  JsonWriter(body).begin_object().field("detail", detail).end_object();
  return json_response(status, std::move(body));
}

void append_card(JsonWriter& json, const sim::Magazine& world, sim::Piece piece, bool whole) {
  const Item& item = world.items()[piece];
  json.begin_object().field("id", item.id).field("title", item.title).field("kind", item.kind);
  json.field("topic", sim::topic_words()[world.topic_of(piece)].title);
  json.field("publishedAt", format_time(item.published_at_ms)).field("evergreen", item.evergreen);
  json.field("mustRead", item.must_read);
  if (item.price) json.field("price", static_cast<double>(item.price->amount_micros) / 1e6);
  if (whole) json.field("text", item.text);
  json.end_object();
}

void append_truth(JsonWriter& json, const sim::Magazine& world, const sim::Reader& reader,
                  std::uint32_t number, TimeMs now_ms) {
  json.begin_object().field("id", reader.id).field("name", reader.name);
  json.field("device", reader.device).key("favourites").begin_array();
  for (const double least : {0.9, kFavouriteTaste}) {
    for (std::size_t topic = 0; topic < sim::kArticleTopicCount; ++topic) {
      const double taste = reader.taste[topic];
      if (taste >= least && (least > kFavouriteTaste || taste < 0.9))
        json.string(sim::topic_words()[topic].title);
    }
  }
  json.end_array().key("errand");
  const auto errand = world.errand(number, world.day_of(now_ms));
  if (!errand) {
    json.null();
  } else {
    const std::string topic(sim::topic_words()[errand->topic].name);
    switch (errand->kind) {
      case sim::ErrandKind::kChoosing:
        json.string("choosing: " + topic);
        break;
      case sim::ErrandKind::kGift:
        json.string("a gift for a niece");
        break;
      case sim::ErrandKind::kRestocking:
        json.string("restocking: " + topic);
        break;
    }
  }
  json.end_object();
}

// Pages of other sites may not move the clock.
bool from_our_page(const HttpRequest& request) {
  const std::string_view origin = request.header("Origin");
  return origin.empty() || origin == "http://" + std::string(request.header("Host"));
}

}  // namespace

DemoRoutes::DemoRoutes(HttpRoutes& product, DemoStage& stage, std::string public_key)
    : product_(product), stage_(stage), public_key_(std::move(public_key)) {}

std::size_t DemoRoutes::body_bytes_max(const HttpRequest& head) const {
  return head.path.starts_with("/demo") ? kClockBodyBytesMax : product_.body_bytes_max(head);
}

HttpResponse DemoRoutes::refuse(const HttpRequest& head, const Problem& problem) {
  return product_.refuse(head, problem);
}

void DemoRoutes::handle(const HttpRequest& request, Respond respond) {
  if (request.path.starts_with("/demo/api/")) return answer_api(request, std::move(respond));
  if (request.path == "/" || request.path == "/demo" || request.path.starts_with("/demo/")) {
    return respond(answer(request));
  }
  product_.handle(request, std::move(respond));
}

HttpResponse DemoRoutes::answer(const HttpRequest& request) const {
  HttpResponse response;
  if (!request.path.starts_with("/demo/")) {
    response.status = 302;
    response.headers.emplace_back("Location", "/demo/");
    return response;
  }
  const DemoFile* file = demo_file(request.path.substr(6));
  if (file == nullptr) return problem_text(404, "The demo has no such page.");
  response.body = file->text;
  response.content_type = file->content_type;
  response.headers.emplace_back("Content-Security-Policy",
                                "default-src 'self'; img-src 'self' data:; base-uri 'none'; "
                                "form-action 'none'; frame-ancestors 'none'");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Cache-Control", "no-cache");
  return response;
}

void DemoRoutes::answer_api(const HttpRequest& request, Respond respond) {
  const std::string_view what = request.path.substr(std::string_view("/demo/api/").size());
  if (what == "clock") return respond(move_clock(request));
  const bool folds = what == "fold";
  if (request.method != (folds ? "POST" : "GET")) {
    return respond(problem_text(405, "clock and fold take a POST, everything else a GET."));
  }
  const auto query = QueryParameters::parse(request.query);
  const std::string* id = query ? query->find("id") : nullptr;
  if (what == "state") return respond(state());
  if (what == "front") return respond(front());
  if (what == "readers") return respond(readers());
  if (what == "bets") return ask_product("/v1/bets", std::move(respond));
  if (id == nullptr || id->empty() || id->size() > kIdBytesMax) {
    return respond(problem_text(400, "The parameter id is missing, or too long."));
  }
  if (folds) return fold_bet(request, *id, std::move(respond));
  if (what == "bet") return ask_product("/v1/bets/" + percent_encode(*id), std::move(respond));
  if (what == "item") return respond(item(*id));
  if (what == "truth") return respond(truth_of(*id));
  if (what == "person")
    return ask_product("/v1/people/" + percent_encode("anonymous:" + *id), std::move(respond));
  if (what == "explain")
    return ask_product("/v1/decisions/" + percent_encode(*id) + "/explain", std::move(respond));
  if (what == "lift") {
    const std::string slot = percent_encode(*id);
    const std::string target = "/v1/reports/lift?slot=" + slot;
    return ask_product(target, std::move(respond));
  }
  respond(problem_text(404, "The demo has no such address."));
}

void DemoRoutes::fold_bet(const HttpRequest& request, const std::string& id, Respond respond) {
  if (!from_our_page(request))
    return respond(problem_text(403, "Only the demo's own pages fold its bets."));
  std::string body;
  JsonWriter(body)
      .begin_object()
      .field("to", to_string(BetState::kFolded))
      .field("why", "folded on the demo's page")
      .end_object();
  ask_product("/v1/bets/" + percent_encode(id) + "/move", std::move(respond), std::move(body));
}

void DemoRoutes::ask_product(std::string target, Respond respond, std::string body) {
  // The request and its text live until the answer is given.
  struct Asked {
    std::string target, body;
    HttpRequest request;
  };
  auto asked = std::make_shared<Asked>();
  asked->target = std::move(target);
  asked->body = std::move(body);
  HttpRequest& request = asked->request;
  request.method = asked->body.empty() ? "GET" : "POST";
  request.body = asked->body;
  request.target = asked->target;
  const std::string_view whole = asked->target;
  request.path = whole.substr(0, whole.find('?'));
  if (request.path.size() < whole.size()) request.query = whole.substr(request.path.size() + 1);
  request.local = true;
  product_.handle(request, [asked, respond = std::move(respond)](HttpResponse response) {
    respond(std::move(response));
  });
}

HttpResponse DemoRoutes::state() const {
  const DemoStage::Now now = stage_.now();
  const sim::Magazine& world = stage_.world();
  std::string body;
  JsonWriter json(body);
  json.begin_object()
      .field("now", format_time(now.now_ms))
      .field("day", world.day_of(now.now_ms) + 1);
  json.field("playing", now.playing).field("readers", world.readers().size());
  if (now.playing)
    json.field("world", format_time(now.progress.now_ms)).field("until", format_time(now.until_ms));
  if (!now.problem.empty()) json.field("problem", now.problem);
  json.field("publicKey", public_key_).key("history").begin_object();
  json.field("visits", now.progress.visits).field("decisions", now.progress.decisions);
  json.field("bets", now.progress.bets).field("items", now.progress.items).end_object();
  json.key("truth").begin_object();
  for (std::size_t i = 0; i < now.truth.size(); ++i) {
    json.key(sim::slot_name(static_cast<sim::Place>(i))).begin_object();
    json.field("readers", now.truth[i].readers).field("asServed", now.truth[i].as_served);
    json.field("asGeneral", now.truth[i].as_general)
        .field("lift", now.truth[i].lift())
        .end_object();
  }
  json.end_object().end_object();
  return json_response(200, std::move(body));
}

HttpResponse DemoRoutes::front() const {
  const sim::Magazine& world = stage_.world();
  const std::size_t until = world.published_until(stage_.now().now_ms);
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("articles").begin_array();
  std::size_t count = 0;
  for (std::size_t i = until; i-- > 0 && count < kFrontArticles;) {
    const auto piece = static_cast<sim::Piece>(i);
    if (world.is_product(piece)) continue;
    append_card(json, world, piece, false);
    ++count;
  }
  json.end_array().key("products").begin_array();
  for (std::size_t i = 0; i < until; ++i) {
    const auto piece = static_cast<sim::Piece>(i);
    const auto& offer = world.items()[i].offer;
    const bool over =
        offer && offer->valid_until_ms && *offer->valid_until_ms <= stage_.now().now_ms;
    if (world.is_product(piece) && !over) append_card(json, world, piece, false);
  }
  json.end_array().end_object();
  return json_response(200, std::move(body));
}

HttpResponse DemoRoutes::item(const std::string& id) const {
  const sim::Magazine& world = stage_.world();
  const auto piece = world.find(id);
  if (!piece || *piece >= world.published_until(stage_.now().now_ms)) {
    return problem_text(404, "Nothing of that name is published.");
  }
  std::string body;
  JsonWriter json(body);
  append_card(json, world, *piece, true);
  return json_response(200, std::move(body));
}

HttpResponse DemoRoutes::readers() const {
  const sim::Magazine& world = stage_.world();
  const TimeMs now = stage_.now().now_ms;
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("readers").begin_array();
  std::size_t shown = 0;
  for (std::uint32_t i = 0; i < world.readers().size() && shown < kReadersShown; ++i) {
    const sim::Reader& reader = world.readers()[i];
    if (world.day_start(reader.joined_day) > now || reader.days_active < 0.1F) continue;
    append_truth(json, world, reader, i, now);
    ++shown;
  }
  json.end_array().end_object();
  return json_response(200, std::move(body));
}

HttpResponse DemoRoutes::truth_of(const std::string& id) const {
  const sim::Magazine& world = stage_.world();
  for (std::uint32_t i = 0; i < world.readers().size(); ++i) {
    if (world.readers()[i].id != id) continue;
    std::string body;
    JsonWriter json(body);
    append_truth(json, world, world.readers()[i], i, stage_.now().now_ms);
    return json_response(200, std::move(body));
  }
  return problem_text(404, "This visitor is not one of the made-up readers.");
}

HttpResponse DemoRoutes::move_clock(const HttpRequest& request) {
  if (request.method != "POST") return problem_text(405, "The clock takes a POST.");
  if (!from_our_page(request))
    return problem_text(403, "Only the demo's own pages move its clock.");
  JsonParser parser(kClockBodyBytesMax);
  const auto document = parser.parse(request.body);
  std::string_view step;
  if (!document || (*document)["to"].get(step)) {
    return problem_text(400,
                        "Send {\"to\": \"next-hour\"}, or next-morning, +7d, +30d, next-quarter.");
  }
  const auto target = clock_target(step, stage_.now().now_ms);
  if (!target)
    return problem_text(400, "to is next-hour, next-morning, +7d, +30d or next-quarter.");
  if (const auto started = stage_.play_to(*target); !started) {
    return problem_text(started.error().code == ErrorCode::kConflict ? 409 : 400,
                        started.error().message);
  }
  HttpResponse response = state();
  response.status = 202;
  return response;
}

}  // namespace ante
