#include "api/inflate.h"

#include <gtest/gtest.h>

namespace ante {
namespace {

TEST(Inflate, GivesBackWhatWasCompressed) {
  for (const std::size_t size : {0u, 1u, 1000u, 300'000u}) {
    const std::string text(size, 'a');
    std::string out;
    EXPECT_EQ(inflate_bytes(gzip_bytes(text), 1u << 20, out), Inflated::kDone);
    EXPECT_EQ(out, text);
  }
}

TEST(Inflate, TakesMembersInARow) {
  std::string out;
  EXPECT_EQ(inflate_bytes(gzip_bytes("ab") + gzip_bytes("cd"), 100, out), Inflated::kDone);
  EXPECT_EQ(out, "abcd");
}

TEST(Inflate, StopsABombAtItsLimit) {
  const std::string bomb = gzip_bytes(std::string(64u << 20, '0'));
  std::string out;
  EXPECT_EQ(inflate_bytes(bomb, 1u << 20, out), Inflated::kTooLarge);
  EXPECT_TRUE(out.empty());
  EXPECT_LE(out.capacity(), 2u << 20);
}

TEST(Inflate, TheLimitItselfIsAllowed) {
  const std::string packed = gzip_bytes(std::string(1000, 'x'));
  std::string out;
  EXPECT_EQ(inflate_bytes(packed, 1000, out), Inflated::kDone);
  EXPECT_EQ(inflate_bytes(packed, 999, out), Inflated::kTooLarge);
}

TEST(Inflate, RefusesDamage) {
  const std::string packed = gzip_bytes("some text that is long enough to be cut somewhere");
  std::string out;
  EXPECT_EQ(inflate_bytes("", 100, out), Inflated::kDamaged);
  EXPECT_EQ(inflate_bytes("plain text", 100, out), Inflated::kDamaged);
  for (std::size_t size = 1; size < packed.size(); ++size) {
    EXPECT_EQ(inflate_bytes(std::string_view(packed).substr(0, size), 100, out), Inflated::kDamaged)
        << size;
  }
  std::string changed = packed;
  changed[changed.size() - 6] = static_cast<char>(changed[changed.size() - 6] ^ 1);
  EXPECT_EQ(inflate_bytes(changed, 100, out), Inflated::kDamaged);
}

}  // namespace
}  // namespace ante
