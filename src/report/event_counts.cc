#include "report/event_counts.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/text.h"
#include "domain/decision.h"

namespace ante {

namespace {

constexpr std::uint8_t kEventCountsFormat = 1;
constexpr std::uint8_t kHalvingsMax = 60;
constexpr std::size_t kMemberBytes = 16 + 1 + 1 + 16;
constexpr std::size_t kNameBytesMin = 1 + 5 * 1;

std::int32_t count_day(TimeMs at_ms) { return static_cast<std::int32_t>(at_ms / kDayMs); }

void note_event_day(EventCount& count, TimeMs at_ms) {
  const std::int32_t day = count_day(at_ms);
  // After a longer gap than is kept nothing of before is within reach any more.
  if (count.days.empty() || day - count.first_day >= 2 * static_cast<std::int32_t>(kEventDaysMax)) {
    count.first_day = day;
    count.days.assign(1, 0);
  }
  const auto index = static_cast<std::size_t>(std::max(0, day - count.first_day));
  if (index >= count.days.size()) count.days.resize(index + 1);
  ++count.days[index];
  if (count.days.size() <= kEventDaysMax) return;
  const auto gone = static_cast<std::ptrdiff_t>(count.days.size() - kEventDaysMax);
  count.days.erase(count.days.begin(), count.days.begin() + gone);
  count.first_day += static_cast<std::int32_t>(gone);
}

std::uint8_t purpose_bits(std::span<const Purpose> purposes) {
  unsigned bits = 0;
  for (const Purpose purpose : purposes) bits |= 1U << static_cast<unsigned>(purpose);
  return static_cast<std::uint8_t>(bits);
}

bool allows_these(std::uint8_t allowed, std::uint8_t wanted) {
  return (allowed & wanted) == wanted;
}

bool read_event_count(ByteReader& in, EventCount& count) {
  count.name = std::string(in.string());
  count.total = in.varint();
  count.last_ms = in.svarint();
  count.sampled = in.varint();
  count.allowed = in.varint();
  count.first_day = static_cast<std::int32_t>(in.svarint());
  count.days.resize(in.count(1));
  for (std::uint32_t& n : count.days) n = static_cast<std::uint32_t>(in.varint());
  return in.ok() && !count.name.empty() && count.days.size() <= kEventDaysMax &&
         count.allowed <= count.sampled && count.sampled <= count.total;
}

}  // namespace

std::uint64_t EventCount::within(TimeMs now_ms, std::int32_t days_back) const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < days.size(); ++i) {
    const std::int32_t day = first_day + static_cast<std::int32_t>(i);
    if (day > count_day(now_ms) - days_back) sum += days[i];
  }
  return sum;
}

