// The bytes of a person's state. docs/formats/person.md describes them; change both.

#include <bit>
#include <string>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "profile/person_state.h"

namespace ante {
namespace {

constexpr std::uint8_t kFormat = 3;  // 1 has nothing of what was shown, 2 nothing of what was asked
constexpr std::size_t kChecksumBytes = 4;

// Bits of the flags byte.
constexpr std::uint8_t kConsentStated = 1, kPaused = 2, kErased = 4;
// Bits of a topic's leading byte: which fields follow.
constexpr std::uint8_t kHasVisit = 1, kHasLasting = 2, kHasTold = 4, kHasOwnEventTime = 8;

bool zero_bits(float v) { return std::bit_cast<std::uint32_t>(v) == 0; }

// Times are written as the distance back from the newest act, which is short for most.
class TimeWriter {
 public:
  TimeWriter(ByteWriter& out, std::uint32_t base_s) : out_(out), base_s_(base_s) {}
  void write(std::uint32_t at_s) {
    out_.svarint(static_cast<std::int64_t>(base_s_) - static_cast<std::int64_t>(at_s));
  }

 private:
  ByteWriter& out_;
  std::uint32_t base_s_;
};

class TimeReader {
 public:
  TimeReader(ByteReader& in, std::uint32_t base_s) : in_(in), base_s_(base_s) {}
  std::uint32_t read() {
    const auto base = static_cast<std::uint64_t>(base_s_);
    const std::uint64_t at = base - static_cast<std::uint64_t>(in_.svarint());
    if (at > 0xffffffffULL) good_ = false;
    return static_cast<std::uint32_t>(at);
  }
  bool good() const { return good_; }

