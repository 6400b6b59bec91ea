#include "journal/group.h"

#include <algorithm>
#include <unordered_set>

#include "journal/meta_keys.h"

namespace ante {

namespace {

struct MixedHash {
  std::size_t operator()(const Hash128& key) const { return mix64(key.lo ^ (key.hi << 7)); }
};

}  // namespace

std::size_t queued_bytes(const NewRecord& record) {
  return sizeof(NewRecord) + record.body.size() +
         (record.identity.has_value() ? record.identity->id.size() : 0);
}

GroupBuilder::GroupBuilder(const Store& store, DedupIndex& dedup, Identities& identities,
                           const Checkpoints& checkpoints)
    : dedup_(dedup), identities_(identities), checkpoints_(checkpoints) {
  for (std::uint16_t p = 0; p < kPartitions; ++p) next_[p] = store.next_sequence(p);
}

// One flag for each record of the group, in the order of entries and records.
Result<std::vector<bool>> GroupBuilder::find_duplicates(const Group& group) const {
  std::vector<MessageKey> keys;
  for (const Entry& entry : group.entries) {
    for (const NewRecord& record : entry.records) {
      if (record.dedup.has_value()) keys.push_back(*record.dedup);
    }
  }
  const std::vector<bool> stored = TRY(dedup_.stored(keys));
  std::vector<bool> duplicate;
  std::unordered_set<Hash128, MixedHash> seen;
  seen.reserve(keys.size());
  std::size_t at = 0;
  for (const Entry& entry : group.entries) {
    for (const NewRecord& record : entry.records) {
      if (!record.dedup.has_value()) {
        duplicate.push_back(false);
        continue;
      }
      const bool again = !seen.insert(record.dedup->value).second;
      duplicate.push_back(again || stored[at]);
      ++at;
    }
  }
  return duplicate;
}

void GroupBuilder::place(Group& group, const std::vector<bool>& duplicate) {
  for (const std::uint16_t p : touched_) {
    placed_[p].clear();
    placed_outcomes_[p].clear();
  }
  touched_.clear();
  group.outcomes.resize(group.entries.size());
  std::size_t at = 0;
  for (std::size_t e = 0; e < group.entries.size(); ++e) {
    Entry& entry = group.entries[e];
    group.outcomes[e].resize(entry.records.size());
    for (std::size_t r = 0; r < entry.records.size(); ++r, ++at) {
      AppendOutcome& outcome = group.outcomes[e][r];
      if (duplicate[at]) {
        outcome = {Appended::kDuplicate, Sequence{0}};
        ++group.duplicates;
        continue;
      }
      const std::uint16_t p = entry.records[r].partition.value;
      if (placed_[p].empty()) touched_.push_back(p);
      placed_[p].push_back(&entry.records[r]);
      placed_outcomes_[p].push_back(&outcome);
    }
  }
  std::sort(touched_.begin(), touched_.end());
}

Result<void> GroupBuilder::write_partition(Group& group, Partition partition, TimeMs now_ms) {
  const std::vector<NewRecord*>& records = placed_[partition.value];
  TimeMs received_at = checkpoints_.received_at(partition);
  PartitionBatch batch;
  batch.partition = partition.value;
  batch.first_sequence = next_[partition.value];
  batch.next_sequence = batch.first_sequence + records.size();
  for (std::size_t i = 0; i < records.size(); ++i) {
    NewRecord& record = *records[i];
    RecordHeader& header = record.header;
    if (header.received_at == 0) header.received_at = now_ms;
    header.received_at = received_at = std::max(received_at, header.received_at);
    header.occurred_at = std::min(header.occurred_at, header.received_at);
    const Sequence sequence{batch.first_sequence + i};
    placed_outcomes_[partition.value][i]->sequence = sequence;
    if (record.dedup.has_value()) {
      TRY(dedup_.add(*record.dedup, header.received_at, partition, sequence, batch.rows));
    }
    TRY(identities_.rows_for(record, batch.rows));
    group.records.push_back({group.commit, partition, sequence, header, record.body});
  }
  batch.log_value =
      encode_log_value(group.commit, partition, Sequence{batch.first_sequence}, records);
  group.batches.push_back(std::move(batch));
  return {};
}

Result<void> GroupBuilder::build(Group& group, Commit commit, TimeMs now_ms) {
  group.commit = commit;
  const std::vector<bool> duplicate = TRY(find_duplicates(group));
  place(group, duplicate);
  group.records.reserve(duplicate.size());
  group.batches.reserve(touched_.size());
  for (const std::uint16_t p : touched_) TRY(write_partition(group, Partition{p}, now_ms));
  return {};
}

void GroupBuilder::committed(const Group& group) {
  for (const PartitionBatch& batch : group.batches) {
    if (!batch.log_value.empty()) next_[batch.partition] = batch.next_sequence;
  }
}

}  // namespace ante