std::optional<EventCount> EventCounts::find(std::string_view name) const {
  MutexLock lock(mutex_);
  const auto found = names_.find(lower_case(name));
  if (found == names_.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string> EventCounts::names() const {
  MutexLock lock(mutex_);
  std::vector<std::string> all;
  for (const auto& [key, count] : names_) all.push_back(count.name);
  return all;
}

std::uint64_t EventCounts::names_dropped() const {
  MutexLock lock(mutex_);
  return names_dropped_;
}

ConsentCount EventCounts::people(std::span<const Purpose> purposes) const {
  const std::uint8_t wanted = purpose_bits(purposes);
  MutexLock lock(mutex_);
  ConsentCount count;
  count.sample = 1.0 / static_cast<double>(std::uint64_t{1} << halvings_);
  std::unordered_map<PersonHash, std::optional<std::uint8_t>, PersonHasher> said;
  for (const auto& [person, member] : people_) {
    std::optional<std::uint8_t>& allowed = said[first_id(person)];
    if (member.stated) allowed = static_cast<std::uint8_t>(allowed.value_or(31) & member.allows);
  }
  count.people = said.size();
  for (const auto& [person, allowed] : said) {
    if (allows_these(allowed.value_or(consent_bits(Consent{})), wanted)) ++count.allowing;
  }
  return count;
}

bool EventCounts::in_sample(PersonHash person) const {
  return halvings_ == 0 ||
         mix64(person.value.lo ^ mix64(person.value.hi)) >> (64U - halvings_) == 0;
}

PersonHash EventCounts::first_id(PersonHash person) const {
  // Each id in the chain is smaller than the one before it.
  for (auto found = people_.find(person);
       found != people_.end() && people_.contains(found->second.kept); found = people_.find(person))
    person = found->second.kept;
  return person;
}

EventCounts::Member* EventCounts::member(PersonHash person) {
  if (!in_sample(person)) return nullptr;
  people_.try_emplace(person);
  while (people_.size() > kConsentPeopleMax && halvings_ < kHalvingsMax) {
    ++halvings_;
    for (auto at = people_.begin(); at != people_.end();)
      at = in_sample(at->first) ? std::next(at) : people_.erase(at);
  }
  const auto found = people_.find(person);
  return found == people_.end() ? nullptr : &found->second;
}

void EventCounts::state(PersonHash person, std::uint8_t allows) {
  Member* said = member(person);
  if (said == nullptr) return;
  said->allows = allows;
  said->stated = true;
}

void EventCounts::join(const CommittedRecord& record) {
  const Result<Link> link = decode_link(record.body);
  if (!link || !link->verified) return;
  const PersonHash a = first_id(record.header.person), b = first_id(link->other);
  const auto gone = people_.find(std::max(a, b));
  if (a != b && gone != people_.end() && people_.contains(std::min(a, b)))
    gone->second.kept = std::min(a, b);
}

void EventCounts::drop_one_name() {
  const auto least = std::ranges::min_element(names_, {}, [](const auto& entry) {
    return std::tuple(entry.second.total, entry.second.last_ms, std::string_view(entry.first));
  });
  names_.erase(least);
  ++names_dropped_;
}

void EventCounts::count(std::string_view name, PersonHash person, TimeMs received_at) {
  if (name.empty()) return;
  std::string key = lower_case(name);
  auto found = names_.find(key);
  if (found == names_.end()) {
    if (names_.size() >= kEventNamesMax) drop_one_name();
    found = names_.try_emplace(std::move(key)).first;
    found->second.name = std::string(name);
  }
  EventCount& of = found->second;
  ++of.total;
  of.last_ms = std::max(of.last_ms, received_at);
  note_event_day(of, received_at);
  const Member* sender = member(person);
  if (sender == nullptr) return;
  ++of.sampled;
  if (consent_of_bits(sender->allows).profile) ++of.allowed;
}

void EventCounts::consume(const CommittedRecord& record) {
  const PersonHash person = record.header.person;
  MutexLock lock(mutex_);
  // A body that cannot be decoded here was stored by a later version: it is none of ours.
  switch (record.header.kind) {
    case RecordKind::kEvent:
      if (const auto event = decode_event(record.body)) {
        if (event->consent) state(person, consent_bits(*event->consent));
        count(event->name, person, record.header.received_at);
      }
      break;
    case RecordKind::kReward:
      if (const auto reward = decode_reward(record.body))
        count(reward->measure, person, record.header.received_at);
      break;
    case RecordKind::kConsent:
      if (!record.body.empty())
        state(person, consent_bits(consent_of_bits(static_cast<std::uint8_t>(record.body[0]))));
      break;
    case RecordKind::kLink:
      join(record);
      break;
    case RecordKind::kErase:
      people_.erase(person);
      break;
    case RecordKind::kFacts:
    case RecordKind::kDecision:
    case RecordKind::kActivation:
    case RecordKind::kErased:
    case RecordKind::kItem:
    case RecordKind::kObject:
      break;
  }
}

std::string EventCounts::save() const {
  MutexLock lock(mutex_);
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kEventCountsFormat);
  out.varint(names_dropped_);
  out.u8(halvings_);
  out.varint(names_.size());
  for (const auto& [key, count] : names_) {
    out.string(count.name);
    out.varint(count.total);
    out.svarint(count.last_ms);
    out.varint(count.sampled);
    out.varint(count.allowed);
    out.svarint(count.first_day);
    out.varint(count.days.size());
    for (const std::uint32_t n : count.days) out.varint(n);
  }
  std::vector<std::pair<PersonHash, Member>> people(people_.begin(), people_.end());
  std::ranges::sort(people, {}, [](const auto& entry) { return entry.first; });
  out.varint(people.size());
  for (const auto& [person, member] : people) {
    out.u64(person.value.hi);
    out.u64(person.value.lo);
    out.u8(member.allows);
    out.u8(member.stated ? 1 : 0);
    out.u64(member.kept.value.hi);
    out.u64(member.kept.value.lo);
  }
  return bytes;
}

Result<void> EventCounts::load(std::string_view bytes) {
  const Error damaged = data_loss("event-counts: the checkpoint is damaged");
  ByteReader in(bytes);
  if (in.u8() != kEventCountsFormat)
    return data_loss("event-counts: the checkpoint is of a format that is not known");
  std::map<std::string, EventCount, std::less<>> names;
  Members people;
  const std::uint64_t names_dropped = in.varint();
  const std::uint8_t halvings = in.u8();
  const std::size_t name_count = in.count(kNameBytesMin);
  if (halvings > kHalvingsMax || name_count > kEventNamesMax) return damaged;
  for (std::size_t i = 0; i < name_count; ++i) {
    EventCount count;
    if (!read_event_count(in, count)) return damaged;
    std::string key = lower_case(count.name);
    if (!names.emplace(std::move(key), std::move(count)).second) return damaged;
  }
  const std::size_t people_count = in.count(kMemberBytes);
  if (people_count > kConsentPeopleMax) return damaged;
  for (std::size_t i = 0; i < people_count; ++i) {
    PersonHash person;
    person.value.hi = in.u64();
    person.value.lo = in.u64();
    Member member;
    member.allows = in.u8();
    const std::uint8_t stated = in.u8();
    member.stated = stated == 1;
    member.kept.value.hi = in.u64();
    member.kept.value.lo = in.u64();
    const bool is_valid =
        member.allows <= 31 && stated <= 1 && (member.kept == PersonHash{} || member.kept < person);
    if (!is_valid || !people.emplace(person, member).second) return damaged;
  }
  if (!in.ok() || !in.at_end()) return damaged;
  MutexLock lock(mutex_);
  names_ = std::move(names);
  people_ = std::move(people);
  names_dropped_ = names_dropped;
  halvings_ = halvings;
  return {};
}

}  // namespace ante
