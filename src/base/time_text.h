// Time as text: RFC 3339, strictly. Pure functions; any thread.

#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace ante {

inline constexpr int kYearMin = 1970;
inline constexpr int kYearMax = 2199;

// "2026-11-22T07:00:00Z", with a fraction of 1 to 9 digits (cut to milliseconds) and an offset
// instead of Z if wanted. A leap second counts as the second after it.
// kInvalidArgument: anything else, a date alone, a number of (milli)seconds, a date that does not
// exist, a year outside kYearMin..kYearMax.
Result<TimeMs> parse_time(std::string_view text);

// "2026-11-22T07:00:00.000Z". Times outside kYearMin..kYearMax show as the nearest in it.
std::string format_time(TimeMs time);

}  // namespace ante
