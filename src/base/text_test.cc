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

TEST(Text, ForATerminalControlCharactersAreSpelled) {
  EXPECT_EQ(printable("für\tÜber-\nLeser – 日本 50 %"), "für\tÜber-\nLeser – 日本 50 %");
  EXPECT_EQ(printable("\x1b[2J\r\x7f"), "\\u001b[2J\\u000d\\u007f");
  EXPECT_EQ(printable("\xc2\x9b|\xc2\xa0|\xc3\x9b"), "\\u009b|\xc2\xa0|\xc3\x9b");
  EXPECT_EQ(printable("\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8"), "\\u202e\\u2066\\u2028");
  EXPECT_EQ(printable(std::string_view("a\0", 2)), "a\\u0000");
  EXPECT_EQ(printable("\xc2"), "\xc2");
}

TEST(Text, OneIsNotMany) {
  EXPECT_EQ(counted(1, "hour"), "1 hour");
  EXPECT_EQ(counted(0, "hour"), "0 hours");
  EXPECT_EQ(counted(2, "hour"), "2 hours");
  EXPECT_EQ(counted(1, "look has", "looks have"), "1 look has");
  EXPECT_EQ(counted(3, "look has", "looks have"), "3 looks have");
}

}  // namespace
}  // namespace ante
