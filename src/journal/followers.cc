#include "journal/followers.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "journal/log_reader.h"

namespace ante {

namespace {

std::string blob_name(const LogConsumer& consumer) {
  return "consumer-" + std::string(consumer.name());
}

}  // namespace

Followers::Followers(Store& store, const Clock& clock, std::vector<LogConsumer*> consumers,
                     Options options)
    : store_(store), clock_(clock), options_(std::move(options)) {
  for (LogConsumer* consumer : consumers) followers_.push_back({consumer, 0, 0});
}

Followers::~Followers() {
  if (thread_.joinable()) {
    if (const auto stopped = stop(); !stopped.has_value()) warn(stopped.error());
  }
}

void Followers::warn(const Error& error) const {
  if (options_.on_warning) options_.on_warning(error);
}

Result<void> Followers::load(Follower& follower) {
  const std::string name = blob_name(*follower.consumer);
  std::vector<std::uint64_t> versions = TRY(store_.blob_versions(name));
  for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
    if (*version > store_.last_commit()) {
      // Of another life of this log, as after a restored backup: it must not be taken for ours.
      warn(data_loss(name + ": a checkpoint of commit " + std::to_string(*version) +
                     ", which the log does not have"));
      TRY(store_.erase_blob(name, *version));
      continue;
    }
    const auto bytes = store_.get_blob(name, *version);
    const auto loaded =
        bytes.has_value() ? follower.consumer->load(*bytes) : Result<void>(bytes.error());
    if (loaded.has_value()) {
      follower.seen = follower.saved = *version;
      return {};
    }
    if (loaded.error().code != ErrorCode::kDataLoss) return loaded.error();
    warn(data_loss(name + " of commit " + std::to_string(*version) +
                   " is damaged, an older one is taken: " + loaded.error().message));
  }
  if (!versions.empty()) warn(data_loss(name + ": no good checkpoint, reading the whole log"));
  return {};
}

Result<void> Followers::start() {
  for (Follower& follower : followers_) TRY(load(follower));
  saved_ns_ = clock_.monotonic_ns();
  {
    MutexLock lock(mutex_);
    pushed_ = store_.last_commit();
    seen_ = followers_.empty() ? pushed_ : 0;
    live_ = followers_.empty();
  }
  thread_ = std::thread([this] { run(); });
  return {};
}

void Followers::push(std::shared_ptr<const Group> group) {
  MutexLock lock(mutex_);
  pushed_ = group->commit.value;
  if (followers_.empty()) {
    seen_ = pushed_;
    changed_.notify_all();
    return;
  }
  if (!live_ || !failure_.has_value()) return;
  while (queued_records_ >= options_.records_max && failure_.has_value()) changed_.wait(mutex_);
  queued_records_ += group->records.size();
  queue_.push_back(std::move(group));
  changed_.notify_all();
}

Result<void> Followers::wait_until(Commit commit) {
  MutexLock lock(mutex_);
  while (seen_ < commit.value && failure_.has_value()) changed_.wait(mutex_);
  return failure_;
}

Commit Followers::seen() const {
  MutexLock lock(mutex_);
  return Commit{seen_};
}

void Followers::consume(std::span<const CommittedRecord> records, Commit commit) {
  for (Follower& follower : followers_) {
    if (commit.value <= follower.seen) continue;
    for (const CommittedRecord& record : records) follower.consumer->consume(record);
  }
}

// Reads the log from where the consumers are until nothing is left, then goes live.
Result<void> Followers::catch_up() {
  std::uint64_t at = UINT64_MAX;
  for (const Follower& follower : followers_) at = std::min(at, follower.seen);
  const auto finish = [&](std::uint64_t commit) {
    if (commit <= at) return;
    for (Follower& follower : followers_) {
      if (commit <= follower.seen) continue;
      follower.consumer->commit_consumed(Commit{commit});
      follower.seen = commit;
    }
    at = commit;
    MutexLock lock(mutex_);
    seen_ = at;
    changed_.notify_all();
  };
  while (true) {
    std::uint64_t target = 0;
    {
      MutexLock lock(mutex_);
      if (stopping_) return {};
      target = pushed_;
      if (at >= target) {
        seen_ = at;
        live_ = true;
        changed_.notify_all();
        return {};
      }
    }
    // A commit is finished when a later one begins: its values come one partition at a time.
    std::uint64_t current = 0;
    bool stopped = false;
    const auto visit = [&](std::span<const CommittedRecord> records) -> Result<bool> {
      const std::uint64_t commit = records.front().commit.value;
      if (commit > target) return false;
      if (current != 0 && commit != current) {
        finish(current);
        save_when_due();
        MutexLock lock(mutex_);
        stopped = stopping_;
        if (stopped) return false;
      }
      current = commit;
      consume(records, Commit{commit});
      return true;
    };
    TRY(read_log(store_, Commit{at}, visit));
    if (stopped) return {};
    if (current != 0) finish(current);
    // Commits without records stand at the end only.
    for (Follower& follower : followers_) follower.seen = std::max(follower.seen, target);
    at = std::max(at, target);
  }
}

void Followers::run() {
  if (auto caught = catch_up(); !caught.has_value()) {
    warn(caught.error());
    MutexLock lock(mutex_);
    failure_ = caught.error();
    changed_.notify_all();
    return;
  }
  while (true) {
    std::shared_ptr<const Group> group;
    {
      MutexLock lock(mutex_);
      while (queue_.empty() && !stopping_) {
        changed_.wait_for(mutex_, std::chrono::seconds(1));
        if (queue_.empty() && !stopping_) break;
      }
      if (queue_.empty() && stopping_) return;
      if (!queue_.empty()) {
        group = std::move(queue_.front());
        queue_.pop_front();
      }
    }
    if (group != nullptr) {
      const std::uint64_t commit = group->commit.value;
      consume(group->records, group->commit);
      for (Follower& follower : followers_) {
        if (commit <= follower.seen) continue;
        if (!group->records.empty()) follower.consumer->commit_consumed(group->commit);
        follower.seen = commit;
      }
      MutexLock lock(mutex_);
      queued_records_ -= group->records.size();
      seen_ = commit;
      changed_.notify_all();
    }
    save_when_due();
  }
}

void Followers::save_when_due() {
  const std::int64_t now = clock_.monotonic_ns();
  if (now - saved_ns_ < options_.checkpoint_ms * kNsPerMs) return;
  saved_ns_ = now;
  // A full disk must not stop the consumers: the next time is soon enough.
  if (const auto saved = save_all(); !saved.has_value()) warn(saved.error());
}

Result<void> Followers::save_all() {
  for (Follower& follower : followers_) {
    if (follower.seen == follower.saved) continue;
    const std::string name = blob_name(*follower.consumer);
    TRY(store_.put_blob(name, follower.seen, follower.consumer->save()));
    follower.saved = follower.seen;
    const std::vector<std::uint64_t> versions = TRY(store_.blob_versions(name));
    for (std::size_t i = 0; i + kFollowerBlobsKept < versions.size(); ++i) {
      TRY(store_.erase_blob(name, versions[i]));
    }
  }
  return {};
}

Result<void> Followers::stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  {
    MutexLock lock(mutex_);
    if (!failure_.has_value()) return failure_;
  }
  return save_all();
}

}  // namespace ante
