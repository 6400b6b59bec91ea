// The log as the truth: check it, fold all of it again, forget the checkpoints.
//
// In:   a store that nobody commits to meanwhile (drop_checkpoints), or any (the others).
// Out:  what `ante verify` and `ante verify --rebuild` print. Any thread.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/log_consumer.h"
#include "store/store.h"

namespace ante {

inline constexpr std::size_t kProblemsMax = 100;

struct LogCheck {
  std::uint64_t values = 0, records = 0, bytes = 0;
  std::uint64_t first_commit = 0, last_commit = 0;
  // Each names its commit and partition; at most kProblemsMax, then `problems_more` counts.
  std::vector<std::string> problems;
  std::uint64_t problems_more = 0;
};

// Reads every value: checksum, place, sequences without a gap, received_at that does not go back.
// Damage is in `problems`; the error is for a log that cannot be read on.
Result<LogCheck> verify_log(const Store& store);

// Folds the whole log into fresh consumers, in commit order. kDataLoss: as read_log().
Result<void> rebuild_folds(const Store& store, std::span<LogConsumer* const> consumers);

// Erases the rows of these tables and their coverage: the next Journal::open folds the whole log.
// REQUIRES no table that is not a fold: kIdentity, kDedup and kMeta are refused.
Result<void> drop_checkpoints(Store& store, std::span<const Table> tables);

}  // namespace ante
