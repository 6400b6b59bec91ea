// What a source of data buys, in the whole engine: worlds in which it is everything or nothing, and
// guards that hold whatever is left out.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "api/engine.h"
#include "api/test_entropy.h"
#include "api/verify.h"
#include "base/random.h"
#include "report/source_lift.h"
#include "store/memory_store.h"

namespace ante {
namespace {

constexpr TimeMs kSourcesWorldStart = 1'770'000'000'000;
constexpr std::size_t kTopics = 6, kItemsATopic = 4;

class EngineSourcesTest : public testing::Test {
 protected:
  EngineSourcesTest() {
    open();
    std::vector<Item> items;
    for (std::size_t t = 0; t < kTopics; ++t) {
      for (std::size_t i = 0; i < kItemsATopic; ++i) {
        Item& item = items.emplace_back();
        item.id = "item-" + std::to_string(items.size() - 1);
        item.key = item_key(item.id);
        item.title = item.id;
        item.topics = {topic(t)};
        item.topic_keys = {topic_key(topic(t))};
        topic_of_[item.key] = t;
      }
    }
    EXPECT_TRUE(engine_->put_items_and_wait(items));
  }
  void open() {
    engine_.reset();
    EngineOptions options;
    options.secret = {4, 5, 6};
    options.entropy = seeded(7);
    engine_ = *Engine::open(store_, clock_, metrics_, options, [](Error) { FAIL(); });
  }
  void put_slot(int limit) {
    EXPECT_TRUE(engine_->put_slot(
        "home",
        R"({"limit":)" + std::to_string(limit) +
            R"(,"safeDefault":{"items":["item-0"]},"stake":0.3,"holdout":0.05,)"
            R"("controls":{"trending":0.02,"withoutTold":0.2,"withoutNoticed":0.1,)"
            R"("withoutImported":0.1,"withoutSituation":0.1},"goal":{"windowMs":60000},)"
            R"("brief":{"waived":{"by":"t","reason":"t"}}})",
        {"test", "why"}, {}));
  }
  static std::string topic(std::size_t t) { return "topic-" + std::to_string(t); }
  static PersonHash somebody(std::uint64_t n) { return PersonHash{{mix64(n + 1), n + 1}}; }
  void append(RecordKind kind, PersonHash who, std::string body) {
    NewRecord record;
    record.partition = partition_of(who);
    record.header = {kind, kFirstTenant, who, clock_.now_ms(), clock_.now_ms()};
    record.body = std::move(body);
    records_.push_back(std::move(record));
  }
  void commit() {
    ASSERT_TRUE(engine_->journal().flush());
    ASSERT_TRUE(engine_->journal().append_and_wait(std::move(records_)));
    records_.clear();
    ASSERT_TRUE(engine_->journal().flush());
  }
  static std::string item_event(EventKind kind, std::size_t item) {
    Event event;
    event.kind = kind;
    event.name = "x";
    const std::string id = "item-" + std::to_string(item);
    event.items.push_back({.id = id,
                           .key = item_key(id),
                           .topics = {topic_key(topic(item / kItemsATopic))},
                           .group = {}});
    return encode(event);
  }
  Decision decide(PersonHash who, std::string_view device = "") {
    DecideRequest request;
    request.slot = "home";
    request.person = who;
    request.situation.device = device;
    const auto answer = engine_->decisions().decide(request);
    EXPECT_TRUE(answer);
    EXPECT_TRUE(replay(answer->decision));
    return answer->decision;
  }
  // People come once, with a topic that they like. They follow it, or any when what is told is
  // noise; they read something, and have a plan and a device, by chance.
  void come(int people, bool told_is_noise) {
    std::vector<std::pair<PersonHash, std::size_t>> here;
    for (int i = 0; i < people; ++i) {
      const PersonHash who = somebody(++person_);
      const std::size_t likes = random_.below(kTopics);
      Event follow;
      follow.kind = EventKind::kTopicFollowed;
      follow.name = "Topic Followed";
      follow.topics = {topic_key(topic(told_is_noise ? random_.below(kTopics) : likes))};
      append(RecordKind::kEvent, who, encode(follow));
      append(RecordKind::kEvent, who,
             item_event(EventKind::kViewed, random_.below(kTopics * kItemsATopic)));
      const char* plan = random_.below(2) == 0 ? "\"gold\"" : "\"none\"";
      append(RecordKind::kFacts, who,
             encode(FactSet{{Fact{"plan", plan, Provenance::kImported, clock_.now_ms(), {}}}}));
      here.emplace_back(who, likes);
    }
    commit();
    for (const auto& [who, likes] : here) {
      const Decision decision = decide(who, random_.below(2) == 0 ? "phone" : "desktop");
      const bool liked = topic_of_.at(decision.served.at(0).item) == likes;
      if (random_.uniform() >= (liked ? 0.5 : 0.1)) continue;
      Reward reward;
      reward.decision = decision.id;
      reward.slot = decision.slot;
      reward.item = decision.served.at(0).item;
      reward.arm = decision.arm;
      reward.measure = "click";
      reward.propensity = decision.served.at(0).propensity;
      append(RecordKind::kReward, who, encode(reward));
    }
    commit();
    clock_.advance_to(clock_.now_ms() + 2 * kMinuteMs);
    append(RecordKind::kConsent, PersonHash{{9ULL << 56, 1}}, std::string(1, '\x1f'));
    commit();
  }
  std::vector<SourceLift> sources() {
    const auto slots = engine_->slots().get();
    return summarize_sources(slots->at("home"), *engine_->lift().sums("home"));
  }
  void expect_rebuilt() {
    const auto same = rebuild_and_compare(*engine_);
    ASSERT_TRUE(same);
    for (const auto& [name, equal] : *same) EXPECT_TRUE(equal) << name;
  }

