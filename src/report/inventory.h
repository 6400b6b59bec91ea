// What there is to show now: the items that can be shown, by topic, fresh ones told from evergreen.
//
// In:   a view of the catalogue. Out: counts and lists of one moment; one pass over the items.
//
// Fresh: published (or, undated, first seen) in the last kFreshDays. Evergreen: older, and marked
// so or undated. Older ones that carry a date and no mark can still be shown; they age, and nothing
// is built on them here. Deep: fresh or evergreen. Immutable once made; any thread.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "catalog/catalog.h"

namespace ante {

inline constexpr std::int32_t kFreshDays = 7;
inline constexpr std::size_t kInventoryWeeks = 4;

// Whether anybody can be shown it now: candidates/eligibility.h says, which stands beside report.
using CanBeShown = bool (*)(const ItemCard&, TimeMs now_ms);

struct StockedItem {
  const Item* item = nullptr;
  ItemKey key;
  ItemIndex index;
  bool fresh = false, deep = false;
};

struct StockedTopic {
  std::uint32_t topic = 0;
  std::string name;
  std::uint64_t fresh = 0, evergreen = 0, older = 0;       // that can be shown
  std::array<std::uint64_t, kInventoryWeeks> published{};  // by week back from now, not withdrawn
  std::vector<std::uint32_t> deep;                         // places in Inventory::items()
  std::uint64_t depth() const { return fresh + evergreen; }
};

class Inventory {
 public:
  Inventory(const CatalogView& catalog, TimeMs now_ms, CanBeShown can_be_shown);

  // That can be shown, newest first.
  const std::vector<StockedItem>& items() const { return items_; }
  // Of every item that is not withdrawn, in the order of their newest item.
  const std::vector<StockedTopic>& topics() const { return topics_; }
  const StockedTopic* topic(std::uint32_t topic) const;
  // Null: it cannot be shown.
  const StockedItem* item(ItemKey key) const;
  // The topics of a stocked item as places in topics().
  std::span<const std::uint32_t> topics_of(const StockedItem& item) const;
  const CatalogView& catalog() const { return catalog_; }

 private:
  void find_places(const ItemCard& card, std::vector<std::uint32_t>& places);
  void index_items();

  CatalogView catalog_;  // keeps the items alive
  std::vector<StockedItem> items_;
  std::vector<std::uint32_t> item_topics_, topics_begin_;  // of each item, one after the other
  std::vector<StockedTopic> topics_;
  std::unordered_map<std::uint32_t, std::uint32_t> topic_places_;
  std::vector<std::uint32_t> buckets_;  // open addressing: 1 + place of the item; 0 = empty
};

}  // namespace ante
