#include "base/hash.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace ante {
namespace {

// The vectors of the reference implementation (key 00…0f, input 00, 01, …).
TEST(SipHash, GivesTheReferenceVectors) {
  SecretKey key;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(siphash128(key, ""), (Hash128{0xe6a825ba047f81a3ULL, 0x930255c71472f66dULL}));
  EXPECT_EQ(siphash128(key, std::string_view("\0", 1)),
            (Hash128{0x44af996bd8c187daULL, 0x45fc229b11597634ULL}));
}

TEST(Crc32c, GivesTheKnownValueInOneGoAndInParts) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c("6789", crc32c("12345")), 0xe3069283u);
  EXPECT_EQ(crc32c(""), 0u);
}

TEST(ByteReader, NeverReadsPastTheEnd) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.varint(300);
  writer.svarint(-5);
  writer.string("ab");
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    ByteReader reader(std::string_view(bytes).substr(0, size));
    reader.varint();
    reader.svarint();
    reader.string();
    EXPECT_EQ(reader.ok(), size == bytes.size());
  }
  ByteReader huge(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10));
  EXPECT_EQ(huge.count(8), 0u);
  EXPECT_FALSE(huge.ok());
  ByteReader endless(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12));
  EXPECT_EQ(endless.varint(), 0u);
  EXPECT_FALSE(endless.ok());
}

}  // namespace
}  // namespace ante
