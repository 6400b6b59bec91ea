// Hashes: XXH3 for keys in memory and on disk, SipHash-2-4-128 where the key is a secret.
//
// hash64 is stable for ever (item and topic keys are stored). siphash128 is a keyed pseudo-random
// function (Aumasson & Bernstein 2012): without the key nobody can tell which person a hash is.
// Pure functions; any thread.

#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string_view>

namespace ante {

struct Hash128 {
  std::uint64_t hi = 0;
  std::uint64_t lo = 0;
  friend constexpr auto operator<=>(const Hash128&, const Hash128&) = default;
};

using SecretKey = std::array<std::uint8_t, 16>;

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);
Hash128 hash128(std::string_view bytes, std::uint64_t seed = 0);
Hash128 siphash128(const SecretKey& key, std::string_view bytes);

// A good mix of a 64-bit key, for tables in memory.
constexpr std::uint64_t mix64(std::uint64_t x) {
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ULL;
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ULL;
  return x ^ (x >> 32);
}

}  // namespace ante

template <>
struct std::hash<ante::Hash128> {
  std::size_t operator()(const ante::Hash128& h) const noexcept { return h.lo; }
};
