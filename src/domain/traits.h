// Traits: what is counted of a person and a moment to compare groups of people, in coarse levels.
//
// Levels are few and wide on purpose: a group must be large enough to learn from and too large to
// know anybody by. profile/traits.h says how a person comes to have them. Pure values; any thread.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace ante {

// Numbers are stored: only append; a new trait takes the next place, a new level the next number.
enum class Trait : std::uint8_t {
  kDevice,     // unknown phone tablet desktop
  kReferrer,   // unknown search social newsletter direct internal
  kDaypart,    // night morning day evening: six hours each, from midnight
  kDay,        // workday weekend
  kVisits,     // first few regular frequent: 1, 2-4, 5-19, 20 and more
  kPurchases,  // none one several
  kRecency,    // now today week month longer: since the visit before this one
  kTold,       // silent told: has said something of themselves (follows, pins, refusals)
};
inline constexpr std::size_t kTraitCount = 8;
inline constexpr std::size_t kTraitLevelsMax = 6;
// Every (trait, level) pair has a number: 0 .. kTraitLevelCount - 1.
inline constexpr std::size_t kTraitLevelCount = 30;

struct Traits {
  std::array<std::uint8_t, kTraitCount> level{};

  std::uint8_t operator[](Trait trait) const { return level[static_cast<std::size_t>(trait)]; }
  std::uint8_t& operator[](Trait trait) { return level[static_cast<std::size_t>(trait)]; }
  friend bool operator==(const Traits&, const Traits&) = default;
};

std::string_view trait_name(Trait trait);
std::span<const std::string_view> trait_levels(Trait trait);

// REQUIRES valid(traits) and trait < kTraitCount.
std::size_t trait_level_number(const Traits& traits, std::size_t trait);
// "visits: regular" of a number. REQUIRES number < kTraitLevelCount.
struct TraitLevel {
  std::string_view trait, level;
};
TraitLevel trait_level_of(std::size_t number);

// Every level is one of its trait's.
bool valid(const Traits& traits);

}  // namespace ante
