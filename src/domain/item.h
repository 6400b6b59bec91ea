// An item: what can be shown or sent, with its versioned bytes and its JSON.
//
// Withdrawn is not forgotten: a withdrawn item keeps its history and is not eligible.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/ids.h"

namespace ante {

inline constexpr std::size_t kItemBytesMax = 64 * 1024;  // one item as JSON
inline constexpr std::size_t kItemTopicsMax = 16;
inline constexpr std::size_t kItemNeedsMax = 16;

enum class Intent : std::uint8_t { kServe = 0, kSell = 1 };

struct Price {
  std::int64_t amount_micros = 0;  // millionths of the currency's unit
  std::string currency;            // ISO 4217
  friend bool operator==(const Price&, const Price&) = default;
};

struct Offer {
  std::optional<TimeMs> valid_from_ms, valid_until_ms;
  std::optional<std::int64_t> stock;        // 0 = sold out
  std::string store;                        // where it can be had; empty = everywhere
  std::optional<double> radius_km, margin;  // margin: share of the price, 0..1
  bool one_per_person = false;
  friend bool operator==(const Offer&, const Offer&) = default;
};

struct Item {
  std::string id;
  ItemKey key;
  std::string url, title, text, image, kind;  // kind: article | product | …
  std::vector<std::string> topics, needs;
  std::vector<TopicKey> topic_keys;  // of topics, same order
  std::string group;                 // variants of one thing share a group; empty = none
  TimeMs published_at_ms = 0;        // 0 = unknown
  std::optional<TimeMs> expires_at_ms;
  bool evergreen = false;
  std::optional<Price> price;
  bool available = true;
  bool withdrawn = false;
  bool must_read = false;
  bool repeatable = false;  // may be shown and sold again to who bought it (consumables)
  Intent intent = Intent::kServe;
  std::optional<Offer> offer;
  std::string attrs_json;  // an object, as given; empty = none
  std::uint64_t version = 0;

  friend bool operator==(const Item&, const Item&) = default;
};

// Parses and validates the native record (camelCase, docs/formats). kInvalidArgument names the
// pointer and what to do, e.g. "#/price/amount: must be a finite number, found a string".
Result<Item> item_from_json(std::string_view json);
// RFC 7396 merge patch of `item`'s JSON, validated like a whole record; `id` cannot change.
Result<Item> item_patched(const Item& item, std::string_view merge_patch_json);
std::string item_to_json(const Item& item);

std::string encode(const Item& item);
Result<Item> decode_item(std::string_view bytes);  // kDataLoss: damaged or of a later format

}  // namespace ante
