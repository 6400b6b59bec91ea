#include "base/repeater.h"

#include <atomic>

#include <gtest/gtest.h>

namespace ante {
namespace {

TEST(Repeater, CallsAgainAndEndsAtOnce) {
  std::atomic<int> calls{0};
  {
    Repeater repeater(1, [&calls] { ++calls; });
    while (calls < 3) std::this_thread::yield();
  }
  const int after = calls;
  EXPECT_EQ(calls, after);
  Repeater never(1'000'000'000, [] { FAIL(); });  // ends without waiting for its pause
}

}  // namespace
}  // namespace ante
