// The figures of the bet: how far it goes, whether it hits, and what it costs, for a slot or a bet.
//
// In:   the log in commit order (LogConsumer) and the joiner's matured rows (RewardSink).
// Out:  FiguresSummary of a slot or a bet; as JSON and in words: report/figures_text.h.
//
// One thread follows the log, the joiner first, whose sink this is; slot() and bet() by any. What
// is counted of what was served has no error: its interval says how far it tells of what the slot
// does. Hit rates are compared by arm, whatever was served there, and their intervals stand on
// groups of persons, so that a person who comes often does not make them too narrow; they are for
// one look. The regret's are for every look.
// docs/decisions/0064-figures.md.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/log_consumer.h"
#include "report/estimate.h"
#include "report/figures_fold.h"
#include "report/regret.h"
#include "reward/reward_row.h"

namespace ante {

inline constexpr std::uint64_t kFigureHitsMin = 25;  // in each arm, before hit rates are compared
inline constexpr std::size_t kMovedItemsListed = 10;

struct MonthLevels {
  std::int32_t month = 0;  // since January 1970, UTC
  std::array<std::uint64_t, kLevels> decisions{};
};

struct MovedItem {
  ItemKey item;
  std::uint64_t count = 0;
  double share = 0;  // of all that was displaced, or that replaced it
};

struct FiguresSummary {
  bool of_bet = false;
  std::string name;
  std::uint64_t decisions = 0, treated = 0;
  std::vector<MonthLevels> months;
  std::array<std::uint64_t, kOutcomeCount> outcomes{};
  std::array<std::uint64_t, 4> rungs{};

  Estimate individualization;  // of treated decisions
  Estimate abstention;         // of treated decisions that were free to bet
  double attention_saved = 0, miss_saved = 0, creep_saved = 0;  // reward not spent by abstaining
  std::uint64_t places_saved = 0;
  std::uint64_t placed = 0, explored = 0;  // bets, and those of them that were explored
  double attention_spent = 0, miss_spent = 0, creep_spent = 0;  // reward, their prices then
  double exploring_spent = 0;      // reward that the model expected exploring to lose
  std::int32_t first_day = 0;      // of `days`, since 1970, UTC
  std::vector<DayDecisions> days;  // of a slot

  Estimate missile;
  double share_different = 0;  // of served places
  Exposures treated_seen, general_seen;
  Estimate snap_treated, snap_general;  // exposures a hit
  Estimate hedging, divergence;

  std::uint64_t places = 0, displaced = 0, replacing = 0;
  std::vector<MovedItem> displaced_items, replacing_items;
  Regret regret;
};

FiguresSummary summarize(const FigureSums& sums);

class Figures final : public LogConsumer, public RewardSink {
 public:
  Figures();
  ~Figures() override;

  // kNotFound: nothing was decided for it yet.
  Result<FiguresSummary> slot(std::string_view name) const;
  Result<FiguresSummary> bet(std::string_view id) const;
  // How many were made for each slot, also for one that is no more.
  std::map<std::string, std::uint64_t> decisions_by_slot() const;
  // Matured rows whose decision was not known: they are in no figure.
  std::uint64_t rows_unseen() const;

  void matured(const RewardRow& row) override;

  std::string_view name() const override { return "figures"; }
  void consume(const CommittedRecord& record) override;
  void commit_consumed(Commit) override;
  std::string save() const override;
  Result<void> load(std::string_view bytes) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ante
