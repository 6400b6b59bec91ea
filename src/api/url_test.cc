#include "api/url.h"

#include <gtest/gtest.h>

namespace ante {
namespace {

TEST(Url, Decodes) {
  EXPECT_EQ(percent_decode("a%2Fb%20c+d"), "a/b c+d");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
  EXPECT_EQ(percent_decode(percent_encode("æ/?&=%\"")), "æ/?&=%\"");
  EXPECT_EQ(percent_decode(""), "");
}

TEST(Url, RefusesWrongEscapesAndControlCharacters) {
  for (const char* text : {"%", "%2", "%zz", "a%", "%00", "%0d%0a", "%7f"}) {
    EXPECT_EQ(percent_decode(text), std::nullopt) << text;
  }
}

TEST(Url, ReadsParameters) {
  const auto query = QueryParameters::parse("slot=home&item=a%2Fb&empty=&flag&&x=a+b");
  ASSERT_TRUE(query);
  EXPECT_EQ(*query->find("slot"), "home");
  EXPECT_EQ(*query->find("item"), "a/b");
  EXPECT_EQ(*query->find("empty"), "");
  EXPECT_EQ(*query->find("flag"), "");
  EXPECT_EQ(*query->find("x"), "a b");
  EXPECT_EQ(query->find("none"), nullptr);
}

TEST(Url, RefusesDoubledAndTooManyParameters) {
  EXPECT_FALSE(QueryParameters::parse("a=1&a=2"));
  EXPECT_FALSE(QueryParameters::parse("a=%"));
  std::string many;
  for (std::size_t i = 0; i <= kQueryParametersMax; ++i) many += "p" + std::to_string(i) + "=1&";
  EXPECT_FALSE(QueryParameters::parse(many));
}

}  // namespace
}  // namespace ante
