#include "profile/fold_lists.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace ante {
namespace {

constexpr auto kVisitGapS = static_cast<std::uint32_t>(kVisitGapMs / 1000);

template <typename T>
void add_count(T& counter) {
  if (counter < std::numeric_limits<T>::max()) ++counter;
}

bool apart(std::uint32_t a, std::uint32_t b) { return (a > b ? a - b : b - a) > kVisitGapS; }

// The weakest noticed topic; told ones are dropped for told ones only.
std::size_t weakest_topic(const std::vector<TopicInterest>& topics, std::uint32_t at_s) {
  using Strength = std::tuple<double, double, std::uint32_t, std::uint64_t>;
  std::size_t weakest = 0;
  Strength least{};
  for (std::size_t i = 0; i < topics.size(); ++i) {
    const TopicInterest& t = topics[i];
    const double noticed = t.visit + t.lasting * lasting_decay(static_cast<double>(at_s) - t.at_s);
    const Strength strength{std::fabs(t.told), noticed, t.last_event_s, t.topic.value};
    if (i == 0 || strength < least) {
      weakest = i;
      least = strength;
    }
  }
  return weakest;
}

}  // namespace

std::uint32_t seconds_of(TimeMs at_ms) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(at_ms / 1000, 0, std::numeric_limits<std::uint32_t>::max()));
}

double lasting_decay(double elapsed_s) {
  return std::exp2(-elapsed_s * (1000.0 / static_cast<double>(kLongInterestHalfLifeMs)));
}

void remember_recent(std::vector<RecentItem>& recent, ItemKey item, EventKind kind,
                     std::uint32_t at_s) {
  const auto same = std::ranges::find(recent, item, &RecentItem::item);
  if (same != recent.end()) {
    if (same->at_s > at_s) return;
    recent.erase(same);
  }
  const auto place =
      std::ranges::find_if(recent, [&](const RecentItem& r) { return r.at_s <= at_s; });
  if (recent.size() >= kRecentItemsMax) {
    if (place == recent.end()) return;  // older than all that is remembered
    std::move_backward(place, recent.end() - 1, recent.end());
    *place = {item, at_s, kind};
    return;
  }
  recent.insert(place, {item, at_s, kind});
}

void count_touch(PersonState& state, ItemKey item, bool bought, std::uint32_t at_s) {
  const auto own = std::ranges::find(state.own, item, &OwnItem::item);
  if (own != state.own.end()) {
    if (bought) add_count(own->bought);
    if (apart(own->last_s, at_s)) add_count(own->count);
    own->last_s = std::max(own->last_s, at_s);
    return;
  }
  const auto before = std::ranges::find(state.recent, item, &RecentItem::item);
  const bool came_back = before != state.recent.end() && apart(before->at_s, at_s);
  if (!bought && !came_back) return;
  const std::uint32_t last_s = before == state.recent.end() ? at_s : std::max(before->at_s, at_s);
  if (state.own.size() >= kOwnItemsMax) {
    const auto weakest = std::ranges::min_element(state.own, {}, [](const OwnItem& o) {
      return std::tuple(o.bought, o.count, o.last_s, o.item.value);
    });
    state.own.erase(weakest);
  }
  state.own.push_back({.item = item,
                       .last_s = last_s,
                       .count = static_cast<std::uint16_t>(came_back ? 2 : 1),
                       .bought = static_cast<std::uint16_t>(bought ? 1 : 0)});
}

void add_bought(std::vector<BoughtItem>& bought, const BoughtItem& entry) {
  const auto same = std::ranges::find(bought, entry.item, &BoughtItem::item);
  if (same != bought.end()) {
    const std::uint32_t at_s = std::max(same->at_s, entry.at_s);
    *same = entry;
    same->at_s = at_s;
    return;
  }
  if (bought.size() >= kBoughtItemsMax) {
    bought.erase(std::ranges::min_element(bought, {}, [](const BoughtItem& b) {
      return std::tuple(!b.repeatable, b.at_s, b.item.value);
    }));
  }
  bought.push_back(entry);
}

void remove_bought(PersonState& state, ItemKey item) {
  std::erase_if(state.bought, [&](const BoughtItem& b) { return b.item == item; });
  const auto own = std::ranges::find(state.own, item, &OwnItem::item);
  if (own != state.own.end() && own->bought > 0) --own->bought;
}

void add_marked(std::vector<HiddenItem>& list, ItemKey item, std::uint32_t at_s,
                std::size_t entries_max) {
  const auto same = std::ranges::find(list, item, &HiddenItem::item);
  if (same != list.end()) {
    same->at_s = std::max(same->at_s, at_s);
    return;
  }
  if (list.size() >= entries_max) {
    list.erase(std::ranges::min_element(
        list, {}, [](const HiddenItem& h) { return std::tuple(h.at_s, h.item.value); }));
  }
  list.push_back({item, at_s});
}

