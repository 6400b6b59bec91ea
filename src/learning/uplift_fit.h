// How sums by combination of traits become a model of the effect: the regressions of uplift.h.
//
// In:   UpliftSums of each combination that occurred. Out: an UpliftModel, or one that is not ready
//       when outcomes do not vary. Pure; any thread.

#pragma once

#include <cstddef>
#include <cstdint>

#include "domain/traits.h"
#include "learning/uplift.h"

namespace ante {

inline constexpr std::size_t kTraitCombinations = 23'040;

// A number for each combination of levels, 0 .. kTraitCombinations - 1, and back.
// REQUIRES valid(traits), combination < kTraitCombinations.
std::uint16_t trait_combination(const Traits& traits);
Traits traits_of_combination(std::size_t combination);

// REQUIRES persons in both arms.
UpliftModel fit_uplift(const UpliftCells& cells);

}  // namespace ante
