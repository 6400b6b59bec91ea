#include "domain/bet.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/json_parser.h"
#include "base/json_writer.h"
#include "base/time_text.h"
#include "domain/decision.h"
#include "domain/object_id.h"

namespace ante {

namespace {

constexpr std::size_t kBetJsonBytesMax = 64 * 1024;
constexpr std::size_t kBetTextBytesMax = 1000;
constexpr double kBetStakeMax = 0.95;  // the rest is what it is compared with

using Names = std::string_view;
constexpr std::array<Names, 13> kSaidFields = {
    "id",    "need",    "slot", "owner", "audience",   "content", "insteadOf",
    "stake", "expires", "stop", "odds",  "leaveAlone", "version"};
constexpr std::array<Names, 18> kStoredFields = {
    "id",        "need",  "slot",     "owner", "audience", "content",
    "insteadOf", "stake", "expires",  "stop",  "odds",     "leaveAlone",
    "version",   "state", "placedAt", "moves", "stated",   "result"};
constexpr std::array<Names, 2> kContentFields = {"items", "topic"};
constexpr std::array<Names, 1> kInsteadFields = {"items"};
constexpr std::array<Names, 1> kStopFields = {"losing"};
constexpr std::array<Names, 3> kLeaveAloneFields = {"people", "who", "learned"};
constexpr std::array<Names, 5> kMoveFields = {"at", "from", "to", "who", "why"};
constexpr std::array<Names, 3> kStatedFields = {"at", "who", "pays"};
constexpr std::array<Names, 11> kResultFields = {"at",      "treated",  "control",  "value",
                                                 "low",     "high",     "relative", "relativeError",
                                                 "verdict", "sentence", "paid"};

constexpr std::array<Names, 6> kStates = {"draft", "shadow", "small stake",
                                          "open",  "folded", "banked"};

std::string needed_text(const JsonFields& fields, std::string_view name, std::size_t bytes_max,
                        std::string_view what) {
  const auto text = fields.line(name, 1, bytes_max);
  if (!text && !fields.get(name)) fields.refuse(name, "is missing: " + std::string(what));
  return text.value_or("");
}

std::vector<std::string> different_items(const JsonFields& fields, std::size_t count_max) {
  auto items = fields.texts("items", count_max, kIdBytesMax).value_or(std::vector<std::string>());
  std::vector<std::string> sorted = items;
  std::ranges::sort(sorted);
  const auto twice = std::ranges::adjacent_find(sorted);
  if (twice != sorted.end()) fields.refuse("items", "names '" + *twice + "' twice");
  return items;
}

void read_content(const JsonFields& fields, Bet& bet) {
  const auto content = fields.object("content", kContentFields);
  if (!content) {
    if (!fields.get("content"))
      fields.refuse("content", "is missing: what is shown, as {\"items\": [ids]} or {\"topic\"}");
    return;
  }
  bet.items = different_items(*content, kBetItemsMax);
  bet.topic = content->text("topic", 1, kIdBytesMax).value_or("");
  if (bet.items.empty() == bet.topic.empty())
    content->refuse_self("must name either at least one of items, or a topic");
}

void read_instead(const JsonFields& fields, Bet& bet) {
  const auto instead = fields.object("insteadOf", kInsteadFields);
  if (!instead) return;
  bet.instead_of = different_items(*instead, kSafeDefaultItemsMax);
  if (bet.instead_of.empty())
    instead->refuse("items", "must name at least one; leave insteadOf out for the slot's");
}

std::optional<PersonHash> person_of(const std::string& text, const PersonKey* key) {
  if (const auto hash = parse_person_hash(text)) return hash;
  if (key == nullptr) return std::nullopt;
  for (const auto& [prefix, kind] :
       {std::pair{std::string_view("user:"), RoutingKind::kUser},
        std::pair{std::string_view("anonymous:"), RoutingKind::kAnonymous}}) {
    if (text.starts_with(prefix) && text.size() > prefix.size())
      return person_hash(key->key, key->tenant, {kind, text.substr(prefix.size())});
  }
  return std::nullopt;
}

void read_left_alone(const JsonFields& fields, const PersonKey* key, Bet& bet) {
  const auto alone = fields.object("leaveAlone", kLeaveAloneFields);
  if (!alone) return;
  const auto people = alone->texts("people", kBetPeopleMax, kIdBytesMax + 10);
  for (const std::string& text : people.value_or(std::vector<std::string>())) {
    const auto person = person_of(text, key);
    if (person)
      bet.left_alone.push_back(*person);
    else
      alone->refuse("people",
                    "'" + text.substr(0, 60) + "' is nobody: write per_…, user:ID or anonymous:ID");
  }
  std::ranges::sort(bet.left_alone);
  const auto same = std::ranges::unique(bet.left_alone);
  bet.left_alone.erase(same.begin(), same.end());
  bet.left_alone_who = read_predicate(*alone, "who");
  bet.left_alone_learned = alone->boolean("learned").value_or(true);
}

// `key`: to hash people who are named in the clear; null where there are none.
void read_said(const JsonFields& fields, const PersonKey* key, Bet& bet) {
  if (const auto own = fields.text("id", 1, kObjectIdBytesMax); own && *own != bet.id)
    fields.refuse("id", "must be '" + bet.id + "' like the address, found '" + *own + "'");
  bet.need = needed_text(fields, "need", kBetTextBytesMax,
                         "which need of these people does it answer, in their words?");
  bet.slot = needed_text(fields, "slot", kIdBytesMax, "where is it shown?");
  bet.owner = needed_text(fields, "owner", kBetTextBytesMax, "who answers for it?");
  if (auto audience = read_predicate(fields, "audience"))
    bet.audience = *std::move(audience);
  else if (!fields.get("audience"))
    fields.refuse("audience", "is missing: who is meant? {\"everybody\": true} is an answer too");
  read_content(fields, bet);
  read_instead(fields, bet);
  bet.stake = fields.number("stake", 0, kBetStakeMax).value_or(bet.stake);
  if (!(bet.stake > 0)) fields.refuse("stake", "must be above 0: what is not staked is no bet");
  if (const auto expires = fields.time("expires"))
    bet.expires_at_ms = *expires;
  else if (!fields.get("expires"))
    fields.refuse("expires", "is missing: when is it settled? As 2027-01-31T00:00:00Z");
  if (const auto stop = fields.object("stop", kStopFields))
    bet.stop_when_losing = stop->boolean("losing").value_or(true);
  bet.odds = fields.number("odds", 0, 1);
  read_left_alone(fields, key, bet);
  bet.version = static_cast<std::uint64_t>(fields.integer("version", 0, INT64_MAX).value_or(0));
}

BetState read_state(const JsonFields& fields, std::string_view name) {
  const auto text = fields.text(name, 1, kBetTextBytesMax).value_or("");
  if (const auto state = parse_bet_state(text)) return *state;
  fields.refuse(name, "must be the state of a bet");
  return BetState::kDraft;
}

template <typename Read>
void read_objects(const JsonFields& fields, std::string_view name,
                  std::span<const std::string_view> known, std::size_t count_max, Read read) {
  simdjson::dom::array array;
  const auto value = fields.get(name);
  if (!value || value->get(array) != simdjson::SUCCESS) return;
  if (array.size() > count_max) return fields.refuse(name, "holds too many");
  for (const simdjson::dom::element element : array) {
    simdjson::dom::object object;
    if (element.get(object) != simdjson::SUCCESS) return fields.refuse(name, "must hold objects");
    read(fields.inner(object, name, known));
  }
}

void read_result(const JsonFields& fields, Bet& bet) {
  const auto result = fields.object("result", kResultFields);
  if (!result) return;
  BetResult& r = bet.result.emplace();
  r.at_ms = result->time("at").value_or(0);
  r.treated = static_cast<std::uint64_t>(result->integer("treated", 0, INT64_MAX).value_or(0));
  r.control = static_cast<std::uint64_t>(result->integer("control", 0, INT64_MAX).value_or(0));
  r.value = result->number("value", -1e300, 1e300).value_or(0);
  r.low = result->number("low", -1e300, 1e300);
  r.high = result->number("high", -1e300, 1e300);
  r.relative = result->number("relative", -1e300, 1e300);
  r.relative_error = result->number("relativeError", 0, 1e300);
  r.verdict = result->text("verdict", 0, kBetTextBytesMax).value_or("");
  r.sentence = result->text("sentence", 0, kBetTextBytesMax).value_or("");
  r.paid = result->boolean("paid").value_or(false);
}

void read_kept(const JsonFields& fields, Bet& bet) {
  bet.state = read_state(fields, "state");
  bet.placed_at_ms = fields.time("placedAt").value_or(0);
  read_objects(fields, "moves", kMoveFields, kBetMovesMax, [&bet](const JsonFields& move) {
    bet.moves.push_back({move.time("at").value_or(0), read_state(move, "from"),
                         read_state(move, "to"), move.text("who", 0, kBetTextBytesMax).value_or(""),
                         move.text("why", 0, kBetTextBytesMax).value_or("")});
  });
  read_objects(fields, "stated", kStatedFields, kBetMovesMax, [&bet](const JsonFields& stated) {
    bet.stated.push_back({stated.time("at").value_or(0),
                          stated.text("who", 0, kBetTextBytesMax).value_or(""),
                          stated.number("pays", 0, 1).value_or(0.5)});
  });
  read_result(fields, bet);
}

Result<Bet> read_bet(std::string_view id, std::string_view json, const PersonKey* key,
                     bool is_stored) {
  TRY(check_object_id(id, "#/id: a bet's id", "long-reads"));
  JsonParser parser(kBetJsonBytesMax);
  const simdjson::dom::element root = TRY(parser.parse(json));
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS)
    return invalid_argument(std::string("#: a bet must be an object, found ") + json_kind(root));
  JsonRefusal refusal;
  const std::span<const Names> known =
      is_stored ? std::span<const Names>(kStoredFields) : std::span<const Names>(kSaidFields);
  const JsonFields fields(object, "#", known, refusal);
  Bet bet;
  bet.id = std::string(id);
  read_said(fields, key, bet);
  if (is_stored) read_kept(fields, bet);
  if (refusal.first) return *refusal.first;
  return bet;
}

void write_content(JsonWriter& json, const Bet& bet) {
  json.key("content").begin_object();
  if (bet.topic.empty())
    json.texts("items", bet.items);
  else
    json.field("topic", bet.topic);
  json.end_object();
  if (bet.instead_of.empty()) return;
  json.key("insteadOf").begin_object();
  json.texts("items", bet.instead_of);
  json.end_object();
}

void write_left_alone(JsonWriter& json, const Bet& bet) {
  json.key("leaveAlone").begin_object().key("people").begin_array();
  for (const PersonHash person : bet.left_alone) json.string(to_string(person));
  json.end_array();
  if (bet.left_alone_who) {
    json.key("who");
    write_predicate(json, *bet.left_alone_who);
  }
  json.field("learned", bet.left_alone_learned).end_object();
}

void write_result(JsonWriter& json, const BetResult& r) {
  json.key("result").begin_object().field("at", format_time(r.at_ms));
  json.field("treated", r.treated).field("control", r.control).field("value", r.value);
  if (r.low && r.high) json.field("low", *r.low).field("high", *r.high);
  if (r.relative && r.relative_error)
    json.field("relative", *r.relative).field("relativeError", *r.relative_error);
  json.field("verdict", r.verdict).field("sentence", r.sentence).field("paid", r.paid);
  json.end_object();
}

std::string some_of(const std::vector<std::string>& items) {
  constexpr std::size_t kNamed = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(items.size(), kNamed); ++i)
    text.append(i == 0 ? "" : ", ").append(items[i]);
  if (items.size() > kNamed) text += " and " + std::to_string(items.size() - kNamed) + " more";
  return text;
}

}  // namespace

