// The records of one call: each message checked against what its sender may do, then written as
// event, facts, activation and links. One builder a call; one thread.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "catalog/catalog.h"
#include "domain/record.h"
#include "events/ingest.h"
#include "events/message.h"
#include "profile/profile_store.h"

namespace ante {

class RecordBuilder {
 public:
  struct Context {
    const ProfileStore& people;
    CatalogView catalog;
    const SecretKey& person_key;
    const IngestOptions& options;
    const IngestCaller& caller;
    EventSource source = EventSource::kBrowser;
    TimeMs now_ms = 0;
  };

  explicit RecordBuilder(Context context) : context_(std::move(context)) {}

  // Adds the records of one message, or says why there are none and adds nothing.
  std::optional<Refusal> add(const Message& message, const BatchCommon& common);

  // Adds imported facts of a person. REQUIRES at least one fact.
  std::optional<Refusal> add_facts(const std::string& user_id, std::vector<Fact> facts,
                                   TimeMs at_ms);

  // What was made so far: `primary` are the places of the records that stand for messages.
  std::vector<NewRecord> records;
  std::vector<std::size_t> primary;
  std::size_t unstored = 0;       // messages of people who allow no storing
  std::size_t links_refused = 0;  // a person has kLinkMembersMax ids already

 private:
  using StatePointer = std::shared_ptr<const PersonState>;
  struct Person {
    RoutingId routing;
    PersonHash hash;
    StatePointer state;  // null = never seen
  };

  Person person_of(RoutingKind kind, const std::string& id);
  std::optional<Refusal> check_caller(const Message& message) const;
  bool may_claim(const std::string& user_id) const;
  std::optional<Refusal> read_event(const Message& message, const BatchCommon& common,
                                    const Occurred& occurred, Event& event,
                                    std::vector<Fact>& facts) const;
  void believe_token(const Message& message, Event& event) const;
  Consent consent_of(const Person& person) const;
  NewRecord record_for(const Person& person, RecordKind kind, TimeMs occurred_ms,
                       std::string body) const;
  std::optional<MessageKey> part_key(const Person& person, const Message& message,
                                     std::string_view part) const;
  void add_activation(const Person& person, const Message& message, const Event& event,
                      TimeMs at_ms);
  void add_claims(const Person& person, const Message& message, const std::optional<Person>& user);
  void link(const Person& a, const Person& b);
  std::size_t group_of(PersonHash person);

  Context context_;
  std::unordered_map<PersonHash, StatePointer> seen_;
  // Link sets as they will be after this call.
  std::vector<std::vector<PersonHash>> groups_;
  std::unordered_map<PersonHash, std::size_t> group_by_person_;
};

}  // namespace ante
