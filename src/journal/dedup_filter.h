// A set of 128-bit keys that may say "maybe" wrongly and never says "no" wrongly.
//
// A blocked Bloom filter: all bits of a key lie in one cache line (Putze, Sanders, Singler 2007).
// It grows by segments, each twice the one before, at kFilterBitsPerKey; past `bytes_max` the last
// segment is overfilled: more maybes, never a wrong no. Owned by one thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/result.h"

namespace ante {

inline constexpr std::size_t kFilterBitsPerKey = 12;
inline constexpr std::size_t kFilterKeysMin = 1u << 14;  // of the first segment

class DedupFilter {
 public:
  // `keys_expected` sizes the first segment.
  explicit DedupFilter(std::size_t keys_expected = 0);

  void insert(const Hash128& key, std::size_t bytes_max);
  bool maybe(const Hash128& key) const;
  std::uint64_t keys() const { return keys_; }
  std::size_t bytes() const;

  std::string save() const;
  // kDataLoss: the bytes are not what save() gave.
  static Result<DedupFilter> load(std::string_view bytes);

 private:
  struct Segment {
    std::vector<std::uint64_t> words;  // 8 a block
    std::uint64_t keys = 0, keys_max = 0;
  };
  static Segment make_segment(std::size_t keys_max);

  std::vector<Segment> segments_;
  std::uint64_t keys_ = 0;
};

}  // namespace ante
