// Calls a function again and again on a thread of its own, with a pause between.
//
// The destructor ends the pause and waits for a call that is under way.

#pragma once

#include <cstdint>
#include <functional>
#include <thread>

#include "base/mutex.h"

namespace ante {

class Repeater {
 public:
  // REQUIRES pause_ms > 0. The first call comes after the first pause.
  Repeater(std::int64_t pause_ms, std::function<void()> work);
  ~Repeater();
  Repeater(const Repeater&) = delete;
  Repeater& operator=(const Repeater&) = delete;

 private:
  void run();

  const std::int64_t pause_ms_;
  const std::function<void()> work_;
  Mutex mutex_;
  ConditionVariable changed_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace ante
