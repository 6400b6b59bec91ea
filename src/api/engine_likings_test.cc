// The value of personalization in the whole engine: who counts, over a restart and a rebuild, and
// whatever becomes of the catalogue.

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "api/engine.h"
#include "api/test_entropy.h"
#include "api/verify.h"
#include "store/memory_store.h"

namespace ante {
namespace {

class EngineLikingsTest : public testing::Test {
 protected:
  EngineLikingsTest() {
    open();
    EXPECT_TRUE(engine_->put_items_and_wait(items(false)));
    EXPECT_TRUE(engine_->put_slot(
        "home",
        R"({"limit":4,"safeDefault":{"items":["item-0","item-1","item-2","item-3"]},"stake":0.5,)"
        R"("holdout":0.5,"goal":{"windowMs":60000},"brief":{"waived":{"by":"t","reason":"t"}}})",
        Author{"me", "test"}, {}));
  }
  void open() {
    engine_.reset();
    EngineOptions options;
    options.secret = {4, 5, 6};
    options.entropy = seeded(7);
    engine_ = *Engine::open(store_, clock_, metrics_, options, [](Error) { FAIL(); });
  }
  static std::vector<Item> items(bool withdrawn) {
    std::vector<Item> items(4);
    for (std::size_t i = 0; i < items.size(); ++i) {
      items[i].id = "item-" + std::to_string(i);
      items[i].key = item_key(items[i].id);
      items[i].title = items[i].id;
      items[i].topics = {"topic-" + std::to_string(i)};
      items[i].topic_keys = {topic_key(items[i].topics[0])};
      items[i].withdrawn = withdrawn && i > 0;
    }
    return items;
  }
  void append(RecordKind kind, PersonHash who, std::string body) {
    NewRecord record;
    record.partition = partition_of(who);
    record.header = {kind, kFirstTenant, who, clock_.now_ms(), clock_.now_ms()};
    record.body = std::move(body);
    std::vector<NewRecord> records;
    records.push_back(std::move(record));
    ASSERT_TRUE(engine_->journal().append_and_wait(std::move(records)));
  }
  // Everybody comes; who is held out likes the item of their own number.
  void visit() {
    for (std::uint64_t n = 0; n < kPeople; ++n) {
      const PersonHash who{{mix64(n + 1), n + 1}};
      DecideRequest request;
      request.slot = "home";
      request.person = who;
      const auto answer = engine_->decisions().decide(request);
      ASSERT_TRUE(answer);
      const Decision& decision = answer->decision;
      if (decision.arm != Arm::kHoldout) continue;
      held_out_ += visits_ == 0 ? 1 : 0;
      if (mix64(n + 7 * visits_) % 4 == 0) continue;  // not every time
      ASSERT_TRUE(engine_->journal().flush());
      Reward reward;
      reward.decision = decision.id;
      reward.slot = decision.slot;
      reward.position = static_cast<std::uint8_t>(n % 4 + 1);
      reward.item = decision.served[n % 4].item;
      reward.measure = "click";
      append(RecordKind::kReward, who, encode(reward));
    }
    ++visits_;
    clock_.advance_to(clock_.now_ms() + kDayMs);
    append(RecordKind::kFacts, PersonHash{{9ULL << 56, 1}}, "");
    ASSERT_TRUE(engine_->journal().flush());
  }
  void expect_rebuilt() {
    const auto same = rebuild_and_compare(*engine_);
    ASSERT_TRUE(same);
    for (const auto& [what, equal] : *same) EXPECT_TRUE(equal) << what;
  }
  LikingsSummary home() const { return engine_->likings().summary("home", {}); }

  static constexpr std::uint64_t kPeople = 160;
  MemoryStore store_;
  SimulatedClock clock_{1'795'330'800'000};
  Metrics metrics_;
  std::unique_ptr<Engine> engine_;
  std::uint64_t held_out_ = 0;
  std::uint64_t visits_ = 0;
};

TEST_F(EngineLikingsTest, WhoIsLeftAloneTellsWhetherPeopleDiffer) {
  for (int i = 0; i < 4; ++i) visit();
  const LikingsSummary before = home();
  EXPECT_EQ(before.people, held_out_);  // nobody who is treated
  EXPECT_EQ(before.value.persons, held_out_);
  EXPECT_EQ(before.value.arms, 4U);
  EXPECT_EQ(before.value.verdict, PersonalizationVerdict::kPersonalise) << before.sentence;
  expect_rebuilt();
  open();
  EXPECT_EQ(to_json(home()), to_json(before));
  // Readers are counted, not content.
  ASSERT_TRUE(engine_->put_items_and_wait(items(true)));
  ASSERT_TRUE(engine_->journal().flush());
  EXPECT_EQ(to_json(home()), to_json(before));
  expect_rebuilt();
}

TEST_F(EngineLikingsTest, AnErasedPersonIsNotToldOfAnyMore) {
  visit();
  visit();
  const std::uint64_t before = home().people;
  for (std::uint64_t n = 0; n < kPeople; ++n)
    ASSERT_TRUE(engine_->erase_person(PersonHash{{mix64(n + 1), n + 1}}));
  ASSERT_TRUE(engine_->journal().flush());
  EXPECT_GT(before, 40U);
  EXPECT_EQ(home().people, 0U);
}

}  // namespace
}  // namespace ante
