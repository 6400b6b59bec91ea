#include "app/demo_player.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/json_parser.h"
#include "base/json_writer.h"
#include "base/time_text.h"

namespace ante {

using sim::Piece;
using sim::Place;
using sim::Visit;

namespace {

constexpr std::size_t kAnswerJsonBytesMax = 4u << 20;
constexpr double kStake = 0.05;
constexpr DurationMs kPlayedAtOnceMs =
    3 * kHourMs;  // of the world; what is in it may overtake itself

std::string slot_json(const sim::Magazine& world, Place place, TimeMs at_ms) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("channel", "site").field("limit", sim::kPlacesMax);
  json.key("safeDefault").begin_object().key("items").begin_array();
  for (const Piece piece : world.picks(place, at_ms)) json.string(world.items()[piece].id);
  json.end_array().end_object().key("goal").begin_object();
  json.field("event", sim::goal_of(place)).field("windowMs", kDemoGoalWindowMs);
  json.field("value", 1).end_object();
  json.field("holdout", kDemoHoldout).field("stake", kStake).field("attentionCost", 0);
  json.key("brief").begin_object().key("waived").begin_object();
  json.field("by", "ante demo").field("reason", "a made-up magazine has no brief");
  json.end_object().end_object().end_object();
  return body;
}

}  // namespace

// What one visit tells the server, as one batch.
class DemoPlayer::VisitEvents {
 public:
  VisitEvents(const sim::Magazine& world, const Visit& visit)
      : world_(world), visit_(visit), json_(body_) {
    json_.begin_object().key("batch").begin_array();
  }

  // An event about one item. `extra` adds members to its properties.
  void add(std::string_view name, Piece piece,
           const std::function<void(JsonWriter&)>& extra = nullptr) {
    begin(name);
    json_.field(world_.is_product(piece) ? "product_id" : "articleId", world_.items()[piece].id);
    if (extra) extra(json_);
    end();
  }
  void view(Piece piece) {
    add(world_.is_product(piece) ? "Product Viewed" : "Article Viewed", piece);
  }
  void read(Piece piece, bool finished) {
    if (world_.is_product(piece)) return;
    add("Article Read", piece, [finished](JsonWriter& json) {
      json.field("finished", finished).field("depth", finished ? 100 : 35);
      json.field("activeSeconds", finished ? 160 : 30);
    });
  }
  void saw_list(std::span<const Piece> slate) {
    begin("Product List Viewed");
    json_.key("products").begin_array();
    for (std::size_t i = 0; i < slate.size(); ++i) {
      json_.begin_object().field("product_id", world_.items()[slate[i]].id);
      json_.field("position", i + 1).end_object();
    }
    json_.end_array();
    end();
  }
  void buy(Piece piece) {
    const Item& item = world_.items()[piece];
    const double price = item.price ? static_cast<double>(item.price->amount_micros) / 1e6 : 0;
    begin("Order Completed");
    json_.key("products").begin_array().begin_object().field("product_id", item.id);
    json_.field("price", price).field("quantity", 1).end_object().end_array();
    json_.field("revenue", price);
    end();
  }
  const std::string& finish() {
    json_.end_array().end_object();
    return body_;
  }

 private:
  void begin(std::string_view name) {
    const std::string& reader = world_.readers()[visit_.reader].id;
    json_.begin_object().field("type", "track").field("anonymousId", reader);
    json_.field("messageId",
                reader + "-" + std::to_string(visit_.number) + "-" + std::to_string(count_++));
    json_.field("timestamp", format_time(visit_.at_ms)).field("event", name);
    json_.key("properties").begin_object();
  }
  void end() { json_.end_object().end_object(); }

  const sim::Magazine& world_;
  const Visit& visit_;
  std::string body_;
  JsonWriter json_;
  int count_ = 0;
};

// What a decision put before the reader.
struct DemoPlayer::Decided {
  std::string id;
  bool treated = false;
  std::vector<Piece> slate;
  std::vector<std::string> tokens;  // of slate
};

DemoPlayer::DemoPlayer(const sim::Magazine& world, Server server, unsigned connections)
    : world_(world),
      lives_(world),
      settle_(std::move(server.settle)),
      now_ms_(world.options().start_ms) {
  for (unsigned i = 0; i < std::max(1U, connections); ++i) {
    connections_.emplace_back(server.host, server.port, server.secret_key);
  }
  shown_now_ms_.store(now_ms_);
}

DemoProgress DemoPlayer::progress() const {
  return {.now_ms = shown_now_ms_.load(),
          .visits = visits_.load(),
          .requests = requests_.load(),
          .decisions = decisions_.load(),
          .bets = bets_.load(),
          .items = items_shown_.load(),
          .other_default = other_default_.load()};
}

sim::Truth DemoPlayer::truth(Place place) const {
  return lives_.truth(place, kDemoGoalWindowMs, now_ms_);
}

