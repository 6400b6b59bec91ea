#include "domain/cost.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/json_parser.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "base/time_text.h"
#include "domain/ids.h"
#include "domain/json_fields.h"
#include "domain/object_id.h"

namespace ante {

namespace {

constexpr std::size_t kCostJsonBytesMax = 64 * 1024;
constexpr std::size_t kCostTextBytesMax = 1000;

using Names = std::string_view;
constexpr std::array<Names, 11> kCostFields = {"id",   "kind",  "slot", "amount", "currency", "per",
                                               "from", "until", "note", "owner",  "version"};
constexpr std::array<Names, 5> kWorthFields = {"slot", "margin", "currency", "smallestMargin",
                                               "version"};
constexpr std::array<Names, 6> kCostKinds = {"content", "messages",  "compute",
                                             "staff",   "discounts", "other"};
constexpr std::array<Names, 4> kCostPers = {"once", "month", "decision", "message"};

// The number of the word among `words`; what is missing or unknown is refused with all of them.
std::size_t read_cost_word(const JsonFields& fields, std::string_view name,
                           std::span<const std::string_view> words, std::string_view what) {
  std::string all;
  for (std::size_t i = 0; i < words.size(); ++i)
    all += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + std::string(words[i]);
  const auto text = fields.text(name, 1, kCostTextBytesMax);
  if (!text) {
    if (!fields.get(name)) fields.refuse(name, "is missing: " + std::string(what) + "? " + all);
    return 0;
  }
  const auto found = std::ranges::find(words, *text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  fields.refuse(name, "must be " + all + ", found '" + text->substr(0, 40) + "'." +
                          did_you_mean(*text, words));
  return 0;
}

std::string read_cost_currency(const JsonFields& fields) {
  const auto text = fields.text("currency", 1, kCostTextBytesMax);
  if (!text) return "";
  const bool letters = std::ranges::all_of(*text, [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!letters || text->size() != 3)
    fields.refuse("currency",
                  "must be three capital letters like EUR, found '" + text->substr(0, 40) + "'");
  return *text;
}

double read_cost_amount(const JsonFields& fields) {
  const auto amount = fields.number("amount", -kCostAmountMax, kCostAmountMax);
  if (!amount && !fields.get("amount")) fields.refuse("amount", "is missing: what does it cost?");
  if (amount.value_or(0) >= 0) return amount.value_or(0);
  fields.refuse("amount",
                "must not be below 0: what brings money is a gain, and it is measured against the "
                "holdout; say what it is worth with PUT /v1/worth/{slot}");
  return 0;
}

void read_cost_times(const JsonFields& fields, Cost& cost) {
  if (const auto from = fields.time("from"))
    cost.from_ms = *from;
  else if (!fields.get("from"))
    fields.refuse("from", "is missing: since when? As 2026-11-01T00:00:00Z");
  cost.until_ms = fields.time("until");
  if (cost.until_ms && *cost.until_ms <= cost.from_ms)
    fields.refuse("until", "must be after 'from' (" + format_time(cost.from_ms) + "), found " +
                               format_time(*cost.until_ms));
  if (cost.until_ms && cost.per == CostPer::kOnce)
    fields.refuse("until", "has no meaning for what is paid once: leave it out");
}

Result<simdjson::dom::object> cost_object(JsonParser& parser, std::string_view json,
                                          std::string_view what) {
  const simdjson::dom::element root = TRY(parser.parse(json));
  simdjson::dom::object object;
  if (root.get(object) == simdjson::SUCCESS) return object;
  return invalid_argument("#: " + std::string(what) + " must be an object, found " +
                          json_kind(root));
}

}  // namespace

const char* to_string(CostKind kind) { return kCostKinds[static_cast<std::size_t>(kind)].data(); }
const char* to_string(CostPer per) { return kCostPers[static_cast<std::size_t>(per)].data(); }

Result<Cost> cost_from_json(std::string_view id, std::string_view json) {
  TRY(check_object_id(id, "#/id: a cost's id", "editors-2026"));
  JsonParser parser(kCostJsonBytesMax);
  const simdjson::dom::object object = TRY(cost_object(parser, json, "a cost"));
  JsonRefusal refusal;
  const JsonFields fields(object, "#", kCostFields, refusal);
  Cost cost;
  cost.id = std::string(id);
  if (const auto own = fields.text("id", 1, kObjectIdBytesMax); own && *own != id)
    fields.refuse("id", "must be '" + cost.id + "' like the address, found '" + *own + "'");
  cost.kind = static_cast<CostKind>(read_cost_word(fields, "kind", kCostKinds, "what is paid for"));
  cost.slot = fields.text("slot", 1, kIdBytesMax).value_or("");
  cost.amount = read_cost_amount(fields);
  cost.currency = read_cost_currency(fields);
  cost.per = static_cast<CostPer>(read_cost_word(fields, "per", kCostPers, "how often is it paid"));
  read_cost_times(fields, cost);
  cost.note = fields.line("note", 1, kCostTextBytesMax).value_or("");
  cost.owner = fields.line("owner", 1, kCostTextBytesMax).value_or("");
  if (cost.owner.empty() && !fields.get("owner"))
    fields.refuse("owner", "is missing: who answers for this number?");
  cost.version = static_cast<std::uint64_t>(fields.integer("version", 0, INT64_MAX).value_or(0));
  if (refusal.first) return *refusal.first;
  return cost;
}

std::string cost_to_json(const Cost& cost) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("id", cost.id).field("kind", to_string(cost.kind));
  if (!cost.slot.empty()) json.field("slot", cost.slot);
  json.field("amount", cost.amount);
  if (!cost.currency.empty()) json.field("currency", cost.currency);
  json.field("per", to_string(cost.per)).field("from", format_time(cost.from_ms));
  if (cost.until_ms) json.field("until", format_time(*cost.until_ms));
  if (!cost.note.empty()) json.field("note", cost.note);
  json.field("owner", cost.owner).field("version", cost.version).end_object();
  return out;
}

Result<SlotWorth> worth_from_json(std::string_view slot, std::string_view json) {
  JsonParser parser(kCostJsonBytesMax);
  const simdjson::dom::object object = TRY(cost_object(parser, json, "what a slot is worth"));
  JsonRefusal refusal;
  const JsonFields fields(object, "#", kWorthFields, refusal);
  SlotWorth worth;
  worth.slot = std::string(slot);
  if (const auto own = fields.text("slot", 1, kIdBytesMax); own && *own != slot)
    fields.refuse("slot", "must be '" + worth.slot + "' like the address, found '" + *own + "'");
  const auto margin = fields.number("margin", kMarginMin, kMarginMax);
  if (!margin && !fields.get("margin"))
    fields.refuse("margin", "is missing: how much money does one unit of the slot's reward bring?");
  worth.margin = margin.value_or(worth.margin);
  worth.currency = read_cost_currency(fields);
  worth.smallest_margin = fields.number("smallestMargin", kMarginMin, kMarginMax);
  if (margin && worth.smallest_margin && *worth.smallest_margin > *margin)
    fields.refuse("smallestMargin", "must not be above 'margin': it is what you are sure of");
  worth.version = static_cast<std::uint64_t>(fields.integer("version", 0, INT64_MAX).value_or(0));
  if (refusal.first) return *refusal.first;
  return worth;
}

std::string worth_to_json(const SlotWorth& worth) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("slot", worth.slot).field("margin", worth.margin);
  if (!worth.currency.empty()) json.field("currency", worth.currency);
  if (worth.smallest_margin) json.field("smallestMargin", *worth.smallest_margin);
  json.field("version", worth.version).end_object();
  return out;
}

}  // namespace ante
