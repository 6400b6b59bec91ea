// The supply report as JSON.

#include "base/json_writer.h"
#include "report/supply.h"

namespace ante {

namespace {

void write(JsonWriter& json, std::string_view name, const Middle& middle) {
  json.key(name).begin_object().key("value");
  middle.value ? json.number(*middle.value) : json.null();
  if (middle.interval)
    json.interval("interval", middle.interval->low, middle.interval->high);
  else
    json.key("interval").null();
  json.field("n", middle.n).end_object();
}

void write(JsonWriter& json, std::string_view name, const PeopleCount& people) {
  json.key(name).begin_object().field("value", people.value);
  json.interval("interval", people.interval.low, people.interval.high).end_object();
}

const char* colour_of(Depth depth) {
  switch (depth) {
    case Depth::kEnough:
      return "green";
    case Depth::kThin:
      return "amber";
    case Depth::kDontBet:
      return "red";
    case Depth::kUnknown:
      break;
  }
  return "grey";
}

void write_depth(JsonWriter& json, Depth depth) {
  json.field("verdict", to_string(depth)).field("colour", colour_of(depth));
}

void write_topic(JsonWriter& json, const TopicSupply& row) {
  json.begin_object().field("topic", row.topic);
  write_depth(json, row.depth);
  write(json, "wanted", row.wanted);
  write(json, "told", row.told);
  write(json, "noticed", row.noticed);
  json.field("fresh", row.fresh).field("evergreen", row.evergreen).field("older", row.older);
  json.key("published").begin_array();
  for (const std::uint64_t week : row.published) json.number(week);
  json.end_array();
  write(json, "readsADay", row.reads_a_day);
  write(json, "unseen", row.unseen);
  write(json, "lastsDays", row.lasts_days);
  json.field("keepsUp", row.keeps_up).field("missing", row.missing);
  json.key("neighbour");
  if (row.neighbour.empty())
    json.null();
  else
    json.begin_object().field("topic", row.neighbour).field("shared", row.shared).end_object();
  json.texts("remedies", row.remedies).end_object();
}

void write_reader(JsonWriter& json, const TypicalReader& reader) {
  json.key("reader").begin_object();
  write_depth(json, reader.depth);
  write(json, "topics", reader.topics);
  write(json, "readsADay", reader.reads_a_day);
  write(json, "unseen", reader.unseen);
  write(json, "lastsDays", reader.lasts_days);
  json.key("redShare");
  if (reader.red_share) {
    json.begin_object().field("value", *reader.red_share);
    json.interval("interval", reader.red_interval.low, reader.red_interval.high);
    json.field("n", reader.lasts_days.n).end_object();
  } else {
    json.null();
  }
  json.end_object();
}

}  // namespace

std::string to_json(const SupplySummary& s) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("sentence", s.sentence);
  json.key("counts").begin_object().field("wanted", s.wanted).field("enough", s.enough);
  json.field("thin", s.thin).field("dontBet", s.dont_bet).field("unwanted", s.unwanted);
  json.end_object();
  json.field("readers", s.readers).field("eachStandsFor", s.each_stands_for);
  json.field("items", s.items).field("itemsWithoutTopic", s.without_topic);
  write_reader(json, s.reader);
  json.key("topics").begin_array();
  for (const TopicSupply& row : s.topics) write_topic(json, row);
  json.end_array().key("needs").begin_array();
  for (const UnmetNeed& need : s.needs) {
    json.begin_object().field("text", need.text).field("topic", need.topic);
    write(json, "told", need.told);
    write(json, "searched", need.searched);
    json.field("searches", need.searches).end_object();
  }
  json.end_array().field("topicsWantedByFew", s.topics_by_few);
  json.field("wordsSearchedByFew", s.words_by_few);
  json.key("forgotten").begin_object().key("items");
  s.forgotten ? json.number(*s.forgotten) : json.null();
  json.texts("first", s.forgotten_items).field("followedDays", s.followed_days).end_object();
  json.end_object();
  return body;
}

}  // namespace ante
