// Token buckets by name: who asks too often is told how long to wait.
//
// In:   a name (key id, network prefix), the rate it may have, monotonic time. Out: go, or wait.
// At most kBucketsMax names are remembered; the one idle longest (so: the fullest) makes room.
// Any thread.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/mutex.h"

namespace ante {

inline constexpr std::size_t kBucketsMax = 65'536;

struct Rate {
  double per_second = 0;  // refill; 0 = no limit
  double burst = 0;       // size of the bucket
};

class RateLimiter {
 public:
  RateLimiter() = default;

  // Takes `cost` tokens when they are there: 0. Else takes none: seconds until they will be (>= 1).
  // A cost above the burst passes with a full bucket, which it then overdraws.
  int take(std::string_view name, Rate rate, double cost, std::int64_t now_ns);
  // For failures counted afterwards: takes even what is not there.
  void charge(std::string_view name, Rate rate, double cost, std::int64_t now_ns);
  std::size_t size() const;

 private:
  struct Bucket {
    double tokens = 0;
    std::int64_t at_ns = 0;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct alignas(64) Shard {
    mutable Mutex mutex;
    std::unordered_map<std::string, Bucket, TextHash, std::equal_to<>> buckets GUARDED_BY(mutex);
  };
  static constexpr std::size_t kShards = 16;

  Shard& shard_of(std::string_view name) { return shards_[TextHash{}(name) % kShards]; }
  Bucket& refilled(Shard& shard, std::string_view name, Rate rate, std::int64_t now_ns)
      REQUIRES_LOCK(shard.mutex);

  std::array<Shard, kShards> shards_;
};

// The network an address belongs to: /24 of IPv4, /64 of IPv6; other text as it is.
std::string_view network_of(std::string_view address);

}  // namespace ante
