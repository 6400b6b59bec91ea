// The bytes of the log's rows in an ordered store: keys, the prefix of a value, the sparse index.
//
// A row of the log: key = commit (8 bytes, big-endian) ‖ partition (2), value = prefix ‖ log value.
// A row of the index: key = commit, value = the next sequence of every partition before it.
// docs/formats/state.md. Pure functions; any thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ante {

struct LogRow {
  std::uint64_t commit = 0;
  std::uint16_t partition = 0;
  std::uint64_t first_sequence = 0, next_sequence = 0;
  std::string_view value;
};

std::string log_key(std::uint64_t commit, std::uint16_t partition);
// REQUIRES a key of log_key().
std::uint16_t partition_of_log_key(std::string_view key);
std::string log_prefix(std::string_view key, std::uint64_t first_sequence,
                       std::uint64_t next_sequence);
// kDataLoss: the prefix is damaged or stands at another key.
Result<LogRow> decode_log_row(std::string_view key, std::string_view bytes);

struct Heads {
  std::uint64_t commit = 0;
  std::vector<std::uint64_t> next;  // by partition
};

std::string heads_key(std::uint64_t commit);
std::string encode_heads(const Heads& heads);
Result<Heads> decode_heads(std::string_view key, std::string_view bytes);

}  // namespace ante
