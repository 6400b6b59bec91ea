// Which unmet need first, and which data is missing: over all briefs.
//
// In:   briefs; which events arrive. Out: needs by opportunity, and the register of data gaps, each
//       with a sentence.
//
// Opportunity = importance + max(importance - satisfaction, 0), both from 0 to 10 as people say
// (Ulwick, "What Customers Want", 2005): what matters and is badly served comes first. The scores
// are what people were asked, so n stands beside each; n = 0 is an opinion of ours.
// Pure; any thread.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/brief.h"
#include "report/event_counts.h"

namespace ante {

inline constexpr std::size_t kNeedsListed = 100;    // and data gaps; the rest is counted
inline constexpr std::uint64_t kNeedAskedMin = 30;  // people asked, below: a hint only

struct RankedNeed {
  std::string brief;
  BriefNeed need;
  double opportunity = 0;
};
double opportunity_of(const BriefNeed& need);
// Largest opportunity first; the same whatever the order of the briefs.
std::vector<RankedNeed> rank_needs(std::span<const Brief> briefs);
std::string needs_to_json(std::span<const RankedNeed> needs);

enum class DataState : std::uint8_t {
  kHad = 1,           // said to be had, and nothing speaks against it
  kNeverArrived = 2,  // said to be had, but its event never came
  kObtainable = 3,
  kOutOfReach = 4,
};
const char* to_string(DataState state);

struct DataNeed {
  std::string brief, decision;
  BriefSource source;
  DataState state = DataState::kHad;
  std::optional<TimeMs> last_ms;  // when its event last came
};
using EventLookup = std::function<std::optional<EventCount>(std::string_view)>;
// Gaps before what is had; within both what is worth most first.
std::vector<DataNeed> data_needs(std::span<const Brief> briefs, const EventLookup& event);
std::string data_gaps_to_json(std::span<const DataNeed> data);

}  // namespace ante
