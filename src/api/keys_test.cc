#include "api/keys.h"

#include <set>

#include <gtest/gtest.h>

#include "api/test_entropy.h"

namespace ante {
namespace {

TEST(Keys, HaveTheirFormAndAreAllDifferent) {
  const EntropySource entropy = seeded(1);
  std::set<std::string> texts;
  for (int i = 0; i < 200; ++i) {
    const NewKey made = make_key(i % 2 == 0 ? KeyKind::kPublishable : KeyKind::kSecret, entropy, 7);
    EXPECT_TRUE(looks_like_key(made.text)) << made.text;
    EXPECT_TRUE(made.text.starts_with(i % 2 == 0 ? "pk_live_" : "sk_live_"));
    EXPECT_EQ(made.key.digest, key_digest(made.text));
    EXPECT_TRUE(texts.insert(made.text).second);
  }
}

TEST(Keys, OtherTextsAreNone) {
  const std::string good = "sk_live_" + std::string(kKeyLetters, '2');
  EXPECT_TRUE(looks_like_key(good));
  for (const std::string& text :
       {std::string(), std::string("sk_live_"), good + "2", good.substr(0, good.size() - 1),
        "sk_test_" + good.substr(8), "sk_live_" + std::string(kKeyLetters, '0'),
        "sk_live_" + std::string(kKeyLetters, 'l')}) {
    EXPECT_FALSE(looks_like_key(text)) << text;
  }
}

TEST(Keys, AreStoredWithoutTheirText) {
  NewKey made = make_key(KeyKind::kSecret, seeded(2), 99);
  made.key.origins = {"https://a.example", "https://b.example"};
  const std::string json = key_to_json(made.key);
  EXPECT_EQ(json.find(made.text.substr(8)), std::string::npos);
  const auto back = key_from_json(made.key.id, json);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->digest, made.key.digest);
  EXPECT_EQ(back->origins, made.key.origins);
  EXPECT_EQ(back->created_ms, 99);
  EXPECT_EQ(back->kind, KeyKind::kSecret);
}

TEST(Keys, DamagedObjectsAreDamage) {
  for (const char* json : {"", "{}", "[]",
                           R"({"kind":"other","digest":"","tenant":1,)"
                           R"("createdMs":1,"origins":[]})"}) {
    const auto key = key_from_json("key_x", json);
    ASSERT_FALSE(key) << json;
    EXPECT_EQ(key.error().code, ErrorCode::kDataLoss);
  }
}

TEST(KeyTable, FindsByTextAndForgetsWhatIsReplaced) {
  const NewKey first = make_key(KeyKind::kSecret, seeded(3), 0);
  NewKey second = make_key(KeyKind::kPublishable, seeded(4), 0);
  second.key.origins = {"https://shop.example"};
  KeyTable table;
  EXPECT_EQ(table.find(first.text), nullptr);
  table.replace({first.key, second.key});
  ASSERT_NE(table.find(first.text), nullptr);
  EXPECT_EQ(table.find(first.text)->id, first.key.id);
  EXPECT_EQ(table.find(second.text)->kind, KeyKind::kPublishable);
  EXPECT_TRUE(table.allows_origin("https://shop.example"));
  EXPECT_FALSE(table.allows_origin("https://shop.example.evil"));
  table.replace({second.key});
  EXPECT_EQ(table.find(first.text), nullptr);
}

}  // namespace
}  // namespace ante
