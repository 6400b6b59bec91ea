// The organic model: which item a person will come to next by themselves, learned from what people
// come to. It makes the first cut and gives the value model its strongest feature.
//
// In:   proposals (Pool), live statistics, the trail, the moment.
// Out:  per item a mixture share (first cut) and a listwise score (a softmax over the hand).
//
// Mixture: m(j) = Σ_k π_k(c) part_k(j), parts = popularity shares at eight half-lives, transition
// shares of the item graph, own repeats, topics, a constant; π by online EM for each context c (how
// long since the last step). Listwise: s(j) = (w + w_c)·x(j), softmax (base 2) over the hand,
// AdaGrad; own items have features of their own beside the common ones. Both learn from each
// coming, before the statistics take it in: no look-ahead. OrganicWeights is a plain value,
// published as an immutable snapshot; the rest is pure.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "candidates/live_items.h"
#include "candidates/pool.h"
#include "candidates/trail.h"

namespace ante {

inline constexpr std::size_t kOrganicParts = kHalfLives + 7;
inline constexpr std::size_t kOrganicFeatures = 40;

inline constexpr float kPopularityTotalMin = 1e-9F;  // shares of nothing are 0

struct OrganicWeights {
  OrganicWeights();
  std::array<std::array<float, kOrganicParts>, kTrailContexts> mixture;
  std::array<float, kOrganicFeatures> shared{};
  std::array<std::array<float, kOrganicFeatures>, kTrailContexts> by_context{};
  std::uint64_t steps = 0;  // comings learned from
};

struct OrganicItem {
  PoolEntry pool;
  LiveStats stats;
  std::array<float, kOrganicParts> parts{};
  std::array<float, kOrganicFeatures> x{};
  float cut = 0;          // log2 of the mixture share
  float score = 0;        // listwise, in log2 units
  float topic_match = 0;  // share of the trail's topics this item carries, 0..1
};

// What is the same for all items of one request.
class OrganicScene {
 public:
  // Borrowed: all must outlive the scene.
  OrganicScene(const LiveItems& live, const Trail& trail, std::uint32_t now_s,
               const OrganicWeights& weights);

  // Fills stats, parts, topic_match and cut. REQUIRES item.pool set.
  void cut(OrganicItem& item) const;
  // The cut alone, of an item whose popularity in this context is known already (PopularityTable):
  // the same but for the age of that popularity.
  float cut(const PoolEntry& item, float popularity_share, float topic_match) const;
  // Share of the trail's topics that these carry, 0..1; `topics`: low halves of keys, 0 = none.
  float topic_match(std::span<const std::uint32_t> topics) const;
  // Fills x and score. REQUIRES cut() done.
  void score(OrganicItem& item) const;

  std::size_t context() const { return context_; }

 private:
  const LiveItems& live_;
  const Trail& trail_;
  const OrganicWeights& weights_;
  std::uint32_t now_s_;
  std::size_t context_;
  std::array<float, kHalfLives> inverse_totals_{};
  float own_total_ = 0;
  float own_share(const PoolEntry& item) const;
  // Topics of the trail and their weight: open addressing by the topic, which is a hash; 0 = free.
  struct TrailTopic {
    std::uint32_t topic = 0;
    float weight = 0;
  };
  static constexpr std::size_t kTrailTopics = 128;
  static std::size_t place_of(const std::array<TrailTopic, kTrailTopics>& topics,
                              std::uint32_t topic);
  std::array<TrailTopic, kTrailTopics> trail_topics_{};
  float trail_topics_total_ = 0;
};

// Keeps the `size` items with the largest cut (ties by item number), best first is not promised.
void keep_best_cut(std::vector<OrganicItem>& items, std::size_t size);

// Learns the weights, one coming at a time. One thread.
class OrganicTrainer {
 public:
  OrganicTrainer();

  const OrganicWeights& weights() const { return weights_; }
  // `items` were proposed (all, cut() done) and the person came to those for which `came` is set.
  void learn(const OrganicScene& scene, std::vector<OrganicItem>& items,
             const std::vector<bool>& came);

  std::string save() const;
  Result<void> load(std::string_view bytes);

 private:
  void learn_mixture(std::size_t context, const std::vector<OrganicItem>& items,
                     const std::vector<bool>& came);
  void learn_listwise(std::size_t context, const std::vector<const OrganicItem*>& hand,
                      const std::vector<bool>& came);

  OrganicWeights weights_;
  std::array<double, kTrailContexts> mixture_steps_{};
  std::array<float, kOrganicFeatures> shared_squares_;
  std::array<std::array<float, kOrganicFeatures>, kTrailContexts> context_squares_;
};

}  // namespace ante
