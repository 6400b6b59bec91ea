// What the state rows cover: the folds' rows and the sequence they reach, written together.
//
// In:   what was folded. Out: rows for the next commit, a few partitions at a time.
// The rows of a partition and its coverage row travel in the same atomic commit, and are collected
// after the fold of everything they cover, so they always agree. At start: restore() and then a
// fold of the log after replay_after(). Owned by the committer thread.

#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/ids.h"
#include "domain/log_consumer.h"
#include "journal/journal.h"
#include "store/store.h"

namespace ante {

// Rows of one commit; more wait for the next one unless they are overdue.
inline constexpr std::size_t kCheckpointBytesPerCommit = 1u << 20;

// Whether the durable rows of the partition's folds contain everything up to this commit.
Result<bool> is_covered(const Store& store, Partition partition, Commit through);

class Checkpoints {
 public:
  struct Options {
    DurationMs interval_ms = 5'000;
    std::uint64_t records = 10'000;
    std::function<void(const Error&)> on_warning;
  };
  Checkpoints(Store& store, std::vector<LogConsumer*> folds, std::vector<CheckpointSource*> sources,
              Options options);

  // Reads coverage and gives the rows back to their sources. kDataLoss: a row is damaged.
  Result<void> restore();
  // The log after this commit has something to fold; none: everything is covered.
  std::optional<Commit> replay_after() const;
  // False: `record` is in the restored rows already.
  bool needs_fold(const CommittedRecord& record) const {
    return record.sequence.value > partitions_[record.partition.value].covered;
  }

  // Records first … last of a partition are folded into the state.
  void folded(Partition partition, Commit commit, Sequence last, std::uint64_t records,
              TimeMs received_at, std::int64_t now_ns);
  // The partition is due at once: an erasure must not wait for its turn.
  void hasten(Partition partition) { partitions_[partition.value].dirty_since_ns = kLongAgoNs; }
  // The highest received_at of the partition so far.
  TimeMs received_at(Partition partition) const { return partitions_[partition.value].received_at; }

  // Appends the batches of partitions that are due (of every dirty one when `all`). `folded_to`
  // is the last commit whose records are folded.
  void collect(std::int64_t now_ns, Commit folded_to, bool all,
               std::vector<PartitionBatch>& batches);
  // The batches of the last collect() are durable, or (false) wait for the next commit.
  void committed(bool durable);
  // When the oldest dirty partition is due; none: nothing is dirty.
  std::optional<std::int64_t> due_ns() const;

 private:
  static constexpr std::int64_t kLongAgoNs = INT64_MIN / 2;
  struct Covered {
    std::uint64_t covered = 0;         // sequence in the durable rows
    std::uint64_t covered_commit = 0;  // and the commit up to which
    std::uint64_t folded = 0;          // sequence in RAM
    TimeMs received_at = 0;
    std::uint64_t dirty_records = 0;
    std::int64_t dirty_since_ns = 0;
  };

  std::string fold_set() const;
  bool active() const { return !sources_.empty() || folds_.empty(); }
  bool due(const Covered& partition, std::int64_t now_ns, DurationMs age_ms) const;
  std::size_t collect_partition(Partition partition, Commit folded_to,
                                std::vector<PartitionBatch>& batches);

  Store& store_;
  std::vector<LogConsumer*> folds_;
  std::vector<CheckpointSource*> sources_;
  Options options_;
  std::array<Covered, kPartitions> partitions_{};
  std::vector<PartitionBatch> waiting_;  // collected, not yet durable
  std::uint16_t next_partition_ = 0;     // where the next collect() begins
  bool fold_set_durable_ = false;
};

}  // namespace ante
