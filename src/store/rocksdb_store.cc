#include "store/rocksdb_store.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <vector>

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include "base/bytes.h"
#include "base/mutex.h"
#include "store/blob_files.h"
#include "store/key_bytes.h"
#include "store/limits.h"
#include "store/log_rows.h"
#include "store/rocksdb_status.h"

namespace ante {

namespace {

using rocksdb::Slice;

// Column families. Their names are on the disk; the order is ours.
enum Family : std::size_t { kOwn, kLog, kHeads, kFirstTable };
constexpr std::array<const char*, 9> kFamilyNames = {
    "default", "log", "heads", "meta", "dedup", "people", "identity", "catalog", "objects"};

constexpr const char* kFormatKey = "format";
constexpr const char* kLastCommitKey = "last_commit";
constexpr const char* kLeasePrefix = "lease/";
constexpr std::uint64_t kStoreFormat = 1;
constexpr std::uint64_t kHeadsEveryCommits = 1024;
constexpr std::size_t kHeadsEveryBytes = 1u << 20;
// A scan holds memtables in RAM for as long as one iterator lives.
constexpr std::size_t kIteratorBytesMax = 32u << 20;

Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(const Slice& bytes) { return {bytes.data(), bytes.size()}; }

rocksdb::ColumnFamilyOptions family_options(std::size_t family,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.format_version = 5;
  table.block_size = 16 << 10;
  if (family >= kFirstTable) {
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.block_size = 4 << 10;
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.compression = rocksdb::kLZ4Compression;
  options.write_buffer_size = family == kLog ? 16u << 20 : 8u << 20;
  if (std::string_view(kFamilyNames[family]) == "dedup") {
    // Random keys that are dropped by day: few rewrites count more than few bytes.
    options.compaction_style = rocksdb::kCompactionStyleUniversal;
    options.compression = rocksdb::kNoCompression;
    options.write_buffer_size = 16u << 20;
  }
  return options;
}

rocksdb::DBOptions database_options(const RocksdbOptions& wanted, rocksdb::Env* env) {
  rocksdb::DBOptions options;
  options.env = env;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.max_background_jobs = 2;
  options.max_open_files = 512;
  options.db_write_buffer_size = wanted.memtable_bytes;
  options.max_total_wal_size = wanted.wal_bytes_max;
  options.bytes_per_sync = 1 << 20;
  options.keep_log_file_num = 2;
  options.max_log_file_size = 1 << 20;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.recycle_log_file_num = 0;  // erased bytes must not live on in a recycled file
  options.track_and_verify_wals_in_manifest = true;
  options.bgerror_resume_retry_interval = 500'000;  // µs
  return options;
}

// Lets a visitor see everything of an iterator that starts with `prefix`.
Result<void> visit_rows(rocksdb::Iterator& rows, std::string_view prefix,
                        const std::function<bool(std::string_view, std::string_view)>& visit) {
  for (rows.Seek(slice(prefix)); rows.Valid(); rows.Next()) {
    if (!view(rows.key()).starts_with(prefix)) break;
    if (!visit(view(rows.key()), view(rows.value()))) break;
  }
  return from_status(rows.status(), "scanning rows");
}

}  // namespace

struct RocksdbStore::Database {
  std::string directory;
  RocksdbOptions options;
  std::shared_ptr<rocksdb::FileSystem> files;
  std::unique_ptr<rocksdb::Env> env;
  std::shared_ptr<rocksdb::Cache> cache;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  std::unique_ptr<BlobFiles> blobs;
  std::atomic<std::uint64_t> last_commit{0};
  std::array<std::atomic<std::uint64_t>, kStorePartitionsMax> next{};
  // Only the committing thread: where the sparse index goes on.
  std::uint64_t commits_since_heads = 0;
  std::size_t bytes_since_heads = 0;
  Mutex lease_mutex;

