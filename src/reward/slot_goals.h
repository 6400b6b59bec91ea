// What counts as an outcome in each slot: a fold of the slots' objects in the control log.
//
// Event names, kinds and measures of rewards are matched here and nowhere else: joins and reports
// agree on what a goal is. One thread.

#pragma once

#include <map>
#include <string>
#include <string_view>

#include "domain/decision.h"
#include "domain/event.h"
#include "domain/record.h"
#include "domain/slot.h"

namespace ante {

// Whether the event is an occurrence of the goal: its name as sent, whatever the case, or a kind
// by its short name: click, read (an article was read), finish (to its end), purchase, view, cart,
// pin, share.
bool is_goal(const Slot& slot, const Event& event);
// Whether a reward counts: its measure is the goal, whatever the case.
bool is_goal(const Slot& slot, const Reward& reward);

// The worth of one occurrence, in millionths; a reward's is scaled by its value.
std::int64_t goal_micros(const Slot& slot, double scale = 1);

class SlotGoals {
 public:
  // Slots of the control partition; other records are ignored. A slot that was deleted stays
  // known, so that what waits for it can end.
  void consume(const CommittedRecord& record);

  const Slot* find(SlotKey key) const;
  const Slot* find(std::string_view name) const;
  const std::map<SlotKey, Slot>& all() const { return slots_; }

  void save(std::string& bytes) const;
  Result<void> load(std::string_view bytes);

 private:
  std::map<SlotKey, Slot> slots_;
};

}  // namespace ante
