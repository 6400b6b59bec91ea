#include "profile/features.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/hash.h"
#include "profile/fold_lists.h"

namespace ante {
namespace {

constexpr std::uint8_t kHidden = 1, kPinned = 2, kBought = 4, kBoughtGroup = 8;

float lasting_at(const TopicInterest& t, std::uint32_t now_s) {
  // A moment before the last event (clocks differ) sees the interest as it is.
  if (now_s <= t.at_s) return t.lasting;
  return static_cast<float>(t.lasting * lasting_decay(static_cast<double>(now_s) - t.at_s));
}

float stronger(float a, float b) {
  if (std::fabs(a) != std::fabs(b)) return std::fabs(a) > std::fabs(b) ? a : b;
  return std::min(a, b);
}

// The one definition of an affinity; `find` gives the interest in a topic or null.
template <typename Find>
TopicAffinity affinity(std::span<const TopicKey> topics, Find find) {
  TopicAffinity sum;
  if (topics.empty()) return sum;
  for (const TopicKey topic : topics) {
    const TopicAffinity one = find(topic);
    sum.visit += one.visit;
    sum.lasting += one.lasting;
    sum.told = stronger(sum.told, one.told);
    sum.hidden = sum.hidden || one.hidden;
  }
  const float spread = std::sqrt(static_cast<float>(topics.size()));
  sum.visit /= spread;
  sum.lasting /= spread;
  return sum;
}

bool contains(const std::vector<HiddenItem>& list, ItemKey item) {
  return std::ranges::find(list, item, &HiddenItem::item) != list.end();
}

}  // namespace

TopicAffinity topic_affinity(const PersonState& state, std::span<const TopicKey> topics,
                             TimeMs now_ms) {
  const bool visiting = in_visit(state, now_ms);
  const std::uint32_t now_s = seconds_of(now_ms);
  return affinity(topics, [&](TopicKey topic) {
    TopicAffinity one;
    one.hidden = std::ranges::find(state.hidden_topics, topic) != state.hidden_topics.end();
    const auto t = std::ranges::find(state.topics, topic, &TopicInterest::topic);
    if (t == state.topics.end()) return one;
    one.visit = visiting ? t->visit : 0;
    one.lasting = lasting_at(*t, now_s);
    one.told = t->told;
    return one;
  });
}

float lasting_total(const PersonState& state, TimeMs now_ms) {
  float total = 0;
  for (const TopicInterest& t : state.topics) total += lasting_at(t, seconds_of(now_ms));
  return total;
}

bool in_visit(const PersonState& state, TimeMs now_ms) {
  return state.visits > 0 && now_ms <= state.last_seen_ms + kVisitGapMs;
}

bool is_hidden(const PersonState& state, ItemKey item, ItemKey group) {
  return contains(state.hidden, item) || (group.value != 0 && contains(state.hidden, group));
}

bool is_pinned(const PersonState& state, ItemKey item) {
  return contains(state.pinned, item) && !contains(state.hidden, item);
}

bool is_bought(const PersonState& state, ItemKey item, ItemKey group) {
  return std::ranges::any_of(state.bought, [&](const BoughtItem& b) {
    return b.item == item || (group.value != 0 && b.group == group);
  });
}

OwnHistory own_history(const PersonState& state, ItemKey item) {
  const auto own = std::ranges::find(state.own, item, &OwnItem::item);
  if (own != state.own.end()) return {own->count, own->bought, own->last_s};
  const auto recent = std::ranges::find(state.recent, item, &RecentItem::item);
  if (recent != state.recent.end()) return {1, 0, recent->at_s};
  return {};
}

PersonFeatures::PersonFeatures(const PersonState& state, TimeMs now_ms)
    : state_(state), in_visit_(ante::in_visit(state, now_ms)) {
  const std::size_t entries = state.hidden.size() + state.pinned.size() + 2 * state.bought.size() +
                              state.own.size() + state.recent.size();
  if (entries > 0) marks_.resize(std::bit_ceil(2 * entries));
  for (const RecentItem& r : state.recent) mark(r.item).own = {1, 0, r.at_s};
  for (const OwnItem& o : state.own) mark(o.item).own = {o.count, o.bought, o.last_s};
  for (const HiddenItem& h : state.hidden) mark(h.item).bits |= kHidden;
  for (const HiddenItem& p : state.pinned) mark(p.item).bits |= kPinned;
  for (const BoughtItem& b : state.bought) {
    mark(b.item).bits |= kBought;
    if (b.group.value != 0) mark(b.group).bits |= kBoughtGroup;
  }
  const std::uint32_t now_s = seconds_of(now_ms);
  topics_.reserve(state.topics.size() + state.hidden_topics.size());
  for (const TopicInterest& t : state.topics) {
    add_topic({t.topic, in_visit_ ? t.visit : 0, lasting_at(t, now_s), t.told, false});
    lasting_total_ += topics_.back().lasting;
    visit_total_ += topics_.back().visit;
  }
  for (const TopicKey topic : state.hidden_topics) {
    const auto same = std::ranges::find(topics_, topic, &TopicMark::topic);
    if (same == topics_.end()) {
      add_topic({.topic = topic, .hidden = true});
    } else {
      same->hidden = true;
    }
  }
}

PersonFeatures::Mark& PersonFeatures::mark(ItemKey item) {
  if (item.value == 0) return nothing_;
  const std::size_t mask = marks_.size() - 1;
  for (std::size_t i = mix64(item.value) & mask;; i = (i + 1) & mask) {
    if (marks_[i].key == item.value) return marks_[i];
    if (marks_[i].key == 0) {
      marks_[i].key = item.value;
      return marks_[i];
    }
  }
}

const PersonFeatures::Mark* PersonFeatures::find(ItemKey item) const {
  if (marks_.empty() || item.value == 0) return nullptr;
  const std::size_t mask = marks_.size() - 1;
  for (std::size_t i = mix64(item.value) & mask; marks_[i].key != 0; i = (i + 1) & mask) {
    if (marks_[i].key == item.value) return &marks_[i];
  }
  return nullptr;
}

void PersonFeatures::add_topic(const TopicMark& topic) {
  static_assert(kTopicInterestsMax + kHiddenTopicsMax < 128);  // the table stays half empty
  if (topics_.size() == topic_places_.size() / 2) return;      // more than any state may hold
  topics_.push_back(topic);
  std::size_t i = topic.topic.value % topic_places_.size();
  while (topic_places_[i] != 0) i = (i + 1) % topic_places_.size();
  topic_places_[i] = static_cast<std::uint8_t>(topics_.size());
}

const PersonFeatures::TopicMark* PersonFeatures::find(TopicKey topic) const {
  for (std::size_t i = topic.value % topic_places_.size(); topic_places_[i] != 0;
       i = (i + 1) % topic_places_.size()) {
    const TopicMark& mark = topics_[topic_places_[i] - 1U];
    if (mark.topic == topic) return &mark;
  }
  return nullptr;
}

const PersonFeatures::TopicMark* PersonFeatures::find_rough(std::uint32_t topic) const {
  for (std::size_t i = topic % topic_places_.size(); topic_places_[i] != 0;
       i = (i + 1) % topic_places_.size()) {
    const TopicMark& mark = topics_[topic_places_[i] - 1U];
    if (static_cast<std::uint32_t>(mark.topic.value) == topic) return &mark;
  }
  return nullptr;
}

TopicAffinity PersonFeatures::rough_affinity(std::span<const std::uint32_t> topics) const {
  constexpr std::array<float, 5> kSpread = {1, 1, 0.70710678F, 0.57735027F, 0.5F};
  TopicAffinity sum;
  std::size_t count = 0;
  for (const std::uint32_t topic : topics) {
    if (topic == 0) continue;
    ++count;
    const TopicMark* mark = find_rough(topic);
    if (mark == nullptr) continue;
    sum.visit += mark->visit;
    sum.lasting += mark->lasting;
    sum.told = stronger(sum.told, mark->told);
    sum.hidden = sum.hidden || mark->hidden;
  }
  const float spread = kSpread[std::min(count, kSpread.size() - 1)];
  sum.visit *= spread;
  sum.lasting *= spread;
  return sum;
}

bool PersonFeatures::refuses(std::span<const TopicKey> topics) const {
  return std::ranges::any_of(topics, [this](TopicKey topic) {
    const TopicMark* mark = find(topic);
    return mark != nullptr && mark->hidden;
  });
}

TopicAffinity PersonFeatures::topic_affinity(std::span<const TopicKey> topics) const {
  return affinity(topics, [&](TopicKey topic) {
    const TopicMark* t = find(topic);
    if (t == nullptr) return TopicAffinity{};
    return TopicAffinity{t->visit, t->lasting, t->told, t->hidden};
  });
}

bool PersonFeatures::is_hidden(ItemKey item, ItemKey group) const {
  const Mark* m = find(item);
  if (m != nullptr && (m->bits & kHidden) != 0) return true;
  const Mark* g = find(group);
  return g != nullptr && (g->bits & kHidden) != 0;
}

bool PersonFeatures::is_new(ItemKey item, ItemKey group) const {
  return find(item) == nullptr && (group.value == 0 || find(group) == nullptr);
}

bool PersonFeatures::is_pinned(ItemKey item) const {
  const Mark* m = find(item);
  return m != nullptr && (m->bits & kPinned) != 0 && (m->bits & kHidden) == 0;
}

bool PersonFeatures::is_bought(ItemKey item, ItemKey group) const {
  const Mark* m = find(item);
  if (m != nullptr && (m->bits & kBought) != 0) return true;
  const Mark* g = find(group);
  return g != nullptr && (g->bits & kBoughtGroup) != 0;
}

OwnHistory PersonFeatures::own_history(ItemKey item) const {
  const Mark* m = find(item);
  return m == nullptr ? OwnHistory{} : m->own;
}

}  // namespace ante
