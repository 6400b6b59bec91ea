// Reads our own versioned bytes and remembers the first thing that is wrong with them.
//
// Every stored noun starts with a format version. After the first problem all reads give zero or
// empty, loops end by ok(), and finish() tells what was found: kDataLoss, never a crash. One
// thread.

#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/result.h"

namespace ante {

inline constexpr std::uint8_t kFormatVersion =
    1;  // of the nouns of domain/ unless they say another

class FormatReader {
 public:
  // `noun` names what is read in messages: "event". Reads the version, 1 .. `newest`.
  FormatReader(std::string_view noun, std::string_view bytes, std::uint8_t newest = kFormatVersion);
  std::uint8_t version() const { return version_; }

  std::uint8_t u8() { return checked(in_.u8()); }
  std::uint16_t u16() { return checked(in_.u16()); }
  std::uint32_t u32() { return checked(in_.u32()); }
  std::uint64_t u64() { return checked(in_.u64()); }
  std::uint64_t varint() { return checked(in_.varint()); }
  std::int64_t svarint() { return checked(in_.svarint()); }
  // Text of at most `bytes_max`; a copy.
  std::string string(std::size_t bytes_max);
  // A list's length, at most `count_max` and no more than the rest of the bytes can hold.
  std::size_t count(std::size_t element_bytes_min, std::size_t count_max);
  float f32() { return finite(in_.f32()); }
  double f64() { return finite(in_.f64()); }
  Hash128 hash();
  std::string_view raw(std::size_t size) { return in_.raw(size); }
  // An unsigned number of at most `highest`.
  std::uint64_t at_most(std::uint64_t highest, std::string_view what);
  // One byte that is an enumerator between `first` and `last`.
  template <typename E>
  E enumerator(E first, E last, std::string_view what) {
    const std::uint8_t value = u8();
    if (value < static_cast<std::uint8_t>(first) || value > static_cast<std::uint8_t>(last)) {
      refuse(std::string(what) + " has the unknown value " + std::to_string(value));
      return first;
    }
    return static_cast<E>(value);
  }
  // Bits of which only those of `known` may be set.
  std::uint16_t bits(std::uint16_t known);

  // Notes a problem; the first one stays.
  void refuse(std::string problem);
  bool ok() const { return problem_.empty() && in_.ok(); }
  // The end is reached and nothing was wrong.
  Result<void> finish();

 private:
  template <typename T>
  T checked(T value) {
    return problem_.empty() ? value : T{};
  }
  template <typename T>
  T finite(T value) {
    if (std::isfinite(value)) return checked(value);
    refuse("a number is not finite");
    return T{};
  }

  std::string_view noun_;
  ByteReader in_;
  std::uint8_t version_ = 0;
  std::string problem_;
};

// What the reader refuses is not written: a number that is not finite is stored as 0.
inline float finite_or_zero(float value) { return std::isfinite(value) ? value : 0; }
inline double finite_or_zero(double value) { return std::isfinite(value) ? value : 0; }

inline void write_hash(ByteWriter& out, Hash128 value) {
  out.u64(value.hi);
  out.u64(value.lo);
}

}  // namespace ante
