// A store whose commits fail when told to: a full disk, a failed fsync, a slow disk.
//
// In:   any store, borrowed. Out: the same, with the ordered faults. Any thread.

#pragma once

#include <cstdint>

#include "base/mutex.h"
#include "store/forwarding_store.h"

namespace ante {

enum class Fault : std::uint8_t {
  kDiskFull,           // nothing is written: kUnavailable
  kFsyncError,         // nothing is written: kInternal
  kFsyncErrorWritten,  // the bytes reached the disk all the same: kInternal
};

class FaultyStore final : public ForwardingStore {
 public:
  explicit FaultyStore(Store& inner) : inner_(inner) {}

  // Commits first … first + count - 1, counted from 1 at construction, fail.
  void fail_commits(std::uint64_t first, std::uint64_t count, Fault fault);
  // Every commit takes at least so long.
  void delay_commits(DurationMs delay_ms);
  // How many commits were asked for, failed ones too.
  std::uint64_t commits_tried() const;

  Result<void> commit(std::uint64_t commit, std::span<const PartitionBatch> batches) override;

 protected:
  Store& inner() const override { return inner_; }

 private:
  Store& inner_;
  mutable Mutex mutex_;
  ConditionVariable never_;  // waited on for a delay, which nothing cuts short
  std::uint64_t tried_ GUARDED_BY(mutex_) = 0;
  std::uint64_t fail_first_ GUARDED_BY(mutex_) = 0;
  std::uint64_t fail_count_ GUARDED_BY(mutex_) = 0;
  Fault fault_ GUARDED_BY(mutex_) = Fault::kDiskFull;
  DurationMs delay_ms_ GUARDED_BY(mutex_) = 0;
};

}  // namespace ante
