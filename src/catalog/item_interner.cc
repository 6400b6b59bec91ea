#include "catalog/item_interner.h"

#include <array>
#include <atomic>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "base/mutex.h"

namespace ante {
namespace {

constexpr std::size_t kShards = 64;
constexpr std::size_t kBlockKeys = 4096;
constexpr std::size_t kBlocks = (kItemsMax + kBlockKeys - 1) / kBlockKeys;
constexpr std::size_t kFirstSlots = 16;

// Readers see a slot once its number is there; numbers are never changed or taken away.
struct Slot {
  std::atomic<std::uint64_t> key{0};
  std::atomic<std::uint32_t> number_plus_one{0};  // 0 = free
};

struct Table {
  explicit Table(std::size_t slot_count) : slots(slot_count) {}
  std::vector<Slot> slots;
};

std::size_t slot_of(std::uint64_t key, std::size_t slot_count) {
  return (mix64(key) / kShards) & (slot_count - 1);
}

void put(Table& table, std::uint64_t key, std::uint32_t number_plus_one) {
  std::size_t i = slot_of(key, table.slots.size());
  while (table.slots[i].number_plus_one.load(std::memory_order_relaxed) != 0) {
    i = (i + 1) & (table.slots.size() - 1);
  }
  table.slots[i].key.store(key, std::memory_order_relaxed);
  table.slots[i].number_plus_one.store(number_plus_one, std::memory_order_release);
}

// 0: not there.
std::uint32_t get(const Table& table, std::uint64_t key) {
  for (std::size_t i = slot_of(key, table.slots.size());; i = (i + 1) & (table.slots.size() - 1)) {
    const std::uint32_t number = table.slots[i].number_plus_one.load(std::memory_order_acquire);
    if (number == 0) return 0;
    if (table.slots[i].key.load(std::memory_order_relaxed) == key) return number;
  }
}

}  // namespace

struct ItemInterner::State {
  struct alignas(64) Shard {
    Shard() {
      tables.push_back(std::make_unique<Table>(kFirstSlots));
      now.store(tables.back().get(), std::memory_order_release);
    }
    std::atomic<Table*> now{nullptr};
    Mutex mutex;
    // Readers may still walk an outgrown table: all are kept (together as large as the last one).
    std::vector<std::unique_ptr<Table>> tables GUARDED_BY(mutex);
    std::size_t used GUARDED_BY(mutex) = 0;
  };
  using Block = std::array<std::uint64_t, kBlockKeys>;

  std::array<Shard, kShards> shards;
  std::array<std::atomic<Block*>, kBlocks> blocks{};
  std::atomic<std::uint32_t> size{0};
  Mutex numbers;  // taken inside a shard's mutex
  std::vector<std::unique_ptr<Block>> owned GUARDED_BY(numbers);

  Shard& shard_of(std::uint64_t key) { return shards[mix64(key) % kShards]; }

  std::optional<std::uint32_t> next_number(std::uint64_t key) {
    MutexLock lock(numbers);
    const std::uint32_t number = size.load(std::memory_order_relaxed);
    if (number >= kItemsMax) return std::nullopt;
    if (number % kBlockKeys == 0) {
      owned.push_back(std::make_unique<Block>());
      blocks[number / kBlockKeys].store(owned.back().get(), std::memory_order_release);
    }
    (*owned.back())[number % kBlockKeys] = key;
    size.store(number + 1, std::memory_order_release);
    return number;
  }
};

ItemInterner::ItemInterner() : state_(std::make_unique<State>()) {}
ItemInterner::~ItemInterner() = default;

std::optional<ItemIndex> ItemInterner::find(ItemKey key) const {
  const Table& table = *state_->shard_of(key.value).now.load(std::memory_order_acquire);
  const std::uint32_t number = get(table, key.value);
  if (number == 0) return std::nullopt;
  return ItemIndex{number - 1};
}

std::optional<ItemIndex> ItemInterner::intern(ItemKey key) {
  if (const auto known = find(key)) return known;
  State::Shard& shard = state_->shard_of(key.value);
  MutexLock lock(shard.mutex);
  Table* table = shard.tables.back().get();
  if (const std::uint32_t number = get(*table, key.value); number != 0)
    return ItemIndex{number - 1};
  const std::optional<std::uint32_t> number = state_->next_number(key.value);
  if (!number) return std::nullopt;
  if ((shard.used + 1) * 2 > table->slots.size()) {
    auto larger = std::make_unique<Table>(table->slots.size() * 2);
    for (const Slot& slot : table->slots) {
      const std::uint32_t old = slot.number_plus_one.load(std::memory_order_relaxed);
      if (old != 0) put(*larger, slot.key.load(std::memory_order_relaxed), old);
    }
    shard.tables.push_back(std::move(larger));
    table = shard.tables.back().get();
    shard.now.store(table, std::memory_order_release);
  }
  put(*table, key.value, *number + 1);
  ++shard.used;
  return ItemIndex{*number};
}

ItemKey ItemInterner::key_of(ItemIndex index) const {
  CHECK(index.value < size());
  const State::Block* block =
      state_->blocks[index.value / kBlockKeys].load(std::memory_order_acquire);
  return ItemKey{(*block)[index.value % kBlockKeys]};
}

std::uint32_t ItemInterner::size() const { return state_->size.load(std::memory_order_acquire); }

}  // namespace ante
