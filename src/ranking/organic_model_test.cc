#include "ranking/organic_model.h"

#include <cstring>
#include <limits>

#include <gtest/gtest.h>

#include "base/random.h"
#include "domain/event.h"

namespace ante {
namespace {

constexpr TimeMs kStart = 1'700'000'000'000;

void come(LiveItems& live, std::uint64_t person, std::uint64_t item, TimeMs at_ms) {
  Event event;
  event.kind = EventKind::kViewed;
  event.name = "Article Viewed";
  EventItem of;
  of.id = std::to_string(item);
  of.key = item_key(of.id);
  event.items.push_back(of);
  const std::string body = encode(event);
  CommittedRecord record;
  record.header.kind = RecordKind::kEvent;
  record.header.person = PersonHash{{person, person}};
  record.header.occurred_at = record.header.received_at = at_ms;
  record.body = body;
  live.consume(record);
}

// In this world a coming to item 2k is followed by 2k + 1; popularity is flat.
TEST(OrganicModel, LearnsThatTransitionsBeatPopularity) {
  ItemInterner interner;
  LiveItems live(interner);
  OrganicTrainer trainer;
  Random random(1);
  TimeMs now = kStart;
  std::size_t late_hits = 0;
  constexpr int kRounds = 3000;
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t person = 10 + static_cast<std::uint64_t>(round);
    const std::uint64_t first = 2 * (1 + random.below(40));
    now += kMinuteMs;
    come(live, person, first, now);
    const std::uint64_t second = first + 1;
    now += 20 * kSecondMs;
    const auto now_s = static_cast<std::uint32_t>(now / 1000);
    const Trail& trail = *live.trail(PersonHash{{person, person}});
    const OrganicScene scene(live, trail, now_s, trainer.weights());
    std::vector<OrganicItem> items;
    std::vector<bool> came;
    std::vector<LiveNeighbour> neighbours;
    live.neighbours(trail.steps.front().item, now_s, neighbours);
    for (std::uint32_t i = 0; i < interner.size(); ++i) {
      OrganicItem item;
      item.pool.item = ItemIndex{i};
      if (trail.find(item.pool.item) != nullptr) item.pool.own_step = 0;
      for (const LiveNeighbour& n : neighbours) {
        if (n.item != item.pool.item) continue;
        item.pool.last_fast = item.pool.trail_fast = n.fast;
        item.pool.last_slow = item.pool.trail_slow = n.slow;
      }
      scene.cut(item);
      scene.score(item);
      items.push_back(item);
      came.push_back(interner.key_of(item.pool.item) == item_key(std::to_string(second)));
    }
    std::size_t best = 0;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (items[i].pool.own_step < 0 && items[i].score > items[best].score) best = i;
    }
    if (round >= kRounds / 2 && came[best]) ++late_hits;
    trainer.learn(scene, items, came);
    come(live, person, second, now);
  }
  // By chance one in 80; popularity cannot tell either.
  EXPECT_GT(static_cast<double>(late_hits) / (kRounds / 2), 0.9);
}

TEST(OrganicModel, MixtureSharesStayAProbability) {
  ItemInterner interner;
  LiveItems live(interner);
  OrganicTrainer trainer;
  Random random(2);
  const Trail nobody;
  for (int round = 0; round < 500; ++round) {
    come(live, static_cast<std::uint64_t>(round) + 1, 1 + random.below(20),
         kStart + round * kMinuteMs);
    const OrganicScene scene(live, nobody, static_cast<std::uint32_t>(kStart / 1000 + round * 60),
                             trainer.weights());
    std::vector<OrganicItem> items;
    std::vector<bool> came;
    for (std::uint32_t i = 0; i < interner.size(); ++i) {
      OrganicItem item;
      item.pool.item = ItemIndex{i};
      scene.cut(item);
      items.push_back(item);
      came.push_back(i == 0);
    }
    trainer.learn(scene, items, came);
  }
  for (const auto& context : trainer.weights().mixture) {
    float sum = 0;
    for (const float share : context) {
      EXPECT_GT(share, 0);
      sum += share;
    }
    EXPECT_NEAR(sum, 1, 1e-4);
  }
}

TEST(OrganicModel, CheckpointsAreExactAndChecked) {
  OrganicTrainer trainer;
  const std::string good = trainer.save();
  OrganicTrainer other;
  ASSERT_TRUE(other.load(good));
  EXPECT_TRUE(other.save() == good);
  for (std::size_t cut = 0; cut < good.size(); cut += 97)
    EXPECT_FALSE(other.load(good.substr(0, cut))) << cut;
  std::string bad = good;
  const float infinite = std::numeric_limits<float>::infinity();
  std::memcpy(bad.data() + bad.size() - 4, &infinite, 4);
  EXPECT_FALSE(other.load(bad));
}

}  // namespace
}  // namespace ante
