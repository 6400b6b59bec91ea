// How popular every item is at one moment, as the mixture of each context weighs it: what the first
// cut needs of hundreds of items, in one small array instead of eight decayed counts an item.
//
// In:   live statistics and the mixture weights. Out: immutable tables, a few seconds old at most.
// The items that survive the cut are measured exactly, as all items are for the learner.
// Cost: about 50 ns an item a table; a table serves all requests until it is too old. Any thread.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/published.h"
#include "candidates/live_items.h"
#include "ranking/organic_model.h"

namespace ante {

inline constexpr std::uint32_t kPopularityAgeMaxS = 5;
// A table is also too old when comings have grown by a 200th of them, but not before there was one
// for each 64 items: a large catalogue with few visitors must not be counted for each of them.
inline constexpr std::uint64_t kPopularityComingsPart = 200;
inline constexpr std::uint64_t kPopularityItemsAComing = 64;

struct PopularityTable {
  std::uint32_t now_s = 0;
  std::uint64_t comings = 0;
  std::uint32_t items = 0;                               // those with a smaller number are in it
  std::array<std::vector<float>, kTrailContexts> share;  // Σ π_h(context) popularity share, an item
};

class PopularityTables {
 public:
  // The table of now, or the last one while somebody else makes the next.
  std::shared_ptr<const PopularityTable> get(const LiveItems& live, const OrganicWeights& weights,
                                             std::uint32_t now_s) const;

 private:
  mutable Published<PopularityTable> table_;
  mutable std::atomic_flag making_;
};

}  // namespace ante
