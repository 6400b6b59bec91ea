#include "candidates/trail.h"

#include <algorithm>
#include <array>

namespace ante {

namespace {
constexpr std::uint32_t kVisitGapS = kVisitGapMs / 1000;
}

const TrailStep* Trail::find(ItemIndex item) const {
  for (const TrailStep& step : steps) {
    if (step.item == item) return &step;
  }
  return nullptr;
}

bool Trail::come(ItemIndex item, std::uint32_t at_s) {
  const bool new_visit = steps.empty() || at_s > last_s + kVisitGapS;
  if (new_visit) ++visits;
  last_s = std::max(last_s, at_s);
  const auto found = std::find_if(steps.begin(), steps.end(),
                                  [&](const TrailStep& step) { return step.item == item; });
  if (found == steps.end()) {
    if (steps.size() == kTrailStepsMax) steps.pop_back();
    steps.insert(steps.begin(), TrailStep{item, at_s, 1});
    return true;
  }
  const bool again = at_s > found->last_s + kVisitGapS;
  if (again && found->count < UINT16_MAX) ++found->count;
  found->last_s = std::max(found->last_s, at_s);
  std::rotate(steps.begin(), found, found + 1);
  return again;
}

Trail trail_of(const PersonState& person, const ItemInterner& interner) {
  // The last comings stand in `recent`, comings of which there were several in `own`.
  struct Known {
    ItemKey item;
    std::uint32_t last_s;
    std::uint16_t count;
  };
  std::vector<Known> known;
  known.reserve(person.own.size() + person.recent.size());
  for (const OwnItem& own : person.own) known.push_back({own.item, own.last_s, own.count});
  for (const RecentItem& recent : person.recent) known.push_back({recent.item, recent.at_s, 1});
  std::sort(known.begin(), known.end(), [](const Known& a, const Known& b) {
    return a.item != b.item ? a.item < b.item : a.count > b.count;
  });
  std::size_t kept = 0;
  for (const Known& one : known) {
    if (kept > 0 && known[kept - 1].item == one.item) {
      known[kept - 1].last_s = std::max(known[kept - 1].last_s, one.last_s);
    } else {
      known[kept++] = one;
    }
  }
  known.resize(kept);
  std::sort(known.begin(), known.end(), [](const Known& a, const Known& b) {
    return a.last_s != b.last_s ? a.last_s > b.last_s : a.item < b.item;
  });
  if (known.size() > kTrailStepsMax) known.resize(kTrailStepsMax);
  Trail trail;
  trail.visits = person.visits;
  trail.steps.reserve(known.size());
  for (const Known& one : known) {
    if (const auto index = interner.find(one.item))
      trail.steps.push_back({*index, one.last_s, one.count});
  }
  if (!trail.steps.empty()) trail.last_s = trail.steps.front().last_s;
  return trail;
}

std::size_t trail_context(const Trail& trail, std::uint32_t now_s) {
  if (trail.steps.empty()) return 0;
  constexpr std::array<std::uint32_t, 6> kBounds = {120, 600, 1800, 6 * 3600, 86400, 14 * 86400};
  const std::uint32_t gap = now_s > trail.last_s ? now_s - trail.last_s : 0;
  std::size_t context = 1;
  while (context <= kBounds.size() && gap >= kBounds[context - 1]) ++context;
  return context;
}

}  // namespace ante
