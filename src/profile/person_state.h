// What folding the records of one routing id gives. A person is up to 16 of these, merged by
// merge() when read; nothing is moved when ids are linked.
//
// Plain data, a few hundred bytes for most people; every list has a limit. Counters are integers;
// decayed sums are floats advanced in sequence order, so a rebuild gives the same bits.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/decision.h"
#include "domain/event.h"
#include "domain/ids.h"
#include "domain/record.h"

namespace ante {

inline constexpr std::size_t kRecentItemsMax = 32;
inline constexpr std::size_t kOwnItemsMax = 128;  // items with own counts
inline constexpr std::size_t kBoughtItemsMax = 128;
inline constexpr std::size_t kHiddenItemsMax = 256;
inline constexpr std::size_t kPinnedItemsMax = 128;
inline constexpr std::size_t kTopicInterestsMax = 24;
inline constexpr std::size_t kHiddenTopicsMax = 64;
inline constexpr std::size_t kSlotExposuresMax = 32;
inline constexpr std::size_t kShownItemsMax = 256;
inline constexpr std::size_t kQueryBytesMax = 200;
inline constexpr std::size_t kFactValueBytesMax = 1024;  // a longer fact is not kept
inline constexpr float kToldMax = 8;          // told interest lies in -kToldMax .. kToldMax
inline constexpr float kVisitLastingMax = 6;  // what one visit may add to a lasting interest
inline constexpr std::string_view kPausedFact = "ante.paused";  // told: true stops personalisation
inline constexpr DurationMs kVisitGapMs = 30 * kMinuteMs;       // a longer pause starts a new visit
inline constexpr DurationMs kLongInterestHalfLifeMs = 21 * kDayMs;

struct RecentItem {  // newest first
  ItemKey item;
  std::uint32_t at_s = 0;  // occurred_at / 1000
  EventKind kind = EventKind::kViewed;
  friend bool operator==(const RecentItem&, const RecentItem&) = default;
};

// How often this person came to it: touches more than kVisitGapMs apart, and purchases. Holds what
// was bought or came back to; an item touched once stands in `recent` only.
struct OwnItem {
  ItemKey item;
  std::uint32_t last_s = 0;
  std::uint16_t count = 0;
  std::uint16_t bought = 0;
  friend bool operator==(const OwnItem&, const OwnItem&) = default;
};

struct BoughtItem {  // in order of purchase; also what they say they own
  ItemKey item;
  ItemKey group;  // 0 = none
  std::uint32_t at_s = 0;
  bool repeatable = false;
  friend bool operator==(const BoughtItem&, const BoughtItem&) = default;
};

struct HiddenItem {  // a hidden item with variants hides their group too, under the group's key
  ItemKey item;
  std::uint32_t at_s = 0;
  friend bool operator==(const HiddenItem&, const HiddenItem&) = default;
};

struct TopicInterest {
  TopicKey topic;
  float visit = 0;    // this visit only: reset when a new one starts
  float lasting = 0;  // decayed with kLongInterestHalfLifeMs to `at_s`
  float told = 0;     // followed, pinned, more/less: no decay, -8 .. 8
  std::uint32_t at_s = 0;
  std::uint32_t last_event_s = 0;
  friend bool operator==(const TopicInterest&, const TopicInterest&) = default;
};

struct SlotExposure {
  SlotKey slot;
  std::uint32_t first_s = 0, last_s = 0;
  std::uint32_t shown = 0;
  friend bool operator==(const SlotExposure&, const SlotExposure&) = default;
};

// An item shown and not answered since; profile/unanswered.h reads it.
struct ShownItem {
  ItemKey item;
  std::uint32_t day = 0;     // of UTC, the newest that is counted
  std::uint32_t counts = 0;  // four bits a day, the lowest is `day`, then the days before
  friend bool operator==(const ShownItem&, const ShownItem&) = default;
};

struct PersonState {
  PersonHash person;  // the routing id this state belongs to
  TimeMs first_seen_ms =
      0;  // received_at of the first record: never changes, so the oldest stays it
  TimeMs last_seen_ms = 0;   // latest occurred_at of an act of theirs
  std::uint64_t folded = 0;  // last sequence folded in
  std::uint32_t events = 0, visits = 0, purchases = 0;
  TimeMs visit_started_ms = 0;
  Consent consent;
  bool consent_stated = false;
  bool paused = false;
  bool erased = false;
  std::vector<Link> links;         // other routing ids, at most kLinkMembersMax - 1
  std::vector<RecentItem> recent;  // newest first
  std::vector<OwnItem> own;
  std::vector<BoughtItem> bought;
  std::vector<HiddenItem> hidden, pinned;
  std::vector<TopicInterest> topics;
  std::vector<TopicKey> hidden_topics;
  std::vector<SlotExposure> exposures;
  std::vector<ShownItem> shown;
  std::uint16_t unanswered = 0;    // decisions shown in a row without an answer
  std::uint32_t unanswered_s = 0;  // when the last of them was shown
  std::uint32_t asked_s = 0;       // when they were last asked a question; 0 = never
  std::string last_query;          // of this visit, at most 200 bytes
  TimeMs last_query_ms = 0;
  std::vector<Fact> facts;  // imported and told attributes
  friend bool operator==(const PersonState&, const PersonState&) = default;
};

// Of somebody nothing is known about.
inline PersonState empty_state(PersonHash person) {
  PersonState state;
  state.person = person;
  return state;
}

// Folds one committed record of this person. Pure: same state and record, same result. The record
// carries all it needs; a body that cannot be read moves `folded` and nothing else.
void fold(PersonState& state, const CommittedRecord& record);

// The person as a whole: members merged, oldest first. REQUIRES 1 <= members.size().
// Associative over members in age order while no list reaches its limit (decayed sums up to
// rounding); the arm belongs to the oldest. store, profile and measure hold if every member that
// stated a consent allows them; email and push are as the oldest that stated them says. The visit
// is that of the member seen last.
PersonState merge(const std::vector<const PersonState*>& members);

// Exact: decode_person_state(encode(s)) == s. docs/formats/person.md.
std::string encode(const PersonState& state);
// kDataLoss: damaged, or of a later format.
Result<PersonState> decode_person_state(std::string_view bytes);

}  // namespace ante