  MemoryStore store_;
  SimulatedClock clock_{kSourcesWorldStart};
  Metrics metrics_;
  std::unique_ptr<Engine> engine_;
  std::map<ItemKey, std::size_t> topic_of_;
  std::vector<NewRecord> records_;
  Random random_{20261122};
  std::uint64_t person_ = 0;
};

TEST_F(EngineSourcesTest, WhatCarriesEverythingPaysAndTheRestIsNotSaidTo) {
  put_slot(1);
  for (int i = 0; i < 30; ++i) come(200, false);
  const std::vector<SourceLift> found = sources();
  ASSERT_EQ(found.size(), kDataSourceCount);
  for (const SourceLift& source : found) {
    RecordProperty(std::string(to_string(source.source)), source.sentence);
    EXPECT_GT(source.srm_p, 0.001) << source.sentence;
    EXPECT_GT(source.without.n, 300U);
    ASSERT_TRUE(source.low) << source.sentence;
    if (source.source == DataSource::kTold) {
      EXPECT_EQ(source.verdict, SourceVerdict::kPays) << source.sentence;
    } else {
      EXPECT_LT(*source.low, 0) << source.sentence;
      EXPECT_GT(*source.high, 0) << source.sentence;
    }
  }
  expect_rebuilt();
  open();
  EXPECT_EQ(sources()[0].sentence, found[0].sentence);
}

TEST_F(EngineSourcesTest, WhatIsNoiseIsNotSaidToPay) {
  put_slot(1);
  for (int i = 0; i < 20; ++i) come(200, true);
  for (const SourceLift& source : sources()) {
    RecordProperty(std::string(to_string(source.source)), source.sentence);
    ASSERT_TRUE(source.low) << source.sentence;
    EXPECT_NE(source.verdict, SourceVerdict::kPays) << source.sentence;
    EXPECT_NE(source.verdict, SourceVerdict::kHarms) << source.sentence;
  }
}

TEST_F(EngineSourcesTest, GuardsHoldWhateverIsLeftOut) {
  put_slot(3);
  // Everybody knows topic 1, hides one of it, bought another and refuses topic 2.
  const std::size_t hidden = kItemsATopic, bought = kItemsATopic + 1;
  std::map<Arm, int> met;
  for (std::uint64_t n = 0; n < 120; ++n) {
    const PersonHash who = somebody(n);
    for (std::size_t i = 0; i < kItemsATopic; ++i)
      append(RecordKind::kEvent, who, item_event(EventKind::kViewed, kItemsATopic + i));
    append(RecordKind::kEvent, who, item_event(EventKind::kPinned, hidden));
    append(RecordKind::kEvent, who, item_event(EventKind::kNotForMe, hidden));
    append(RecordKind::kEvent, who, item_event(EventKind::kPurchased, bought));
    Event refuse;
    refuse.kind = EventKind::kNotForMe;
    refuse.name = "Not For Me";
    refuse.reason = "topic";
    refuse.topics = {topic_key(topic(2))};
    refuse.items.push_back(
        {.id = "item-8", .key = item_key("item-8"), .topics = refuse.topics, .group = {}});
    append(RecordKind::kEvent, who, encode(refuse));
  }
  commit();
  for (std::uint64_t n = 0; n < 120; ++n) {
    for (int k = 0; k < 8; ++k) {
      const Decision decision = decide(somebody(n), "phone");
      ++met[decision.arm];
      for (const auto& place : decision.served) {
        EXPECT_NE(place.item, item_key("item-" + std::to_string(hidden)));
        EXPECT_NE(place.item, item_key("item-" + std::to_string(bought)));
        EXPECT_NE(topic_of_.at(place.item), 2U) << to_string(decision.arm);
      }
      for (const HandItem& item : decision.hand) EXPECT_NE(topic_of_.at(item.item), 2U);
    }
  }
  for (std::size_t i = 0; i < kDataSourceCount; ++i)
    EXPECT_GT(met[arm_without(static_cast<DataSource>(i))], 0);
}

}  // namespace
}  // namespace ante
