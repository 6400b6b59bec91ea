// Which events arrive: by name and day, how lately, and what the people they are of allow.
//
// In:   the log in commit order: events, rewards (under their measure), consents, links, erasures.
// Out:  find(name): counts by day; people(): how many allow given purposes.
//
// Names are the same whatever the case. Beyond kEventNamesMax the one that came least often goes,
// of those the one not seen for longest: a flood of made-up names does not push out what comes
// every day. What people allow is kept of a sample of them, by a hash of their id: everybody up to
// kConsentPeopleMax, then half of all, then a quarter. Two ids of one person that both are in the
// sample count once, and whichever said something must allow. Erased persons leave the sample.
// consume() on the follower thread; the rest by any thread. docs/decisions/0079-the-brief.md.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "domain/brief.h"
#include "domain/event.h"
#include "domain/log_consumer.h"
#include "reward/person_links.h"

namespace ante {

inline constexpr std::size_t kEventNamesMax = 500;
inline constexpr std::size_t kEventDaysMax = 92;  // kept by day
inline constexpr std::size_t kConsentPeopleMax = 20'000;

struct EventCount {
  std::string name;                        // as it was first sent
  std::uint64_t total = 0;                 // since the first
  TimeMs last_ms = 0;                      // when it was received
  std::int32_t first_day = 0;              // of `days`, since 1970, UTC
  std::vector<std::uint32_t> days;         // oldest first
  std::uint64_t sampled = 0, allowed = 0;  // of people in the sample; of those who allow a profile
  // In the days before `now_ms`, that day included.
  std::uint64_t within(TimeMs now_ms, std::int32_t days_back) const;
  friend bool operator==(const EventCount&, const EventCount&) = default;
};

struct ConsentCount {
  std::uint64_t people = 0, allowing = 0;  // of the sample
  double sample = 1;                       // share of all people that is in it
};

class EventCounts final : public LogConsumer {
 public:
  // None: it never came, or so seldom that others took its place.
  std::optional<EventCount> find(std::string_view name) const;
  std::vector<std::string> names() const;
  std::uint64_t names_dropped() const;
  // Who allows all of these.
  ConsentCount people(std::span<const Purpose> purposes) const;

  std::string_view name() const override { return "event-counts"; }
  void consume(const CommittedRecord& record) override;
  std::string save() const override;
  Result<void> load(std::string_view bytes) override;

 private:
  // One id of the sample.
  struct Member {
    std::uint8_t allows = consent_bits(Consent{});
    bool stated = false;
    PersonHash kept;  // the smaller id of the same person; zero = none
  };
  using Members = std::unordered_map<PersonHash, Member, PersonHasher>;

  bool in_sample(PersonHash person) const REQUIRES_LOCK(mutex_);
  PersonHash first_id(PersonHash person) const REQUIRES_LOCK(mutex_);
  Member* member(PersonHash person) REQUIRES_LOCK(mutex_);
  void state(PersonHash person, std::uint8_t allows) REQUIRES_LOCK(mutex_);
  void join(const CommittedRecord& record) REQUIRES_LOCK(mutex_);
  void count(std::string_view name, PersonHash person, TimeMs received_at) REQUIRES_LOCK(mutex_);
  void drop_one_name() REQUIRES_LOCK(mutex_);

  mutable Mutex mutex_;
  std::map<std::string, EventCount, std::less<>> names_ GUARDED_BY(mutex_);  // in lower case
  std::uint64_t names_dropped_ GUARDED_BY(mutex_) = 0;
  Members people_ GUARDED_BY(mutex_);
  std::uint8_t halvings_ GUARDED_BY(mutex_) = 0;  // the sample is 2^-halvings of all
};

}  // namespace ante
