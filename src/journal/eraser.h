// Carries out erasures in the background (erase.h): those that a restart found unfinished, and each
// one soon after it was asked for.
//
// An erasure has to wait until the checkpoints no longer hold what was erased, which takes the
// journal a few seconds; until then it is tried again. The thread sleeps when nothing is pending.
// Any thread may call wake().

#pragma once

#include <functional>
#include <thread>

#include "base/mutex.h"
#include "base/result.h"
#include "store/store.h"

namespace ante {

class Eraser {
 public:
  // Borrowed: the store outlives the eraser. `on_warning`: an erasure failed and is tried again.
  Eraser(Store& store, std::function<void(const Error&)> on_warning);
  ~Eraser();  // waits for the erasure that is under way
  void wake();

 private:
  void run();
  bool erase_pending();

  Store& store_;
  const std::function<void(const Error&)> on_warning_;
  Mutex mutex_;
  ConditionVariable changed_;
  bool awake_ GUARDED_BY(mutex_) = true;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace ante
