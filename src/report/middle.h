// The middle of so many values, with an interval that asks nothing of how they are spread.
// Pure; any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "math/statistics.h"

namespace ante {

// The interval (95 %, binomial on the ranks) says how far it tells of those to come.
struct Middle {
  std::optional<double> value;       // none: no values
  std::optional<Interval> interval;  // from 8 values on
  std::uint64_t n = 0;
};

// Sorts `values`.
Middle middle_of(std::vector<double>& values);

}  // namespace ante
