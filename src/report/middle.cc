#include "report/middle.h"

#include <algorithm>
#include <cmath>

namespace ante {

Middle middle_of(std::vector<double>& values) {
  Middle middle;
  middle.n = values.size();
  if (values.empty()) return middle;
  std::ranges::sort(values);
  const std::size_t n = values.size();
  middle.value = (values[(n - 1) / 2] + values[n / 2]) / 2;
  const auto size = static_cast<double>(n);
  const double rank = std::floor(size / 2 - 0.98 * std::sqrt(size));  // counted from 1
  if (rank < 1) return middle;
  const auto low = static_cast<std::size_t>(rank) - 1;
  middle.interval = Interval{values[low], values[n - 1 - low]};
  return middle;
}

}  // namespace ante
