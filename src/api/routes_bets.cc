// Bets: place, list, show, move; and whether stated odds came true.

#include <algorithm>

#include <fmt/format.h>

#include "api/routes.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "base/time_text.h"
#include "report/bet_rulings.h"
#include "report/calibration.h"
#include "report/segments.h"

namespace ante {
namespace {

constexpr std::size_t kBetBodyBytesMax = kObjectJsonBytesMax;
constexpr std::size_t kMoveBodyBytesMax = 4096;

void unknown_bet(Api& api, Call& call, const std::string& id) {
  const auto bets = api.engine.bets().get();
  std::vector<std::string_view> known;
  for (const auto& [other, bet] : bets->by_id) known.push_back(other);
  call.problem({.name = "unknown-bet",
                .detail = "There is no bet '" + id + "'." + did_you_mean(id, known),
                .fix = "ante bet list"});
}

BetPointer find_bet(Api& api, Call& call) {
  const auto bets = api.engine.bets().get();
  const auto found = bets->by_id.find(call.path_values[0]);
  if (found != bets->by_id.end()) return found->second;
  unknown_bet(api, call, call.path_values[0]);
  return nullptr;
}

void answer_bet_error(Api& api, Call& call, const Error& error, ExpectedVersion expected) {
  if (error.code == ErrorCode::kNotFound) return unknown_bet(api, call, call.path_values[0]);
  Problem problem = problem_of(error);
  // A version that was named and is not there any more is 412; what cannot be done now is 409.
  const auto bets = api.engine.bets().get();
  const auto found = bets->by_id.find(call.path_values[0]);
  const std::uint64_t version = found == bets->by_id.end() ? 0 : found->second->version;
  if (error.code == ErrorCode::kConflict && expected && *expected != version)
    problem.name = "version-mismatch";
  call.problem(std::move(problem));
}

// Live bets that share the slot: an earlier one takes a person that both are for.
std::vector<std::string> earlier_bets(const Bets& bets, const Bet& bet, TimeMs now_ms) {
  std::vector<std::string> earlier;
  const auto in_slot = bets.by_slot.find(bet.slot);
  if (in_slot == bets.by_slot.end()) return earlier;
  for (const BetPointer& other : in_slot->second) {
    if (other->id == bet.id) break;
    if (other->live(now_ms)) earlier.push_back(other->id);
  }
  return earlier;
}

void write_left_alone(JsonWriter& json, const SlotLift& sums, const Slot* slot) {
  std::uint64_t people = 0, decisions = 0;
  json.key("leftAlone").begin_object().key("why").begin_array();
  for (std::size_t why = 1; why < kExclusionCount; ++why) {
    people += sums.left_alone_people[why];
    decisions += sums.left_alone_decisions[why];
    if (sums.left_alone_decisions[why] == 0) continue;
    json.begin_object().field("why", to_string(static_cast<Exclusion>(why)));
    json.field("people", sums.left_alone_people[why]);
    json.field("decisions", sums.left_alone_decisions[why]).end_object();
  }
  json.end_array().field("people", people).field("decisions", decisions);
  // What showing it to them would have cost at least, by the slot's own prices.
  const double price = slot == nullptr ? 0 : slot->attention_cost + slot->miss_cost;
  json.field("saved", static_cast<double>(decisions) * price).end_object();
}

void write_evidence(JsonWriter& json, const Bet& bet, const BetEvidence& evidence,
                    const Slot* slot) {
  json.key("evidence").begin_object().field("verdict", bet_verdict(evidence.lift));
  json.key("lift").raw(to_json(evidence.lift));
  json.key("segments").raw(to_json(segments(evidence.sums.levels)));
  write_left_alone(json, evidence.sums, slot);
  if (bet.state == BetState::kShadow)
    json.field("wouldHaveMet", evidence.sums.left_alone_decisions[0]);
  json.end_object();
}

// The bet as stored, as a sentence, and what it brought so far.
std::string bet_answer(Api& api, const Bet& bet) {
  const TimeMs now = api.engine.clock().now_ms();
  std::string body = bet_to_json(bet);
  body.pop_back();  // the closing brace: more members follow
  std::string more;
  JsonWriter json(more);
  json.begin_object().field("sentence", to_words(bet)).field("live", bet.live(now));
  json.field("treatedShare", bet.treated_share(now));
  json.texts("earlierBets", earlier_bets(*api.engine.bets().get(), bet, now));
  const auto slots = api.engine.slots().get();
  const auto slot = slots->find(bet.slot);
  if (const auto evidence = api.engine.lift().bet(bet, now)) {
    write_evidence(json, bet, *evidence, slot == slots->end() ? nullptr : &slot->second);
  }
  json.end_object();
  return body + "," + more.substr(1);
}

void answer_bet(Api& api, Call& call, const Bet& bet, int status) {
  HttpResponse response;
  response.status = status;
  response.body = bet_answer(api, bet);
  response.headers.emplace_back("ETag", etag(bet.version));
  call.reply(std::move(response));
}

void put_bet(Api& api, CallPointer call) {
  ExpectedVersion expected;
  if (!body_object(*call) || !read_expected_version(*call, expected)) return;
  later(api, call, [&api, expected](const CallPointer& waiting) {
    const std::string& id = waiting->path_values[0];
    const bool is_new = !api.engine.bets().get()->by_id.contains(id);
    const auto bet = api.engine.put_bet(id, waiting->request.body, author_of(*waiting), expected);
    if (!bet) return answer_bet_error(api, *waiting, bet.error(), expected);
    answer_bet(api, *waiting, *bet, is_new ? 201 : 200);
  });
}

void get_bet(Api& api, CallPointer call) {
  if (const BetPointer bet = find_bet(api, *call)) answer_bet(api, *call, *bet, 200);
}

void move_bet(Api& api, CallPointer call) {
  ExpectedVersion expected;
  const auto object = body_object(*call);
  if (!object || !read_expected_version(*call, expected)) return;
  FieldErrors errors;
  Fields body(*object, "#", errors);
  const std::string_view to = body.required_text("to", 64);
  const std::string why(body.text("why", 500).value_or(""));
  if (!is_one_line(why)) body.wrong("why", "must be one line without control characters");
  const auto state = parse_bet_state(to);
  if (!state && errors.empty())
    body.wrong("to", "must be draft, shadow, small stake, open, folded or banked");
  if (answer_errors(*call, errors)) return;
  later(api, call, [&api, expected, why, to = *state](const CallPointer& waiting) {
    Author author = author_of(*waiting);
    if (!why.empty()) author.why = why;
    const auto bet = api.engine.move_bet(waiting->path_values[0], to, author, expected);
    if (!bet) return answer_bet_error(api, *waiting, bet.error(), expected);
    answer_bet(api, *waiting, *bet, 200);
  });
}

void list_bets(Api& api, CallPointer call) {
  const auto bets = api.engine.bets().get();
  const TimeMs now = api.engine.clock().now_ms();
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("data").begin_array();
  for (const auto& [id, bet] : bets->by_id) {
    json.begin_object().field("id", id).field("slot", bet->slot);
    json.field("state", to_string(bet->state)).field("owner", bet->owner);
    json.field("expires", format_time(bet->expires_at_ms)).field("live", bet->live(now));
    if (bet->result)
      json.field("verdict", bet->result->verdict);
    else if (const auto evidence = api.engine.lift().bet(*bet, now))
      json.field("verdict", bet_verdict(evidence->lift));
    json.field("sentence", to_words(*bet)).field("version", bet->version).end_object();
  }
  json.end_array().key("nextCursor").null().end_object();
  call->reply_json(200, std::move(body));
}

// Whoever stated odds of a bet that is settled: did it pay?
void bet_calibration(Api& api, CallPointer call) {
  std::vector<StatedOdds> stated;
  const auto bets = api.engine.bets().get();
  for (const auto& [id, bet] : bets->by_id) {
    // One that was ended before anybody could be compared says nothing of who stated odds.
    if (!bet->result || bet->result->treated == 0 || bet->result->control == 0) continue;
    for (const BetOdds& odds : bet->stated)
      stated.push_back({odds.who, odds.pays, bet->result->paid});
  }
  call->reply_json(200, to_json(calibration(stated)));
}

}  // namespace

std::span<const Route> bet_routes() {
  static constexpr Route kRoutes[] = {
      {"GET", "/v1/bets", Role::kSecret, 0, list_bets, "bets", "All bets, settled ones too"},
      {"GET", "/v1/bets/{id}", Role::kSecret, 0, get_bet, "bets",
       "A bet: what was said, every move, and what it brought"},
      {"PUT", "/v1/bets/{id}", Role::kSecret, kBetBodyBytesMax, put_bet, "bets",
       "Places or changes a bet; If-Match names the version you read"},
      {"POST", "/v1/bets/{id}/move", Role::kSecret, kMoveBodyBytesMax, move_bet, "bets",
       "Moves a bet: shadow, small stake, open, folded, banked"},
      {"GET", "/v1/reports/calibration", Role::kSecret, 0, bet_calibration, "reports",
       "Did stated odds come true? By who said them"},
  };
  return kRoutes;
}

}  // namespace ante
