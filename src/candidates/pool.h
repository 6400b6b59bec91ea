// The pool: the items proposed for one request, each once, and which sources proposed them.
//
// Scratch memory that is reused from request to request: one pool a thread. Not thread-safe.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/check.h"
#include "catalog/item_interner.h"
#include "domain/decision.h"

namespace ante {

struct PoolEntry {
  ItemIndex item;
  SourceBits sources = 0;
  // Transition shares of the item graph (see LiveNeighbour): from the last item of the trail, and
  // summed over the trail with step decay.
  float last_fast = 0, last_slow = 0, trail_fast = 0, trail_slow = 0;
  // Match of words, of the page's item or of the search, 0..1.
  float text = 0;
  std::int8_t own_step = -1;  // its step in the trail; -1 = the person never came to it
};

class Pool {
 public:
  // Empties the pool; `items` = how many items are numbered now.
  void begin(std::uint32_t items) {
    entries_.clear();
    if (stamp_.size() < items) stamp_.resize(items);
    if (++round_ == 0) {
      std::fill(stamp_.begin(), stamp_.end(), Stamp{});
      round_ = 1;
    }
  }

  // The entry of `item`, made when it is new. The reference is valid until the next touch.
  PoolEntry& touch(ItemIndex item, SourceBits source) {
    if (item.value >= stamp_.size()) stamp_.resize(item.value + 1024);
    Stamp& stamp = stamp_[item.value];
    if (stamp.round != round_) {
      stamp = {round_, static_cast<std::uint32_t>(entries_.size())};
      entries_.push_back(PoolEntry{.item = item});
    }
    PoolEntry& entry = entries_[stamp.at];
    entry.sources = static_cast<SourceBits>(entry.sources | source);
    return entry;
  }

  // The entry of `item`, or null when nobody proposed it.
  PoolEntry* find(ItemIndex item) {
    if (item.value >= stamp_.size() || stamp_[item.value].round != round_) return nullptr;
    return &entries_[stamp_[item.value].at];
  }

  // Keeps the `size` entries with the largest rank(entry), ties by item number; the order changes.
  template <typename Rank>
  void keep_best(std::size_t size, Rank rank) {
    if (entries_.size() <= size) return;
    order_.clear();
    for (const PoolEntry& entry : entries_) order_.emplace_back(rank(entry), entry.item.value);
    const auto better = [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    };
    std::nth_element(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(size - 1),
                     order_.end(), better);
    for (std::size_t i = size; i < order_.size(); ++i) stamp_[order_[i].second].round = 0;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      Stamp& stamp = stamp_[entries_[i].item.value];
      if (stamp.round != round_) continue;
      stamp.at = static_cast<std::uint32_t>(kept);
      entries_[kept++] = entries_[i];
    }
    entries_.resize(kept);
  }

  std::vector<PoolEntry>& entries() { return entries_; }
  const std::vector<PoolEntry>& entries() const { return entries_; }

 private:
  struct Stamp {
    std::uint32_t round = 0, at = 0;
    constexpr Stamp() = default;
    constexpr Stamp(std::uint32_t r, std::uint32_t a) : round(r), at(a) {}
  };

  std::vector<PoolEntry> entries_;
  std::vector<Stamp> stamp_;
  std::vector<std::pair<float, std::uint32_t>> order_;
  std::uint32_t round_ = 0;
};

}  // namespace ante
