// All people in RAM: 256 shards, each with its mutex; readers get immutable values behind pointers.
//
// People who were active lately are kept ready to read, the others as their encoded bytes: a third
// of the memory, for about a microsecond when they come back.
//
// In:   every committed record of the people partitions (LogConsumer, on the committer thread).
// Out:  find()/person() for any thread: no lock is held after they return.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/log_consumer.h"
#include "profile/person_state.h"

namespace ante {

// A person as decisions see them: the linked states, merged.
struct PersonView {
  std::shared_ptr<const PersonState> state;  // never null; empty state for a stranger
  std::vector<PersonHash> members;           // oldest first; at least the one asked for
  PersonHash oldest() const { return members.front(); }
  bool known() const { return state->events > 0 || !state->facts.empty(); }
};

// People of one shard kept decoded; 256 shards.
inline constexpr std::size_t kReadyPeoplePerShardMax = 48;

// The key of a person's row: 16 bytes, big-endian, so rows of a partition stand together.
std::string person_row_key(PersonHash person);
std::optional<PersonHash> person_of_row_key(std::string_view key);

class ProfileStore final : public LogConsumer {
 public:
  ProfileStore();
  ~ProfileStore() override;

  // Null when never seen.
  std::shared_ptr<const PersonState> find(PersonHash person) const;
  // With all linked members merged (at most kLinkMembersMax).
  PersonView person(PersonHash person) const;
  std::size_t size() const;
  std::size_t memory_bytes() const;  // approximate

  std::string_view name() const override { return "people"; }
  void consume(const CommittedRecord& record) override;
  std::string save() const override;  // everything; for the rebuild check
  Result<void> load(std::string_view bytes) override;

  // Checkpoints: rows (person_row_key → encoded state) of a partition changed since last time.
  void collect_dirty(Partition partition, std::vector<std::pair<std::string, std::string>>& rows);
  // kDataLoss: the row is damaged or belongs to another key.
  Result<void> restore(std::string_view key, std::string_view value);

 private:
  struct Shards;
  std::unique_ptr<Shards> shards_;
};

}  // namespace ante