  ~Database() {
    for (rocksdb::ColumnFamilyHandle* family : families) {
      db->DestroyColumnFamilyHandle(family).PermitUncheckedError();
    }
    if (db != nullptr) db->Close().PermitUncheckedError();
  }
  rocksdb::ColumnFamilyHandle* family(Table table) const {
    return families[kFirstTable + static_cast<std::size_t>(table) - 1];
  }
  rocksdb::WriteOptions write_options(bool sync) const {
    rocksdb::WriteOptions write;
    write.sync = sync && options.sync;
    return write;
  }
};

RocksdbStore::RocksdbStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}
RocksdbStore::~RocksdbStore() = default;

Result<std::unique_ptr<RocksdbStore>> RocksdbStore::open(
    const std::string& directory, RocksdbOptions options,
    std::shared_ptr<rocksdb::FileSystem> files) {
  auto database = std::make_unique<Database>();
  database->directory = directory;
  database->options = options;
  database->files = files != nullptr ? std::move(files) : rocksdb::FileSystem::Default();
  database->env = rocksdb::NewCompositeEnv(database->files);
  rocksdb::LRUCacheOptions cache;
  cache.capacity = options.block_cache_bytes;
  cache.num_shard_bits = 2;
  database->cache = rocksdb::NewLRUCache(cache);
  const rocksdb::IOOptions io;
  TRY(from_status(database->files->CreateDirIfMissing(directory, io, nullptr),
                  "making " + directory));
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (std::size_t i = 0; i < kFamilyNames.size(); ++i) {
    descriptors.emplace_back(kFamilyNames[i], family_options(i, database->cache));
  }
  rocksdb::DB* db = nullptr;
  const rocksdb::Status opened =
      rocksdb::DB::Open(database_options(options, database->env.get()), directory + "/db",
                        descriptors, &database->families, &db);
  database->db.reset(db);
  if (opened.IsIOError() && opened.ToString().find("lock") != std::string::npos) {
    return conflict("another process has " + directory + " open (" + opened.ToString() + ")");
  }
  TRY(from_status(opened, "opening " + directory + "/db"));
  database->blobs = TRY(BlobFiles::open(database->files, directory + "/blobs"));
  std::unique_ptr<RocksdbStore> store(new RocksdbStore(std::move(database)));
  TRY(store->load_heads());
  return store;
}

Result<void> RocksdbStore::load_heads() {
  Database& d = *database_;
  std::string value;
  const auto number_of = [&](const char* key, std::uint64_t& number) -> Result<void> {
    const rocksdb::Status got = d.db->Get({}, d.families[kOwn], key, &value);
    if (got.IsNotFound()) return {};
    TRY(from_status(got, std::string("reading ") + key));
    if (value.size() != 8) return data_loss(std::string("the store's own row ") + key);
    number = read_big_endian<std::uint64_t>(value);
    return {};
  };
  std::uint64_t format = 0, last = 0;
  TRY(number_of(kFormatKey, format));
  TRY(number_of(kLastCommitKey, last));
  if (format > kStoreFormat) {
    return data_loss(d.directory + " is of store format " + std::to_string(format) +
                     ", this version reads " + std::to_string(kStoreFormat));
  }
  if (format == 0) {
    std::string bytes;
    append_big_endian(bytes, kStoreFormat);
    TRY(from_status(d.db->Put(d.write_options(true), d.families[kOwn], kFormatKey, bytes),
                    "writing the store's format"));
  }
  d.last_commit = last;
  for (auto& next : d.next) next = 1;
  std::uint64_t after = 0;
  {
    const std::unique_ptr<rocksdb::Iterator> rows(d.db->NewIterator({}, d.families[kHeads]));
    rows->SeekToLast();
    TRY(from_status(rows->status(), "reading the log's index"));
    if (rows->Valid()) {
      const Heads heads = TRY(decode_heads(view(rows->key()), view(rows->value())));
      for (std::size_t p = 0; p < heads.next.size(); ++p) d.next[p] = heads.next[p];
      after = heads.commit - 1;
    }
  }
  std::string from;
  append_big_endian(from, after + 1);
  const std::unique_ptr<rocksdb::Iterator> rows(d.db->NewIterator({}, d.families[kLog]));
  for (rows->Seek(from); rows->Valid(); rows->Next()) {
    const LogRow row = TRY(decode_log_row(view(rows->key()), view(rows->value())));
    d.next[row.partition] = row.next_sequence;
    d.bytes_since_heads += row.value.size();
  }
  return from_status(rows->status(), "reading the end of the log");
}

namespace {

// A write that the disk refuses half-way leaves RocksDB's log file in a state that it asserts
// against, so a commit is refused while there is still room for it and for a flush.
Result<void> check_space(const std::string& directory) {
  std::error_code failed;
  const std::filesystem::space_info space = std::filesystem::space(directory, failed);
  if (failed || space.available >= kDiskReserveBytes) return {};
  return unavailable("the disk is full: " + std::to_string(space.available >> 20) +
                     " MiB are free at " + directory + ", and " +
                     std::to_string(kDiskReserveBytes >> 20) +
                     " MiB are kept; free some space and writing goes on by itself");
}

}  // namespace

Result<void> RocksdbStore::commit(std::uint64_t commit, std::span<const PartitionBatch> batches) {
  TRY(check_batches(commit, batches));
  Database& d = *database_;
  CHECK(commit > d.last_commit);
  TRY(check_space(d.directory));
  std::size_t bytes = 0, reserved = 256;
  for (const PartitionBatch& b : batches) {
    bytes += b.log_value.size();
    reserved += b.log_value.size() + 64;
    for (const Row& row : b.rows) {
      reserved += row.key.size() + (row.value ? row.value->size() : 0) + 16;
    }
  }
  rocksdb::WriteBatch write(reserved);
  rocksdb::Status built;
  const auto note = [&](const rocksdb::Status& status) {
    if (built.ok()) built = status;
  };
  const bool index = bytes > 0 && (d.bytes_since_heads + bytes >= kHeadsEveryBytes ||
                                   d.commits_since_heads >= kHeadsEveryCommits);
  if (index) {
    Heads heads{commit, {}};
    for (const auto& next : d.next) heads.next.push_back(next);
    note(write.Put(d.families[kHeads], heads_key(commit), encode_heads(heads)));
  }
  std::vector<const Row*> rows;
  for (const PartitionBatch& b : batches) {
    if (!b.log_value.empty()) {
      const std::string key = log_key(commit, b.partition);
      const std::string prefix = log_prefix(key, b.first_sequence, b.next_sequence);
      const Slice key_part(key);
      const std::array<Slice, 2> parts = {Slice(prefix), Slice(b.log_value)};
      note(write.Put(d.families[kLog], {&key_part, 1}, {parts.data(), 2}));
    }
    for (const Row& row : b.rows) rows.push_back(&row);
  }
  // In the order of keys: insertions that follow each other touch the same memory. Of two rows of
  // one key the later one stays the later one. (Hints from one insertion to the next, as RocksDB
  // 7.8 offers them, break its own assertions.)
  std::stable_sort(rows.begin(), rows.end(), [](const Row* a, const Row* b) {
    return a->table != b->table ? a->table < b->table : a->key < b->key;
  });
  for (const Row* row : rows) {
    rocksdb::ColumnFamilyHandle* family = d.family(row->table);
    note(row->value.has_value() ? write.Put(family, row->key, *row->value)
                                : write.Delete(family, row->key));
  }
  std::string number;
  append_big_endian(number, commit);
  note(write.Put(d.families[kOwn], kLastCommitKey, number));
  TRY(from_status(built, "building commit " + std::to_string(commit)));
  const rocksdb::Status written = d.db->Write(d.write_options(true), &write);
  TRY(from_status(written, "writing commit " + std::to_string(commit)));
  for (const PartitionBatch& b : batches) {
    if (!b.log_value.empty()) d.next[b.partition] = b.next_sequence;
  }
  d.bytes_since_heads = index ? 0 : d.bytes_since_heads + bytes;
  d.commits_since_heads = index ? 0 : d.commits_since_heads + 1;
  d.last_commit = commit;
  return {};
}

std::uint64_t RocksdbStore::last_commit() const { return database_->last_commit; }

std::uint64_t RocksdbStore::next_sequence(std::uint16_t partition) const {
  return partition < kStorePartitionsMax ? database_->next[partition].load() : 1;
}

Result<void> RocksdbStore::scan_log(
    std::uint64_t after_commit,
    const std::function<Result<bool>(std::uint64_t, std::uint16_t, std::string_view)>& visit)
    const {
  const Database& d = *database_;
  if (after_commit == UINT64_MAX) return {};
  std::string from = log_key(after_commit + 1, 0);
  std::string where = "after commit " + std::to_string(after_commit);
  while (true) {
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    options.readahead_size = 1 << 20;
    const std::unique_ptr<rocksdb::Iterator> rows(d.db->NewIterator(options, d.families[kLog]));
    std::size_t bytes = 0;
    bool ended = true;
    for (rows->Seek(from); rows->Valid(); rows->Next()) {
      if (bytes > kIteratorBytesMax) {
        from = rows->key().ToString();
        ended = false;
        break;
      }
      const LogRow row = TRY(decode_log_row(view(rows->key()), view(rows->value())));
      bytes += row.value.size();
      if (!TRY(visit(row.commit, row.partition, row.value))) return {};
      where = "after commit " + std::to_string(row.commit) + ", partition " +
              std::to_string(row.partition);
    }
    TRY(from_status(rows->status(), "reading the log " + where));
    if (ended) return {};
  }
}

// A commit at or before the one that holds `sequence` of the partition, from the sparse index.
Result<std::uint64_t> RocksdbStore::commit_before(std::uint16_t partition,
                                                  std::uint64_t sequence) const {
  const Database& d = *database_;
  const std::unique_ptr<rocksdb::Iterator> rows(d.db->NewIterator({}, d.families[kHeads]));
  // The greatest row whose head of the partition is <= sequence: rows ascend in both.
  std::uint64_t low = 0, high = d.last_commit + 1, best = 1;
  while (low + 1 < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    rows->SeekForPrev(heads_key(middle));
    TRY(from_status(rows->status(), "reading the log's index"));
    if (!rows->Valid()) {
      low = middle;
      continue;
    }
    const Heads heads = TRY(decode_heads(view(rows->key()), view(rows->value())));
    if (partition < heads.next.size() && heads.next[partition] > sequence) {
      high = heads.commit;
      if (high <= low) break;
    } else {
      best = heads.commit;
      low = middle;
    }
  }
  return best;
}

Result<std::vector<std::string>> RocksdbStore::read(std::uint16_t partition,
                                                    std::uint64_t after_sequence,
                                                    std::size_t values_max) const {
  std::vector<std::string> values;
  if (values_max == 0 || next_sequence(partition) <= after_sequence + 1) return values;
  const std::uint64_t from = TRY(commit_before(partition, after_sequence + 1));
  const Database& d = *database_;
  rocksdb::ReadOptions options;
  options.readahead_size = 256 << 10;
  const std::unique_ptr<rocksdb::Iterator> rows(d.db->NewIterator(options, d.families[kLog]));
  for (rows->Seek(log_key(from, 0)); rows->Valid() && values.size() < values_max; rows->Next()) {
    if (partition_of_log_key(view(rows->key())) != partition) continue;
    const LogRow row = TRY(decode_log_row(view(rows->key()), view(rows->value())));
    if (row.next_sequence > after_sequence + 1) values.emplace_back(row.value);
  }
  TRY(from_status(rows->status(), "reading partition " + std::to_string(partition)));
  return values;
}

Result<void> RocksdbStore::rewrite_log(std::uint64_t commit, std::uint16_t partition,
                                       std::string value) {
  const Database& d = *database_;
  const std::string key = log_key(commit, partition);
  std::string stored;
  const rocksdb::Status got = d.db->Get({}, d.families[kLog], key, &stored);
  if (got.IsNotFound()) return no_log_value(commit, partition);
  TRY(from_status(got, "reading commit " + std::to_string(commit)));
  const LogRow row = TRY(decode_log_row(key, stored));
  const std::string next = log_prefix(key, row.first_sequence, row.next_sequence) + value;
  return from_status(d.db->Put(d.write_options(true), d.families[kLog], key, next),
                     "rewriting commit " + std::to_string(commit));
}

Result<std::optional<std::string>> RocksdbStore::get(Table table, std::string_view key) const {
  const Database& d = *database_;
  std::string value;
  const rocksdb::Status got = d.db->Get({}, d.family(table), slice(key), &value);
  if (got.IsNotFound()) return std::optional<std::string>{};
  TRY(from_status(got, "reading a row"));
  return std::optional<std::string>{std::move(value)};
}

Result<std::vector<std::optional<std::string>>> RocksdbStore::mget(
    Table table, std::span<const std::string> keys) const {
  const Database& d = *database_;
  std::vector<std::optional<std::string>> values(keys.size());
  if (keys.empty()) return values;
  const std::vector<Slice> slices(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> found(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  d.db->MultiGet({}, d.family(table), keys.size(), slices.data(), found.data(), statuses.data());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    TRY(from_status(statuses[i], "reading rows"));
    values[i] = found[i].ToString();
  }
  return values;
}

Result<void> RocksdbStore::scan(
    Table table, std::string_view prefix,
    const std::function<bool(std::string_view, std::string_view)>& visit) const {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> rows(
      database_->db->NewIterator(options, database_->family(table)));
  return visit_rows(*rows, prefix, visit);
}

Result<void> RocksdbStore::erase_range(Table table, std::string_view from, std::string_view to) {
  Database& d = *database_;
  if (from >= to) return {};
  // In the WAL before the next commit, and synced with it.
  const rocksdb::WriteOptions write = d.write_options(false);
  const bool one_key = to.size() == from.size() + 1 && to.starts_with(from) && to.back() == '\0';
  const rocksdb::Status erased =
      one_key ? d.db->Delete(write, d.family(table), slice(from))
              : d.db->DeleteRange(write, d.family(table), slice(from), slice(to));
  return from_status(erased, "erasing rows");
}

Result<void> RocksdbStore::put_blob(std::string_view name, std::uint64_t version,
                                    std::string_view bytes) {
  return database_->blobs->put(name, version, bytes);
}
Result<std::string> RocksdbStore::get_blob(std::string_view name, std::uint64_t version) const {
  return database_->blobs->get(name, version);
}
Result<std::vector<std::uint64_t>> RocksdbStore::blob_versions(std::string_view name) const {
  return database_->blobs->versions(name);
}
Result<void> RocksdbStore::erase_blob(std::string_view name, std::uint64_t version) {
  return database_->blobs->erase(name, version);
}

Result<std::uint64_t> RocksdbStore::lease(std::string_view name, std::string_view holder,
                                          TimeMs now_ms, DurationMs ttl_ms) {
  Database& d = *database_;
  MutexLock lock(d.lease_mutex);
  const std::string key = kLeasePrefix + std::string(name);
  std::string stored;
  const rocksdb::Status got = d.db->Get({}, d.families[kOwn], key, &stored);
  std::string held_by;
  std::uint64_t epoch = 0;
  TimeMs until = 0;
  if (!got.IsNotFound()) {
    TRY(from_status(got, "reading the lease " + std::string(name)));
    ByteReader reader(stored);
    held_by = reader.string();
    epoch = reader.varint();
    until = reader.svarint();
    if (!reader.ok() || !reader.at_end()) return data_loss("the row of lease " + std::string(name));
  }
  if (held_by != holder) {
    if (!held_by.empty() && until > now_ms) return lease_held(name, held_by);
    ++epoch;
  }
  std::string value;
  ByteWriter writer(value);
  writer.string(holder);
  writer.varint(epoch);
  writer.svarint(now_ms + ttl_ms);
  TRY(from_status(d.db->Put(d.write_options(true), d.families[kOwn], key, value),
                  "writing the lease " + std::string(name)));
  return epoch;
}

Result<void> RocksdbStore::backup(const std::string& directory) {
  Database& d = *database_;
  const rocksdb::IOOptions io;
  TRY(from_status(d.files->CreateDirIfMissing(directory, io, nullptr), "making " + directory));
  const auto copies = TRY(BlobFiles::open(d.files, directory + "/blobs"));
  // Blobs first: each is then of a commit that the copy of the rows has.
  for (const std::string& file : TRY(d.blobs->list())) {
    if (file.find('@') != std::string::npos && !file.ends_with(".tmp")) {
      TRY(d.blobs->copy(file, *copies));
    }
  }
  rocksdb::Checkpoint* made = nullptr;
  const rocksdb::Status created = rocksdb::Checkpoint::Create(d.db.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  TRY(from_status(created, "preparing the backup"));
  TRY(from_status(checkpoint->CreateCheckpoint(directory + "/db"),
                  "copying the rows to " + directory));
  // A blob that was taken back meanwhile (its contents no longer held) goes from the copy too.
  for (const std::string& file : TRY(copies->list())) {
    const rocksdb::IOStatus exists =
        d.files->FileExists(d.directory + "/blobs/" + file, io, nullptr);
    if (exists.IsNotFound()) TRY(copies->erase_file(file));
  }
  return {};
}

Result<void> RocksdbStore::compact() {
  Database& d = *database_;
  rocksdb::FlushOptions flush;
  TRY(from_status(d.db->Flush(flush, d.families), "flushing"));
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  for (rocksdb::ColumnFamilyHandle* family : d.families) {
    TRY(from_status(d.db->CompactRange(options, family, nullptr, nullptr), "compacting"));
  }
  return {};
}

std::uint64_t RocksdbStore::log_bytes() const {
  std::uint64_t files = 0, memory = 0;
  rocksdb::DB& db = *database_->db;
  db.GetIntProperty(database_->families[kLog], "rocksdb.total-sst-files-size", &files);
  db.GetIntProperty(database_->families[kLog], "rocksdb.cur-size-all-mem-tables", &memory);
  return files + memory;
}

std::uint64_t RocksdbStore::memory_bytes() const {
  std::uint64_t sum = database_->cache->GetUsage();
  for (rocksdb::ColumnFamilyHandle* family : database_->families) {
    std::uint64_t part = 0;
    database_->db->GetIntProperty(family, "rocksdb.size-all-mem-tables", &part);
    sum += part;
  }
  return sum;
}

}  // namespace ante
