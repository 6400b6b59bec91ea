// The fold against an obvious model: maps over the whole history, no limits, everything recomputed.

#include <cmath>
#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "profile/features.h"
#include "profile/test_records.h"

namespace ante {
namespace {

struct Touch {
  TimeMs at_ms;
  EventKind kind;
  ItemKey item;
  std::vector<TopicKey> topics;
};

// Few items and topics, in time order, one visit at a time: no list reaches a limit.
class History {
 public:
  explicit History(std::uint64_t seed) : random_(seed) {}

  void act(TestLog& log, PersonState& state) {
    now_ms_ += static_cast<TimeMs>(random_.below(6) == 0 ? random_.below(5 * kDayMs)
                                                         : random_.below(20 * kMinuteMs));
    constexpr EventKind kKinds[] = {
        EventKind::kViewed, EventKind::kClicked,  EventKind::kPurchased, EventKind::kNotForMe,
        EventKind::kPinned, EventKind::kUnpinned, EventKind::kRefunded,  EventKind::kListViewed};
    const EventKind kind = kKinds[random_.below(8)];
    const std::string id = "i" + std::to_string(random_.below(20));
    const std::string topic = "t" + std::to_string(random_.below(12));
    fold(state, log.event(test_person(1), now_ms_, test_event(kind, {test_item(id, {topic})})));
    touches_.push_back({now_ms_, kind, item_key(id), {topic_key(topic)}});
  }

  void check(const PersonState& state) const {
    std::set<ItemKey> hidden, pinned, bought;
    std::map<ItemKey, TimeMs> last_touch;
    std::map<TopicKey, double> told;
    std::uint32_t visits = 0, purchases = 0;
    TimeMs last_act_ms = 0;
    for (const Touch& t : touches_) {
      if (t.kind != EventKind::kRefunded) {
        if (visits == 0 || t.at_ms - last_act_ms > kVisitGapMs) ++visits;
        last_act_ms = t.at_ms;
      }
      switch (t.kind) {
        case EventKind::kPurchased:
          ++purchases;
          bought.insert(t.item);
          [[fallthrough]];
        case EventKind::kViewed:
        case EventKind::kClicked:
          last_touch[t.item] = t.at_ms;
          break;
        case EventKind::kRefunded:
          bought.erase(t.item);
          break;
        case EventKind::kNotForMe:
          hidden.insert(t.item);
          pinned.erase(t.item);
          break;
        case EventKind::kPinned:
          hidden.erase(t.item);
          if (pinned.insert(t.item).second)
            told[t.topics[0]] = std::min(8.0, told[t.topics[0]] + 1);
          break;
        case EventKind::kUnpinned:
          if (pinned.erase(t.item) > 0) told[t.topics[0]] = std::max(-8.0, told[t.topics[0]] - 1);
          break;
        default:
          break;
      }
    }
    EXPECT_EQ(state.events, touches_.size());
    EXPECT_EQ(state.visits, visits);
    EXPECT_EQ(state.purchases, purchases);
    EXPECT_EQ(state.last_seen_ms, last_act_ms);
    EXPECT_EQ(state.recent.size(), last_touch.size());
    for (const RecentItem& r : state.recent) EXPECT_EQ(r.at_s, last_touch.at(r.item) / 1000);
    for (int i = 0; i < 20; ++i) {
      const ItemKey item = item_key("i" + std::to_string(i));
      EXPECT_EQ(is_hidden(state, item, {}), hidden.contains(item));
      EXPECT_EQ(is_pinned(state, item), pinned.contains(item) && !hidden.contains(item));
      EXPECT_EQ(is_bought(state, item, {}), bought.contains(item));
    }
    for (int i = 0; i < 12; ++i) check_topic(state, topic_key("t" + std::to_string(i)), told);
  }

 private:
  // Lasting interest from its definition: each visit's evidence capped, each piece decayed to now.
  void check_topic(const PersonState& state, TopicKey topic,
                   const std::map<TopicKey, double>& told) const {
    double lasting = 0, visit = 0;
    TimeMs last_act_ms = 0;
    for (const Touch& t : touches_) {
      if (t.kind == EventKind::kRefunded) continue;
      if (last_act_ms == 0 || t.at_ms - last_act_ms > kVisitGapMs) visit = 0;
      last_act_ms = t.at_ms;
      const double weight = t.kind == EventKind::kPurchased                                 ? 3
                            : t.kind == EventKind::kViewed || t.kind == EventKind::kClicked ? 1
                                                                                            : 0;
      if (weight == 0 || t.topics[0] != topic) continue;
      const double age = static_cast<double>(now_ms_ / 1000 - t.at_ms / 1000) * 1000;
      lasting += std::min(weight, std::max(0.0, kVisitLastingMax - visit)) *
                 std::exp2(-age / static_cast<double>(kLongInterestHalfLifeMs));
      visit += weight;
    }
    const TopicAffinity affinity = topic_affinity(state, std::span(&topic, 1), now_ms_);
    EXPECT_NEAR(affinity.lasting, lasting, 1e-3);
    EXPECT_NEAR(affinity.visit, in_visit(state, now_ms_) ? visit : 0, 1e-4);
    const auto word = told.find(topic);
    EXPECT_EQ(affinity.told, word == told.end() ? 0 : word->second);
  }

  Random random_;
  TimeMs now_ms_ = kTestStartMs;
  std::vector<Touch> touches_;
};

TEST(FoldModel, RandomHistoriesEqualTheirDefinition) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    TestLog log;
    PersonState state;
    History history(seed);
    for (int i = 0; i < 80; ++i) {
      history.act(log, state);
      if (i % 8 == 0) history.check(state);
    }
    history.check(state);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace ante
