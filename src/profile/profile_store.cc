#include "profile/profile_store.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "base/mutex.h"

namespace ante {
namespace {

constexpr std::uint8_t kSaveFormat = 1;
constexpr std::uint16_t kNotReady = 0xffff;
constexpr std::uint32_t kNobody = 0xffffffff;

// Sizes of what a state holds beside itself.
std::size_t heap_bytes(const PersonState& s) {
  std::size_t bytes =
      s.recent.capacity() * sizeof(RecentItem) + s.own.capacity() * sizeof(OwnItem) +
      s.bought.capacity() * sizeof(BoughtItem) + s.links.capacity() * sizeof(Link) +
      (s.hidden.capacity() + s.pinned.capacity()) * sizeof(HiddenItem) +
      s.topics.capacity() * sizeof(TopicInterest) + s.hidden_topics.capacity() * sizeof(TopicKey) +
      s.exposures.capacity() * sizeof(SlotExposure) + s.shown.capacity() * sizeof(ShownItem) +
      s.facts.capacity() * sizeof(Fact);
  for (const Fact& f : s.facts) bytes += f.name.size() + f.value_json.size();
  return bytes;
}

// The people of one partition. The caller holds the shard's mutex.
class People {
 public:
  // Null: never seen.
  std::shared_ptr<const PersonState> find(PersonHash person) {
    const std::uint32_t at = position_of(person);
    if (at == kNobody) return nullptr;
    Entry& entry = entries_[at];
    if (entry.ready == kNotReady) return std::make_shared<const PersonState>(thawed(entry));
    Ready& ready = ready_[entry.ready];
    ready.lent = true;
    return ready.state;
  }

  void consume(const CommittedRecord& record) {
    const std::uint32_t at = position_of_or_new(record.header.person);
    Ready& ready = make_ready(at);
    // A reader may hold what was lent: it keeps that value, we go on with a copy.
    if (std::exchange(ready.lent, false)) ready.state = std::make_shared<PersonState>(*ready.state);
    fold(*ready.state, record);
    mark_dirty(at);
  }

  std::size_t size() const { return entries_.size(); }

  std::size_t memory_bytes() const {
    std::size_t bytes = entries_.capacity() * sizeof(Entry) +
                        table_.capacity() * sizeof(std::uint32_t) +
                        dirty_.capacity() * sizeof(std::uint32_t) + cold_bytes_;
    for (const Ready& r : ready_) bytes += sizeof(PersonState) + heap_bytes(*r.state);
    return bytes;
  }

  void collect_dirty(std::vector<std::pair<std::string, std::string>>& rows) {
    rows.reserve(rows.size() + dirty_.size());
    for (const std::uint32_t at : dirty_) {
      entries_[at].dirty = false;
      rows.emplace_back(person_row_key(entries_[at].person), bytes_of(entries_[at]));
    }
    dirty_.clear();
    dirty_.shrink_to_fit();
  }

  // False: the person is here already.
  bool restore(PersonHash person, std::string_view bytes) {
    if (position_of(person) != kNobody) return false;
    freeze(entries_[position_of_or_new(person)], bytes);
    return true;
  }

