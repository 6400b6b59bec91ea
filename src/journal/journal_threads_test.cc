// The journal under many threads, on the memory store: what the thread sanitizer watches.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "journal/rebuild.h"
#include "journal/test_world.h"
#include "store/memory_store.h"

namespace ante {
namespace {

constexpr std::uint64_t kThreads = 8;
constexpr std::uint64_t kAppends = 150;

TEST(CommitterThreads, ManyProducersOneCommitter) {
  MemoryStore store;
  SystemClock clock;
  JournalOptions options;
  options.checkpoint_interval_ms = 2;
  options.follower_checkpoint_ms = 5;
  options.follower_records_max = 64;  // the committer must wait for the followers
  auto life = JournalLife::start(store, clock, options).value();
  std::atomic<std::uint64_t> stored{0}, duplicates{0};
  std::vector<std::thread> producers;
  for (std::uint64_t t = 0; t < kThreads; ++t) {
    producers.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < kAppends; ++i) {
        // Every message is sent by two threads at once.
        const std::uint64_t message = (t / 2) * kAppends + i;
        const auto outcomes =
            life->journal->append_and_wait({event_record(message % 13, message)}).value();
        (outcomes[0].appended == Appended::kStored ? stored : duplicates).fetch_add(1);
        if (i % 16 == 0) {
          NewRecord unacknowledged = event_record(t, 1'000'000 + t * kAppends + i);
          unacknowledged.dedup.reset();
          if (life->journal->append_unacknowledged(std::move(unacknowledged))) stored.fetch_add(1);
          EXPECT_TRUE(life->journal->flush());
        }
        (void)life->journal->status();
        (void)life->journal->find_decision(DecisionId{});
      }
    });
  }
  for (std::thread& producer : producers) producer.join();
  ASSERT_TRUE(life->journal->flush());
  EXPECT_EQ(duplicates, kThreads / 2 * kAppends);
  EXPECT_EQ(life->fold.records(), stored);
  EXPECT_EQ(life->follower.save(), life->fold.save());
  ASSERT_TRUE(life->journal->stop());
  CountingFold fresh;
  LogConsumer* consumers[] = {&fresh};
  ASSERT_TRUE(rebuild_folds(store, consumers));
  EXPECT_EQ(fresh.save(), life->fold.save());
}

TEST(CommitterThreads, StopsWhileProducersRun) {
  MemoryStore store;
  SystemClock clock;
  auto life = JournalLife::start(store, clock).value();
  std::atomic<std::uint64_t> acknowledged{0};
  std::vector<std::thread> producers;
  for (std::uint64_t t = 0; t < 4; ++t) {
    producers.emplace_back([&, t] {
      for (std::uint64_t i = 0;; ++i) {
        const auto outcome = life->journal->append_and_wait({event_record(t, t * 1'000'000 + i)});
        if (!outcome.has_value()) return;
        acknowledged.fetch_add(1);
      }
    });
  }
  while (acknowledged < 100) std::this_thread::yield();
  EXPECT_TRUE(life->journal->stop());
  for (std::thread& producer : producers) producer.join();
  EXPECT_EQ(life->fold.records(), acknowledged);
}

// A log that is read from its beginning while new records arrive.
TEST(CommitterThreads, FollowersCatchUpWhileTheLogGrows) {
  MemoryStore store;
  SystemClock clock;
  {
    auto life = JournalLife::start(store, clock).value();
    for (std::uint64_t i = 0; i < 300; ++i) {
      ASSERT_TRUE(life->journal->append_and_wait({event_record(i % 17, i)}));
    }
  }
  const std::vector<std::uint64_t> versions = store.blob_versions("consumer-counting").value();
  for (const std::uint64_t v : versions) {
    ASSERT_TRUE(store.erase_blob("consumer-counting", v));
  }
  auto life = JournalLife::start(store, clock).value();
  for (std::uint64_t i = 300; i < 600; ++i) {
    ASSERT_TRUE(life->journal->append_and_wait({event_record(i % 17, i)}));
  }
  ASSERT_TRUE(life->journal->flush());
  EXPECT_EQ(life->follower.records(), 600u);
  EXPECT_EQ(life->follower.save(), life->fold.save());
}

}  // namespace
}  // namespace ante
