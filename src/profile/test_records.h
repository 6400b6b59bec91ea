// Records for the tests of folds: an event, a link, an erasure, as the log delivers them.

#pragma once

#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "domain/decision.h"
#include "domain/record.h"
#include "profile/person_state.h"

namespace ante {

inline constexpr TimeMs kTestStartMs = 1'700'000'000'000;

inline PersonHash test_person(std::uint64_t n) {
  return PersonHash{Hash128{n << 56 | n, mix64(n + 1)}};
}

inline EventItem test_item(const std::string& id,
                           std::initializer_list<std::string_view> topics = {},
                           const std::string& group = "") {
  EventItem item;
  item.id = id;
  item.key = item_key(id);
  for (const auto topic : topics) item.topics.push_back(topic_key(topic));
  if (!group.empty()) item.group = item_key(group);
  item.known = true;
  return item;
}

inline Event test_event(EventKind kind, std::vector<EventItem> items = {}) {
  Event event;
  event.kind = kind;
  event.items = std::move(items);
  return event;
}

// Records of people with sequences 1, 2, 3 …; bodies live as long as the log.
class TestLog {
 public:
  const CommittedRecord& add(RecordKind kind, PersonHash person, TimeMs occurred_ms,
                             std::string body) {
    bodies_.push_back(std::move(body));
    CommittedRecord record;
    record.partition = partition_of(person);
    record.sequence = Sequence{records_.size() + 1};
    record.commit = Commit{records_.size() + 1};
    received_ms_ = std::max(received_ms_, occurred_ms);
    record.header = {.kind = kind,
                     .tenant = kFirstTenant,
                     .person = person,
                     .occurred_at = occurred_ms,
                     .received_at = received_ms_};
    record.body = bodies_.back();
    records_.push_back(record);
    return records_.back();
  }
  const CommittedRecord& event(PersonHash person, TimeMs occurred_ms, const Event& event) {
    return add(RecordKind::kEvent, person, occurred_ms, encode(event));
  }
  const std::deque<CommittedRecord>& records() const { return records_; }

 private:
  std::deque<std::string> bodies_;
  std::deque<CommittedRecord> records_;
  TimeMs received_ms_ = 0;
};

// A random act of `person` among few items and topics, so that things meet; mostly forward in time.
inline const CommittedRecord& add_random_record(TestLog& log, Random& random, PersonHash person,
                                                TimeMs& now_ms) {
  now_ms += static_cast<TimeMs>(random.below(10) == 0 ? random.below(90 * kMinuteMs)
                                                      : random.below(kMinuteMs));
  const TimeMs late_ms = random.below(8) == 0 ? static_cast<TimeMs>(random.below(3 * kDayMs)) : 0;
  const TimeMs at_ms = now_ms - late_ms;
  const auto name = [&](const char* prefix, std::uint64_t below) {
    return prefix + std::to_string(random.below(below));
  };
  switch (random.below(20)) {
    case 0: {
      FactSet facts;
      facts.facts.push_back(
          {.name = name("fact", 80),
           .value_json = std::to_string(random.below(9)),
           .provenance = random.below(2) == 0 ? Provenance::kTold : Provenance::kImported,
           .at_ms = at_ms,
           .expires_at_ms = {}});
      return log.add(RecordKind::kFacts, person, at_ms, encode(facts));
    }
    case 1: {
      const Link link{.other = test_person(random.below(40)),
                      .other_first_seen_ms = at_ms,
                      .verified = random.below(4) != 0};
      return log.add(RecordKind::kLink, person, at_ms, encode(link));
    }
    case 2: {
      Activation activation;
      activation.slot = slot_key(name("slot", 40));
      return log.add(RecordKind::kActivation, person, at_ms, encode(activation));
    }
    default:
      break;
  }
  Event event = test_event(static_cast<EventKind>(random.below(22)));
  const auto items = random.below(3);
  for (std::uint64_t i = 0; i <= items; ++i) {
    const std::string topic = name("topic", 60), other = name("topic", 60);
    event.items.push_back(random.below(2) == 0
                              ? test_item(name("item", 300), {topic}, name("group", 50))
                              : test_item(name("item", 300), {topic, other}));
  }
  if (random.below(3) == 0) event.topics.push_back(topic_key(name("topic", 60)));
  constexpr const char* kReasons[] = {"", "brand", "price", "topic", "owned", "gift", "other"};
  event.reason = kReasons[random.below(7)];
  event.depth_percent = static_cast<std::uint8_t>(random.below(101));
  event.finished = random.below(3) == 0;
  event.query = name("query", 9);
  return log.event(person, at_ms, event);
}

}  // namespace ante
