#include "math/false_discovery.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"

namespace ante {

std::vector<double> false_discovery_q(std::span<const double> p) {
  for (const double each : p) CHECK(each >= 0 && each <= 1);
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return p[i]; });
  std::vector<double> q(p.size());
  double least = 1;
  for (std::size_t rank = p.size(); rank > 0; --rank) {
    const std::size_t i = order[rank - 1];
    least = std::min(least, p[i] * (static_cast<double>(p.size()) / static_cast<double>(rank)));
    q[i] = least;
  }
  return q;
}

}  // namespace ante
