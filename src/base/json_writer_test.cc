#include "base/json_writer.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/json_parser.h"
#include "base/random.h"

namespace ante {
namespace {

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(JsonWriter, WritesNestedValuesWithTheirCommas) {
  std::string out;
  JsonWriter json(out);
  json.begin_object()
      .field("a", 1)
      .key("b")
      .begin_array()
      .number(-2)
      .boolean(false)
      .null()
      .end_array();
  json.key("c").begin_object().end_object().field("d", "x").key("e").raw("[0]").end_object();
  EXPECT_EQ(out, R"({"a":1,"b":[-2,false,null],"c":{},"d":"x","e":[0]})");
}

TEST(JsonWriter, EscapesWhatMustBe) {
  const struct {
    std::string_view text, json;
  } rows[] = {
      {"", R"("")"},
      {"plain", R"("plain")"},
      {"q\"b\\", R"("q\"b\\")"},
      {std::string_view("\0\x01\x1f", 3), R"("\u0000\u0001\u001f")"},
      {"\b\f\n\r\t", R"("\b\f\n\r\t")"},
      {"\x7f", "\"\x7f\""},
      {"h\u00e9\u20ac\U0001F600", "\"h\u00e9\u20ac\U0001F600\""},
      {"a\u2028b\u2029c", R"("a\u2028b\u2029c")"},
      {"\xff", "\"\xef\xbf\xbd\""},
      {"\xc3", "\"\xef\xbf\xbd\""},
      {"\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
      {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
      {"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
      {"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
  };
  for (const auto& row : rows) EXPECT_EQ(json_string(row.text), row.json);
}

TEST(JsonWriter, NumbersAreTheShortestThatReadBackTheSame) {
  const auto text = [](auto value) {
    std::string out;
    JsonWriter(out).number(value);
    return out;
  };
  EXPECT_EQ(text(0.1), "0.1");
  EXPECT_EQ(text(0.31F), "0.31");
  EXPECT_EQ(text(-0.0), "-0");
  EXPECT_EQ(text(5e-324), "5e-324");
  EXPECT_EQ(text(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(text(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(text(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(text(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(text(-std::numeric_limits<float>::infinity()), "null");
}

TEST(JsonWriter, WhateverBytesAreWrittenTheParserTakes) {
  Random random(7);
  JsonParser parser(1 << 16);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random.below(40), '\0');
    for (char& c : bytes) c = static_cast<char>(random.below(256));
    EXPECT_TRUE(parser.parse(json_string(bytes)).has_value()) << round;
  }
}

}  // namespace
}  // namespace ante
