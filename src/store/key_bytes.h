// Numbers as big-endian bytes, so that keys of rows sort as the numbers do.
//
// Pure functions; any thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ante {

template <typename T>
void append_big_endian(std::string& out, T number) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((number >> shift) & 0xff));
  }
}

// REQUIRES bytes.size() >= sizeof(T).
template <typename T>
T read_big_endian(std::string_view bytes) {
  T number = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    number = static_cast<T>((number << 8) | static_cast<std::uint8_t>(bytes[i]));
  }
  return number;
}

}  // namespace ante
