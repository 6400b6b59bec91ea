// Time comes in through a constructor: nothing below app reads a clock by itself.
//
// Wall time is UTC milliseconds since 1970 and is data; monotonic time is for durations only.
// Every method may be called from any thread.

#pragma once

#include <atomic>
#include <cstdint>

namespace ante {

using TimeMs = std::int64_t;      // UTC, milliseconds since 1970
using DurationMs = std::int64_t;  // milliseconds

inline constexpr DurationMs kSecondMs = 1000;
inline constexpr DurationMs kMinuteMs = 60 * kSecondMs;
inline constexpr DurationMs kHourMs = 60 * kMinuteMs;
inline constexpr DurationMs kDayMs = 24 * kHourMs;
inline constexpr std::int64_t kNsPerMs = 1'000'000;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimeMs now_ms() const = 0;
  virtual std::int64_t monotonic_ns() const = 0;
};

class SystemClock final : public Clock {
 public:
  TimeMs now_ms() const override;
  std::int64_t monotonic_ns() const override;
};

// Wall time moves only when told to, and never backwards; monotonic time is the system's.
class SimulatedClock final : public Clock {
 public:
  explicit SimulatedClock(TimeMs start_ms) : now_ms_(start_ms) {}
  TimeMs now_ms() const override { return now_ms_.load(std::memory_order_acquire); }
  std::int64_t monotonic_ns() const override;
  // Moves to `at_ms` if that is later than now; an earlier time changes nothing.
  void advance_to(TimeMs at_ms);

 private:
  std::atomic<TimeMs> now_ms_;
};

}  // namespace ante
