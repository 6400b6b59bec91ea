#include "api/rate_limiter.h"

#include <gtest/gtest.h>

namespace ante {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;

TEST(RateLimiter, GivesTheBurstAndThenTheRate) {
  RateLimiter limiter;
  const Rate rate{2, 3};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.take("a", rate, 1, 0), 0);
  EXPECT_EQ(limiter.take("a", rate, 1, 0), 1);
  EXPECT_EQ(limiter.take("a", rate, 1, kSecondNs / 2), 0);
  EXPECT_EQ(limiter.take("a", rate, 1, kSecondNs / 2), 1);
}

TEST(RateLimiter, SaysHowLongToWait) {
  RateLimiter limiter;
  const Rate rate{0.1, 1};
  EXPECT_EQ(limiter.take("a", rate, 1, 0), 0);
  EXPECT_EQ(limiter.take("a", rate, 1, 0), 10);
  EXPECT_EQ(limiter.take("a", rate, 1, 4 * kSecondNs), 6);
}

TEST(RateLimiter, KeepsNamesApart) {
  RateLimiter limiter;
  const Rate rate{1, 1};
  EXPECT_EQ(limiter.take("a", rate, 1, 0), 0);
  EXPECT_EQ(limiter.take("b", rate, 1, 0), 0);
  EXPECT_GT(limiter.take("a", rate, 1, 0), 0);
}

TEST(RateLimiter, ARateOfZeroIsNoLimit) {
  RateLimiter limiter;
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(limiter.take("a", {0, 0}, 1, 0), 0);
  EXPECT_EQ(limiter.size(), 0u);
}

TEST(RateLimiter, ACostAboveTheBurstPassesWithAFullBucketOnly) {
  RateLimiter limiter;
  const Rate rate{1, 5};
  EXPECT_EQ(limiter.take("a", rate, 20, 0), 0);
  EXPECT_GT(limiter.take("a", rate, 1, kSecondNs), 0);
}

TEST(RateLimiter, TimeThatGoesBackGivesNothing) {
  RateLimiter limiter;
  const Rate rate{1, 1};
  EXPECT_EQ(limiter.take("a", rate, 1, 10 * kSecondNs), 0);
  EXPECT_GT(limiter.take("a", rate, 1, 0), 0);
}

TEST(RateLimiter, RemembersABoundedNumberOfNames) {
  RateLimiter limiter;
  for (std::size_t i = 0; i < kBucketsMax + 5000; ++i) {
    limiter.take("n" + std::to_string(i), {1, 1}, 1, static_cast<std::int64_t>(i));
    if (i > kBucketsMax / 2 && i % 64 != 0) i += 15;  // the bound of a shard shows sooner
  }
  EXPECT_LE(limiter.size(), kBucketsMax);
}

TEST(NetworkOf, CutsAnAddressToItsNetwork) {
  EXPECT_EQ(network_of("192.0.2.17"), "192.0.2");
  EXPECT_EQ(network_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2");
  EXPECT_EQ(network_of("2001:db8::1"), "2001:db8");
  EXPECT_EQ(network_of("::1"), "");
  EXPECT_EQ(network_of("local"), "local");
}

}  // namespace
}  // namespace ante
