// What was shown to a person and not answered: how often lately, item by item.
//
// In:   exposures and answers as the fold meets them. Out: counts of the last days, for the limit
//       on repetition (decision/exposure_guard.h) and for fatigue.
// An answer is anything they do with the item, or a reward for it. Days are those of UTC, and a
// window of n days counts the day it begins in whole, so it is never shorter than n x 24 hours.
// Pure; not thread-safe, like any value.

#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "profile/person_state.h"

namespace ante {

inline constexpr unsigned kRepeatDaysMax = 7;
inline constexpr unsigned kRepeatCountMax = 15;  // of one day: more are not told apart

// One exposure more. Full: what was shown least and longest ago is forgotten.
void add_shown(std::vector<ShownItem>& shown, ItemKey item, std::uint32_t at_s, unsigned times = 1);
// True when it was in the list.
bool remove_shown(std::vector<ShownItem>& shown, ItemKey item);
// Both together, day by day.
void join_shown(ShownItem& into, const ShownItem& from);

// Times in the `days` before now_ms. REQUIRES 1 <= days <= kRepeatDaysMax.
unsigned times_shown(const ShownItem& shown, TimeMs now_ms, unsigned days);

// How tired of us they are: 1, and 1 more for every kFatigueStep decisions in a row without an
// answer, at most 5; 1 again after kRepeatDaysMax days without any.
double fatigue(const PersonState& state, TimeMs now_ms);
inline constexpr unsigned kFatigueStep = 5;

}  // namespace ante
