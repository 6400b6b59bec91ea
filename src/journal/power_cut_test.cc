// The power goes off at any moment: what was acknowledged is there once, what was not is there at
// most once, and the log folds to the live state. The ledger is outside of the store.
//
// Named in tools/mutants: PowerCut.LosesNothingAcknowledged kills "no sync";
// PowerCut.AMissingFsyncIsRevealed is the test of the test.
#include <atomic>
#include <cstdlib>
#include <thread>

#include <gtest/gtest.h>

#include "base/random.h"
#include "journal/rebuild.h"
#include "journal/test_world.h"
#include "store/power_cut_store.h"

namespace ante {
namespace {

constexpr TimeMs kFirstPowerOn = 1'700'000'000'000;
constexpr std::uint64_t kPeople = 23;

// What the clients know: for each message whether it was sent and whether it was acknowledged.
struct Ledger {
  Mutex mutex;
  std::map<std::uint64_t, bool> acknowledged;  // message → answered 2xx

  void sent(std::uint64_t message) {
    MutexLock lock(mutex);
    acknowledged.try_emplace(message, false);
  }
  void answered(std::uint64_t message) {
    MutexLock lock(mutex);
    acknowledged[message] = true;
  }
};

struct Losses {
  std::uint64_t acknowledged = 0, lost = 0, twice = 0, ghosts = 0;
};

// Reads the bodies (message numbers) of the whole log and compares them with the ledger.
Losses compare(const Store& store, Ledger& ledger) {
  class Bodies final : public LogConsumer {
   public:
    std::map<std::uint64_t, std::uint64_t> seen;
    std::string_view name() const override { return "bodies"; }
    void consume(const CommittedRecord& record) override { ++seen[ByteReader(record.body).u64()]; }
    std::string save() const override { return {}; }
    Result<void> load(std::string_view) override { return {}; }
  } bodies;
  LogConsumer* consumers[] = {&bodies};
  const auto rebuilt = rebuild_folds(store, consumers);
  EXPECT_TRUE(rebuilt) << rebuilt.error().message;
  Losses losses;
  for (const auto& [message, count] : bodies.seen) {
    losses.twice += count > 1 ? 1 : 0;
    losses.ghosts += ledger.acknowledged.contains(message) ? 0 : 1;
  }
  for (const auto& [message, yes] : ledger.acknowledged) {
    losses.acknowledged += yes ? 1 : 0;
    losses.lost += yes && !bodies.seen.contains(message) ? 1 : 0;
  }
  return losses;
}

NewRecord numbered(std::uint64_t message) {
  std::string body;
  ByteWriter(body).u64(message);
  return event_record(message % kPeople, message, std::move(body));
}

// Three clients send until the power is off; each sends some of its messages twice.
void send_until_dark(Journal& journal, PowerCutStore& store, Ledger& ledger, std::uint64_t round,
                     std::uint64_t seed) {
  std::vector<std::thread> clients;
  for (std::uint64_t c = 0; c < 3; ++c) {
    clients.emplace_back([&, c] {
      Random random(seed + c);
      for (std::uint64_t i = 0; i < 100'000 && !store.files().off(); ++i) {
        std::vector<NewRecord> records;
        std::vector<std::uint64_t> messages;
        for (std::uint64_t n = 1 + random.below(5); n > 0; --n) {
          // Mostly new ones, sometimes one of an earlier round: a client that resends.
          const std::uint64_t base = random.below(8) == 0 ? random.below(round + 1) : round;
          messages.push_back(base * 1'000'000 + c * 100'000 +
                             (base == round ? i * 5 + n : random.below(50)));
        }
        for (const std::uint64_t message : messages) {
          ledger.sent(message);
          records.push_back(numbered(message));
        }
        if (!journal.append_and_wait(std::move(records)).has_value()) continue;
        for (const std::uint64_t message : messages) ledger.answered(message);
      }
    });
  }
  for (std::thread& client : clients) client.join();
}

Losses run_cuts(std::uint64_t seed, int cuts, bool ignore_syncs) {
  Random random(seed);
  SimulatedClock clock(kFirstPowerOn);
  auto store = PowerCutStore::open(random.next()).value();
  if (ignore_syncs) store->files().ignore_syncs();
  Ledger ledger;
  JournalOptions options;
  options.checkpoint_records = 50;
  options.follower_checkpoint_ms = 20;
  Losses losses;
  for (int cut = 0; cut < cuts; ++cut) {
    {
      auto life = JournalLife::start(*store, clock, options);
      EXPECT_TRUE(life) << life.error().message;
      if (!life.has_value()) return losses;
      // Sometimes in the middle of the start of the next life, mostly under load.
      store->files().cut_after(1 + random.below(random.below(5) == 0 ? 20 : 600));
      send_until_dark(*(*life)->journal, *store, ledger, static_cast<std::uint64_t>(cut),
                      random.next());
    }
    const auto reopened = store->reopen();
    if (!reopened.has_value()) {
      EXPECT_TRUE(ignore_syncs) << "seed " << seed << ": " << reopened.error().message;
      ++losses.lost;
      return losses;
    }
    losses = compare(*store, ledger);
    if (losses.lost + losses.twice + losses.ghosts > 0) return losses;
    auto life = JournalLife::start(*store, clock, options);
    EXPECT_TRUE(life) << life.error().message;
    if (!life.has_value()) return losses;
    CountingFold fresh;
    LogConsumer* consumers[] = {&fresh};
    EXPECT_TRUE(rebuild_folds(*store, consumers));
    EXPECT_EQ(fresh.save(), (*life)->fold.save()) << "rebuild differs, seed " << seed;
    EXPECT_TRUE((*life)->journal->flush());
    EXPECT_EQ((*life)->follower.save(), fresh.save()) << "follower differs, seed " << seed;
    EXPECT_EQ(verify_log(*store).value().problems, std::vector<std::string>{});
    clock.advance_to(clock.now_ms() + kHourMs);
  }
  return losses;
}

// ANTE_POWER_CUTS: how many; 200 in the slow run.
int wanted_cuts() {
  const char* text = std::getenv("ANTE_POWER_CUTS");
  const std::string wanted = text == nullptr ? "10" : text;
  int cuts = 0;
  for (const char c : wanted) cuts = cuts * 10 + (c - '0');
  return cuts;
}

TEST(PowerCut, LosesNothingAcknowledgedAndCountsNothingTwice) {
  const int cuts = wanted_cuts();
  std::uint64_t acknowledged = 0;
  // Five cuts a disk, then a fresh one.
  for (int done = 0; done < cuts; done += 5) {
    const Losses losses =
        run_cuts(1000 + static_cast<std::uint64_t>(done), std::min(5, cuts - done), false);
    EXPECT_EQ(losses.lost, 0u);
    EXPECT_EQ(losses.twice, 0u);
    EXPECT_EQ(losses.ghosts, 0u);
    acknowledged += losses.acknowledged;
  }
  EXPECT_GT(acknowledged, 0u);
  std::printf("%d cuts, %llu acknowledged\n", cuts, static_cast<unsigned long long>(acknowledged));
}

TEST(PowerCut, AMissingFsyncIsRevealed) {
  std::uint64_t lost = 0;
  for (std::uint64_t seed = 1; seed <= 3 && lost == 0; ++seed) lost = run_cuts(seed, 3, true).lost;
  EXPECT_GT(lost, 0u) << "this test could not see a missing fsync";
}

}  // namespace
}  // namespace ante
