// One group: the appends that share a commit, from entries to the batches that the store writes.
//
// In:   entries of the queue. Out: outcomes, log values, dedup and identity rows, and the records
// as the folds and followers will see them (views into the entries, which the group owns).
// GroupBuilder belongs to the committer thread; a finished Group is immutable and shared with the
// follower thread.

#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/record.h"
#include "journal/checkpoints.h"
#include "journal/dedup_index.h"
#include "journal/identities.h"
#include "journal/journal.h"
#include "store/store.h"

namespace ante {

// One call of append().
struct Entry {
  std::vector<NewRecord> records;
  Completion done;  // null: nobody waits
  std::size_t bytes = 0;
  std::uint64_t ticket = 0;
};

struct Group {
  Commit commit;
  std::vector<Entry> entries;
  std::vector<std::vector<AppendOutcome>> outcomes;  // as entries and their records
  std::vector<CommittedRecord> records;              // in (partition, sequence) order
  std::vector<PartitionBatch> batches;
  std::uint64_t duplicates = 0;
};

// What a record counts for in the limits of queues.
std::size_t queued_bytes(const NewRecord& record);

class GroupBuilder {
 public:
  GroupBuilder(const Store& store, DedupIndex& dedup, Identities& identities,
               const Checkpoints& checkpoints);

  // Fills the group from its entries. Errors are the store's; the group is then not committed.
  Result<void> build(Group& group, Commit commit, TimeMs now_ms);
  // The group is durable: its sequences are used up.
  void committed(const Group& group);

 private:
  Result<std::vector<bool>> find_duplicates(const Group& group) const;
  void place(Group& group, const std::vector<bool>& duplicate);
  Result<void> write_partition(Group& group, Partition partition, TimeMs now_ms);

  DedupIndex& dedup_;
  Identities& identities_;
  const Checkpoints& checkpoints_;
  std::array<std::uint64_t, kPartitions> next_{};
  // Scratch of one build: the records of each partition and where their outcomes go.
  std::array<std::vector<NewRecord*>, kPartitions> placed_;
  std::array<std::vector<AppendOutcome*>, kPartitions> placed_outcomes_;
  std::vector<std::uint16_t> touched_;
};

}  // namespace ante