  // Everybody in the order of their hash: equal people give equal bytes, whatever came first.
  void save(ByteWriter& out) const {
    std::vector<std::uint32_t> order(entries_.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::sort(order, {}, [&](std::uint32_t i) { return entries_[i].person; });
    for (const std::uint32_t i : order) out.string(bytes_of(entries_[i]));
  }

 private:
  struct Entry {
    PersonHash person;
    std::unique_ptr<char[]> cold;  // the encoded state of one who is not ready
    std::uint32_t cold_size = 0;
    std::uint16_t ready = kNotReady;  // place in ready_
    bool dirty = false;
  };
  struct Ready {
    std::shared_ptr<PersonState> state;
    std::uint32_t entry = 0;
    bool lent = false;  // a reader has got this value: never change it again
    bool used = false;  // since the hand of the clock came by
  };

  static std::size_t slot_of(PersonHash person, std::size_t mask) {
    return static_cast<std::size_t>(person.value.lo) & mask;
  }

  std::uint32_t position_of(PersonHash person) const {
    if (table_.empty()) return kNobody;
    const std::size_t mask = table_.size() - 1;
    for (std::size_t i = slot_of(person, mask); table_[i] != kNobody; i = (i + 1) & mask) {
      if (entries_[table_[i]].person == person) return table_[i];
    }
    return kNobody;
  }

  void insert_in_table(std::uint32_t at) {
    const std::size_t mask = table_.size() - 1;
    std::size_t i = slot_of(entries_[at].person, mask);
    while (table_[i] != kNobody) i = (i + 1) & mask;
    table_[i] = at;
  }

  std::uint32_t position_of_or_new(PersonHash person) {
    const std::uint32_t known = position_of(person);
    if (known != kNobody) return known;
    const auto at = static_cast<std::uint32_t>(entries_.size());
    if (entries_.size() == entries_.capacity())
      entries_.reserve(entries_.size() + entries_.size() / 4 + 8);
    entries_.push_back(Entry{.person = person, .cold = nullptr});
    if (table_.size() * 3 < entries_.size() * 4) {
      table_.assign(std::max<std::size_t>(16, table_.size() * 2), kNobody);
      for (std::uint32_t i = 0; i < entries_.size(); ++i) insert_in_table(i);
    } else {
      insert_in_table(at);
    }
    return at;
  }

  void mark_dirty(std::uint32_t at) {
    if (std::exchange(entries_[at].dirty, true)) return;
    dirty_.push_back(at);
  }

  static PersonState thawed(const Entry& entry) {
    if (entry.cold == nullptr) return empty_state(entry.person);
    auto state = decode_person_state({entry.cold.get(), entry.cold_size});
    CHECK(state.has_value());  // encoded or verified by ourselves
    return std::move(*state);
  }

  void freeze(Entry& entry, std::string_view bytes) {
    entry.cold = std::make_unique_for_overwrite<char[]>(bytes.size());
    std::memcpy(entry.cold.get(), bytes.data(), bytes.size());
    entry.cold_size = static_cast<std::uint32_t>(bytes.size());
    cold_bytes_ += bytes.size() + 16;
  }

  std::string bytes_of(const Entry& entry) const {
    if (entry.ready != kNotReady) return encode(*ready_[entry.ready].state);
    return entry.cold == nullptr ? encode(thawed(entry))
                                 : std::string(entry.cold.get(), entry.cold_size);
  }

  // A free place in ready_, made by freezing somebody not used lately.
  std::uint16_t free_ready_place() {
    if (ready_.size() < kReadyPeoplePerShardMax) {
      ready_.emplace_back();
      return static_cast<std::uint16_t>(ready_.size() - 1);
    }
    while (std::exchange(ready_[hand_].used, false)) hand_ = (hand_ + 1) % ready_.size();
    const auto place = static_cast<std::uint16_t>(hand_);
    hand_ = (hand_ + 1) % ready_.size();
    Entry& frozen = entries_[ready_[place].entry];
    freeze(frozen, encode(*ready_[place].state));
    frozen.ready = kNotReady;
    return place;
  }

  Ready& make_ready(std::uint32_t at) {
    if (entries_[at].ready != kNotReady) {
      ready_[entries_[at].ready].used = true;
      return ready_[entries_[at].ready];
    }
    const std::uint16_t place = free_ready_place();
    Entry& entry = entries_[at];
    Ready& ready = ready_[place];
    ready = {.state = std::make_shared<PersonState>(thawed(entry)), .entry = at};
    if (entry.cold != nullptr) cold_bytes_ -= entry.cold_size + 16;
    entry.cold.reset();
    entry.cold_size = 0;
    entry.ready = place;
    return ready;
  }

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> table_;  // open addressing: places in entries_
  std::vector<Ready> ready_;
  std::vector<std::uint32_t> dirty_;
  std::size_t hand_ = 0;
  std::size_t cold_bytes_ = 0;  // with 16 a person for the allocator
};

bool older(const std::pair<TimeMs, PersonHash>& a, const std::pair<TimeMs, PersonHash>& b) {
  return a < b;
}

}  // namespace

struct ProfileStore::Shards {
  struct alignas(64) Shard {
    mutable Mutex mutex;
    People people GUARDED_BY(mutex);
  };
  std::array<Shard, kPeoplePartitions> all;
  Shard& of(PersonHash person) { return all[partition_of(person).value]; }
};

std::string person_row_key(PersonHash person) {
  std::string key(16, '\0');
  for (unsigned i = 0; i < 8; ++i) {
    key[i] = static_cast<char>(person.value.hi >> (56 - 8 * i));
    key[8 + i] = static_cast<char>(person.value.lo >> (56 - 8 * i));
  }
  return key;
}

std::optional<PersonHash> person_of_row_key(std::string_view key) {
  if (key.size() != 16) return std::nullopt;
  Hash128 hash;
  for (unsigned i = 0; i < 8; ++i) {
    hash.hi = hash.hi << 8 | static_cast<unsigned char>(key[i]);
    hash.lo = hash.lo << 8 | static_cast<unsigned char>(key[8 + i]);
  }
  return PersonHash{hash};
}

ProfileStore::ProfileStore() : shards_(std::make_unique<Shards>()) {}
ProfileStore::~ProfileStore() = default;

std::shared_ptr<const PersonState> ProfileStore::find(PersonHash person) const {
  Shards::Shard& shard = shards_->of(person);
  MutexLock lock(shard.mutex);
  return shard.people.find(person);
}

PersonView ProfileStore::person(PersonHash person) const {
  std::shared_ptr<const PersonState> asked = find(person);
  if (asked == nullptr) {
    return {std::make_shared<const PersonState>(empty_state(person)), {person}};
  }
  if (asked->links.empty()) return {std::move(asked), {person}};

  // Breadth first over the links, as far as one person's ids may go.
  std::vector<std::pair<TimeMs, PersonHash>> members{{asked->first_seen_ms, person}};
  std::vector<std::shared_ptr<const PersonState>> states{asked};
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states[i] == nullptr) continue;
    for (const Link& link : states[i]->links) {
      const auto same = [&](const auto& m) { return m.second == link.other; };
      if (members.size() >= kLinkMembersMax || std::ranges::any_of(members, same)) continue;
      states.push_back(find(link.other));
      const bool seen = states.back() != nullptr && states.back()->first_seen_ms != 0;
      members.emplace_back(seen ? states.back()->first_seen_ms : link.other_first_seen_ms,
                           link.other);
    }
  }
  std::vector<std::size_t> order(members.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order,
                    [&](std::size_t a, std::size_t b) { return older(members[a], members[b]); });

