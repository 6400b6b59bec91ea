#include "domain/traits.h"

#include <set>

#include <gtest/gtest.h>

namespace ante {
namespace {

TEST(Traits, EveryLevelHasItsOwnNumberAndName) {
  std::set<std::pair<std::string_view, std::string_view>> names;
  std::size_t number = 0;
  for (std::size_t t = 0; t < kTraitCount; ++t) {
    const auto levels = trait_levels(static_cast<Trait>(t));
    for (std::size_t level = 0; level < levels.size(); ++level, ++number) {
      Traits traits;
      traits.level[t] = static_cast<std::uint8_t>(level);
      ASSERT_TRUE(valid(traits));
      EXPECT_EQ(trait_level_number(traits, t), number);
      const TraitLevel found = trait_level_of(number);
      EXPECT_EQ(found.trait, trait_name(static_cast<Trait>(t)));
      EXPECT_EQ(found.level, levels[level]);
      EXPECT_TRUE(names.emplace(found.trait, found.level).second);
    }
    Traits beyond;
    beyond.level[t] = static_cast<std::uint8_t>(levels.size());
    EXPECT_FALSE(valid(beyond));
  }
  EXPECT_EQ(number, kTraitLevelCount);
}

}  // namespace
}  // namespace ante
