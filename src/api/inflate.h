// Inflates what a client compressed, up to a limit: a bomb costs its limit and no more.
//
// In: gzip or zlib bytes (also several gzip members in a row). Out: the bytes inside.
// Pure function; any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ante {

enum class Inflated : std::uint8_t {
  kDone = 1,
  kTooLarge = 2,  // more than the limit inside; `out` is empty
  kDamaged = 3,   // not gzip or zlib, or cut off; `out` is empty
};

[[nodiscard]] Inflated inflate_bytes(std::string_view bytes, std::size_t bytes_max,
                                     std::string& out);

// For tests and the command line: one gzip member.
std::string gzip_bytes(std::string_view bytes);

}  // namespace ante
