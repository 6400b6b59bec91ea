#include "events/record_builder.h"

#include <algorithm>

#include "base/json_writer.h"
#include "events/schema.h"
#include "events/traits.h"

namespace ante {

namespace {

bool has_link(const PersonState* state, PersonHash other) {
  return state != nullptr && std::any_of(state->links.begin(), state->links.end(),
                                         [&](const Link& link) { return link.other == other; });
}

// How an event is called that its sender does not name.
std::string event_name(const Message& message) {
  switch (message.type) {
    case MessageType::kTrack:
      return std::string(message.event);
    case MessageType::kPage:
    case MessageType::kScreen:
      return std::string(message.name.empty() ? to_string(message.type) : message.name);
    case MessageType::kIdentify:
      return "Identify";
    case MessageType::kGroup:
      return "Group";
    case MessageType::kAlias:
      return "Alias";
  }
  return {};
}

EventKind event_kind(const Message& message) {
  switch (message.type) {
    case MessageType::kTrack:
      return kind_of_event(message.event);
    case MessageType::kPage:
    case MessageType::kScreen:
      return EventKind::kPage;
    case MessageType::kIdentify:
    case MessageType::kGroup:
    case MessageType::kAlias:
      return EventKind::kOther;
  }
  return EventKind::kOther;
}

bool has_properties(MessageType type) {
  return type == MessageType::kTrack || type == MessageType::kPage || type == MessageType::kScreen;
}

}  // namespace

RecordBuilder::Person RecordBuilder::person_of(RoutingKind kind, const std::string& id) {
  Person person{{kind, id}, {}, nullptr};
  person.hash = person_hash(context_.person_key, context_.caller.tenant, person.routing);
  const auto [place, added] = seen_.try_emplace(person.hash);
  if (added) place->second = context_.people.find(person.hash);
  person.state = place->second;
  return person;
}

bool RecordBuilder::may_claim(const std::string& user_id) const {
  return context_.caller.key == KeyClass::kSecret || context_.options.trust_browser ||
         context_.caller.person == user_id;
}

std::optional<Refusal> RecordBuilder::check_caller(const Message& message) const {
  if (context_.caller.key == KeyClass::kSecret) return std::nullopt;
  if (message.anonymous_id.empty() && context_.caller.person != message.user_id) {
    return Refusal{
        "forbidden", "/anonymousId",
        "a publishable key writes for an anonymousId; for a userId alone use a secret key or that "
        "person's token"};
  }
  const bool own = message.previous_id == message.anonymous_id || context_.options.trust_browser;
  if (message.type == MessageType::kAlias && !own) {
    return Refusal{
        "forbidden", "/previousId",
        "a publishable key can only alias the anonymousId it writes for; use a secret key"};
  }
  return std::nullopt;
}

void RecordBuilder::believe_token(const Message& message, Event& event) const {
  if (context_.options.tokens == nullptr) return;
  const auto given = member(message.properties, "anteToken");
  std::string_view text;
  if (!given || given->get(text) != simdjson::SUCCESS) return;
  const auto token = context_.options.tokens->verify(text);
  if (token && token->tenant == context_.caller.tenant) event.decision = token->decision;
}

std::optional<Refusal> RecordBuilder::read_event(const Message& message, const BatchCommon& common,
                                                 const Occurred& occurred, Event& event,
                                                 std::vector<Fact>& facts) const {
  event.kind = event_kind(message);
  event.source = context_.source;
  event.name = event_name(message);
  event.clock_adjusted = occurred.adjusted;
  event.invited = is_invited(message.context ? message.context : common.context);
  if (has_properties(message.type)) {
    if (auto problem = read_properties(message.properties, event)) return problem;
    believe_token(message, event);
    if (!event.decision)
      event.decision = decision_of_page(message.context ? message.context : common.context);
  }
  if (event.kind == EventKind::kAnswered) {
    if (auto problem = read_answer(message.properties, occurred.at_ms, facts)) return problem;
  }
  if (message.type == MessageType::kIdentify) {
    const bool told = context_.source == EventSource::kBrowser;
    if (auto problem = read_traits(message.traits, told ? Provenance::kTold : Provenance::kImported,
                                   occurred.at_ms, facts)) {
      return problem;
    }
  }
  return std::nullopt;
}

Consent RecordBuilder::consent_of(const Person& person) const {
  if (person.state == nullptr) return {};
  if (person.state->links.empty()) return person.state->consent;
  return context_.people.person(person.hash).state->consent;
}

NewRecord RecordBuilder::record_for(const Person& person, RecordKind kind, TimeMs occurred_ms,
                                    std::string body) const {
  NewRecord record;
  record.partition = partition_of(person.hash);
  record.header = {kind, context_.caller.tenant, person.hash, occurred_ms, context_.now_ms};
  record.body = std::move(body);
  if (person.state == nullptr) record.identity = person.routing;
  return record;
}

std::optional<MessageKey> RecordBuilder::part_key(const Person& person, const Message& message,
                                                  std::string_view part) const {
  if (message.message_id.empty()) return std::nullopt;
  if (part.empty()) return message_key(person.hash, message.message_id);
  return message_key(person.hash, message.message_id + "\n" + std::string(part));
}

// A decision that was shown, said by an event. The slot is 0 unless the event names it: who joins
// finds the decision by its id.
void RecordBuilder::add_activation(const Person& person, const Message& message, const Event& event,
                                   TimeMs at_ms) {
  Activation activation;
  activation.decision = *event.decision;
  std::string_view slot;
  if (const auto given = member(message.properties, "slot");
      given && given->get(slot) == simdjson::SUCCESS) {
    activation.slot = slot_key(slot);
  }
  for (const EventItem& item : event.items) {
    if (activation.items.size() < kSlatePlacesMax) activation.items.push_back(item.key);
  }
  NewRecord record = record_for(person, RecordKind::kActivation, at_ms, encode(activation));
  record.dedup = message_key(person.hash, activation_message_id(activation));
  records.push_back(std::move(record));
}

std::optional<Refusal> RecordBuilder::add(const Message& message, const BatchCommon& common) {
  if (auto problem = check_caller(message)) return problem;
  const bool anonymous = !message.anonymous_id.empty();
  const Person person = person_of(anonymous ? RoutingKind::kAnonymous : RoutingKind::kUser,
                                  anonymous ? message.anonymous_id : message.user_id);
  if (context_.source == EventSource::kImport && person.state != nullptr && person.state->erased) {
    return Refusal{"erased", anonymous ? "/anonymousId" : "/userId",
                   "this person was erased and is not imported again"};
  }
  const bool browser = context_.source == EventSource::kBrowser;
  const Occurred occurred =
      occurred_at(message, common, context_.now_ms, browser ? kBrowserEventAgeMsMax : 0);
  Event event;
  std::vector<Fact> facts;
  if (auto problem = read_event(message, common, occurred, event, facts)) return problem;

  const Consent held = consent_of(person);
  event.consent = read_consent(message.context, held);
  if (!event.consent) event.consent = read_consent(common.context, held);
  if (!event.consent.value_or(held).store) {
    if (!event.consent) {
      ++unstored;
      return std::nullopt;
    }
    // Only that nothing may be stored is stored.
    const std::string bits(1, static_cast<char>(consent_bits(*event.consent)));
    primary.push_back(records.size());
    records.push_back(record_for(person, RecordKind::kConsent, occurred.at_ms, bits));
    records.back().dedup = part_key(person, message, "");
    return std::nullopt;
  }
  event.use_for_decisions =
      used_for_decisions(message.integrations ? message.integrations : common.integrations);
  resolve_items(context_.catalog, event);
  std::optional<Person> user;
  if (anonymous && !message.user_id.empty()) {
    user = person_of(RoutingKind::kUser, message.user_id);
    if (!may_claim(message.user_id)) event.claim = user->hash;
  }

  primary.push_back(records.size());
  records.push_back(record_for(person, RecordKind::kEvent, occurred.at_ms, encode(event)));
  records.back().dedup = part_key(person, message, "");
  if (message.type == MessageType::kGroup) {
    std::string value;
    append_json_string(value, message.group_id);
    facts.push_back({"group",
                     std::move(value),
                     browser ? Provenance::kTold : Provenance::kImported,
                     occurred.at_ms,
                     {}});
  }
  if (!facts.empty()) {
    records.push_back(
        record_for(person, RecordKind::kFacts, occurred.at_ms, encode(FactSet{std::move(facts)})));
    records.back().dedup = part_key(person, message, "facts");
  }
  if (event.decision && message.type == MessageType::kTrack && is_decision_shown(message.event)) {
    add_activation(person, message, event, occurred.at_ms);
  }
  add_claims(person, message, user);
  return std::nullopt;
}

std::optional<Refusal> RecordBuilder::add_facts(const std::string& user_id, std::vector<Fact> facts,
                                                TimeMs at_ms) {
  const Person person = person_of(RoutingKind::kUser, user_id);
  if (person.state != nullptr && person.state->erased) {
    return Refusal{"erased", "/userId", "this person was erased and is not imported again"};
  }
  primary.push_back(records.size());
  records.push_back(
      record_for(person, RecordKind::kFacts, at_ms, encode(FactSet{std::move(facts)})));
  return std::nullopt;
}

void RecordBuilder::add_claims(const Person& person, const Message& message,
                               const std::optional<Person>& user) {
  if (user && may_claim(message.user_id)) link(person, *user);
  if (message.type != MessageType::kAlias || !may_claim(message.user_id)) return;
  // The previous id is a userId where we know such a user, else an anonymousId.
  Person previous = person_of(RoutingKind::kUser, message.previous_id);
  if (previous.state == nullptr) previous = person_of(RoutingKind::kAnonymous, message.previous_id);
  link(previous, user ? *user : person);
}

std::size_t RecordBuilder::group_of(PersonHash person) {
  if (const auto found = group_by_person_.find(person); found != group_by_person_.end())
    return found->second;
  const std::size_t group = groups_.size();
  groups_.push_back(context_.people.person(person).members);
  for (const PersonHash member : groups_.back()) group_by_person_.emplace(member, group);
  return group_by_person_.at(person);
}

void RecordBuilder::link(const Person& a, const Person& b) {
  if (a.hash == b.hash) return;
  const bool half_a = has_link(a.state.get(), b.hash);
  const bool half_b = has_link(b.state.get(), a.hash);
  const std::size_t group_a = group_of(a.hash);
  const std::size_t group_b = group_of(b.hash);
  if (group_a == group_b && half_a == half_b) return;  // together already, or in this call
  if (group_a != group_b) {
    if (groups_[group_a].size() + groups_[group_b].size() > kLinkMembersMax) {
      ++links_refused;
      return;
    }
    for (const PersonHash member : groups_[group_b]) {
      groups_[group_a].push_back(member);
      group_by_person_[member] = group_a;
    }
    groups_[group_b].clear();
  }
  const TimeMs first_a = a.state != nullptr ? a.state->first_seen_ms : context_.now_ms;
  const TimeMs first_b = b.state != nullptr ? b.state->first_seen_ms : context_.now_ms;
  const auto write = [&](const Person& member, const Person& other, TimeMs other_first) {
    records.push_back(record_for(member, RecordKind::kLink, context_.now_ms,
                                 encode(Link{other.hash, other_first, true})));
  };
  if (first_a <= first_b) {
    write(a, b, first_b);
    write(b, a, first_a);
  } else {
    write(b, a, first_a);
    write(a, b, first_b);
  }
}

}  // namespace ante
