// The fold behind the lift report: who was first exposed when, in which arm, and what came of it.
//
// In:   the log in commit order. Out: the sums of each arm of every trial, and who still waits. A
//       trial is a slot against its holdout, or a bet against the part of its audience that is
//       left alone to compare with.
//
// A person is counted once a trial, when the window after their first exposure has closed by
// received_at. An outcome that occurred in the window but comes later, at most kRewardLateMaxMs
// after it closed, corrects the sums by its difference: they are integers, so they stay exact, and
// no verdict has to wait a month for outcomes that mostly come at once.
// One thread at a time. docs/decisions/0030-lift.md.

#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/decision.h"
#include "domain/event.h"
#include "domain/record.h"
#include "math/statistics.h"
#include "report/holdout_draws.h"
#include "report/segments.h"
#include "reward/person_links.h"
#include "reward/slot_goals.h"

namespace ante {

inline constexpr std::size_t kLiftPeopleMax =
    2'000'000;  // (person, trial) pairs; later ones do not enter
inline constexpr std::size_t kDeferredExposuresMax = 100'000;  // decisions that wait for activation
inline constexpr std::size_t kLiftRewardsMax = 1000;           // of one person in one window
inline constexpr std::size_t kLiftDaysMax = 400;               // of which it is known who entered
inline constexpr std::size_t kCohortsMax = 53;
inline constexpr std::size_t kUntreatedGroups = 32;

// What is compared: a slot (bet 0), or a bet in it.
struct Trial {
  SlotKey slot;
  BetKey bet;
  friend auto operator<=>(const Trial&, const Trial&) = default;
};

// One person in one trial.
struct LiftUnit {
  TimeMs first_ms = 0;                     // first exposure
  std::int64_t outcome_micros = 0;         // in the window, so far
  std::uint32_t window_s = 0;              // of the slot when it began
  Traits traits;                           // at the first exposure
  Exclusion exclusion = Exclusion::kNone;  // of who is left alone by choice: counted nowhere else
  std::uint16_t holdout_buckets = 0;       // the holdout's share then, of kBuckets: of those who
                                           // are no standing control
  std::uint8_t beside = 0;  // of the treated: bit i, control i had a share when they came
  Arm arm = Arm::kTreated;
  bool counted = false;
  bool left_out = false;              // two of the person's ids stood in different arms
  std::vector<std::uint64_t> claims;  // hashes of the (decision, item) that outcomes named

  TimeMs closes_ms() const { return first_ms + std::int64_t{window_s} * kSecondMs; }
  bool in_window(TimeMs occurred_at) const {
    return occurred_at >= first_ms && occurred_at <= closes_ms();
  }
};

inline constexpr std::size_t kExclusionCount = 6;  // Exclusion's enumerators

// One standing control of a slot: what came of its people, and whether it has as many as planned:
// of the persons who entered it or the treated arm while it had a share.
struct ControlLift {
  OutcomeSums sums;
  OutcomeSums treated;  // who came while it had a share
  std::uint64_t entered = 0;
  std::uint64_t expected_buckets = 0;  // sum over both of its share of both, of kBuckets
  std::uint64_t variance_buckets = 0;  // sum of share x (kBuckets - share)
};

// Persons by the week of their first exposure, and what came of them.
struct Cohort {
  std::int32_t first_day = 0;  // since 1970, UTC: a Monday
  OutcomeSums treated, holdout;
};

struct SlotLift {
  OutcomeSums treated, holdout;
  std::vector<Cohort> cohorts;  // oldest first; beyond kCohortsMax the oldest goes
  // The holdout in groups by the instant of the first exposure: chance alone may tell them apart.
  std::array<OutcomeSums, kUntreatedGroups> untreated;
  std::array<ControlLift, kControlCount> controls;  // by control_index
  SegmentTable levels;                              // the same people by each level of each trait
  std::uint64_t expected_buckets = 0;               // sum of holdout_buckets over counted persons
  std::uint64_t variance_buckets = 0;  // sum of holdout_buckets x (kBuckets - holdout_buckets)
  std::uint64_t waiting = 0;
  std::uint64_t mixed = 0;  // persons left out: two of their ids stood in different arms
  std::uint64_t beyond_limit = 0;
  std::int32_t first_day = 0;          // since 1970, UTC
  std::vector<std::uint32_t> entered;  // persons who entered, by day from there on
  // Of a bet, by why: people left alone and decisions in which they were; [kNone]: decisions of a
  // bet that only watched.
  std::array<std::uint64_t, kExclusionCount> left_alone_people{}, left_alone_decisions{};
};

// A person who comes into a trial.
struct Entered {
  PersonHash representative;  // stands for all ids of the person, as far as the log says
  PersonHash oldest;          // member at the decision: what their arm is drawn by
  std::uint32_t draw = 0;     // of the holdout, which counted then
  const LiftUnit& unit;
};

// Told what becomes of the people in trials, on the thread that consumes.
class LiftListener {
 public:
  virtual ~LiftListener() = default;
  virtual void entered(const Trial&, const Entered&) {}
  virtual void counted(const Trial&, const LiftUnit&) {}
  // An outcome came late: the unit has the new one.
  virtual void changed(const Trial&, const LiftUnit&, std::int64_t /*micros_before*/) {}
  // Its evidence is dropped: it begins anew.
  virtual void ended(const Trial&) {}
  virtual void drawn_anew() {}  // other people are held out from now on
  virtual void joined(PersonHash /*kept*/, PersonHash /*gone*/) {}
  virtual void forgotten(PersonHash /*representative*/) {}
};

// Whether the decision compares the arms: it was made for somebody, and the bet stood open to them.
// What is left out here is known before the arm is, so both arms lose the same people.
bool compares_arms(const Decision& decision);

class LiftFold {
 public:
  explicit LiftFold(std::vector<LiftListener*> listeners = {}) : listeners_(std::move(listeners)) {}

