#include "domain/item.h"

#include <array>
#include <cmath>

#include "domain/format_reader.h"

namespace ante {

namespace {

enum ItemFlag : std::uint16_t {
  kEvergreen = 1 << 0,
  kAvailable = 1 << 1,
  kWithdrawn = 1 << 2,
  kMustRead = 1 << 3,
  kIsRepeatable = 1 << 4,
  kSells = 1 << 5,
  kHasExpiry = 1 << 6,
  kIsPriced = 1 << 7,
  kHasOffer = 1 << 8,
  kAllItemFlags = (1 << 9) - 1,
};

enum OfferFlag : std::uint16_t {
  kHasFrom = 1 << 0,
  kHasUntil = 1 << 1,
  kHasStock = 1 << 2,
  kHasRadius = 1 << 3,
  kHasMargin = 1 << 4,
  kOnePerPerson = 1 << 5,
  kAllOfferFlags = (1 << 6) - 1,
};

std::uint16_t flag_if(bool condition, std::uint16_t flag) {
  return condition ? flag : std::uint16_t{0};
}

void write_texts(ByteWriter& out, const std::vector<std::string>& texts) {
  out.varint(texts.size());
  for (const std::string& text : texts) out.string(text);
}

std::vector<std::string> read_texts(FormatReader& in, std::size_t count_max) {
  std::vector<std::string> texts(in.count(1, count_max));
  for (std::string& text : texts) text = in.string(kItemBytesMax);
  return texts;
}

void write_offer(ByteWriter& out, const Offer& offer) {
  out.u16(static_cast<std::uint16_t>(flag_if(offer.valid_from_ms.has_value(), kHasFrom) |
                                     flag_if(offer.valid_until_ms.has_value(), kHasUntil) |
                                     flag_if(offer.stock.has_value(), kHasStock) |
                                     flag_if(offer.radius_km.has_value(), kHasRadius) |
                                     flag_if(offer.margin.has_value(), kHasMargin) |
                                     flag_if(offer.one_per_person, kOnePerPerson)));
  if (offer.valid_from_ms) out.svarint(*offer.valid_from_ms);
  if (offer.valid_until_ms) out.svarint(*offer.valid_until_ms);
  if (offer.stock) out.svarint(*offer.stock);
  out.string(offer.store);
  if (offer.radius_km) out.f64(finite_or_zero(*offer.radius_km));
  if (offer.margin) out.f64(finite_or_zero(*offer.margin));
}

Offer read_offer(FormatReader& in) {
  Offer offer;
  const std::uint16_t flags = in.bits(kAllOfferFlags);
  if ((flags & kHasFrom) != 0) offer.valid_from_ms = in.svarint();
  if ((flags & kHasUntil) != 0) offer.valid_until_ms = in.svarint();
  if ((flags & kHasStock) != 0) offer.stock = in.svarint();
  offer.store = in.string(kItemBytesMax);
  if ((flags & kHasRadius) != 0) offer.radius_km = in.f64();
  if ((flags & kHasMargin) != 0) offer.margin = in.f64();
  offer.one_per_person = (flags & kOnePerPerson) != 0;
  return offer;
}

std::uint16_t flags_of(const Item& item) {
  return static_cast<std::uint16_t>(
      flag_if(item.evergreen, kEvergreen) | flag_if(item.available, kAvailable) |
      flag_if(item.withdrawn, kWithdrawn) | flag_if(item.must_read, kMustRead) |
      flag_if(item.repeatable, kIsRepeatable) | flag_if(item.intent == Intent::kSell, kSells) |
      flag_if(item.expires_at_ms.has_value(), kHasExpiry) |
      flag_if(item.price.has_value(), kIsPriced) | flag_if(item.offer.has_value(), kHasOffer));
}

}  // namespace

std::string encode(const Item& item) {
  CHECK(item.key == item_key(item.id) && item.topic_keys.size() == item.topics.size());
  CHECK(item.topics.size() <= kItemTopicsMax && item.needs.size() <= kItemNeedsMax);
  std::string bytes;
  bytes.reserve(128 + item.title.size() + item.text.size() + item.url.size() +
                item.attrs_json.size());
  ByteWriter out(bytes);
  out.u8(kFormatVersion);
  out.u16(flags_of(item));
  out.string(item.id);
  for (const std::string* text :
       {&item.url, &item.title, &item.text, &item.image, &item.kind, &item.group}) {
    out.string(*text);
  }
  write_texts(out, item.topics);
  write_texts(out, item.needs);
  out.svarint(item.published_at_ms);
  if (item.expires_at_ms) out.svarint(*item.expires_at_ms);
  if (item.price) {
    out.svarint(item.price->amount_micros);
    out.string(item.price->currency);
  }
  if (item.offer) write_offer(out, *item.offer);
  out.string(item.attrs_json);
  out.varint(item.version);
  return bytes;
}

Result<Item> decode_item(std::string_view bytes) {
  FormatReader in("item", bytes);
  Item item;
  const std::uint16_t flags = in.bits(kAllItemFlags);
  item.evergreen = (flags & kEvergreen) != 0;
  item.available = (flags & kAvailable) != 0;
  item.withdrawn = (flags & kWithdrawn) != 0;
  item.must_read = (flags & kMustRead) != 0;
  item.repeatable = (flags & kIsRepeatable) != 0;
  item.intent = (flags & kSells) != 0 ? Intent::kSell : Intent::kServe;
  item.id = in.string(kIdBytesMax);
  item.key = item_key(item.id);
  for (std::string* text :
       {&item.url, &item.title, &item.text, &item.image, &item.kind, &item.group}) {
    *text = in.string(kItemBytesMax);
  }
  item.topics = read_texts(in, kItemTopicsMax);
  for (const std::string& topic : item.topics) item.topic_keys.push_back(topic_key(topic));
  item.needs = read_texts(in, kItemNeedsMax);
  item.published_at_ms = in.svarint();
  if ((flags & kHasExpiry) != 0) item.expires_at_ms = in.svarint();
  if ((flags & kIsPriced) != 0) {
    item.price = Price{};
    item.price->amount_micros = in.svarint();
    item.price->currency = in.string(16);
  }
  if ((flags & kHasOffer) != 0) item.offer = read_offer(in);
  item.attrs_json = in.string(kItemBytesMax);
  item.version = in.varint();
  TRY(in.finish());
  return item;
}

}  // namespace ante
