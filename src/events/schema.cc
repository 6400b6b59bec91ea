#include "events/schema.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/json_text.h"
#include "domain/json_fields.h"

namespace ante {

namespace {

struct NamedKind {
  std::string_view name;  // lower case, letters and digits only
  EventKind kind;
};

// In the order of the names: looked up by halves.
constexpr std::array kNames = std::to_array<NamedKind>({
    {"addedtocart", EventKind::kAddedToCart},
    {"addtocart", EventKind::kAddedToCart},
    {"answergiven", EventKind::kAnswered},
    {"articlebookmarked", EventKind::kPinned},
    {"articleclicked", EventKind::kClicked},
    {"articlelistviewed", EventKind::kListViewed},
    {"articleread", EventKind::kArticleRead},
    {"articleshared", EventKind::kShared},
    {"articleunbookmarked", EventKind::kUnpinned},
    {"articleviewed", EventKind::kViewed},
    {"cartshared", EventKind::kShared},
    {"decisiondismissed", EventKind::kNotForMe},
    {"emailbounced", EventKind::kChannelOutcome},
    {"emaildelivered", EventKind::kChannelOutcome},
    {"emaillinkclicked", EventKind::kChannelOutcome},
    {"emailmarkedasspam", EventKind::kChannelOutcome},
    {"emailopened", EventKind::kChannelOutcome},
    {"experimentviewed", EventKind::kExperimentViewed},
    {"itemclicked", EventKind::kClicked},
    {"itemlistviewed", EventKind::kListViewed},
    {"itempinned", EventKind::kPinned},
    {"itemunpinned", EventKind::kUnpinned},
    {"itemviewed", EventKind::kViewed},
    {"lesslikethis", EventKind::kLessLikeThis},
    {"morelikethis", EventKind::kMoreLikeThis},
    {"notforme", EventKind::kNotForMe},
    {"ordercompleted", EventKind::kPurchased},
    {"orderrefunded", EventKind::kRefunded},
    {"pinned", EventKind::kPinned},
    {"productadded", EventKind::kAddedToCart},
    {"productaddedtowishlist", EventKind::kPinned},
    {"productclicked", EventKind::kClicked},
    {"productlistviewed", EventKind::kListViewed},
    {"productremoved", EventKind::kRemovedFromCart},
    {"productremovedfromwishlist", EventKind::kUnpinned},
    {"productshared", EventKind::kShared},
    {"productssearched", EventKind::kSearched},
    {"productviewed", EventKind::kViewed},
    {"purchased", EventKind::kPurchased},
    {"search", EventKind::kSearched},
    {"searched", EventKind::kSearched},
    {"topicfollowed", EventKind::kTopicFollowed},
    {"topicunfollowed", EventKind::kTopicUnfollowed},
    {"unpinned", EventKind::kUnpinned},
    {"unsubscribed", EventKind::kChannelOutcome},
});
static_assert(std::is_sorted(kNames.begin(), kNames.end(),
                             [](const NamedKind& a, const NamedKind& b) {
                               return a.name < b.name;
                             }));

constexpr std::size_t kNameBytesMax = 32;  // longer than all of the table
using FoldedName = std::pair<std::array<char, kNameBytesMax>, std::size_t>;

// Lower case, letters and digits only; cut where no name of the table can match any more.
FoldedName folded(std::string_view name) {
  FoldedName out{};
  for (const char c : name) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    const bool kept = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') ||
                      static_cast<std::uint8_t>(lower) >= 0x80;
    if (!kept) continue;
    if (out.second == kNameBytesMax) break;
    out.first[out.second++] = lower;
  }
  return out;
}

std::string_view view_of(const FoldedName& name) { return {name.first.data(), name.second}; }

Refusal refuse(std::string_view reason, std::string pointer, std::string detail) {
  return {reason, std::move(pointer), std::move(detail)};
}

// A number, or a text that is one: shops send "12.50".
std::optional<double> number_of(JsonElement value) {
  double number = 0;
  if (value.get(number) == simdjson::SUCCESS) return number;
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS || text.empty()) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number))
    return std::nullopt;
  return number;
}

