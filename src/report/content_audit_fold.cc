#include "report/content_audit_fold.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/bytes.h"
#include "report/lift_fold.h"

namespace ante {

namespace {

constexpr std::uint8_t kAuditFormat = 1;
constexpr std::size_t kAuditPersonBytesMin = 16 + 1 + 2 + 1;
constexpr std::size_t kMixBytesMin = 8 + 1 + 1 + 8 + 1 + 5;

std::size_t age_class(DurationMs age_ms) {
  const auto hours = static_cast<std::uint64_t>(std::max<DurationMs>(0, age_ms) / kHourMs);
  if (hours == 0) return 0;
  const std::uint64_t known = std::min<std::uint64_t>(hours, 1U << 20);
  const auto doublings = static_cast<std::size_t>(std::bit_width(known)) - 1;
  const std::size_t half = known * known >> (2 * doublings + 1);  // 1 from the square root of 2 on
  return std::min<std::size_t>(1 + 2 * doublings + half, kAgeClasses - 1);
}

void add_topic(WeekMix& mix, std::uint32_t topic, std::uint32_t places) {
  const auto at = std::ranges::lower_bound(mix.topics, topic, {}, [](auto& t) { return t.first; });
  if (at != mix.topics.end() && at->first == topic)
    at->second += places;
  else if (mix.topics.size() < kWeekTopicsMax)
    mix.topics.insert(at, {topic, places});
}

WeekMix& week_in(std::vector<WeekMix>& weeks, std::int32_t week) {
  const auto at = std::ranges::lower_bound(weeks, week, {}, &WeekMix::week);
  if (at != weeks.end() && at->week == week) return *at;
  WeekMix fresh;
  fresh.week = week;
  return *weeks.insert(at, std::move(fresh));
}

void keep_newest_weeks(std::vector<WeekMix>& weeks) {
  while (weeks.size() > static_cast<std::size_t>(kAuditWeeks)) weeks.erase(weeks.begin());
}

std::vector<std::uint32_t> topics_in_common(const std::vector<std::uint32_t>& a,
                                            const std::vector<std::uint32_t>& b) {
  std::vector<std::uint32_t> both;
  std::ranges::set_intersection(a, b, std::back_inserter(both));
  return both;
}

// What all places that have topics have in common; none: no place has any.
std::optional<std::vector<std::uint32_t>> common_topics(const Decision& decision) {
  std::optional<std::vector<std::uint32_t>> common;
  for (const Placement& place : decision.served) {
    if (place.topics.empty()) continue;
    std::vector<std::uint32_t> topics;
    for (const TopicKey topic : place.topics) topics.push_back(short_key(topic));
    std::ranges::sort(topics);
    common = common ? topics_in_common(*common, topics) : topics;
  }
  return common;
}

void extend_run(NarrowRun& run, const Decision& decision, std::int32_t day) {
  const auto common = common_topics(decision);
  if (!common) return;
  const auto places = static_cast<std::uint32_t>(decision.served.size());
  std::vector<std::uint32_t> both = topics_in_common(run.topics, *common);
  if (both.empty()) {
    run = {day, day, 1, places, *common};
    return;
  }
  run.topics = std::move(both);
  run.places += places;
  if (day > run.last_day) {
    ++run.days;
    run.last_day = day;
  }
}

void write_mix(ByteWriter& out, const SlotMix& mix) {
  out.u8(static_cast<std::uint8_t>(mix.arm));
  out.svarint(mix.last_day);
  out.u64(mix.must_reads);
  out.svarint(mix.run.since_day);
  out.svarint(mix.run.last_day);
  out.varint(mix.run.days);
  out.varint(mix.run.places);
  out.varint(mix.run.topics.size());
  for (const std::uint32_t topic : mix.run.topics) out.u32(topic);
  out.varint(mix.weeks.size());
  for (const WeekMix& week : mix.weeks) {
    out.svarint(week.week);
    for (const std::uint32_t n : {week.places, week.serves, week.sells}) out.varint(n);
    for (const std::uint32_t n : week.ages) out.varint(n);
    out.varint(week.topics.size());
    for (const auto& [topic, places] : week.topics) {
      out.u32(topic);
      out.varint(places);
    }
  }
}

std::uint32_t read_small(ByteReader& in) { return static_cast<std::uint32_t>(in.varint()); }
std::int32_t read_day(ByteReader& in) { return static_cast<std::int32_t>(in.svarint()); }

bool read_mix(ByteReader& in, SlotMix& mix) {
  mix.arm = static_cast<Arm>(in.u8());
  mix.last_day = read_day(in);
  mix.must_reads = in.u64();
  mix.run.since_day = read_day(in);
  mix.run.last_day = read_day(in);
  mix.run.days = read_small(in);
  mix.run.places = read_small(in);
  mix.run.topics.resize(in.count(4));
  for (std::uint32_t& topic : mix.run.topics) topic = in.u32();
  mix.weeks.resize(in.count(1 + 3 + kAgeClasses + 1));
  for (WeekMix& week : mix.weeks) {
    week.week = read_day(in);
    for (std::uint32_t* n : {&week.places, &week.serves, &week.sells}) *n = read_small(in);
    for (std::uint32_t& n : week.ages) n = read_small(in);
    week.topics.resize(in.count(5));
    for (auto& [topic, places] : week.topics) {
      topic = in.u32();
      places = read_small(in);
    }
    if (week.topics.size() > kWeekTopicsMax) return false;
  }
  return in.ok() && (mix.arm == Arm::kTreated || mix.arm == Arm::kHoldout) &&
         mix.weeks.size() <= static_cast<std::size_t>(kAuditWeeks);
}

}  // namespace

bool sells(const Item& item) {
  return item.intent == Intent::kSell || item.kind == "product" || item.price.has_value();
}

void WeekMix::add(const WeekMix& other) {
  places += other.places;
  serves += other.serves;
  sells += other.sells;
  for (std::size_t i = 0; i < kAgeClasses; ++i) ages[i] += other.ages[i];
  for (const auto& [topic, n] : other.topics) add_topic(*this, topic, n);
}

bool NarrowRun::narrow(std::int32_t today) const {
  return !topics.empty() && last_day - since_day >= kNarrowDays - 1 && days >= kNarrowDaysSeen &&
         places >= kNarrowPlaces && last_day > today - kNarrowDays;
}

void SlotMix::merge(const SlotMix& other) {
  last_day = std::max(last_day, other.last_day);
  must_reads |= other.must_reads;
  for (const WeekMix& week : other.weeks) week_in(weeks, week.week).add(week);
  keep_newest_weeks(weeks);
  // Of two runs what both have in common, from the later beginning on.
  run.topics = topics_in_common(run.topics, other.run.topics);
  run.since_day = std::max(run.since_day, other.run.since_day);
  run.last_day = std::max(run.last_day, other.run.last_day);
  run.days = std::max(run.days, other.run.days);
  run.places += other.run.places;
}

void ContentAuditFold::consume(const CommittedRecord& record) {
  // As the joiner does: control records move no clock.
  if (record.partition != kControlPartition) pass(record.header.received_at);
  switch (record.header.kind) {
    case RecordKind::kDecision:
      if (const Decision* decision = decision_of(record)) decided(*decision);
      break;
    case RecordKind::kEvent:
      happened(record);
      break;
    case RecordKind::kConsent:
      if (record.body.size() == 1) {
        const bool allowed = consent_of_bits(static_cast<std::uint8_t>(record.body[0])).profile;
        const PersonHash who = links_.representative(record.header.person);
        if (allowed && !people_.contains(who)) break;
        if (AuditPerson* known = person(who, day_of(record.header.occurred_at)))
          known->interests.set_may_notice(allowed);
      }
      break;
    case RecordKind::kItem:
      if (const auto item = decode_item(record.body)) changed(*item, record.header.received_at);
      break;
    case RecordKind::kLink:
      if (const auto joined = links_.consume(record)) join(*joined);
      break;
    case RecordKind::kErase:
      people_.erase(links_.representative(record.header.person));
      break;
    case RecordKind::kFacts:
    case RecordKind::kActivation:
    case RecordKind::kReward:
    case RecordKind::kErased:
    case RecordKind::kObject:
      break;
  }
}

void ContentAuditFold::pass(TimeMs received_at) {
  if (received_at <= now_ms_) return;
  const bool next_day = day_of(received_at) > day_of(now_ms_);
  now_ms_ = received_at;
  if (next_day) expire();
}

void ContentAuditFold::expire() {
  const std::int32_t today = day_of(now_ms_);
  const std::int32_t first_week = week_of(today) - kAuditWeeks + 1;
  for (auto at = people_.begin(); at != people_.end();) {
    AuditPerson& person = at->second;
    person.interests.expire(today);
    for (auto& [slot, mix] : person.slots)
      std::erase_if(mix.weeks, [&](const WeekMix& week) { return week.week < first_week; });
    std::erase_if(person.slots, [](const auto& entry) { return entry.second.weeks.empty(); });
    const bool keep = !person.interests.may_notice || person.interests.told_any();
    const std::int32_t days = keep ? kToldKeepDays : kInterestDays;
    at =
        person.slots.empty() && person.last_day <= today - days ? people_.erase(at) : std::next(at);
  }
  shown_pairs_ = 0;
  for (auto at = shown_.begin(); at != shown_.end();) {
    std::erase_if(at->second, [today](const auto& entry) {
      return std::max(entry.second[0], entry.second[1]) <= today - kInterestDays;
    });
    shown_pairs_ += at->second.size();
    at = at->second.empty() ? shown_.erase(at) : std::next(at);
  }
}

// Null: not one of those who are kept.
AuditPerson* ContentAuditFold::person(PersonHash person, std::int32_t day) {
  const PersonHash who = links_.representative(person);
  if (!sample_.has(who)) return nullptr;
  const auto [at, added] = people_.try_emplace(who);
  if (added) {
    at->second.last_day = day;
    while (people_.size() > kAuditPeopleMax) {
      sample_.halve();
      std::erase_if(people_, [this](const auto& entry) { return !sample_.has(entry.first); });
    }
    if (!sample_.has(who)) return nullptr;
  }
  at->second.last_day = std::max(at->second.last_day, day);
  return &at->second;
}

void ContentAuditFold::happened(const CommittedRecord& record) {
  if (!sample_.has(links_.representative(record.header.person))) return;
  const auto event = decode_event(record.body);
  if (!event || (event->items.empty() && event->topics.empty() && !event->consent)) return;
  const std::int32_t day = day_of(record.header.occurred_at);
  if (AuditPerson* who = person(record.header.person, day)) who->interests.consume(*event, day);
}

void ContentAuditFold::changed(const Item& item, TimeMs received_at) {
  const auto [at, added] = items_.try_emplace(item.key);
  const TimeMs seen = added ? received_at : at->second.date_ms;
  at->second = {item.published_at_ms != 0 ? item.published_at_ms : seen, sells(item)};
  mark_must_read(item);
  if (items_.size() <= kAuditItemsMax) return;
  std::vector<std::pair<TimeMs, ItemKey>> all;
  for (const auto& [key, note] : items_) all.emplace_back(note.date_ms, key);
  std::ranges::sort(all);
  for (std::size_t i = 0; i < all.size() / 2; ++i) items_.erase(all[i].second);
}

void ContentAuditFold::mark_must_read(const Item& item) {
  const auto known = std::ranges::find(must_reads_, item.key);
  const bool marked = known != must_reads_.end();
  const bool must = item.must_read && !item.withdrawn;
  if (must == marked) return;
  if (!must) return free_bit(static_cast<std::size_t>(known - must_reads_.begin()));
  const auto oldest = std::ranges::min_element(marked_);  // a free bit has 0
  const auto bit = static_cast<std::size_t>(oldest - marked_.begin());
  free_bit(bit);
  must_reads_[bit] = item.key;
  marked_[bit] = ++marks_;
}

void ContentAuditFold::free_bit(std::size_t bit) {
  if (must_reads_[bit] == ItemKey{}) return;
  must_reads_[bit] = ItemKey{};
  marked_[bit] = 0;
  for (auto& [who, person] : people_) {
    for (auto& [slot, mix] : person.slots) mix.must_reads &= ~(std::uint64_t{1} << bit);
  }
}

void ContentAuditFold::decided(const Decision& decision) {
  if (!compares_arms(decision) || is_control(decision.arm) || decision.served.empty()) return;
  const std::int32_t day = day_of(decision.at_ms);
  note_shown(decision, day);
  AuditPerson* who = person(decision.people.back(), day);
  if (who == nullptr) return;
  SlotMix& mix = mix_of(*who, decision, day);
  count(mix, who->interests, decision, day);
  extend_run(mix.run, decision, day);
}

void ContentAuditFold::note_shown(const Decision& decision, std::int32_t day) {
  for (const Placement& place : decision.served) {
    if (!item_sample_.has(place.item)) continue;
    const auto [at, added] =
        shown_[decision.slot].try_emplace(place.item, ShownInArms{kNeverNoticed, kNeverNoticed});
    std::int32_t& last = at->second[place_of(decision.arm)];
    last = std::max(last, day);
    if (!added) continue;
    ++shown_pairs_;
    while (shown_pairs_ > kAuditShownMax) {
      item_sample_.halve();
      shown_pairs_ = 0;
      for (auto& [slot, items] : shown_) {
        std::erase_if(items, [this](const auto& e) { return !item_sample_.has(e.first); });
        shown_pairs_ += items.size();
      }
    }
  }
}

SlotMix& ContentAuditFold::mix_of(AuditPerson& person, const Decision& decision, std::int32_t day) {
  const auto [at, added] = person.slots.try_emplace(decision.slot);
  if (added || at->second.arm != decision.arm) {
    at->second = {};
    at->second.arm = decision.arm;
  }
  at->second.last_day = std::max(at->second.last_day, day);
  if (person.slots.size() > kPersonSlotsMax) {
    auto oldest = person.slots.end();
    for (auto each = person.slots.begin(); each != person.slots.end(); ++each) {
      if (each == at) continue;
      if (oldest == person.slots.end() || each->second.last_day < oldest->second.last_day)
        oldest = each;
    }
    person.slots.erase(oldest);
  }
  return at->second;
}

void ContentAuditFold::count(SlotMix& mix, const ReaderInterests& interests,
                             const Decision& decision, std::int32_t day) const {
  WeekMix& week = week_in(mix.weeks, week_of(day));
  for (const Placement& place : decision.served) {
    ++week.places;
    const auto item = items_.find(place.item);
    const auto wanted = [&](TopicKey topic) { return interests.wants(short_key(topic), day); };
    if (item != items_.end() && item->second.sells)
      ++week.sells;
    else if (std::ranges::any_of(place.topics, wanted))
      ++week.serves;
    if (item != items_.end()) ++week.ages[age_class(decision.at_ms - item->second.date_ms)];
    for (const TopicKey topic : place.topics) add_topic(week, short_key(topic), 1);
    const auto must = std::ranges::find(must_reads_, place.item);
    if (must != must_reads_.end() && place.item != ItemKey{})
      mix.must_reads |= std::uint64_t{1} << (must - must_reads_.begin());
  }
  keep_newest_weeks(mix.weeks);
}

// What somebody was shown in two arms tells of neither: it is dropped.
void ContentAuditFold::join(const PersonLinks::Joined& joined) {
  auto gone = people_.extract(joined.gone);
  if (gone.empty() || !sample_.has(joined.kept)) return;
  AuditPerson& other = gone.mapped();
  const auto [at, added] = people_.try_emplace(joined.kept, other);
  if (added) return;
  AuditPerson& kept = at->second;
  kept.last_day = std::max(kept.last_day, other.last_day);
  kept.interests.merge(other.interests);
  for (auto& [slot, mix] : other.slots) {
    const auto [mine, fresh] = kept.slots.try_emplace(slot, mix);
    if (fresh) continue;
    if (mine->second.arm == mix.arm)
      mine->second.merge(mix);
    else
      kept.slots.erase(mine);
  }
  while (kept.slots.size() > kPersonSlotsMax) {
    kept.slots.erase(std::ranges::min_element(kept.slots, {}, [](const auto& entry) {
      return std::pair(entry.second.last_day, entry.first);
    }));
  }
}

std::string ContentAuditFold::save() const {
  std::string bytes, links;
  links_.save(links);
  ByteWriter out(bytes);
  out.u8(kAuditFormat);
  out.string(links);
  out.u8(sample_.halvings());
  out.u8(item_sample_.halvings());
  out.svarint(now_ms_);
  out.varint(people_.size());
  for (const auto& [who, person] : people_) {
    out.u64(who.value.hi);
    out.u64(who.value.lo);
    out.svarint(person.last_day);
    person.interests.save(out);
    out.varint(person.slots.size());
    for (const auto& [slot, mix] : person.slots) {
      out.u64(slot.value);
      write_mix(out, mix);
    }
  }
  out.varint(shown_.size());
  for (const auto& [slot, items] : shown_) {
    std::vector<std::pair<ItemKey, ShownInArms>> all(items.begin(), items.end());
    std::ranges::sort(all);
    out.u64(slot.value);
    out.varint(all.size());
    for (const auto& [item, days] : all) {
      out.u64(item.value);
      for (const std::int32_t day : days) out.svarint(day);
    }
  }
  std::vector<std::pair<ItemKey, AuditItem>> items(items_.begin(), items_.end());
  std::ranges::sort(items, {}, [](const auto& entry) { return entry.first; });
  out.varint(items.size());
  for (const auto& [key, item] : items) {
    out.u64(key.value);
    out.svarint(item.date_ms);
    out.u8(item.sells ? 1 : 0);
  }
  out.varint(marks_);
  for (std::size_t i = 0; i < kMustReadsMax; ++i) {
    out.u64(must_reads_[i].value);
    out.varint(marked_[i]);
  }
  return bytes;
}

Result<void> ContentAuditFold::load(std::string_view bytes) {
  const Error damaged = data_loss("audit: the checkpoint is damaged");
  ByteReader in(bytes);
  if (in.u8() != kAuditFormat)
    return data_loss("audit: the checkpoint is of a format that is not known");
  TRY(links_.load(in.string()));
  const std::uint8_t people_halvings = in.u8(), item_halvings = in.u8();
  if (std::max(people_halvings, item_halvings) > HashSample::kHalvingsMax) return damaged;
  sample_ = HashSample(people_halvings);
  item_sample_ = HashSample(item_halvings);
  now_ms_ = in.svarint();
  const std::size_t people = in.count(kAuditPersonBytesMin);
  for (std::size_t i = 0; i < people; ++i) {
    PersonHash who;
    who.value.hi = in.u64();
    who.value.lo = in.u64();
    AuditPerson& person = people_[who];
    person.last_day = read_day(in);
    if (!person.interests.load(in)) return damaged;
    const std::size_t slots = in.count(kMixBytesMin);
    for (std::size_t k = 0; k < slots; ++k) {
      const SlotKey slot{in.u64()};
      if (!read_mix(in, person.slots[slot])) return damaged;
    }
    if (slots > kPersonSlotsMax) return damaged;
  }
  const std::size_t slots = in.count(9);
  for (std::size_t i = 0; i < slots; ++i) {
    auto& items = shown_[SlotKey{in.u64()}];
    const std::size_t count = in.count(10);
    for (std::size_t k = 0; k < count; ++k) {
      ShownInArms& days = items[ItemKey{in.u64()}];
      for (std::int32_t& day : days) day = read_day(in);
    }
    shown_pairs_ += items.size();
  }
  const std::size_t items = in.count(10);
  for (std::size_t i = 0; i < items; ++i) {
    AuditItem& item = items_[ItemKey{in.u64()}];
    item.date_ms = in.svarint();
    item.sells = in.u8() != 0;
  }
  marks_ = in.varint();
  for (std::size_t i = 0; i < kMustReadsMax; ++i) {
    must_reads_[i] = ItemKey{in.u64()};
    marked_[i] = in.varint();
  }
  if (people > kAuditPeopleMax || shown_pairs_ > kAuditShownMax || items > kAuditItemsMax ||
      !in.ok() || !in.at_end())
    return damaged;
  return {};
}

}  // namespace ante
