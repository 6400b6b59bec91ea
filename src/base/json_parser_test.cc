#include "base/json_parser.h"

#include <gtest/gtest.h>

namespace ante {
namespace {

constexpr std::size_t kBytesMax = 1 << 20;

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + "0" + std::string(depth, ']');
}

TEST(JsonParser, TakesWhatIsJson) {
  JsonParser parser(kBytesMax);
  for (const std::string& text :
       {std::string("0"), std::string(" {} "), std::string("[]"),
        std::string("[{\"a\":[1,2.5e3,-0,true,null]}]"), std::string(R"("\ud83d\ude00 \u00e9")"),
        std::string("18446744073709551615"), std::string("-9223372036854775808"),
        nested(kJsonDepthMax)}) {
    const auto parsed = parser.parse(text);
    EXPECT_TRUE(parsed.has_value()) << text << (parsed ? "" : parsed.error().message);
    EXPECT_TRUE(find_json_problem(text).problem.empty()) << text;
  }
}

TEST(JsonParser, RefusesTheRestAndSaysWhere) {
  const struct {
    std::string text, message;
  } rows[] = {
      {"", "JSON: the text is empty"},
      {"   ", "JSON: the text ends too early at byte 3"},
      {"{", "JSON: the text ends too early at byte 1"},
      {"[1,", "JSON: the text ends too early at byte 3"},
      {"{\"a\":1", "JSON: the text ends too early at byte 6"},
      {"[1 2]", "JSON: expected ',' or ']' at byte 3"},
      {"{\"a\" 1}", "JSON: expected ':' at byte 5"},
      {"{a:1}", "JSON: expected a name in double quotes at byte 1"},
      {"{\"a\":1,}", "JSON: expected a name in double quotes at byte 7"},
      {"[1,]", "JSON: expected a value at byte 3"},
      {"NaN", "JSON: expected a value at byte 0"},
      {"[NaN]", "JSON: expected a value at byte 1"},
      {"[Infinity]", "JSON: expected a value at byte 1"},
      {"[-Infinity]", "JSON: expected a digit at byte 2"},
      {"[01]", "JSON: a number must not start with 0 at byte 1"},
      {"[1.]", "JSON: expected a digit at byte 3"},
      {"[1e]", "JSON: expected a digit at byte 3"},
      {"[1234567890123456789012]", "JSON: an integer must fit in 64 bits at byte 1"},
      {"\"abc", "JSON: the text ends inside a string at byte 4"},
      {"\"a\nb\"", "JSON: a control character must be escaped at byte 2"},
      {std::string("\"a\0b\"", 5), "JSON: a control character must be escaped at byte 2"},
      {R"("\x")", "JSON: no such escape at byte 2"},
      {R"("\u12g4")", "JSON: expected four hexadecimal digits after \\u at byte 5"},
      {R"("\ud800")", "JSON: half of a surrogate pair at byte 1"},
      {R"("\udc00")", "JSON: half of a surrogate pair at byte 1"},
      {R"("\uD83D\u0041")", "JSON: half of a surrogate pair at byte 1"},
      {"1 2", "JSON: unexpected text after the value at byte 2"},
      {std::string("{}\0", 3), "JSON: unexpected text after the value at byte 2"},
      {"'a'", "JSON: expected a value at byte 0"},
      {"// c\n1", "JSON: expected a value at byte 0"},
      {nested(kJsonDepthMax + 1), "JSON: nested deeper than 64 levels at byte 64"},
      {nested(100'000), "JSON: nested deeper than 64 levels at byte 64"},
      {std::string(100'000, '{'), "JSON: expected a name in double quotes at byte 1"},
  };
  JsonParser parser(kBytesMax);
  for (const auto& row : rows) {
    const auto parsed = parser.parse(row.text);
    ASSERT_FALSE(parsed.has_value()) << row.text.substr(0, 80);
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(parsed.error().message, row.message) << row.text.substr(0, 80);
  }
}

TEST(JsonParser, RefusesBytesThatAreNoUtf8AndNumbersOutOfRange) {
  JsonParser parser(kBytesMax);
  EXPECT_FALSE(parser.parse("\"\xff\"").has_value());
  EXPECT_FALSE(parser.parse("\"\xed\xa0\x80\"").has_value());
  EXPECT_FALSE(parser.parse("[1e999]").has_value());
}

TEST(JsonParser, SizeLimitIsExact) {
  JsonParser parser(10);
  EXPECT_TRUE(parser.parse("\"12345678\"").has_value());
  const auto parsed = parser.parse("\"123456789\"");
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().message, "JSON: the text has 11 bytes, the limit is 10");
}

TEST(JsonParser, FirstOfTwoEqualKeysWinsAndTheParserCanBeUsedAgain) {
  JsonParser parser(kBytesMax);
  for (int i = 0; i < 3; ++i) {
    const auto parsed = parser.parse(R"({"a":1,"a":2})");
    ASSERT_TRUE(parsed.has_value());
    std::int64_t value = 0;
    ASSERT_EQ((*parsed)["a"].get(value), simdjson::SUCCESS);
    EXPECT_EQ(value, 1);
    EXPECT_FALSE(parser.parse("[").has_value());
    EXPECT_TRUE(parser.parse(std::string(5000, ' ') + "1").has_value());
  }
}

TEST(JsonPointer, EscapesItsTwoCharacters) { EXPECT_EQ(pointer_token("a/b~c"), "a~1b~0c"); }

}  // namespace
}  // namespace ante
