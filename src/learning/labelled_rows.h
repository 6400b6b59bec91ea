// Labelled rows of a tab-separated file: numbers and a column `target`, the right answer.
//
// In:   the bytes of a file with a header line. Out: rows, and the answers numbered by first sight.
//
// Pure functions; any thread. Errors (kInvalidArgument) name the file, the line, the column and
// what was found there.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "learning/feature_map.h"

namespace ante {

inline constexpr std::size_t kLabelsMax = 1000;
inline constexpr std::string_view kTargetColumn = "target";

struct LabelledRows {
  std::size_t columns = 0;            // without the target; at most kRawNumbersMax
  std::vector<double> numbers;        // columns a row
  std::vector<std::uint32_t> labels;  // of each row: index in `names`
  std::vector<std::string> names;

  std::size_t rows() const { return labels.size(); }
  std::span<const double> row(std::size_t i) const {
    return std::span(numbers).subspan(i * columns, columns);
  }
};

// `file` is only for messages. Refused: no header, no column `target` or two of it, no other
// column, too many columns or labels, a line with more or fewer fields, an empty field, a text that
// is no finite number, no rows, a last line that is cut off inside a number of fields.
Result<LabelledRows> parse_labelled_tsv(std::string_view bytes, std::string_view file);

}  // namespace ante
