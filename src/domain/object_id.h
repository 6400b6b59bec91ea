// The ids that people give to slots, bets, briefs, metrics and costs. Pure; any thread.

#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace ante {

inline constexpr std::size_t kObjectIdBytesMax = 64;

// Whether it can stand in an address as it is. kInvalidArgument begins with `what` ("#/id: a bet's
// id") and ends with an example.
Result<void> check_object_id(std::string_view id, std::string_view what, std::string_view example);

}  // namespace ante