// Reads a number within bounds; refuses what is none.
std::optional<Refusal> read_number(std::string_view pointer, JsonElement value, double lowest,
                                   double highest, double& out) {
  const auto number = number_of(value);
  if (!number) {
    return refuse("type", std::string(pointer),
                  std::string("must be a finite number, found ") + json_kind(value));
  }
  if (*number < lowest || *number > highest) {
    return refuse("range", std::string(pointer),
                  "must be from " + std::to_string(static_cast<std::int64_t>(lowest)) + " to " +
                      std::to_string(static_cast<std::int64_t>(highest)));
  }
  out = *number;
  return std::nullopt;
}

// How much a member's name says that it is the item's id; 0 = it is not.
int id_rank(std::string_view key) {
  constexpr std::array<std::string_view, 7> kIdNames = {
      "id", "articleId", "article_id", "productId", "product_id", "item_id", "itemId"};
  for (std::size_t i = 0; i < kIdNames.size(); ++i) {
    if (key == kIdNames[i]) return static_cast<int>(i) + 1;
  }
  return 0;
}

std::optional<Refusal> read_item_member(const std::string& at, std::string_view key,
                                        JsonElement value, EventItem& item) {
  double number = 0;
  if (key == "price") {
    if (auto problem = read_number(at + "/price", value, 0, kPriceMax, number)) return problem;
    item.price_micros = std::llround(number * 1e6);
  } else if (key == "quantity") {
    if (auto problem = read_number(at + "/quantity", value, 1, kQuantityMax, number))
      return problem;
    item.quantity = static_cast<std::uint32_t>(number);
  } else if (key == "position") {
    if (auto problem = read_number(at + "/position", value, 0, UINT16_MAX, number)) return problem;
    item.position = static_cast<std::uint16_t>(number);
  }
  return std::nullopt;
}

std::optional<Refusal> set_id(const std::string& at, std::string_view key, JsonElement value,
                              EventItem& item) {
  auto id = id_text(value);
  if (!id) {
    return refuse("type", at + "/" + std::string(key),
                  std::string("must be a string, found ") + json_kind(value));
  }
  if (id->size() > kIdBytesMax) {
    return refuse("limit", at + "/" + std::string(key),
                  "must have at most " + std::to_string(kIdBytesMax) + " bytes");
  }
  item.id = std::move(*id);
  item.key = item_key(item.id);
  return std::nullopt;
}

// One item: an id alone, or an object with one.
std::optional<Refusal> read_item(const std::string& at, JsonElement element, EventItem& item) {
  simdjson::dom::object object;
  if (element.get(object) != simdjson::SUCCESS) {
    if (auto id = id_text(element); id && !id->empty() && id->size() <= kIdBytesMax) {
      item.id = std::move(*id);
      item.key = item_key(item.id);
      return std::nullopt;
    }
    return refuse("type", at,
                  std::string("must be an object with a product_id, found ") + json_kind(element));
  }
  int best = 0;
  for (const auto field : object) {
    if (field.value.is_null()) continue;
    if (const int rank = id_rank(field.key); rank > best) {
      best = rank;
      if (auto problem = set_id(at, field.key, field.value, item)) return problem;
    } else if (rank == 0) {
      if (auto problem = read_item_member(at, field.key, field.value, item)) return problem;
    }
  }
  if (item.id.empty()) return refuse("schema", at, "needs a product_id");
  return std::nullopt;
}

std::optional<Refusal> read_items(std::string_view name, JsonElement value, Event& event) {
  const std::string at = "/properties/" + std::string(name);
  simdjson::dom::array array;
  if (value.get(array) != simdjson::SUCCESS) {
    return refuse("type", at, std::string("must be an array, found ") + json_kind(value));
  }
  event.items.clear();
  for (const JsonElement element : array) {
    if (event.items.size() == kEventItemsMax) {
      return refuse("limit", at,
                    "must have at most " + std::to_string(kEventItemsMax) +
                        " entries; send the rest as another event");
    }
    EventItem item;
    if (auto problem = read_item(at + "/" + std::to_string(event.items.size()), element, item))
      return problem;
    event.items.push_back(std::move(item));
  }
  return std::nullopt;
}

