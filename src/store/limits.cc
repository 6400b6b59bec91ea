#include "store/limits.h"

#include <bitset>
#include <string>

namespace ante {

Result<void> check_batches(std::uint64_t commit, std::span<const PartitionBatch> batches) {
  if (commit == 0) return invalid_argument("a commit has a number from 1");
  std::bitset<kStorePartitionsMax> logged;
  for (const PartitionBatch& batch : batches) {
    const auto where = [&] {
      return "commit " + std::to_string(commit) + ", partition " + std::to_string(batch.partition) +
             ": ";
    };
    if (batch.partition >= kStorePartitionsMax) {
      return invalid_argument(where() + "partitions are below " +
                              std::to_string(kStorePartitionsMax));
    }
    if (!batch.log_value.empty()) {
      if (batch.log_value.size() > kLogValueBytesMax) {
        return invalid_argument(where() + "the log value has " +
                                std::to_string(batch.log_value.size()) + " bytes, at most " +
                                std::to_string(kLogValueBytesMax));
      }
      if (logged.test(batch.partition)) return invalid_argument(where() + "two log values");
      logged.set(batch.partition);
      if (batch.first_sequence == 0 || batch.next_sequence <= batch.first_sequence) {
        return invalid_argument(where() + "sequences do not ascend");
      }
    }
    for (const Row& row : batch.rows) {
      if (row.key.empty() || row.key.size() > kRowKeyBytesMax) {
        return invalid_argument(where() + "a row key has " + std::to_string(row.key.size()) +
                                " bytes, 1 to " + std::to_string(kRowKeyBytesMax) + " are allowed");
      }
    }
  }
  return {};
}

Result<void> check_blob_name(std::string_view name) {
  const bool size_ok = !name.empty() && name.size() <= kBlobNameBytesMax && name.front() != '.';
  bool characters_ok = true;
  for (const char c : name) {
    characters_ok = characters_ok && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                                      c == '-' || c == '_' || c == '.');
  }
  if (size_ok && characters_ok) return {};
  return invalid_argument(
      "a blob's name has 1 to 64 of a-z, 0-9, '-', '_' and '.', and does not "
      "start with '.'");
}

Error no_blob(std::string_view name, std::uint64_t version) {
  return not_found("there is no blob " + std::string(name) + " of version " +
                   std::to_string(version));
}

Error no_log_value(std::uint64_t commit, std::uint16_t partition) {
  return not_found("the log has no value for commit " + std::to_string(commit) + ", partition " +
                   std::to_string(partition));
}

Error lease_held(std::string_view name, std::string_view holder) {
  return conflict("the lease " + std::string(name) + " is held by " + std::string(holder));
}

}  // namespace ante
