// The fold behind the figures of the bet: what was served instead of what, and what came of it.
//
// In:   the log in commit order (decisions, slots), and the joiner's matured rows.
// Out:  FigureSums of each slot, and of each bet that a decision was treated by or left alone for.
//
// A row is told apart by what its decision was: a number, two groups and a side are kept of each
// decision until its window has closed, at most kPendingDecisionsMax. Rows whose decision is not
// known are counted and left out. Nothing is kept of a person: a row adds to one of kPersonGroups
// groups of people by its hash, which is enough to know how much people differ.
// Limits: kSlotsMax slots and kFigureBetsMax bets, those not seen for longest go first; items as in
// report/figure_items.h, and kFigureItemsTotalMax in all tables together (about 80 MB): beyond it a
// table that has more than its part drops its least used half.
// Rows wait until the commit that brought them is consumed, so that the state is the same whether a
// commit's records go through the joiner and this one by one or all at once. This stands after the
// joiner. save() between commits only.
// One thread at a time. docs/decisions/0064-figures.md.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/decision.h"
#include "domain/record.h"
#include "report/figure_items.h"
#include "reward/reward_row.h"
#include "reward/slot_goals.h"

namespace ante {

inline constexpr std::size_t kFigureBetsMax = 1000;
inline constexpr std::size_t kFigureItemsTotalMax = 400'000;
inline constexpr std::size_t kFigureItemsPart = 128;  // of a table, whatever the others hold
inline constexpr std::size_t kFigureMonthsMax = 60;
inline constexpr std::size_t kFigureDaysMax = 1100;  // of a slot's decisions by day; older go
inline constexpr std::size_t kPersonGroups = 64;

// How far a decision went for this person; computed, not declared.
enum class Level : std::uint8_t {
  kNone = 0,       // the safe default, or what everybody gets
  kMerge = 1,      // the same content with their name in it; nothing makes it yet
  kSegment = 2,    // chosen by the rule of a bet's audience only
  kCluster = 3,    // by a model of people like them
  kIndividual = 4  // by a model of this person in this situation
};
inline constexpr std::size_t kLevels = 5;
Level level_of(const Decision& decision);
// Whether another list was served than the safe default, or the beginning of it.
bool differs_from_general(const Decision& decision);

struct Exposures {
  std::uint64_t shown = 0, hits = 0;  // matured places, and those with a reward above 0
};
using ExposuresByGroup = std::array<Exposures, kPersonGroups>;

// Matured first places of drawn decisions.
struct DrawnTotals {
  std::uint64_t n = 0;
  double r = 0, rr = 0;
};

// Decisions of one day, UTC.
struct DayDecisions {
  std::uint32_t all = 0, treated = 0;
  friend bool operator==(const DayDecisions&, const DayDecisions&) = default;
};

// What is summed of one slot or bet. "Treated" leaves out who is held out (or the bet's control),
// and decisions that no bet stood open to.
struct FigureSums {
  std::string name;
  TimeMs last_ms = 0;
  std::uint64_t decisions = 0;  // of every kind
  std::array<std::uint64_t, kOutcomeCount> outcomes{};
  std::array<std::uint64_t, 4> rungs{};
  std::map<std::int32_t, std::array<std::uint64_t, kLevels>> months;  // since January 1970, UTC

  std::uint64_t treated = 0, personal = 0;
  // Treated decisions beside the one before them in the log, of somebody else, neither explored.
  std::uint64_t neighbours = 0, neighbours_different = 0;
  std::uint64_t last_list = 0;
  std::uint8_t last_group = kPersonGroups;  // kPersonGroups: none yet

  std::uint64_t acting = 0;  // treated, and free to bet or abstain
  std::uint64_t abstained = 0, abstained_places = 0;
  double attention_saved = 0, miss_saved = 0, creep_saved = 0;
  // Of those placed (acting, not abstained): their prices when they were placed; of the explored
  // among them, what the model expected exploring to lose.
  std::uint64_t explored = 0;
  double attention_spent = 0, miss_spent = 0, creep_spent = 0, exploring_spent = 0;
  std::int32_t first_day = 0;      // since 1970, UTC; of a slot
  std::vector<DayDecisions> days;  // from there on; of a slot

  std::uint64_t places = 0, places_different = 0;  // served, and not what stands there in general
  std::uint64_t places_general = 0;                // served items that the safe default has too
  std::uint64_t displaced = 0, replacing = 0;
  std::uint64_t first_places = 0, candidates = 0;

  ExposuresByGroup treated_seen{}, general_seen{};
  std::array<DrawnTotals, 2> drawn;  // by half of the persons
  ItemTable items;
};

class FiguresFold {
 public:
  void consume(const CommittedRecord& record);
  void matured(const RewardRow& row);
  void commit_consumed();

  // Null: nothing was decided for it.
  const FigureSums* slot(std::string_view name) const;
  const FigureSums* bet(std::string_view id) const;
  // Of every slot that was decided for, also of one that is no more.
  std::map<std::string, std::uint64_t> decisions_by_slot() const;
  std::uint64_t rows_unseen() const { return rows_unseen_; }
  std::size_t pending() const { return pending_.size(); }
  std::size_t items() const { return items_; }

  std::string save() const;
  Result<void> load(std::string_view bytes);

 private:
  enum class Side : std::uint8_t { kNone = 0, kTreated = 1, kGeneral = 2 };
  using Groups = std::map<std::uint64_t, FigureSums>;
  struct Pending {
    std::uint64_t slot = 0, bet = 0;  // keys of the groups; 0 = none
    Side slot_side = Side::kNone, bet_side = Side::kNone;
    bool drawn = false;
    TimeMs closes_ms = 0;
  };
  struct Matured {
    DecisionId decision;
    ItemKey item;
    double reward = 0;
    float propensity = 1;
    std::uint8_t position = 1, group = 0;
  };

  static Side slot_side(const Decision& decision);
  static Side bet_side(const Decision& decision);
  void decided(const Decision& decision);
  void forget_closed();
  void keep(DecisionId id, const Pending& pending);
  FigureSums& open(Groups& groups, std::size_t groups_max, std::uint64_t key, std::string_view name,
                   TimeMs at_ms);
  ItemFigures& item(FigureSums& sums, ItemKey key);
  void count(FigureSums& sums, Side side, const Decision& decision);
  void count_treated(FigureSums& sums, const Decision& decision);
  void count_places(FigureSums& sums, const Decision& decision);
  void count_row(FigureSums& sums, Side side, bool drawn, const Matured& row);

  SlotGoals goals_;
  Groups slots_, bets_;
  std::map<DecisionId, Pending> pending_;  // by time
  std::set<std::pair<TimeMs, DecisionId>> closing_;
  std::vector<Matured> matured_;  // of this commit
  std::size_t items_ = 0;         // in all tables
  std::uint64_t rows_unseen_ = 0;
  TimeMs now_ms_ = 0, forget_until_ms_ = 0;
};

}  // namespace ante
