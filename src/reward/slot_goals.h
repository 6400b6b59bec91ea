// What counts as an outcome in each slot: a fold of the slots' objects in the control log.
//
// Event names, kinds and measures of rewards are matched here and nowhere else: joins and reports
// agree on what an outcome is, and on what it is worth. One thread.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "domain/decision.h"
#include "domain/event.h"
#include "domain/record.h"
#include "domain/slot.h"

namespace ante {

// An outcome of a slot that happened.
struct Credit {
  std::uint64_t outcome = 0;  // hash of its name: which of the slot's outcomes
  std::int64_t micros = 0;    // its worth, in millionths
  friend bool operator==(const Credit&, const Credit&) = default;
};
using Credits = std::vector<Credit>;

// Whether an event is what `outcome` names: its name as sent, or a short name of its kind.
bool is_named(std::string_view outcome, const Event& event);

// The outcomes that an event is: by its name as sent, whatever the case, or by a kind's short name:
// click, read (an article was read), finish (to its end), purchase, view, cart, pin, share. One
// that the slot names both ways counts once, by its own name.
Credits credits_of(const Slot& slot, const Event& event);
// The outcome that a reward is, by its measure, whatever the case; its worth is scaled by its
// value.
Credits credits_of(const Slot& slot, const Reward& reward);

// Adds what happened once more: of several occurrences of an outcome the one worth most, for good
// or bad, counts.
void add_credit(Credits& credits, const Credit& credit);
// What a placement earned: its outcomes together, or the slot's default reward where there is none.
std::int64_t reward_micros(const Slot& slot, const Credits& credits);

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
