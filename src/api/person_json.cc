#include "api/person_json.h"

#include <algorithm>

#include "api/decide_answer.h"
#include "base/json_writer.h"
#include "base/time_text.h"

namespace ante {
namespace {

constexpr std::size_t kLogValuesAtOnce = 256;

const char* to_string(RoutingKind kind) {
  return kind == RoutingKind::kAnonymous ? "anonymous" : "user";
}

TimeMs from_seconds(std::uint32_t seconds) { return static_cast<TimeMs>(seconds) * kSecondMs; }

const char* kind_name(EventKind kind) {
  switch (kind) {
    case EventKind::kOther:
      return "other";
    case EventKind::kPage:
      return "page";
    case EventKind::kViewed:
      return "viewed";
    case EventKind::kListViewed:
      return "listViewed";
    case EventKind::kClicked:
      return "clicked";
    case EventKind::kArticleRead:
      return "articleRead";
    case EventKind::kAddedToCart:
      return "addedToCart";
    case EventKind::kPurchased:
      return "purchased";
    case EventKind::kRefunded:
      return "refunded";
    case EventKind::kRemovedFromCart:
      return "removedFromCart";
    case EventKind::kPinned:
      return "pinned";
    case EventKind::kUnpinned:
      return "unpinned";
    case EventKind::kSearched:
      return "searched";
    case EventKind::kNotForMe:
      return "notForMe";
    case EventKind::kShared:
      return "shared";
    case EventKind::kAnswered:
      return "answered";
    case EventKind::kExperimentViewed:
      return "experimentViewed";
    case EventKind::kChannelOutcome:
      return "channelOutcome";
    case EventKind::kMoreLikeThis:
      return "moreLikeThis";
    case EventKind::kLessLikeThis:
      return "lessLikeThis";
    case EventKind::kTopicFollowed:
      return "topicFollowed";
    case EventKind::kTopicUnfollowed:
      return "topicUnfollowed";
  }
  return "other";
}

void append_item_ref(JsonWriter& json, ItemKey key, std::uint32_t at_s,
                     const CatalogView& catalog) {
  const std::string_view id = item_id_of(key, catalog, nullptr);
  json.begin_object();
  id.empty() ? json.key("id").null() : json.key("id").string(id);
  json.field("at", format_time(from_seconds(at_s)));
}

void append_items(JsonWriter& json, std::string_view name, const std::vector<HiddenItem>& items,
                  const char* provenance, const CatalogView& catalog) {
  json.key(name).begin_array();
  for (const HiddenItem& item : items) {
    append_item_ref(json, item.item, item.at_s, catalog);
    json.field("kind", provenance).end_object();
  }
  json.end_array();
}

void append_interests(JsonWriter& json, const PersonState& state, const CatalogView& catalog) {
  json.key("interests").begin_array();
  for (const TopicInterest& interest : state.topics) {
    json.begin_object().field("topic", catalog.topic_name(interest.topic));
    json.field("kind", interest.told != 0 ? "told" : "noticed");
    json.field("told", interest.told).field("visit", interest.visit);
    json.field("lasting", interest.lasting);
    json.field("at", format_time(from_seconds(interest.last_event_s))).end_object();
  }
  json.end_array();
}

void append_facts(JsonWriter& json, const std::vector<Fact>& facts) {
  json.begin_array();
  for (const Fact& fact : facts) {
    json.begin_object().field("name", fact.name).key("value").raw(fact.value_json);
    json.field("kind", to_string(fact.provenance)).field("at", format_time(fact.at_ms));
    if (fact.expires_at_ms) json.field("expiresAt", format_time(*fact.expires_at_ms));
    json.end_object();
  }
  json.end_array();
}

void append_event(JsonWriter& json, const Event& event) {
  json.field("event", event.name).field("kind", kind_name(event.kind));
  json.key("items").begin_array();
  for (const EventItem& item : event.items) json.string(item.id);
  json.end_array();
  if (event.value) json.field("value", *event.value);
  if (!event.query.empty()) json.field("query", event.query);
  if (event.decision) json.field("decisionId", to_string(*event.decision));
  if (!event.properties_json.empty()) json.key("properties").raw(event.properties_json);
}

void append_decision(JsonWriter& json, const Decision& decision) {
  json.field("decisionId", to_string(decision.id)).field("slot", decision.slot_name);
  json.field("outcome", to_string(decision.outcome)).field("arm", to_string(decision.arm));
  json.key("items").begin_array();
  for (const Placement& placement : decision.served) {
    json.begin_object().field("id", placement.item_id).field("propensity", placement.propensity);
    json.end_object();
  }
  json.end_array().key("reasons").begin_array();
  for (const std::string& reason : decision.reasons) json.string(reason);
  json.end_array();
}

// The members of one record's object that depend on its kind. False: nothing to show.
bool append_body(JsonWriter& json, const CommittedRecord& record) {
  switch (record.header.kind) {
    case RecordKind::kEvent:
      if (const auto event = decode_event(record.body))
        append_event(json.field("record", "event"), *event);
      return true;
    case RecordKind::kFacts:
      json.field("record", "facts").key("facts");
      if (const auto facts = decode_facts(record.body))
        append_facts(json, facts->facts);
      else
        json.null();
      return true;
    case RecordKind::kLink:
      if (const auto link = decode_link(record.body)) {
        json.field("record", "link").field("other", to_string(link->other));
        json.field("verified", link->verified);
      }
      return true;
    case RecordKind::kDecision:
      if (const auto decision = decode_decision(record.body)) {
        append_decision(json.field("record", "decision"), *decision);
      }
      return true;
    case RecordKind::kActivation:
      if (const auto activation = decode_activation(record.body)) {
        json.field("record", "activation").field("decisionId", to_string(activation->decision));
      }
      return true;
    case RecordKind::kReward:
      if (const auto reward = decode_reward(record.body)) {
        json.field("record", "reward").field("decisionId", to_string(reward->decision));
        json.field("measure", reward->measure).field("value", reward->value);
      }
      return true;
    case RecordKind::kConsent:
      json.field("record", "consent");
      return true;
    case RecordKind::kErased:
    case RecordKind::kErase:
    case RecordKind::kItem:
    case RecordKind::kObject:
      return false;
  }
  return false;
}

Result<void> append_records(std::string& out, const Store& store, PersonHash person) {
  const std::uint16_t partition = partition_of(person).value;
  std::uint64_t after = 0;
  while (true) {
    const auto values = TRY(store.read(partition, after, kLogValuesAtOnce));
    const std::uint64_t before = after;
    for (const std::string& value : values) {
      for (const CommittedRecord& record : TRY(decode_log_value(value))) {
        if (record.sequence.value <= after) continue;
        after = record.sequence.value;
        if (record.header.person != person) continue;
        std::string line;
        JsonWriter json(line);
        json.begin_object().field("at", format_time(record.header.occurred_at));
        json.field("receivedAt", format_time(record.header.received_at));
        json.field("sequence", record.sequence.value);
        if (!append_body(json, record)) continue;
        json.end_object();
        if (out.size() + line.size() > kExportBytesMax) {
          return unavailable("this export is larger than one answer may be");
        }
        out.append(line).push_back('\n');
      }
    }
    if (after == before) return {};
  }
}

}  // namespace

void append_person(std::string& out, const PersonView& person, const Members& members,
                   const CatalogView& catalog) {
  const PersonState& state = *person.state;
  JsonWriter json(out);
  json.begin_object().field("id", to_string(person.oldest())).key("ids").begin_array();
  for (const auto& [hash, routing] : members) {
    json.begin_object().field("hash", to_string(hash));
    if (routing) json.field("kind", to_string(routing->kind)).field("id", routing->id);
    json.end_object();
  }
  json.end_array().field("firstSeen", format_time(state.first_seen_ms));
  json.field("lastSeen", format_time(state.last_seen_ms)).field("events", state.events);
  json.field("visits", state.visits).field("purchases", state.purchases);
  json.field("paused", state.paused).field("erased", state.erased);
  json.key("consent").begin_object().field("stated", state.consent_stated);
  json.field("store", state.consent.store).field("profile", state.consent.profile);
  json.field("measure", state.consent.measure).field("email", state.consent.email);
  json.field("push", state.consent.push).end_object();
  json.key("facts");
  append_facts(json, state.facts);
  append_interests(json, state, catalog);
  json.key("recent").begin_array();
  for (const RecentItem& item : state.recent) {
    append_item_ref(json, item.item, item.at_s, catalog);
    json.field("what", kind_name(item.kind)).field("kind", "noticed").end_object();
  }
  json.end_array().key("bought").begin_array();
  for (const BoughtItem& item : state.bought) {
    append_item_ref(json, item.item, item.at_s, catalog);
    json.field("kind", "noticed").end_object();
  }
  json.end_array();
  append_items(json, "hidden", state.hidden, "told", catalog);
  append_items(json, "pinned", state.pinned, "told", catalog);
  json.key("hiddenTopics").begin_array();
  for (const TopicKey topic : state.hidden_topics) json.string(catalog.topic_name(topic));
  json.end_array().end_object();
}

Result<void> append_person_export(std::string& out, Engine& engine, PersonHash person) {
  const PersonView view = engine.people().person(person);
  const Members members = engine.members(person);
  append_person(out, view, members, engine.catalog().view());
  out.push_back('\n');
  for (const PersonHash member : view.members) {
    TRY(append_records(out, engine.store(), member));
  }
  return {};
}

}  // namespace ante
