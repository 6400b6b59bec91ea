// The journal: what is answered 2xx is durable, counted once, and folded.
//
// In:   records with an optional dedup key, from any thread.
// Out:  after one group commit (fsync): sequences, the synchronous folds (profile, catalogue,
//       objects), the completions, then the followers (learner, reports) on their own thread.
//
// One committer thread drains a bounded queue. Order of a commit: dedup → sequences → synced write
// → fold → completions → follower queue. On an fsync error nothing more is acknowledged and
// `on_fatal` is called (the process exits non-zero; never a second fsync). A full disk is not
// fatal: records are refused with kUnavailable until a write succeeds again.
// Every public method may be called from any thread.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/decision.h"
#include "domain/log_consumer.h"
#include "domain/record.h"
#include "store/store.h"

namespace ante {

// Dirty rows of a synchronous fold, collected on the committer thread between commits.
class CheckpointSource {
 public:
  virtual ~CheckpointSource() = default;
  // Appends the rows of everything of `partition` that changed since the last call.
  virtual void collect(Partition partition, std::vector<Row>& rows) = 0;
  // At start: takes back one row. kDataLoss: damaged.
  virtual Result<void> restore(const Row& row) = 0;
  // The tables this source writes.
  virtual std::vector<Table> tables() const = 0;
};

enum class Appended : std::uint8_t {
  kStored = 1,
  kDuplicate = 2,  // the same message was stored before: success, not counted again
};

struct AppendOutcome {
  Appended appended = Appended::kStored;
  Sequence sequence;  // of the stored record; 0 for a duplicate
};

using Completion = std::function<void(Result<std::vector<AppendOutcome>>)>;

struct JournalOptions {
  std::size_t queue_records_max = 200'000;  // waiting; beyond: kUnavailable
  std::size_t queue_bytes_max = 256u << 20;
  std::size_t commit_records_max = 20'000;    // in one group
  DurationMs checkpoint_interval_ms = 5'000;  // every dirty partition at least this often …
  std::uint64_t checkpoint_records = 10'000;  // … or after so many records
  DurationMs dedup_retention_ms = 7 * kDayMs;
  std::size_t follower_records_max = 200'000;  // waiting for followers; beyond: the committer waits
  DurationMs follower_checkpoint_ms = 30'000;  // blobs of the followers at least this often
  std::size_t dedup_filter_bytes_max = 128u << 20;
  // Told of what was found wrong and survived: a damaged blob, other folds' checkpoints.
  std::function<void(const Error&)> on_warning;
};

class Journal {
 public:
  // Opens the log in `store`: restores the checkpoint rows into `sources`, folds the log after
  // what each partition's checkpoint covers, rebuilds the dedup filters, loads the followers'
  // checkpoints and starts the threads. `folds` see every record in the committer thread before it
  // is acknowledged; `followers` see it later, in the same order, on one thread of their own.
  // Borrowed objects must outlive the journal.
  static Result<std::unique_ptr<Journal>> open(Store& store, const Clock& clock,
                                               std::vector<LogConsumer*> folds,
                                               std::vector<CheckpointSource*> sources,
                                               std::vector<LogConsumer*> followers,
                                               JournalOptions options,
                                               std::function<void(Error)> on_fatal);
  virtual ~Journal() = default;

  // All of `records` in one commit. `done` gets one outcome a record, on the committer thread,
  // after the fold; it must not block. Records of the same call with the same dedup key: the first
  // is stored. kUnavailable: queue full, disk full, or stopping.
  virtual void append(std::vector<NewRecord> records, Completion done) = 0;
  // Same, and waits.
  Result<std::vector<AppendOutcome>> append_and_wait(std::vector<NewRecord> records);
  // For decision records: not waited for. False = queue full, the record is dropped and counted.
  virtual bool append_unacknowledged(NewRecord record) = 0;

  // Waits until everything accepted so far is durable and folded, and followers have seen it.
  virtual Result<void> flush() = 0;
  // Stops taking records, commits what is queued, saves all checkpoints, joins the threads.
  virtual Result<void> stop() = 0;

  struct Status {
    std::uint64_t last_commit = 0, follower_commit = 0;
    std::size_t queued_records = 0;
    std::uint64_t records_stored = 0, duplicates = 0, dropped_unacknowledged = 0;
    bool accepting = true;
    std::string why_not;  // e.g. "the disk is full"
  };
  virtual Status status() const = 0;

  // Finds a stored decision by its id; kNotFound. Reads the log around the id's time.
  virtual Result<Decision> find_decision(DecisionId id) const = 0;
};

}  // namespace ante