const char* to_string(BetState state) {
  return kStates[static_cast<std::size_t>(state) - 1].data();
}

std::optional<BetState> parse_bet_state(std::string_view text) {
  const auto found = std::ranges::find(kStates, text);
  if (found == kStates.end()) return std::nullopt;
  return static_cast<BetState>(found - kStates.begin() + 1);
}

bool may_move(BetState from, BetState to) {
  switch (from) {
    case BetState::kDraft:
      return to == BetState::kShadow || to == BetState::kSmallStake || to == BetState::kFolded;
    case BetState::kShadow:
      return to == BetState::kDraft || to == BetState::kSmallStake || to == BetState::kFolded;
    case BetState::kSmallStake:
      return to == BetState::kOpen || to == BetState::kFolded || to == BetState::kBanked;
    case BetState::kOpen:
      return to == BetState::kSmallStake || to == BetState::kFolded || to == BetState::kBanked;
    case BetState::kBanked:
      return to == BetState::kFolded;
    case BetState::kFolded:
      return false;
  }
  return false;
}

bool Bet::live(TimeMs now_ms) const {
  switch (state) {
    case BetState::kSmallStake:
    case BetState::kOpen:
      return now_ms < expires_at_ms;
    case BetState::kBanked:
      return !moves.empty() && now_ms < moves.back().at_ms + kBankedMs;
    case BetState::kDraft:
    case BetState::kShadow:
    case BetState::kFolded:
      return false;
  }
  return false;
}

