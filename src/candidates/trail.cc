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
  Trail trail;
  trail.visits = person.visits;
  std::vector<const OwnItem*> order;
  order.reserve(person.own.size());
  for (const OwnItem& own : person.own) order.push_back(&own);
  std::sort(order.begin(), order.end(), [](const OwnItem* a, const OwnItem* b) {
    return a->last_s != b->last_s ? a->last_s > b->last_s : a->item < b->item;
  });
  trail.steps.reserve(order.size());
  for (const OwnItem* own : order) {
    if (const auto index = interner.find(own->item)) {
      trail.steps.push_back({*index, own->last_s, own->count});
    }
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
