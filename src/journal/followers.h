// The followers: consumers that see each record after it is durable, on one thread of their own.
//
// In:   committed groups, in commit order. Out: consumers fed, their blobs saved now and then.
// At start the newest good blob of each is loaded and the log after it is read on this thread;
// groups that arrive meanwhile are read from the log too. A damaged blob means the older one, then
// the beginning of the log: never silently "nothing happened yet".

#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "domain/log_consumer.h"
#include "journal/group.h"
#include "store/store.h"

namespace ante {

inline constexpr std::size_t kFollowerBlobsKept = 2;

class Followers {
 public:
  struct Options {
    std::size_t records_max = 200'000;
    DurationMs checkpoint_ms = 30'000;
    std::function<void(const Error&)> on_warning;
  };
  Followers(Store& store, const Clock& clock, std::vector<LogConsumer*> consumers, Options options);
  ~Followers();
  Followers(const Followers&) = delete;
  Followers& operator=(const Followers&) = delete;

  // Loads the blobs and starts the thread.
  Result<void> start();
  // Hands over a committed group; waits while too much is waiting. The committer thread only.
  void push(std::shared_ptr<const Group> group);
  // Waits until the consumers have seen this commit. The reader's error, if it failed.
  Result<void> wait_until(Commit commit);
  // Consumes what is waiting, saves the blobs, joins the thread.
  Result<void> stop();

  Commit seen() const;

 private:
  struct Follower {
    LogConsumer* consumer = nullptr;
    std::uint64_t seen = 0;   // commit consumed
    std::uint64_t saved = 0;  // commit of the newest blob
  };

  Result<void> load(Follower& follower);
  void run();
  Result<void> catch_up();
  void consume(std::span<const CommittedRecord> records, Commit commit);
  Result<void> save_all();
  void save_when_due();
  void warn(const Error& error) const;

  Store& store_;
  const Clock& clock_;
  Options options_;
  std::vector<Follower> followers_;  // the follower thread's, after start()
  std::int64_t saved_ns_ = 0;

  mutable Mutex mutex_;
  ConditionVariable changed_;
  std::deque<std::shared_ptr<const Group>> queue_ GUARDED_BY(mutex_);
  std::size_t queued_records_ GUARDED_BY(mutex_) = 0;
  std::uint64_t pushed_ GUARDED_BY(mutex_) = 0;  // last commit handed over
  std::uint64_t seen_ GUARDED_BY(mutex_) = 0;
  bool live_ GUARDED_BY(mutex_) = false;  // caught up: groups come by the queue
  bool stopping_ GUARDED_BY(mutex_) = false;
  Result<void> failure_ GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace ante
