#include "decision/holdout_table.h"

#include <string>

#include <gtest/gtest.h>

#include "decision/test_engine.h"
#include "domain/bucketing.h"

namespace ante {
namespace {

TEST(HoldoutDraw, RefusesWithThePointer) {
  for (const char* json :
       {"", "{", "[]", "7", "{}", R"({"epoch":1})", R"({"since":1})", R"({"epoch":-1,"since":1})",
        R"({"epoch":1.5,"since":1})", R"({"epoch":1000001,"since":1})",
        R"({"epoch":"1","since":1})", R"({"epoch":1,"since":-1})",
        R"({"epoch":1,"since":1,"salt":"x"})", R"({"epoch":null,"since":1})"}) {
    const auto draw = holdout_draw_from_json(json);
    ASSERT_FALSE(draw.has_value()) << json;
    EXPECT_EQ(draw.error().code, ErrorCode::kInvalidArgument) << json;
  }
  const HoldoutDraw draw{3, 1'700'000'000'000};
  EXPECT_EQ(*holdout_draw_from_json(holdout_draw_to_json(draw)), draw);
}

TEST(HoldoutDraw, CountsFromItsSinceOnAndTheFirstHasTheSaltItself) {
  EXPECT_EQ(HoldoutDraw{}.epoch_at(0), 0U);
  const HoldoutDraw draw{3, 1000};
  EXPECT_EQ(draw.epoch_at(999), 2U);
  EXPECT_EQ(draw.epoch_at(1000), 3U);
  EXPECT_EQ(holdout_salt("s", 0), "s");
  EXPECT_EQ(holdout_salt("s", 3), "s draw 3");
}

class HoldoutTableTest : public DecisionEngineTest {
 protected:
  void put(std::string_view type, std::string_view id, const std::string& json) {
    Object object;
    object.type = type;
    object.id = id;
    object.version = ++sequence;
    object.json = json;
    table.consume(committed(RecordKind::kObject, {}, kControlPartition, encode(object), sequence));
  }
  HoldoutTable table;
};

TEST_F(HoldoutTableTest, TakesDrawsAndNothingElse) {
  const HoldoutDraw first{1, kTestNow};
  put("holdout", "people", holdout_draw_to_json(first));
  put("holdout", "others", holdout_draw_to_json({2, kTestNow}));
  put("slot", "people", holdout_draw_to_json({2, kTestNow}));
  put("holdout", "people", R"({"epoch":"no"})");  // what cannot be read leaves it as it was
  EXPECT_EQ(*table.get(), first);

  const std::string bytes = table.save();
  HoldoutTable again;
  ASSERT_TRUE(again.load(bytes));
  EXPECT_EQ(*again.get(), first);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    HoldoutTable cut;
    EXPECT_FALSE(cut.load(std::string_view(bytes).substr(0, size))) << size;
    EXPECT_EQ(cut.get()->epoch, 0U);
  }
  HoldoutTable longer;
  EXPECT_FALSE(longer.load(bytes + "x"));
}

}  // namespace
}  // namespace ante
