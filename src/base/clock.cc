#include "base/clock.h"

#include <chrono>

namespace ante {

namespace {

std::int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

TimeMs SystemClock::now_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::int64_t SystemClock::monotonic_ns() const { return steady_ns(); }

std::int64_t SimulatedClock::monotonic_ns() const { return steady_ns(); }

void SimulatedClock::advance_to(TimeMs at_ms) {
  TimeMs seen = now_ms_.load(std::memory_order_relaxed);
  while (seen < at_ms && !now_ms_.compare_exchange_weak(seen, at_ms, std::memory_order_acq_rel)) {
  }
}

}  // namespace ante
