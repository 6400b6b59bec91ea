#include "journal/journal.h"

#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "base/random.h"
#include "journal/consumer_group.h"
#include "journal/dedup_filter.h"
#include "journal/erase.h"
#include "journal/eraser.h"
#include "journal/identities.h"
#include "journal/meta_keys.h"
#include "journal/rebuild.h"
#include "journal/test_world.h"
#include "store/faulty_store.h"
#include "store/memory_store.h"
#include "store/rocksdb_store.h"

namespace ante {
namespace {

constexpr TimeMs kStart = 1'700'000'000'000;

std::vector<NewRecord> events(std::initializer_list<std::pair<std::uint64_t, std::uint64_t>> list) {
  std::vector<NewRecord> records;
  for (const auto& [person, message] : list) records.push_back(event_record(person, message));
  return records;
}

class JournalTest : public testing::Test {
 protected:
  void start(JournalOptions options = {}) {
    auto started = JournalLife::start(store_, clock_, options);
    ASSERT_TRUE(started) << started.error().message;
    life_ = *std::move(started);
  }
  void restart(JournalOptions options = {}) {
    life_.reset();
    start(options);
  }
  // Without the last checkpoint: what a crash leaves.
  std::string rebuilt() {
    CountingFold fresh;
    LogConsumer* consumers[] = {&fresh};
    EXPECT_TRUE(rebuild_folds(store_, consumers));
    return fresh.save();
  }
  Journal& journal() { return *life_->journal; }

  MemoryStore store_;
  SimulatedClock clock_{kStart};
  std::unique_ptr<JournalLife> life_;
};

// Counts, in a checkpoint of a format that can be changed.
class VersionedCount final : public LogConsumer {
 public:
  VersionedCount(std::string name, char format) : name_(std::move(name)), format_(format) {}
  std::string_view name() const override { return name_; }
  void consume(const CommittedRecord&) override { ++records; }
  std::string save() const override { return format_ + std::string(records, '.'); }
  Result<void> load(std::string_view bytes) override {
    records = bytes.size() - 1;
    return {};
  }
  std::size_t records = 0;

