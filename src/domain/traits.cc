#include "domain/traits.h"

#include "base/check.h"

namespace ante {

namespace {

struct TraitText {
  std::string_view name;
  std::array<std::string_view, kTraitLevelsMax> levels;
  std::size_t count;
};

constexpr std::array<TraitText, kTraitCount> kTraits = {{
    {"device", {"unknown", "phone", "tablet", "desktop"}, 4},
    {"referrer", {"unknown", "search", "social", "newsletter", "direct", "internal"}, 6},
    {"daypart", {"night", "morning", "day", "evening"}, 4},
    {"day", {"workday", "weekend"}, 2},
    {"visits", {"first", "few", "regular", "frequent"}, 4},
    {"purchases", {"none", "one", "several"}, 3},
    {"recency", {"now", "today", "week", "month", "longer"}, 5},
    {"told", {"silent", "told"}, 2},
}};

constexpr std::size_t level_sum() {
  std::size_t sum = 0;
  for (const TraitText& trait : kTraits) sum += trait.count;
  return sum;
}
static_assert(level_sum() == kTraitLevelCount);

}  // namespace

std::string_view trait_name(Trait trait) { return kTraits[static_cast<std::size_t>(trait)].name; }

std::span<const std::string_view> trait_levels(Trait trait) {
  const TraitText& text = kTraits[static_cast<std::size_t>(trait)];
  return std::span(text.levels).first(text.count);
}

std::size_t trait_level_number(const Traits& traits, std::size_t trait) {
  CHECK(trait < kTraitCount);
  std::size_t number = 0;
  for (std::size_t t = 0; t < trait; ++t) number += kTraits[t].count;
  return number + traits.level[trait];
}

TraitLevel trait_level_of(std::size_t number) {
  CHECK(number < kTraitLevelCount);
  std::size_t trait = 0;
  while (number >= kTraits[trait].count) number -= kTraits[trait++].count;
  return {kTraits[trait].name, kTraits[trait].levels[number]};
}

bool valid(const Traits& traits) {
  for (std::size_t t = 0; t < kTraitCount; ++t) {
    if (traits.level[t] >= kTraits[t].count) return false;
  }
  return true;
}

}  // namespace ante
