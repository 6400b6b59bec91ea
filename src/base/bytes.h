// Bytes of our own records: little-endian fixed integers, LEB128 varints, length-prefixed strings,
// and CRC-32C. The writer appends to a string; the reader never reads past its end: after the
// first bad read `ok()` is false and every later read gives zero or an empty view.

#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace ante {

class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  template <typename T>
  void fixed(T v) {
    static_assert(std::is_trivially_copyable_v<T> && std::endian::native == std::endian::little);
    out_.append(reinterpret_cast<const char*>(&v), sizeof v);
  }
  void u8(std::uint8_t v) { fixed(v); }
  void u16(std::uint16_t v) { fixed(v); }
  void u32(std::uint32_t v) { fixed(v); }
  void u64(std::uint64_t v) { fixed(v); }
  void f32(float v) { fixed(v); }
  void f64(double v) { fixed(v); }
  void varint(std::uint64_t v) {
    while (v >= 0x80) {
      out_.push_back(static_cast<char>(v | 0x80));
      v >>= 7;
    }
    out_.push_back(static_cast<char>(v));
  }
  // Zigzag, for signed values near zero.
  void svarint(std::int64_t v) {
    varint((static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63));
  }
  void string(std::string_view v) {
    varint(v.size());
    out_.append(v);
  }
  void raw(std::string_view v) { out_.append(v); }
  std::size_t size() const { return out_.size(); }

 private:
  std::string& out_;
};

class ByteReader {
 public:
  explicit ByteReader(std::string_view in) : in_(in) {}

  template <typename T>
  T fixed() {
    T v{};
    if (!take(sizeof v)) return T{};
    std::memcpy(&v, in_.data() + at_ - sizeof v, sizeof v);
    return v;
  }
  std::uint8_t u8() { return fixed<std::uint8_t>(); }
  std::uint16_t u16() { return fixed<std::uint16_t>(); }
  std::uint32_t u32() { return fixed<std::uint32_t>(); }
  std::uint64_t u64() { return fixed<std::uint64_t>(); }
  float f32() { return fixed<float>(); }
  double f64() { return fixed<double>(); }
  std::uint64_t varint() {
    std::uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = u8();
      v |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return v;
    }
    ok_ = false;
    return 0;
  }
  std::int64_t svarint() {
    const std::uint64_t v = varint();
    return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
  }
  // A view into the input: valid as long as the input is.
  std::string_view string() {
    const std::uint64_t size = varint();
    if (size > in_.size() || !take(static_cast<std::size_t>(size))) {
      ok_ = false;
      return {};
    }
    return in_.substr(at_ - static_cast<std::size_t>(size), static_cast<std::size_t>(size));
  }
  std::string_view raw(std::size_t size) {
    return take(size) ? in_.substr(at_ - size, size) : std::string_view{};
  }

  // An element count, refused when the rest of the input cannot hold that many elements.
  std::size_t count(std::size_t element_bytes_min) {
    const std::uint64_t n = varint();
    if (n * element_bytes_min > remaining() || n > in_.size()) {
      ok_ = false;
      return 0;
    }
    return static_cast<std::size_t>(n);
  }

  bool ok() const { return ok_; }
  bool at_end() const { return at_ == in_.size(); }
  std::size_t position() const { return at_; }
  std::size_t remaining() const { return in_.size() - at_; }

 private:
  bool take(std::size_t size) {
    if (!ok_ || size > in_.size() - at_) {
      ok_ = false;
      return false;
    }
    at_ += size;
    return true;
  }

  std::string_view in_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

// CRC-32C (Castagnoli), hardware where there is SSE4.2. `seed` continues an earlier value.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);

}  // namespace ante
