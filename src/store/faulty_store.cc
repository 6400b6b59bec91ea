#include "store/faulty_store.h"

#include <chrono>
#include <string>

namespace ante {

void FaultyStore::fail_commits(std::uint64_t first, std::uint64_t count, Fault fault) {
  MutexLock lock(mutex_);
  fail_first_ = first;
  fail_count_ = count;
  fault_ = fault;
}

void FaultyStore::delay_commits(DurationMs delay_ms) {
  MutexLock lock(mutex_);
  delay_ms_ = delay_ms;
}

std::uint64_t FaultyStore::commits_tried() const {
  MutexLock lock(mutex_);
  return tried_;
}

Result<void> FaultyStore::commit(std::uint64_t commit, std::span<const PartitionBatch> batches) {
  bool fails = false;
  Fault fault = Fault::kDiskFull;
  {
    MutexLock lock(mutex_);
    ++tried_;
    fails = tried_ >= fail_first_ && tried_ - fail_first_ < fail_count_;
    fault = fault_;
    if (delay_ms_ > 0) never_.wait_for(mutex_, std::chrono::milliseconds(delay_ms_));
  }
  if (!fails) return inner_.commit(commit, batches);
  switch (fault) {
    case Fault::kDiskFull:
      return unavailable("the disk is full (ordered fault)");
    case Fault::kFsyncErrorWritten:
      TRY(inner_.commit(commit, batches));
      return internal_error("fsync failed (ordered fault, bytes written)");
    case Fault::kFsyncError:
      break;
  }
  return internal_error("fsync failed (ordered fault)");
}

}  // namespace ante
