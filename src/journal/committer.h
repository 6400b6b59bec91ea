// The one thread that writes the log: journal.h is its face.
//
// In:   entries from any thread through a bounded queue. Out: groups, durable and folded.
// Everything named here is either guarded by mutex_ or touched by the committer thread alone.

#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "journal/checkpoints.h"
#include "journal/dedup_index.h"
#include "journal/followers.h"
#include "journal/group.h"
#include "journal/identities.h"
#include "journal/journal.h"
#include "journal/time_index.h"

namespace ante {

// How far behind its time a decision record may be committed and still be found by its id.
inline constexpr DurationMs kFindSlackMs = kMinuteMs;
// How much of the log is read to find one.
inline constexpr std::size_t kFindBytesMax = 256u << 20;
// How long records that nobody waits for gather, so that a commit has many of them.
inline constexpr DurationMs kGatherMs = 10;
// While the disk is full, how often an idle committer tries whether it still is.
inline constexpr DurationMs kProbeIntervalMs = 500;

class Committer final : public Journal {
 public:
  Committer(Store& store, const Clock& clock, std::vector<LogConsumer*> folds,
            std::vector<CheckpointSource*> sources, std::vector<LogConsumer*> followers,
            JournalOptions options, std::function<void(Error)> on_fatal);
  ~Committer() override;

  // Restores, folds, loads and starts, in this order.
  Result<void> start();

  void append(std::vector<NewRecord> records, Completion done) override;
  bool append_unacknowledged(NewRecord record) override;
  Result<void> flush() override;
  Result<void> stop() override;
  Status status() const override;
  Result<Decision> find_decision(DecisionId id) const override;

 private:
  Result<void> replay();
  void run();
  std::vector<Entry> take_entries(bool& stopping);
  void hurry() REQUIRES_LOCK(mutex_);
  std::int64_t wait_ms() const REQUIRES_LOCK(mutex_);
  void commit_group(std::vector<Entry> entries, bool all_checkpoints);
  Result<void> write(Group& group, bool all_checkpoints);
  void fold(const Group& group);
  void finish(Group& group);
  void fail(Group& group, const Error& error);
  void die(const Error& error);
  void settle(const std::vector<Entry>& entries);

  Store& store_;
  const Clock& clock_;
  const std::vector<LogConsumer*> folds_;
  const JournalOptions options_;
  const std::function<void(Error)> on_fatal_;

  // The committer thread's.
  Checkpoints checkpoints_;
  DedupIndex dedup_;
  Identities identities_;
  TimeIndex time_index_;  // also read by find_decision
  std::unique_ptr<GroupBuilder> builder_;
  std::uint64_t folded_commit_ = 0;
  std::int64_t probed_ns_ = 0;

  Followers followers_;
  std::thread thread_;

  mutable Mutex mutex_;
  ConditionVariable work_;     // for the committer
  ConditionVariable settled_;  // for flush() and stop()
  std::deque<Entry> queue_ GUARDED_BY(mutex_);
  std::size_t queued_records_ GUARDED_BY(mutex_) = 0;
  std::size_t queued_bytes_ GUARDED_BY(mutex_) = 0;
  bool urgent_ GUARDED_BY(mutex_) = false;                // somebody waits for what is queued
  std::uint64_t tickets_ GUARDED_BY(mutex_) = 0;          // given to entries
  std::uint64_t tickets_settled_ GUARDED_BY(mutex_) = 0;  // durable or refused
  Status status_ GUARDED_BY(mutex_);
  std::optional<Error> fatal_ GUARDED_BY(mutex_);
  std::optional<std::int64_t> checkpoint_due_ns_ GUARDED_BY(mutex_);
  bool disk_full_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool stopped_ GUARDED_BY(mutex_) = false;
  Result<void> stop_result_ GUARDED_BY(mutex_);
};

}  // namespace ante
