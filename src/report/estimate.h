// A number that is known only so far: with its interval and its n, or with the reason why not.
// Pure values; any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "math/statistics.h"

namespace ante {

inline constexpr double kFigureAlpha = 0.05;

struct Estimate {
  std::optional<double> value;
  Interval interval;  // 95 %; of no meaning without a value
  std::uint64_t n = 0;
  std::string why_not;  // why there is no value; empty when there is one

  static Estimate unknown(std::uint64_t n, std::string why_not) {
    return {std::nullopt, {}, n, std::move(why_not)};
  }
};

}  // namespace ante
