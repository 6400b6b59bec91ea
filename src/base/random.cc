#include "base/random.h"

#include <cmath>

#include "base/check.h"

namespace ante {

std::uint64_t Random::below(std::uint64_t bound) {
  CHECK(bound >= 1);
  const std::uint64_t threshold = (0 - bound) % bound;  // 2^64 mod bound
  std::uint64_t drawn = next();
  while (drawn < threshold) drawn = next();
  return drawn % bound;
}

double Random::normal() {
  for (;;) {
    const double u = 2 * uniform() - 1;
    const double v = 2 * uniform() - 1;
    const double s = u * u + v * v;
    if (s > 0 && s < 1) return u * std::sqrt(-2 * std::log(s) / s);
  }
}

}  // namespace ante
