#include "domain/event.h"

#include "domain/format_reader.h"

namespace ante {

namespace {

constexpr std::size_t kFactValueBytesMax = kEventBytesMax;

// Which fields of an event are there.
enum EventBit : std::uint16_t {
  kHasDepth = 1 << 0,
  kHasActive = 1 << 1,
  kFinished = 1 << 2,
  kHasValue = 1 << 3,
  kHasDecision = 1 << 4,
  kHasConsent = 1 << 5,
  kUseForDecisions = 1 << 6,
  kHasQuery = 1 << 7,
  kHasReason = 1 << 8,
  kHasTopics = 1 << 9,
  kHasProperties = 1 << 10,
  kHasItems = 1 << 11,
  kClockAdjusted = 1 << 12,
  kHasClaim = 1 << 13,
  kInvited = 1 << 14,
  kAllEventBits = (1 << 15) - 1,
};

enum ItemBit : std::uint16_t {
  kKnown = 1 << 0,
  kRepeatable = 1 << 1,
  kSell = 1 << 2,
  kHasGroup = 1 << 3,
  kHasPrice = 1 << 4,
  kHasQuantity = 1 << 5,
  kHasPosition = 1 << 6,
  kHasItemTopics = 1 << 7,
  kAllItemBits = (1 << 8) - 1,
};

std::uint16_t bit_if(bool condition, std::uint16_t bit) {
  return condition ? bit : std::uint16_t{0};
}

void write_topics(ByteWriter& out, const std::vector<TopicKey>& topics) {
  out.varint(topics.size());
  for (const TopicKey topic : topics) out.u64(topic.value);
}

std::vector<TopicKey> read_topics(FormatReader& in) {
  std::vector<TopicKey> topics(in.count(8, kEventTopicsMax));
  for (TopicKey& topic : topics) topic = TopicKey{in.u64()};
  return topics;
}

void write_item(ByteWriter& out, const EventItem& item) {
  CHECK(item.key == item_key(item.id));
  CHECK(item.topics.size() <= kEventTopicsMax && item.id.size() <= kIdBytesMax);
  const auto bits = static_cast<std::uint16_t>(
      bit_if(item.known, kKnown) | bit_if(item.repeatable, kRepeatable) | bit_if(item.sell, kSell) |
      bit_if(item.group.value != 0, kHasGroup) | bit_if(item.price_micros != 0, kHasPrice) |
      bit_if(item.quantity != 1, kHasQuantity) | bit_if(item.position != 0, kHasPosition) |
      bit_if(!item.topics.empty(), kHasItemTopics));
  out.u16(bits);
  out.string(item.id);
  if ((bits & kHasGroup) != 0) out.u64(item.group.value);
  if ((bits & kHasPrice) != 0) out.svarint(item.price_micros);
  if ((bits & kHasQuantity) != 0) out.varint(item.quantity);
  if ((bits & kHasPosition) != 0) out.varint(item.position);
  if ((bits & kHasItemTopics) != 0) write_topics(out, item.topics);
}

EventItem read_item(FormatReader& in) {
  EventItem item;
  const std::uint16_t bits = in.bits(kAllItemBits);
  item.known = (bits & kKnown) != 0;
  item.repeatable = (bits & kRepeatable) != 0;
  item.sell = (bits & kSell) != 0;
  item.id = in.string(kIdBytesMax);
  item.key = item_key(item.id);
  if ((bits & kHasGroup) != 0) item.group = ItemKey{in.u64()};
  if ((bits & kHasPrice) != 0) item.price_micros = in.svarint();
  if ((bits & kHasQuantity) != 0)
    item.quantity = static_cast<std::uint32_t>(in.at_most(UINT32_MAX, "quantity"));
  if ((bits & kHasPosition) != 0)
    item.position = static_cast<std::uint16_t>(in.at_most(UINT16_MAX, "position"));
  if ((bits & kHasItemTopics) != 0) item.topics = read_topics(in);
  return item;
}

std::uint16_t bits_of(const Event& event) {
  return static_cast<std::uint16_t>(
      bit_if(event.depth_percent.has_value(), kHasDepth) |
      bit_if(event.active_ms.has_value(), kHasActive) | bit_if(event.finished, kFinished) |
      bit_if(event.value.has_value(), kHasValue) |
      bit_if(event.decision.has_value(), kHasDecision) |
      bit_if(event.consent.has_value(), kHasConsent) |
      bit_if(event.use_for_decisions, kUseForDecisions) | bit_if(!event.query.empty(), kHasQuery) |
      bit_if(!event.reason.empty(), kHasReason) | bit_if(!event.topics.empty(), kHasTopics) |
      bit_if(!event.properties_json.empty(), kHasProperties) |
      bit_if(!event.items.empty(), kHasItems) | bit_if(event.clock_adjusted, kClockAdjusted) |
      bit_if(event.claim.has_value(), kHasClaim) | bit_if(event.invited, kInvited));
}

}  // namespace

const char* to_string(Provenance provenance) {
  switch (provenance) {
    case Provenance::kTold:
      return "told";
    case Provenance::kNoticed:
      return "noticed";
    case Provenance::kGuessed:
      return "guessed";
    case Provenance::kImported:
      return "imported";
  }
  return "unknown";
}

std::string encode(const Event& event) {
  CHECK(event.items.size() <= kEventItemsMax && event.topics.size() <= kEventTopicsMax);
  std::string bytes;
  bytes.reserve(64 + event.name.size() + event.properties_json.size() + event.items.size() * 40);
  ByteWriter out(bytes);
  out.u8(kFormatVersion);
  out.u8(static_cast<std::uint8_t>(event.kind));
  out.u8(static_cast<std::uint8_t>(event.source));
  out.u16(bits_of(event));
  out.string(event.name);
  if (!event.items.empty()) {
    out.varint(event.items.size());
    for (const EventItem& item : event.items) write_item(out, item);
  }
  if (event.depth_percent) out.u8(*event.depth_percent);
  if (event.active_ms) out.varint(*event.active_ms);
  if (event.value) out.f64(finite_or_zero(*event.value));
  if (!event.query.empty()) out.string(event.query);
  if (!event.reason.empty()) out.string(event.reason);
  if (!event.topics.empty()) write_topics(out, event.topics);
  if (event.decision) write_hash(out, event.decision->value);
  if (event.consent) out.u8(consent_bits(*event.consent));
  if (event.claim) write_hash(out, event.claim->value);
  if (!event.properties_json.empty()) out.string(event.properties_json);
  return bytes;
}

Result<Event> decode_event(std::string_view bytes) {
  FormatReader in("event", bytes);
  Event event;
  event.kind = in.enumerator(EventKind::kOther, EventKind::kTopicUnfollowed, "kind");
  event.source = in.enumerator(EventSource::kBrowser, EventSource::kImport, "source");
  const std::uint16_t bits = in.bits(kAllEventBits);
  event.name = in.string(kEventNameBytesMax);
  if ((bits & kHasItems) != 0) {
    const std::size_t n = in.count(3, kEventItemsMax);
    for (std::size_t i = 0; i < n && in.ok(); ++i) event.items.push_back(read_item(in));
  }
  if ((bits & kHasDepth) != 0) event.depth_percent = in.u8();
  if ((bits & kHasActive) != 0)
    event.active_ms = static_cast<std::uint32_t>(in.at_most(UINT32_MAX, "active time"));
  event.finished = (bits & kFinished) != 0;
  if ((bits & kHasValue) != 0) event.value = in.f64();
  if ((bits & kHasQuery) != 0) event.query = in.string(kEventBytesMax);
  if ((bits & kHasReason) != 0) event.reason = in.string(kEventBytesMax);
  if ((bits & kHasTopics) != 0) event.topics = read_topics(in);
  if ((bits & kHasDecision) != 0) event.decision = DecisionId{in.hash()};
  if ((bits & kHasConsent) != 0) {
    const std::uint8_t consent = in.u8();
    if (consent > 31) in.refuse("unknown consent bits");
    event.consent = consent_of_bits(consent);
  }
  event.clock_adjusted = (bits & kClockAdjusted) != 0;
  event.invited = (bits & kInvited) != 0;
  if ((bits & kHasClaim) != 0) event.claim = PersonHash{in.hash()};
  event.use_for_decisions = (bits & kUseForDecisions) != 0;
  if ((bits & kHasProperties) != 0) event.properties_json = in.string(kEventBytesMax);
  TRY(in.finish());
  return event;
}

std::string encode(const FactSet& facts) {
  CHECK(facts.facts.size() <= kPersonFactsMax);
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kFormatVersion);
  out.varint(facts.facts.size());
  for (const Fact& fact : facts.facts) {
    out.string(fact.name);
    out.string(fact.value_json);
    out.u8(static_cast<std::uint8_t>(fact.provenance));
    out.svarint(fact.at_ms);
    out.u8(fact.expires_at_ms ? 1 : 0);
    if (fact.expires_at_ms) out.svarint(*fact.expires_at_ms);
  }
  return bytes;
}

