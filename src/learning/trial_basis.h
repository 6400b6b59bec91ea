// Features of a trial as numbers that a linear model can use, and the same numbers for another
// file.
//
// In:   a TrialTable. Out: columns of mean 0 and sd 1: an indicator for each level of a category
//       but the commonest, for a number a straight line, bends at its 20, 40, 60 and 80 % points,
//       and one for "not known".
//
// A basis never changes after it is built; any thread. It knows features by name and levels by
// their text, so it fits every table that has the features.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "base/result.h"
#include "learning/trial_table.h"

namespace ante {

inline constexpr std::size_t kLevelRowsMin = 20;  // a rarer level has no column of its own

struct BasisColumn {
  enum class Kind : std::uint8_t { kLevel, kLine, kBend, kUnknown };
  std::string feature;
  Kind kind = Kind::kLine;
  std::string level;        // of kLevel
  double at = 0;            // of kBend: max(0, x - at)
  double fill = 0;          // of kLine and kBend: x where it is not known
  double mean = 0, sd = 1;  // what the value is standardised with
};

class TrialBasis {
 public:
  explicit TrialBasis(const TrialTable& table);

  const std::vector<BasisColumn>& columns() const { return columns_; }
  // rows x (1 + columns), each row begun with a 1.
  // kInvalidArgument: a feature is not in the table, or a number here and a category there.
  Result<std::vector<double>> rows_of(const TrialTable& table) const;
  std::size_t width() const { return columns_.size() + 1; }

  void write(JsonWriter& json) const;  // an array of columns

 private:
  std::vector<BasisColumn> columns_;
};

}  // namespace ante
