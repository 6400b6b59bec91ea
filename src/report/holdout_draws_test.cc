#include "report/holdout_draws.h"

#include <string>

#include <gtest/gtest.h>

#include "base/hash.h"

namespace ante {
namespace {

PersonHash drawn(std::uint64_t n) { return PersonHash{{mix64(n + 1), n + 1}}; }

Object draw_object(std::uint32_t epoch, TimeMs since) {
  return {"holdout", "people", epoch, false, "me", "why", holdout_draw_to_json({epoch, since})};
}

OutcomeSums outcomes(std::uint64_t n) {
  OutcomeSums sums;
  for (std::uint64_t i = 0; i < n; ++i) sums.add(static_cast<std::int64_t>(i % 3) * 1'000'000);
  return sums;
}

class HoldoutDrawsTest : public testing::Test {
 protected:
  const SlotKey kHome = slot_key("home");
  HoldoutDraws draws;
};

TEST_F(HoldoutDrawsTest, OnlyAnotherEpochIsANewDraw) {
  Object other = draw_object(1, 5);
  other.type = "slot";
  EXPECT_FALSE(draws.consume(other));
  Object broken = draw_object(1, 5);
  broken.json = "{";
  EXPECT_FALSE(draws.consume(broken));
  EXPECT_TRUE(draws.consume(draw_object(1, 5)));
  EXPECT_FALSE(draws.consume(draw_object(1, 5)));
  EXPECT_TRUE(draws.consume(draw_object(2, 9)));
  EXPECT_EQ(draws.draw(), (HoldoutDraw{2, 9}));
}

TEST_F(HoldoutDrawsTest, CountsWhoCameBackOnce) {
  draws.entered(kHome, drawn(1), Arm::kHoldout, 2000);
  ASSERT_TRUE(draws.consume(draw_object(1, 5)));
  EXPECT_EQ(draws.slot(kHome).entered, 0U);
  draws.close(kHome, outcomes(9), outcomes(4), {drawn(1), drawn(2), drawn(3), drawn(4)});
  draws.entered(kHome, drawn(1), Arm::kHoldout, 2000);
  draws.entered(kHome, drawn(1), Arm::kHoldout, 2000);  // back already
  draws.entered(kHome, drawn(2), Arm::kTreated, 2000);
  draws.entered(kHome, drawn(3), Arm::kShuffled, 2000);  // a control is on neither side
  draws.entered(kHome, drawn(9), Arm::kHoldout, 2000);   // was not held out
  draws.join({drawn(7), drawn(3)});
  draws.entered(kHome, drawn(7), Arm::kTreated, 1000);  // the same person under another id
  draws.forget(drawn(4));
  draws.entered(kHome, drawn(4), Arm::kHoldout, 2000);
  const SlotDraw counts = draws.slot(kHome);
  EXPECT_EQ(counts.entered, 6U);
  EXPECT_EQ(counts.held_out, 4U);
  EXPECT_EQ(counts.returned, 3U);
  EXPECT_EQ(counts.held_again, 1U);
  EXPECT_EQ(counts.expected_buckets, 5000U);
  EXPECT_EQ(counts.variance_buckets, 2U * 2000 * 8000 + 1000U * 9000);
  EXPECT_EQ(counts.treated, outcomes(9));
  EXPECT_EQ(counts.holdout, outcomes(4));
  EXPECT_EQ(draws.slot(slot_key("cart")).entered, 0U);
}

TEST_F(HoldoutDrawsTest, ReadsBackAndRefusesDamage) {
  ASSERT_TRUE(draws.consume(draw_object(3, 5)));
  draws.close(kHome, outcomes(9), outcomes(4), {drawn(1), drawn(2), drawn(3)});
  draws.close(slot_key("cart"), {}, {}, {});
  draws.entered(kHome, drawn(2), Arm::kHoldout, 2000);
  std::string bytes, again;
  draws.save(bytes);
  HoldoutDraws loaded;
  ASSERT_TRUE(loaded.load(bytes));
  loaded.save(again);
  EXPECT_EQ(again, bytes);
  loaded.entered(kHome, drawn(3), Arm::kTreated, 2000);
  EXPECT_EQ(loaded.slot(kHome).returned, 2U);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    HoldoutDraws cut;
    EXPECT_FALSE(cut.load(std::string_view(bytes).substr(0, size))) << size;
  }
  HoldoutDraws longer;
  EXPECT_FALSE(longer.load(bytes + "x"));
}

}  // namespace
}  // namespace ante
