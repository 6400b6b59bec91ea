#include "journal/erase.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "domain/record.h"
#include "journal/checkpoints.h"
#include "journal/log_reader.h"
#include "journal/meta_keys.h"

namespace ante {

namespace {

using Through = std::map<PersonHash, Commit>;

bool is_erased_by(const Through& people, const CommittedRecord& record) {
  if (record.header.kind == RecordKind::kErased || record.header.kind == RecordKind::kErase) {
    return false;
  }
  const auto found = people.find(record.header.person);
  return found != people.end() && record.commit <= found->second;
}

// The value again, with the records of `people` empty at their sequences.
std::string without(const Through& people, const std::vector<CommittedRecord>& records) {
  std::vector<NewRecord> copies;
  copies.reserve(records.size());
  for (const CommittedRecord& record : records) {
    NewRecord copy;
    copy.partition = record.partition;
    copy.header = record.header;
    if (is_erased_by(people, record)) {
      copy.header.kind = RecordKind::kErased;
      copy.header.person = PersonHash{};
      copy.header.occurred_at = record.header.received_at;
    } else {
      copy.body = record.body;
    }
    copies.push_back(std::move(copy));
  }
  std::vector<NewRecord*> pointers;
  for (NewRecord& copy : copies) pointers.push_back(&copy);
  const CommittedRecord& first = records.front();
  return encode_log_value(first.commit, first.partition, first.sequence, pointers);
}

using Erasures = std::set<std::pair<std::uint16_t, std::uint64_t>>;  // partition, sequence

Result<std::uint64_t> erase_dedup_rows(Store& store, const Erasures& erased) {
  std::vector<std::string> keys;
  TRY(store.scan(Table::kDedup, "", [&](std::string_view key, std::string_view value) {
    ByteReader reader(value);
    const auto partition = static_cast<std::uint16_t>(reader.varint());
    const std::uint64_t sequence = reader.varint();
    if (reader.ok() && erased.contains({partition, sequence})) keys.emplace_back(key);
    return true;
  }));
  for (const std::string& key : keys) {
    TRY(store.erase_range(Table::kDedup, key, key + std::string(1, '\0')));
  }
  return keys.size();
}

Result<void> erase_row(Store& store, Table table, const std::string& key) {
  return store.erase_range(table, key, key + std::string(1, '\0'));
}

}  // namespace

Result<std::vector<PendingErasure>> pending_erasures(const Store& store) {
  std::vector<PendingErasure> pending;
  bool good = true;
  const std::string_view prefix = kErasurePrefix;
  TRY(store.scan(Table::kMeta, prefix, [&](std::string_view key, std::string_view value) {
    key.remove_prefix(prefix.size());
    good = key.size() == 16 && value.size() == 16;
    if (!good) return false;
    PendingErasure erasure;
    erasure.person.value = {read_big_endian<std::uint64_t>(key),
                            read_big_endian<std::uint64_t>(key.substr(8))};
    erasure.through = Commit{read_big_endian<std::uint64_t>(value.substr(8))};
    pending.push_back(erasure);
    return true;
  }));
  if (!good) return data_loss("a row of a pending erasure is damaged");
  return pending;
}

Result<Erased> erase_people(Store& store, std::span<const PendingErasure> erasures) {
  Erased done;
  if (erasures.empty()) return done;
  Through people;
  for (const PendingErasure& erasure : erasures) {
    Commit& through = people[erasure.person];
    through = std::max(through, erasure.through);
    if (!TRY(is_covered(store, partition_of(erasure.person), erasure.through))) {
      return unavailable("the checkpoint after the erasure is not yet written");
    }
  }
  Erasures erased;
  auto walked =
      read_log(store, Commit{0}, [&](std::span<const CommittedRecord> records) -> Result<bool> {
        bool touched = false;
        for (const CommittedRecord& record : records) {
          if (!is_erased_by(people, record)) continue;
          touched = true;
          erased.insert({record.partition.value, record.sequence.value});
        }
        if (!touched) return true;
        ++done.log_values;
        const std::vector<CommittedRecord> all(records.begin(), records.end());
        TRY(store.rewrite_log(all.front().commit.value, all.front().partition.value,
                              without(people, all)));
        return true;
      });
  TRY(std::move(walked));
  done.records = erased.size();
  done.dedup_rows = TRY(erase_dedup_rows(store, erased));
  TRY(store.compact());
  for (const auto& [person, through] : people) {
    TRY(erase_row(store, Table::kMeta, erasure_key(person)));
  }
  return done;
}

}  // namespace ante
