// Who is helped by a bet, who is not moved by it, and who is harmed: the effect by traits.
//
// In:   persons with their traits, the side chance put them on, the chance, and what came of it.
// Out:  an immutable model of tau(x) = E[Y | treated, x] - E[Y | control, x] with its interval and
//       of the outcome without the bet, and whom to leave alone (Exclusion).
//
// UpliftLearner holds exact integer sums by combination of traits, so the order of persons does not
// matter, sums of two parts can be merged, an outcome that comes late can be replaced, and a
// rebuild gives the same bits. One thread at a time. Memory: 300 bytes for each combination that
// occurred, at most 23,040 of them.
//
// The model is the R-learner (Nie & Wager 2021, "Quasi-oracle estimation of heterogeneous treatment
// effects", Biometrika 108): minimise sum of [(Y - m(x)) - (W - e) tau(x)]^2 / v(x) with the chance
// e that is known by design, so neither a chance that changes between persons nor outcomes that
// drift meanwhile can bias tau. m, v and the outcome without the bet are ridge regressions on the
// levels. tau has an effect for each level and for the pairs of traits that the data call for, each
// trait's and pair's effects drawn to 0 as much as the evidence says (math/group_ridge.h): where
// nobody differs, everybody gets the average effect. Intervals are a sandwich (White 1980): the
// noise as it was seen, plus what being drawn to 0 may hide. Why, and what was measured:
// docs/decisions/0063-uplift.md.
//
// Who is left alone is no longer compared, so go on treating a small known share of them: what was
// wrongly learned of them is then corrected.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "domain/decision.h"
#include "domain/traits.h"
#include "math/statistics.h"

namespace ante {

// Before these, in each arm, nothing is said of anybody.
inline constexpr std::uint64_t kUpliftPersonsMin = 500;
inline constexpr std::uint64_t kUpliftConversionsMin = 100;
// Half an interval, in standard errors; chosen by simulation so that sleeping dogs are found,
// nobody else is taken for one, and tau(x) is covered for 95 of 100 persons although the data have
// chosen the regression.
inline constexpr double kUpliftDeviations = 2.4;
inline constexpr std::size_t kUpliftPairsMax = 3;  // pairs of traits that may act together
// How much likelier (in logarithm) the data must be with a pair than without it.
inline constexpr double kUpliftPairEvidence = 2;

// Immutable; any thread. A query is one look into a table of all combinations (270 kB): well under
// a microsecond. Copying copies the table.
class UpliftModel {
 public:
  struct Effect {
    double value = 0, low = 0, high = 0;  // tau(x)
    double baseline = 0;                  // E[Y | control, x]
  };
  struct Entry {
    float value = 0, half_width = 0, baseline = 0;
  };
  using Pairs = std::vector<std::pair<Trait, Trait>>;

  // Nothing is known of anybody.
  UpliftModel() = default;
  // REQUIRES an entry for each combination (trait_combination), average finite.
  UpliftModel(std::vector<Entry> table, Pairs pairs, double average);

  // Were there enough persons and conversions in each arm to say anything?
  bool ready() const { return !table_.empty(); }
  // Nothing when not ready(). REQUIRES valid(traits).
  std::optional<Effect> effect(const Traits& traits) const;

  // Whom to leave alone:
  //   kSleepingDog  the interval's upper end of tau(x) is below 0: they do it less when talked to;
  //   kSureThing    the upper end of goal_value x tau(x) is below the contact's cost, and they do
  //                 it by themselves at least as much as the average person left alone: the contact
  //                 buys what comes anyway;
  //   kLostCause    the same with less than the average: the contact buys nothing.
  // Sleeping dogs come first. Anything else, and everybody while not ready(), is kNone: before
  // kUpliftPersonsMin persons and kUpliftConversionsMin outcomes in each arm nobody is left alone.
  // "High" is relative to the audience's own average because goals differ in how rare they are, and
  // because both are left alone: the word only says why.
  // REQUIRES valid(traits), contact_cost >= 0, goal_value > 0, both finite.
  Exclusion exclusion(const Traits& traits, double contact_cost, double goal_value) const;

  double average() const { return average_; }    // of E[Y | control] over all persons; 0 not ready
  const Pairs& pairs() const { return pairs_; }  // whose combinations have effects of their own

 private:
  std::vector<Entry> table_;
  Pairs pairs_;
  double average_ = 0;
};

// What is kept of all persons of one combination of traits. d = W - e in ten-thousandths, y in
// millionths: products of powers of both, summed over persons of both arms unless it says so.
struct UpliftSums {
  enum Sum : std::uint8_t { kY, kControlY, kD, kD2, kD3, kD4, kDY, kD2Y, kD3Y, kD2Y2 };
  static constexpr std::size_t kSums = 10;

  std::array<std::uint64_t, 2> persons{}, conversions{};  // control, treated
  std::array<WideInteger, kSums> sum{};
  friend bool operator==(const UpliftSums&, const UpliftSums&) = default;
};
using UpliftCells = std::map<std::uint16_t, UpliftSums>;  // by trait_combination

class UpliftLearner {
 public:
  // A person of the comparison, once. `treated_share` is the chance with which they were treated,
  // kept to a ten-thousandth (kBuckets). Conversions are outcomes other than 0.
  // REQUIRES valid(traits), 0 < treated_share < 1, |outcome| <= 1e6 (OutcomeSums's limit, in
  // units; kept to a millionth), and at most 2^20 persons with outcomes of that size.
  void add(const Traits& traits, bool treated, double treated_share, double outcome);
  // The same person has another outcome now: as if it had been added so. REQUIRES the first four
  // as they were added, and outcomes as above.
  void replace(const Traits& traits, bool treated, double treated_share, double old_outcome,
               double new_outcome);
  void merge(const UpliftLearner& other);

  // Fits. Some 50 ms for 30,000 persons; equal sums give equal bits.
  UpliftModel model() const;

  std::uint64_t persons(bool treated) const;
  std::uint64_t conversions(bool treated) const;

  std::string save() const;
  // kDataLoss: damaged, or of a later format; the learner is then as before.
  Result<void> load(std::string_view bytes);
  friend bool operator==(const UpliftLearner&, const UpliftLearner&) = default;

 private:
  UpliftCells cells_;
};

}  // namespace ante
