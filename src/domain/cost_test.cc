#include "domain/cost.h"

#include <gtest/gtest.h>

namespace ante {
namespace {

TEST(CostJson, RefusesWithThePointer) {
  const struct {
    std::string_view id, json, message;
  } rows[] = {
      {"", "{}", "#/id: a cost's id has 1 to 64"},
      {"Editors", "{}", "#/id"},
      {"a", "[]", "#: a cost must be an object, found an array"},
      {"a", "{", "JSON: "},
      {"a", "{}", "#/kind: is missing: what is paid for? content, messages, compute, staff, "},
      {"a", R"({"knd":"staff"})", "#/knd: is no field of this object. Did you mean 'kind'?"},
      {"a", R"({"kind":"staf"})",
       "#/kind: must be content, messages, compute, staff, discounts or other, found 'staf'. Did "
       "you mean 'staff'?"},
      {"a", R"({"kind":7})", "#/kind: must be a string"},
      {"a", R"({"id":"b"})", "#/id: must be 'a' like the address, found 'b'"},
      {"a", R"({"kind":"staff"})", "#/amount: is missing"},
      {"a", R"({"kind":"staff","amount":-1})", "#/amount: must not be below 0: what brings money"},
      {"a", R"({"kind":"staff","amount":"5"})", "#/amount: must be a number"},
      {"a", R"({"kind":"staff","amount":1e13})", "#/amount: must be a number from"},
      {"a", R"({"kind":"staff","amount":1,"currency":"euro"})",
       "#/currency: must be three capital letters like EUR, found 'euro'"},
      {"a", R"({"kind":"staff","amount":1})",
       "#/per: is missing: how often is it paid? once, month, decision or message"},
      {"a", R"({"kind":"staff","amount":1,"per":"week"})", "#/per: must be once, month, "},
      {"a", R"({"kind":"staff","amount":1,"per":"month"})", "#/from: is missing: since when?"},
      {"a", R"({"kind":"staff","amount":1,"per":"month","from":"yesterday"})", "#/from"},
      {"a",
       R"({"kind":"staff","amount":1,"per":"month","from":"2026-11-02T00:00:00Z",)"
       R"("until":"2026-11-01T00:00:00Z"})",
       "#/until: must be after 'from' (2026-11-02T00:00:00.000Z), found 2026-11-01"},
      {"a",
       R"({"kind":"staff","amount":1,"per":"month","from":"2026-11-02T00:00:00Z",)"
       R"("until":"2026-11-02T00:00:00Z"})",
       "#/until: must be after"},
      {"a",
       R"({"kind":"staff","amount":1,"per":"once","from":"2026-11-02T00:00:00Z",)"
       R"("until":"2026-12-02T00:00:00Z"})",
       "#/until: has no meaning for what is paid once"},
      {"a", R"({"kind":"staff","amount":1,"per":"once","from":"2026-11-02T00:00:00Z"})",
       "#/owner: is missing: who answers for this number?"},
      {"a",
       R"({"kind":"staff","amount":1,"per":"once","from":"2026-11-02T00:00:00Z","owner":"a\nb"})",
       "#/owner: must be one line"},
  };
  for (const auto& row : rows) {
    const auto cost = cost_from_json(row.id, row.json);
    ASSERT_FALSE(cost) << row.json;
    EXPECT_TRUE(cost.error().message.starts_with(row.message)) << cost.error().message;
  }
}

TEST(CostJson, RoundTrips) {
  for (const std::string_view json :
       {R"({"kind":"staff","amount":0,"per":"once","from":"2026-11-02T00:00:00Z","owner":"ines"})",
        R"({"id":"a","kind":"messages","slot":"mail","amount":0.002,"currency":"EUR",)"
        R"("per":"message","from":"2026-11-02T00:00:00Z","until":"2026-12-02T00:00:00Z",)"
        R"("note":"the sender's bill","owner":"ines","version":3})"}) {
    const auto cost = cost_from_json("a", json);
    ASSERT_TRUE(cost) << cost.error().message;
    EXPECT_EQ(*cost_from_json("a", cost_to_json(*cost)), *cost);
  }
}

TEST(WorthJson, RefusesWithThePointerAndRoundTrips) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"{}", "#/margin: is missing: how much money"},
      {R"({"margin":0})", "#/margin: must be a number from"},
      {R"({"margin":-2})", "#/margin"},
      {R"({"margin":2,"smallestMargin":3})", "#/smallestMargin: must not be above 'margin'"},
      {R"({"margin":2,"currency":"€"})", "#/currency"},
      {R"({"margin":2,"slot":"end"})", "#/slot: must be 'home' like the address, found 'end'"},
      {R"({"margn":2})", "#/margn: is no field of this object. Did you mean 'margin'?"},
  };
  for (const auto& [json, message] : rows) {
    const auto worth = worth_from_json("home", json);
    ASSERT_FALSE(worth) << json;
    EXPECT_TRUE(worth.error().message.starts_with(message)) << worth.error().message;
  }
  const auto worth =
      worth_from_json("home", R"({"margin":2.5,"currency":"EUR","smallestMargin":1,"version":2})");
  ASSERT_TRUE(worth);
  EXPECT_EQ(*worth_from_json("home", worth_to_json(*worth)), *worth);
}

}  // namespace
}  // namespace ante