std::optional<Refusal> read_topics(std::string_view name, JsonElement value, Event& event) {
  const std::string at = "/properties/" + std::string(name);
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) {
    if (!text.empty()) event.topics.push_back(topic_key(text));
    return std::nullopt;
  }
  simdjson::dom::array array;
  if (value.get(array) != simdjson::SUCCESS) return std::nullopt;  // somebody else's field
  for (const JsonElement element : array) {
    if (element.get(text) != simdjson::SUCCESS || text.empty()) continue;
    if (event.topics.size() == kEventTopicsMax) {
      return refuse("limit", at,
                    "must have at most " + std::to_string(kEventTopicsMax) + " entries");
    }
    event.topics.push_back(topic_key(text));
  }
  return std::nullopt;
}

// The longest beginning of at most `bytes_max` bytes that cuts no character.
std::string cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  std::size_t size = bytes_max;
  while (size > 0 && (static_cast<std::uint8_t>(text[size]) & 0xc0) == 0x80) --size;
  return std::string(text.substr(0, size));
}

// Members by their names, as far as the kind of event gives them a meaning.
class PropertyReader {
 public:
  explicit PropertyReader(Event& event) : event_(event) {}

  std::optional<Refusal> read(simdjson::dom::object object) {
    for (const auto field : object) {
      if (field.value.is_null()) continue;
      if (auto problem = field_of(field.key, field.value)) return problem;
    }
    if (!listed_ && !single_.id.empty()) event_.items.push_back(std::move(single_));
    return std::nullopt;
  }

 private:
  std::optional<Refusal> field_of(std::string_view key, JsonElement value) {
    if (const int rank = id_rank(key); rank > 0) return single_id(key, rank, value);
    switch (key.empty() ? '\0' : key[0]) {
      case 'a':
        if (key == "activeSeconds") return active_seconds(key, value);
        break;
      case 'd':
        if (key == "depth") return depth(value);
        if (key == "duration") return active_seconds(key, value);
        if (key == "decisionId") decision(value);
        break;
      case 'f':
        if (key == "finished") return finished(value);
        break;
      case 'i':
        if (key == "items" && value.is_array()) return listed(key, value);
        break;
      case 'k':
      case 'q':
      case 's':
        if (key == "query" || key == "keyword" || key == "search_query") query(value);
        if (key == "quantity") return item_member(key, value);
        break;
      case 'p':
        if (key == "products") return listed(key, value);
        if (key == "price" || key == "position") return item_member(key, value);
        break;
      case 'r':
        if (key == "revenue") return amount(key, 3, value);
        if (key == "reason") reason(value);
        break;
      case 't':
        if (key == "total") return amount(key, 2, value);
        if (key == "topic" || key == "topics") return read_topics(key, value, event_);
        break;
      case 'v':
        if (key == "value") return amount(key, 1, value);
        break;
      default:
        break;
    }
    return std::nullopt;
  }

  bool semantic() const {
    return event_.kind != EventKind::kOther && event_.kind != EventKind::kPage;
  }

  std::optional<Refusal> single_id(std::string_view key, int rank, JsonElement value) {
    if (key == "id" && !semantic()) return std::nullopt;  // of whatever the sender means
    if (rank <= id_rank_) return std::nullopt;
    id_rank_ = rank;
    return set_id("/properties", key, value, single_);
  }

  std::optional<Refusal> item_member(std::string_view key, JsonElement value) {
    if (!semantic()) return std::nullopt;
    return read_item_member("/properties", key, value, single_);
  }

  std::optional<Refusal> listed(std::string_view key, JsonElement value) {
    if (event_.kind == EventKind::kOther && !is_decision_shown(event_.name)) return std::nullopt;
    listed_ = true;
    return read_items(key, value, event_);
  }

