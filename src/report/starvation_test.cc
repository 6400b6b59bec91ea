// Two numbers that are never added: content without traffic, traffic without content.
//
// One planted world is told to the folds of the engine three times: as it is, with a tenth of the
// content, with a tenth of the people.

#include <memory>

#include <gtest/gtest.h>

#include "base/random.h"
#include "report/lift.h"
#include "report/scale.h"
#include "report/supply.h"

namespace ante {
namespace {

constexpr TimeMs kStarvedFrom = 1'795'330'800'000;
constexpr int kStarvedDays = 28, kStarvedTopics = 10;

struct PlantedSite {
  int people_a_day = 0, items_a_topic = 0;
};

struct Gauges {
  SupplySummary supply;
  Scale scale;
};

class ToldSite {
 public:
  explicit ToldSite(const PlantedSite& world) {
    put_slot();
    for (int topic = 0; topic < kStarvedTopics; ++topic) {
      for (int i = 0; i < world.items_a_topic; ++i) put_item(topic, i);
    }
    Random random(11);
    for (int day = 0; day < kStarvedDays; ++day) {
      for (int i = 0; i < world.people_a_day; ++i) come(day, random);
    }
    put(RecordKind::kFacts, {}, kStarvedFrom + (kStarvedDays + 1) * kDayMs, "");
  }

  Gauges gauges() {
    catalog_.publish();
    const TimeMs now = kStarvedFrom + kStarvedDays * kDayMs;
    const auto sums = lift_.sums("home");
    EXPECT_TRUE(sums);
    return {supply_.summary(catalog_.view(), now, [](const ItemCard&, TimeMs) { return true; }),
            scale({.slot = "home",
                   .treated = sums->treated,
                   .holdout = sums->holdout,
                   .holdout_share = 0.2,
                   .new_people = sums->entered})};
  }

 private:
  void put(RecordKind kind, PersonHash who, TimeMs at, const std::string& body) {
    RecordHeader header;
    header.kind = kind;
    header.person = who;
    header.occurred_at = header.received_at = at;
    const bool control = kind == RecordKind::kItem || kind == RecordKind::kObject;
    ++sequence_;
    const CommittedRecord record{Commit{sequence_}, control ? kControlPartition : partition_of(who),
                                 Sequence{sequence_}, header, body};
    lift_.consume(record);
    supply_.consume(record);
    catalog_.consume(record);
  }
  void put_slot() {
    Slot slot;
    slot.name = "home";
    slot.key = slot_key("home");
    slot.goal_event = "purchase";
    slot.goal_window_ms = kHourMs;
    slot.goal_value = 1;
    slot.holdout = 0.2;
    put(RecordKind::kObject, {}, kStarvedFrom,
        encode(Object{"slot", "home", 1, false, "me", "test", slot_to_json(slot)}));
  }
  static std::string topic_name(int topic) { return "topic-" + std::to_string(topic); }
  void put_item(int topic, int i) {
    Item item;
    item.id = topic_name(topic) + "-" + std::to_string(i);
    item.key = item_key(item.id);
    item.topics = {topic_name(topic)};
    item.topic_keys = {topic_key(item.topics[0])};
    item.published_at_ms = kStarvedFrom - 100 * kDayMs;
    item.evergreen = true;
    put(RecordKind::kItem, {}, kStarvedFrom, encode(item));
  }
  // Somebody comes for the first time, is decided for, reads four pieces of two topics; a fifth of
  // them buy.
  void come(int day, Random& random) {
    const std::uint64_t n = ++people_;
    const PersonHash who{{mix64(n), mix64(n + 99)}};
    const TimeMs at = kStarvedFrom + day * kDayMs + static_cast<TimeMs>(random.below(20)) * kHourMs;
    Decision decision;
    decision.id = DecisionId{{static_cast<std::uint64_t>(at) << 16, n}};
    decision.people = {who};
    decision.slot = slot_key("home");
    decision.slot_name = "home";
    decision.at_ms = at;
    decision.arm = random.uniform() < 0.2 ? Arm::kHoldout : Arm::kTreated;
    decision.outcome = decision.arm == Arm::kHoldout ? Outcome::kHoldout : Outcome::kBet;
    decision.activated = true;
    put(RecordKind::kDecision, who, at, encode(decision));
    for (std::uint64_t k = 0; k < 4; ++k) {
      const int topic = static_cast<int>((n + k % 2) % kStarvedTopics);
      Event event;
      event.kind = EventKind::kArticleRead;
      event.name = "Article Read";
      EventItem item;
      item.id = topic_name(topic) + "-" + std::to_string(k);
      item.key = item_key(item.id);
      item.topics = {topic_key(topic_name(topic))};
      event.items = {item};
      put(RecordKind::kEvent, who, at, encode(event));
    }
    if (random.uniform() >= 0.2) return;
    Event bought;
    bought.kind = EventKind::kPurchased;
    bought.name = "Order Completed";
    put(RecordKind::kEvent, who, at + kMinuteMs, encode(bought));
  }

  LiftReport lift_;
  Supply supply_;
  ItemInterner interner_;
  Catalog catalog_{interner_};
  std::uint64_t sequence_ = 0, people_ = 0;
};

TEST(Starvation, ContentMovesSupplyOnlyAndTrafficMovesScaleOnly) {
  const Gauges rich = ToldSite({200, 60}).gauges();
  ASSERT_EQ(rich.supply.wanted, static_cast<std::uint64_t>(kStarvedTopics));
  EXPECT_EQ(rich.supply.enough, static_cast<std::uint64_t>(kStarvedTopics));
  ASSERT_TRUE(rich.scale.days_to_know);

  const Gauges no_content = ToldSite({200, 6}).gauges();
  EXPECT_EQ(no_content.supply.wanted, static_cast<std::uint64_t>(kStarvedTopics));
  EXPECT_EQ(no_content.supply.enough, 0u);
  EXPECT_LT(*no_content.supply.reader.lasts_days.value, *rich.supply.reader.lasts_days.value / 5);
  EXPECT_EQ(to_json(no_content.scale), to_json(rich.scale));  // not by a bit

  const Gauges no_traffic = ToldSite({20, 60}).gauges();
  EXPECT_EQ(no_traffic.supply.wanted, rich.supply.wanted);
  EXPECT_EQ(no_traffic.supply.enough, rich.supply.enough);
  EXPECT_EQ(*no_traffic.supply.reader.unseen.value, *rich.supply.reader.unseen.value);
  EXPECT_NEAR(*no_traffic.supply.reader.reads_a_day.value, *rich.supply.reader.reads_a_day.value,
              0.2 * *rich.supply.reader.reads_a_day.value);
  EXPECT_GT(no_traffic.scale.days_to_know.value_or(kDaysToKnowMax), 3 * *rich.scale.days_to_know);
  EXPECT_LT(no_traffic.scale.people_a_month, rich.scale.people_a_month / 5);
}

}  // namespace
}  // namespace ante
