#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

#include "base/json_parser.h"
#include "base/json_text.h"
#include "base/json_writer.h"
#include "base/time_text.h"
#include "domain/item.h"
#include "domain/json_fields.h"

namespace ante {

namespace {

constexpr std::size_t kUrlBytesMax = 2048;
constexpr std::size_t kTitleBytesMax = 1000;
constexpr std::size_t kKindBytesMax = 64;
constexpr std::size_t kTopicBytesMax = 128;
constexpr double kPriceMax = 1e12;  // of a currency's unit
constexpr double kMicros = 1e6;
constexpr std::int64_t kStockMax = 1'000'000'000'000;
constexpr double kRadiusKmMax = 20'100;  // half around the earth

constexpr std::array<std::string_view, 21> kItemFields = {
    "id",        "url",      "title",       "text",      "image",     "kind",  "topics",
    "needs",     "group",    "publishedAt", "expiresAt", "evergreen", "price", "available",
    "withdrawn", "mustRead", "repeatable",  "intent",    "offer",     "attrs", "version"};
constexpr std::array<std::string_view, 2> kPriceFields = {"amount", "currency"};
constexpr std::array<std::string_view, 7> kOfferFields = {
    "validFrom", "validUntil", "stock", "store", "radiusKm", "margin", "onePerPerson"};

void check_id(const JsonFields& fields, const std::string& id) {
  const auto control = [](char c) { return static_cast<std::uint8_t>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(id.begin(), id.end(), control))
    fields.refuse("id", "must not contain control characters");
}

void read_price(const JsonFields& fields, Item& item) {
  const auto price = fields.object("price", kPriceFields);
  if (!price) return;
  const auto amount = price->number("amount", 0, kPriceMax);
  const auto currency = price->text("currency", 3, 3);
  if (!price->get("amount")) price->refuse("amount", "must be there");
  if (!price->get("currency")) price->refuse("currency", "must be there, like \"EUR\"");
  if (!amount || !currency) return;
  const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (!std::all_of(currency->begin(), currency->end(), capital)) {
    price->refuse("currency", "must be three capital letters of ISO 4217, like \"EUR\", found '" +
                                  *currency + "'");
  }
  item.price = Price{std::llround(*amount * kMicros), *currency};
}

void read_offer(const JsonFields& fields, Item& item) {
  const auto given = fields.object("offer", kOfferFields);
  if (!given) return;
  Offer offer;
  offer.valid_from_ms = given->time("validFrom");
  offer.valid_until_ms = given->time("validUntil");
  if (offer.valid_from_ms && offer.valid_until_ms && *offer.valid_until_ms < *offer.valid_from_ms) {
    given->refuse("validUntil", "must not be before validFrom");
  }
  offer.stock = given->integer("stock", 0, kStockMax);
  offer.store = given->text("store", 1, kIdBytesMax).value_or("");
  offer.radius_km = given->number("radiusKm", 0, kRadiusKmMax);
  offer.margin = given->number("margin", 0, 1);
  offer.one_per_person = given->boolean("onePerPerson").value_or(false);
  item.offer = offer;
}

void read_intent(const JsonFields& fields, Item& item) {
  const auto intent = fields.text("intent", 1, kKindBytesMax);
  if (!intent) return;
  if (*intent == "sell")
    item.intent = Intent::kSell;
  else if (*intent != "serve")
    fields.refuse("intent", "must be serve or sell, found '" + *intent + "'");
}

void read_attrs(const JsonFields& fields, Item& item) {
  const auto attrs = fields.get("attrs");
  if (!attrs) return;
  if (!attrs->is_object()) {
    fields.refuse("attrs", std::string("must be an object, found ") + json_kind(*attrs));
    return;
  }
  item.attrs_json = json_text(*attrs);
}

void read_topics(const JsonFields& fields, Item& item) {
  if (auto topics = fields.texts("topics", kItemTopicsMax, kTopicBytesMax)) {
    // The same topic twice says nothing more.
    for (std::string& topic : *topics) {
      if (std::find(item.topics.begin(), item.topics.end(), topic) == item.topics.end()) {
        item.topic_keys.push_back(topic_key(topic));
        item.topics.push_back(std::move(topic));
      }
    }
  }
  if (auto needs = fields.texts("needs", kItemNeedsMax, kTopicBytesMax))
    item.needs = std::move(*needs);
}

Result<Item> item_from_dom(simdjson::dom::element root) {
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS) {
    return invalid_argument(std::string("#: an item must be an object, found ") + json_kind(root));
  }
  JsonRefusal refusal;
  const JsonFields fields(object, "#", kItemFields, refusal);
  Item item;
  if (const auto id = fields.text("id", 1, kIdBytesMax))
    item.id = *id;
  else
    fields.refuse("id", "an item must have an id");
  check_id(fields, item.id);
  item.key = item_key(item.id);
  item.url = fields.text("url", 0, kUrlBytesMax).value_or("");
  item.title = fields.text("title", 0, kTitleBytesMax).value_or("");
  item.text = fields.text("text", 0, kItemBytesMax).value_or("");
  item.image = fields.text("image", 0, kUrlBytesMax).value_or("");
  item.kind = fields.text("kind", 0, kKindBytesMax).value_or("");
  item.group = fields.text("group", 0, kIdBytesMax).value_or("");
  read_topics(fields, item);
  item.published_at_ms = fields.time("publishedAt").value_or(0);
  item.expires_at_ms = fields.time("expiresAt");
  item.evergreen = fields.boolean("evergreen").value_or(false);
  item.available = fields.boolean("available").value_or(true);
  item.withdrawn = fields.boolean("withdrawn").value_or(false);
  item.must_read = fields.boolean("mustRead").value_or(false);
  item.repeatable = fields.boolean("repeatable").value_or(false);
  read_price(fields, item);
  read_intent(fields, item);
  read_offer(fields, item);
  read_attrs(fields, item);
  item.version = static_cast<std::uint64_t>(fields.integer("version", 0, INT64_MAX).value_or(0));
  if (refusal.first) return *refusal.first;
  return item;
}

// RFC 7396.
void write_merged(JsonWriter& json, const simdjson::dom::element* target,
                  simdjson::dom::element patch) {
  simdjson::dom::object changes;
  if (patch.get(changes) != simdjson::SUCCESS) {
    json.raw(json_text(patch));
    return;
  }
  std::unordered_map<std::string_view, simdjson::dom::element> changed;
  for (const auto member : changes) changed.emplace(member.key, member.value);
  json.begin_object();
  simdjson::dom::object before;
  if (target != nullptr && target->get(before) == simdjson::SUCCESS) {
    for (const auto member : before) {
      const auto change = changed.find(member.key);
      if (change == changed.end()) {
        json.key(member.key).raw(json_text(member.value));
        continue;
      }
      if (!change->second.is_null()) {
        const simdjson::dom::element value = member.value;
        json.key(member.key);
        write_merged(json, &value, change->second);
      }
      changed.erase(change);
    }
  }
  for (const auto member : changes) {  // in the order of the patch
    const auto change = changed.find(member.key);
    if (change == changed.end()) continue;
    if (!change->second.is_null()) {
      json.key(member.key);
      write_merged(json, nullptr, change->second);
    }
    changed.erase(change);
  }
  json.end_object();
}

void write_offer(JsonWriter& json, const Offer& offer) {
  json.key("offer").begin_object();
  if (offer.valid_from_ms) json.field("validFrom", format_time(*offer.valid_from_ms));
  if (offer.valid_until_ms) json.field("validUntil", format_time(*offer.valid_until_ms));
  if (offer.stock) json.field("stock", *offer.stock);
  if (!offer.store.empty()) json.field("store", offer.store);
  if (offer.radius_km) json.field("radiusKm", *offer.radius_km);
  if (offer.margin) json.field("margin", *offer.margin);
  if (offer.one_per_person) json.field("onePerPerson", true);
  json.end_object();
}

}  // namespace

