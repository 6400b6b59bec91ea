#include "base/time_text.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/text.h"

namespace ante {
namespace {

TEST(TimeText, ReadsRfc3339) {
  const struct {
    std::string_view text;
    TimeMs time;
  } rows[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"1970-01-01T00:00:00.001Z", 1},
      {"2026-11-22T07:00:00Z", 1795330800000},
      {"2026-11-22t07:00:00z", 1795330800000},
      {"2026-11-22T08:00:00+01:00", 1795330800000},
      {"2026-11-22T01:30:00-05:30", 1795330800000},
      {"2026-11-22T07:00:00.123456789Z", 1795330800123},
      {"2024-02-29T00:00:00Z", 1709164800000},
      {"2016-12-31T23:59:60Z", 1483228800000},
      {"2199-12-31T23:59:59.999Z", 7258118399999},
  };
  for (const auto& row : rows) {
    const auto time = parse_time(row.text);
    ASSERT_TRUE(time.has_value()) << row.text << time.error().message;
    EXPECT_EQ(*time, row.time) << row.text;
  }
}

TEST(TimeText, RefusesEverythingElse) {
  for (const std::string_view text : {"",
                                      "now",
                                      "2026",
                                      "2026-11-22",
                                      "1795330800000",
                                      "1795330800",
                                      "2026-11-22T07:00Z",
                                      "2026-11-22T07:00:00",
                                      "2026-11-22T07:00:00.Z",
                                      "2026-11-22T07:00:00.1234567890Z",
                                      "2026-02-30T00:00:00Z",
                                      "2023-02-29T00:00:00Z",
                                      "2026-13-01T00:00:00Z",
                                      "2026-00-01T00:00:00Z",
                                      "2026-01-00T00:00:00Z",
                                      "2026-01-01T24:00:00Z",
                                      "2026-01-01T00:60:00Z",
                                      "2026-01-01T00:00:61Z",
                                      "2026-01-01T00:00:00+24:00",
                                      "2026-01-01T00:00:00+01:60",
                                      "2026-01-01T00:00:00+0100",
                                      "1969-12-31T23:59:59Z",
                                      "2200-01-01T00:00:00Z",
                                      "12026-01-01T00:00:00Z",
                                      "1970-01-01T00:00:00+00:01",
                                      "2199-12-31T23:59:59-00:01",
                                      " 2026-11-22T07:00:00Z",
                                      "2026-11-22T07:00:00Z ",
                                      "2026-11-22T07:00:00ZZ",
                                      "-026-11-22T07:00:00Z",
                                      "2026-1-22T07:00:00Z"}) {
    EXPECT_FALSE(parse_time(text).has_value()) << text;
  }
}

TEST(TimeText, WhatIsWrittenReadsBackTheSame) {
  Random random(3);
  for (int round = 0; round < 5000; ++round) {
    const auto time = static_cast<TimeMs>(random.below(7258118400000));
    const auto back = parse_time(format_time(time));
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(*back, time);
  }
  EXPECT_EQ(format_time(1795330800123), "2026-11-22T07:00:00.123Z");
  EXPECT_EQ(format_time(-5), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_time(INT64_MAX), "2199-12-31T23:59:59.999Z");
}

TEST(Text, FindsTheNearestWord) {
  constexpr std::string_view kKnown[] = {"home", "article-end", "cart"};
  EXPECT_EQ(did_you_mean("article-ned", kKnown), " Did you mean 'article-end'?");
  EXPECT_EQ(did_you_mean("Cart", kKnown), " Did you mean 'cart'?");
  EXPECT_EQ(did_you_mean("newsletter", kKnown), "");
  EXPECT_EQ(did_you_mean("", kKnown), "");
  EXPECT_EQ(did_you_mean(std::string(1000, 'a'), kKnown), "");
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("ab", "ba"), 1u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
}

}  // namespace
}  // namespace ante