  // revenue before total before value; only deeds of ours must have a number there.
  std::optional<Refusal> amount(std::string_view key, int rank, JsonElement value) {
    if (event_.kind == EventKind::kAnswered || rank <= amount_rank_) return std::nullopt;
    if (!semantic()) {
      if (const auto number = number_of(value); number && std::abs(*number) <= kPriceMax) {
        event_.value = *number;
        amount_rank_ = rank;
      }
      return std::nullopt;
    }
    double number = 0;
    if (auto problem =
            read_number("/properties/" + std::string(key), value, -kPriceMax, kPriceMax, number)) {
      return problem;
    }
    event_.value = number;
    amount_rank_ = rank;
    return std::nullopt;
  }

  std::optional<Refusal> depth(JsonElement value) {
    if (event_.kind != EventKind::kArticleRead) return std::nullopt;
    double number = 0;
    if (auto problem = read_number("/properties/depth", value, 0, 100, number)) return problem;
    event_.depth_percent = static_cast<std::uint8_t>(std::lround(number));
    return std::nullopt;
  }

  std::optional<Refusal> active_seconds(std::string_view key, JsonElement value) {
    const bool ours = event_.kind == EventKind::kArticleRead ||
                      (key == "duration" &&
                       (event_.kind == EventKind::kViewed || event_.kind == EventKind::kPage));
    if (!ours) return std::nullopt;
    double number = 0;
    if (auto problem = read_number("/properties/" + std::string(key), value, 0, kPriceMax, number))
      return problem;
    event_.active_ms = static_cast<std::uint32_t>(std::min(number, kActiveSecondsMax) * 1000);
    return std::nullopt;
  }

  std::optional<Refusal> finished(JsonElement value) {
    if (event_.kind != EventKind::kArticleRead) return std::nullopt;
    if (value.get(event_.finished) == simdjson::SUCCESS) return std::nullopt;
    return refuse("type", "/properties/finished",
                  std::string("must be true or false, found ") + json_kind(value));
  }

  void decision(JsonElement value) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) event_.decision = parse_decision_id(text);
  }

  void query(JsonElement value) {
    std::string_view text;
    if (event_.kind == EventKind::kSearched && value.get(text) == simdjson::SUCCESS) {
      event_.query = cut(text, kQueryBytesStoredMax);
    }
  }

  void reason(JsonElement value) {
    std::string_view text;
    if (event_.kind == EventKind::kNotForMe && value.get(text) == simdjson::SUCCESS) {
      event_.reason = cut(text, kReasonBytesStoredMax);
    }
  }

  Event& event_;
  EventItem single_;
  int id_rank_ = 0;
  int amount_rank_ = 0;
  bool listed_ = false;
};

bool flag(const std::optional<JsonElement>& object, std::string_view name, bool before,
          bool& said) {
  const auto value = member(object, name);
  bool out = before;
  if (value && value->get(out) == simdjson::SUCCESS) said = true;
  return out;
}

// Categories are the site's own words: what none of these names changes nothing.
void apply_category(std::string_view name, bool allowed, Consent& consent, bool& said) {
  const FoldedName key = folded(name);
  const std::string_view folded_name = view_of(key);
  const auto is = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), folded_name) != names.end();
  };
  bool* purpose = nullptr;
  if (is({"personalization", "personalisation", "functional", "preferences"}))
    purpose = &consent.profile;
  else if (is({"analytics", "performance", "statistics", "measurement"}))
    purpose = &consent.measure;
  else if (is({"email", "emailmarketing"}))
    purpose = &consent.email;
  else if (is({"push", "pushnotifications"}))
    purpose = &consent.push;
  if (purpose == nullptr) return;
  *purpose = allowed;
  said = true;
}

}  // namespace

EventKind kind_of_event(std::string_view name) {
  const FoldedName key = folded(name);
  const auto found = std::lower_bound(
      kNames.begin(), kNames.end(), view_of(key),
      [](const NamedKind& entry, std::string_view wanted) { return entry.name < wanted; });
  return found != kNames.end() && found->name == view_of(key) ? found->kind : EventKind::kOther;
}

