// Items and slots from JSON: what is taken, and the exact words for what is not.

#include <gtest/gtest.h>

#include "domain/item.h"
#include "domain/metric.h"
#include "domain/slot.h"

namespace ante {
namespace {

TEST(MetricJson, OneHourIsNotManyInWords) {
  const auto words = [](std::string_view window_ms) {
    const std::string json = R"({"class":"customer","count":{"event":"Done"},"windowMs":)";
    return to_words(*metric_from_json("m", json + std::string(window_ms) + "}"));
  };
  EXPECT_EQ(words("3600000"), "share of people with 'Done' within 1 hour");
  EXPECT_EQ(words("7200000"), "share of people with 'Done' within 2 hours");
  EXPECT_EQ(words("60000"), "share of people with 'Done' within 1 minute");
  EXPECT_EQ(words("86400000"), "share of people with 'Done' within 1 day");
}

TEST(SlotJson, DefaultsAndRoundTrips) {
  const auto empty = slot_from_json("home", "{}");
  ASSERT_TRUE(empty.has_value());
  EXPECT_EQ(empty->limit, 3);
  EXPECT_TRUE(empty->in_shadow());
  for (const std::string_view json :
       {R"({"name":"home","channel":"push","limit":50,"safeDefault":{"items":["a","b"]},)"
        R"("goal":{"event":"Order Completed","windowMs":86400000,"value":20},"holdout":0.9,)"
        R"("stake":0,"attentionCost":0.01,"restock":true,"brief":"b1","version":4})",
        R"({"missCost":0.02,"allowedLoss":0.05,"mode":"apprentice","fellBack":"losing",)"
        R"("repeatLimit":{"exposures":3,"days":2}})",
        R"({"goal":{"event":"purchase","value":20,"windowMs":604800000,"rewardWaitMs":3600000,)"
        R"("outcomes":[{"event":"click","value":1},{"event":"Unsubscribed","value":-5}],)"
        R"("defaultReward":-0.1}})",
        R"({"safeDefault":{"items":["a"]},"holdout":0.3,)"
        R"("controls":{"bestSingle":0.2,"shuffled":0.2,"trending":0.2}})",
        R"({"controls":{"withoutTold":0.05,"withoutNoticed":0.2,"withoutImported":0.01,)"
        R"("withoutSituation":0.02}})",
        R"({"controls":{}})", R"({"safeDefault":"best","controls":{"trending":1e-9}})",
        R"({"brief":"b1","briefMissing":"there is no brief 'b1'"})",
        R"({"safeDefault":"best","brief":{"waived":{"by":"ed","reason":"first week"}}})",
        R"({"safeDefault":{"best":true},"brief":null,"goal":null})"}) {
    const auto slot = slot_from_json("home", json);
    ASSERT_TRUE(slot.has_value()) << slot.error().message;
    EXPECT_EQ(*slot_from_json("home", slot_to_json(*slot)), *slot);
  }
  EXPECT_FALSE(slot_from_json("home", R"({"brief":"b1"})")->in_shadow());
  EXPECT_TRUE(slot_from_json("home", R"({"brief":"b1","briefMissing":"it is over"})")->in_shadow());
}

TEST(SlotJson, RefusesWithThePointer) {
  const struct {
    std::string_view name, json, message;
  } rows[] = {
      {"", "{}", "#/name"},
      {"Home", "{}", "#/name"},
      {"a b", "{}", "#/name"},
      {"home/", "{}", "#/name"},
      {"home", "[]", "#: a slot must be an object, found an array"},
      {"home", "{", "JSON: the text ends too early at byte 1"},
      {"home", R"({"limt":3})", "#/limt: is no field of this object. Did you mean 'limit'?"},
      {"home", R"({"name":"cart"})", "#/name: must be 'home' like the address, found 'cart'"},
      {"home", R"({"limit":0})", "#/limit: must be a whole number from 1 to 50, found 0"},
      {"home", R"({"limit":51})", "#/limit"},
      {"home", R"({"limit":2.5})", "#/limit"},
      {"home", R"({"limit":"3"})", "#/limit: must be a whole number from 1 to 50, found a string"},
      {"home", R"({"channel":"fax"})", "#/channel: must be site, email or push, found 'fax'"},
      {"home", R"({"holdout":0.91})", "#/holdout"},
      {"home", R"({"holdout":-0.1})", "#/holdout"},
      {"home", R"({"holdout":"10%"})", "#/holdout"},
      {"home", R"({"controls":0.02})", "#/controls"},
      {"home", R"({"controls":{"shufled":0.02}})",
       "#/controls/shufled: is no field of this object. Did you mean 'shuffled'?"},
      {"home", R"({"controls":{"trending":0.21}})", "#/controls/trending"},
      {"home", R"({"controls":{"trending":-0.01}})", "#/controls/trending"},
      {"home", R"({"controls":{"trending":"2%"}})", "#/controls/trending"},
      {"home", R"({"controls":{"bestSingle":0.02}})",
       "#/controls/bestSingle: must be 0 where the safe default is the best single action"},
      {"home", R"({"controls":{"withoutTold":0.21}})", "#/controls/withoutTold"},
      {"home", R"({"controls":{"withoutTodl":0.1}})",
       "#/controls/withoutTodl: is no field of this object. Did you mean 'withoutTold'?"},
      {"home", R"({"holdout":0.6,"controls":{"trending":0.2,"withoutTold":0.11}})",
       "#/controls: leave too few"},
      {"home", R"({"holdout":0.6,"controls":{"shuffled":0.2,"trending":0.11}})",
       "#/controls: leave too few: with the holdout they may take at most 90 % of people"},
      {"home", R"({"stake":0.6})", "#/stake: must be a number from 0 to 0.5, found 0.6"},
      {"home", R"({"attentionCost":-1})", "#/attentionCost"},
      {"home", R"({"missCost":-1})", "#/missCost"},
      {"home", R"({"allowedLoss":0.51})", "#/allowedLoss"},
      {"home", R"({"mode":"expert"})", "#/mode: must be online or apprentice, found 'expert'"},
      {"home", R"({"repeatLimit":{"exposures":16}})", "#/repeatLimit/exposures"},
      {"home", R"({"repeatLimit":{"days":0}})", "#/repeatLimit/days"},
      {"home", R"({"goal":{"windowMs":999}})", "#/goal/windowMs"},
      {"home", R"({"goal":{"windowMs":2592000001}})", "#/goal/windowMs"},
      {"home", R"({"goal":{"value":0}})",
       "#/goal/value: must be a number from 1e-06 to 1e+06, found 0"},
      {"home", R"({"goal":{"event":""}})", "#/goal/event"},
      {"home", R"({"goal":{"evnt":"x"}})",
       "#/goal/evnt: is no field of this object. Did you mean 'event'?"},
      {"home", R"({"goal":7})", "#/goal"},
      {"home", R"({"safeDefault":{}})", "#/safeDefault"},
      {"home", R"({"safeDefault":{"best":false}})", "#/safeDefault"},
      {"home", R"({"safeDefault":{"best":true,"items":["a"]}})", "#/safeDefault"},
      {"home", R"({"safeDefault":{"items":[]}})", "#/safeDefault/items"},
      {"home", R"({"safeDefault":{"items":["a","a"]}})", "#/safeDefault/items: names 'a' twice"},
      {"home", R"({"safeDefault":{"items":[1]}})", "#/safeDefault/items/0"},
      {"home", R"({"safeDefault":"worst"})", "#/safeDefault"},
      {"home", R"({"brief":7})", "#/brief"},
      {"home", R"({"brief":{}})", "#/brief"},
      {"home", R"({"brief":{"waived":{"by":"me"}}})", "#/brief/waived/reason"},
      {"home", R"({"brief":{"waived":{"reason":"x"}}})", "#/brief/waived/by"},
  };
  for (const auto& row : rows) {
    const auto slot = slot_from_json(row.name, row.json);
    ASSERT_FALSE(slot.has_value()) << row.json;
    EXPECT_EQ(slot.error().message.substr(0, row.message.size()), row.message);
  }
}

TEST(SlotJson, RefusesOutcomesWithThePointer) {
  const struct {
    std::string_view json, message;
  } rows[] = {
      {R"({"goal":{"outcomes":{}}})", "#/goal/outcomes: must be a list of at most 7"},
      {R"({"goal":{"outcomes":[1]}})", "#/goal/outcomes: must hold {\"event\", \"value\"}"},
      {R"({"goal":{"outcomes":[{"event":"read"}]}})", "#/goal/outcomes/0/value"},
      {R"({"goal":{"outcomes":[{"event":"read","value":0}]}})", "#/goal/outcomes/0/value"},
      {R"({"goal":{"outcomes":[{"event":"read","value":1e10}]}})", "#/goal/outcomes/0/value"},
      {R"({"goal":{"outcomes":[{"value":1}]}})", "#/goal/outcomes/0/event"},
      {R"({"goal":{"outcomes":[{"event":"read ","value":1}]}})",
       "#/goal/outcomes/0/event: must be one line"},
      {R"({"goal":{"value":1e7}})", "#/goal/value"},
      {R"({"goal":{"value":1e-9}})", "#/goal/value"},
      {R"({"brief":{"waived":{"by":"a\u001b[2J","reason":"x"}}})",
       "#/brief/waived/by: must be one line"},
      {R"({"goal":{"outcomes":[{"event":"CLICK","value":1}]}})",
       "#/goal/outcomes/0/event: names 'CLICK' again"},
      {R"({"goal":{"outcomes":[{"event":"a","value":1},{"event":"A","value":1}]}})",
       "#/goal/outcomes/1/event: names 'A' again"},
      {R"({"goal":{"defaultReward":1}})", "#/goal/defaultReward: must be below the goal's value"},
      {R"({"goal":{"windowMs":1000,"rewardWaitMs":1001}})",
       "#/goal/rewardWaitMs: must not be longer than windowMs (1000)"},
      {R"({"allowedLoss":0.05,"goal":{"defaultReward":-1}})",
       "#/allowedLoss: cannot be kept where rewards fall below 0"},
  };
  for (const auto& row : rows) {
    const auto slot = slot_from_json("home", row.json);
    ASSERT_FALSE(slot.has_value()) << row.json;
    EXPECT_EQ(slot.error().message.substr(0, row.message.size()), row.message);
  }
}

TEST(ItemJson, RefusesWithThePointer) {
  const struct {
    std::string_view json, message;
  } rows[] = {
      {"[]", "#: an item must be an object, found an array"},
      {"{}", "#/id: an item must have an id"},
      {R"({"id":""})", "#/id"},
      {R"({"id":7})", "#/id: must be a string, found a number"},
      {R"({"id":"a\nb"})", "#/id: must not contain control characters"},
      {R"({"id":"a","titel":"x"})", "#/titel: is no field of this object. Did you mean 'title'?"},
      {R"({"id":"a","topics":"x"})", "#/topics: must be an array of strings, found a string"},
      {R"({"id":"a","topics":[""]})", "#/topics/0"},
      {R"({"id":"a","topics":["a",null]})", "#/topics/1"},
      {R"({"id":"a","price":12})", "#/price: must be an object, found a number"},
      {R"({"id":"a","price":{"amount":"12","currency":"EUR"}})",
       "#/price/amount: must be a number from 0 to 1e+12, found a string"},
      {R"({"id":"a","price":{"amount":-1,"currency":"EUR"}})", "#/price/amount"},
      {R"({"id":"a","price":{"amount":1}})", "#/price/currency: must be there"},
      {R"({"id":"a","price":{"amount":1,"currency":"eur"}})", "#/price/currency"},
      {R"({"id":"a","publishedAt":1795330800})", "#/publishedAt: must be a time"},
      {R"({"id":"a","publishedAt":"2026-02-30T00:00:00Z"})", "#/publishedAt"},
      {R"({"id":"a","intent":"buy"})", "#/intent"},
      {R"({"id":"a","available":"yes"})", "#/available: must be true or false, found a string"},
      {R"({"id":"a","attrs":[]})", "#/attrs: must be an object, found an array"},
      {R"({"id":"a","offer":{"stock":-1}})", "#/offer/stock"},
      {R"({"id":"a","offer":{"margin":1.5}})", "#/offer/margin"},
      {R"({"id":"a","offer":{"storre":"x"}})", "#/offer/storre"},
      {R"({"id":"a","offer":{"validFrom":"2026-02-01T00:00:00Z",)"
       R"("validUntil":"2026-01-01T00:00:00Z"}})",
       "#/offer/validUntil"},
  };
  for (const auto& row : rows) {
    const auto item = item_from_json(row.json);
    ASSERT_FALSE(item.has_value()) << row.json;
    EXPECT_EQ(item.error().message.substr(0, row.message.size()), row.message);
  }
  std::string many = R"({"id":"a","topics":["t0")";
  for (std::size_t i = 1; i < kItemTopicsMax; ++i) many += ",\"t" + std::to_string(i) + "\"";
  EXPECT_TRUE(item_from_json(many + "]}").has_value());
  EXPECT_FALSE(item_from_json(many + ",\"more\"]}").has_value());
  EXPECT_FALSE(item_from_json(R"({"id":"a","text":")" + std::string(kItemBytesMax, 'x') + "\"}")
                   .has_value());
}

TEST(ItemJson, MergePatches) {
  const Item item = *item_from_json(
      R"({"id":"a","title":"T","price":{"amount":1,"currency":"EUR"},"attrs":{"x":1,)"
      R"("y":{"z":2}},"version":7})");
  const auto patched =
      item_patched(item, R"({"title":"U","price":null,"attrs":{"x":null,"y":{"w":3},"v":4}})");
  ASSERT_TRUE(patched.has_value()) << patched.error().message;
  EXPECT_EQ(patched->title, "U");
  EXPECT_FALSE(patched->price);
  EXPECT_EQ(patched->attrs_json, R"({"y":{"z":2,"w":3},"v":4})");
  EXPECT_EQ(patched->version, 7u);
  for (const std::string_view patch : {"[]", "7", "{", R"({"id":"b"})", R"({"id":null})",
                                       R"({"titel":"x"})", R"({"price":{"amount":"x"}})"}) {
    EXPECT_FALSE(item_patched(item, patch).has_value()) << patch;
  }
}

}  // namespace
}  // namespace ante
