#include "base/json_text.h"

#include <gtest/gtest.h>

#include "base/json_parser.h"
#include "base/random.h"

namespace ante {
namespace {

// A value at random: what a parser can meet, in a text with spaces.
std::string any_json(Random& random, int depth) {
  const auto word = [&random] {
    static constexpr const char* kParts[] = {"a", "é", "\\u0001", "\\n", "\\\"", "/", "日本", "zz"};
    std::string text = "\"";
    for (std::uint64_t n = random.below(5); n > 0; --n) text += kParts[random.below(8)];
    return text + "\"";
  };
  const std::uint64_t kind = random.below(depth > 4 ? 6 : 8);
  if (kind == 0) return word();
  if (kind == 1) return std::to_string(static_cast<std::int64_t>(random.next()));
  if (kind == 2) return std::to_string(random.next());
  if (kind == 3) return std::to_string(random.uniform() * 1e9) + "e-12";
  if (kind == 4) return random.below(2) == 0 ? "true" : " false ";
  if (kind == 5) return "null";
  std::string text = kind == 6 ? "[" : "{ ";
  const std::uint64_t members = random.below(5);
  for (std::uint64_t i = 0; i < members; ++i) {
    if (i > 0) text += " ,";
    if (kind == 7) text += word() + " : ";
    text += any_json(random, depth + 1);
  }
  return text + (kind == 6 ? " ]" : "}");
}

TEST(JsonText, ParsesToTheSameAgain) {
  JsonParser parser(1 << 20);
  Random random(11);
  for (int round = 0; round < 3000; ++round) {
    const std::string given = any_json(random, 0);
    const auto parsed = parser.parse(given);
    ASSERT_TRUE(parsed.has_value()) << given;
    const std::string reference = simdjson::minify(*parsed);
    const std::string text = json_text(*parsed);
    EXPECT_GE(json_bytes_at_most(*parsed), text.size()) << text;
    const auto again = parser.parse(text);
    ASSERT_TRUE(again.has_value()) << given << "\n" << text;
    EXPECT_EQ(simdjson::minify(*again), reference);
  }
}

// The longest texts there are of a value, and a plain message, which must stay far below a limit.
TEST(JsonText, BoundHoldsAtTheLongestAndIsNoExaggeration) {
  JsonParser parser(1000);
  for (const char* text :
       {R"("\u0001\u001f\u0000")", "-1.7976931348623157e308", "-2.2250738585072014e-308",
        "18446744073709551615", "-9223372036854775808", R"("\u2028\u2029")", "[]", "{}", "false"}) {
    const auto parsed = parser.parse(text);
    ASSERT_TRUE(parsed.has_value()) << text;
    EXPECT_GE(json_bytes_at_most(*parsed), json_text(*parsed).size()) << text;
  }
  const auto plain = parser.parse(R"({"a":"bcd","e":[1,true,null,false],"f":{},"g":[]})");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(json_text(*plain), R"({"a":"bcd","e":[1,true,null,false],"f":{},"g":[]})");
  EXPECT_LT(json_bytes_at_most(*plain), 4 * json_text(*plain).size());
}

}  // namespace
}  // namespace ante
