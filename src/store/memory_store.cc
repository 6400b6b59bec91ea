#include "store/memory_store.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/bytes.h"
#include "store/limits.h"

namespace ante {

namespace {

constexpr const char* kBackupFile = "memory-store.bin";
constexpr std::uint8_t kBackupFormat = 1;

}  // namespace

Result<void> MemoryStore::commit(std::uint64_t commit, std::span<const PartitionBatch> batches) {
  TRY(check_batches(commit, batches));
  MutexLock lock(mutex_);
  CHECK(commit > last_commit_);
  for (const PartitionBatch& batch : batches) {
    if (!batch.log_value.empty()) {
      LogValue value{batch.first_sequence, batch.next_sequence,
                     std::make_shared<const std::string>(batch.log_value)};
      log_bytes_ += batch.log_value.size();
      log_[{commit, batch.partition}] = std::move(value);
      by_sequence_[batch.partition][batch.first_sequence] = commit;
    }
    for (const Row& row : batch.rows) {
      if (row.value.has_value()) {
        tables_[row.table][row.key] = *row.value;
      } else {
        tables_[row.table].erase(row.key);
      }
    }
  }
  last_commit_ = commit;
  return {};
}

std::uint64_t MemoryStore::last_commit() const {
  MutexLock lock(mutex_);
  return last_commit_;
}

std::uint64_t MemoryStore::next_sequence(std::uint16_t partition) const {
  MutexLock lock(mutex_);
  const auto found = by_sequence_.find(partition);
  if (found == by_sequence_.end() || found->second.empty()) return 1;
  return log_.at({found->second.rbegin()->second, partition}).next_sequence;
}

Result<void> MemoryStore::scan_log(
    std::uint64_t after_commit,
    const std::function<Result<bool>(std::uint64_t, std::uint16_t, std::string_view)>& visit)
    const {
  // One value at a time: the visitor runs without the lock, commits go on.
  std::pair<std::uint64_t, std::uint16_t> after{after_commit, UINT16_MAX};
  while (true) {
    std::shared_ptr<const std::string> bytes;
    {
      MutexLock lock(mutex_);
      const auto next = log_.upper_bound(after);
      if (next == log_.end()) return {};
      after = next->first;
      bytes = next->second.bytes;
    }
    if (!TRY(visit(after.first, after.second, *bytes))) return {};
  }
}

Result<std::vector<std::string>> MemoryStore::read(std::uint16_t partition,
                                                   std::uint64_t after_sequence,
                                                   std::size_t values_max) const {
  MutexLock lock(mutex_);
  std::vector<std::string> values;
  const auto found = by_sequence_.find(partition);
  if (found == by_sequence_.end()) return values;
  // The value that holds after_sequence + 1, or the first one.
  auto at = found->second.upper_bound(after_sequence + 1);
  if (at != found->second.begin()) --at;
  for (; at != found->second.end() && values.size() < values_max; ++at) {
    const LogValue& value = log_.at({at->second, partition});
    if (value.next_sequence > after_sequence + 1) values.push_back(*value.bytes);
  }
  return values;
}

Result<void> MemoryStore::rewrite_log(std::uint64_t commit, std::uint16_t partition,
                                      std::string value) {
  MutexLock lock(mutex_);
  const auto found = log_.find({commit, partition});
  if (found == log_.end()) return no_log_value(commit, partition);
  log_bytes_ = log_bytes_ - found->second.bytes->size() + value.size();
  found->second.bytes = std::make_shared<const std::string>(std::move(value));
  return {};
}

Result<std::optional<std::string>> MemoryStore::get(Table table, std::string_view key) const {
  MutexLock lock(mutex_);
  const auto rows = tables_.find(table);
  if (rows == tables_.end()) return std::optional<std::string>{};
  const auto row = rows->second.find(key);
  if (row == rows->second.end()) return std::optional<std::string>{};
  return std::optional<std::string>{row->second};
}

Result<std::vector<std::optional<std::string>>> MemoryStore::mget(
    Table table, std::span<const std::string> keys) const {
  std::vector<std::optional<std::string>> values;
  values.reserve(keys.size());
  for (const std::string& key : keys) values.push_back(TRY(get(table, key)));
  return values;
}

Result<void> MemoryStore::scan(
    Table table, std::string_view prefix,
    const std::function<bool(std::string_view, std::string_view)>& visit) const {
  std::string from(prefix);
  bool first = true;
  while (true) {
    std::string key, value;
    {
      MutexLock lock(mutex_);
      const auto rows = tables_.find(table);
      if (rows == tables_.end()) return {};
      const auto row = first ? rows->second.lower_bound(from) : rows->second.upper_bound(from);
      if (row == rows->second.end() || !row->first.starts_with(prefix)) return {};
      key = row->first;
      value = row->second;
    }
    if (!visit(key, value)) return {};
    from = std::move(key);
    first = false;
  }
}

Result<void> MemoryStore::erase_range(Table table, std::string_view from, std::string_view to) {
  MutexLock lock(mutex_);
  auto& rows = tables_[table];
  auto at = rows.lower_bound(from);
  while (at != rows.end() && std::string_view(at->first) < to) at = rows.erase(at);
  return {};
}

Result<void> MemoryStore::put_blob(std::string_view name, std::uint64_t version,
                                   std::string_view bytes) {
  TRY(check_blob_name(name));
  MutexLock lock(mutex_);
  blobs_[{std::string(name), version}] = bytes;
  return {};
}

Result<std::string> MemoryStore::get_blob(std::string_view name, std::uint64_t version) const {
  TRY(check_blob_name(name));
  MutexLock lock(mutex_);
  const auto found = blobs_.find({std::string(name), version});
  if (found == blobs_.end()) return no_blob(name, version);
  return found->second;
}

Result<std::vector<std::uint64_t>> MemoryStore::blob_versions(std::string_view name) const {
  TRY(check_blob_name(name));
  MutexLock lock(mutex_);
  std::vector<std::uint64_t> versions;
  for (auto at = blobs_.lower_bound({std::string(name), 0});
       at != blobs_.end() && at->first.first == name; ++at) {
    versions.push_back(at->first.second);
  }
  return versions;
}

Result<void> MemoryStore::erase_blob(std::string_view name, std::uint64_t version) {
  TRY(check_blob_name(name));
  MutexLock lock(mutex_);
  blobs_.erase({std::string(name), version});
  return {};
}

Result<std::uint64_t> MemoryStore::lease(std::string_view name, std::string_view holder,
                                         TimeMs now_ms, DurationMs ttl_ms) {
  MutexLock lock(mutex_);
  Lease& lease = leases_[std::string(name)];
  if (lease.holder != holder) {
    if (!lease.holder.empty() && lease.until_ms > now_ms) return lease_held(name, lease.holder);
    lease.holder = holder;
    ++lease.epoch;
  }
  lease.until_ms = now_ms + ttl_ms;
  return lease.epoch;
}

Result<void> MemoryStore::backup(const std::string& directory) {
  std::string out;
  ByteWriter writer(out);
  {
    MutexLock lock(mutex_);
    writer.u8(kBackupFormat);
    writer.u64(last_commit_);
    writer.varint(log_.size());
    for (const auto& [at, value] : log_) {
      writer.varint(at.first);
      writer.varint(at.second);
      writer.varint(value.first_sequence);
      writer.varint(value.next_sequence);
      writer.string(*value.bytes);
    }
    writer.varint(tables_.size());
    for (const auto& [table, rows] : tables_) {
      writer.u8(static_cast<std::uint8_t>(table));
      writer.varint(rows.size());
      for (const auto& [key, value] : rows) {
        writer.string(key);
        writer.string(value);
      }
    }
    writer.varint(blobs_.size());
    for (const auto& [at, bytes] : blobs_) {
      writer.string(at.first);
      writer.varint(at.second);
      writer.string(bytes);
    }
  }
  writer.u32(crc32c(out));
  std::error_code code;
  std::filesystem::create_directories(directory, code);
  std::ofstream file(directory + "/" + kBackupFile, std::ios::binary | std::ios::trunc);
  file.write(out.data(), static_cast<std::streamsize>(out.size()));
  file.close();
  if (!file) return unavailable("cannot write the backup to " + directory);
  return {};
}

Result<std::unique_ptr<MemoryStore>> MemoryStore::from_backup(const std::string& directory) {
  const std::string path = directory + "/" + kBackupFile;
  std::ifstream file(path, std::ios::binary);
  if (!file) return not_found("no backup of a memory store in " + directory);
  std::stringstream read;
  read << file.rdbuf();
  const std::string bytes = std::move(read).str();
  if (bytes.size() < 4) return data_loss(path + " is cut off");
  ByteReader tail(std::string_view(bytes).substr(bytes.size() - 4));
  const std::string_view body = std::string_view(bytes).substr(0, bytes.size() - 4);
  if (crc32c(body) != tail.u32()) return data_loss(path + " has a wrong checksum");
  ByteReader reader(body);
  if (reader.u8() != kBackupFormat) return data_loss(path + " has an unknown format");
  auto store = std::make_unique<MemoryStore>();
  MutexLock lock(store->mutex_);
  store->last_commit_ = reader.u64();
  for (std::size_t left = reader.count(5); left > 0 && reader.ok(); --left) {
    const std::uint64_t commit = reader.varint();
    const auto partition = static_cast<std::uint16_t>(reader.varint());
    LogValue value;
    value.first_sequence = reader.varint();
    value.next_sequence = reader.varint();
    value.bytes = std::make_shared<const std::string>(reader.string());
    store->log_bytes_ += value.bytes->size();
    store->by_sequence_[partition][value.first_sequence] = commit;
    store->log_[{commit, partition}] = std::move(value);
  }
  for (std::size_t tables = reader.count(2); tables > 0 && reader.ok(); --tables) {
    Rows& rows = store->tables_[static_cast<Table>(reader.u8())];
    for (std::size_t left = reader.count(2); left > 0 && reader.ok(); --left) {
      const std::string_view key = reader.string();
      rows[std::string(key)] = reader.string();
    }
  }
  for (std::size_t left = reader.count(3); left > 0 && reader.ok(); --left) {
    const std::string_view name = reader.string();
    const std::uint64_t version = reader.varint();
    store->blobs_[{std::string(name), version}] = reader.string();
  }
  if (!reader.ok() || !reader.at_end()) return data_loss(path + " is damaged");
  return store;
}

std::uint64_t MemoryStore::log_bytes() const {
  MutexLock lock(mutex_);
  return log_bytes_;
}

}  // namespace ante