Result<Item> item_from_json(std::string_view json) {
  JsonParser parser(kItemBytesMax);
  return item_from_dom(TRY(parser.parse(json)));
}

Result<Item> item_patched(const Item& item, std::string_view merge_patch_json) {
  JsonParser patch_parser(kItemBytesMax);
  const simdjson::dom::element patch = TRY(patch_parser.parse(merge_patch_json));
  if (!patch.is_object()) {
    return invalid_argument(std::string("#: a merge patch of an item must be an object, found ") +
                            json_kind(patch));
  }
  const std::string before = item_to_json(item);
  JsonParser item_parser(kItemBytesMax * 2);
  const simdjson::dom::element target = TRY(item_parser.parse(before));
  std::string merged;
  JsonWriter json(merged);
  write_merged(json, &target, patch);
  Item patched = TRY(item_from_json(merged));
  if (patched.id != item.id)
    return invalid_argument("#/id: cannot change; this is item '" + item.id + "'");
  patched.version = item.version;
  return patched;
}

std::string item_to_json(const Item& item) {
  std::string out;
  out.reserve(256 + item.title.size() + item.text.size() + item.url.size() +
              item.attrs_json.size());
  JsonWriter json(out);
  json.begin_object().field("id", item.id);
  const auto text = [&json](std::string_view name, const std::string& value) {
    if (!value.empty()) json.field(name, value);
  };
  text("url", item.url);
  text("title", item.title);
  text("text", item.text);
  text("image", item.image);
  text("kind", item.kind);
  text("group", item.group);
  if (!item.topics.empty()) json.texts("topics", item.topics);
  if (!item.needs.empty()) json.texts("needs", item.needs);
  if (item.published_at_ms != 0) json.field("publishedAt", format_time(item.published_at_ms));
  if (item.expires_at_ms) json.field("expiresAt", format_time(*item.expires_at_ms));
  json.field("evergreen", item.evergreen);
  if (item.price) {
    json.key("price").begin_object();
    json.field("amount", static_cast<double>(item.price->amount_micros) / kMicros);
    json.field("currency", item.price->currency).end_object();
  }
  json.field("available", item.available)
      .field("withdrawn", item.withdrawn)
      .field("mustRead", item.must_read);
  json.field("repeatable", item.repeatable)
      .field("intent", item.intent == Intent::kSell ? "sell" : "serve");
  if (item.offer) write_offer(json, *item.offer);
  if (!item.attrs_json.empty()) json.key("attrs").raw(item.attrs_json);
  json.field("version", item.version).end_object();
  return out;
}

}  // namespace ante
