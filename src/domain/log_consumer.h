// Whoever is a fold of the log: profile, catalogue, live item statistics, rewards, models, reports.
//
// In:   every committed record of every partition, once, in commit order (live, at start after
//       load(), and in a rebuild: always the same order, so the state is the same).
// Out:  save() gives bytes from which load() restores the exact state at that point.
//
// consume() is called by one thread at a time. save() may be called between consume() calls only.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "domain/record.h"

namespace ante {

class LogConsumer {
 public:
  virtual ~LogConsumer() = default;
  // Stable name of the checkpoint: "live-items", "lift", …
  virtual std::string_view name() const = 0;
  virtual void consume(const CommittedRecord& record) = 0;
  // Called after the last record of a commit; a good moment to publish a snapshot.
  virtual void commit_consumed(Commit) {}
  // Begins with a byte that says the format.
  virtual std::string save() const = 0;
  // REQUIRES a fresh consumer. kDataLoss: bytes are damaged or of a later format.
  virtual Result<void> load(std::string_view bytes) = 0;
};

}  // namespace ante
