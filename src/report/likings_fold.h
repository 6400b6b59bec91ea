// The fold behind the value of personalization: what each person did with what everybody was shown.
//
// In:   the log in commit order (decisions, events, slots, consents, links, erasures), and the
//       joiner's matured rows.
// Out:  of each slot and person the views and outcomes of each item they were shown there, in the
//       odd and in the even ones of their visits, with the item's main topic as it was then.
//
// Only decisions whose list did not depend on the person count (shown_alike); a list that a bet
// chose would show each what they like already. What comes after kVisitGapMs without an act of the
// person begins a visit. The same item at another place is another thing shown: places differ.
// A slot keeps whole people up to kLikingPeopleMax, then a fair half (report/hash_sample.h); of all
// together kLikingCellsMax cells, and the slot with most gives way. Of one person in one slot
// kLikingCellsOfPersonMax, what was not seen for longest goes. Who did not come for kLikingDays
// goes too.
// A row that is corrected later stays as it was told first. Where a slot begins to measure
// something else its people begin anew.
// Stands after the joiner. One thread at a time. docs/decisions/0082-value-live.md.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "domain/decision.h"
#include "domain/record.h"
#include "report/hash_sample.h"
#include "reward/person_links.h"
#include "reward/reward_row.h"
#include "reward/slot_goals.h"

namespace ante {

inline constexpr std::size_t kLikingPeopleMax = 65'536;     // of a slot
inline constexpr std::size_t kLikingCellsMax = 1'000'000;   // of all slots together: 40 MB
inline constexpr std::size_t kLikingCellsOfPersonMax = 64;  // in a slot
inline constexpr std::size_t kLikingSlotsOfPersonMax = 32;  // further ones are not kept
inline constexpr std::size_t kLikingPendingMax = 100'000;   // decisions; the oldest go
inline constexpr std::int32_t kLikingDays = 180;
inline constexpr std::uint8_t kLikingPlaces = 4;  // places from here on are one

// Whether the list was drawn without a look at the person: of who is held out, of a slot that
// shows everybody its safe default, of standing controls. Who asked for what everybody gets, or
// may not be measured, is not looked at.
bool shown_alike(const Decision& decision);

// One thing shown to one person. Counts are of views.
struct LikingCell {
  std::uint64_t shown = 0;  // the item at its place, as a hash
  std::uint32_t topic = 0;  // the item's first one, short; of an item without topics its own
  std::uint32_t odd_n = 0, even_n = 0;
  std::int64_t odd_micros = 0, even_micros = 0;
  friend bool operator==(const LikingCell&, const LikingCell&) = default;
};
using LikingCells = std::vector<LikingCell>;  // seen last at the end

std::uint64_t shown_key(ItemKey item, std::uint8_t position);
std::uint32_t liking_topic(ItemKey item, const std::vector<TopicKey>& topics);

class LikingsFold {
 public:
  void consume(const CommittedRecord& record);
  void matured(const RewardRow& row);

  struct SlotPeople {
    HashSample sample;
    std::vector<LikingCells> people;  // in the order of their hashes
  };
  SlotPeople of_slot(SlotKey slot) const;
  std::size_t people() const { return people_.size(); }
  std::size_t cells() const { return cells_; }
  std::size_t pending() const { return pending_.size(); }
  std::uint64_t dropped() const { return dropped_; }  // cells that gave way to newer ones

  std::string save() const;
  Result<void> load(std::string_view bytes);

 private:
  struct Person {
    TimeMs last_ms = 0;
    std::uint32_t visits = 0;
    std::map<SlotKey, LikingCells> slots;
  };
  using People = std::unordered_map<PersonHash, Person, PersonHasher>;
  struct SlotTotals {
    HashSample sample;
    std::size_t people = 0, cells = 0;
  };
  struct Pending {
    SlotKey slot;
    bool even = false;
    TimeMs closes_ms = 0;
  };

  void pass(TimeMs now_ms);
  void decided(const Decision& decision);
  void touch(Person& person, TimeMs at_ms);
  void forget(PersonHash person);
  void join(const PersonLinks::Joined& joined);
  void change_slots(const CommittedRecord& record);
  void leave(SlotKey slot, const LikingCells& cells);
  void drop_slot(SlotKey slot);
  void halve(SlotKey slot);
  void keep_bounds(SlotKey slot);

  SlotGoals goals_;
  PersonLinks links_;
  People people_;
  std::map<SlotKey, SlotTotals> slots_;
  std::map<DecisionId, Pending> pending_;  // by time
  std::size_t cells_ = 0;
  std::uint64_t dropped_ = 0;
  TimeMs now_ms_ = 0;
};

}  // namespace ante
