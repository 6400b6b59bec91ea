// For tests: an engine over a store in memory on a simulated clock, and people who come to it.

#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "api/engine.h"
#include "api/test_entropy.h"
#include "base/hash.h"
#include "base/random.h"
#include "store/memory_store.h"

namespace ante {

class TestEngine : public testing::Test {
 protected:
  TestEngine() { start(); }

  // The engine of the same store, with the same keys; ids differ with the seed.
  void start(std::uint64_t seed = 7) {
    engine_.reset();
    EngineOptions options;
    options.secret = {4, 5, 6};
    options.entropy = seeded(seed);
    engine_ = *Engine::open(store_, clock_, metrics_, options, [](Error) { FAIL(); });
  }
  void put_items(const std::vector<std::string>& ids) {
    std::vector<Item> items(ids.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      items[i].id = items[i].title = ids[i];
      items[i].key = item_key(ids[i]);
    }
    EXPECT_TRUE(engine_->put_items_and_wait(std::move(items)));
  }
  static PersonHash somebody(std::uint64_t n) { return PersonHash{{mix64(n + 1), n + 1}}; }
  PersonHash somebody_new() { return somebody(people_++); }
  DecideAnswer decide(PersonHash person, std::string slot = "home", std::string device = "") {
    DecideRequest request;
    request.slot = std::move(slot);
    request.person = person;
    request.situation.device = std::move(device);
    auto answer = engine_->decisions().decide(request);
    EXPECT_TRUE(answer);
    return *std::move(answer);
  }

  // What is noted is stored by the next pass(), after the decisions before it.
  void note(RecordKind kind, PersonHash person, std::string body) {
    NewRecord record;
    record.partition = partition_of(person);
    record.header = {kind, kFirstTenant, person, clock_.now_ms(), clock_.now_ms()};
    record.body = std::move(body);
    noted_.push_back(std::move(record));
  }
  // The first item that the decision served did it.
  void note_reward(const Decision& decision, std::string measure = "click") {
    Reward reward;
    reward.decision = decision.id;
    reward.slot = decision.slot;
    reward.item = decision.served.at(0).item;
    reward.measure = std::move(measure);
    note(RecordKind::kReward, decision.people.front(), encode(reward));
  }
  void store_noted() {
    ASSERT_TRUE(engine_->journal().flush());
    ASSERT_TRUE(engine_->journal().append_and_wait(std::exchange(noted_, {})));
    ASSERT_TRUE(engine_->journal().flush());
  }
  // Time passes, and somebody outside every trial makes the log notice.
  void pass(DurationMs ms) {
    if (!noted_.empty()) store_noted();
    clock_.advance_to(clock_.now_ms() + ms);
    note(RecordKind::kConsent, PersonHash{{9ULL << 56, 1}}, std::string(1, '\x1f'));
    store_noted();
  }

  const Author kMe{"test", "why"};
  MemoryStore store_;
  SimulatedClock clock_{1'770'000'000'000};  // 2026-02-02
  Metrics metrics_;
  Random random_{3};
  std::unique_ptr<Engine> engine_;

 private:
  std::uint64_t people_ = 0;
  std::vector<NewRecord> noted_;
};

}  // namespace ante
