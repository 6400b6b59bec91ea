#include "journal/log_reader.h"

#include <array>
#include <string>

namespace ante {

Result<std::vector<CommittedRecord>> decode_log_value_at(std::uint64_t commit,
                                                         std::uint16_t partition,
                                                         std::string_view value) {
  const auto where = [&] {
    return "log value of commit " + std::to_string(commit) + ", partition " +
           std::to_string(partition);
  };
  auto records = decode_log_value(value);
  if (!records.has_value()) {
    return Error{records.error().code, where() + ": " + records.error().message};
  }
  if (records->empty()) return data_loss(where() + ": it has no record");
  const CommittedRecord& first = records->front();
  if (first.commit.value != commit || first.partition.value != partition) {
    return data_loss(where() + ": it says it is of commit " + std::to_string(first.commit.value) +
                     ", partition " + std::to_string(first.partition.value));
  }
  return records;
}

Result<void> read_log(const Store& store, Commit after,
                      const std::function<Result<bool>(std::span<const CommittedRecord>)>& visit) {
  std::vector<std::uint64_t> next(kStorePartitionsMax, 0);
  return store.scan_log(
      after.value,
      [&](std::uint64_t commit, std::uint16_t partition, std::string_view value) -> Result<bool> {
        const auto records = TRY(decode_log_value_at(commit, partition, value));
        const std::uint64_t first = records.front().sequence.value;
        std::uint64_t& expected = next[partition];
        if (expected == 0 && after.value == 0) expected = 1;
        if (expected != 0 && first != expected) {
          return data_loss("log value of commit " + std::to_string(commit) + ", partition " +
                           std::to_string(partition) + ": it begins at sequence " +
                           std::to_string(first) + " where " + std::to_string(expected) +
                           " should follow");
        }
        expected = records.back().sequence.value + 1;
        return visit(records);
      });
}

}  // namespace ante
