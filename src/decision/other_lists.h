// What other people were just shown: the lists that the shuffled control draws from.
//
// In:   decisions about treated people, as they are made. Out: the last lists of a slot, each with
//       what was served first and the rest of its hand after it, so that what somebody may not see
//       can be passed over.
// It is what was served, not the ranking: who is treated meets abstentions and exploring too, and
// the two may differ in nothing but whose list it is. One list a person, the oldest dropped. In
// memory only: after a start a slot has no lists until kOtherListsMin people were served.
// Any thread. docs/decisions/0076-standing-controls.md.

#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "domain/decision.h"

namespace ante {

inline constexpr std::size_t kOtherListsMax = 64;  // a slot
inline constexpr std::size_t kOtherListsMin = 20;  // of other people, before any is drawn
inline constexpr std::size_t kOtherListSlotsMax = 1000;

struct OtherList {
  PersonHash person;
  std::size_t places = 0;      // that were served
  std::vector<ItemKey> items;  // those first, then the rest of the hand, best first
};
using OtherListPointer = std::shared_ptr<const OtherList>;

class OtherLists {
 public:
  // REQUIRES decision.people not empty.
  void keep(const Decision& decision);
  // Oldest first, without the person's own; none when there are fewer than kOtherListsMin.
  std::vector<OtherListPointer> of_others(SlotKey slot, PersonHash oldest_member) const;

 private:
  mutable Mutex mutex_;
  std::map<SlotKey, std::vector<OtherListPointer>> lists_ GUARDED_BY(mutex_);
};

}  // namespace ante
