// The catalogue in RAM: what can be shown now, visible to decisions within a second of its 2xx.
//
// In:   item records of the control partition (a LogConsumer), or rows of a checkpoint.
// Out:  views: immutable snapshots that any number of threads may hold and read.
//
// apply/consume by one thread at a time; view() by any thread, at any time.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catalog/item_interner.h"
#include "domain/item.h"
#include "domain/log_consumer.h"

namespace ante {

// A consistent view of all items. Cheap to copy; items live as long as the view.
class CatalogView {
 public:
  // Null when unknown. Withdrawn items are found (withdrawn is not forgotten).
  const Item* find(ItemKey key) const;
  const Item* find(ItemIndex index) const;
  // Items (not withdrawn) that carry a topic, newest first.
  std::span<const ItemIndex> with_topic(TopicKey topic) const;
  // Items (not withdrawn), newest first by publishedAt, then by first sight.
  std::span<const ItemIndex> newest() const;
  std::string topic_name(TopicKey topic) const;  // empty when unknown
  std::size_t size() const;
  std::uint64_t version() const;  // grows with every change

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

  // LogConsumer: kItem records of the control partition; others are ignored.
  std::string_view name() const override { return "catalog"; }
  void consume(const CommittedRecord& record) override;
  void commit_consumed(Commit commit) override;  // publishes the changes of the commit
  std::string save() const override;
  Result<void> load(std::string_view bytes) override;

  // The rows (Table::kCatalog) that changed since the last call; and the way back at start.
  void collect_dirty(std::vector<std::pair<std::string, std::string>>& rows);
  Result<void> restore(std::string_view key, std::string_view value);
  void publish();  // after restore

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ante
