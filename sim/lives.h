// Two lives of every reader: as they were served, and as they would have gone with the general
// pages only. The second is the counterfactual run of the world: same seed, same visits, same luck.
//
// In:   the visits in the order of each reader's time, with what was served and in which arm.
// Out:  the truth about a slot: what treated readers gained, by true probabilities.
//
// A reader enters a slot's truth once: with the goals of the fixed window after his first exposure
// there. Goals count by their probability before the dice fell; what is remembered (read, seen too
// often, refused) follows the dice, in each life its own. Different readers may be lived by
// different threads at once; truth() while nobody lives.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "sim/magazine.h"

namespace ante::sim {

struct Truth {
  std::uint64_t readers = 0;  // treated, window closed
  double as_served = 0;       // mean number of goals in the window
  double as_general = 0;
  double lift() const { return as_served - as_general; }
};

class Lives {
 public:
  // `magazine` outlives it.
  explicit Lives(const Magazine& magazine);

  // The reader sees the general page with no decision behind it: before there is anything else.
  Reaction live_without(const Visit& visit, Place place);
  // The reader is served `slate`. `treated`: not in the holdout.
  Reaction live(const Visit& visit, Place place, std::span<const Piece> slate, bool treated);
  // He reads what he came for; the same in both lives.
  void read(const Visit& visit);

  // What he would be shown in this life if there were no bets.
  std::vector<Piece> general(const Visit& visit, Place place) const;

  Truth truth(Place place, DurationMs window_ms, TimeMs now_ms) const;

 private:
  struct Exposure {
    TimeMs at_ms;
    float as_served, as_general;  // chance of the goal
  };
  struct Life {
    Memory served, general;
    bool treated = false;
    // Exposures in each slot within the longest window after the first.
    std::array<std::vector<Exposure>, kPlaces> exposures;
  };

  const Magazine& magazine_;
  std::vector<Life> lives_;
};

inline constexpr DurationMs kTruthWindowMsMax = 30 * kDayMs;

}  // namespace ante::sim
