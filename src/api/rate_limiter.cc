#include "api/rate_limiter.h"

#include <algorithm>
#include <cmath>

namespace ante {
namespace {

constexpr double kNsPerSecond = 1e9;
constexpr int kWaitSecondsMax = 3600;

}  // namespace

RateLimiter::Bucket& RateLimiter::refilled(Shard& shard, std::string_view name, Rate rate,
                                           std::int64_t now_ns) {
  auto found = shard.buckets.find(name);
  if (found == shard.buckets.end()) {
    if (shard.buckets.size() >= kBucketsMax / kShards) {
      const auto idle = std::ranges::min_element(
          shard.buckets, {}, [](const auto& entry) { return entry.second.at_ns; });
      shard.buckets.erase(idle);
    }
    found = shard.buckets.emplace(std::string(name), Bucket{rate.burst, now_ns}).first;
  }
  Bucket& bucket = found->second;
  const double passed_s =
      static_cast<double>(std::max<std::int64_t>(0, now_ns - bucket.at_ns)) / kNsPerSecond;
  bucket.tokens = std::min(rate.burst, bucket.tokens + passed_s * rate.per_second);
  bucket.at_ns = std::max(bucket.at_ns, now_ns);
  return bucket;
}

int RateLimiter::take(std::string_view name, Rate rate, double cost, std::int64_t now_ns) {
  if (rate.per_second <= 0) return 0;
  Shard& shard = shard_of(name);
  MutexLock lock(shard.mutex);
  Bucket& bucket = refilled(shard, name, rate, now_ns);
  const double needed = std::min(cost, rate.burst);
  if (bucket.tokens + 1e-9 >= needed) {
    bucket.tokens -= cost;
    return 0;
  }
  const double wait_s = std::ceil((needed - bucket.tokens) / rate.per_second);
  return static_cast<int>(std::clamp(wait_s, 1.0, static_cast<double>(kWaitSecondsMax)));
}

void RateLimiter::charge(std::string_view name, Rate rate, double cost, std::int64_t now_ns) {
  if (rate.per_second <= 0) return;
  Shard& shard = shard_of(name);
  MutexLock lock(shard.mutex);
  Bucket& bucket = refilled(shard, name, rate, now_ns);
  bucket.tokens = std::max(bucket.tokens - cost, -rate.burst);
}

std::size_t RateLimiter::size() const {
  std::size_t total = 0;
  for (const Shard& shard : shards_) {
    MutexLock lock(shard.mutex);
    total += shard.buckets.size();
  }
  return total;
}

std::string_view network_of(std::string_view address) {
  if (address.find(':') == std::string_view::npos) {
    const std::size_t dot = address.rfind('.');
    return dot == std::string_view::npos ? address : address.substr(0, dot);
  }
  std::size_t groups = 0;
  for (std::size_t i = 0; i < address.size(); ++i) {
    if (address[i] != ':') continue;
    if (i + 1 < address.size() && address[i + 1] == ':') return address.substr(0, i);
    if (++groups == 4) return address.substr(0, i);
  }
  return address;
}

}  // namespace ante