bool remove_marked(std::vector<HiddenItem>& list, ItemKey item) {
  return std::erase_if(list, [&](const HiddenItem& h) { return h.item == item; }) > 0;
}

TopicInterest* find_or_add_topic(std::vector<TopicInterest>& topics, TopicKey topic,
                                 std::uint32_t at_s, bool told) {
  const auto same = std::ranges::find(topics, topic, &TopicInterest::topic);
  if (same != topics.end()) return &*same;
  if (topics.size() >= kTopicInterestsMax) {
    const std::size_t weakest = weakest_topic(topics, at_s);
    if (topics[weakest].told != 0 && !told) return nullptr;
    topics.erase(topics.begin() + static_cast<std::ptrdiff_t>(weakest));
  }
  topics.push_back({.topic = topic, .at_s = at_s, .last_event_s = at_s});
  return &topics.back();
}

void notice_topic(PersonState& state, TopicKey topic, float weight, std::uint32_t at_s,
                  bool in_visit) {
  if (weight == 0) return;
  TopicInterest* interest = find_or_add_topic(state.topics, topic, at_s, false);
  if (interest == nullptr) return;
  double gain = weight;  // as of at_s
  if (at_s >= interest->at_s) {
    interest->lasting = static_cast<float>(
        interest->lasting * lasting_decay(static_cast<double>(at_s) - interest->at_s));
    interest->at_s = at_s;
  }
  const double late_s = static_cast<double>(interest->at_s) - at_s;
  const float so_far = in_visit ? interest->visit : interest->lasting;
  if (weight > 0) gain = std::min<double>(gain, std::max(0.0F, kVisitLastingMax - so_far));
  if (in_visit) interest->visit = std::max(0.0F, interest->visit + weight);
  interest->lasting =
      static_cast<float>(std::max(0.0, interest->lasting + gain * lasting_decay(late_s)));
  interest->last_event_s = std::max(interest->last_event_s, at_s);
}

void tell_topic(PersonState& state, TopicKey topic, float delta, std::uint32_t at_s) {
  TopicInterest* interest = find_or_add_topic(state.topics, topic, at_s, true);
  interest->told = std::clamp(interest->told + delta, -kToldMax, kToldMax);
  interest->last_event_s = std::max(interest->last_event_s, at_s);
  if (interest->told <= -kToldMax) {
    hide_topic(state.hidden_topics, topic);
  } else if (delta > 0) {
    unhide_topic(state.hidden_topics, topic);
  }
}

void hide_topic(std::vector<TopicKey>& hidden, TopicKey topic) {
  if (std::ranges::find(hidden, topic) != hidden.end()) return;
  if (hidden.size() >= kHiddenTopicsMax) hidden.erase(hidden.begin());  // said longest ago
  hidden.push_back(topic);
}

void unhide_topic(std::vector<TopicKey>& hidden, TopicKey topic) { std::erase(hidden, topic); }

void add_exposure(std::vector<SlotExposure>& exposures, const SlotExposure& exposure) {
  const auto same = std::ranges::find(exposures, exposure.slot, &SlotExposure::slot);
  if (same != exposures.end()) {
    same->first_s = std::min(same->first_s, exposure.first_s);
    same->last_s = std::max(same->last_s, exposure.last_s);
    const std::uint64_t shown = std::uint64_t{same->shown} + exposure.shown;
    same->shown = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(shown, std::numeric_limits<std::uint32_t>::max()));
    return;
  }
  if (exposures.size() >= kSlotExposuresMax) {
    exposures.erase(std::ranges::min_element(
        exposures, {}, [](const SlotExposure& e) { return std::tuple(e.last_s, e.slot.value); }));
  }
  exposures.push_back(exposure);
}

void add_fact(std::vector<Fact>& facts, const Fact& fact) {
  if (fact.name.empty() || fact.name.size() > kFactNameBytesMax ||
      fact.value_json.size() > kFactValueBytesMax) {
    return;
  }
  const auto same = std::ranges::find_if(
      facts, [&](const Fact& f) { return f.provenance == fact.provenance && f.name == fact.name; });
  if (same != facts.end()) {
    if (same->at_ms > fact.at_ms) return;
    if (fact.value_json == "null") {
      facts.erase(same);
    } else {
      *same = fact;
    }
    return;
  }
  if (fact.value_json == "null") return;
  if (facts.size() >= kPersonFactsMax) {
    facts.erase(std::ranges::min_element(facts, [](const Fact& a, const Fact& b) {
      const auto key = [](const Fact& f) {
        return std::tuple(f.provenance == Provenance::kTold, f.at_ms, std::string_view(f.name));
      };
      return key(a) < key(b);
    }));
  }
  facts.push_back(fact);
}

std::string_view cut_utf8(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace ante