  PersonView view;
  std::vector<const PersonState*> present;
  for (const std::size_t i : order) {
    view.members.push_back(members[i].second);
    if (states[i] != nullptr) present.push_back(states[i].get());
  }
  view.state = present.size() == 1 ? asked : std::make_shared<const PersonState>(merge(present));
  return view;
}

std::size_t ProfileStore::size() const {
  std::size_t people = 0;
  for (const Shards::Shard& shard : shards_->all) {
    MutexLock lock(shard.mutex);
    people += shard.people.size();
  }
  return people;
}

std::size_t ProfileStore::memory_bytes() const {
  std::size_t bytes = sizeof(Shards);
  for (const Shards::Shard& shard : shards_->all) {
    MutexLock lock(shard.mutex);
    bytes += shard.people.memory_bytes();
  }
  return bytes;
}

void ProfileStore::consume(const CommittedRecord& record) {
  switch (record.header.kind) {
    case RecordKind::kItem:
    case RecordKind::kObject:
      return;
    default:
      break;
  }
  Shards::Shard& shard = shards_->of(record.header.person);
  MutexLock lock(shard.mutex);
  shard.people.consume(record);
}

std::string ProfileStore::save() const {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kSaveFormat);
  out.varint(size());
  for (const Shards::Shard& shard : shards_->all) {
    MutexLock lock(shard.mutex);
    shard.people.save(out);
  }
  return bytes;
}

Result<void> ProfileStore::load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.u8() != kSaveFormat)
    return data_loss("saved people: empty or written by a later version of ante");
  const std::size_t people = in.count(1);
  for (std::size_t i = 0; i < people && in.ok(); ++i) {
    const std::string_view state_bytes = in.string();
    const PersonState state = TRY(decode_person_state(state_bytes));
    TRY(restore(person_row_key(state.person), state_bytes));
  }
  if (!in.ok() || !in.at_end()) return data_loss("saved people: the list is cut or too long");
  return {};
}

void ProfileStore::collect_dirty(Partition partition,
                                 std::vector<std::pair<std::string, std::string>>& rows) {
  if (partition.value >= kPeoplePartitions) return;
  Shards::Shard& shard = shards_->all[partition.value];
  MutexLock lock(shard.mutex);
  shard.people.collect_dirty(rows);
}

Result<void> ProfileStore::restore(std::string_view key, std::string_view value) {
  const std::optional<PersonHash> person = person_of_row_key(key);
  if (!person)
    return data_loss("person row: its key has " + std::to_string(key.size()) + " bytes, not 16");
  const PersonState state = TRY(decode_person_state(value));
  if (state.person != *person) return data_loss("person row: its state belongs to another person");
  Shards::Shard& shard = shards_->of(*person);
  MutexLock lock(shard.mutex);
  if (!shard.people.restore(*person, value))
    return data_loss("person row: the person stands here twice");
  return {};
}

}  // namespace ante
