#include "decision/other_lists.h"

#include <algorithm>
#include <utility>

namespace ante {

void OtherLists::keep(const Decision& decision) {
  auto list = std::make_shared<OtherList>();
  list->person = decision.people.back();
  list->places = decision.served.size();
  list->items.reserve(decision.served.size() + decision.hand.size());
  for (const Placement& placement : decision.served) list->items.push_back(placement.item);
  for (const HandItem& item : decision.hand) {
    const auto served = list->items.begin() + static_cast<std::ptrdiff_t>(list->places);
    if (std::find(list->items.begin(), served, item.item) == served)
      list->items.push_back(item.item);
  }
  MutexLock lock(mutex_);
  if (lists_.size() >= kOtherListSlotsMax && !lists_.contains(decision.slot)) return;
  std::vector<OtherListPointer>& lists = lists_[decision.slot];
  std::erase_if(lists, [&](const auto& known) { return known->person == list->person; });
  if (lists.size() >= kOtherListsMax) lists.erase(lists.begin());
  lists.push_back(std::move(list));
}

std::vector<OtherListPointer> OtherLists::of_others(SlotKey slot, PersonHash oldest_member) const {
  std::vector<OtherListPointer> others;
  {
    MutexLock lock(mutex_);
    const auto found = lists_.find(slot);
    if (found == lists_.end()) return others;
    others = found->second;
  }
  std::erase_if(others, [&](const auto& list) { return list->person == oldest_member; });
  if (others.size() < kOtherListsMin) others.clear();
  return others;
}

}  // namespace ante
