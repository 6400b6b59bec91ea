#include "api/decide_answer.h"

#include <algorithm>
#include <cmath>

#include "api/why.h"
#include "candidates/source.h"
#include "decision/policy.h"

namespace ante {
namespace {

void append_ids(JsonWriter& json, std::string_view name, const std::vector<ItemKey>& keys,
                const CatalogView& catalog, const Slot* slot) {
  json.key(name).begin_array();
  for (const ItemKey key : keys) {
    const std::string_view id = item_id_of(key, catalog, slot);
    if (!id.empty()) json.string(id);
  }
  json.end_array();
}

void append_item(JsonWriter& json, const DecideView& view, std::size_t place) {
  const Decision& decision = view.answer.decision;
  const Placement& placement = decision.served[place];
  const Item* item = view.answer.catalog.find(placement.item);
  const HandItem* in_hand =
      placement.hand_index < decision.hand.size() ? &decision.hand[placement.hand_index] : nullptr;
  json.begin_object();
  json.field("id", placement.item_id.empty()
                       ? item_id_of(placement.item, view.answer.catalog, view.slot)
                       : std::string_view(placement.item_id));
  json.field("position", place + 1);
  if (place < view.answer.tokens.size()) json.field("token", view.answer.tokens[place]);
  if (item != nullptr) {
    if (!item->url.empty()) json.field("url", item->url);
    if (!item->title.empty()) json.field("title", item->title);
    if (!item->image.empty()) json.field("image", item->image);
  }
  json.key("score");
  in_hand != nullptr ? json.number(in_hand->probability) : json.null();
  json.field("propensity", placement.propensity);
  json.key("why").begin_array();
  if (item != nullptr) {
    const bool is_safe =
        std::ranges::find(decision.safe_default, placement.item) != decision.safe_default.end();
    std::vector<Why> whys = whys_of(*item, view.person, in_hand != nullptr ? in_hand->sources : 0,
                                    is_safe, view.answer.catalog);
    if (whys.empty() && decision.outcome == Outcome::kControl)
      whys.push_back({Provenance::kGuessed, decision.arm == Arm::kShuffled
                                                ? "it was chosen for somebody else"
                                                : "many people choose it here"});
    for (const Why& why : whys) {
      json.begin_object().field("kind", to_string(why.kind)).field("text", why.text).end_object();
    }
  }
  json.end_array().end_object();
}

// What of the safe default the served items stand instead of.
std::vector<ItemKey> displaced(const Decision& decision) {
  std::vector<ItemKey> keys;
  for (const ItemKey key : decision.safe_default) {
    const bool served = std::ranges::any_of(
        decision.served, [key](const Placement& placement) { return placement.item == key; });
    if (!served) keys.push_back(key);
  }
  return keys;
}

void append_sources(JsonWriter& json, SourceBits bits,
                    std::span<const std::string_view> source_names) {
  json.key("sources").begin_array();
  for (std::size_t i = 0; i < source_names.size(); ++i) {
    if ((bits >> i & 1u) != 0) json.string(source_names[i]);
  }
  if ((bits & kSuppliedSource) != 0) json.string("supplied");
  if ((bits & kSafeSource) != 0) json.string("safe");
  json.end_array();
}

const char* branch_name(std::uint8_t branch) {
  if (branch == kSafeBranch) return "safe";
  return branch == kExploitBranch ? "exploit" : "explore";
}

}  // namespace

std::string_view item_id_of(ItemKey key, const CatalogView& catalog, const Slot* slot) {
  if (const Item* item = catalog.find(key)) return item->id;
  if (slot != nullptr) {
    for (const std::string& id : slot->safe_items) {
      if (item_key(id) == key) return id;
    }
  }
  return {};
}

void append_explanation(JsonWriter& json, const Decision& decision,
                        const std::vector<ItemKey>& exploit_ranking, const Removed* removed,
                        const CatalogView& catalog, const Slot* slot,
                        std::span<const std::string_view> source_names) {
  json.key("hand").begin_array();
  for (const HandItem& item : decision.hand) {
    json.begin_object().field("id", item_id_of(item.item, catalog, slot));
    append_sources(json, item.sources, source_names);
    json.key("gain").begin_object().field("mean", item.gain_mean).field("sd", item.gain_sd);
    json.end_object();
    json.field("probability", item.probability).field("exploreWeight", item.explore_weight);
    json.end_object();
  }
  json.end_array();
  append_ids(json, "exploitRanking", exploit_ranking, catalog, slot);
  append_ids(json, "wouldHave", decision.would_have, catalog, slot);
  json.field("candidates", decision.candidate_count);
  if (removed != nullptr) {
    json.key("removed").begin_object();
    json.field("withdrawn", removed->withdrawn).field("expired", removed->expired);
    json.field("soldOut", removed->sold_out).field("bought", removed->bought);
    json.field("hidden", removed->hidden).field("excluded", removed->excluded);
    json.field("unknown", removed->unknown).field("capped", removed->capped).end_object();
  }
  json.key("reasons").begin_array();
  for (const std::string& reason : decision.reasons) json.string(reason);
  json.end_array();
  json.field("attentionCost", decision.attention_cost);
  json.key("prices").begin_object().field("miss", decision.prices.miss);
  json.field("creep", decision.prices.creep).field("information", decision.prices.information);
  json.field("exploring", decision.prices.exploring).end_object();
  if (decision.bet.play != BetPlay::kNone) {
    json.key("betPart").begin_object().field("id", decision.bet.id);
    json.field("play", to_string(decision.bet.play));
    if (decision.bet.exclusion != Exclusion::kNone)
      json.field("leftAlone", to_string(decision.bet.exclusion));
    json.field("treatedShare", decision.bet.treated_buckets / 10000.0).end_object();
  }
  json.key("branches").begin_object().field("stake", decision.policy.stake);
  json.field("permitted", decision.policy.permitted);
  json.field("base", branch_name(decision.policy.base_branch));
  json.field("drawn", branch_name(decision.policy.drawn_branch));
  if (decision.policy.drawn_branch >= kFirstExploreBranch) {
    json.field("exploredPlace", decision.policy.drawn_branch - kFirstExploreBranch + 1);
  }
  json.end_object();
}

void append_decide_answer(std::string& out, const DecideView& view) {
  const DecideAnswer& answer = view.answer;
  const Decision& decision = answer.decision;
  JsonWriter json(out);
  json.begin_object().field("decisionId", to_string(decision.id));
  json.field("slot", decision.slot_name).field("outcome", to_string(decision.outcome));
  if (decision.fallback != Fallback::kNone) json.field("fallback", to_string(decision.fallback));
  if (decision.bet.play == BetPlay::kTreated) json.field("bet", decision.bet.id);
  json.field("arm", to_string(decision.arm)).field("rung", to_string(decision.rung));
  json.key("versions").begin_object().field("profile", decision.versions.profile);
  json.field("catalog", decision.versions.catalog).field("model", decision.versions.model);
  json.field("policy", decision.policy.policy_version).end_object();
  json.key("items").begin_array();
  for (std::size_t place = 0; place < decision.served.size(); ++place) {
    append_item(json, view, place);
  }
  json.end_array();
  append_ids(json, "safeDefault", decision.safe_default, answer.catalog, view.slot);
  append_ids(json, "insteadOf", displaced(decision), answer.catalog, view.slot);
  json.key("odds").begin_object().field("p", answer.odds).field("lo", answer.odds_lo);
  json.field("hi", answer.odds_hi).end_object();
  if (answer.runner_up) {
    json.key("runnerUp").begin_object();
    json.field("id", item_id_of(answer.runner_up->item, answer.catalog, view.slot));
    json.field("p", answer.runner_up->probability).end_object();
  }
  if (!answer.question.empty()) {
    json.key("question").begin_object().field("id", decision.asked);
    json.field("text", answer.question).texts("answers", {"yes", "partly", "no"}).end_object();
  }
  json.field("activate", decision.activated ? "auto" : "defer");
  json.field("tookMs", std::round(view.took_ms * 1000) / 1000);
  if (view.explain) {
    append_explanation(json, decision, answer.exploit_ranking, &answer.removed, answer.catalog,
                       view.slot, view.source_names);
  }
  json.end_object();
}

}  // namespace ante
