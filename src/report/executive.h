// One page for who pays for it: what works, what does not, what it needs, what it costs.
//
// In:   lift, scale and worth of every slot, the losers, the ledger of all; where metrics move
//       apart and what the supply of content says, where somebody knows. Out: a few sentences in
//       plain words, as lists and as one screen. Slots that nobody came by are left out, but for
//       those that are shut. No number stands without those left alone that it is held against.
//       Pure; any thread.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/conflicts.h"
#include "report/losers.h"
#include "report/scale.h"
#include "report/worth.h"

namespace ante {

inline constexpr std::size_t kScreenColumns = 80, kScreenLines = 24;

struct ExecutiveSlot {
  LiftSummary lift;
  Scale scale;
  // What readers themselves get, against those left alone; none: not measured. Where they lose, it
  // does not work, whatever it earns.
  std::optional<Verdict> readers;
  std::string readers_sentence;
  std::uint64_t decisions = 0;  // made for it so far, whoever is compared
  std::string fell_back;        // why it went back to its safe default by itself; empty: it did not
  std::string shadow;           // why it only watches, as in "since it …"; empty: bets are open
};

struct ExecutiveQuestion {
  std::vector<ExecutiveSlot> slots;
  LosersReport losers;
  Worth all;
  ConflictReport conflicts;
  std::string supply;                // a sentence; empty: not measured
  std::uint64_t decisions_gone = 0;  // of slots that are no more
};

struct ExecutivePage {
  std::string sentence;
  std::vector<std::string> works, does_not, needs, costs;
};

ExecutivePage executive_page(const ExecutiveQuestion& question);
// At most kScreenLines lines of at most kScreenColumns characters.
std::vector<std::string> screen_of(const ExecutivePage& page);

// `{sentence, works: [...], doesNot: [...], needs: [...], costs: [...], screen: [...]}`.
std::string to_json(const ExecutivePage& page);

}  // namespace ante
