#include "report/inventory.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/hash.h"
#include "report/reader_interests.h"

namespace ante {

namespace {

constexpr std::size_t kPrefetched = 16;  // cards ahead

}  // namespace

Inventory::Inventory(const CatalogView& catalog, TimeMs now_ms, CanBeShown can_be_shown)
    : catalog_(catalog) {
  const std::span<const ItemIndex> newest = catalog_.newest();
  items_.reserve(newest.size());
  topics_begin_.reserve(newest.size() + 1);
  // The list is by date: where a week begins is looked for, and no item is asked for its date.
  std::array<std::size_t, kInventoryWeeks> week_ends{};
  for (std::size_t week = 0; week < kInventoryWeeks; ++week) {
    const DurationMs age = static_cast<DurationMs>(week + 1) * kFreshDays * kDayMs;
    const auto end = std::ranges::partition_point(
        newest, [&](ItemIndex index) { return now_ms - catalog_.date_ms(index) < age; });
    week_ends[week] = static_cast<std::size_t>(end - newest.begin());
  }
  std::size_t week = 0;
  std::vector<std::uint32_t> places;
  for (std::size_t i = 0; i < newest.size(); ++i) {
    if (i + kPrefetched < newest.size()) catalog_.prefetch(newest[i + kPrefetched]);
    const ItemCard* card = catalog_.card(newest[i]);
    if (card == nullptr) continue;
    while (week < kInventoryWeeks && i >= week_ends[week]) ++week;
    find_places(*card, places);
    if (week < kInventoryWeeks) {
      for (const std::uint32_t place : places) ++topics_[place].published[week];
    }
    if (!can_be_shown(*card, now_ms)) continue;
    StockedItem stocked{card->item, card->key, newest[i], week == 0, false};
    const bool evergreen = !stocked.fresh && (card->evergreen || card->item->published_at_ms == 0);
    stocked.deep = stocked.fresh || evergreen;
    const auto at = static_cast<std::uint32_t>(items_.size());
    for (const std::uint32_t place : places) {
      StockedTopic& topic = topics_[place];
      ++(stocked.fresh ? topic.fresh : evergreen ? topic.evergreen : topic.older);
      if (stocked.deep) topic.deep.push_back(at);
    }
    items_.push_back(stocked);
    topics_begin_.push_back(static_cast<std::uint32_t>(item_topics_.size()));
    item_topics_.insert(item_topics_.end(), places.begin(), places.end());
  }
  topics_begin_.push_back(static_cast<std::uint32_t>(item_topics_.size()));
  index_items();
}

// The card has the first topics; the item itself is read for more of them, and for a new name.
void Inventory::find_places(const ItemCard& card, std::vector<std::uint32_t>& places) {
  places.clear();
  for (std::size_t i = 0; i < card.topic_count; ++i) {
    const std::uint32_t topic =
        i < ItemCard::kTopics ? card.topics[i] : short_key(card.item->topic_keys[i]);
    const auto [at, added] =
        topic_places_.try_emplace(topic, static_cast<std::uint32_t>(topics_.size()));
    if (added) {
      StockedTopic& stocked = topics_.emplace_back();
      stocked.topic = topic;
      if (i < card.item->topics.size()) stocked.name = card.item->topics[i];
    }
    if (std::ranges::find(places, at->second) == places.end()) places.push_back(at->second);
  }
}

void Inventory::index_items() {
  buckets_.assign(std::bit_ceil(2 * items_.size() + 1), 0);
  const std::size_t mask = buckets_.size() - 1;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    std::size_t at = mix64(items_[i].key.value) & mask;
    while (buckets_[at] != 0) at = (at + 1) & mask;
    buckets_[at] = static_cast<std::uint32_t>(i + 1);
  }
}

const StockedTopic* Inventory::topic(std::uint32_t topic) const {
  const auto found = topic_places_.find(topic);
  return found == topic_places_.end() ? nullptr : &topics_[found->second];
}

const StockedItem* Inventory::item(ItemKey key) const {
  const std::size_t mask = buckets_.size() - 1;
  for (std::size_t at = mix64(key.value) & mask; buckets_[at] != 0; at = (at + 1) & mask) {
    const StockedItem& stocked = items_[buckets_[at] - 1];
    if (stocked.key == key) return &stocked;
  }
  return nullptr;
}

std::span<const std::uint32_t> Inventory::topics_of(const StockedItem& item) const {
  const auto place = static_cast<std::size_t>(&item - items_.data());
  return std::span(item_topics_)
      .subspan(topics_begin_[place], topics_begin_[place + 1] - topics_begin_[place]);
}

}  // namespace ante
