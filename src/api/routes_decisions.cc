#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "api/decide_answer.h"
#include "api/routes.h"
#include "base/time_text.h"

namespace ante {
namespace {

constexpr std::size_t kTokenBytesMax = 512;
constexpr DurationMs kYoungDecisionMs = 10'000;  // its record may still be on its way to the disk

// What an activation or a reward speaks of.
struct Claim {
  DecisionId decision;
  SlotKey slot;
  PersonHash person;
  std::vector<ItemKey> items;   // of an activation; empty = all
  std::vector<ItemKey> served;  // all, where the record was looked up
  std::uint8_t position = 1;
  Arm arm = Arm::kTreated;
  float propensity = 1;
};

struct Wanted {
  DecisionId decision;
  std::vector<std::string> tokens;
  std::string item_id;
  std::string message_id;
  std::string measure;
  double value = 1;
};

void unknown_decision(Call& call, std::string_view id) {
  call.problem({.name = "unknown-decision",
                .detail = "There is no decision '" + std::string(id.substr(0, 64)) + "'."});
}

// None: the problem is answered.
std::optional<Wanted> read_wanted(Call& call, bool is_reward) {
  Wanted wanted;
  const auto id = parse_decision_id(call.path_values[0]);
  if (!id) {
    unknown_decision(call, call.path_values[0]);
    return std::nullopt;
  }
  wanted.decision = *id;
  if (call.request.body.empty() && !is_reward) return wanted;
  const auto object = body_object(call);
  if (!object) return std::nullopt;
  FieldErrors errors;
  Fields body(*object, "#", errors);
  wanted.tokens = body.texts("tokens", kSlatePlacesMax, kTokenBytesMax);
  if (const auto token = body.text("token", kTokenBytesMax)) wanted.tokens.emplace_back(*token);
  wanted.item_id = body.text("itemId", kIdBytesMax).value_or("");
  wanted.message_id = body.text("messageId", kMessageIdBytesMax).value_or("");
  if (is_reward) {
    wanted.value = body.number("value", -1, 1).value_or(1);
    wanted.measure = body.text("measure", kMeasureBytesMax).value_or("click");
    if (wanted.measure.empty()) body.wrong("measure", "may not be empty");
    if (wanted.tokens.empty() && wanted.item_id.empty()) {
      body.wrong("token", "is required, or itemId with a secret key");
    }
    if (wanted.tokens.size() > 1) body.wrong("tokens", "a reward is for one item");
  }
  if (answer_errors(call, errors)) return std::nullopt;
  return wanted;
}

// The claim that the tokens prove. None: the problem is answered.
std::optional<Claim> claim_of_tokens(Api& api, Call& call, const Wanted& wanted) {
  Claim claim;
  for (const std::string& text : wanted.tokens) {
    const auto token = api.engine.signer().verify(text);
    if (!token || token->decision != wanted.decision || token->tenant != call.caller.tenant) {
      api.engine.metrics()
          .counter("ante_tokens_refused_total", "Impression tokens that were not ours, or changed")
          .add();
      call.problem({.name = "bad-token",
                    .detail = "The token is not one of this decision, or was changed.",
                    .errors = {{"#/token", "is not one of this decision"}}});
      return std::nullopt;
    }
    claim.decision = token->decision;
    claim.slot = token->slot;
    claim.person = token->person;
    claim.items.push_back(token->item);
    claim.position = token->position;
    claim.arm = token->arm;
    claim.propensity = token->propensity;
  }
  return claim;
}

// A decision from the log; one just made may still be on its way there.
Result<Decision> find_decision(Api& api, DecisionId id) {
  auto found = api.engine.journal().find_decision(id);
  if (found || found.error().code != ErrorCode::kNotFound) return found;
  if (api.engine.clock().now_ms() - id.time_ms() > kYoungDecisionMs) return found;
  TRY(api.engine.journal().flush());
  return api.engine.journal().find_decision(id);
}

// The claim that the record proves, for secret keys. None: the problem is answered.
std::optional<Claim> claim_of_record(Api& api, Call& call, const Wanted& wanted) {
  const auto decision = find_decision(api, wanted.decision);
  if (!decision) {
    if (decision.error().code == ErrorCode::kNotFound) {
      unknown_decision(call, call.path_values[0]);
    } else {
      call.problem(decision.error());
    }
    return std::nullopt;
  }
  Claim claim;
  claim.decision = decision->id;
  claim.slot = decision->slot;
  claim.arm = decision->arm;
  if (!decision->people.empty()) claim.person = decision->people.front();
  for (const Placement& placement : decision->served) claim.served.push_back(placement.item);
  if (wanted.item_id.empty()) return claim;
  const ItemKey key = item_key(wanted.item_id);
  for (std::size_t k = 0; k < decision->served.size(); ++k) {
    if (decision->served[k].item != key) continue;
    claim.items = {key};
    claim.position = static_cast<std::uint8_t>(k + 1);
    claim.propensity = decision->served[k].propensity;
    return claim;
  }
  call.problem({.name = "unknown-item",
                .detail = "The decision did not serve the item '" + wanted.item_id + "'."});
  return std::nullopt;
}

void store_claim(Api& api, const CallPointer& call, RecordKind kind, const Claim& claim,
                 std::string body, const std::string& dedup_name) {
  if (claim.person == PersonHash{}) return call->reply_empty();  // a stranger's: nothing is kept
  const TimeMs now = api.engine.clock().now_ms();
  NewRecord record;
  record.partition = partition_of(claim.person);
  record.header = {kind, call->caller.tenant, claim.person, now, now};
  record.body = std::move(body);
  record.dedup = message_key(claim.person, dedup_name);
  std::vector<NewRecord> records;
  records.push_back(std::move(record));
  api.engine.journal().append(std::move(records),
                              [call](Result<std::vector<AppendOutcome>> outcome) {
                                if (!outcome) return call->problem(outcome.error());
                                HttpResponse response;
                                response.status = 204;
                                if (outcome->front().appended == Appended::kDuplicate) {
                                  response.headers.emplace_back("Ante-Duplicate", "true");
                                }
                                call->reply(std::move(response));
                              });
}

void store_activation(Api& api, const CallPointer& call, const Claim& claim) {
  // One that names no items names all of them where they are known.
  const Activation activation{claim.decision, claim.slot,
                              claim.items.empty() ? claim.served : claim.items};
  std::string dedup = "activate:" + to_string(claim.decision);
  for (const ItemKey item : claim.items) dedup += fmt::format(":{:x}", item.value);
  store_claim(api, call, RecordKind::kActivation, claim, encode(activation), dedup);
}

// Of a slot that promises what bets may lose: the proof needs rewards that are not below 0.
bool keeps_its_default(Api& api, SlotKey key) {
  const auto slots = api.engine.slots().get();
  return std::ranges::any_of(*slots, [key](const auto& entry) {
    return entry.second.key == key && entry.second.allowed_loss > 0;
  });
}

void store_reward(Api& api, const CallPointer& call, const Claim& claim, const Wanted& wanted) {
  if (wanted.value < 0 && keeps_its_default(api, claim.slot)) {
    return call->problem({.name = "invalid-request",
                          .detail = "This slot promises how little bets may lose (allowedLoss), "
                                    "which holds only where no reward is below 0.",
                          .errors = {{"#/value", "must not be below 0 in this slot"}}});
  }
  Reward reward;
  reward.decision = claim.decision;
  reward.slot = claim.slot;
  reward.item = claim.items.front();
  reward.position = claim.position;
  reward.arm = claim.arm;
  reward.propensity = claim.propensity;
  reward.measure = wanted.measure;
  reward.value = wanted.value;
  const std::string dedup = fmt::format("reward:{}:{:x}:{}:{}", to_string(claim.decision),
                                        reward.item.value, reward.position, reward.measure);
  store_claim(api, call, RecordKind::kReward, claim, encode(reward), dedup);
}

// Tokens prove themselves; without one a secret key may name the decision, which is looked up.
void take_claim(Api& api, const CallPointer& call, Wanted wanted,
                void (*store)(Api&, const CallPointer&, const Claim&, const Wanted&)) {
  if (!wanted.tokens.empty()) {
    if (const auto claim = claim_of_tokens(api, *call, wanted)) store(api, call, *claim, wanted);
    return;
  }
  if (!call->caller.is_secret()) {
    return call->problem({.name = "forbidden",
                          .detail = "With a publishable key the item's token is required.",
                          .errors = {{"#/token", "is required"}}});
  }
  later(api, call, [&api, wanted = std::move(wanted), store](const CallPointer& waiting) {
    if (const auto claim = claim_of_record(api, *waiting, wanted)) {
      store(api, waiting, *claim, wanted);
    }
  });
}

void activate(Api& api, CallPointer call) {
  auto wanted = read_wanted(*call, false);
  if (!wanted) return;
  take_claim(api, call, std::move(*wanted),
             [](Api& a, const CallPointer& c, const Claim& claim, const Wanted&) {
               store_activation(a, c, claim);
             });
}

void reward(Api& api, CallPointer call) {
  auto wanted = read_wanted(*call, true);
  if (!wanted) return;
  take_claim(api, call, std::move(*wanted), store_reward);
}

std::string explanation_of(Api& api, const Decision& decision) {
  const auto slots = api.engine.slots().get();
  const auto at = slots->find(decision.slot_name);
  const Slot* slot = at == slots->end() ? nullptr : &at->second;
  const CatalogView catalog = api.engine.catalog().view();
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("decisionId", to_string(decision.id));
  json.field("slot", decision.slot_name).field("at", format_time(decision.at_ms));
  json.field("outcome", to_string(decision.outcome));
  if (decision.fallback != Fallback::kNone) json.field("fallback", to_string(decision.fallback));
  json.field("arm", to_string(decision.arm)).field("rung", to_string(decision.rung));
  json.field("activated", decision.activated);
  json.key("versions").begin_object().field("profile", decision.versions.profile);
  json.field("catalog", decision.versions.catalog).field("model", decision.versions.model);
  json.field("policy", decision.policy.policy_version).end_object();
  json.key("items").begin_array();
  for (std::size_t k = 0; k < decision.served.size(); ++k) {
    const Placement& placement = decision.served[k];
    json.begin_object().field("id", placement.item_id).field("position", k + 1);
    json.field("propensity", placement.propensity).end_object();
  }
  json.end_array().key("safeDefault").begin_array();
  for (const ItemKey key : decision.safe_default) json.string(item_id_of(key, catalog, slot));
  json.end_array();
  std::vector<ItemKey> ranking;
  for (const HandItem& item : decision.hand) ranking.push_back(item.item);
  append_explanation(json, decision, ranking, nullptr, catalog, slot, api.engine.source_names());
  const auto again = replay(decision);
  json.field("reproduced", again.has_value());
  json.end_object();
  return body;
}

void explain(Api& api, CallPointer call) {
  const auto id = parse_decision_id(call->path_values[0]);
  if (!id) return unknown_decision(*call, call->path_values[0]);
  later(api, call, [&api, id = *id](const CallPointer& waiting) {
    const auto decision = find_decision(api, id);
    if (decision) return waiting->reply_json(200, explanation_of(api, *decision));
    if (decision.error().code != ErrorCode::kNotFound) return waiting->problem(decision.error());
    unknown_decision(*waiting, waiting->path_values[0]);
  });
}

constexpr std::size_t kClaimBytesMax = 64 * 1024;

}  // namespace

std::span<const Route> decision_routes() {
  static constexpr Route kRoutes[] = {
      {"POST", "/v1/decisions/{id}/activate", Role::kPublishable, kClaimBytesMax, activate,
       "decisions", "It was shown"},
      {"POST", "/v1/decisions/{id}/reward", Role::kPublishable, kClaimBytesMax, reward, "decisions",
       "It was worth this much"},
      {"GET", "/v1/decisions/{id}/explain", Role::kSecret, 0, explain, "decisions",
       "Why, and what else could have been shown"},
  };
  return kRoutes;
}

}  // namespace ante
