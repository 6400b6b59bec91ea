#include "domain/bucketing.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

namespace ante {

std::uint32_t bucket_of(std::string_view salt, PersonHash oldest_member) {
  const Hash128 salted = hash128(salt);
  SecretKey key;
  std::memcpy(key.data(), &salted.hi, 8);
  std::memcpy(key.data() + 8, &salted.lo, 8);
  char unit[16];
  std::memcpy(unit, &oldest_member.value.hi, 8);
  std::memcpy(unit + 8, &oldest_member.value.lo, 8);
  // 2^64 is no multiple of 10,000: the bias is below 1e-15.
  return static_cast<std::uint32_t>(siphash128(key, std::string_view(unit, sizeof unit)).lo %
                                    kBuckets);
}

std::uint16_t buckets_of(double share) {
  return static_cast<std::uint16_t>(std::lround(std::clamp(share, 0.0, 1.0) * kBuckets));
}

Arm arm_of(std::string_view salt, PersonHash oldest_member, double holdout_share) {
  const double share = std::isfinite(holdout_share) ? holdout_share : 0.0;
  return bucket_of(salt, oldest_member) < buckets_of(share) ? Arm::kHoldout : Arm::kTreated;
}

namespace {

// The one of `count` controls from `first` on that a bucket belongs to, or treated.
Arm control_of(const Slot& slot, std::uint32_t bucket, std::size_t first, std::size_t count) {
  const std::uint32_t range = buckets_of(kControlShareMax);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t start = static_cast<std::uint32_t>(i) * range;
    const Arm control = control_arm(first + i);
    if (bucket >= start && bucket < start + buckets_of(slot.controls.share(control)))
      return control;
  }
  return Arm::kTreated;
}

}  // namespace

Arm arm_of(const Slot& slot, std::string_view holdout_salt, std::string_view salt,
           PersonHash oldest_member) {
  Arm arm = arm_of(holdout_salt, oldest_member, slot.holdout);
  if (arm == Arm::kHoldout) return arm;
  const auto bucket = [&](const char* layer) {
    return bucket_of(std::string(salt) + layer + slot.name, oldest_member);
  };
  if (slot.controls.lists_sum() > 0)
    arm = control_of(slot, bucket(" controls "), 0, kListControlCount);
  if (arm == Arm::kTreated && slot.controls.ablations_sum() > 0)
    arm = control_of(slot, bucket(" sources "), kListControlCount, kDataSourceCount);
  return arm;
}

}  // namespace ante
