#include "app/demo_bets.h"

#include <algorithm>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "base/json_parser.h"
#include "base/json_writer.h"
#include "base/time_text.h"

namespace ante {
namespace {

using sim::Piece;
using sim::Place;

constexpr DurationMs kDemoBetMs = 120 * kDayMs;
constexpr std::size_t kBetAnswerBytesMax = 256 * 1024;
constexpr double kInterestShare = 0.15;
constexpr std::string_view kGiftTask = "gift";
constexpr std::array<std::string_view, 3> kOutside = {"outdoors", "travel", "cycling"};
constexpr std::array<std::string_view, 3> kBuying = {"watches", "fashion", "gear"};

struct Terms {
  Place place;
  std::string_view need, owner;
  double stake, odds;
  bool stop_when_losing;
};

void begin(JsonWriter& json, const Terms& terms, TimeMs at_ms) {
  json.begin_object().field("need", terms.need).field("slot", sim::slot_name(terms.place));
  json.field("owner", terms.owner).field("stake", terms.stake).field("odds", terms.odds);
  json.field("expires", format_time(at_ms + kDemoBetMs));
  json.key("stop").begin_object().field("losing", terms.stop_when_losing).end_object();
}

void for_readers_of(JsonWriter& json, std::span<const std::string_view> topics) {
  json.key("audience").begin_object().key("any").begin_array();
  for (const std::string_view topic : topics) {
    json.begin_object().key("topic").begin_object().field("name", topic);
    json.field("atLeast", kInterestShare).end_object().end_object();
  }
  json.end_array().end_object();
}

// What keeps, of these topics and out by `at_ms`, the newest first.
std::vector<std::string> timeless(const sim::Magazine& world,
                                  std::span<const std::string_view> topics, TimeMs at_ms) {
  std::vector<std::string> ids;
  for (std::size_t i = world.published_until(at_ms); i-- > 0;) {
    const Item& item = world.items()[i];
    const auto piece = static_cast<Piece>(i);
    if (!item.evergreen || world.is_product(piece) || world.is_partner(piece)) continue;
    if (std::ranges::find(topics, item.topics.front()) != topics.end()) ids.push_back(item.id);
  }
  return ids;
}

std::vector<std::string> partner_pieces(const sim::Magazine& world, TimeMs at_ms) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < world.published_until(at_ms); ++i) {
    if (world.is_partner(static_cast<Piece>(i))) ids.push_back(world.items()[i].id);
  }
  return ids;
}

std::string of_items(const Terms& terms, std::span<const std::string_view> topics,
                     const std::vector<std::string>& items, TimeMs at_ms) {
  std::string body;
  JsonWriter json(body);
  begin(json, terms, at_ms);
  for_readers_of(json, topics);
  json.key("content").begin_object();
  json.texts("items", items);
  json.end_object().end_object();
  return body;
}

// True: the shop's best sellers are for the buyer, a present is for somebody else.
std::string a_present(TimeMs at_ms) {
  std::string body;
  JsonWriter json(body);
  begin(json,
        {.place = Place::kCart,
         .need = "“her birthday is on Saturday and I have no idea”",
         .owner = "the shop",
         .stake = 0.5,
         .odds = 0.6,
         .stop_when_losing = true},
        at_ms);
  json.key("audience").begin_object().key("task").begin_object().key("in").begin_array();
  json.string(kGiftTask).end_array().end_object().end_object();
  const std::string_view gifts = sim::topic_words()[sim::kGiftTopic].name;
  json.key("content").begin_object().field("topic", gifts).end_object().end_object();
  return body;
}

}  // namespace

std::array<DemoBet, kDemoBets> demo_bets(const sim::Magazine& world, TimeMs at_ms) {
  const Terms weekend{.place = Place::kHome,
                      .need = "“I have one free weekend and want to spend it outside”",
                      .owner = "the editor",
                      .stake = 0.4,
                      .odds = 0.7,
                      .stop_when_losing = true};
  // On purpose, so that its owner sees it to the end: it does not stop itself.
  const Terms buying{.place = Place::kArticleEnd,
                     .need = "“I want to know what is worth buying”",
                     .owner = "the advertising desk",
                     .stake = 0.6,
                     .odds = 0.65,
                     .stop_when_losing = false};
  return {{{"free-weekend", of_items(weekend, kOutside, timeless(world, kOutside, at_ms), at_ms)},
           {"a-present", a_present(at_ms)},
           {"worth-buying", of_items(buying, kBuying, partner_pieces(world, at_ms), at_ms)}}};
}

std::string_view task_on(const sim::Magazine& world, std::optional<sim::Piece> product) {
  const bool gift = product && world.topic_of(*product) == sim::kGiftTopic;
  return gift ? kGiftTask : std::string_view();
}

Result<BetFigures> bet_figures(std::string_view answer) {
  JsonParser parser(kBetAnswerBytesMax);
  const auto bet = TRY(parser.parse(answer));
  BetFigures figures;
  std::string_view id, state, verdict, sentence, who_pays;
  std::uint64_t treated = 0, control = 0;
  const auto evidence = bet["evidence"];
  const auto lift = evidence["lift"];
  if (bet["id"].get(id) || bet["state"].get(state) || evidence["verdict"].get(verdict) ||
      lift["sentence"].get(sentence) || evidence["segments"]["sentence"].get(who_pays) ||
      lift["treated"]["n"].get(treated) || lift["holdout"]["n"].get(control)) {
    return internal_error("GET /v1/bets: the answer lacks a member");
  }
  figures.id = id;
  figures.state = state;
  figures.verdict = verdict;
  figures.sentence = sentence;
  figures.who_pays = who_pays;
  figures.people = treated + control;
  figures.has_interval = !lift["lift"]["value"].get(figures.value) &&
                         !lift["lift"]["interval"].at(0).get(figures.low) &&
                         !lift["lift"]["interval"].at(1).get(figures.high);
  return figures;
}

std::string to_row(const BetFigures& figures) {
  const std::string number =
      figures.has_interval
          ? fmt::format("{:+.3f} [{:+.3f}, {:+.3f}]", figures.value, figures.low, figures.high)
          : std::string("no interval yet");
  // Who pays comes first, in a sentence of its own; who wins stands on the page.
  const std::string who_pays = figures.who_pays.substr(0, figures.who_pays.find(". "));
  return fmt::format("{:<13} {:<17} {:<24} n {:<5} {}", figures.id, figures.verdict, number,
                     figures.people, who_pays);
}

}  // namespace ante
