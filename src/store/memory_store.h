// A store in RAM: the double for tests, for the simulator and for the thread sanitizer.
//
// In/out: as store.h. Nothing outlives the object; a backup is a text-free copy of its maps in one
// file, which from_backup() reads. Any thread, one mutex.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "store/store.h"

namespace ante {

class MemoryStore final : public Store {
 public:
  MemoryStore() = default;

  // A store with what backup() wrote. kNotFound: no backup there; kDataLoss: it is damaged.
  static Result<std::unique_ptr<MemoryStore>> from_backup(const std::string& directory);

  Result<void> commit(std::uint64_t commit, std::span<const PartitionBatch> batches) override;
  std::uint64_t last_commit() const override;
  std::uint64_t next_sequence(std::uint16_t partition) const override;
  Result<void> scan_log(std::uint64_t after_commit,
                        const std::function<Result<bool>(std::uint64_t, std::uint16_t,
                                                         std::string_view)>& visit) const override;
  Result<std::vector<std::string>> read(std::uint16_t partition, std::uint64_t after_sequence,
                                        std::size_t values_max) const override;
  Result<void> rewrite_log(std::uint64_t commit, std::uint16_t partition,
                           std::string value) override;
  Result<std::optional<std::string>> get(Table table, std::string_view key) const override;
  Result<std::vector<std::optional<std::string>>> mget(
      Table table, std::span<const std::string> keys) const override;
  Result<void> scan(
      Table table, std::string_view prefix,
      const std::function<bool(std::string_view, std::string_view)>& visit) const override;
  Result<void> erase_range(Table table, std::string_view from, std::string_view to) override;
  Result<void> put_blob(std::string_view name, std::uint64_t version,
                        std::string_view bytes) override;
  Result<std::string> get_blob(std::string_view name, std::uint64_t version) const override;
  Result<std::vector<std::uint64_t>> blob_versions(std::string_view name) const override;
  Result<void> erase_blob(std::string_view name, std::uint64_t version) override;
  Result<std::uint64_t> lease(std::string_view name, std::string_view holder, TimeMs now_ms,
                              DurationMs ttl_ms) override;
  Result<void> backup(const std::string& directory) override;
  Result<void> compact() override { return {}; }
  std::uint64_t log_bytes() const override;

 private:
  struct LogValue {
    std::uint64_t first_sequence = 0, next_sequence = 0;
    std::shared_ptr<const std::string> bytes;
  };
  struct Lease {
    std::string holder;
    std::uint64_t epoch = 0;
    TimeMs until_ms = 0;
  };
  using Rows = std::map<std::string, std::string, std::less<>>;

  mutable Mutex mutex_;
  std::uint64_t last_commit_ GUARDED_BY(mutex_) = 0;
  std::uint64_t log_bytes_ GUARDED_BY(mutex_) = 0;
  std::map<std::pair<std::uint64_t, std::uint16_t>, LogValue> log_ GUARDED_BY(mutex_);
  // partition → first sequence of a value → its commit
  std::map<std::uint16_t, std::map<std::uint64_t, std::uint64_t>> by_sequence_ GUARDED_BY(mutex_);
  std::map<Table, Rows> tables_ GUARDED_BY(mutex_);
  std::map<std::pair<std::string, std::uint64_t>, std::string> blobs_ GUARDED_BY(mutex_);
  std::map<std::string, Lease, std::less<>> leases_ GUARDED_BY(mutex_);
};

}  // namespace ante
