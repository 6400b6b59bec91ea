// An event: an immutable fact about one person, with the item attributes a fold needs.
//
// A fold never reads today's catalogue: topics, group, price and repeatability of the items are
// copied into the event when it is accepted.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/ids.h"

namespace ante {

inline constexpr std::size_t kEventItemsMax = 100;
inline constexpr std::size_t kEventBytesMax = 32 * 1024;   // one event as JSON
inline constexpr std::size_t kBatchBytesMax = 500 * 1024;  // a batch as JSON
inline constexpr std::size_t kBatchEventsMax = 2500;
inline constexpr std::size_t kEventNameBytesMax = 200;
inline constexpr std::size_t kEventTopicsMax = 64;  // of an event, and of one item
inline constexpr std::size_t kFactNameBytesMax = 200;

// What we read an event as, whatever it was called. Numbers are stored: only append.
enum class EventKind : std::uint8_t {
  kOther = 0,
  kPage = 1,         // page or screen without an item
  kViewed = 2,       // Article Viewed, Product Viewed, page with an itemId
  kListViewed = 3,   // Product List Viewed: impressions of items not chosen by us
  kClicked = 4,      // Product Clicked, Article Clicked
  kArticleRead = 5,  // depth, activeSeconds, finished
  kAddedToCart = 6,
  kPurchased = 7,  // Order Completed
  kRefunded = 8,
  kRemovedFromCart = 9,
  kPinned = 10,  // Product Added to Wishlist, Article Bookmarked, Pinned
  kUnpinned = 11,
  kSearched = 12,
  kNotForMe = 13,  // Decision Dismissed, Not For Me
  kShared = 14,
  kAnswered = 15,
  kExperimentViewed = 16,
  kChannelOutcome = 17,  // e-mail delivered, opened, clicked, bounced, spam; unsubscribed
  kMoreLikeThis = 18,
  kLessLikeThis = 19,
  kTopicFollowed = 20,
  kTopicUnfollowed = 21,
};

// The four kinds of knowledge, in the order of their strength.
enum class Provenance : std::uint8_t { kTold = 1, kNoticed = 2, kGuessed = 3, kImported = 4 };
const char* to_string(Provenance provenance);

enum class EventSource : std::uint8_t { kBrowser = 1, kServer = 2, kImport = 3 };

struct EventItem {
  std::string id;
  ItemKey key;
  std::vector<TopicKey> topics;
  ItemKey group;                  // 0 = none
  std::int64_t price_micros = 0;  // 0 = unknown
  std::uint32_t quantity = 1;
  std::uint16_t position = 0;  // in a list, from 1; 0 = unknown
  bool known = false;          // it was in the catalogue when the event was accepted
  bool repeatable = false;
  bool sell = false;  // intent of the item
  friend bool operator==(const EventItem&, const EventItem&) = default;
};

// Purposes a person allows. Stored as bits.
struct Consent {
  bool store = true, profile = true, measure = true, email = false, push = false;
  friend bool operator==(const Consent&, const Consent&) = default;
};

// The body of a consent record: a bit a purpose, in the order of the struct. Unknown bits are
// ignored.
constexpr std::uint8_t consent_bits(const Consent& c) {
  return static_cast<std::uint8_t>(int{c.store} | int{c.profile} << 1 | int{c.measure} << 2 |
                                   int{c.email} << 3 | int{c.push} << 4);
}
constexpr Consent consent_of_bits(std::uint8_t bits) {
  return {.store = (bits & 1) != 0,
          .profile = (bits & 2) != 0,
          .measure = (bits & 4) != 0,
          .email = (bits & 8) != 0,
          .push = (bits & 16) != 0};
}

struct Event {
  EventKind kind = EventKind::kOther;
  EventSource source = EventSource::kServer;
  std::string name;  // as sent: "Article Read"
  std::vector<EventItem> items;
  std::optional<std::uint8_t> depth_percent;
  std::optional<std::uint32_t> active_ms;
  bool finished = false;
  std::optional<double> value;         // revenue or value; finite
  std::string query;                   // searched words
  std::string reason;                  // not-for-me: brand | price | topic | owned | gift | other
  std::vector<TopicKey> topics;        // followed or unfollowed topics
  std::optional<DecisionId> decision;  // the decision the sender says this answers
  std::optional<Consent> consent;      // as stated in-band
  bool use_for_decisions = true;       // false: integrations {All: false}
  bool invited = false;                // by a campaign: context.campaign, or utm_… in the address
  bool clock_adjusted = false;         // the sender's clock said what could not be
  std::optional<PersonHash> claim;     // a userId sent without proof: links nothing
  std::string properties_json;         // minified, as sent; empty = none
  friend bool operator==(const Event&, const Event&) = default;
};

// REQUIRES the limits above, and that each item's key is item_key(id): it is not stored.
std::string encode(const Event& event);
Result<Event> decode_event(std::string_view bytes);

// A fact about a person that came with identify or an import: `name` → `value`.
struct Fact {
  std::string name;        // e.g. "plan", "loyaltyTier", "favouriteTopic"
  std::string value_json;  // scalar or array, minified
  Provenance provenance = Provenance::kImported;
  TimeMs at_ms = 0;
  std::optional<TimeMs> expires_at_ms;
  friend bool operator==(const Fact&, const Fact&) = default;
};

inline constexpr std::size_t kPersonFactsMax = 64;

struct FactSet {
  std::vector<Fact> facts;
  friend bool operator==(const FactSet&, const FactSet&) = default;
};
std::string encode(const FactSet& facts);
Result<FactSet> decode_facts(std::string_view bytes);

// One half of a link: the receiving person belongs together with `other`.
// Written to each member, the older first; idempotent.
struct Link {
  PersonHash other;
  TimeMs other_first_seen_ms = 0;  // to find the oldest member
  bool verified = true;            // secret key, person token, or identity.trustBrowser
  friend bool operator==(const Link&, const Link&) = default;
};
std::string encode(const Link& link);
Result<Link> decode_link(std::string_view bytes);

}  // namespace ante
