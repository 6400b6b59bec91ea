#include "journal/checkpoints.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "journal/meta_keys.h"

namespace ante {

namespace {

constexpr std::uint8_t kCoverFormat = 1;

std::size_t bytes_of(const std::vector<Row>& rows) {
  std::size_t sum = 0;
  for (const Row& row : rows) sum += row.key.size() + (row.value ? row.value->size() : 0);
  return sum;
}

}  // namespace

Checkpoints::Checkpoints(Store& store, std::vector<LogConsumer*> folds,
                         std::vector<CheckpointSource*> sources, Options options)
    : store_(store),
      folds_(std::move(folds)),
      sources_(std::move(sources)),
      options_(std::move(options)) {}

std::string Checkpoints::fold_set() const {
  std::string set;
  for (const LogConsumer* fold : folds_) set.append(fold->name()).push_back('\n');
  return set;
}

Result<void> Checkpoints::restore() {
  const std::string set = fold_set();
  const auto stored_set = TRY(store_.get(Table::kMeta, kFoldSetKey));
  fold_set_durable_ = stored_set.has_value() && *stored_set == set;
  if (!fold_set_durable_) {
    // Rows of other folds cover nothing of these: the log is folded from its beginning.
    const std::string from = kCoverPrefix;
    std::string to = from;
    ++to.back();
    TRY(store_.erase_range(Table::kMeta, from, to));
    if (stored_set.has_value() && options_.on_warning) {
      options_.on_warning(conflict("the checkpoints are of other folds: folding the whole log"));
    }
    return {};
  }
  if (!active()) return {};
  bool good = true;
  const std::string_view prefix = kCoverPrefix;
  TRY(store_.scan(Table::kMeta, prefix, [&](std::string_view key, std::string_view value) {
    ByteReader reader(value);
    const std::uint8_t format = reader.u8();
    Covered covered;
    covered.covered = covered.folded = reader.varint();
    covered.covered_commit = reader.varint();
    covered.received_at = reader.svarint();
    good =
        key.size() == prefix.size() + 2 && reader.ok() && reader.at_end() && format == kCoverFormat;
    if (!good) return false;
    const auto partition = read_big_endian<std::uint16_t>(key.substr(prefix.size()));
    good = partition < kPartitions;
    if (good) partitions_[partition] = covered;
    return good;
  }));
  if (!good) return data_loss("a checkpoint's coverage row is damaged");
  for (CheckpointSource* source : sources_) {
    for (const Table table : source->tables()) {
      Result<void> restored;
      TRY(store_.scan(table, "", [&](std::string_view key, std::string_view value) {
        restored = source->restore({table, std::string(key), std::string(value)});
        return restored.has_value();
      }));
      TRY(std::move(restored));
    }
  }
  return {};
}

Result<bool> is_covered(const Store& store, Partition partition, Commit through) {
  const auto folds = TRY(store.get(Table::kMeta, kFoldSetKey));
  if (!folds.has_value() || folds->empty()) return true;  // there are no rows of folds
  const auto cover = TRY(store.get(Table::kMeta, cover_key(partition)));
  if (!cover.has_value()) return false;
  ByteReader reader(*cover);
  reader.u8();
  reader.varint();
  const std::uint64_t covered_commit = reader.varint();
  return reader.ok() && covered_commit >= through.value;
}

std::optional<Commit> Checkpoints::replay_after() const {
  std::optional<Commit> after;
  for (std::uint16_t p = 0; p < kPartitions; ++p) {
    if (store_.next_sequence(p) <= partitions_[p].covered + 1) continue;
    const Commit commit{partitions_[p].covered_commit};
    if (!after.has_value() || commit < *after) after = commit;
  }
  return after;
}

void Checkpoints::folded(Partition partition, Commit, Sequence last, std::uint64_t records,
                         TimeMs received_at, std::int64_t now_ns) {
  Covered& covered = partitions_[partition.value];
  covered.folded = last.value;
  covered.received_at = std::max(covered.received_at, received_at);
  if (covered.dirty_records == 0) covered.dirty_since_ns = now_ns;
  covered.dirty_records += records;
}

bool Checkpoints::due(const Covered& partition, std::int64_t now_ns, DurationMs age_ms) const {
  if (partition.dirty_records == 0) return false;
  return partition.dirty_records >= options_.records ||
         now_ns - partition.dirty_since_ns >= age_ms * kNsPerMs;
}

std::size_t Checkpoints::collect_partition(Partition partition, Commit folded_to,
                                           std::vector<PartitionBatch>& batches) {
  Covered& covered = partitions_[partition.value];
  PartitionBatch batch;
  batch.partition = partition.value;
  for (CheckpointSource* source : sources_) source->collect(partition, batch.rows);
  std::string value;
  ByteWriter writer(value);
  writer.u8(kCoverFormat);
  writer.varint(covered.folded);
  writer.varint(folded_to.value);
  writer.svarint(covered.received_at);
  batch.rows.push_back({Table::kMeta, cover_key(partition), std::move(value)});
  covered.covered = covered.folded;
  covered.covered_commit = folded_to.value;
  covered.dirty_records = 0;
  const std::size_t bytes = bytes_of(batch.rows);
  batches.push_back(std::move(batch));
  return bytes;
}

void Checkpoints::collect(std::int64_t now_ns, Commit folded_to, bool all,
                          std::vector<PartitionBatch>& batches) {
  if (!active()) return;
  std::size_t bytes = 0;
  // From half the interval on, as much as fits beside the records; at the interval, in any case.
  const std::uint16_t begin = next_partition_;
  for (std::uint16_t i = 0; i < kPartitions; ++i) {
    const auto p = static_cast<std::uint16_t>((begin + i) % kPartitions);
    const Covered& covered = partitions_[p];
    const bool fits = bytes < kCheckpointBytesPerCommit;
    if (fits) next_partition_ = static_cast<std::uint16_t>((p + 1) % kPartitions);
    const bool take = (all && covered.dirty_records > 0) ||
                      (fits && due(covered, now_ns, options_.interval_ms / 2)) ||
                      due(covered, now_ns, options_.interval_ms);
    if (take) bytes += collect_partition(Partition{p}, folded_to, waiting_);
  }
  if (!waiting_.empty() && !fold_set_durable_) {
    waiting_.front().rows.push_back({Table::kMeta, kFoldSetKey, fold_set()});
  }
  batches.insert(batches.end(), waiting_.begin(), waiting_.end());
}

void Checkpoints::committed(bool durable) {
  if (!durable) return;
  if (!waiting_.empty()) fold_set_durable_ = true;
  waiting_.clear();
}

std::optional<std::int64_t> Checkpoints::due_ns() const {
  if (!active()) return std::nullopt;
  if (!waiting_.empty()) return 0;
  std::optional<std::int64_t> due;
  for (const Covered& covered : partitions_) {
    if (covered.dirty_records == 0) continue;
    const std::int64_t at = covered.dirty_since_ns + options_.interval_ms / 2 * kNsPerMs;
    if (!due.has_value() || at < *due) due = at;
  }
  return due;
}

}  // namespace ante
