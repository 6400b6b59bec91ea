#include "journal/committer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "journal/log_reader.h"
#include "journal/meta_keys.h"

namespace ante {

namespace {

constexpr std::int64_t kIdleWaitMs = 1'000;

std::size_t log_bytes(const std::vector<PartitionBatch>& batches) {
  std::size_t sum = 0;
  for (const PartitionBatch& batch : batches) sum += batch.log_value.size();
  return sum;
}

}  // namespace

Committer::Committer(Store& store, const Clock& clock, std::vector<LogConsumer*> folds,
                     std::vector<CheckpointSource*> sources, std::vector<LogConsumer*> followers,
                     JournalOptions options, std::function<void(Error)> on_fatal)
    : store_(store),
      clock_(clock),
      folds_(folds),
      options_(options),
      on_fatal_(std::move(on_fatal)),
      checkpoints_(
          store, folds, std::move(sources),
          {options.checkpoint_interval_ms, options.checkpoint_records, options.on_warning}),
      dedup_(store,
             {options.dedup_retention_ms, options.dedup_filter_bytes_max, options.on_warning}),
      identities_(store),
      followers_(
          store, clock, std::move(followers),
          {options.follower_records_max, options.follower_checkpoint_ms, options.on_warning}) {}

Committer::~Committer() {
  if (const auto stopped = stop(); !stopped.has_value() && options_.on_warning) {
    options_.on_warning(stopped.error());
  }
}

Result<void> Committer::start() {
  TRY(checkpoints_.restore());
  TRY(replay());
  TRY(dedup_.load());
  TRY(time_index_.load(store_));
  builder_ = std::make_unique<GroupBuilder>(store_, dedup_, identities_, checkpoints_);
  folded_commit_ = store_.last_commit();
  TRY(followers_.start());
  {
    MutexLock lock(mutex_);
    status_.last_commit = folded_commit_;
    checkpoint_due_ns_ = checkpoints_.due_ns();
  }
  thread_ = std::thread([this] { run(); });
  return {};
}

// Folds what the restored rows do not cover.
Result<void> Committer::replay() {
  const std::optional<Commit> after = checkpoints_.replay_after();
  if (!after.has_value()) return {};
  std::uint64_t current = 0;
  const auto finish = [&] {
    if (current == 0) return;
    for (LogConsumer* fold : folds_) fold->commit_consumed(Commit{current});
  };
  const std::int64_t now_ns = clock_.monotonic_ns();
  auto read =
      read_log(store_, *after, [&](std::span<const CommittedRecord> records) -> Result<bool> {
        const CommittedRecord& last = records.back();
        if (last.partition.value >= kPartitions) {
          return data_loss("the log has partition " + std::to_string(last.partition.value) +
                           ", which this version does not know");
        }
        if (last.commit.value != current) {
          finish();
          current = last.commit.value;
        }
        std::uint64_t fresh = 0;
        for (const CommittedRecord& record : records) {
          if (!checkpoints_.needs_fold(record)) continue;
          ++fresh;
          for (LogConsumer* fold : folds_) fold->consume(record);
        }
        if (fresh > 0) {
          checkpoints_.folded(last.partition, last.commit, last.sequence, fresh,
                              last.header.received_at, now_ns);
        }
        return true;
      });
  TRY(std::move(read));
  finish();
  return {};
}

void Committer::append(std::vector<NewRecord> records, Completion done) {
  std::size_t bytes = 0;
  for (const NewRecord& record : records) {
    if (record.partition.value >= kPartitions) {
      done(invalid_argument("a record of partition " + std::to_string(record.partition.value)));
      return;
    }
    bytes += queued_bytes(record);
  }
  if (records.empty()) {
    done(std::vector<AppendOutcome>{});
    return;
  }
  std::optional<Error> refused;
  {
    MutexLock lock(mutex_);
    if (fatal_.has_value() || stopping_) {
      refused = unavailable(fatal_.has_value() ? "the journal stopped after a write error"
                                               : "the journal is stopping");
    } else if (queued_records_ + records.size() > options_.queue_records_max ||
               queued_bytes_ + bytes > options_.queue_bytes_max) {
      refused = unavailable("the journal's queue is full");
    } else {
      queued_records_ += records.size();
      queued_bytes_ += bytes;
      queue_.push_back({std::move(records), std::move(done), bytes, ++tickets_});
      hurry();
    }
  }
  if (refused.has_value()) done(*std::move(refused));
}

bool Committer::append_unacknowledged(NewRecord record) {
  const std::size_t bytes = queued_bytes(record);
  MutexLock lock(mutex_);
  // Half of the queue is for those who wait for an answer.
  if (record.partition.value >= kPartitions || fatal_.has_value() || stopping_ || disk_full_ ||
      queued_records_ >= options_.queue_records_max / 2 ||
      queued_bytes_ + bytes > options_.queue_bytes_max / 2) {
    ++status_.dropped_unacknowledged;
    return false;
  }
  ++queued_records_;
  queued_bytes_ += bytes;
  Entry entry;
  entry.records.push_back(std::move(record));
  entry.bytes = bytes;
  entry.ticket = ++tickets_;
  // The committer is woken for the first one; the others gather.
  const bool first = queue_.empty();
  queue_.push_back(std::move(entry));
  if (first) work_.notify_one();
  return true;
}

void Committer::hurry() {
  if (urgent_) return;
  urgent_ = true;
  work_.notify_one();
}

std::int64_t Committer::wait_ms() const {
  if (fatal_.has_value()) return kIdleWaitMs;
  if (disk_full_) return kProbeIntervalMs;
  if (!checkpoint_due_ns_.has_value()) return kIdleWaitMs;
  const std::int64_t left = (*checkpoint_due_ns_ - clock_.monotonic_ns()) / kNsPerMs;
  return std::clamp<std::int64_t>(left, 0, kIdleWaitMs);
}

// What one group will hold; empty when it is time for a checkpoint, a probe or the end.
std::vector<Entry> Committer::take_entries(bool& stopping) {
  std::vector<Entry> entries;
  MutexLock lock(mutex_);
  if (queue_.empty() && !stopping_) {
    const std::int64_t ms = wait_ms();
    if (ms > 0) work_.wait_for(mutex_, std::chrono::milliseconds(ms));
  }
  const std::int64_t gather_until_ns = clock_.monotonic_ns() + kGatherMs * kNsPerMs;
  while (!queue_.empty() && !urgent_ && !stopping_ &&
         queued_records_ < options_.commit_records_max) {
    const std::int64_t left_ns = gather_until_ns - clock_.monotonic_ns();
    if (left_ns <= 0) break;
    work_.wait_for(mutex_, std::chrono::nanoseconds(left_ns));
  }
  urgent_ = false;
  std::size_t records = 0;
  while (!queue_.empty() && (entries.empty() || records + queue_.front().records.size() <=
                                                    options_.commit_records_max)) {
    records += queue_.front().records.size();
    queued_bytes_ -= queue_.front().bytes;
    entries.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queued_records_ -= records;
  stopping = stopping_ && queue_.empty();
  return entries;
}

void Committer::run() {
  bool stopping = false;
  while (!stopping) {
    std::vector<Entry> entries = take_entries(stopping);
    bool dead = false, due = false;
    {
      MutexLock lock(mutex_);
      dead = fatal_.has_value();
      const std::int64_t now_ns = clock_.monotonic_ns();
      due = checkpoint_due_ns_.has_value() && *checkpoint_due_ns_ <= now_ns;
      // An idle committer with a full disk tries now and then, and not in a loop.
      if (disk_full_) due = now_ns - probed_ns_ >= kProbeIntervalMs * kNsPerMs;
    }
    if (dead) {
      Group group;
      group.entries = std::move(entries);
      fail(group, unavailable("the journal stopped after a write error"));
      continue;
    }
    if (!entries.empty() || due) commit_group(std::move(entries), false);
  }
  bool dead = false;
  {
    MutexLock lock(mutex_);
    dead = fatal_.has_value();
  }
  if (!dead) commit_group({}, true);
}

Result<void> Committer::write(Group& group, bool all_checkpoints) {
  const TimeMs now_ms = clock_.now_ms();
  const Commit commit{folded_commit_ + 1};
  TRY(builder_->build(group, commit, now_ms));
  PartitionBatch own;
  own.partition = kControlPartition.value;
  TRY(dedup_.maintain(now_ms, own.rows));
  for (const CommittedRecord& record : group.records) {
    if (record.header.kind != RecordKind::kErase) continue;
    own.rows.push_back(
        {Table::kMeta, erasure_key(record.header.person), hash_key({0, commit.value})});
  }
  if (!group.records.empty()) {
    auto entry = time_index_.entry_for(commit, now_ms, log_bytes(group.batches));
    if (entry.has_value()) own.rows.push_back(*std::move(entry));
  }
  if (!own.rows.empty()) group.batches.push_back(std::move(own));
  checkpoints_.collect(clock_.monotonic_ns(), Commit{folded_commit_}, all_checkpoints,
                       group.batches);
  return store_.commit(commit.value, group.batches);
}

void Committer::commit_group(std::vector<Entry> entries, bool all_checkpoints) {
  auto group = std::make_shared<Group>();
  group->entries = std::move(entries);
  probed_ns_ = clock_.monotonic_ns();
  const Result<void> written = write(*group, all_checkpoints);
  const bool durable = written.has_value();
  checkpoints_.committed(durable);
  dedup_.committed(durable);
  time_index_.committed(durable);
  if (!durable) {
    identities_.failed();
    fail(*group, written.error());
    return;
  }
  builder_->committed(*group);
  folded_commit_ = group->commit.value;
  fold(*group);
  finish(*group);
  group->batches.clear();
  followers_.push(std::move(group));
}

void Committer::fold(const Group& group) {
  for (const CommittedRecord& record : group.records) {
    for (LogConsumer* consumer : folds_) consumer->consume(record);
  }
  if (!group.records.empty()) {
    for (LogConsumer* consumer : folds_) consumer->commit_consumed(group.commit);
  }
  const std::int64_t now_ns = clock_.monotonic_ns();
  for (std::size_t i = 0; i < group.records.size();) {
    const Partition partition = group.records[i].partition;
    std::size_t end = i;
    while (end < group.records.size() && group.records[end].partition == partition) ++end;
    const CommittedRecord& last = group.records[end - 1];
    checkpoints_.folded(partition, group.commit, last.sequence, end - i, last.header.received_at,
                        now_ns);
    for (; i < end; ++i) {
      if (group.records[i].header.kind == RecordKind::kErase) checkpoints_.hasten(partition);
    }
  }
}

// Tells everybody who waits. Their tickets are settled after that: flush() means answered.
void Committer::finish(Group& group) {
  {
    MutexLock lock(mutex_);
    status_.last_commit = group.commit.value;
    status_.records_stored += group.records.size();
    status_.duplicates += group.duplicates;
    status_.accepting = true;
    status_.why_not.clear();
    disk_full_ = false;
    checkpoint_due_ns_ = checkpoints_.due_ns();
  }
  for (std::size_t i = 0; i < group.entries.size(); ++i) {
    Entry& entry = group.entries[i];
    if (entry.done) entry.done(std::move(group.outcomes[i]));
    entry.done = nullptr;
  }
  settle(group.entries);
}

void Committer::fail(Group& group, const Error& error) {
  // A full disk ends by itself, and a refused batch is its callers' trouble. Anything else means
  // that nobody knows what is on the disk: no second fsync, no more answers.
  const bool full = error.code == ErrorCode::kUnavailable;
  const bool refused = error.code == ErrorCode::kInvalidArgument && !group.entries.empty();
  if (!full && !refused) die(error);
  {
    MutexLock lock(mutex_);
    if (full && !fatal_.has_value()) {
      disk_full_ = true;
      status_.accepting = false;
      status_.why_not = error.message;
    }
  }
  for (Entry& entry : group.entries) {
    if (entry.done) entry.done(error);
  }
  settle(group.entries);
}

void Committer::settle(const std::vector<Entry>& entries) {
  MutexLock lock(mutex_);
  if (!entries.empty()) tickets_settled_ = entries.back().ticket;
  settled_.notify_all();
}

void Committer::die(const Error& error) {
  {
    MutexLock lock(mutex_);
    if (fatal_.has_value()) return;
    fatal_ = error;
    status_.accepting = false;
    status_.why_not = error.message;
  }
  if (on_fatal_) on_fatal_(error);
}

Result<void> Committer::flush() {
  Commit commit;
  {
    MutexLock lock(mutex_);
    const std::uint64_t ticket = tickets_;
    hurry();
    while (tickets_settled_ < ticket) settled_.wait(mutex_);
    if (fatal_.has_value()) return *fatal_;
    commit = Commit{status_.last_commit};
  }
  return followers_.wait_until(commit);
}

Result<void> Committer::stop() {
  {
    MutexLock lock(mutex_);
    if (stopped_) return stop_result_;
    stopping_ = true;
    work_.notify_one();
  }
  if (!thread_.joinable()) return {};
  thread_.join();
  Result<void> result = followers_.stop();
  MutexLock lock(mutex_);
  if (fatal_.has_value()) {
    result = *fatal_;
  } else if (disk_full_) {
    result = unavailable("stopped without the last checkpoint: " + status_.why_not);
  }
  stopped_ = true;
  stop_result_ = result;
  return result;
}

Journal::Status Committer::status() const {
  const Commit seen = followers_.seen();
  MutexLock lock(mutex_);
  Status status = status_;
  status.follower_commit = seen.value;
  status.queued_records = queued_records_;
  return status;
}

Result<Decision> Committer::find_decision(DecisionId id) const {
  const Commit after = time_index_.before(id.time_ms());
  const std::optional<Commit> last = time_index_.last(id.time_ms(), kFindSlackMs);
  std::optional<Decision> found;
  std::size_t bytes = 0;
  auto scanned = store_.scan_log(
      after.value,
      [&](std::uint64_t commit, std::uint16_t partition, std::string_view value) -> Result<bool> {
        if (last.has_value() && commit > last->value) return false;
        bytes += value.size();
        if (bytes > kFindBytesMax) return false;
        if (partition != id.partition().value) return true;
        const auto records = TRY(decode_log_value_at(commit, partition, value));
        for (const CommittedRecord& record : records) {
          if (record.header.kind != RecordKind::kDecision) continue;
          Decision decision = TRY(decode_decision(record.body));
          if (decision.id == id) {
            found = std::move(decision);
            return false;
          }
        }
        return true;
      });
  TRY(std::move(scanned));
  if (!found.has_value()) return not_found("no decision " + to_string(id) + " is in the log");
  return *std::move(found);
}

}  // namespace ante
