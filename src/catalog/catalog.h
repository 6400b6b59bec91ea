// The catalogue in RAM: what can be shown now, visible to decisions within a second of its 2xx.
//
// In:   item records of the control partition (a LogConsumer), or rows of a checkpoint.
// Out:  views: immutable snapshots that any number of threads may hold and read.
//
// apply/consume by one thread at a time; view() by any thread, at any time.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/item_interner.h"
#include "catalog/text_features.h"
#include "domain/item.h"
#include "domain/log_consumer.h"

namespace ante {

inline constexpr std::size_t kCatalogItemsMax = 1'000'000;  // withdrawn ones included
inline constexpr std::size_t kCatalogTopicsMax = 100'000;   // later topics have no list of items

// What eligibility and the first cut ask of an item, in one cache line.
struct alignas(64) ItemCard {
  static constexpr std::size_t kTopics = 4;

  const Item* item = nullptr;  // null: not in the catalogue
  ItemKey key, group;          // group: item_key(item->group), 0 = none
  TimeMs valid_from_ms = 0;    // the earliest and the latest that the item and its offer allow
  TimeMs valid_until_ms = 0;
  std::array<std::uint32_t, kTopics> topics{};  // low halves of the first keys; 0 = none
  std::uint8_t topic_count = 0;                 // of the item, which may have more
  bool must_read : 1 = false;
  bool sells : 1 = false;
  bool evergreen : 1 = false;
  bool withdrawn : 1 = false;
  bool sold_out : 1 = false;
  bool repeatable : 1 = false;
  bool one_per_person : 1 = false;
};
static_assert(sizeof(ItemCard) == 64);
ItemCard card_of(const Item& item);

// A consistent view of all items. Cheap to copy; items live as long as the view.
class CatalogView {
 public:
  // Null when unknown. Withdrawn items are found (withdrawn is not forgotten).
  const Item* find(ItemKey key) const;
  const Item* find(ItemIndex index) const;
  // The same as find(), for those who ask it of hundreds of items. Null when unknown.
  const ItemCard* card(ItemIndex index) const;
  // Fetches what card() will read.
  void prefetch(ItemIndex index) const;
  // Items (not withdrawn) that carry a topic, newest first.
  std::span<const ItemIndex> with_topic(TopicKey topic) const;
  // Items (not withdrawn), newest first by publishedAt (unknown: first sight), then by first sight.
  std::span<const ItemIndex> newest() const;
  // publishedAt, else its first sight; 0 when unknown.
  TimeMs date_ms(ItemIndex index) const;
  std::string topic_name(TopicKey topic) const;  // empty when unknown
  std::size_t size() const;                      // withdrawn items included
  std::uint64_t version() const;                 // grows with every published change
  // Words of titles, texts and topics of the items that are not withdrawn.
  const TextIndex& text() const;

  struct Contents;
  explicit CatalogView(std::shared_ptr<const Contents> contents);

 private:
  std::shared_ptr<const Contents> contents_;
};

class Catalog final : public LogConsumer {
 public:
  explicit Catalog(ItemInterner& interner);
  ~Catalog() override;

  CatalogView view() const;
  // Items that were not taken because the catalogue or the interner was full.
  std::uint64_t refused() const;

  // LogConsumer: kItem records of the control partition; others are ignored.
  // A record that cannot be read, and a new item of a full catalogue, change nothing.
  std::string_view name() const override { return "catalog"; }
  void consume(const CommittedRecord& record) override;
  void commit_consumed(Commit commit) override;  // publishes the changes of the commit
  std::string save() const override;
  Result<void> load(std::string_view bytes) override;

  // The rows (Table::kCatalog, docs/formats/item.md) that changed since the last call; and the way
  // back at start, in any order.
  void collect_dirty(std::vector<std::pair<std::string, std::string>>& rows);
  Result<void> restore(std::string_view key, std::string_view value);
  // Makes what was consumed or restored visible. Costs microseconds for a few items, and O(items)
  // for many at once.
  void publish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ante
