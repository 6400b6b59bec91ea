// Which draw of the holdout counts: people are held out by a salt, and a new draw has another.
//
// The object "holdout" of the control log, `{epoch, since}`: written when somebody draws anew, kept
// with who did and why. Draw 0 is there without an object. A draw counts from its `since` on, a
// little after it was stored, so that decisions and the folds that read them agree to the
// millisecond. docs/decisions/0076-standing-controls.md.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace ante {

inline constexpr std::string_view kHoldoutObjectType = "holdout";
inline constexpr std::string_view kHoldoutObjectId = "people";
inline constexpr std::uint32_t kHoldoutEpochMax = 1'000'000;
inline constexpr DurationMs kHoldoutDrawDelayMs = 2 * kSecondMs;
inline constexpr DurationMs kHoldoutDrawDueMs = 90 * kDayMs;  // then a new draw is proposed

struct HoldoutDraw {
  std::uint32_t epoch = 0;
  TimeMs since_ms = 0;
  // The draw that counts at this time: this one, or before its `since` the one before.
  std::uint32_t epoch_at(TimeMs at_ms) const {
    return at_ms >= since_ms || epoch == 0 ? epoch : epoch - 1;
  }
  friend bool operator==(const HoldoutDraw&, const HoldoutDraw&) = default;
};

// Draw 0 has the salt itself, so that nobody moves who was held out before there were draws.
std::string holdout_salt(std::string_view salt, std::uint32_t epoch);

Result<HoldoutDraw> holdout_draw_from_json(std::string_view json);
std::string holdout_draw_to_json(const HoldoutDraw& draw);

}  // namespace ante