Result<FactSet> decode_facts(std::string_view bytes) {
  FormatReader in("facts", bytes);
  FactSet facts;
  const std::size_t n = in.count(5, kPersonFactsMax);
  for (std::size_t i = 0; i < n && in.ok(); ++i) {
    Fact fact;
    fact.name = in.string(kFactNameBytesMax);
    fact.value_json = in.string(kFactValueBytesMax);
    fact.provenance = in.enumerator(Provenance::kTold, Provenance::kImported, "provenance");
    fact.at_ms = in.svarint();
    const std::uint8_t expires = in.u8();
    if (expires > 1) in.refuse("unknown flags");
    if (expires == 1) fact.expires_at_ms = in.svarint();
    facts.facts.push_back(std::move(fact));
  }
  TRY(in.finish());
  return facts;
}

std::string encode(const Link& link) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kFormatVersion);
  write_hash(out, link.other.value);
  out.svarint(link.other_first_seen_ms);
  out.u8(link.verified ? 1 : 0);
  return bytes;
}

Result<Link> decode_link(std::string_view bytes) {
  FormatReader in("link", bytes);
  Link link;
  link.other = PersonHash{in.hash()};
  link.other_first_seen_ms = in.svarint();
  const std::uint8_t verified = in.u8();
  if (verified > 1) in.refuse("unknown flags");
  link.verified = verified == 1;
  TRY(in.finish());
  return link;
}

}  // namespace ante
