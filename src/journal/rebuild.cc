#include "journal/rebuild.h"

#include <array>

#include "journal/log_reader.h"
#include "journal/meta_keys.h"
#include "store/limits.h"

namespace ante {

namespace {

struct PartitionCheck {
  std::uint64_t next_sequence = 1;
  TimeMs received_at = INT64_MIN;
};

std::string place(std::uint64_t commit, std::uint16_t partition) {
  return "commit " + std::to_string(commit) + ", partition " + std::to_string(partition) + ": ";
}

void check_records(const std::vector<CommittedRecord>& records, PartitionCheck& state,
                   const std::function<void(std::string)>& problem) {
  const std::uint64_t first = records.front().sequence.value;
  if (first != state.next_sequence) {
    problem("begins at sequence " + std::to_string(first) + " where " +
            std::to_string(state.next_sequence) + " should follow");
  }
  state.next_sequence = records.back().sequence.value + 1;
  for (const CommittedRecord& record : records) {
    if (record.header.received_at < state.received_at) {
      problem("sequence " + std::to_string(record.sequence.value) +
              " was received before the one ahead of it");
    }
    state.received_at = record.header.received_at;
  }
}

}  // namespace

Result<LogCheck> verify_log(const Store& store) {
  LogCheck check;
  std::vector<PartitionCheck> states(kStorePartitionsMax);
  auto scanned = store.scan_log(
      0,
      [&](std::uint64_t commit, std::uint16_t partition, std::string_view value) -> Result<bool> {
        const auto problem = [&](const std::string& text) {
          if (check.problems.size() >= kProblemsMax) {
            ++check.problems_more;
          } else {
            check.problems.push_back(place(commit, partition) + text);
          }
        };
        ++check.values;
        check.bytes += value.size();
        if (check.first_commit == 0) check.first_commit = commit;
        check.last_commit = commit;
        const auto records = decode_log_value_at(commit, partition, value);
        if (!records.has_value()) {
          problem(records.error().message);
          return true;
        }
        check.records += records->size();
        check_records(*records, states[partition], problem);
        return true;
      });
  TRY(std::move(scanned));
  for (std::uint16_t p = 0; p < kStorePartitionsMax; ++p) {
    if (store.next_sequence(p) == states[p].next_sequence) continue;
    check.problems.push_back(place(check.last_commit, p) + "the log ends before sequence " +
                             std::to_string(states[p].next_sequence) + ", the store says " +
                             std::to_string(store.next_sequence(p)));
  }
  return check;
}

Result<void> rebuild_folds(const Store& store, std::span<LogConsumer* const> consumers) {
  std::uint64_t current = 0;
  const auto finish = [&] {
    if (current == 0) return;
    for (LogConsumer* consumer : consumers) consumer->commit_consumed(Commit{current});
  };
  TRY(read_log(store, Commit{0}, [&](std::span<const CommittedRecord> records) -> Result<bool> {
    if (records.front().commit.value != current) {
      finish();
      current = records.front().commit.value;
    }
    for (const CommittedRecord& record : records) {
      for (LogConsumer* consumer : consumers) consumer->consume(record);
    }
    return true;
  }));
  finish();
  return {};
}

Result<void> drop_checkpoints(Store& store, std::span<const Table> tables) {
  for (const Table table : tables) {
    if (table == Table::kMeta || table == Table::kDedup || table == Table::kIdentity) {
      return invalid_argument("a table that the log cannot give back");
    }
  }
  const std::string last(kRowKeyBytesMax, static_cast<char>(0xff));
  for (const Table table : tables) TRY(store.erase_range(table, "", last));
  const std::string from = kCoverPrefix;
  std::string to = from;
  ++to.back();
  TRY(store.erase_range(Table::kMeta, from, to));
  // erase_range is durable with the next commit: one without records.
  PartitionBatch empty;
  return store.commit(store.last_commit() + 1, {&empty, 1});
}

}  // namespace ante
