// The versioned objects of the control log: slots, keys and what else has an ETag.
//
// In:   records of kind kObject (a synchronous fold), or checkpoint rows at start.
// Out:  the newest version of each, also of deleted ones (their version goes on); the key table.
//
// At start the rows come back here, and what mirrors them (the slot table) is fed from here.
// consume() and collect() on the committer thread; reads by any thread.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/keys.h"
#include "base/mutex.h"
#include "domain/log_consumer.h"
#include "journal/journal.h"

namespace ante {

inline constexpr std::size_t kObjectTypeBytesMax = 32;
inline constexpr std::size_t kObjectJsonBytesMax = 64 * 1024;

class ObjectTable final : public LogConsumer, public CheckpointSource {
 public:
  // `mirrors` get every restored object as a record; the live ones they get from the journal.
  explicit ObjectTable(std::vector<LogConsumer*> mirrors) : mirrors_(std::move(mirrors)) {}

  // The newest version, deleted or not.
  std::optional<Object> find(std::string_view type, std::string_view id) const;
  // Those that are not deleted, in the order of their ids.
  std::vector<Object> list(std::string_view type) const;
  const KeyTable& keys() const { return keys_; }

  std::string_view name() const override { return "objects"; }
  void consume(const CommittedRecord& record) override;
  std::string save() const override;
  Result<void> load(std::string_view bytes) override;

  void collect(Partition partition, std::vector<Row>& rows) override;
  Result<void> restore(const Row& row) override;
  std::vector<Table> tables() const override { return {Table::kObjects}; }

 private:
  using Key = std::pair<std::string, std::string>;  // type, id

  void take(Object object) EXCLUDES_LOCK(mutex_);
  void publish_keys() EXCLUDES_LOCK(mutex_);

  std::vector<LogConsumer*> mirrors_;
  KeyTable keys_;
  mutable Mutex mutex_;
  std::map<Key, Object> objects_ GUARDED_BY(mutex_);
  std::vector<Key> dirty_ GUARDED_BY(mutex_);
};

}  // namespace ante
