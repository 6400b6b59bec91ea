// What each source of data buys a slot: the treated who came while it was compared against people
// who are treated alike, but that the source is not looked at.
//
// In:   the sums of a slot's trial. Out: each source's gain with its interval, a verdict, and what
//       to do about it; a source that buys nothing is proposed for deletion.
//
// Intervals are the lift's confidence sequence, valid at every look, from 25 conversions on each
// side on. Each takes alpha / kDataSourceCount, however many sources are compared, so that in one
// slot at most one time in twenty anything wrong is said of any of them. Slots are not counted
// together. Pure; any thread. docs/decisions/0081-ablation.md.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/slot.h"
#include "report/lift.h"
#include "report/lift_fold.h"

namespace ante {

inline constexpr double kSourceAlpha = kLiftAlpha / static_cast<double>(kDataSourceCount);
inline constexpr double kMorePeopleMax = 1e9;  // beyond, it will not be known

enum class SourceVerdict : std::uint8_t {
  kTooEarly = 1,
  kUnproven = 2,
  kPays = 3,
  kBuysNothing = 4,  // its gain is less than a neutral lift (kNeutralShare), if there is any
  kHarms = 5,
};
const char* to_string(SourceVerdict verdict);
constexpr bool is_for_deletion(SourceVerdict verdict) {
  return verdict == SourceVerdict::kBuysNothing || verdict == SourceVerdict::kHarms;
}

struct SourceLift {
  DataSource source = DataSource::kTold;
  double share = 0;  // planned now, of who would be treated
  ArmSummary treated, without;
  std::optional<double> value;      // treated minus without it; none before both have n >= 2
  std::optional<double> low, high;  // the confidence sequence
  std::optional<double> relative, relative_low, relative_high;  // to those without it
  double srm_p = 1;  // below kSampleRatioAlarm the numbers are not believed
  // On both sides together, until something is known if the difference stays as it is; about.
  std::optional<double> more_people;
  SourceVerdict verdict = SourceVerdict::kTooEarly;
  std::string sentence;
};

// The sources with a share, or with people.
std::vector<SourceLift> summarize_sources(const Slot& slot, const SlotLift& sums);

struct SlotSources {
  std::string slot;
  std::vector<SourceLift> sources;
};

// `{slots: [{slot, sources: [{source, verdict, delete, sentence, share, treated, without, bought,
// morePeople, srm}]}], proposedForDeletion, sentence}`. Slots that compare nothing are left out.
// Proposed for deletion is what is for deletion in every slot that compares it.
std::string to_json(std::span<const SlotSources> slots);

}  // namespace ante
