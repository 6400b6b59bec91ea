// The sources that read only the live statistics: graph, trending, fresh, own.

#include <algorithm>
#include <optional>

#include "candidates/sources.h"

namespace ante {

namespace {

constexpr std::size_t kGraphSteps = 10;         // items of the trail whose neighbours are proposed
constexpr std::size_t kNeighboursOfOlder = 32;  // of all but the last one
constexpr std::size_t kGraphItems = 128;        // the strongest of them all
constexpr std::size_t kTrendingItems = 32;      // a half-life
constexpr std::size_t kNewestPublished = 24;
constexpr std::size_t kPoolEnough = 240;  // below this the tail of the longest list fills up

// Neighbours of the person's last items, and of the item on the page before them.
class GraphSource final : public CandidateSource {
 public:
  std::string_view name() const override { return "graph"; }

  void propose(const SourceContext& context, SourceBits bit, Pool& pool) const override {
    thread_local std::vector<LiveNeighbour> neighbours;
    float weight = 1;
    float total_weight = 0;
    std::size_t steps = 0;
    const auto walk = [&](ItemIndex item) {
      neighbours.clear();
      context.live.neighbours(item, context.now_s, neighbours,
                              steps == 0 ? kRowNeighboursMax : kNeighboursOfOlder);
      for (const LiveNeighbour& n : neighbours) {
        PoolEntry& entry = pool.touch(n.item, bit);
        if (steps == 0) {
          entry.last_fast = n.fast;
          entry.last_slow = n.slow;
        }
        entry.trail_fast += weight * n.fast;
        entry.trail_slow += weight * n.slow;
      }
      total_weight += weight;
      weight *= kStepDecay;
      ++steps;
    };
    std::optional<ItemIndex> page;
    if (context.request != nullptr && context.request->situation.item.value != 0) {
      page = context.live.interner().find(context.request->situation.item);
      if (page && (context.trail.steps.empty() || context.trail.steps.front().item != *page))
        walk(*page);
    }
    for (const TrailStep& step : context.trail.steps) {
      if (steps >= kGraphSteps) break;
      walk(step.item);
    }
    if (total_weight == 0) return;
    const float scale = 1 / total_weight;
    for (PoolEntry& entry : pool.entries()) {
      entry.trail_fast *= scale;
      entry.trail_slow *= scale;
    }
    // What the person came to stands in the pool anyway, and takes no place from the others.
    std::size_t own = 0;
    for (std::size_t i = 0; i < context.trail.steps.size(); ++i) {
      PoolEntry* entry = pool.find(context.trail.steps[i].item);
      if (entry == nullptr) continue;
      entry->own_step = static_cast<std::int8_t>(i);
      ++own;
    }
    pool.keep_best(kGraphItems + own, [](const PoolEntry& entry) {
      const float share = entry.last_fast + entry.last_slow + entry.trail_fast + entry.trail_slow;
      return entry.own_step >= 0 ? share + 1000 : share;
    });
  }
};

class TrendingSource final : public CandidateSource {
 public:
  std::string_view name() const override { return "trending"; }

  void propose(const SourceContext& context, SourceBits bit, Pool& pool) const override {
    thread_local std::vector<ItemIndex> top;
    for (std::size_t h = 0; h < kHalfLives; ++h) {
      context.live.top(h, top);
      for (std::size_t i = 0; i < top.size(); ++i) {
        if (i >= kTrendingItems && pool.entries().size() >= kPoolEnough) break;
        pool.touch(top[i], bit);
      }
    }
  }
};

class FreshSource final : public CandidateSource {
 public:
  std::string_view name() const override { return "fresh"; }

  void propose(const SourceContext& context, SourceBits bit, Pool& pool) const override {
    thread_local std::vector<ItemIndex> fresh;
    context.live.fresh(fresh);
    for (const ItemIndex item : fresh) pool.touch(item, bit);
    if (context.request == nullptr) return;
    const auto newest = context.request->catalog.newest();
    for (std::size_t i = 0; i < std::min(newest.size(), kNewestPublished); ++i)
      pool.touch(newest[i], bit);
  }
};

class OwnSource final : public CandidateSource {
 public:
  std::string_view name() const override { return "own"; }

  void propose(const SourceContext& context, SourceBits bit, Pool& pool) const override {
    for (std::size_t i = 0; i < context.trail.steps.size(); ++i) {
      pool.touch(context.trail.steps[i].item, bit).own_step = static_cast<std::int8_t>(i);
    }
  }
};

}  // namespace

std::unique_ptr<CandidateSource> make_graph_source() { return std::make_unique<GraphSource>(); }
std::unique_ptr<CandidateSource> make_trending_source() {
  return std::make_unique<TrendingSource>();
}
std::unique_ptr<CandidateSource> make_fresh_source() { return std::make_unique<FreshSource>(); }
std::unique_ptr<CandidateSource> make_own_source() { return std::make_unique<OwnSource>(); }

}  // namespace ante
