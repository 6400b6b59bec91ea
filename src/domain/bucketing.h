// Which side of the holdout a person is on: a salted hash, for ever the same.
//
// bucket = siphash128(salt key, unit) mod 10,000; docs/formats/bucketing has test vectors. A test
// of its own salt is a layer: who is in it says nothing of who is in another.

#pragma once

#include <cstdint>
#include <string_view>

#include "domain/decision.h"
#include "domain/ids.h"
#include "domain/slot.h"

namespace ante {

inline constexpr std::uint32_t kBuckets = 10000;

// Uniform over 0..9999 for a fixed salt; independent between salts.
std::uint32_t bucket_of(std::string_view salt, PersonHash oldest_member);

// As many buckets as make that share (0..1) of people.
std::uint16_t buckets_of(double share);

// The person's arm when `holdout_share` (0..1) of people are left alone.
Arm arm_of(std::string_view salt, PersonHash oldest_member, double holdout_share);

// The person's arm in a slot: held out by `holdout_salt`, else a list control by the slot's own
// salt "<salt> controls <slot>", else an ablation by "<salt> sources <slot>", else treated. Each
// control has its own fixed range of buckets, so raising one share moves nobody from one control
// into another, but that who becomes a list control is no ablation any more.
Arm arm_of(const Slot& slot, std::string_view holdout_salt, std::string_view salt,
           PersonHash oldest_member);

}  // namespace ante