Result<DemoAnswer> DemoPlayer::call(DemoConnection& connection, std::string_view method,
                                    std::string_view target, std::string_view body, TimeMs now_ms) {
  if (stopped_.load()) return unavailable("the player was told to stop");
  requests_.fetch_add(1, std::memory_order_relaxed);
  DemoAnswer answer = TRY(connection.call(method, target, body, now_ms));
  if (answer.status >= 200 && answer.status < 300) return answer;
  return internal_error(std::string(method) + " " + std::string(target) + " was answered " +
                        std::to_string(answer.status) + ": " + answer.body.substr(0, 500));
}

Result<void> DemoPlayer::publish_items(TimeMs at_ms, TimeMs until_ms) {
  const std::size_t until = world_.published_until(until_ms);
  if (until <= items_sent_) return {};
  std::string lines;
  for (std::size_t i = items_sent_; i < until; ++i) lines += item_to_json(world_.items()[i]) + "\n";
  TRY(call(connections_.front(), "POST", "/v1/items:import", lines, at_ms));
  items_sent_ = until;
  items_shown_.store(until);
  return {};
}

Result<void> DemoPlayer::set_slots(TimeMs at_ms) {
  const std::int32_t day = world_.day_of(at_ms);
  if (day < kDemoMailMergeDays || day / 7 == slots_week_) return {};
  for (const Place place : kAllPlaces) {
    TRY(call(connections_.front(), "PUT", "/v1/slots/" + std::string(sim::slot_name(place)),
             slot_json(world_, place, at_ms), at_ms));
  }
  slots_week_ = day / 7;
  return {};
}

Result<void> DemoPlayer::move_bets(std::string_view to, std::string_view why, TimeMs at_ms) {
  std::string body;
  JsonWriter(body).begin_object().field("to", to).field("why", why).end_object();
  for (const DemoBet& bet : demo_bets(world_, at_ms)) {
    TRY(call(connections_.front(), "POST", "/v1/bets/" + std::string(bet.id) + "/move", body,
             at_ms));
  }
  return {};
}

// A small stake in the night, when nearly nobody comes; then open. From there on rules move them.
Result<void> DemoPlayer::place_bets(TimeMs at_ms) {
  if (at_ms < world_.day_start(kDemoBetsDay)) return {};
  if (bets_placed_ == Bets::kNone) {
    for (const DemoBet& bet : demo_bets(world_, at_ms)) {
      TRY(call(connections_.front(), "PUT", "/v1/bets/" + std::string(bet.id), bet.json, at_ms));
    }
    bets_placed_ = Bets::kSmallStake;
    return move_bets("small stake", "a night, to see that nothing breaks", at_ms);
  }
  if (bets_placed_ == Bets::kOpen) return {};
  bets_placed_ = Bets::kOpen;
  return move_bets("open", "nothing broke", at_ms);
}

// The editor works ahead: what comes out before `until` is there when the hours begin.
Result<void> DemoPlayer::prepare_hours(TimeMs at_ms, TimeMs until) {
  TRY(publish_items(at_ms, until));
  TRY(set_slots(at_ms));
  return place_bets(at_ms);
}

Result<DemoPlayer::Decided> DemoPlayer::decide(DemoConnection& connection, const Visit& visit,
                                               Place place) {
  const sim::Reader& reader = world_.readers()[visit.reader];
  std::string on_page;
  if (place == Place::kArticleEnd) on_page = world_.items()[visit.article].id;
  if (place == Place::kCart && visit.product) on_page = world_.items()[*visit.product].id;
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("slot", sim::slot_name(place)).field("anonymousId", reader.id);
  json.key("situation").begin_object().field("device", reader.device);
  json.field("referrer", visit.newsletter ? "newsletter" : visit.home ? "direct" : "search");
  if (!on_page.empty()) json.field("item", on_page);
  if (place == Place::kCart) {
    if (const auto task = task_on(world_, visit.product); !task.empty()) json.field("task", task);
  }
  json.end_object();
  if (!on_page.empty()) json.key("exclude").begin_array().string(on_page).end_array();
  json.end_object();
  const DemoAnswer answer = TRY(call(connection, "POST", "/v1/decide", body, visit.at_ms));

  thread_local JsonParser parser(kAnswerJsonBytesMax);
  const auto document = TRY(parser.parse(answer.body));
  Decided decided;
  std::string_view id, arm, outcome, item, token;
  simdjson::dom::array items, safe;
  if (document["decisionId"].get(id) || document["arm"].get(arm) ||
      document["outcome"].get(outcome) || document["items"].get(items)) {
    return internal_error("POST /v1/decide: the answer lacks decisionId, arm, outcome or items");
  }
  decided.id = id;
  decided.treated = arm == "treated";
  for (const auto entry : items) {
    if (entry["id"].get(item) || entry["token"].get(token)) continue;
    const auto piece = world_.find(item);
    if (!piece) return internal_error("POST /v1/decide: served an item that nobody published");
    decided.slate.push_back(*piece);
    decided.tokens.emplace_back(token);
  }
  decisions_.fetch_add(1, std::memory_order_relaxed);
  if (outcome == "bet") bets_.fetch_add(1, std::memory_order_relaxed);
  const std::vector<Piece> expected = lives_.general(visit, place);
  bool same = !document["safeDefault"].get(safe) && safe.size() == expected.size();
  for (std::size_t i = 0; same && i < expected.size(); ++i) {
    same = !safe.at(i).get(item) && item == world_.items()[expected[i]].id;
  }
  if (!same) other_default_.fetch_add(1, std::memory_order_relaxed);
  return decided;
}

