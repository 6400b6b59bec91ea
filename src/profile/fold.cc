#include <algorithm>
#include <cmath>
#include <string>

#include "profile/fold_lists.h"
#include "profile/person_state.h"
#include "profile/unanswered.h"

namespace ante {
namespace {

// Evidence of interest, in clicks. Why these: docs/decisions/profile-weights.md.
constexpr float kClickWeight = 1;
constexpr float kPageTopicWeight = 0.5F;
constexpr float kReadWeight = 1.5F;       // any read outweighs a click …
constexpr float kReadDepthWeight = 1.5F;  // … the deeper the more
constexpr float kReadTimeWeight = 1;      // … the longer the more, up to kReadTimeMsMax
constexpr float kReadFinishedWeight = 2;  // … and the end more than any depth
constexpr std::uint32_t kReadTimeMsMax = 120'000;
constexpr float kCartWeight = 2;
constexpr float kPurchaseWeight = 3;
constexpr float kShareWeight = 3;

// What is said, in units of told interest.
constexpr float kFollowTold = 4;
constexpr float kMoreTold = 2;
constexpr float kPinTold = 1;
constexpr float kRefusedTopicTold = -4;

struct Moment {
  TimeMs at_ms = 0;
  std::uint32_t at_s = 0;
  bool in_visit = true;  // false: it happened before this visit
};

// Places an act in the visits. A record from before this visit changes no visit.
bool advance_visit(PersonState& state, TimeMs at_ms) {
  if (state.visits == 0 || at_ms > state.last_seen_ms + kVisitGapMs) {
    ++state.visits;
    state.visit_started_ms = at_ms;
    state.last_seen_ms = std::max(state.last_seen_ms, at_ms);
    for (TopicInterest& t : state.topics) t.visit = 0;
    state.last_query.clear();
    state.last_query_ms = 0;
    return true;
  }
  if (at_ms + kVisitGapMs < state.visit_started_ms) return false;
  state.visit_started_ms = std::min(state.visit_started_ms, at_ms);
  state.last_seen_ms = std::max(state.last_seen_ms, at_ms);
  return true;
}

bool is_act(EventKind kind) {
  return kind != EventKind::kChannelOutcome && kind != EventKind::kRefunded;
}

float read_weight(const Event& event) {
  const float depth = static_cast<float>(std::min<int>(event.depth_percent.value_or(0), 100)) / 100;
  const float time = static_cast<float>(std::min(event.active_ms.value_or(0), kReadTimeMsMax)) /
                     static_cast<float>(kReadTimeMsMax);
  return kReadWeight + kReadDepthWeight * (event.finished ? 1 : depth) + kReadTimeWeight * time +
         (event.finished ? kReadFinishedWeight : 0);
}

// 0: no evidence of interest in the items.
float item_weight(const Event& event) {
  switch (event.kind) {
    case EventKind::kViewed:
    case EventKind::kClicked:
      return kClickWeight;
    case EventKind::kArticleRead:
      return read_weight(event);
    case EventKind::kAddedToCart:
      return kCartWeight;
    case EventKind::kRemovedFromCart:
      return -kCartWeight;
    case EventKind::kPurchased:
      return kPurchaseWeight;
    case EventKind::kShared:
      return kShareWeight;
    default:
      return 0;
  }
}

void notice_topics(PersonState& state, const std::vector<TopicKey>& topics, float weight,
                   const Moment& moment) {
  if (topics.empty() || weight == 0) return;
  const float each = weight / std::sqrt(static_cast<float>(topics.size()));
  for (const TopicKey topic : topics)
    notice_topic(state, topic, each, moment.at_s, moment.in_visit);
}

void fold_noticed(PersonState& state, const Event& event, const Moment& moment) {
  const float weight = item_weight(event);
  const bool purchase = event.kind == EventKind::kPurchased;
  if (weight != 0) {
    for (const EventItem& item : event.items) {
      if (weight > 0) {
        count_touch(state, item.key, purchase, moment.at_s);
        remember_recent(state.recent, item.key, event.kind, moment.at_s);
      }
      if (purchase) add_bought(state.bought, {item.key, item.group, moment.at_s, item.repeatable});
      notice_topics(state, item.topics, weight, moment);
    }
  }
  if (event.kind == EventKind::kPage || event.kind == EventKind::kSearched) {
    notice_topics(state, event.topics, kPageTopicWeight, moment);
  }
  if (event.kind == EventKind::kSearched && moment.in_visit &&
      moment.at_ms >= state.last_query_ms) {
    state.last_query = cut_utf8(event.query, kQueryBytesMax);
    state.last_query_ms = moment.at_ms;
  }
}

// It was for somebody else: what the item told us about this person goes.
void forget_item(PersonState& state, const EventItem& item, std::uint32_t at_s) {
  const auto own = std::ranges::find(state.own, item.key, &OwnItem::item);
  const auto recent = std::ranges::find(state.recent, item.key, &RecentItem::item);
  const auto bought = std::ranges::find(state.bought, item.key, &BoughtItem::item);
  float weight = 0;
  std::uint32_t last_s = at_s;
  if (recent != state.recent.end()) {
    weight = kClickWeight;
    last_s = recent->at_s;
    state.recent.erase(recent);
  }
  if (own != state.own.end()) {
    weight = kClickWeight * static_cast<float>(std::max<std::uint16_t>(own->count, 1));
    last_s = own->last_s;
    state.own.erase(own);
  }
  if (bought != state.bought.end()) weight += kPurchaseWeight;
  if (weight == 0 || item.topics.empty()) return;
  const float each = -weight / std::sqrt(static_cast<float>(item.topics.size()));
  for (const TopicKey topic : item.topics) {
    if (std::ranges::find(state.topics, topic, &TopicInterest::topic) == state.topics.end())
      continue;
    notice_topic(state, topic, each, last_s, true);
  }
}

// A refusal touches the attribute that was named and no other.
void fold_reason(PersonState& state, const Event& event, const EventItem& item,
                 const Moment& moment) {
  if (event.reason == "topic") {
    const std::vector<TopicKey>& topics = event.topics.empty() ? item.topics : event.topics;
    // One topic is meant beyond doubt; of several any may be.
    const float delta = topics.size() == 1 ? -2 * kToldMax : kRefusedTopicTold;
    for (const TopicKey topic : topics) tell_topic(state, topic, delta, moment.at_s);
  } else if (event.reason == "owned") {
    add_bought(state.bought, {item.key, item.group, moment.at_s, item.repeatable});
  } else if (event.reason == "gift") {
    forget_item(state, item, moment.at_s);
  } else if (event.reason == "brand" || event.reason == "price") {
    const bool priced = event.reason == "price" && item.price_micros > 0;
    add_fact(state.facts, {.name = "notForMe." + event.reason + ":" + item.id,
                           .value_json = priced ? std::to_string(item.price_micros) : "true",
                           .provenance = Provenance::kTold,
                           .at_ms = moment.at_ms,
                           .expires_at_ms = {}});
  }
}

void fold_not_for_me(PersonState& state, const Event& event, const Moment& moment) {
  for (const EventItem& item : event.items) {
    add_marked(state.hidden, item.key, moment.at_s, kHiddenItemsMax);
    if (item.group.value != 0) add_marked(state.hidden, item.group, moment.at_s, kHiddenItemsMax);
    remove_marked(state.pinned, item.key);
    fold_reason(state, event, item, moment);
  }
}

void unhide(PersonState& state, const EventItem& item) {
  remove_marked(state.hidden, item.key);
  if (item.group.value != 0) remove_marked(state.hidden, item.group);
}

void tell_topics(PersonState& state, const std::vector<TopicKey>& topics, float delta,
                 std::uint32_t at_s) {
  for (const TopicKey topic : topics) tell_topic(state, topic, delta, at_s);
}

void fold_follow(PersonState& state, const Event& event, std::uint32_t at_s) {
  const bool follow = event.kind == EventKind::kTopicFollowed;
  for (const TopicKey topic : event.topics) {
    const auto now = std::ranges::find(state.topics, topic, &TopicInterest::topic);
    const float told = now == state.topics.end() ? 0 : now->told;
    if (follow) {
      tell_topic(state, topic, std::max(kFollowTold - told, 0.0F), at_s);
      unhide_topic(state.hidden_topics, topic);
    } else if (told > 0) {
      tell_topic(state, topic, -told, at_s);
    }
  }
}

// What they say acts whatever the consent to noticing is: it is an instruction.
void fold_told(PersonState& state, const Event& event, const Moment& moment) {
  switch (event.kind) {
    case EventKind::kNotForMe:
      fold_not_for_me(state, event, moment);
      break;
    case EventKind::kPinned:
      for (const EventItem& item : event.items) {
        unhide(state, item);
        const bool again =
            std::ranges::find(state.pinned, item.key, &HiddenItem::item) != state.pinned.end();
        add_marked(state.pinned, item.key, moment.at_s, kPinnedItemsMax);
        if (!again) tell_topics(state, item.topics, kPinTold, moment.at_s);
      }
      break;
    case EventKind::kUnpinned:
      for (const EventItem& item : event.items) {
        if (remove_marked(state.pinned, item.key))
          tell_topics(state, item.topics, -kPinTold, moment.at_s);
      }
      break;
    case EventKind::kMoreLikeThis:
    case EventKind::kLessLikeThis: {
      const bool more = event.kind == EventKind::kMoreLikeThis;
      tell_topics(state, event.topics, more ? kMoreTold : -kMoreTold, moment.at_s);
      for (const EventItem& item : event.items) {
        if (more) unhide(state, item);
        tell_topics(state, item.topics, more ? kMoreTold : -kMoreTold, moment.at_s);
      }
      break;
    }
    case EventKind::kTopicFollowed:
    case EventKind::kTopicUnfollowed:
      fold_follow(state, event, moment.at_s);
      break;
    case EventKind::kRefunded:
      for (const EventItem& item : event.items) remove_bought(state, item.key);
      break;
    default:
      break;
  }
}

// They did something with what was shown to them. False: it was not shown lately.
bool fold_answer(PersonState& state, ItemKey item) {
  if (!remove_shown(state.shown, item)) return false;
  state.unanswered = 0;
  return true;
}

void fold_event(PersonState& state, const RecordHeader& header, const Event& event) {
  Moment moment;
  moment.at_ms = std::max<TimeMs>(0, std::min(header.occurred_at, header.received_at));
  moment.at_s = seconds_of(moment.at_ms);
  ++state.events;
  if (event.kind == EventKind::kPurchased) ++state.purchases;
  if (event.consent) {
    state.consent = *event.consent;
    state.consent_stated = true;
  }
  if (is_act(event.kind)) moment.in_visit = advance_visit(state, moment.at_ms);
  fold_told(state, event, moment);
  if (is_act(event.kind)) {
    for (const EventItem& item : event.items) fold_answer(state, item.key);
  }
  if (state.consent.profile && event.use_for_decisions) fold_noticed(state, event, moment);
}

void fold_facts(PersonState& state, const RecordHeader& header, const FactSet& set) {
  std::erase_if(state.facts, [&](const Fact& f) {
    return f.expires_at_ms && *f.expires_at_ms <= header.received_at;
  });
  for (Fact fact : set.facts) {
    if (fact.at_ms == 0) fact.at_ms = header.occurred_at;
    if (fact.name == kPausedFact) {
      state.paused = fact.value_json == "true";
      continue;
    }
    add_fact(state.facts, fact);
  }
}

// An unverified claim joins nobody.
void fold_link(PersonState& state, const Link& link) {
  if (!link.verified || link.other == state.person) return;
  const auto same = std::ranges::find(state.links, link.other, &Link::other);
  if (same != state.links.end()) {
    same->other_first_seen_ms = std::min(same->other_first_seen_ms, link.other_first_seen_ms);
    return;
  }
  if (state.links.size() + 1 < kLinkMembersMax) state.links.push_back(link);
}

void fold_exposure(PersonState& state, SlotKey slot, std::span<const ItemKey> items, TimeMs at_ms) {
  const std::uint32_t at_s = seconds_of(at_ms);
  add_exposure(state.exposures, {.slot = slot, .first_s = at_s, .last_s = at_s, .shown = 1});
  for (const ItemKey item : items) add_shown(state.shown, item, at_s);
  if (at_s > state.unanswered_s + kRepeatDaysMax * 86'400) state.unanswered = 0;
  if (state.unanswered < UINT16_MAX) ++state.unanswered;
  state.unanswered_s = std::max(state.unanswered_s, at_s);
}

// False: the body cannot be read.
bool fold_body(PersonState& state, const CommittedRecord& record) {
  const RecordHeader& header = record.header;
  switch (header.kind) {
    case RecordKind::kEvent: {
      const auto event = decode_event(record.body);
      if (!event) return false;
      fold_event(state, header, *event);
      return true;
    }
    case RecordKind::kFacts: {
      const auto facts = decode_facts(record.body);
      if (!facts) return false;
      fold_facts(state, header, *facts);
      return true;
    }
    case RecordKind::kLink: {
      const auto link = decode_link(record.body);
      if (!link) return false;
      fold_link(state, *link);
      return true;
    }
    case RecordKind::kDecision: {
      const auto decision = decode_decision_head(record.body);
      if (!decision) return false;
      if (decision->activated) {
        fold_exposure(state, decision->slot, decision->served, decision->at_ms);
      }
      if (decision->asked) state.asked_s = std::max(state.asked_s, seconds_of(decision->at_ms));
      return true;
    }
    case RecordKind::kActivation: {
      const auto activation = decode_activation(record.body);
      if (!activation) return false;
      fold_exposure(state, activation->slot, activation->items, header.occurred_at);
      return true;
    }
    case RecordKind::kReward: {
      const auto reward = decode_reward(record.body);
      return reward && reward->value > 0 && fold_answer(state, reward->item);
    }
    case RecordKind::kConsent:
      if (record.body.size() != 1) return false;
      state.consent = consent_of_bits(static_cast<std::uint8_t>(record.body[0]));
      state.consent_stated = true;
      return true;
    case RecordKind::kErased:
    case RecordKind::kErase:
    case RecordKind::kItem:
    case RecordKind::kObject:
      return false;
  }
  return false;  // a later kind: its number came from the log
}

}  // namespace

void fold(PersonState& state, const CommittedRecord& record) {
  state.person = record.header.person;
  if (record.header.kind == RecordKind::kErase) {
    state = empty_state(record.header.person);
    state.erased = true;
  } else if (fold_body(state, record)) {
    if (state.first_seen_ms == 0) state.first_seen_ms = record.header.received_at;
    state.erased = false;
  }
  state.folded = record.sequence.value;
}

}  // namespace ante
