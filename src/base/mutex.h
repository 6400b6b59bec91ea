// A mutex that clang's thread-safety analysis understands (-Wthread-safety with clang-19).
// The only place that names std::mutex.

#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define ANTE_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define ANTE_THREAD_ANNOTATION(x)
#endif

#define GUARDED_BY(m) ANTE_THREAD_ANNOTATION(guarded_by(m))
#define REQUIRES_LOCK(...) ANTE_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define EXCLUDES_LOCK(...) ANTE_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))

namespace ante {

class ANTE_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  void lock() ANTE_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void unlock() ANTE_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }
  bool try_lock() ANTE_THREAD_ANNOTATION(try_acquire_capability(true)) { return mutex_.try_lock(); }

 private:
  std::mutex mutex_;
};

class ANTE_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ANTE_THREAD_ANNOTATION(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() ANTE_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits on a held Mutex: REQUIRES_LOCK on the one passed.
class ConditionVariable {
 public:
  void wait(Mutex& mutex) REQUIRES_LOCK(mutex) { condition_.wait(mutex); }
  template <typename Duration>
  std::cv_status wait_for(Mutex& mutex, Duration duration) REQUIRES_LOCK(mutex) {
    return condition_.wait_for(mutex, duration);
  }
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable_any condition_;
};

}  // namespace ante
