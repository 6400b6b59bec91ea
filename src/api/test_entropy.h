// For tests: keys that are the same in every run.

#pragma once

#include <memory>

#include "api/keys.h"
#include "base/random.h"

namespace ante {

inline EntropySource seeded(std::uint64_t seed) {
  return [random = std::make_shared<Random>(seed)](std::span<std::uint8_t> bytes) {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random->next());
  };
}

}  // namespace ante
