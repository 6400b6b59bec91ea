#include "base/encoding.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace ante {
namespace {

TEST(Encoding, KnownTexts) {
  EXPECT_EQ(hex_encode(std::string_view("\x00\xff\x10", 3)), "00ff10");
  EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64_encode("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64_encode("foob"), "Zm9vYg==");
  EXPECT_EQ(base64url_encode("\xfb\xff"), "-_8");
  EXPECT_EQ(base64_decode("cGtfdGVzdDo="), "pk_test:");
  EXPECT_EQ(base64_decode("cGtfdGVzdDo"), "pk_test:");
  EXPECT_EQ(crockford32_encode({0, 31}), "0000000000000000000000000Z");
  EXPECT_EQ(crockford32_encode({~0ULL, ~0ULL}), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
}

TEST(Encoding, RoundTrips) {
  Random random(11);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes(random.below(50), '\0');
    for (char& c : bytes) c = static_cast<char>(random.below(256));
    EXPECT_EQ(hex_decode(hex_encode(bytes)), bytes);
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
    EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
    const Hash128 value{random.next(), random.next()};
    EXPECT_EQ(crockford32_decode(crockford32_encode(value)), value);
    const Hash128 other{random.next(), random.next()};
    EXPECT_EQ(value < other, crockford32_encode(value) < crockford32_encode(other));
  }
}

TEST(Encoding, RefusesEverythingElse) {
  for (const std::string_view text : {"0", "0g", "zz", " 0"})
    EXPECT_FALSE(hex_decode(text)) << text;
  for (const std::string_view text :
       {"A", "AB", "A===", "AA=A", "A A=", "AA-_", "====", "Zm9v\n"}) {
    EXPECT_FALSE(base64_decode(text)) << text;
  }
  for (const std::string_view text : {"A", "AB", "AA==", "A+/A", "AAAAA"})
    EXPECT_FALSE(base64url_decode(text)) << text;
  for (const std::string_view text :
       {"", "0", "80000000000000000000000000", "0000000000000000000000000I",
        "0000000000000000000000000U", "000000000000000000000000000",
        "0000000000000000000000000-"}) {
    EXPECT_FALSE(crockford32_decode(text)) << text;
  }
}

}  // namespace
}  // namespace ante
