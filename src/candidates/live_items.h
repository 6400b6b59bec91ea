// Live statistics of items, moved by every event: decayed popularity at eight half-lives, and the
// item graph (who came to A came to B soon), each edge at a fast and a slow decay.
//
// In:   the log in commit order (LogConsumer): events of attention, and item records.
// Out:  reads for any thread at any time, of values that are at most one event old.
//
// Popularity: methods §3.2, c(t) = c(t0) 2^-(t-t0)/h + 1. Graph: methods §1.5 and §2.2, the last
// kLinkSteps items of the person, weight kStepDecay^d, the way back kBackWeight of it; a row keeps
// at most kRowNeighboursMax. Cost of an event: O(kLinkSteps · kRowNeighboursMax). Memory: about 120
// bytes an item and 16 a neighbour; trails 12 bytes a step.
//
// Over kLinkEventsPerSecondMax events a second of log time edges are not drawn (popularity is):
// a rule of the log alone, so that a rebuild gives the same graph.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "candidates/trail.h"
#include "catalog/item_interner.h"
#include "domain/event.h"
#include "domain/log_consumer.h"

namespace ante {

inline constexpr std::size_t kHalfLives = 8;
inline constexpr std::array<float, kHalfLives> kHalfLivesS = {300,   900,    3600,   10800,
                                                              43200, 172800, 604800, 2592000};
inline constexpr std::size_t kRowNeighboursMax = 128;
inline constexpr std::size_t kLinkSteps = 10;
inline constexpr float kStepDecay = 0.8F;
inline constexpr float kBackWeight = 0.3F;
inline constexpr float kFastHalfLifeS = 3600;
inline constexpr float kSlowHalfLifeS = 14 * 86400;
inline constexpr std::size_t kTopItems = 64;  // a half-life
inline constexpr std::size_t kTopItemsLongest =
    320;                                        // of the longest one: its tail fills up small pools
inline constexpr std::size_t kFreshItems = 40;  // latest first seen
inline constexpr std::size_t kTrailsMax = 2'000'000;
inline constexpr std::uint32_t kLinkEventsPerSecondMax = 4000;
inline constexpr std::size_t kItemTopicsLive = 4;

// One item at one moment.
struct LiveStats {
  std::array<float, kHalfLives> popularity{};           // decayed to the moment asked for
  std::uint32_t first_s = 0;                            // first seen; 0 = never
  std::uint32_t last_s = 0;                             // last attention
  bool available = true;                                // as the log's item records say
  std::array<std::uint32_t, kItemTopicsLive> topics{};  // low halves of topic keys; 0 = none
};

// An edge at the moment asked for, normalised: w / (W + kGraphPrior), W the row's whole weight.
struct LiveNeighbour {
  ItemIndex item;
  float fast = 0, slow = 0;
};
inline constexpr float kGraphPrior = 4;

// Whether an event is attention: a coming to its items (not an impression, not a refusal).
bool is_attention(const Event& event);

class LiveItems final : public LogConsumer {
 public:
  explicit LiveItems(ItemInterner& interner);
  ~LiveItems() override;

  LiveStats stats(ItemIndex item, std::uint32_t now_s) const;
  // Decayed counts of all items together.
  std::array<float, kHalfLives> totals(std::uint32_t now_s) const;
  // How many comings were counted since the process began: whether anything has changed.
  std::uint64_t comings() const;
  // The strongest items at a half-life, best first; and those first seen last. Replace `out`.
  void top(std::size_t half_life, std::vector<ItemIndex>& out) const;
  void fresh(std::vector<ItemIndex>& out) const;
  // Fetches what stats() will read.
  void prefetch(ItemIndex item) const;
  // Appends the first `size` neighbours of `item`: the strongest come first, nearly.
  void neighbours(ItemIndex item, std::uint32_t now_s, std::vector<LiveNeighbour>& out,
                  std::size_t size = kRowNeighboursMax) const;

  const ItemInterner& interner() const;

  // The learner's own trail of a person: as of the last consumed record. Follower thread only.
  const Trail* trail(PersonHash person) const;

  std::string_view name() const override { return "live-items"; }
  void consume(const CommittedRecord& record) override;
  std::string save() const override;
  Result<void> load(std::string_view bytes) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ante
