// What the journal's tests share: a fold that counts, a source of its rows, records made by number.
//
// CountingFold keeps for each person how often and in what order records came: the obvious model of
// a profile. Equal save() means equal state. Committer thread only, unless stated.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/mutex.h"
#include "journal/journal.h"
#include "store/key_bytes.h"

namespace ante {

// Person `n`, in a partition that follows from it.
inline PersonHash person_number(std::uint64_t n) {
  return PersonHash{{(n * 37 % kPeoplePartitions) << 56, n + 1}};
}

inline NewRecord event_record(std::uint64_t person, std::uint64_t message, std::string body = "e") {
  NewRecord record;
  record.header.person = person_number(person);
  record.header.occurred_at = 1'700'000'000'000;
  record.partition = partition_of(record.header.person);
  record.body = std::move(body);
  record.dedup = MessageKey{{0x5eed, message}};
  record.identity = RoutingId{RoutingKind::kAnonymous, "raw-id-" + std::to_string(person)};
  return record;
}

class CountingFold final : public LogConsumer, public CheckpointSource {
 public:
  struct Counts {
    std::uint64_t records = 0;
    std::uint64_t order = 0;  // a hash of the bodies in their order
    friend bool operator==(const Counts&, const Counts&) = default;
  };

  std::string_view name() const override { return "counting"; }
  void consume(const CommittedRecord& record) override {
    MutexLock lock(mutex_);
    ++consumed_;
    if (record.partition == kControlPartition) return;
    const auto key = std::pair{record.partition.value, record.header.person};
    if (record.header.kind == RecordKind::kErase || record.header.kind == RecordKind::kErased) {
      if (record.header.kind == RecordKind::kErase) people_[key] = Counts{};
    } else {
      Counts& counts = people_[key];
      ++counts.records;
      counts.order = hash64(record.body, counts.order + record.sequence.value);
    }
    dirty_.insert(key);
  }
  std::string save() const override {
    MutexLock lock(mutex_);
    std::string out;
    for (const auto& [key, counts] : people_) {
      if (counts == Counts{}) continue;
      out += encode_row(key, counts);
    }
    return out;
  }
  Result<void> load(std::string_view bytes) override {
    MutexLock lock(mutex_);
    if (bytes.size() % kRowBytes != 0) return data_loss("a counting fold of a wrong size");
    for (; !bytes.empty(); bytes.remove_prefix(kRowBytes)) decode_row(bytes.substr(0, kRowBytes));
    return {};
  }
  void collect(Partition partition, std::vector<Row>& rows) override {
    MutexLock lock(mutex_);
    for (auto at = dirty_.begin(); at != dirty_.end();) {
      if (at->first != partition.value) {
        ++at;
        continue;
      }
      const std::string row = encode_row(*at, people_[*at]);
      rows.push_back({Table::kPeople, row.substr(0, kKeyBytes), row});
      at = dirty_.erase(at);
    }
  }
  Result<void> restore(const Row& row) override {
    MutexLock lock(mutex_);
    if (!row.value.has_value() || row.value->size() != kRowBytes) return data_loss("a bad row");
    decode_row(*row.value);
    ++restored_;
    return {};
  }
  std::vector<Table> tables() const override { return {Table::kPeople}; }

  std::uint64_t records() const {
    MutexLock lock(mutex_);
    std::uint64_t sum = 0;
    for (const auto& [key, counts] : people_) sum += counts.records;
    return sum;
  }
  std::uint64_t records_of(std::uint64_t person) const {
    MutexLock lock(mutex_);
    const PersonHash hash = person_number(person);
    const auto found = people_.find({partition_of(hash).value, hash});
    return found == people_.end() ? 0 : found->second.records;
  }
  std::uint64_t consumed() const {
    MutexLock lock(mutex_);
    return consumed_;
  }
  std::uint64_t restored() const {
    MutexLock lock(mutex_);
    return restored_;
  }

 private:
  using Key = std::pair<std::uint16_t, PersonHash>;
  static constexpr std::size_t kKeyBytes = 18, kRowBytes = 34;

  static std::string encode_row(const Key& key, const Counts& counts) {
    std::string row;
    append_big_endian(row, key.first);
    append_big_endian(row, key.second.value.hi);
    append_big_endian(row, key.second.value.lo);
    append_big_endian(row, counts.records);
    append_big_endian(row, counts.order);
    return row;
  }
  void decode_row(std::string_view row) {
    const Key key{read_big_endian<std::uint16_t>(row),
                  PersonHash{{read_big_endian<std::uint64_t>(row.substr(2)),
                              read_big_endian<std::uint64_t>(row.substr(10))}}};
    people_[key] = {read_big_endian<std::uint64_t>(row.substr(18)),
                    read_big_endian<std::uint64_t>(row.substr(26))};
  }

  mutable Mutex mutex_;
  std::map<Key, Counts> people_;
  std::set<Key> dirty_;
  std::uint64_t consumed_ = 0, restored_ = 0;
};

// A journal with one counting fold and one counting follower, as a process would have it.
struct JournalLife {
  CountingFold fold;
  CountingFold follower;
  std::vector<Error> fatal;
  std::vector<Error> warnings;
  std::unique_ptr<Journal> journal;

  static Result<std::unique_ptr<JournalLife>> start(Store& store, const Clock& clock,
                                                    JournalOptions options = {}) {
    auto life = std::make_unique<JournalLife>();
    JournalLife* self = life.get();
    options.on_warning = [self](const Error& error) { self->warnings.push_back(error); };
    life->journal =
        TRY(Journal::open(store, clock, {&life->fold}, {&life->fold}, {&life->follower}, options,
                          [self](Error error) { self->fatal.push_back(error); }));
    return life;
  }
};

}  // namespace ante
