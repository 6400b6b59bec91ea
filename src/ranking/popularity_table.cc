#include "ranking/popularity_table.h"

#include <algorithm>

namespace ante {

namespace {

PopularityTable make_table(const LiveItems& live, const OrganicWeights& weights,
                           std::uint32_t now_s) {
  PopularityTable table;
  table.now_s = now_s;
  table.comings = live.comings();
  table.items = live.interner().size();
  // The weight of a decayed count in each context.
  std::array<std::array<float, kHalfLives>, kTrailContexts> per_count{};
  const auto totals = live.totals(now_s);
  for (std::size_t c = 0; c < kTrailContexts; ++c) {
    table.share[c].resize(table.items);
    for (std::size_t h = 0; h < kHalfLives; ++h)
      per_count[c][h] = weights.mixture[c][h] / (totals[h] + kPopularityTotalMin);
  }
  for (std::uint32_t i = 0; i < table.items; ++i) {
    const LiveStats stats = live.stats(ItemIndex{i}, now_s);
    if (stats.last_s == 0) continue;
    for (std::size_t c = 0; c < kTrailContexts; ++c) {
      float share = 0;
      for (std::size_t h = 0; h < kHalfLives; ++h) share += per_count[c][h] * stats.popularity[h];
      table.share[c][i] = share;
    }
  }
  return table;
}

}  // namespace

std::shared_ptr<const PopularityTable> PopularityTables::get(const LiveItems& live,
                                                             const OrganicWeights& weights,
                                                             std::uint32_t now_s) const {
  std::shared_ptr<const PopularityTable> table = table_.get();
  const std::uint64_t unseen =
      std::max(table->comings / kPopularityComingsPart, table->items / kPopularityItemsAComing);
  const bool old =
      now_s >= table->now_s + kPopularityAgeMaxS || live.comings() > table->comings + unseen;
  if (!old || making_.test_and_set(std::memory_order_acquire)) return table;
  table = std::make_shared<const PopularityTable>(make_table(live, weights, now_s));
  table_.publish(table);
  making_.clear(std::memory_order_release);
  return table;
}

}  // namespace ante
