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
  EXPECT_EQ(exp2_fast(-1000), exp2_fast(-126));
}

TEST(Decay, FourAtATimeAreTheSameAsOne) {
  std::array<float, 8> powers{};
  std::array<float, 8> logs{};
  for (std::size_t i = 0; i < 8; ++i) logs[i] = powers[i] = 0.3F + static_cast<float>(i) * 1.7F;
  exp2_each(powers);
  log2_each(logs);
  for (std::size_t i = 0; i < 8; ++i) {
    const float x = 0.3F + static_cast<float>(i) * 1.7F;
    EXPECT_EQ(powers[i], exp2_fast(x));
    EXPECT_EQ(logs[i], log2_fast(x));
  }
}

TEST(Decay, LogarithmsWithinTheStatedError) {
  for (float x = 1e-9F; x < 1e9F; x *= 1.0173F) {
    EXPECT_NEAR(log2_fast(x), std::log2(static_cast<double>(x)), 3e-5) << x;
  }
  EXPECT_EQ(log2_fast(1.0F), 0.0F);
}

}  // namespace
}  // namespace ante
