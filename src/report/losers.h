// Who is worse off, and where it works: slots, bets and groups of people against those left alone.
//
// In:   the trials of slots and bets with their people by the levels of their traits, and what a
//       decision costs there at least.
// Out:  the where-map, a cell for each slot and bet and each group in it: works, neutral, harms or
//       unproven; the losers, by how much was lost so far; what switches them off.
//
// A cell is read from kConversionsMin conversions in each arm on, and not where the split alarm
// stands. Its interval is a confidence sequence, since the page is read every day; its p comes of
// the same sequence (math/statistics.h), and q-values over all cells keep the expected share of
// false findings at kCellRate, however much cells overlap. Harms: q <= kCellRate and below 0. A
// cell whose gain is credibly below what a single decision costs is switched off too. Groups of a
// trait have each person once, so what is of one trait shows, weaker, in others that go with it.
// Commands can be run one after the other, as they stand in the map: a slot's folds the bets in it
// first, and what is inside of something that is switched off has none of its own.
// Pure; any thread. docs/decisions/0078-losers-and-conflicts.md.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/bet.h"
#include "domain/slot.h"
#include "report/lift.h"

namespace ante {

inline constexpr double kCellRate = 0.05;             // of findings that may be false
inline constexpr std::size_t kMapCellsListed = 5000;  // in JSON
inline constexpr DurationMs kSwitchedOffMs =
    90 * kDayMs;  // a group, by the bet that leaves it alone

// A slot against its holdout, or a bet against those of its audience left alone. Borrows both.
struct MapTrial {
  const Slot* slot = nullptr;
  const Bet* bet = nullptr;  // null: the slot
  LiftSummary lift;
  SlotLift sums;
  double cost_a_decision = 0;  // in reward, at least
};

enum class CellVerdict : std::uint8_t { kUnproven, kWorks, kNeutral, kHarms };
const char* to_string(CellVerdict verdict);

struct MapCell {
  std::string slot, bet, trait, level;  // no bet: the slot; no trait: everybody
  std::uint64_t treated = 0, holdout = 0;
  double holdout_mean = 0;
  std::optional<double> difference;  // treated - holdout, a person
  Interval interval;                 // of it, at every look; of no meaning without a difference
  double p = 1, q = 1;
  double cost = 0, cost_q = 1;  // what a decision costs, and how sure the gain is below it
  CellVerdict verdict = CellVerdict::kUnproven;
  bool switch_off = false;  // and is not yet
  std::string advice;       // a sentence; empty: nothing to do
  std::string command;      // what switches it off; empty: another cell's does, or it is off

  double lost() const { return difference ? -*difference * static_cast<double>(treated) : 0; }
};

// Whom everybody's favourite leaves worse off: of a slot whose safe default is the best single
// action, the people of one trait in whose groups personalising credibly does better than it. At
// least so many: groups by other traits, and people within a group, may differ too.
struct CrowdHarm {
  std::string slot, trait;
  std::vector<std::string> levels;
  std::uint64_t worse_off = 0, people = 0;
  double share = 0;
  std::string sentence;
};

struct LosersReport {
  std::vector<MapCell> map;      // as the trials came, everybody before groups
  std::vector<MapCell> losers;   // those that harm, most lost first
  std::vector<CrowdHarm> crowd;  // a slot the trait that shows most
  std::size_t tested = 0;
  std::string sentence;
};

// `now_ms`: when a bet that leaves a group alone would begin.
LosersReport losers(const std::vector<MapTrial>& trials, TimeMs now_ms);

// "home, visits: first".
std::string name_of(const MapCell& cell);
// "−12.1 % (−20 % to −4 %)" of the holdout's mean, or in reward.
std::string size_of(const MapCell& cell);

// `{sentence, losers: [...], crowd: [...], map: [...], tested, rate, confidence, leftOut}`.
std::string to_json(const LosersReport& report);

}  // namespace ante