  void consume(const CommittedRecord& record);
  const SlotGoals& slots() const { return slots_; }
  PersonHash representative(PersonHash person) const { return links_.representative(person); }
  // Zeros for a trial without decisions.
  SlotLift trial(const Trial& trial) const;
  const HoldoutDraws& draws() const { return draws_; }
  // The trials of bets, with or without people.
  std::vector<Trial> bets() const;

  std::string save() const;
  Result<void> load(std::string_view bytes);

 private:
  using People = std::unordered_map<PersonHash, LiftUnit, PersonHasher>;
  struct Pool {
    People people;
    SlotLift sums;
  };
  // Who enters a trial, and how.
  struct Entry {
    PersonHash person;
    Arm arm = Arm::kTreated;
    std::uint16_t holdout_buckets = 0;
    Traits traits;
  };
  struct Deferred {
    Entry slot;  // of the slot's trial
    SlotKey slot_key;
    BetKey bet;  // 0 = none
    Entry in_bet;
  };
  struct Due {
    TimeMs at_ms = 0;
    Trial trial;
    PersonHash person;
    friend auto operator<=>(const Due&, const Due&) = default;
  };

  void decided(const Decision& decision);
  void activated(const Activation& activation, TimeMs occurred_at);
  void expose(const Deferred& shown, TimeMs at_ms);
  void enter(const Trial& trial, const Entry& entry, TimeMs at_ms);
  static void note_split(SlotLift& sums, const StandingControls& controls, Arm entered);
  void leave_alone(const Decision& decision);
  void rewarded(const Reward& reward, PersonHash person, TimeMs occurred_at);
  void happened(const Event& event, PersonHash person, TimeMs occurred_at);
  void credit(const Trial& trial, PersonHash person, TimeMs occurred_at, std::int64_t micros,
              std::optional<std::uint64_t> claim);
  void settle_until(TimeMs now_ms);
  void wake_at(TimeMs at_ms, const Trial& trial, PersonHash person);
  void count(const Trial& trial, Pool& pool, LiftUnit& unit);
  LiftUnit* find(const Trial& trial, PersonHash representative);
  void change_slots(const CommittedRecord& record);
  void draw_anew(const CommittedRecord& record);
  void join_people(const PersonLinks::Joined& joined);
  bool join_units(Pool& pool, const PersonLinks::Joined& joined);
  void forget(PersonHash person);

  std::vector<LiftListener*> listeners_;
  SlotGoals slots_;
  PersonLinks links_;
  HoldoutDraws draws_;
  std::map<Trial, Pool> pools_;
  // A heap, earliest first: when windows close and when claims may be forgotten. Entries that no
  // longer fit their unit are passed over; it is made anew from the units when loaded.
  std::vector<Due> due_;
  std::map<DecisionId, Deferred> deferred_;  // by time: the oldest are dropped
  std::size_t people_ = 0;
  TimeMs now_ms_ = 0;
};

}  // namespace ante
