#include "base/text.h"

#include <gtest/gtest.h>

namespace ante {
namespace {

TEST(Text, SameWordWhateverTheCase) {
  EXPECT_TRUE(same_word("Order Completed", "order completed"));
  EXPECT_TRUE(same_word("", ""));
  EXPECT_FALSE(same_word("read", "reads"));
  EXPECT_FALSE(same_word("Ä", "ä"));  // of ASCII only
  EXPECT_EQ(lower_case("AbC-9Ä"), "abc-9Ä");
}

TEST(Text, OneLineCanBePrintedAsItIs) {
  for (const std::string_view fine :
       {"", "a long evening read", "für Über-Leser", "日本", "50 %", "–", "a  b"})
    EXPECT_TRUE(is_one_line(fine)) << fine;
  using namespace std::string_view_literals;
  for (const std::string_view bad :
       {" a"sv, "a "sv, " "sv, "a\nb"sv, "a\rb"sv, "a\tb"sv, "\x1b[2J"sv, "a\0b"sv, "a\x7f"sv,
        "\xc2\x85"sv, "\xe2\x80\xa8"sv, "\xe2\x80\xae"sv, "\xe2\x81\xa6"sv})
    EXPECT_FALSE(is_one_line(bad));
}

}  // namespace
}  // namespace ante
