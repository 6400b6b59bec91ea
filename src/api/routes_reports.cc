#include <charconv>

#include "api/routes.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "report/figures_text.h"
#include "report/likings.h"
#include "report/scale.h"
#include "report/source_lift.h"

namespace ante {
namespace {

void answer_unknown_slot(const SlotMap& slots, Call& call, const std::string& wanted) {
  std::vector<std::string_view> known;
  for (const auto& [name, other] : slots) known.push_back(name);
  call.problem({.name = "unknown-slot",
                .detail = "There is no slot '" + wanted + "'." + did_you_mean(wanted, known),
                .fix = "ante slot list"});
}

// Adds a member to a JSON object; `json` is one too.
std::string with_member(std::string object, std::string_view name, std::string_view json) {
  object.back() = ',';  // the closing brace: one more member follows
  append_json_string(object, name);
  object += ':';
  object += json;
  return object + "}";
}

// Every report of a slot quotes what its brief says it is for.
std::string with_purpose(const Api& api, std::string_view slot, std::string json) {
  const auto slots = api.engine.slots().get();
  const auto known = slots->find(slot);
  if (known == slots->end() || known->second.brief.empty()) return json;
  const auto brief = api.engine.brief(known->second.brief);
  if (!brief) return json;
  std::string purpose;
  append_json_string(purpose, brief->purpose);
  return with_member(std::move(json), "purpose", purpose);
}

void answer_figures(const Api& api, Call& call, const Result<FiguresSummary>& figures) {
  if (!figures) return call.problem(figures.error());
  const CatalogView catalog = api.engine.catalog().view();
  const auto name_of = [&catalog](ItemKey key) {
    const Item* item = catalog.find(key);
    return item != nullptr ? item->id : "an item that is gone";
  };
  const std::string body = to_json(*figures, name_of, api.engine.figures().rows_unseen());
  call.reply_json(200, figures->of_bet ? body : with_purpose(api, figures->name, body));
}

void slot_figures(Api& api, CallPointer call) {
  const std::string& name = call->path_values[0];
  const auto slots = api.engine.slots().get();
  if (!slots->contains(name)) return answer_unknown_slot(*slots, *call, name);
  auto figures = api.engine.figures().slot(name);
  if (!figures && figures.error().code == ErrorCode::kNotFound) {
    FigureSums none;
    none.name = name;
    figures = summarize(none);
  }
  answer_figures(api, *call, figures);
}

void bet_figures(Api& api, CallPointer call) {
  answer_figures(api, *call, api.engine.figures().bet(call->path_values[0]));
}

void lift_report(Api& api, CallPointer call) {
  const std::string* slot = call->query.find("slot");
  if (slot == nullptr || slot->empty()) {
    return call->problem({.name = "invalid-request",
                          .detail = "The parameter slot is required.",
                          .errors = {{"?slot", "is required"}}});
  }
  const auto slots = api.engine.slots().get();
  if (!slots->contains(*slot)) return answer_unknown_slot(*slots, *call, *slot);
  auto lift = api.engine.lift().lift(*slot);
  // A slot made just now, that the fold has not met yet.
  if (!lift && lift.error().code == ErrorCode::kNotFound)
    lift = summarize(slots->at(*slot), {}, slots->at(*slot).holdout);
  if (!lift) return call->problem(lift.error());
  call->reply_json(200, with_purpose(api, *slot, to_json(*lift)));
}

// What placing costs in the slot, where somebody said it.
LikingsSummary value_of(const Api& api, const Slot& slot) {
  std::optional<double> cost;
  if (slot.attention_cost > 0) cost = slot.attention_cost;
  return api.engine.likings().summary(slot.name, cost);
}

// Of one slot, or of all.
void value_report(Api& api, CallPointer call) {
  const auto slots = api.engine.slots().get();
  if (const std::string* asked = call->query.find("slot")) {
    const auto known = slots->find(*asked);
    if (known == slots->end()) return answer_unknown_slot(*slots, *call, *asked);
    return later(api, std::move(call), [&api, of = known->second](const CallPointer& waiting) {
      waiting->reply_json(200, with_purpose(api, of.name, to_json(value_of(api, of))));
    });
  }
  later(api, std::move(call), [&api, slots](const CallPointer& waiting) {
    std::string body;
    JsonWriter json(body);
    json.begin_object().key("slots").begin_array();
    for (const auto& [name, slot] : *slots) json.raw(to_json(value_of(api, slot)));
    json.end_array().end_object();
    waiting->reply_json(200, body);
  });
}

void scale_report(Api& api, CallPointer call) {
  const std::string* slot = call->query.find("slot");
  FieldErrors errors;
  if (slot == nullptr || slot->empty()) errors.push_back({"?slot", "is required"});
  double lift = kScaleLift;
  if (const std::string* asked = call->query.find("lift")) {
    const auto [end, failure] = std::from_chars(asked->data(), asked->data() + asked->size(), lift);
    if (failure != std::errc{} || end != asked->data() + asked->size() || !(lift > 0) ||
        lift > kScaleLiftMax)
      errors.push_back({"?lift", "must be a share above 0, like 0.1 for ten per cent"});
  }
  if (answer_errors(*call, errors)) return;
  const auto slots = api.engine.slots().get();
  const auto known = slots->find(*slot);
  if (known == slots->end()) return answer_unknown_slot(*slots, *call, *slot);
  const auto sums = api.engine.lift().sums(*slot);
  if (!sums) return call->problem(sums.error());
  ScaleQuestion question = scale_question(known->second, *sums, api.engine.clock().now_ms());
  question.lift = lift;
  const Scale known_by = scale(question);
  later(api, std::move(call),
        [&api, of = known->second, answer = to_json(known_by)](const CallPointer& waiting) {
          const std::string value = to_json(value_of(api, of));
          waiting->reply_json(200, with_purpose(api, of.name, with_member(answer, "value", value)));
        });
}

// Of one slot, or of all that compare anything.
void sources_report(Api& api, CallPointer call) {
  const auto slots = api.engine.slots().get();
  const std::string* asked = call->query.find("slot");
  if (asked != nullptr && !slots->contains(*asked))
    return answer_unknown_slot(*slots, *call, *asked);
  const std::string wanted = asked == nullptr ? "" : *asked;
  later(api, std::move(call), [&api, slots, wanted](const CallPointer& waiting) {
    std::vector<SlotSources> all;
    for (const auto& [name, slot] : *slots) {
      if (!wanted.empty() && name != wanted) continue;
      // A slot made just now the fold has not met yet.
      const auto sums = api.engine.lift().sums(name);
      all.push_back({name, summarize_sources(slot, sums ? *sums : SlotLift{})});
    }
    waiting->reply_json(200, to_json(all));
  });
}

}  // namespace

std::span<const Route> report_routes() {
  static constexpr Route kRoutes[] = {
      {"GET", "/v1/reports/lift", Role::kSecret, 0, lift_report, "reports",
       "Is anybody better off? Treated against holdout, by person, with an interval"},
      {"GET", "/v1/reports/sources", Role::kSecret, 0, sources_report, "reports",
       "What each source of data bought: the treated against people for whom it is left out"},
      {"GET", "/v1/reports/scale", Role::kSecret, 0, scale_report, "reports",
       "Whether there is enough traffic to know a lift, how soon, and for how small groups"},
      {"GET", "/v1/reports/value", Role::kSecret, 0, value_report, "reports",
       "Is the best topic different for different people? Whether to treat them differently"},
      {"GET", "/v1/slots/{name}/figures", Role::kSecret, 0, slot_figures, "reports",
       "How far the slot's bets go, whether they hit, and what they cost"},
      {"GET", "/v1/bets/{id}/figures", Role::kSecret, 0, bet_figures, "reports",
       "The same of one bet, against those whom it left alone"},
  };
  return kRoutes;
}

}  // namespace ante
