// The choice of the first place of a logged decision: its actions, how likely each was, and what
// was expected of each.
//
// In:   a decision's record. Out: one action for each item of the hand, and one for the first item
// of
//       the safe default, with the propensities that the mixture gave them (decision/policy.h).
//
// Only what the policy drew and showed has such a choice; of the rest it is said why not. The
// expectations are those of the model that decided, so they never saw the decision's reward.
// Pure functions; any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "domain/decision.h"
#include "domain/slot.h"

namespace ante {

// Why a decision says nothing about another policy.
enum class NotDrawn : std::uint8_t {
  kHoldout,
  kControl,  // a standing control: not drawn, or drawn from less than is known
  kGeneral,
  kNoConsent,
  kPaused,
  kFallback,      // the safe default, because something failed
  kShadow,        // the slot decides and shows the safe default
  kLeftAlone,     // in a bet's audience, and left alone to compare with or by its exclusions
  kNothingShown,  // nothing was served, or it was left to the draw whether anything is
  kOtherPolicy,   // a version of the policy that this program does not have
  kBroken,        // the record does not reproduce itself
};
std::string_view to_string(NotDrawn reason);

struct FirstPlaceAction {
  ItemKey item;
  double propensity = 0;  // 0: it could not stand first
  double gain = 0;        // over the safe default, as expected then
  double expected = 0;    // reward, as expected then
  bool is_safe = false;   // the first item of the safe default
};

// The safe default's first item stands first.
struct FirstPlace {
  std::optional<NotDrawn> not_drawn;  // set: there is nothing else
  std::vector<FirstPlaceAction> actions;
  std::size_t chosen = 0;
};

// `range`: what the slot could pay when it decided. Every number of the actions is finite, the
// propensities sum to 1 within 1e-9, and the chosen one's is above 0.
FirstPlace first_place_of(const Decision& decision, const RewardRange& range);

}  // namespace ante
