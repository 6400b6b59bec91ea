// What the standing controls of a slot say: is it the place or the match, and is it more than what
// is trending, or than the best single action for all?
//
// In:   the sums of a slot's trial. Out: each control against the people held out and the treated
//       against it, each difference with its interval, and sentences.
//
// placement effect = shuffled - held out: what any such list in the place brings. Match effect =
// treated - shuffled: what it brings that the list is made for this person in this situation.
// Intervals are the lift's confidence sequence, each valid by itself at every look, from 25
// conversions on each side on. Pure; any thread. docs/decisions/0076-standing-controls.md.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "domain/slot.h"
#include "report/lift_fold.h"

namespace ante {

struct Contrast {
  std::optional<double> value;  // difference of means; none before both have n >= 2
  std::optional<double> low, high;
  std::uint64_t n = 0;  // persons on both sides
};

struct ControlSummary {
  Arm control = Arm::kBestSingle;
  double share = 0;  // planned now, of the people who are not held out
  std::uint64_t n = 0, conversions = 0;
  double mean = 0;
  double srm_p = 1;  // of its people beside the treated; below kSampleRatioAlarm nothing is said
  Contrast against_holdout, treated_against_it;
};

struct ControlsSummary {
  std::vector<ControlSummary> controls;  // with a share, or with people
  std::string sentence;                  // empty without any
};

ControlsSummary summarize_controls(const Slot& slot, const SlotLift& sums);

// `{bestSingle | shuffled | trending: {n, mean, share, srm: {p}, againstHoldout, treatedAgainstIt:
// {value, interval, n} | null}, sentence}`; the shuffled has placementEffect and matchEffect too.
void write_controls(JsonWriter& json, const ControlsSummary& summary);

}  // namespace ante