 private:
  ByteReader& in_;
  std::uint32_t base_s_;
  bool good_ = true;
};

std::uint32_t base_of(const PersonState& s) {
  const std::int64_t at_s = s.last_seen_ms / 1000;
  return at_s < 0 || at_s > 0xffffffffLL ? 0 : static_cast<std::uint32_t>(at_s);
}

void write_topic(ByteWriter& w, TimeWriter& time, const TopicInterest& t) {
  const auto has = static_cast<std::uint8_t>(
      (zero_bits(t.visit) ? 0 : kHasVisit) | (zero_bits(t.lasting) ? 0 : kHasLasting) |
      (zero_bits(t.told) ? 0 : kHasTold) | (t.last_event_s == t.at_s ? 0 : kHasOwnEventTime));
  w.u8(has);
  w.u64(t.topic.value);
  if ((has & kHasVisit) != 0) w.f32(t.visit);
  if ((has & kHasLasting) != 0) w.f32(t.lasting);
  if ((has & kHasTold) != 0) w.f32(t.told);
  time.write(t.at_s);
  if ((has & kHasOwnEventTime) != 0) time.write(t.last_event_s);
}

TopicInterest read_topic(ByteReader& r, TimeReader& time) {
  TopicInterest t;
  const std::uint8_t has = r.u8();
  t.topic = TopicKey{r.u64()};
  if ((has & kHasVisit) != 0) t.visit = r.f32();
  if ((has & kHasLasting) != 0) t.lasting = r.f32();
  if ((has & kHasTold) != 0) t.told = r.f32();
  t.at_s = time.read();
  t.last_event_s = (has & kHasOwnEventTime) != 0 ? time.read() : t.at_s;
  return t;
}

void write_items(ByteWriter& w, TimeWriter& time, const PersonState& s) {
  w.varint(s.recent.size());
  for (const RecentItem& r : s.recent) {
    w.u64(r.item.value);
    w.u8(static_cast<std::uint8_t>(r.kind));
    time.write(r.at_s);
  }
  w.varint(s.own.size());
  for (const OwnItem& o : s.own) {
    w.u64(o.item.value);
    w.varint(o.count);
    w.varint(o.bought);
    time.write(o.last_s);
  }
  w.varint(s.bought.size());
  for (const BoughtItem& b : s.bought) {
    w.u64(b.item.value);
    w.u8(static_cast<std::uint8_t>((b.repeatable ? 1 : 0) | (b.group.value != 0 ? 2 : 0)));
    if (b.group.value != 0) w.u64(b.group.value);
    time.write(b.at_s);
  }
  for (const auto* list : {&s.hidden, &s.pinned}) {
    w.varint(list->size());
    for (const HiddenItem& h : *list) {
      w.u64(h.item.value);
      time.write(h.at_s);
    }
  }
}

// Reads a list of at most `entries_max` entries of at least `bytes_min` bytes each.
template <typename T, typename Read>
bool read_list(ByteReader& r, std::vector<T>& list, std::size_t entries_max, std::size_t bytes_min,
               Read read) {
  const std::size_t n = r.count(bytes_min);
  if (!r.ok() || n > entries_max) return false;
  list.reserve(n);
  for (std::size_t i = 0; i < n; ++i) list.push_back(read());
  return r.ok();
}

bool read_items(ByteReader& r, TimeReader& time, PersonState& s) {
  const auto marked = [&] {
    HiddenItem h{.item = ItemKey{r.u64()}};
    h.at_s = time.read();
    return h;
  };
  return read_list(r, s.recent, kRecentItemsMax, 10,
                   [&] {
                     RecentItem i{.item = ItemKey{r.u64()}};
                     i.kind = static_cast<EventKind>(r.u8());
                     i.at_s = time.read();
                     return i;
                   }) &&
         read_list(r, s.own, kOwnItemsMax, 11,
                   [&] {
                     OwnItem o{.item = ItemKey{r.u64()}};
                     o.count = static_cast<std::uint16_t>(r.varint());
                     o.bought = static_cast<std::uint16_t>(r.varint());
                     o.last_s = time.read();
                     return o;
                   }) &&
         read_list(r, s.bought, kBoughtItemsMax, 10,
                   [&] {
                     BoughtItem b;
                     b.item = ItemKey{r.u64()};
                     const std::uint8_t flags = r.u8();
                     b.repeatable = (flags & 1) != 0;
                     if ((flags & 2) != 0) b.group = ItemKey{r.u64()};
                     b.at_s = time.read();
                     return b;
                   }) &&
         read_list(r, s.hidden, kHiddenItemsMax, 9, marked) &&
         read_list(r, s.pinned, kPinnedItemsMax, 9, marked);
}

void write_fact(ByteWriter& w, const Fact& f) {
  w.string(f.name);
  w.string(f.value_json);
  w.u8(static_cast<std::uint8_t>(f.provenance));
  w.svarint(f.at_ms);
  w.u8(f.expires_at_ms ? 1 : 0);
  if (f.expires_at_ms) w.svarint(*f.expires_at_ms);
}

Fact read_fact(ByteReader& r) {
  Fact f;
  f.name = r.string();
  f.value_json = r.string();
  f.provenance = static_cast<Provenance>(r.u8());
  f.at_ms = r.svarint();
  if (r.u8() != 0) f.expires_at_ms = r.svarint();
  return f;
}

void write_header(ByteWriter& w, const PersonState& s) {
  w.u8(kFormat);
  w.u64(s.person.value.hi);
  w.u64(s.person.value.lo);
  w.u8(consent_bits(s.consent));
  w.u8(static_cast<std::uint8_t>((s.consent_stated ? kConsentStated : 0) |
                                 (s.paused ? kPaused : 0) | (s.erased ? kErased : 0)));
  w.svarint(s.last_seen_ms);
  w.svarint(s.first_seen_ms - s.last_seen_ms);
  w.svarint(s.visit_started_ms - s.last_seen_ms);
  w.varint(s.folded);
  w.varint(s.events);
  w.varint(s.visits);
  w.varint(s.purchases);
}

bool read_header(ByteReader& r, PersonState& s) {
  r.u8();
  s.person.value.hi = r.u64();
  s.person.value.lo = r.u64();
  s.consent = consent_of_bits(r.u8());
  const std::uint8_t flags = r.u8();
  s.consent_stated = (flags & kConsentStated) != 0;
  s.paused = (flags & kPaused) != 0;
  s.erased = (flags & kErased) != 0;
  s.last_seen_ms = r.svarint();
  s.first_seen_ms = static_cast<TimeMs>(static_cast<std::uint64_t>(s.last_seen_ms) +
                                        static_cast<std::uint64_t>(r.svarint()));
  s.visit_started_ms = static_cast<TimeMs>(static_cast<std::uint64_t>(s.last_seen_ms) +
                                           static_cast<std::uint64_t>(r.svarint()));
  s.folded = r.varint();
  s.events = static_cast<std::uint32_t>(r.varint());
  s.visits = static_cast<std::uint32_t>(r.varint());
  s.purchases = static_cast<std::uint32_t>(r.varint());
  return r.ok();
}

bool read_shown(ByteReader& r, PersonState& s) {
  return read_list(r, s.shown, kShownItemsMax, 13, [&] {
    ShownItem i{.item = ItemKey{r.u64()}};
    i.day = static_cast<std::uint32_t>(r.varint());
    i.counts = r.u32();
    return i;
  });
}

bool read_rest(ByteReader& r, TimeReader& time, std::uint8_t format, PersonState& s) {
  const bool lists =
      read_list(r, s.topics, kTopicInterestsMax, 10, [&] { return read_topic(r, time); }) &&
      read_list(r, s.hidden_topics, kHiddenTopicsMax, 8, [&] { return TopicKey{r.u64()}; }) &&
      read_list(r, s.exposures, kSlotExposuresMax, 11,
                [&] {
                  SlotExposure e{.slot = SlotKey{r.u64()}};
                  e.shown = static_cast<std::uint32_t>(r.varint());
                  e.first_s = time.read();
                  e.last_s = time.read();
                  return e;
                }) &&
      (format < 2 || read_shown(r, s)) &&
      read_list(r, s.links, kLinkMembersMax - 1, 17,
                [&] {
                  Link l;
                  l.other.value.hi = r.u64();
                  l.other.value.lo = r.u64();
                  l.other_first_seen_ms = r.svarint();
                  return l;
                }) &&
      read_list(r, s.facts, kPersonFactsMax, 5, [&] { return read_fact(r); });
  if (!lists) return false;
  if (format >= 2) {
    s.unanswered = static_cast<std::uint16_t>(r.varint());
    s.unanswered_s = static_cast<std::uint32_t>(r.varint());
  }
  if (format >= 3) s.asked_s = static_cast<std::uint32_t>(r.varint());
  s.last_query = r.string();
  if (!s.last_query.empty()) s.last_query_ms = r.svarint();
  return r.ok() && s.last_query.size() <= kQueryBytesMax;
}

}  // namespace

std::string encode(const PersonState& s) {
  std::string bytes;
  bytes.reserve(96 + 12 * s.recent.size() + 14 * s.own.size() + 24 * s.topics.size());
  ByteWriter w(bytes);
  write_header(w, s);
  TimeWriter time(w, base_of(s));
  write_items(w, time, s);
  w.varint(s.topics.size());
  for (const TopicInterest& t : s.topics) write_topic(w, time, t);
  w.varint(s.hidden_topics.size());
  for (const TopicKey t : s.hidden_topics) w.u64(t.value);
  w.varint(s.exposures.size());
  for (const SlotExposure& e : s.exposures) {
    w.u64(e.slot.value);
    w.varint(e.shown);
    time.write(e.first_s);
    time.write(e.last_s);
  }
  w.varint(s.shown.size());
  for (const ShownItem& i : s.shown) {
    w.u64(i.item.value);
    w.varint(i.day);
    w.u32(i.counts);
  }
  w.varint(s.links.size());
  for (const Link& l : s.links) {
    w.u64(l.other.value.hi);
    w.u64(l.other.value.lo);
    w.svarint(l.other_first_seen_ms);
  }
  w.varint(s.facts.size());
  for (const Fact& f : s.facts) write_fact(w, f);
  w.varint(s.unanswered);
  w.varint(s.unanswered_s);
  w.varint(s.asked_s);
  w.string(s.last_query);
  if (!s.last_query.empty()) w.svarint(s.last_query_ms);
  w.u32(crc32c(bytes));
  return bytes;
}

Result<PersonState> decode_person_state(std::string_view bytes) {
  const auto damaged = [&](const char* what) {
    return data_loss("person state of " + std::to_string(bytes.size()) + " bytes: " + what);
  };
  if (bytes.size() <= kChecksumBytes) return damaged("too short");
  const std::string_view content = bytes.substr(0, bytes.size() - kChecksumBytes);
  ByteReader checksum(bytes.substr(content.size()));
  if (checksum.u32() != crc32c(content)) return damaged("checksum does not match");
  const auto format = static_cast<std::uint8_t>(content[0]);
  if (format < 1 || format > kFormat) return damaged("written by a later version of ante");
  ByteReader r(content);
  PersonState s;
  if (!read_header(r, s)) return damaged("header cannot be read");
  TimeReader time(r, base_of(s));
  if (!read_items(r, time, s) || !read_rest(r, time, format, s))
    return damaged("lists cannot be read");
  if (!r.at_end() || !time.good()) return damaged("content is out of range");
  return s;
}

}  // namespace ante
