#include "candidates/live_items.h"

#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "base/random.h"
#include "domain/item.h"

namespace ante {
namespace {

constexpr TimeMs kStart = 1'700'000'000'000;

class Log {
 public:
  void come(LiveItems& live, std::uint64_t person, const std::string& item, TimeMs at_ms,
            EventKind kind = EventKind::kViewed) {
    Event event;
    event.kind = kind;
    event.name = "Article Viewed";
    EventItem of;
    of.id = item;
    of.key = item_key(item);
    event.items.push_back(of);
    feed(live, RecordKind::kEvent, encode(event), person, at_ms);
  }
  void item(LiveItems& live, const std::string& id, bool available) {
    Item item;
    item.id = id;
    item.key = item_key(id);
    item.available = available;
    feed(live, RecordKind::kItem, encode(item), 0, kStart);
  }
  void feed(LiveItems& live, RecordKind kind, const std::string& body, std::uint64_t person,
            TimeMs at_ms) {
    CommittedRecord record;
    record.header.kind = kind;
    record.header.person = PersonHash{{person, person}};
    record.header.occurred_at = record.header.received_at = at_ms;
    record.sequence = Sequence{++sequence_};
    record.body = body;
    live.consume(record);
  }

 private:
  std::uint64_t sequence_ = 0;
};

std::uint32_t s(TimeMs at_ms) { return static_cast<std::uint32_t>(at_ms / 1000); }

TEST(LiveItems, PopularityDecaysByItsHalfLife) {
  ItemInterner interner;
  LiveItems live(interner);
  Log log;
  log.come(live, 1, "a", kStart);
  log.come(live, 2, "a", kStart);
  const ItemIndex a = *interner.find(item_key("a"));
  for (std::size_t h = 0; h < kHalfLives; ++h) {
    const auto later = s(kStart) + static_cast<std::uint32_t>(kHalfLivesS[h]);
    EXPECT_NEAR(live.stats(a, later).popularity[h], 1.0, 1e-4) << h;
  }
  EXPECT_NEAR(live.totals(s(kStart))[7], 2.0, 1e-5);
}

TEST(LiveItems, OnlyAttentionCounts) {
  ItemInterner interner;
  LiveItems live(interner);
  Log log;
  for (const EventKind kind :
       {EventKind::kListViewed, EventKind::kNotForMe, EventKind::kRefunded, EventKind::kSearched}) {
    log.come(live, 1, "a", kStart, kind);
  }
  EXPECT_FALSE(interner.find(item_key("a")).has_value());
}

TEST(LiveItems, EdgesMatchAPlainModel) {
  ItemInterner interner;
  LiveItems live(interner);
  Log log;
  Random random(7);
  std::map<std::pair<std::string, std::string>, double> model;  // slow weights, decayed to the end
  std::map<std::uint64_t, std::vector<std::pair<std::string, TimeMs>>> trails;
  TimeMs now = kStart;
  std::vector<std::tuple<std::string, std::string, double, TimeMs>> edges;
  for (int i = 0; i < 400; ++i) {
    now += static_cast<TimeMs>(random.below(600'000)) + kHourMs;  // a new visit each time
    const std::uint64_t person = random.below(5) + 1;
    const std::string item = "i" + std::to_string(random.below(12));
    auto& trail = trails[person];
    double weight = 1;
    for (std::size_t k = 0; k < std::min<std::size_t>(trail.size(), kLinkSteps); ++k) {
      if (trail[k].first != item) {
        edges.emplace_back(trail[k].first, item, weight, now);
        edges.emplace_back(item, trail[k].first, weight * 0.3, now);
      }
      weight *= 0.8;
    }
    std::erase_if(trail, [&](const auto& step) { return step.first == item; });
    trail.insert(trail.begin(), {item, now});
    log.come(live, person, item, now);
  }
  std::map<std::string, double> out;
  for (const auto& [from, to, weight, at] : edges) {
    const double decayed =
        weight * std::exp2(-static_cast<double>(s(now) - s(at)) / (14 * 86400.0));
    model[{from, to}] += decayed;
    out[from] += decayed;
  }
  std::size_t checked = 0;
  for (int i = 0; i < 12; ++i) {
    const std::string from = "i" + std::to_string(i);
    const auto index = interner.find(item_key(from));
    if (!index) continue;
    std::vector<LiveNeighbour> neighbours;
    live.neighbours(*index, s(now), neighbours);
    for (const LiveNeighbour& n : neighbours) {
      std::string to;
      for (int k = 0; k < 12; ++k) {
        if (item_key("i" + std::to_string(k)) == interner.key_of(n.item))
          to = "i" + std::to_string(k);
      }
      const double expected = model[{from, to}] / (out[from] + 4);
      EXPECT_NEAR(n.slow, expected, 1e-3 * expected + 1e-6) << from << " to " << to;
      ++checked;
    }
  }
  EXPECT_GT(checked, 50U);
}

TEST(LiveItems, TopListsAreTheStrongestInOrder) {
  ItemInterner interner;
  LiveItems live(interner);
  Log log;
  Random random(11);
  TimeMs now = kStart;
  for (int i = 0; i < 3000; ++i) {
    now += 2000;
    log.come(live, static_cast<std::uint64_t>(i) + 1,
             "i" + std::to_string(random.below(200) * random.below(200) / 200), now);
  }
  for (std::size_t h = 0; h < kHalfLives; ++h) {
    std::vector<ItemIndex> top;
    live.top(h, top);
    ASSERT_EQ(top.size(), std::min<std::size_t>(h + 1 == kHalfLives ? kTopItemsLongest : kTopItems,
                                                interner.size()));
    float weakest = 1e30F;
    for (const ItemIndex item : top) {
      const float strength = live.stats(item, s(now)).popularity[h];
      EXPECT_LE(strength, weakest * 1.0001F);
      weakest = strength;
    }
    std::size_t stronger = 0;
    for (std::uint32_t i = 0; i < interner.size(); ++i) {
      stronger += live.stats(ItemIndex{i}, s(now)).popularity[h] > weakest * 1.02F ? 1 : 0;
    }
    EXPECT_LE(stronger, top.size()) << "half-life " << h;
  }
}

TEST(LiveItems, WhatIsNotAvailableLeavesTheLists) {
  ItemInterner interner;
  LiveItems live(interner);
  Log log;
  log.come(live, 1, "a", kStart);
  log.come(live, 2, "b", kStart);
  log.item(live, "a", false);
  const ItemIndex a = *interner.find(item_key("a"));
  for (std::size_t h = 0; h < kHalfLives; ++h) {
    std::vector<ItemIndex> top;
    live.top(h, top);
    EXPECT_EQ(std::count(top.begin(), top.end(), a), 0);
  }
  EXPECT_FALSE(live.stats(a, s(kStart)).available);
}

TEST(LiveItems, SavedAndLoadedGoesOnTheSame) {
  Random random(3);
  std::vector<std::tuple<std::uint64_t, std::string, TimeMs>> events;
  TimeMs now = kStart;
  for (int i = 0; i < 600; ++i) {
    now += static_cast<TimeMs>(random.below(4'000'000));
    events.emplace_back(random.below(40) + 1, "i" + std::to_string(random.below(90)), now);
  }
  ItemInterner first_numbers;
  LiveItems whole(first_numbers);
  ItemInterner second_numbers;
  second_numbers.intern(item_key("something else first"));  // other numbers, same state
  Log log_a;
  Log log_b;
  LiveItems half(second_numbers);
  std::string saved;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto& [person, item, at] = events[i];
    log_a.come(whole, person, item, at);
    if (i == 300) saved = whole.save();
  }
  ASSERT_TRUE(half.load(saved));
  EXPECT_TRUE(half.save() == saved);
  for (std::size_t i = 301; i < events.size(); ++i) {
    const auto& [person, item, at] = events[i];
    log_b.come(half, person, item, at);
  }
  EXPECT_TRUE(half.save() == whole.save());
}

TEST(LiveItems, DamagedCheckpointsAreRefused) {
  ItemInterner interner;
  LiveItems live(interner);
  Log log;
  for (int i = 0; i < 20; ++i) log.come(live, 1, "i" + std::to_string(i), kStart + i * 1000);
  const std::string good = live.save();
  for (std::size_t cut = 0; cut < good.size(); cut += 7) {
    ItemInterner numbers;
    LiveItems other(numbers);
    EXPECT_FALSE(other.load(good.substr(0, cut))) << cut;
  }
  ItemInterner numbers;
  LiveItems other(numbers);
  EXPECT_FALSE(other.load("\x63 not a checkpoint"));
}

TEST(LiveItems, AStormDrawsNoEdgesBeyondItsLimit) {
  ItemInterner interner;
  LiveItems live(interner);
  Log log;
  for (std::uint32_t i = 0; i < kLinkEventsPerSecondMax + 10; ++i) {
    log.come(live, 1 + i / 2, "s" + std::to_string(i % 2) + "-" + std::to_string(i / 2), kStart);
  }
  std::vector<LiveNeighbour> early;
  std::vector<LiveNeighbour> late;
  live.neighbours(*interner.find(item_key("s0-0")), s(kStart), early);
  live.neighbours(*interner.find(item_key("s0-" + std::to_string(kLinkEventsPerSecondMax / 2 + 2))),
                  s(kStart), late);
  EXPECT_EQ(early.size(), 1U);
  EXPECT_TRUE(late.empty());
}

}  // namespace
}  // namespace ante