double Bet::treated_share(TimeMs now_ms) const {
  if (!live(now_ms)) return 0;
  if (state == BetState::kBanked) return 1 - kBankedControl;
  return state == BetState::kOpen ? stake : std::min(stake, kSmallStakeMax);
}

TimeMs Bet::live_since_ms() const {
  for (const BetMove& move : moves) {
    if (move.to == BetState::kSmallStake || move.to == BetState::kOpen) return move.at_ms;
  }
  return 0;
}

Result<Bet> bet_from_json(std::string_view id, std::string_view json, const PersonKey& key) {
  return read_bet(id, json, &key, false);
}

Result<Bet> stored_bet_from_json(std::string_view id, std::string_view json) {
  return read_bet(id, json, nullptr, true);
}

std::string bet_to_json(const Bet& bet) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("id", bet.id).field("need", bet.need).field("slot", bet.slot);
  json.field("owner", bet.owner).key("audience");
  write_predicate(json, bet.audience);
  write_content(json, bet);
  json.field("stake", bet.stake).field("expires", format_time(bet.expires_at_ms));
  json.key("stop").begin_object().field("losing", bet.stop_when_losing).end_object();
  if (bet.odds) json.field("odds", *bet.odds);
  write_left_alone(json, bet);
  json.field("state", to_string(bet.state)).field("placedAt", format_time(bet.placed_at_ms));
  json.key("moves").begin_array();
  for (const BetMove& move : bet.moves) {
    json.begin_object().field("at", format_time(move.at_ms)).field("from", to_string(move.from));
    json.field("to", to_string(move.to)).field("who", move.who).field("why", move.why).end_object();
  }
  json.end_array().key("stated").begin_array();
  for (const BetOdds& stated : bet.stated) {
    json.begin_object().field("at", format_time(stated.at_ms)).field("who", stated.who);
    json.field("pays", stated.pays).end_object();
  }
  json.end_array();
  if (bet.result) write_result(json, *bet.result);
  json.field("version", bet.version).end_object();
  return out;
}

std::string to_words(const Bet& bet) {
  const std::string content = bet.topic.empty() ? some_of(bet.items) : "what is about " + bet.topic;
  const std::string instead =
      bet.instead_of.empty() ? "the slot's safe default" : some_of(bet.instead_of);
  return fmt::format(
      "Because of {}, for {}, we show {} instead of {} in {}, at stake {:g} %, until {}.", bet.need,
      to_words(bet.audience), content, instead, bet.slot, 100 * bet.stake,
      format_time(bet.expires_at_ms).substr(0, 10));
}

}  // namespace ante
