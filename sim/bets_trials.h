// Worlds in which it is known what a bet is worth: does the engine stop where betting stops paying,
// leave alone whom it harms, say true odds, and go back where it loses?
//
// In:   a specification with a seed. Out: what the engine did, beside what was planted.
// Each world is played through the whole engine (sim/bets_town.h). One thread.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "report/calibration.h"

namespace ante::sim {

// Break-even. Cards with chances from well below to well above the one at which
//   value x (p - safe_chance) = attention + annoyance x (1 - p).
// Somebody asks with the `equals` cards of one chance and the safe default in hand.
struct BreakEvenSpec {
  std::uint64_t seed = 1;
  double value = 1, annoyance = 0, attention = 0, safe_chance = 0.001;
  std::size_t rungs = 13;  // different chances, evenly in logarithm, from 1 / spread to spread
  double spread = 1.4;     // times the break-even
  std::size_t equals = 1;  // cards of the same chance, offered together
  // Before, each card is the safe default so often, …
  std::size_t shown_before = 20'000;
  // … then it is what may be shown instead.
  std::size_t visits_a_rung = 1000;
  double explored = 0.1;  // the slot's stake
};
double break_even(const BreakEvenSpec& spec);

struct BreakEvenRun {
  double planted = 0;
  // The chance from which on half of the decisions are bets, over the last half of the visits …
  double found = 0;
  // … and where half would be if the mean gain alone had to cover the cost.
  double found_by_mean = 0;
  double stated_at_planted = 0;  // the model's chance over the true one, of rungs near the planted
  double sd_at_planted = 0;      // the model's, as a share of the chance
  std::vector<double> bets;      // share of bets by rung, lowest chance first
};
BreakEvenRun run_break_even(const BreakEvenSpec& spec);

// Sameness. Items differ, persons do not but in how much they click; some come back.
struct SameSpec {
  std::uint64_t seed = 1;
  std::size_t items = 20, decisions = 20'000, asked = 1000, looks = 5;
  double stake = 0.05, spread = 0.3;  // sd of the logarithm of their chances
  double returns = 0.3;               // share of visits by somebody who was here before
  bool best = false;  // the safe default is what is popular, not a fixed item of the middle
};
struct SameRun {
  std::vector<double> shares;  // of those asked at a look, whose greedy choice is the commonest
  double bets = 0;             // share of them that are bets
  double best_rank = 0;        // of the commonest choice at the last look: 0 = the truly best
  double mean() const;
  double worst() const;
};
SameRun run_same(const SameSpec& spec);

// Sleeping dogs. A bet on everybody; who comes from social does the goal less when talked to.
struct HarmSpec {
  std::uint64_t seed = 1;
  std::size_t persons = 30'000, asked = 2000;
  double baseline = 0.1, harmed = -0.05, others = 0.03;  // effects
};
struct HarmRun {
  double harmed_left_alone = 0, others_left_alone = 0;  // as sleeping dogs, of those asked
  double others_any = 0;                                // for any learned reason
  std::size_t harmed = 0, others = 0;
};
HarmRun run_harm(const HarmSpec& spec);

// Stated odds. Bets with relative effects from a distribution, in rounds of many at once.
enum class Effects : std::uint8_t {
  kAsDefault,  // N(0, .1²)
  kSmall,      // N(0, .02²)
  kBad,        // N(-.05, .05²)
  kNone,
  kRareWins,  // one in five +.2
  kTwoSided,  // ±.1
  kHeavy,     // .05 x Student's t with 3 degrees
  kSkewed,    // .1 x (exponential - 1)
};
inline constexpr std::array kAllEffects = {
    Effects::kAsDefault, Effects::kSmall,    Effects::kBad,   Effects::kNone,
    Effects::kRareWins,  Effects::kTwoSided, Effects::kHeavy, Effects::kSkewed};
std::string_view to_string(Effects effects);
struct OddsSpec {
  std::uint64_t seed = 1;
  Effects effects = Effects::kAsDefault;
  std::size_t rounds = 10, bets_a_round = 40;
  std::size_t persons_min = 400, persons_max = 1600;  // of a bet, log-uniform
};
struct OddsRun {
  std::vector<StatedOdds> stated;  // that were settled
  std::size_t settled = 0, paid = 0;
  double error = 0;         // expected calibration error
  double chance_error = 0;  // mean of it if each bet had paid with its stated odds
  double z = 0;             // standard normal if they had
};
OddsRun run_odds(const OddsSpec& spec);

// The stake ledger in the live path: decisions, joins and ledgers, a frozen ranker that says the
// truth or its reverse, rewards that come with the slot's window.
struct LedgerSpec {
  std::uint64_t seed = 1;
  double default_mean = 0.1, allowed_loss = 0.05;
  // Chances of the items as shares of the first one's, which is the safe default.
  std::vector<double> worths = {1, 0.2, 0.6, 1.2};
  bool reversed = true;  // the worst is said to be the best
  std::size_t rounds = 50'000;
};
struct LedgerRun {
  bool kept = true;       // true means served >= (1 - allowed loss) x the default's, at every round
  double lowest = 1;      // the least ratio of them
  double gain_share = 0;  // of what always serving the best would have gained
  double risked = 0;      // share of rounds
};
LedgerRun run_ledger(const LedgerSpec& spec);

// A slot against its holdout. What is shown is clicked more than the safe default, and takes
// `elsewhere` from what people click besides, which no model sees but the holdout does.
struct FallSpec {
  std::uint64_t seed = 1;
  std::size_t persons = 6000, peek = 300;
  double holdout = 0.2;
  double shown = 0.25, safe = 0.1;                   // chances of a click
  double elsewhere = 0.05, elsewhere_of_safe = 0.3;  // of one besides
};
struct FallRun {
  bool fell = false;
  std::size_t persons_then = 0;
  std::size_t bets_after = 0, decisions_after = 0, fallbacks_after = 0;
  double treated_bets = 0;  // share of treated decisions before that were bets
};
FallRun run_fall(const FallSpec& spec);

}  // namespace ante::sim
