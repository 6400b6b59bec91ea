// What every store refuses, and the sentences it refuses with: the same in all implementations.
//
// Pure functions; any thread.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "store/store.h"

namespace ante {

inline constexpr std::size_t kBlobNameBytesMax = 64;
inline constexpr std::size_t kBlobBytesMax = std::size_t{4} << 30;
inline constexpr std::size_t kLogValueBytesMax = std::size_t{512} << 20;
inline constexpr std::size_t kRowKeyBytesMax = 1024;

// kInvalidArgument: a partition, a key or a value beyond its limit, a partition with two log
// values, or sequences that do not ascend.
Result<void> check_batches(std::uint64_t commit, std::span<const PartitionBatch> batches);

// Names are 1 to 64 of a-z, 0-9, '-', '_' and '.', and do not start with '.': they become file
// names.
Result<void> check_blob_name(std::string_view name);

Error no_blob(std::string_view name, std::uint64_t version);
Error no_log_value(std::uint64_t commit, std::uint16_t partition);
Error lease_held(std::string_view name, std::string_view holder);

}  // namespace ante
