// Work that may wait for the disk, away from the io threads: imports, exports, control writes.
//
// A bounded queue and a few threads. Work that is queued when the queue stops is dropped, and what
// it owned (its Respond) says so. Any thread.

#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace ante {

inline constexpr std::size_t kWorkQueuedMax = 4096;

class WorkQueue {
 public:
  explicit WorkQueue(unsigned threads);
  ~WorkQueue();
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  // False: the queue is full or stopped; the work was not taken.
  bool post(std::function<void()> work);
  void stop();

 private:
  void run();

  Mutex mutex_;
  ConditionVariable more_;
  std::deque<std::function<void()>> queue_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace ante
