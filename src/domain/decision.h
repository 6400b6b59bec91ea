// A decision as a record: what was known, what could have been shown, what was, and how likely.
//
// The answer is made from this record and from nothing else; explain and replay read it back.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/ids.h"
#include "domain/record.h"
#include "domain/traits.h"

namespace ante {

inline constexpr std::size_t kHandItemsMax = 64;
inline constexpr std::size_t kSlatePlacesMax = 50;
inline constexpr std::size_t kSafeDefaultItemsMax = 50;
// Dense features of an item in the hand, each quantised to a byte; ranking/ defines them.
inline constexpr std::size_t kFeatureCount = 24;
using QuantisedFeatures = std::array<std::uint8_t, kFeatureCount>;

// Numbers are stored: only append.
enum class Outcome : std::uint8_t {
  kBet = 1,
  kExplore = 2,
  kAbstain = 3,
  kHoldout = 4,
  kGeneral = 5,
  kNoConsent = 6,
  kPaused = 7,
  kFallback = 8,
  kControl = 9,  // a standing control got its list
};
inline constexpr std::size_t kOutcomeCount = 9;
const char* to_string(Outcome outcome);

enum class Fallback : std::uint8_t {
  kNone = 0,
  kNoProfile = 1,
  kNoModel = 2,
  kNoCandidates = 3,
  kDeadline = 4,
  kOverload = 5,
  kSlotInShadow = 6,
  kFellBack = 7,      // the slot was losing against its holdout
  kNoOtherLists = 8,  // too few lists of other people to shuffle: counted in no comparison
};
const char* to_string(Fallback fallback);

// Numbers are stored: only append. From the third on they are a slot's standing controls, who are
// neither treated nor held out: never learned from, in no lift but their own. The first three of
// them get a list; the others are ablations: treated like the treated, but that one source of data
// is not looked at (profile/data_source.h).
enum class Arm : std::uint8_t {
  kTreated = 1,
  kHoldout = 2,
  kBestSingle = 3,  // everybody's best single actions so far
  kShuffled = 4,    // the list of another person
  kTrending = 5,    // what is looked at most now
  kWithoutTold = 6,
  kWithoutNoticed = 7,
  kWithoutImported = 8,
  kWithoutSituation = 9,
};
inline constexpr Arm kLastArm = Arm::kWithoutSituation;
inline constexpr std::size_t kControlCount = 7;
inline constexpr std::size_t kListControlCount = 3;  // they come first
const char* to_string(Arm arm);
constexpr bool is_arm(Arm arm) { return arm >= Arm::kTreated && arm <= kLastArm; }
constexpr bool is_control(Arm arm) { return arm >= Arm::kBestSingle; }
constexpr bool is_ablation(Arm arm) { return arm >= Arm::kWithoutTold; }
constexpr bool is_list_control(Arm arm) { return is_control(arm) && !is_ablation(arm); }
// Whether the policy draws what they are shown.
constexpr bool is_personalised(Arm arm) { return arm == Arm::kTreated || is_ablation(arm); }
// 0 .. kControlCount - 1. REQUIRES is_control(arm).
constexpr std::size_t control_index(Arm arm) {
  return static_cast<std::size_t>(arm) - static_cast<std::size_t>(Arm::kBestSingle);
}
constexpr Arm control_arm(std::size_t index) {
  return static_cast<Arm>(index + static_cast<std::size_t>(Arm::kBestSingle));
}

// The kinds of data that a choice for a person is made from; each can be left out to know what it
// buys. profile/data_source.h says what belongs to which.
enum class DataSource : std::uint8_t { kTold, kNoticed, kImported, kSituation };
inline constexpr std::size_t kDataSourceCount = 4;
const char* to_string(DataSource source);
constexpr Arm arm_without(DataSource source) {
  return control_arm(kListControlCount + static_cast<std::size_t>(source));
}
// REQUIRES is_ablation(arm).
constexpr DataSource left_out_in(Arm arm) {
  return static_cast<DataSource>(control_index(arm) - kListControlCount);
}

// The ladder of one: on whose evidence the decision stands.
enum class Rung : std::uint8_t { kEverybody = 1, kSegment = 2, kCluster = 3, kPerson = 4 };
const char* to_string(Rung rung);

// Which source proposed an item: a bit each, in the order of candidates/setup.cc.
using SourceBits = std::uint16_t;

struct HandItem {
  ItemKey item;
  SourceBits sources = 0;
  float gain_mean = 0;  // expected gain over the safe default, in reward
  float gain_sd = 0;
  float probability = 0;     // calibrated P(outcome) at the best place
  float explore_weight = 0;  // this item's weight when exploring; 0 = never explored
  QuantisedFeatures features{};
  friend bool operator==(const HandItem&, const HandItem&) = default;
};

struct Placement {
  ItemKey item;
  std::string item_id;
  float propensity = 1;           // P(this item here | the places before), in (0, 1]
  std::uint8_t hand_index = 255;  // in the hand; 255 = not in it (safe default)
  std::vector<TopicKey> topics;   // as of the decision: learning never reads today's catalogue
  friend bool operator==(const Placement&, const Placement&) = default;
};

// Everything random about a decision, so that it can be replayed and evaluated.
// Branch probabilities sum to 1; see decision/policy.h for the mixture.
struct PolicyTrace {
  std::uint64_t seed = 0;
  std::uint32_t policy_version = 0;
  float stake = 0;                // P(explore | permitted)
  std::uint8_t base_branch = 0;   // 0 = safe, 1 = exploit: what is served when not exploring
  std::uint8_t drawn_branch = 0;  // 0 = safe, 1 = exploit, 2 + m = explore at place m
  float permitted = 1;            // P(the stake ledger lets anything be risked)
  std::uint8_t places = 0;        // that were asked for; 0 = as many as were served (old records)
  friend bool operator==(const PolicyTrace&, const PolicyTrace&) = default;
};

struct Versions {
  std::uint64_t profile = 0;  // sequence folded into the person's state
  std::uint64_t catalog = 0;
  std::uint64_t model = 0;
  friend bool operator==(const Versions&, const Versions&) = default;
};

inline constexpr std::uint8_t kHourUnknown = 255;

struct Situation {
  ItemKey item;          // what is on the page; 0 = nothing
  std::string device;    // phone | tablet | desktop | ""
  std::string referrer;  // class of it: search | social | newsletter | direct | internal | ""
  std::string task;      // as the page says; "" = unknown
  std::string query;
  std::uint8_t hour = 0;  // local hour as sent, else UTC; kHourUnknown where it is left out
  std::uint8_t weekday = 0;
  friend bool operator==(const Situation&, const Situation&) = default;
};

// What a bet made of this decision. Numbers are stored: only append.
enum class BetPlay : std::uint8_t {
  kNone = 0,      // no bet was for this person: the slot's standing bet decided
  kTreated = 1,   // the bet's content, or its abstention
  kControl = 2,   // in the audience, left alone to compare with
  kExcluded = 3,  // in the audience, left alone because `exclusion` says so
  kShadow = 4,    // the bet only watches: served as if it were not there
};
const char* to_string(BetPlay play);

// Why somebody is left alone. The last three are learned from the bet's own comparison.
enum class Exclusion : std::uint8_t {
  kNone = 0,
  kListed = 1,       // by name
  kRule = 2,         // by the bet's predicate
  kSureThing = 3,    // does it anyway
  kLostCause = 4,    // does not do it either way
  kSleepingDog = 5,  // does it less when talked to
};
const char* to_string(Exclusion exclusion);

// The bet whose audience the person is in; only one bet a decision (decision/bet_table.h).
struct BetPart {
  std::string id;  // empty = none
  BetPlay play = BetPlay::kNone;
  Exclusion exclusion = Exclusion::kNone;
  std::uint16_t treated_buckets = 0;  // its share of the audience then, of kBuckets
  friend bool operator==(const BetPart&, const BetPart&) = default;
};

// What placing cost in this decision and what exploring was worth, in reward.
struct Prices {
  float miss = 0;         // annoyance x P(no goal) x fatigue
  float creep = 0;        // of knowing too much
  float information = 0;  // value of what one explored decision would teach
  float exploring = 0;    // what one explored decision is expected to lose
  friend bool operator==(const Prices&, const Prices&) = default;
};

struct Decision {
  DecisionId id;
  TenantId tenant = kFirstTenant;
  std::vector<PersonHash> people;  // the routing id first, then the oldest member if another
  SlotKey slot;
  std::string slot_name;
  TimeMs at_ms = 0;
  Outcome outcome = Outcome::kAbstain;
  Fallback fallback = Fallback::kNone;
  Arm arm = Arm::kTreated;
  Rung rung = Rung::kEverybody;
  bool activated = false;  // activate: auto
  std::string asked;       // the metric whose question goes with it; empty = none
  Situation situation;
  Versions versions;
  PolicyTrace policy;
  float attention_cost = 0;
  std::vector<HandItem> hand;         // sorted by score, best first
  std::uint32_t candidate_count = 0;  // before the hand was cut
  Hash128 candidate_digest;           // of the keys that did not fit in the hand
  std::vector<ItemKey> safe_default;
  std::vector<Placement> served;    // what was answered
  std::vector<ItemKey> would_have;  // ghost log: the bet in holdout and controls, else safe default
  std::vector<std::string>
      reasons;  // short, machine-made: "abstain: lower bound 0.004 < cost 0.010"
  BetPart bet;
  Prices prices;  // beside attention_cost
  Traits traits;
  friend bool operator==(const Decision&, const Decision&) = default;
};

// Whether what was served is what the policy drew, and nothing stood between.
bool serves_the_draw(const Decision& decision);

std::string encode(const Decision& decision);
Result<Decision> decode_decision(std::string_view bytes);
// The decision of a committed record, or null if it cannot be read. Each thread keeps the last one,
// since those who follow the log ask for it one after the other; valid until the thread's next
// call.
const Decision* decision_of(const CommittedRecord& record);

// The little that a profile keeps of it; the hand is passed over.
struct DecisionHead {
  DecisionId id;
  PersonHash oldest;  // member of the person; zero without one
  SlotKey slot;
  TimeMs at_ms = 0;
  bool activated = true;
  bool asked = false;  // a question went with it
  std::vector<ItemKey> served;
};
Result<DecisionHead> decode_decision_head(std::string_view bytes);

// Activation: a decision was shown. Reward: an authenticated number for one placement.
struct Activation {
  DecisionId decision;
  SlotKey slot;
  std::vector<ItemKey> items;  // empty = every placement
  friend bool operator==(const Activation&, const Activation&) = default;
};
// The messageId under which an activation is counted once, whichever way it came.
std::string activation_message_id(const Activation& activation);
std::string encode(const Activation& activation);
Result<Activation> decode_activation(std::string_view bytes);

struct Reward {
  DecisionId decision;
  SlotKey slot;
  ItemKey item;
  std::uint8_t position = 1;
  Arm arm = Arm::kTreated;
  float propensity = 1;
  std::string measure;  // "click" unless said
  double value = 1;     // finite, -1 .. 1 for rewards; money travels in events
  friend bool operator==(const Reward&, const Reward&) = default;
};
inline constexpr std::size_t kMeasureBytesMax = 64;
std::string encode(const Reward& reward);
Result<Reward> decode_reward(std::string_view bytes);

}  // namespace ante
