// An immutable value that readers hold while a writer publishes the next one.
//
// get() never waits for a writer longer than one pointer copy; what it returns stays valid and
// unchanged for as long as it is held. Any thread may read and publish.

#pragma once

#include <memory>
#include <utility>

#include "base/mutex.h"

namespace ante {

template <typename T>
class Published {
 public:
  Published() : value_(std::make_shared<const T>()) {}
  explicit Published(std::shared_ptr<const T> first) : value_(std::move(first)) {}

  std::shared_ptr<const T> get() const EXCLUDES_LOCK(mutex_) {
    MutexLock lock(mutex_);
    return value_;
  }

  void publish(std::shared_ptr<const T> next) EXCLUDES_LOCK(mutex_) {
    // The old value is destroyed outside the lock: it may be large.
    {
      MutexLock lock(mutex_);
      value_.swap(next);
    }
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const T> value_ GUARDED_BY(mutex_);
};

}  // namespace ante
