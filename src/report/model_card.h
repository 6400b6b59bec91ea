// The card of what decides in a slot: what it optimizes and what it does not see, what it is made
// of, how true it was, for whom it does worse, and what may not be concluded from it.
//
// In:   the slot, the model and policy that are live, what was measured. Out: JSON and lines. All
//       of it comes from the state it is asked for: nothing is claimed of models in general.
// Pure; any thread. docs/decisions/0078-losers-and-conflicts.md.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/slot.h"
#include "report/calibration.h"
#include "report/figures.h"
#include "report/lift.h"
#include "report/losers.h"

namespace ante {

struct CardQuestion {
  Slot slot;
  std::uint64_t model_version = 0, model_rows = 0;  // 0 = the prior: nothing was learned yet
  std::uint32_t policy_version = 0;
  std::vector<std::string> features, sources;  // by their names
  LiftSummary lift;
  std::optional<FiguresSummary> figures;  // none: nothing was decided yet
  LosersReport cells;                     // of this slot
  Calibration odds;                       // of what the model said of bets; n 0: nothing settled
  std::optional<Verdict> readers;         // of what readers themselves get; none: not measured
};

struct ModelCard {
  std::string slot, sentence;
  std::vector<std::string> optimizes, ignores, uses, trained, policy, calibration, worse_for,
      limits;
  CardQuestion facts;
};

ModelCard model_card(CardQuestion question);

// `{slot, sentence, optimizes: {words, goal, outcomes, windowMs}, ignores: {words}, uses: {words,
// features, sources}, trained: {words, model, rows, since}, policy: {words, version, stake},
// calibration: {words, ...}, worseFor: {words, groups}, lift: {...}, limits: {words}}`.
std::string to_json(const ModelCard& card);

}  // namespace ante
