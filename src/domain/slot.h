// A slot: a place where a decision is shown or sent, and the rules of betting there.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/decision.h"
#include "domain/ids.h"

namespace ante {

enum class Channel : std::uint8_t { kSite = 1, kEmail = 2, kPush = 3 };
const char* to_string(Channel channel);

// What else counts in a slot besides its goal; both in its unit of reward.
struct SlotOutcome {
  std::string event;  // an event name, or a measure of rewards
  double value = 1;   // of one occurrence; finite, not 0; below 0 = what should not happen
  friend bool operator==(const SlotOutcome&, const SlotOutcome&) = default;
};
inline constexpr std::size_t kFurtherOutcomesMax = 7;

// What a placement can earn: low .. low + width.
struct RewardRange {
  double low = 0, width = 1;
  // Where a reward lies in it, 0 .. 1: what models learn. What lies outside counts as its edge.
  double share_of(double reward) const;
  double reward_of(double share) const { return low + width * share; }
};

// Each 0 .. kControlShareMax: who they are is drawn by salts of their own for each slot
// (domain/bucketing.h). What each compares: decisions/0076, and 0081 for the ablations.
struct StandingControls {
  // Shares of the people who are not held out.
  double best_single =
      0;                // get everybody's best single actions; not where that is the safe default
  double shuffled = 0;  // get the list of another person
  double trending = 0;  // get what is looked at most now
  // Ablations: shares of the people who are neither held out nor one of the above.
  double without_told = 0, without_noticed = 0, without_imported = 0, without_situation = 0;

  double share(Arm control) const;  // as written; REQUIRES is_control(control)
  double lists_sum() const { return best_single + shuffled + trending; }
  double ablations_sum() const {
    return without_told + without_noticed + without_imported + without_situation;
  }
  // The arm's part of the people who are not held out. REQUIRES arm is not kHoldout.
  double part(Arm arm) const;
  friend bool operator==(const StandingControls&, const StandingControls&) = default;
};
inline constexpr double kControlShareMax = 0.2;

inline constexpr double kHoldoutShareMin = 0.001;  // less is as good as nobody
inline constexpr double kHoldoutShareMax = 0.9;    // and with the controls

// `{channel, limit, safeDefault: {items | best},
//   goal: {event, windowMs, value, outcomes: [{event, value}], defaultReward, rewardWaitMs},
//   holdout, controls: {bestSingle, shuffled, trending, withoutTold, withoutNoticed,
//   withoutImported, withoutSituation}, stake, attentionCost, missCost, repeatLimit: {exposures,
//   days}, allowedLoss, mode: online | apprentice, brief: id | {waived: {by, reason}}}`
struct Slot {
  std::string name;
  SlotKey key;
  Channel channel = Channel::kSite;
  std::uint8_t limit = 3;               // places, 1 .. kSlatePlacesMax
  std::vector<std::string> safe_items;  // the editor's list; empty = best single action so far
  std::string goal_event = "click";     // an event name, or a measure of rewards
  DurationMs goal_window_ms = 30 * kMinuteMs;  // 1 s .. 30 days
  double goal_value = 1;                       // reward of one goal; > 0, finite
  std::vector<SlotOutcome> further_outcomes;   // each other's and the goal's names differ
  double default_reward = 0;                   // of a placement that none of these came of
  DurationMs reward_wait_ms = 0;               // after it learning takes the default reward until
                                               // more is known; 0 = when the window has closed
  double holdout = 0.05;                       // 0 .. kHoldoutShareMax
  StandingControls controls;
  double stake = 0.05;            // share of decisions that may explore, 0 .. 0.5
  double attention_cost = 0;      // in reward, >= 0
  double miss_cost = 0;           // in reward: what a bet without an answer costs in goodwill
  unsigned repeat_exposures = 5;  // of an item to a person without an answer, in …
  unsigned repeat_days = 7;       // … so many days; 0 exposures = no limit
  double allowed_loss = 0;  // share of the safe default that bets may cost, kept with confidence;
                            // 0 = not kept
  bool apprentice = false;  // learns by watching: decides, and serves the safe default
  std::string fell_back;    // why the engine went back to the safe default; empty = it did not
  bool consumes_bought = false;  // bought items stay eligible here (a restock slot)
  std::string brief;             // id; empty = none
  std::string brief_missing;  // why that brief does not count; set by the engine, empty = it does
  std::string waived_by, waived_reason;  // both set = waived
  std::uint64_t version = 0;

  // Without a brief that counts or a waiver, and as an apprentice, the slot is in shadow: it
  // decides, and serves the safe default.
  bool in_shadow() const {
    return apprentice || !brief_missing.empty() || (brief.empty() && waived_by.empty());
  }
  // Whether outcomes count the same in both, so that they can be added.
  bool measures_as(const Slot& other) const;
  // From everything bad to everything good.
  RewardRange reward_range() const;
  // When a placement shown at 0 is learned from.
  DurationMs learned_after_ms() const {
    return reward_wait_ms > 0 ? reward_wait_ms : goal_window_ms;
  }
  friend bool operator==(const Slot&, const Slot&) = default;
};

inline constexpr std::size_t kSlotsMax = 1000;

Result<Slot> slot_from_json(std::string_view name, std::string_view json);
std::string slot_to_json(const Slot& slot);

}  // namespace ante
