// Which of many are kept in detail: all of them up to a limit, then a fair half, then a quarter.
//
// In:   the hash of one. Out: whether it is kept, and for how many each kept one stands.
// Who is kept depends on the hash alone, so the same records keep the same ones; whole people are
// kept or left out, never parts of them. Up to the limit every count is exact. A pure value.

#pragma once

#include <cmath>
#include <cstdint>

#include "base/hash.h"
#include "domain/ids.h"

namespace ante {

class HashSample {
 public:
  static constexpr std::uint8_t kHalvingsMax = 63;

  explicit HashSample(std::uint8_t halvings = 0) : halvings_(halvings) {}

  bool has(std::uint64_t hash) const { return halvings_ == 0 || hash >> (64 - halvings_) == 0; }
  bool has(PersonHash person) const { return has(mix64(person.value.lo)); }
  bool has(ItemKey item) const { return has(mix64(item.value)); }
  // From now on half as many; the owner drops those it has no longer.
  void halve() {
    if (halvings_ < kHalvingsMax) ++halvings_;
  }
  bool whole() const { return halvings_ == 0; }
  double weight() const { return std::ldexp(1.0, halvings_); }
  std::uint8_t halvings() const { return halvings_; }

 private:
  std::uint8_t halvings_ = 0;
};

}  // namespace ante