Result<void> DemoPlayer::play_place(DemoConnection& connection, const Visit& visit, Place place,
                                    VisitEvents& events) {
  std::string decision_id;
  std::vector<Piece> slate;
  sim::Reaction reaction;
  if (world_.day_of(visit.at_ms) < kDemoMailMergeDays) {
    slate = lives_.general(visit, place);
    reaction = lives_.live_without(visit, place);
    events.saw_list(slate);
    if (reaction.clicked) events.add("Article Clicked", slate[*reaction.clicked]);
  } else {
    Decided decided = TRY(decide(connection, visit, place));
    reaction = lives_.live(visit, place, decided.slate, decided.treated);
    slate = std::move(decided.slate);
    decision_id = std::move(decided.id);
    if (reaction.clicked && (place != Place::kArticleEnd || reaction.finished)) {
      std::string body;
      JsonWriter json(body);
      json.begin_object().field("token", decided.tokens[*reaction.clicked]);
      json.field("value", 1).field("measure", sim::goal_of(place)).end_object();
      TRY(call(connection, "POST", "/v1/decisions/" + decision_id + "/reward", body, visit.at_ms));
    }
  }
  if (reaction.clicked) {
    events.view(slate[*reaction.clicked]);
    events.read(slate[*reaction.clicked], reaction.finished);
  }
  if (reaction.refused) {
    events.add("Not For Me", slate[*reaction.refused], [&](JsonWriter& json) {
      json.field("reason", "other");
      if (!decision_id.empty()) json.field("decisionId", decision_id);
    });
  }
  return {};
}

Result<void> DemoPlayer::play_visit(DemoConnection& connection, const Visit& visit) {
  VisitEvents events(world_, visit);
  if (visit.home) TRY(play_place(connection, visit, Place::kHome, events));
  events.view(visit.article);
  events.read(visit.article, visit.finished);
  lives_.read(visit);
  if (world_.pins(visit)) events.add("Article Bookmarked", visit.article);
  TRY(play_place(connection, visit, Place::kArticleEnd, events));
  if (visit.product) {
    events.view(*visit.product);
    TRY(play_place(connection, visit, Place::kCart, events));
    if (visit.bought) events.buy(*visit.product);
    if (visit.gift) {
      events.add("Not For Me", *visit.product,
                 [](JsonWriter& json) { json.field("reason", "gift"); });
    }
  }
  TRY(call(connection, "POST", "/v1/batch", events.finish(), visit.at_ms));
  visits_.fetch_add(1, std::memory_order_relaxed);
  return {};
}

// Every connection plays the visits of its own readers, in the order of time.
Result<void> DemoPlayer::play_hours(std::span<const Visit> visits) {
  if (visits.empty()) return {};
  std::vector<std::vector<const Visit*>> shares(connections_.size());
  for (const Visit& visit : visits) shares[visit.reader % shares.size()].push_back(&visit);
  Mutex mutex;
  std::optional<Error> failure;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (shares[i].empty()) continue;
    threads.emplace_back([&, i] {
      for (const Visit* visit : shares[i]) {
        auto done = play_visit(connections_[i], *visit);
        if (done) continue;
        MutexLock lock(mutex);
        if (!failure) failure = done.error();
        return;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (failure) return *failure;
  return {};
}

Result<void> DemoPlayer::play_until(TimeMs until,
                                    const std::function<void(const DemoProgress&)>& after_day) {
  until = std::min(until, world_.end());
  while (now_ms_ < until) {
    const std::int32_t day = world_.day_of(now_ms_);
    const std::vector<Visit> visits = world_.visits(day);
    const TimeMs day_end = std::min(until, world_.day_start(day + 1));
    auto next = std::lower_bound(visits.begin(), visits.end(), now_ms_,
                                 [](const Visit& visit, TimeMs at) { return visit.at_ms < at; });
    while (now_ms_ < day_end) {
      const TimeMs end = std::min(day_end, (now_ms_ / kPlayedAtOnceMs + 1) * kPlayedAtOnceMs);
      TRY(prepare_hours(now_ms_, end));
      const auto last =
          std::find_if(next, visits.end(), [&](const Visit& v) { return v.at_ms >= end; });
      TRY(play_hours({next, last}));
      next = last;
      now_ms_ = end;
      shown_now_ms_.store(end);
    }
    if (settle_) TRY(settle_());
    if (after_day) after_day(progress());
  }
  // The clock stands where the world stands, and what is new by then is there.
  TRY(prepare_hours(now_ms_, now_ms_));
  TRY(call(connections_.front(), "GET", "/v1/slots", {}, now_ms_));
  return {};
}

}  // namespace ante
