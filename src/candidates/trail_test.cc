#include "candidates/trail.h"

#include <gtest/gtest.h>

namespace ante {
namespace {

constexpr std::uint32_t kStartS = 1'000'000;

TEST(Trail, KeepsEachItemOnceNewestFirst) {
  Trail trail;
  EXPECT_TRUE(trail.come(ItemIndex{1}, kStartS));
  EXPECT_TRUE(trail.come(ItemIndex{2}, kStartS + 10));
  EXPECT_FALSE(trail.come(ItemIndex{1}, kStartS + 20)) << "again in the same visit counts once";
  ASSERT_EQ(trail.steps.size(), 2U);
  EXPECT_EQ(trail.steps[0].item, ItemIndex{1});
  EXPECT_EQ(trail.steps[0].count, 1);
  EXPECT_EQ(trail.visits, 1U);
}

TEST(Trail, AnotherVisitIsAnotherComing) {
  Trail trail;
  trail.come(ItemIndex{1}, kStartS);
  EXPECT_TRUE(trail.come(ItemIndex{1}, kStartS + 3600));
  EXPECT_EQ(trail.steps[0].count, 2);
  EXPECT_EQ(trail.visits, 2U);
}

TEST(Trail, ForgetsTheOldestBeyondItsLimit) {
  Trail trail;
  for (std::uint32_t i = 0; i < kTrailStepsMax + 5; ++i) trail.come(ItemIndex{i}, kStartS + i);
  EXPECT_EQ(trail.steps.size(), kTrailStepsMax);
  EXPECT_EQ(trail.find(ItemIndex{0}), nullptr);
  EXPECT_NE(trail.find(ItemIndex{kTrailStepsMax + 4}), nullptr);
}

TEST(Trail, AClockThatWentBackwardsIsNoNewVisit) {
  Trail trail;
  trail.come(ItemIndex{1}, kStartS);
  trail.come(ItemIndex{2}, kStartS - 5000);
  EXPECT_EQ(trail.visits, 1U);
  EXPECT_EQ(trail.last_s, kStartS);
}

TEST(Trail, ContextsByTheTimeSinceTheLastStep) {
  Trail trail;
  EXPECT_EQ(trail_context(trail, kStartS), 0U);
  trail.come(ItemIndex{1}, kStartS);
  const std::vector<std::pair<std::uint32_t, std::size_t>> table = {
      {0, 1},        {119, 1},   {120, 2},        {600, 3},        {1800, 4},
      {6 * 3600, 5}, {86400, 6}, {14 * 86400, 7}, {900 * 86400, 7}};
  for (const auto& [gap, context] : table)
    EXPECT_EQ(trail_context(trail, kStartS + gap), context) << gap;
  EXPECT_EQ(trail_context(trail, kStartS - 100), 1U) << "a moment before the step is no gap";
}

}  // namespace
}  // namespace ante
