#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/check.h"
#include "profile/fold_lists.h"
#include "profile/person_state.h"

namespace ante {
namespace {

template <typename T>
T saturating_sum(T a, T b) {
  const T sum = static_cast<T>(a + b);
  return sum < a ? static_cast<T>(~T{0}) : sum;
}

// The first element of a list keeps its place; order follows age, then the list's own order.
template <typename T, typename Key, typename Join>
void join_lists(std::vector<T>& into, const std::vector<T>& from, Key key, Join join) {
  for (const T& entry : from) {
    const auto same = std::ranges::find(into, key(entry), key);
    if (same == into.end()) {
      into.push_back(entry);
    } else {
      join(*same, entry);
    }
  }
}

// Drops the least by `rank` until `entries_max` are left; the others keep their order.
template <typename T, typename Rank>
void drop_least(std::vector<T>& list, std::size_t entries_max, Rank rank) {
  while (list.size() > entries_max) list.erase(std::ranges::min_element(list, {}, rank));
}

void merge_recent(PersonState& into, const PersonState& from) {
  join_lists(
      into.recent, from.recent, [](const RecentItem& r) { return r.item; },
      [](RecentItem& a, const RecentItem& b) {
        if (b.at_s > a.at_s) a = b;
      });
  std::ranges::sort(into.recent, std::greater{},
                    [](const RecentItem& r) { return std::tuple(r.at_s, r.item.value); });
}

void merge_items(PersonState& into, const PersonState& from) {
  join_lists(
      into.own, from.own, [](const OwnItem& o) { return o.item; },
      [](OwnItem& a, const OwnItem& b) {
        a.count = saturating_sum(a.count, b.count);
        a.bought = saturating_sum(a.bought, b.bought);
        a.last_s = std::max(a.last_s, b.last_s);
      });
  join_lists(
      into.bought, from.bought, [](const BoughtItem& b) { return b.item; },
      [](BoughtItem& a, const BoughtItem& b) {
        if (b.at_s > a.at_s) a = b;
      });
  const auto newest = [](HiddenItem& a, const HiddenItem& b) { a.at_s = std::max(a.at_s, b.at_s); };
  const auto item = [](const HiddenItem& h) { return h.item; };
  join_lists(into.hidden, from.hidden, item, newest);
  join_lists(into.pinned, from.pinned, item, newest);
}

// Told: the stronger word counts, and of equally strong ones the refusal.
float merged_told(float a, float b) {
  if (std::fabs(a) != std::fabs(b)) return std::fabs(a) > std::fabs(b) ? a : b;
  return std::min(a, b);
}

void merge_topics(PersonState& into, const PersonState& from, bool visit_of_from) {
  if (visit_of_from) {
    for (TopicInterest& t : into.topics) t.visit = 0;
  }
  for (const TopicInterest& t : from.topics) {
    TopicInterest entry = t;
    if (!visit_of_from) entry.visit = 0;
    const auto same = std::ranges::find(into.topics, t.topic, &TopicInterest::topic);
    if (same == into.topics.end()) {
      into.topics.push_back(entry);
      continue;
    }
    const std::uint32_t at_s = std::max(same->at_s, entry.at_s);
    same->lasting =
        static_cast<float>(same->lasting * lasting_decay(static_cast<double>(at_s) - same->at_s) +
                           entry.lasting * lasting_decay(static_cast<double>(at_s) - entry.at_s));
    same->at_s = at_s;
    same->visit += entry.visit;  // one of them is 0
    same->told = merged_told(same->told, entry.told);
    same->last_event_s = std::max(same->last_event_s, entry.last_event_s);
  }
  for (const TopicKey topic : from.hidden_topics) {
    if (std::ranges::find(into.hidden_topics, topic) == into.hidden_topics.end()) {
      into.hidden_topics.push_back(topic);
    }
  }
}

void merge_consent(PersonState& into, const PersonState& from) {
  if (!from.consent_stated) return;
  if (!into.consent_stated) {
    into.consent = from.consent;
    into.consent_stated = true;
    return;
  }
  into.consent.store = into.consent.store && from.consent.store;
  into.consent.profile = into.consent.profile && from.consent.profile;
  into.consent.measure = into.consent.measure && from.consent.measure;
}

void merge_header(PersonState& into, const PersonState& from) {
  if (into.first_seen_ms == 0 ||
      (from.first_seen_ms != 0 && from.first_seen_ms < into.first_seen_ms)) {
    into.first_seen_ms = from.first_seen_ms;
  }
  into.folded = std::max(into.folded, from.folded);
  into.events = saturating_sum(into.events, from.events);
  into.visits = saturating_sum(into.visits, from.visits);
  into.purchases = saturating_sum(into.purchases, from.purchases);
  into.paused = into.paused || from.paused;
  into.erased = into.erased && from.erased;
  if (from.last_query_ms > into.last_query_ms) {
    into.last_query = from.last_query;
    into.last_query_ms = from.last_query_ms;
  }
}

void merge_facts(PersonState& into, const PersonState& from) {
  for (const Fact& fact : from.facts) {
    const auto same = std::ranges::find_if(into.facts, [&](const Fact& f) {
      return f.provenance == fact.provenance && f.name == fact.name;
    });
    if (same == into.facts.end()) {
      into.facts.push_back(fact);
    } else if (fact.at_ms > same->at_ms) {
      *same = fact;
    }
  }
}

void merge_pair(PersonState& into, const PersonState& from) {
  const bool visit_of_from = from.last_seen_ms > into.last_seen_ms;
  merge_header(into, from);
  merge_consent(into, from);
  merge_recent(into, from);
  merge_items(into, from);
  merge_topics(into, from, visit_of_from);
  if (visit_of_from) {
    into.last_seen_ms = from.last_seen_ms;
    into.visit_started_ms = from.visit_started_ms;
  }
  join_lists(
      into.exposures, from.exposures, [](const SlotExposure& e) { return e.slot; },
      [](SlotExposure& a, const SlotExposure& b) {
        a.first_s = std::min(a.first_s, b.first_s);
        a.last_s = std::max(a.last_s, b.last_s);
        a.shown = saturating_sum(a.shown, b.shown);
      });
  join_lists(into.shown, from.shown, [](const ShownItem& s) { return s.item; }, join_shown);
  into.unanswered = static_cast<std::uint16_t>(
      std::min<std::uint32_t>(UINT16_MAX, std::uint32_t{into.unanswered} + from.unanswered));
  into.unanswered_s = std::max(into.unanswered_s, from.unanswered_s);
  into.asked_s = std::max(into.asked_s, from.asked_s);
  merge_facts(into, from);
  join_lists(
      into.links, from.links, [](const Link& l) { return l.other; },
      [](Link& a, const Link& b) {
        a.other_first_seen_ms = std::min(a.other_first_seen_ms, b.other_first_seen_ms);
      });
}

// Once, after all members: an early cut could lose what a later member makes strong.
void cut_to_limits(PersonState& s) {
  if (s.recent.size() > kRecentItemsMax) s.recent.resize(kRecentItemsMax);
  drop_least(s.own, kOwnItemsMax, [](const OwnItem& o) {
    return std::tuple(o.bought, o.count, o.last_s, o.item.value);
  });
  drop_least(s.bought, kBoughtItemsMax,
             [](const BoughtItem& b) { return std::tuple(!b.repeatable, b.at_s, b.item.value); });
  const auto age = [](const HiddenItem& h) { return std::tuple(h.at_s, h.item.value); };
  drop_least(s.hidden, kHiddenItemsMax, age);
  drop_least(s.pinned, kPinnedItemsMax, age);
  const std::uint32_t now_s = seconds_of(s.last_seen_ms);
  drop_least(s.topics, kTopicInterestsMax, [now_s](const TopicInterest& t) {
    const double noticed = t.visit + t.lasting * lasting_decay(static_cast<double>(now_s) - t.at_s);
    return std::tuple(std::fabs(t.told), noticed, t.last_event_s, t.topic.value);
  });
  if (s.hidden_topics.size() > kHiddenTopicsMax) s.hidden_topics.resize(kHiddenTopicsMax);
  drop_least(s.exposures, kSlotExposuresMax,
             [](const SlotExposure& e) { return std::tuple(e.last_s, e.slot.value); });
  drop_least(s.shown, kShownItemsMax,
             [](const ShownItem& i) { return std::tuple(i.day, i.counts, i.item.value); });
  drop_least(s.facts, kPersonFactsMax, [](const Fact& f) {
    return std::tuple(f.provenance == Provenance::kTold, f.at_ms, std::string_view(f.name));
  });
  std::erase_if(s.links, [&](const Link& l) { return l.other == s.person; });
  std::ranges::sort(s.links, {}, &Link::other);
  if (s.links.size() + 1 > kLinkMembersMax) s.links.resize(kLinkMembersMax - 1);
}

}  // namespace

PersonState merge(const std::vector<const PersonState*>& members) {
  CHECK(!members.empty());
  PersonState whole = *members.front();
  if (members.size() == 1) return whole;
  for (std::size_t i = 1; i < members.size(); ++i) merge_pair(whole, *members[i]);
  cut_to_limits(whole);
  return whole;
}

}  // namespace ante
