// The store on one machine: RocksDB for the log and the rows, files for the blobs.
//
// In/out: as store.h. DIR/db is RocksDB, DIR/blobs the blobs; a backup has the same two folders.
// Every commit is one synced WriteBatch. docs/formats/state.md names the column families; why
// these settings: docs/decisions/0010-store-and-journal.md.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "store/store.h"

namespace rocksdb {
class FileSystem;
}

namespace ante {

// Free space below which commits are refused (kUnavailable) and reading goes on.
inline constexpr std::uint64_t kDiskReserveBytes = 8u << 20;

struct RocksdbOptions {
  std::size_t block_cache_bytes = 24u << 20;  // blocks, indexes and filters
  std::size_t memtable_bytes = 48u << 20;     // of all tables together
  std::size_t wal_bytes_max = 96u << 20;      // what a start may have to read again
  // For planted-fault tests of the power-cut double only: commits that do not wait for the disk.
  bool sync = true;
};

class RocksdbStore final : public Store {
 public:
  // Opens or makes the store in `directory`. `files` null: the machine's own file system.
  // kConflict: another process has it open; kDataLoss: damaged, or of a later version.
  static Result<std::unique_ptr<RocksdbStore>> open(
      const std::string& directory, RocksdbOptions options = {},
      std::shared_ptr<rocksdb::FileSystem> files = nullptr);
  ~RocksdbStore() override;

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
  Result<void> compact() override;
  std::uint64_t log_bytes() const override;
  // What RocksDB holds in RAM: memtables, block cache, table readers.
  std::uint64_t memory_bytes() const;

 private:
  struct Database;
  explicit RocksdbStore(std::unique_ptr<Database> database);

  Result<void> load_heads();
  Result<std::uint64_t> commit_before(std::uint16_t partition, std::uint64_t sequence) const;

  std::unique_ptr<Database> database_;
};

}  // namespace ante
