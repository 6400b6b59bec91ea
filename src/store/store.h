// Where bytes rest: one interface, two back ends (RocksDB now, PostgreSQL later) and doubles.
//
// In:   batches of the committer: per partition one log value, dedup keys, checkpoint rows.
// Out:  the log in commit order or by partition, rows by key or prefix, blobs, a hot backup.
//
// commit() is called by one thread at a time; everything else by any thread, also during commit().
// store/contract_test.cc is the suite every implementation passes.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace ante {

// Tables of rows. Numbers are stored: only append.
enum class Table : std::uint8_t {
  kMeta = 1,      // format versions, keys of the directory, partition heads
  kDedup = 2,     // day ‖ message key → partition, sequence; dropped by day
  kPeople = 3,    // person hash → encoded PersonState
  kIdentity = 4,  // person hash → raw routing id: the only place of raw ids
  kCatalog = 5,   // item key → encoded Item
  kObjects = 6,   // type ‖ id → encoded Object (latest version)
};

struct Row {
  Table table = Table::kMeta;
  std::string key;
  std::optional<std::string> value;  // none = erase the row
};

// Partition numbers are below this.
inline constexpr std::uint16_t kStorePartitionsMax = 512;

// What one commit writes for one partition; atomic with the rest of the commit.
struct PartitionBatch {
  std::uint16_t partition = 0;
  std::uint64_t first_sequence = 0;  // of the log value's records; unused when there is none
  std::uint64_t next_sequence = 0;   // head after this batch; unused when there is no log value
  std::string log_value;             // empty = rows only
  std::vector<Row> rows;
};

class Store {
 public:
  virtual ~Store() = default;

  // Writes all batches and returns when they are durable (fsynced).
  //
  // REQUIRES commit numbers strictly ascending over the life of the store.
  // kUnavailable: the disk is full; nothing of the batch is visible, and a later commit may
  // succeed. kInternal: an fsync or write failed otherwise: the caller must stop acknowledging and
  // exit.
  virtual Result<void> commit(std::uint64_t commit, std::span<const PartitionBatch> batches) = 0;

  // The last durable commit number; 0 in a new store.
  virtual std::uint64_t last_commit() const = 0;
  // Next sequence of each partition that has records; others start at 1.
  virtual std::uint64_t next_sequence(std::uint16_t partition) const = 0;

  // Log values of commits > `after_commit`, in (commit, partition) order, until the visitor
  // returns false. An error of the visitor ends the scan and is returned.
  // kDataLoss: a value is damaged; the message names commit and partition.
  virtual Result<void> scan_log(
      std::uint64_t after_commit,
      const std::function<Result<bool>(std::uint64_t commit, std::uint16_t partition,
                                       std::string_view value)>& visit) const = 0;
  // Log values of one partition whose records go beyond `after_sequence`, at most `values_max`.
  virtual Result<std::vector<std::string>> read(std::uint16_t partition,
                                                std::uint64_t after_sequence,
                                                std::size_t values_max) const = 0;
  // Replaces a log value in place (erasure). Durable on return.
  virtual Result<void> rewrite_log(std::uint64_t commit, std::uint16_t partition,
                                   std::string value) = 0;

  virtual Result<std::optional<std::string>> get(Table table, std::string_view key) const = 0;
  virtual Result<std::vector<std::optional<std::string>>> mget(
      Table table, std::span<const std::string> keys) const = 0;
  // Rows whose key starts with `prefix`, in key order, until the visitor returns false.
  virtual Result<void> scan(
      Table table, std::string_view prefix,
      const std::function<bool(std::string_view key, std::string_view value)>& visit) const = 0;
  // Erases all rows with from <= key < to. Durable with the next commit.
  virtual Result<void> erase_range(Table table, std::string_view from, std::string_view to) = 0;

  // Files for models and consumer checkpoints: written aside, fsynced, renamed, directory fsynced,
  // with a checksum. get_blob gives kDataLoss on a damaged one, kNotFound when there is none.
  virtual Result<void> put_blob(std::string_view name, std::uint64_t version,
                                std::string_view bytes) = 0;
  virtual Result<std::string> get_blob(std::string_view name, std::uint64_t version) const = 0;
  // Versions of a blob, ascending.
  virtual Result<std::vector<std::uint64_t>> blob_versions(std::string_view name) const = 0;
  virtual Result<void> erase_blob(std::string_view name, std::uint64_t version) = 0;

  // Takes or renews the lease `name` for `ttl_ms`; the answer is a fencing epoch that grows with
  // each change of holder. kConflict: somebody else holds it.
  virtual Result<std::uint64_t> lease(std::string_view name, std::string_view holder, TimeMs now_ms,
                                      DurationMs ttl_ms) = 0;

  // A consistent copy of everything in the (new or empty) directory, while commits go on.
  virtual Result<void> backup(const std::string& directory) = 0;

  // Rewrites the files, so that erased and overwritten bytes are in none of them. Slow: erasure
  // only.
  virtual Result<void> compact() = 0;

  virtual std::uint64_t log_bytes() const = 0;  // approximate, for metrics
};

}  // namespace ante
