// The trail of a person: which items they came to, how often and when; newest first, each once.
//
// What the live sources read of a person, whether it was kept by the learner (from the log) or is
// taken from the profile (for a decision): one definition for training and serving.

#pragma once

#include <cstdint>
#include <vector>

#include "catalog/item_interner.h"
#include "profile/person_state.h"

namespace ante {

inline constexpr std::size_t kTrailStepsMax = 128;

struct TrailStep {
  ItemIndex item;
  std::uint32_t last_s = 0;  // seconds since 1970
  std::uint16_t count = 0;
};

struct Trail {
  std::vector<TrailStep> steps;
  std::uint32_t visits = 0;
  std::uint32_t last_s = 0;  // of the newest step; 0 = none

  const TrailStep* find(ItemIndex item) const;
  // The person came to `item` at `at_s`; false when it counts with the visit's earlier coming.
  bool come(ItemIndex item, std::uint32_t at_s);
};

// The trail of a profile; items nobody has interned yet are left out.
Trail trail_of(const PersonState& person, const ItemInterner& interner);

// How long since the last step, in classes: 0 = no trail, 1 = under 2 min, … 7 = over 14 days.
inline constexpr std::size_t kTrailContexts = 8;
std::size_t trail_context(const Trail& trail, std::uint32_t now_s);

}  // namespace ante
