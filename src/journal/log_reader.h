// The log, read back: values decoded and checked against the place they stand at.
//
// In:   a store. Out: the records of each value, in (commit, partition) order.
// Pure reading; any thread, also while the committer writes.

#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/record.h"
#include "store/store.h"

namespace ante {

// Decodes one value. kDataLoss: checksum, format, or it belongs to another commit or partition;
// the message names both.
Result<std::vector<CommittedRecord>> decode_log_value_at(std::uint64_t commit,
                                                         std::uint16_t partition,
                                                         std::string_view value);

// Visits the records of every value after `after`, until the visitor returns false. The views
// live until it returns. kDataLoss: a damaged value, or a sequence that does not follow the one
// before in its partition. An error of the visitor ends the reading and is returned.
Result<void> read_log(const Store& store, Commit after,
                      const std::function<Result<bool>(std::span<const CommittedRecord>)>& visit);

}  // namespace ante
