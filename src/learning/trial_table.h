// A randomised trial in a file: one row a person, with the arm they were drawn to, what came of it,
// and what was known before.
//
// In:   the bytes of a CSV with a header, and which columns are which. Out: arms, outcomes and
//       features; text columns are categories, a number with few values too.
//
// Pure functions; any thread. Errors (kInvalidArgument) say what is wrong with which column or line
// and what to do. Nothing is repaired in silence: rows that cannot be read are counted, and above
// one in a hundred they stop the reading.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ante {

inline constexpr std::size_t kTrialRowsMin = 100;
inline constexpr std::size_t kTrialRowsMax = 5'000'000;
inline constexpr std::size_t kTrialArmsMax = 20;
inline constexpr std::size_t kTrialFeaturesMax = 100;
inline constexpr std::size_t kTrialLevelsMax = 50;  // of a category; more: left out
inline constexpr std::size_t kTrialFewNumbers = 8;  // at most so many values: levels
// Outcomes, features, cost and value: what is larger cannot be squared and added with its digits.
inline constexpr double kTrialNumberMax = 1e15;
// Outcomes differ by at least this share of the largest, and by 1 / kTrialNumberMax.
inline constexpr double kTrialSpreadMin = 1e-6;
inline constexpr double kTrialBrokenShareMax = 0.01;  // of rows
// A column differs between arms beyond chance if its p is below both: of one column, and of all
// columns of the file together, so that a trial drawn by chance is seldom doubted.
inline constexpr double kTrialImbalanceP = 1e-4;
inline constexpr double kTrialImbalanceShare = 0.005;
// R^2 of the outcome by one column from which on the column was written with the outcome, or the
// outcome was known before.
inline constexpr double kTrialOutcomeKnownShare = 0.9;

struct TrialColumns {
  std::string file;  // for messages
  std::string treatment, outcome;
  std::optional<std::string> control;     // its label; none: guessed from the labels
  std::vector<std::string> features;      // empty: every other column that is fit for it
  std::optional<std::string> treated_at;  // times; none: columns called TREATMENT_at, treated_at,
  std::optional<std::string> outcome_at;  // OUTCOME_at, outcome_at, if both are there
};

struct TrialFeature {
  std::string name;
  bool is_category = false;
  std::vector<std::string> level_names;  // of a category, by first sight
  std::vector<std::uint32_t> levels;     // a category's level of each row
  std::vector<double> numbers;           // else; NaN where the field is empty
};

struct LeftOutColumn {
  std::string name, why;
  // Nobody said that it came after the treatment: then the arms may not have been drawn at random.
  bool differs_by_arm = false;
};

struct TrialTable {
  std::vector<std::string> arms;   // arms[0] is the control
  std::vector<std::uint32_t> arm;  // of each row
  std::vector<double> outcome;     // of each row
  std::vector<TrialFeature> features;
  std::vector<LeftOutColumn> left_out;
  std::uint64_t broken_rows = 0;  // left out
  // The outcome may have been known before the treatment, or a column that was not asked for
  // differs between the arms; or empty.
  std::string warning;

  std::size_t rows() const { return arm.size(); }
  bool is_binary() const;                      // every outcome is 0 or 1
  std::vector<std::string> differing() const;  // columns that say that the arms are not alike
};

// Refused: no header; a column that is not there, twice there, or used for two things; fewer than
// kTrialRowsMin rows; one arm, too many arms, or an arm of fewer than 10; no label that can be the
// control; an outcome that is no number (or yes/no), is beyond kTrialNumberMax, hardly varies or
// happened before the treatment;
// a named feature that is constant, has too many levels or differs between
// arms more than chance allows; more than one row in a hundred that cannot be read.
Result<TrialTable> parse_trial(std::string_view bytes, const TrialColumns& columns);

}  // namespace ante
