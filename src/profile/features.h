// What ranking and eligibility ask of a person: each question has its one definition here, for
// training and for serving.
//
// In:   a person's (merged) state and the moment of deciding. Out: small numbers and yes or no.
// Pure. The functions walk the person's lists; PersonFeatures answers the same for hundreds of
// items of one decision, after one pass over the lists.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "profile/person_state.h"

namespace ante {

// Interest in a list of topics: sums over the topics the person has, divided by the square root of
// the number asked for (as evidence is spread when it is folded).
struct TopicAffinity {
  float visit = 0;      // evidence of this visit; 0 when the visit is over
  float lasting = 0;    // decayed to the moment asked for
  float told = 0;       // the strongest word on any of them, a refusal before an equal wish
  bool hidden = false;  // one of them is refused altogether
  friend bool operator==(const TopicAffinity&, const TopicAffinity&) = default;
};
TopicAffinity topic_affinity(const PersonState& state, std::span<const TopicKey> topics,
                             TimeMs now_ms);

// All lasting interest of the person, decayed to `now_ms`: to make shares of affinities.
float lasting_total(const PersonState& state, TimeMs now_ms);

// Is the person still in the visit they were last seen in?
bool in_visit(const PersonState& state, TimeMs now_ms);

// `group` is item_key(item.group), or 0 without one.
bool is_hidden(const PersonState& state, ItemKey item, ItemKey group);
bool is_pinned(const PersonState& state, ItemKey item);  // and not hidden
// Bought or owned, the item or a variant of it.
bool is_bought(const PersonState& state, ItemKey item, ItemKey group);

struct OwnHistory {
  std::uint16_t count = 0;   // touches more than kVisitGapMs apart; 1 for a recent item
  std::uint16_t bought = 0;  // purchases of it
  std::uint32_t last_s = 0;  // 0: never touched, as far as remembered
  friend bool operator==(const OwnHistory&, const OwnHistory&) = default;
};
OwnHistory own_history(const PersonState& state, ItemKey item);

// All of the above for one decision. The state must outlive it. Any thread, once built.
class PersonFeatures {
 public:
  PersonFeatures(const PersonState& state, TimeMs now_ms);

  TopicAffinity topic_affinity(std::span<const TopicKey> topics) const;
  // The same, nearly, of low halves of topic keys (0 = none): for the first cut of hundreds.
  TopicAffinity rough_affinity(std::span<const std::uint32_t> topics) const;
  // Whether the person refuses one of the topics altogether.
  bool refuses(std::span<const TopicKey> topics) const;
  float lasting_total() const { return lasting_total_; }
  float visit_total() const { return visit_total_; }
  bool in_visit() const { return in_visit_; }
  bool is_hidden(ItemKey item, ItemKey group) const;
  // Neither hidden, bought, pinned nor come to, itself or its group: most items, in one look.
  bool is_new(ItemKey item, ItemKey group) const;
  bool is_pinned(ItemKey item) const;
  bool is_bought(ItemKey item, ItemKey group) const;
  OwnHistory own_history(ItemKey item) const;
  const PersonState& state() const { return state_; }

 private:
  struct Mark {
    std::uint64_t key = 0;
    std::uint8_t bits = 0;
    OwnHistory own;
  };
  struct TopicMark {
    TopicKey topic;
    float visit = 0, lasting = 0, told = 0;
    bool hidden = false;
  };
  Mark& mark(ItemKey item);
  const Mark* find(ItemKey item) const;

  const PersonState& state_;
  bool in_visit_ = false;
  float lasting_total_ = 0, visit_total_ = 0;
  std::vector<Mark> marks_;  // open addressing; key 0 = free
  Mark nothing_;             // takes what is said of key 0, which is no item
  const TopicMark* find(TopicKey topic) const;
  const TopicMark* find_rough(std::uint32_t topic) const;
  void add_topic(const TopicMark& topic);

  std::vector<TopicMark> topics_;
  // Where a topic stands in topics_, plus 1; open addressing by the key itself, which is a hash.
  std::array<std::uint8_t, 256> topic_places_{};
};

}  // namespace ante
