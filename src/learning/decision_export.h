// Decisions with their propensities as NDJSON: the log that any other tool can read.
//
// In:   the log, which decisions, and how items are called. Out: a page of lines as
//       docs/formats/decision-log.md states them, which learning/bandit_log.h reads again.
//
// A decision that the policy did not draw (the holdout, a failure, …) is a line too, marked,
// without actions and without a reward to evaluate. A reward that is not known is null, never 0. No
// line names a person, by whatever id, or what they typed. Any thread.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "learning/settled_decisions.h"

namespace ante {

// A page ends with whichever comes first; the rest is asked for with DecisionPage::next.
inline constexpr std::size_t kExportDecisionsMax = 10'000;
inline constexpr std::size_t kExportPageBytesMax = 64u << 20;  // and one line over it

// The id of an item; empty when it is not known any more: it is then named by its key.
using ItemNames = std::function<std::string_view(ItemKey item, const Slot* slot)>;

struct ExportLimits {
  std::size_t decisions = kExportDecisionsMax;
  std::size_t bytes = kExportPageBytesMax;
};

struct DecisionPage {
  std::string lines;
  std::uint64_t decisions = 0, evaluable = 0;  // lines; with a reward that can be evaluated
  std::uint64_t unreadable = 0;                // passed over
  std::optional<LogPlace> next;                // none: this was the last page
};

// Reads the log once for each page. The errors of Store::scan_log.
Result<DecisionPage> export_decisions(const Store& store, const DecisionsWanted& wanted,
                                      const ItemNames& names, const ExportLimits& limits = {});

// A place of the log as the text of a cursor, and back. kInvalidArgument: it is none.
std::string to_cursor(const LogPlace& place);
Result<LogPlace> parse_cursor(std::string_view text);

}  // namespace ante
