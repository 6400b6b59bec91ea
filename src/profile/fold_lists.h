// The bounded lists of a person's state: how each takes an entry, and what it drops when it is
// full.
//
// In:   entries from fold.cc. Out: lists that never pass their limit.
// Every choice depends on the list and the entry alone, so a rebuild drops the same entries.
// Pure; not thread-safe, like any value.

#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "profile/person_state.h"

namespace ante {

// Seconds since 1970 as the state keeps them: clamped to 0 .. 2^32 - 1.
std::uint32_t seconds_of(TimeMs at_ms);

// What is left of 1 after `elapsed_s` of decay; above 1 for negative times.
double lasting_decay(double elapsed_s);

// Remembers a touch in `recent`: one entry an item, newest first; the oldest is dropped.
void remember_recent(std::vector<RecentItem>& recent, ItemKey item, EventKind kind,
                     std::uint32_t at_s);

// Counts a touch. Touches within kVisitGapMs of the last are one. Before remember_recent.
void count_touch(PersonState& state, ItemKey item, bool bought, std::uint32_t at_s);

// Adds or renews; drops repeatable entries first, then the oldest.
void add_bought(std::vector<BoughtItem>& bought, const BoughtItem& entry);
void remove_bought(PersonState& state, ItemKey item);

// Adds or renews; drops the oldest.
void add_marked(std::vector<HiddenItem>& list, ItemKey item, std::uint32_t at_s,
                std::size_t entries_max);
bool remove_marked(std::vector<HiddenItem>& list, ItemKey item);

// What they did with something about a topic. A visit adds at most kVisitLastingMax to a lasting
// interest; a record from before this visit lifts it at most to that. Negative weights stop at 0.
void notice_topic(PersonState& state, TopicKey topic, float weight, std::uint32_t at_s,
                  bool in_visit);

// Sets what they told of a topic to told + delta, kept in 0 ± kToldMax; at -kToldMax it is hidden.
void tell_topic(PersonState& state, TopicKey topic, float delta, std::uint32_t at_s);
// The entry of a topic, added when it is new. Null: the list is full of told topics.
TopicInterest* find_or_add_topic(std::vector<TopicInterest>& topics, TopicKey topic,
                                 std::uint32_t at_s, bool told);
void hide_topic(std::vector<TopicKey>& hidden, TopicKey topic);
void unhide_topic(std::vector<TopicKey>& hidden, TopicKey topic);

// Adds or raises; drops the slot seen longest ago.
void add_exposure(std::vector<SlotExposure>& exposures, const SlotExposure& exposure);

// Newest of a (name, provenance) wins; null removes. Full: drops the oldest that was not told, then
// the oldest.
void add_fact(std::vector<Fact>& facts, const Fact& fact);

// At most `bytes_max` bytes of UTF-8, not cut within a character.
std::string_view cut_utf8(std::string_view text, std::size_t bytes_max);

}  // namespace ante
