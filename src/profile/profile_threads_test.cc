// Readers of people while the committer folds: what the thread sanitizer looks at.

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "profile/profile_store.h"
#include "profile/test_records.h"

namespace ante {
namespace {

TEST(Threads, ReadersSeeWholePeopleDuringFolds) {
  constexpr std::uint64_t kPeople = 400;
  ProfileStore store;
  TestLog log;
  Random random(1);
  TimeMs now_ms = kTestStartMs;
  for (int i = 0; i < 8000; ++i) {
    // Two shards only, so that people are frozen and thawed under the readers' eyes.
    const std::uint64_t n = random.below(kPeople);
    add_random_record(log, random, PersonHash{Hash128{(n % 2) << 56, n}}, now_ms);
  }
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> reads{0};
  std::vector<std::thread> readers;
  for (std::uint64_t r = 0; r < 2; ++r) {
    readers.emplace_back([&, r] {
      Random mine(r + 100);
      while (!done.load(std::memory_order_relaxed)) {
        const std::uint64_t n = mine.below(kPeople);
        const PersonHash person{Hash128{(n % 2) << 56, n}};
        const PersonView first = store.person(person);
        const auto again = store.find(person);
        // What is held stays whole and never goes back.
        const auto whole = decode_person_state(encode(*first.state));
        if (!whole || *whole != *first.state ||
            (again != nullptr && again->folded < first.state->folded &&
             first.members.size() == 1)) {
          ADD_FAILURE() << "a torn or older person";
          return;
        }
        reads.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  std::vector<std::pair<std::string, std::string>> rows;
  for (std::size_t i = 0; i < log.records().size(); ++i) {
    store.consume(log.records()[i]);
    if (i % 5000 == 0) store.collect_dirty(Partition{0}, rows);
  }
  while (reads.load(std::memory_order_relaxed) < 100) std::this_thread::yield();
  done.store(true, std::memory_order_relaxed);
  for (std::thread& t : readers) t.join();
  EXPECT_EQ(store.size(), kPeople);
}

}  // namespace
}  // namespace ante
