#include "profile/audience.h"

#include <gtest/gtest.h>

#include "base/json_parser.h"

namespace ante {
namespace {

constexpr TimeMs kNow = 1'800'000'000'000;

Predicate predicate(std::string_view json) {
  JsonParser parser(10'000);
  const auto root = parser.parse(R"({"p":)" + std::string(json) + "}");
  EXPECT_TRUE(root.has_value());
  JsonRefusal refusal;
  const JsonFields fields(root->get_object().value_unsafe(), "#", {}, refusal);
  auto read = read_predicate(fields, "p");
  EXPECT_FALSE(refusal.first.has_value()) << refusal.first->message;
  return *std::move(read);
}

struct AudienceTest : testing::Test {
  AudienceTest() {
    person.visits = 3;
    person.facts = {{"plan", "\"gold\"", Provenance::kImported, 1, {}},
                    {"plan", "\"silver\"", Provenance::kTold, 1, {}},
                    {"age", "42", Provenance::kImported, 1, {}},
                    {"old", "1", Provenance::kImported, 1, kNow}};
    person.topics = {{topic_key("whisky"), 0, 3, 4, static_cast<std::uint32_t>(kNow / 1000), 0},
                     {topic_key("coats"), 0, 1, 0, static_cast<std::uint32_t>(kNow / 1000), 0}};
    person.bought = {{item_key("b"), {}, 1, false}};
    situation.task = "gift";
    traits[Trait::kDevice] = 1;
  }
  bool holds(std::string_view json) const {
    return ante::holds(predicate(json), {person, situation, traits, kNow});
  }
  PersonState person;
  Situation situation;
  Traits traits;
};

TEST_F(AudienceTest, EachQuestionIsAnsweredFromItsPlace) {
  EXPECT_TRUE(holds(R"({"everybody":true})"));
  EXPECT_TRUE(holds(R"({"trait":{"name":"device","in":["phone","tablet"]}})"));
  EXPECT_FALSE(holds(R"({"trait":{"name":"device","in":["desktop"]}})"));
  EXPECT_TRUE(holds(R"({"fact":{"name":"plan","is":"silver"}})"));  // told beats imported
  EXPECT_FALSE(holds(R"({"fact":{"name":"plan","is":"gold"}})"));
  EXPECT_TRUE(holds(R"({"fact":{"name":"age","atLeast":42}})"));
  EXPECT_FALSE(holds(R"({"fact":{"name":"age","atLeast":43}})"));
  EXPECT_FALSE(holds(R"({"fact":{"name":"plan","atLeast":0}})"));  // a text is no number
  EXPECT_TRUE(holds(R"({"fact":{"name":"age","is":"42"}})"));
  EXPECT_FALSE(holds(R"({"fact":{"name":"old","exists":true}})"));  // expired
  EXPECT_TRUE(holds(R"({"topic":{"name":"whisky","told":true}})"));
  EXPECT_TRUE(holds(R"({"topic":{"name":"coats","told":false}})"));
  EXPECT_TRUE(holds(R"({"topic":{"name":"whisky","atLeast":0.7}})"));
  EXPECT_FALSE(holds(R"({"topic":{"name":"whisky","atLeast":0.8}})"));
  EXPECT_FALSE(holds(R"({"topic":{"name":"boats","atLeast":0.01}})"));
  EXPECT_TRUE(holds(R"({"item":{"id":"b","was":"bought"}})"));
  EXPECT_FALSE(holds(R"({"item":{"id":"b","was":"pinned"}})"));
  EXPECT_TRUE(holds(R"({"count":{"of":"visits","atLeast":3,"atMost":3}})"));
  EXPECT_FALSE(holds(R"({"count":{"of":"purchases","atLeast":1}})"));
  EXPECT_TRUE(holds(R"({"task":{"in":["restock","gift"]}})"));
}

TEST_F(AudienceTest, GroupsJoin) {
  EXPECT_TRUE(holds(R"({"all":[{"everybody":true},{"task":{"in":["gift"]}}]})"));
  EXPECT_FALSE(holds(R"({"all":[{"everybody":true},{"task":{"in":["x"]}}]})"));
  EXPECT_TRUE(holds(R"({"any":[{"task":{"in":["x"]}},{"everybody":true}]})"));
  EXPECT_FALSE(holds(R"({"not":{"everybody":true}})"));
}

TEST_F(AudienceTest, AStrangerIsInNoAudienceThatAsksForSomething) {
  person = {};
  situation = {};
  EXPECT_FALSE(holds(R"({"topic":{"name":"whisky","atLeast":0}})"));
  EXPECT_FALSE(holds(R"({"fact":{"name":"plan","exists":true}})"));
  EXPECT_FALSE(holds(R"({"task":{"in":["gift"]}})"));
}

}  // namespace
}  // namespace ante