 private:
  std::string name_;
  char format_;
};

TEST(ConsumerGroup, IsSavedAndLoadedAsOneOrNotAtAll) {
  VersionedCount joiner("joiner", 1), trainer("trainer", 1);
  ConsumerGroup group("rewards", {&joiner, &trainer});
  group.consume({});
  group.consume({});
  const std::string saved = group.save();
  const auto loads = [&](char joiner_format, char trainer_format, const std::string& name) {
    VersionedCount first(name, joiner_format), second("trainer", trainer_format);
    const auto loaded = ConsumerGroup("rewards", {&first, &second}).load(saved);
    EXPECT_EQ(first.records, loaded ? 2U : 0U);
    EXPECT_EQ(second.records, loaded ? 2U : 0U);
    EXPECT_TRUE(loaded || loaded.error().code == ErrorCode::kDataLoss);
    return loaded.has_value();
  };
  EXPECT_TRUE(loads(1, 1, "joiner"));
  EXPECT_FALSE(loads(2, 1, "joiner"));
  EXPECT_FALSE(loads(1, 2, "joiner"));  // the first is not touched either
  EXPECT_FALSE(loads(1, 1, "another"));
  VersionedCount alone("joiner", 1);
  EXPECT_FALSE(ConsumerGroup("rewards", {&alone}).load(saved));
  for (std::size_t size = 0; size < saved.size(); ++size) {
    VersionedCount first("joiner", 1), second("trainer", 1);
    EXPECT_FALSE(ConsumerGroup("rewards", {&first, &second}).load(saved.substr(0, size))) << size;
    EXPECT_EQ(first.records + second.records, 0U) << size;
  }
}

TEST_F(JournalTest, StoresFoldsAndAnswersInOrder) {
  start();
  const auto outcomes = journal().append_and_wait(events({{1, 1}, {1, 2}, {2, 3}}));
  ASSERT_TRUE(outcomes);
  EXPECT_EQ((*outcomes)[0].sequence, Sequence{1});
  EXPECT_EQ((*outcomes)[1].sequence, Sequence{2});
  EXPECT_EQ((*outcomes)[2].sequence, Sequence{1});
  EXPECT_EQ(life_->fold.records(), 3u);
  ASSERT_TRUE(journal().flush());
  EXPECT_EQ(life_->follower.save(), life_->fold.save());
  EXPECT_EQ(rebuilt(), life_->fold.save());
}

TEST_F(JournalTest, RefusesAnUnknownPartition) {
  start();
  auto records = events({{1, 1}});
  records[0].partition = Partition{kPartitions};
  EXPECT_EQ(journal().append_and_wait(std::move(records)).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_TRUE(journal().append_and_wait({}).value().empty());
}

TEST_F(JournalTest, CountsAMessageOnceInOneCallInTwoCallsAndAfterARestart) {
  start();
  const auto first = journal().append_and_wait(events({{1, 1}, {1, 1}, {1, 2}}));
  EXPECT_EQ((*first)[0].appended, Appended::kStored);
  EXPECT_EQ((*first)[1].appended, Appended::kDuplicate);
  EXPECT_EQ((*first)[1].sequence, Sequence{0});
  EXPECT_EQ((*first)[2].sequence, Sequence{2});
  EXPECT_EQ((*journal().append_and_wait(events({{1, 2}})))[0].appended, Appended::kDuplicate);
  EXPECT_EQ(journal().status().duplicates, 2u);
}

TEST_F(JournalTest, DedupSurvivesARestart) {
  start();
  ASSERT_TRUE(journal().append_and_wait(events({{1, 1}, {2, 2}})));
  restart();
  const auto again = journal().append_and_wait(events({{1, 1}, {2, 2}, {2, 3}}));
  EXPECT_EQ((*again)[0].appended, Appended::kDuplicate);
  EXPECT_EQ((*again)[1].appended, Appended::kDuplicate);
  EXPECT_EQ((*again)[2].sequence, Sequence{2});
  EXPECT_EQ(life_->fold.records(), 3u);
}

TEST_F(JournalTest, DedupHoldsForSevenDaysAndOldDaysGo) {
  start();
  ASSERT_TRUE(journal().append_and_wait(events({{1, 1}})));
  for (std::uint64_t day = 1; day <= 7; ++day) {
    clock_.advance_to(kStart + static_cast<TimeMs>(day) * kDayMs - kMinuteMs);
    ASSERT_TRUE(journal().append_and_wait(events({{2, 100 + day}})));
    EXPECT_EQ((*journal().append_and_wait(events({{1, 1}})))[0].appended, Appended::kDuplicate);
    if (day == 4) restart();
  }
  for (std::uint64_t day = 8; day <= 12; ++day) {
    clock_.advance_to(kStart + static_cast<TimeMs>(day) * kDayMs);
    ASSERT_TRUE(journal().append_and_wait(events({{2, 100 + day}})));
  }
  int rows = 0;
  ASSERT_TRUE(store_.scan(Table::kDedup, "", [&](auto, auto) { return ++rows < 1000; }));
  EXPECT_LE(rows, 9);
  EXPECT_EQ((*journal().append_and_wait(events({{1, 1}})))[0].appended, Appended::kStored);
}

TEST_F(JournalTest, AClockThatJumpedAheadForgetsNoMessage) {
  start();
  ASSERT_TRUE(journal().append_and_wait(events({{1, 1}})));
  clock_.advance_to(kStart + 365 * kDayMs);
  ASSERT_TRUE(journal().append_and_wait(events({{1, 2}})));
  restart();
  EXPECT_EQ((*journal().append_and_wait(events({{1, 1}})))[0].appended, Appended::kDuplicate);
}

TEST_F(JournalTest, ReceivedAtNeverGoesBackWithinAPartition) {
  start();
  for (const TimeMs received : {kStart + 500, kStart + 100, TimeMs{0}, kStart + 900}) {
    auto records = events({{1, static_cast<std::uint64_t>(received)}});
    records[0].header.received_at = received;
    records[0].header.occurred_at = kStart + 5'000;
    ASSERT_TRUE(journal().append_and_wait(std::move(records)));
  }
  restart();
  auto records = events({{1, 7}});
  records[0].header.received_at = kStart;
  ASSERT_TRUE(journal().append_and_wait(std::move(records)));
  const auto check = verify_log(store_);
  ASSERT_TRUE(check);
  EXPECT_EQ(check->problems, std::vector<std::string>{});
  EXPECT_EQ(check->records, 5u);
}

TEST_F(JournalTest, TheCheckpointIsRestoredAndOnlyTheRestFolded) {
  JournalOptions options;
  options.checkpoint_records = 10;
  start(options);
  for (std::uint64_t i = 0; i < 100; ++i) {
    ASSERT_TRUE(journal().append_and_wait(events({{i % 3, i}})));
  }
  const std::string live = life_->fold.save();
  // As after a kill: the checkpoints of the last commits were not written. A copy of the store
  // before stop() stands for the disk.
  const std::string copy = testing::TempDir() + "ante_journal_checkpoint";
  ASSERT_TRUE(store_.backup(copy));
  const auto disk = MemoryStore::from_backup(copy).value();
  const auto life = JournalLife::start(*disk, clock_).value();
  EXPECT_EQ(life->fold.save(), live);
  EXPECT_GT(life->fold.restored(), 0u);
  EXPECT_LT(life->fold.consumed(), 60u);
  EXPECT_GT(life->fold.consumed(), 0u);
  EXPECT_EQ(rebuilt(), live);
  std::filesystem::remove_all(copy);
}

TEST_F(JournalTest, WithoutCheckpointsTheWholeLogIsFolded) {
  start();
  for (std::uint64_t i = 0; i < 50; ++i) ASSERT_TRUE(journal().append_and_wait(events({{i, i}})));
  const std::string live = life_->fold.save();
  life_.reset();
  const Table tables[] = {Table::kPeople};
  ASSERT_TRUE(drop_checkpoints(store_, tables));
  EXPECT_EQ(drop_checkpoints(store_, std::vector<Table>{Table::kIdentity}).error().code,
            ErrorCode::kInvalidArgument);
  start();
  EXPECT_EQ(life_->fold.restored(), 0u);
  EXPECT_EQ(life_->fold.consumed(), 50u);
  EXPECT_EQ(life_->fold.save(), live);
}

TEST_F(JournalTest, ADamagedCheckpointRowIsRefusedByName) {
  start();
  ASSERT_TRUE(journal().append_and_wait(events({{1, 1}})));
  life_.reset();
  PartitionBatch batch;
  batch.rows = {{Table::kMeta, cover_key(Partition{37}), "garbage"}};
  ASSERT_TRUE(store_.commit(store_.last_commit() + 1, {&batch, 1}));
  const auto started = JournalLife::start(store_, clock_);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kDataLoss);
}

TEST_F(JournalTest, ADamagedFollowerBlobMeansTheOlderOneAndNeverNothing) {
  JournalOptions options;
  options.follower_checkpoint_ms = 0;  // after every group
  start(options);
  for (std::uint64_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(journal().append_and_wait(events({{i, i}})));
    ASSERT_TRUE(journal().flush());
  }
  const std::string live = life_->follower.save();
  life_.reset();
  auto versions = store_.blob_versions("consumer-counting").value();
  EXPECT_EQ(versions.size(), 2u);
  ASSERT_TRUE(store_.put_blob("consumer-counting", versions.back(), "damaged"));
  start();
  ASSERT_TRUE(journal().flush());
  EXPECT_EQ(life_->follower.save(), live);
  EXPECT_EQ(life_->warnings.size(), 1u);
  EXPECT_LT(life_->follower.consumed(), 5u);
  life_.reset();
  versions = store_.blob_versions("consumer-counting").value();
  for (const auto v : versions) ASSERT_TRUE(store_.put_blob("consumer-counting", v, "damaged"));
  start();
  ASSERT_TRUE(journal().flush());
  EXPECT_EQ(life_->follower.save(), live);
  EXPECT_EQ(life_->follower.consumed(), 5u);
  EXPECT_GE(life_->warnings.size(), 2u);
}

TEST_F(JournalTest, TheRawIdStandsInTheIdentityTableOnce) {
  start();
  ASSERT_TRUE(journal().append_and_wait(events({{1, 1}, {1, 2}, {2, 3}})));
  ASSERT_TRUE(journal().append_and_wait(events({{1, 4}})));
  std::vector<std::string> ids;
  ASSERT_TRUE(store_.scan(Table::kIdentity, "", [&](auto, std::string_view value) {
    ids.push_back(decode_identity(value).value().id);
    return true;
  }));
  EXPECT_EQ(ids, (std::vector<std::string>{"raw-id-1", "raw-id-2"}));
  EXPECT_EQ(decode_identity("rubbish").error().code, ErrorCode::kDataLoss);
}

TEST_F(JournalTest, FindsADecisionByItsId) {
  start();
  std::vector<DecisionId> ids;
  for (std::uint64_t i = 0; i < 60; ++i) {
    clock_.advance_to(kStart + static_cast<TimeMs>(i) * 20'000);
    const PersonHash person = person_number(i % 5);
    Decision decision;
    decision.id = make_decision_id(clock_.now_ms(), partition_of(person), i, i);
    decision.people = {person};
    decision.slot_name = "slot-" + std::to_string(i);
    decision.at_ms = clock_.now_ms();
    ids.push_back(decision.id);
    NewRecord record;
    record.partition = partition_of(person);
    record.header = {RecordKind::kDecision, kFirstTenant, person, clock_.now_ms(), 0};
    record.body = encode(decision);
    ASSERT_TRUE(journal().append_unacknowledged(std::move(record)));
    ASSERT_TRUE(journal().append_and_wait(events({{i, i}})));
  }
  ASSERT_TRUE(journal().flush());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto found = journal().find_decision(ids[i]);
    ASSERT_TRUE(found) << i;
    EXPECT_EQ(found->slot_name, "slot-" + std::to_string(i));
  }
  const auto unknown = make_decision_id(kStart + 70'000, Partition{0}, 99, 99);
  EXPECT_EQ(journal().find_decision(unknown).error().code, ErrorCode::kNotFound);
}

TEST_F(JournalTest, VerifyNamesTheDamagedValueAndAGap) {
  start();
  ASSERT_TRUE(journal().append_and_wait(events({{1, 1}})));
  ASSERT_TRUE(journal().append_and_wait(events({{1, 2}})));
  life_.reset();
  ASSERT_TRUE(store_.rewrite_log(1, 37 * 1 % 256, "damage"));
  const auto check = verify_log(store_);
  ASSERT_TRUE(check);
  ASSERT_EQ(check->problems.size(), 2u);
  EXPECT_NE(check->problems[0].find("commit 1, partition 37"), std::string::npos);
  EXPECT_NE(check->problems[1].find("begins at sequence 2 where 1"), std::string::npos);
  EXPECT_TRUE(JournalLife::start(store_, clock_));  // the rows cover it
}

TEST_F(JournalTest, QueueLimitsAnswerUnavailableAndDropUnacknowledged) {
  FaultyStore slow(store_);
  slow.delay_commits(50);
  JournalOptions options;
  options.queue_records_max = 10;
  CountingFold fold;
  auto journal = Journal::open(slow, clock_, {&fold}, {&fold}, {}, options, nullptr).value();
  std::uint64_t refused = 0, dropped = 0;
  Mutex mutex;
  for (std::uint64_t i = 0; i < 30; ++i) {
    journal->append(events({{i, i}}), [&](const Result<std::vector<AppendOutcome>>& result) {
      MutexLock lock(mutex);
      if (!result.has_value()) {
        EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
        ++refused;
      }
    });
    if (!journal->append_unacknowledged(event_record(i, 1000 + i))) ++dropped;
  }
  ASSERT_TRUE(journal->flush());
  EXPECT_GT(refused, 0u);
  EXPECT_GT(dropped, 0u);
  EXPECT_EQ(journal->status().dropped_unacknowledged, dropped);
  EXPECT_EQ(fold.records(), 60 - refused - dropped);
  ASSERT_TRUE(journal->stop());
  EXPECT_EQ(journal->append_and_wait(events({{1, 1}})).error().code, ErrorCode::kUnavailable);
}

TEST_F(JournalTest, AFullDiskRefusesAndResumesByItself) {
  FaultyStore faulty(store_);
  CountingFold fold;
  std::vector<Error> fatal;
  auto journal = Journal::open(faulty, clock_, {&fold}, {&fold}, {}, {}, [&](Error error) {
                   fatal.push_back(std::move(error));
                 }).value();
  ASSERT_TRUE(journal->append_and_wait(events({{1, 1}})));
  faulty.fail_commits(faulty.commits_tried() + 1, 3, Fault::kDiskFull);
  EXPECT_EQ(journal->append_and_wait(events({{1, 2}})).error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(journal->status().accepting);
  EXPECT_NE(journal->status().why_not.find("disk is full"), std::string::npos);
  EXPECT_EQ(fold.records(), 1u) << "a fold ahead of the disk";
  // Idle probes find out that there is room again.
  const SystemClock real;
  const std::int64_t until = real.monotonic_ns() + 10'000'000'000;
  while (!journal->status().accepting && real.monotonic_ns() < until) {
  }
  EXPECT_TRUE(journal->status().accepting);
  EXPECT_EQ((*journal->append_and_wait(events({{1, 2}})))[0].sequence, Sequence{2});
  ASSERT_TRUE(journal->stop());
  EXPECT_TRUE(fatal.empty());
  EXPECT_EQ(rebuilt(), fold.save());
}

// Named in tools/mutants: kills "acknowledge before commit" and "go on after a failed fsync".
TEST_F(JournalTest, NothingIsAcknowledgedThatTheFailedCommitHeld) {
  for (std::uint64_t k = 1; k <= 50; ++k) {
    for (const Fault fault : {Fault::kDiskFull, Fault::kFsyncError, Fault::kFsyncErrorWritten}) {
      MemoryStore disk;
      FaultyStore faulty(disk);
      faulty.fail_commits(k, 1, fault);
      std::map<std::uint64_t, bool> acknowledged;
      {
        auto life = JournalLife::start(faulty, clock_).value();
        bool dead = false;
        for (std::uint64_t i = 0; i < 60; ++i) {
          const auto outcome = life->journal->append_and_wait(events({{i % 7, i}}));
          if (outcome.has_value()) acknowledged[i] = true;
          EXPECT_FALSE(dead && outcome.has_value()) << "acknowledged after a failed fsync";
          dead = dead || (!outcome.has_value() && fault != Fault::kDiskFull);
        }
        EXPECT_EQ(life->fold.records(), acknowledged.size());
        EXPECT_EQ(life->fatal.size(), fault == Fault::kDiskFull ? 0u : 1u);
        EXPECT_EQ(dead, fault != Fault::kDiskFull);
      }
      auto life = JournalLife::start(disk, clock_).value();
      const std::uint64_t kept = life->fold.records();
      EXPECT_GE(kept, acknowledged.size());
      EXPECT_LE(kept, acknowledged.size() + 1);
      for (const auto& [message, yes] : acknowledged) {
        const auto again = life->journal->append_and_wait(events({{message % 7, message}}));
        EXPECT_EQ((*again)[0].appended, Appended::kDuplicate) << "lost " << message;
      }
    }
  }
}

TEST_F(JournalTest, ErasesAPersonFromTheLogAndTheRows) {
  start();
  ASSERT_TRUE(journal().append_and_wait(events({{1, 1}, {1, 2}, {2, 3}})));
  NewRecord erase;
  erase.header.kind = RecordKind::kErase;
  erase.header.person = person_number(1);
  erase.partition = partition_of(erase.header.person);
  ASSERT_TRUE(journal().append_and_wait({erase}));
  ASSERT_TRUE(journal().append_and_wait(events({{1, 9}})));  // came back
  const auto pending = pending_erasures(store_).value();
  ASSERT_EQ(pending.size(), 1u);
  Result<Erased> erased = erase_people(store_, pending);
  while (!erased && erased.error().code == ErrorCode::kUnavailable) {
    erased = erase_people(store_, pending);
  }
  ASSERT_TRUE(erased) << erased.error().message;
  EXPECT_EQ(erased->records, 2u);
  EXPECT_EQ(erased->dedup_rows, 2u);
  EXPECT_TRUE(pending_erasures(store_).value().empty());
  EXPECT_EQ(life_->fold.records_of(1), 1u);
  ASSERT_TRUE(journal().append_and_wait(events({{1, 10}})));
  const std::string live = life_->fold.save();
  EXPECT_EQ(verify_log(store_).value().problems, std::vector<std::string>{});
  restart();
  EXPECT_EQ(life_->fold.save(), live);
  EXPECT_EQ(life_->fold.records_of(2), 1u);
}

TEST_F(JournalTest, TheEraserFinishesWhatWasAskedByItself) {
  start();
  ASSERT_TRUE(journal().append_and_wait(events({{1, 1}, {1, 2}, {2, 3}})));
  std::vector<std::string> warnings;
  auto eraser = std::make_unique<Eraser>(
      store_, [&](const Error& error) { warnings.push_back(error.message); });
  NewRecord erase;
  erase.header.kind = RecordKind::kErase;
  erase.header.person = person_number(1);
  erase.partition = partition_of(erase.header.person);
  ASSERT_TRUE(journal().append_and_wait({erase}));
  eraser->wake();
  const SystemClock real;
  const std::int64_t until = real.monotonic_ns() + 30'000'000'000;
  while (!pending_erasures(store_).value().empty() && real.monotonic_ns() < until) {
    ASSERT_TRUE(journal().append_and_wait(events({{2, 4}})));
  }
  eraser.reset();
  EXPECT_TRUE(pending_erasures(store_).value().empty());
  EXPECT_EQ(warnings, std::vector<std::string>{});
  EXPECT_EQ(verify_log(store_).value().problems, std::vector<std::string>{});
}

// A text that no compressor can shorten, for each number another.
std::string canary(std::uint64_t n) {
  std::string text;
  Random random(n);
  for (int i = 0; i < 24; ++i) text.push_back(static_cast<char>('A' + random.below(58)));
  return text;
}

TEST(Erasure, LeavesNoRawIdInTheDataDirectory) {
  const std::string directory = testing::TempDir() + "ante_erasure";
  std::filesystem::remove_all(directory);
  SimulatedClock clock(kStart);
  {
    const auto store = RocksdbStore::open(directory).value();
    const auto life = JournalLife::start(*store, clock).value();
    for (std::uint64_t i = 0; i < 50; ++i) {
      NewRecord record = event_record(i % 4, i, "said by " + canary(i % 4));
      record.identity = RoutingId{RoutingKind::kUser, canary(i % 4 + 4)};
      ASSERT_TRUE(life->journal->append_and_wait({record}));
    }
    NewRecord erase;
    erase.header.kind = RecordKind::kErase;
    erase.header.person = person_number(3);
    erase.partition = partition_of(erase.header.person);
    ASSERT_TRUE(life->journal->append_and_wait({erase}));
    ASSERT_TRUE(life->journal->stop());
    ASSERT_TRUE(erase_people(*store, pending_erasures(*store).value()));
  }
  const auto count = [&](const std::string& text) {
    int found = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(file)), {});
      if (bytes.find(text) != std::string::npos) ++found;
    }
    return found;
  };
  EXPECT_EQ(count(canary(3)), 0);
  EXPECT_EQ(count(canary(3 + 4)), 0);
  EXPECT_GT(count(canary(2)), 0) << "the search must be able to find one";
  EXPECT_GT(count(canary(2 + 4)), 0);
  std::filesystem::remove_all(directory);
}

// Random appends, repeats, restarts and crashes against an obvious model.
TEST(JournalModel, EqualsTheModelUnderRandomWork) {
  const std::uint64_t seed = 20'240'611;
  Random random(seed);
  SimulatedClock clock(kStart);
  auto store = std::make_unique<MemoryStore>();
  JournalOptions options;
  options.checkpoint_records = 20;
  auto life = JournalLife::start(*store, clock, options).value();
  std::map<std::uint64_t, std::uint64_t> stored;  // message → person
  const std::string copy = testing::TempDir() + "ante_journal_model";
  for (int step = 0; step < 600; ++step) {
    const std::uint64_t what = random.below(100);
    if (what < 3) {
      life = nullptr;
      life = JournalLife::start(*store, clock, options).value();
    } else if (what < 6) {
      ASSERT_TRUE(store->backup(copy));  // the disk at the moment of a kill
      life = nullptr;
      store = MemoryStore::from_backup(copy).value();
      life = JournalLife::start(*store, clock, options).value();
    } else {
      std::vector<NewRecord> records;
      std::vector<bool> fresh;
      for (std::uint64_t n = random.below(6); n > 0; --n) {
        const std::uint64_t message = random.below(2000);
        const std::uint64_t person = message % 11;
        records.push_back(event_record(person, message, std::to_string(random.below(1000))));
        fresh.push_back(stored.emplace(message, person).second);
      }
      const auto outcomes = life->journal->append_and_wait(std::move(records)).value();
      for (std::size_t i = 0; i < outcomes.size(); ++i) {
        EXPECT_EQ(outcomes[i].appended == Appended::kStored, fresh[i]) << "seed " << seed;
      }
      clock.advance_to(clock.now_ms() + static_cast<TimeMs>(random.below(60'000)));
    }
    ASSERT_EQ(life->fold.records(), stored.size()) << "seed " << seed << " step " << step;
  }
  ASSERT_TRUE(life->journal->flush());
  EXPECT_EQ(life->follower.save(), life->fold.save());
  CountingFold fresh;
  LogConsumer* consumers[] = {&fresh};
  ASSERT_TRUE(rebuild_folds(*store, consumers));
  EXPECT_EQ(fresh.save(), life->fold.save());
  std::filesystem::remove_all(copy);
}

TEST(DedupFilter, NeverDeniesAKeyAndSeldomInventsOne) {
  DedupFilter filter;
  Random random(1);
  std::vector<Hash128> keys;
  for (int i = 0; i < 100'000; ++i) keys.push_back({random.next(), random.next()});
  for (const Hash128& key : keys) filter.insert(key, 64u << 20);
  const DedupFilter loaded = DedupFilter::load(filter.save()).value();
  for (const Hash128& key : keys) ASSERT_TRUE(filter.maybe(key) && loaded.maybe(key));
  int invented = 0;
  for (int i = 0; i < 100'000; ++i)
    invented += loaded.maybe({random.next(), random.next()}) ? 1 : 0;
  EXPECT_LT(invented, 3'000);  // 3 %: four segments at under 1 % each
  EXPECT_EQ(DedupFilter::load("junk").error().code, ErrorCode::kDataLoss);
  EXPECT_EQ(DedupFilter::load("").error().code, ErrorCode::kDataLoss);
}

TEST(DedupFilter, StaysWithinItsBytesAndStillKnowsEveryKey) {
  DedupFilter filter;
  for (std::uint64_t i = 0; i < 200'000; ++i) filter.insert({1, i}, 100'000);
  EXPECT_LE(filter.bytes(), 100'000u);
  for (std::uint64_t i = 0; i < 200'000; i += 997) ASSERT_TRUE(filter.maybe({1, i}));
}

}  // namespace
}  // namespace ante
