// Erasure: after it, nothing that a person did or is called stands in the data directory.
//
// In:   the routing ids of a person, each with a committed kErase record (which already removed
//       the identity row and empties the state by its fold). Out: the log with their earlier
//       records empty at their sequences, no row of theirs, and files rewritten without them.
// A crash in between is no harm: pending_erasures() names what is not finished, at the next start.
// Any thread, while the journal runs.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "domain/ids.h"
#include "store/store.h"

namespace ante {

struct PendingErasure {
  PersonHash person;
  Commit through;  // of the kErase record
};

// What was asked and is not finished.
Result<std::vector<PendingErasure>> pending_erasures(const Store& store);

struct Erased {
  std::uint64_t records = 0;
  std::uint64_t log_values = 0;
  std::uint64_t dedup_rows = 0;
};

// Carries out these erasures and compacts the store. Reads the whole log: seconds a gigabyte.
// kUnavailable: the state rows still hold what was erased; the journal is about to write them
// anew, ask again in a moment. Blobs of consumers hold keyed hashes and sums only, and are
// rewritten as they are saved.
Result<Erased> erase_people(Store& store, std::span<const PendingErasure> erasures);

}  // namespace ante