bool is_decision_shown(std::string_view name) { return view_of(folded(name)) == "decisionshown"; }

std::optional<Refusal> read_properties(const std::optional<JsonElement>& properties, Event& event) {
  simdjson::dom::object object;
  if (!properties || properties->get(object) != simdjson::SUCCESS || object.size() == 0)
    return std::nullopt;
  if (auto problem = PropertyReader(event).read(object)) return problem;
  if (event.kind == EventKind::kPage && !event.items.empty()) event.kind = EventKind::kViewed;
  event.properties_json = json_text(*properties);
  return std::nullopt;
}

void resolve_items(const CatalogView& catalog, Event& event) {
  for (EventItem& item : event.items) {
    const Item* found = catalog.find(item.key);
    if (found == nullptr) continue;
    item.known = true;
    item.topics = found->topic_keys;
    if (!found->group.empty()) item.group = item_key(found->group);
    if (item.price_micros == 0 && found->price) item.price_micros = found->price->amount_micros;
    item.repeatable = found->repeatable;
    item.sell = found->intent == Intent::kSell;
  }
}

std::optional<Consent> read_consent(const std::optional<JsonElement>& context,
                                    const Consent& before) {
  const auto stated = member(context, "consent");
  if (!stated) return std::nullopt;
  Consent consent = before;
  bool said = false;
  if (const auto categories = member(stated, "categoryPreferences");
      categories && categories->is_object()) {
    simdjson::dom::object object = categories->get_object().value_unsafe();
    for (const auto field : object) {
      bool allowed = false;
      if (field.value.get(allowed) == simdjson::SUCCESS)
        apply_category(field.key, allowed, consent, said);
    }
  }
  consent.store = flag(stated, "store", consent.store, said);
  consent.profile = flag(stated, "profile", consent.profile, said);
  consent.measure = flag(stated, "measure", consent.measure, said);
  const auto contact = member(stated, "contact");
  consent.email = flag(contact, "email", consent.email, said);
  consent.push = flag(contact, "push", consent.push, said);
  return said ? std::optional(consent) : std::nullopt;
}

bool used_for_decisions(const std::optional<JsonElement>& integrations) {
  const auto is = [&](std::string_view name, bool wanted) {
    const auto value = member(integrations, name);
    bool given = !wanted;
    return value && value->get(given) == simdjson::SUCCESS && given == wanted;
  };
  return !is("All", false) || is("ante", true);
}

std::optional<DecisionId> decision_of_page(const std::optional<JsonElement>& context) {
  const auto page = member(context, "page");
  for (const std::string_view name : {"search", "url"}) {
    const auto value = member(page, name);
    std::string_view text;
    if (!value || value->get(text) != simdjson::SUCCESS) continue;
    for (std::size_t at = text.find("ante=dec_"); at != std::string_view::npos;
         at = text.find("ante=dec_", at + 1)) {
      const bool starts = at > 0 && (text[at - 1] == '?' || text[at - 1] == '&');
      if (!starts) continue;
      if (const auto id = parse_decision_id(text.substr(at + 5, 30))) return id;
    }
  }
  return std::nullopt;
}

bool is_invited(const std::optional<JsonElement>& context) {
  if (const auto campaign = member(context, "campaign")) {
    simdjson::dom::object object;
    if (campaign->get(object) == simdjson::SUCCESS && object.size() > 0) return true;
  }
  const auto page = member(context, "page");
  for (const std::string_view name : {"search", "url"}) {
    const auto value = member(page, name);
    std::string_view text;
    if (!value || value->get(text) != simdjson::SUCCESS) continue;
    for (const std::string_view mark : {"utm_source=", "utm_medium=", "utm_campaign="}) {
      const std::size_t at = text.find(mark);
      if (at != text.npos && at > 0 && (text[at - 1] == '?' || text[at - 1] == '&')) return true;
    }
  }
  return false;
}

}  // namespace ante
