// The keys of Table::kMeta that the journal writes. docs/formats/state.md.
//
// Pure functions; any thread.

#pragma once

#include <cstdint>
#include <string>

#include "base/hash.h"
#include "domain/ids.h"
#include "store/key_bytes.h"

namespace ante {

inline constexpr const char* kCoverPrefix = "cover/";         // ‖ partition → what rows cover
inline constexpr const char* kFoldSetKey = "folds";           // who wrote the checkpoint rows
inline constexpr const char* kDedupDayPrefix = "dedup-day/";  // ‖ day: there are dedup rows of it
inline constexpr const char* kTimePrefix = "time/";           // ‖ commit → time it began
inline constexpr const char* kErasurePrefix = "erasure/";     // ‖ person → to be wiped up to here

inline std::string cover_key(Partition partition) {
  std::string key = kCoverPrefix;
  append_big_endian(key, partition.value);
  return key;
}

inline std::string dedup_day_key(std::uint32_t day) {
  std::string key = kDedupDayPrefix;
  append_big_endian(key, day);
  return key;
}

inline std::string time_key(std::uint64_t commit) {
  std::string key = kTimePrefix;
  append_big_endian(key, commit);
  return key;
}

inline std::string hash_key(const Hash128& hash) {
  std::string key;
  append_big_endian(key, hash.hi);
  append_big_endian(key, hash.lo);
  return key;
}

inline std::string erasure_key(PersonHash person) {
  return kErasurePrefix + hash_key(person.value);
}

// day ‖ message key, of Table::kDedup.
inline std::string dedup_key(std::uint32_t day, const MessageKey& key) {
  std::string bytes;
  bytes.reserve(20);
  append_big_endian(bytes, day);
  append_big_endian(bytes, key.value.hi);
  append_big_endian(bytes, key.value.lo);
  return bytes;
}

}  // namespace ante
