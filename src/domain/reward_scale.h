// How large and how noisy rewards are in each slot so far: what exploration scales itself by.
//
// reward/ keeps it from matured rows and publishes it; decision/ reads the newest. Plain data.

#pragma once

#include <cstdint>
#include <map>

#include "domain/ids.h"

namespace ante {

struct RewardScale {
  std::uint64_t rewards = 0;  // matured rows
  double mean = 0;
  double sd = 0;  // of one row's reward
  friend bool operator==(const RewardScale&, const RewardScale&) = default;
};

using RewardScaleMap = std::map<SlotKey, RewardScale>;

}  // namespace ante
