#include "candidates/decay.h"

#include <cmath>

#include <gtest/gtest.h>

namespace ante {
namespace {

TEST(Decay, PowersOfTwoWithinTheStatedError) {
  for (float x = -120; x < 20; x += 0.0371F) {
    EXPECT_NEAR(exp2_fast(x) / std::exp2(static_cast<double>(x)), 1, 4e-6) << x;
  }
  EXPECT_EQ(exp2_fast(0), 1.0F);
  EXPECT_EQ(exp2_fast(-1000), 0.0F);
}

TEST(Decay, LogarithmsWithinTheStatedError) {
  for (float x = 1e-9F; x < 1e9F; x *= 1.0173F) {
    EXPECT_NEAR(log2_fast(x), std::log2(static_cast<double>(x)), 3e-5) << x;
  }
  EXPECT_EQ(log2_fast(1.0F), 0.0F);
}

}  // namespace
}  // namespace ante
