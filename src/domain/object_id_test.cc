#include "domain/object_id.h"

#include <gtest/gtest.h>

#include "domain/bet.h"
#include "domain/brief.h"
#include "domain/cost.h"
#include "domain/metric.h"
#include "domain/slot.h"

namespace ante {
namespace {

TEST(ObjectId, CanStandInAnAddress) {
  for (const std::string_view good : {"a", "long-reads", "a.b", "...", ".a", "-", "0_9"})
    EXPECT_TRUE(check_object_id(good, "#/id: an id", "x")) << good;
  for (const std::string_view bad : {"", "A", "a b", "a/b", "ä", "%2e", ".", ".."})
    EXPECT_FALSE(check_object_id(bad, "#/id: an id", "x")) << bad;
  EXPECT_TRUE(check_object_id(std::string(kObjectIdBytesMax, 'a'), "#/id: an id", "x"));
  EXPECT_FALSE(check_object_id(std::string(kObjectIdBytesMax + 1, 'a'), "#/id: an id", "x"));
}

// "/v1/costs/.." is "/v1" for whoever sends it.
TEST(ObjectId, NothingIsCalledAStepInAnAddress) {
  for (const std::string_view id : {".", ".."}) {
    EXPECT_TRUE(
        slot_from_json(id, "{}").error().message.starts_with("#/name: a slot's name cannot"));
    EXPECT_TRUE(
        stored_bet_from_json(id, "{}").error().message.starts_with("#/id: a bet's id cannot"));
    EXPECT_TRUE(brief_from_json(id, "{}").error().message.starts_with("#/id: a brief's id cannot"));
    EXPECT_TRUE(
        metric_from_json(id, "{}").error().message.starts_with("#/id: a metric's id cannot"));
    EXPECT_TRUE(cost_from_json(id, "{}").error().message.starts_with("#/id: a cost's id cannot"));
  }
}

}  // namespace
}  // namespace ante
