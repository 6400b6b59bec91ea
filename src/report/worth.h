// Is it worth the money? What personalising brought against the holdout, less what it costs.
//
// In:   of each slot its lift, who entered when, what decisions spent (report/figures.h), what a
//       unit of its reward is worth; the costs that people entered.
// Out:  a ledger for each slot and one of all: gain with interval, each cost, net with interval,
//       the day it breaks even, and whether to stop; with a sentence.
//
// gain = (treated - holdout, a person) x treated persons x margin, its interval that of the lift's
// sequence; a margin known only from smallestMargin on widens it. It is what is left after
// exploring and without those held out, so what these two forwent is told and not taken off again.
// Taken off: entered costs by the day up to now, and annoyance (the slot's own prices of what was
// placed) at the margin.
// paying: even the lower end is above the costs. Stop: even the upper end is below them, also if
// every later visit of a person brought as much as the first window, which is all that the lift
// counts. Nobody's own result may be losing where it pays.
// Break-even: the first day from which the sum stays above 0; ahead, at the pace of the last
// kPaceDays; said as a fact only where also the lower end is there. "In all" adds slots (their
// intervals end by end: right however they go together). Slots that count the same outcome are not
// added: of them stands the gain with the largest lower end, as the least that is proven, and each
// that is below 0; the costs of all count, and for a stop the upper ends of all. Slots that are no
// more have their costs, and no gain.
// Pure; any thread. docs/decisions/0077-worth-it-ledger.md.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/cost.h"
#include "report/figures_fold.h"
#include "report/lift.h"

namespace ante {

inline constexpr std::int32_t kPaceDays = 28;
inline constexpr std::int32_t kLedgerDaysMax = 3653;      // what was paid before counts as of then
inline constexpr std::int32_t kBreakEvenDaysMax = 36525;  // later is never

// What is known of one slot.
struct SlotBooks {
  std::string slot;
  bool gone = false;   // deleted; without lift and worth
  bool sends = false;  // mails or pushes: a treated decision is a message
  DurationMs window_ms = kDayMs;
  std::vector<std::string> outcomes;  // what counts there, to tell that two slots count the same
  LiftSummary lift;
  std::int32_t first_day = 0;  // of `entered`, since 1970, UTC
  std::vector<std::uint32_t> entered;
  std::int32_t first_decision_day = 0;
  std::vector<DayDecisions> decisions;
  std::uint64_t placed = 0, explored = 0;
  double annoyance = 0, exploring = 0;  // in reward
  std::optional<SlotWorth> worth;
  std::optional<Verdict> readers;  // of what readers themselves get; none: not measured
};

struct LedgerQuestion {
  std::vector<SlotBooks> slots;
  std::vector<Cost> costs;
  TimeMs now_ms = 0;
};

enum class WorthVerdict : std::uint8_t {
  kNotPriced,    // what a unit is worth is not known
  kTooEarly,     // it could be either way
  kReadersLose,  // it would pay, and readers get less of what they came for
  kStop,
  kPaying,
  kGone,  // a slot that is no more
};
const char* to_string(WorthVerdict verdict);

struct CostLine {
  std::string id;    // of an entered cost; empty = kept by the engine
  std::string kind;  // as entered, or annoyance, exploring, holdout
  std::string slot;  // empty = of all
  double amount = 0;
  std::optional<Interval> interval;
  std::uint64_t n = 0;   // decisions, messages or persons it is made of; 0 = of none
  bool in_gain = false;  // the gain has it missing already: not taken off again
  std::string note;
};

struct BreakEven {
  bool reached = false;                               // also at the lower end
  std::optional<std::int32_t> day, earliest, latest;  // since 1970, UTC; none = never, as it goes
};

struct Worth {
  std::string slot;  // empty = in all
  std::string currency;
  std::uint64_t treated = 0, holdout = 0;
  double repeats = 1;  // windows a treated person may have had, of which the gain counts the first
  std::optional<double> gain, net;
  std::optional<Interval> gain_interval, net_interval;
  // Slots that count the same outcome, so that their gains cannot be added, and those of them whose
  // gain stands in the sum: the sum is what is proven at least. Both empty: gains were added.
  std::vector<std::string> sharing, standing;
  double cost = 0;  // what is taken off
  std::vector<CostLine> costs;
  std::optional<double> net_a_day;
  BreakEven break_even;
  std::optional<Verdict> readers;
  // What one more decision costs, in reward; 0 when not priced and nothing else is known.
  double cost_a_decision = 0;
  WorthVerdict verdict = WorthVerdict::kNotPriced;
  std::string sentence;
};

struct WorthReport {
  std::vector<Worth> slots;  // of those that are gone only the ones that cost something
  Worth all;                 // costs of slots by their kinds, and one by one those of no slot
};

// Costs of slots that are not among the question's stand in `all` only.
WorthReport worth_it(const LedgerQuestion& question);

std::string to_json(const Worth& worth);
// `{slots: [...], all: {...}, sentence}`.
std::string to_json(const WorthReport& report);

}  // namespace ante
