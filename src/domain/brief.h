// A brief: why a slot is personalised, as three questions that are answered before it begins.
//
//   1  When this works, what changes, for her and for us? With a measure, a target, a horizon.
//   2  What will be different from the general experience, and for which share of decisions?
//   3  Which decision, which events and which data does it take, and what must people allow?
//
// With the first version that answers all three it is registered. What was registered may be
// changed, and every such change is stamped: who, when, why, which members. The default is to stop:
// a brief that nobody renews within a quarter counts no more. Pure values; any thread.
// docs/decisions/0079-the-brief.md.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace ante {

inline constexpr std::string_view kBriefObjectType = "brief";
inline constexpr std::size_t kBriefsMax = 1000;
inline constexpr std::size_t kBriefEventsMax = 50;  // named events, data and needs, of each
inline constexpr std::size_t kBriefGuardrailsMax = 20;
inline constexpr std::size_t kBriefChangesMax = 40;  // kept: the first and the newest
inline constexpr std::int64_t kBriefHorizonDaysMax = 365;
inline constexpr double kBriefTargetMax = 100;  // relative lift
inline constexpr double kNeedScaleMax = 10;     // of importance and satisfaction
inline constexpr DurationMs kBriefRenewMs = 91 * kDayMs;

// What a person allows; the bits of Consent in their order.
enum class Purpose : std::uint8_t { kStore = 0, kProfile = 1, kMeasure = 2, kEmail = 3, kPush = 4 };
const char* to_string(Purpose purpose);

// How much is known of a link of the chain. Stored as words.
enum class LinkEvidence : std::uint8_t { kAssumed = 0, kObserved = 1, kTested = 2 };
const char* to_string(LinkEvidence evidence);

struct BriefAim {
  std::string change, metric;    // in words; the id of a metric
  std::optional<double> target;  // relative lift, above 0
  friend bool operator==(const BriefAim&, const BriefAim&) = default;
};

// A piece of data that the decision needs.
struct BriefSource {
  std::string name, source;
  std::string event;  // by which it arrives; empty = not by an event
  bool have = false, obtainable = false;
  Purpose purpose = Purpose::kProfile;
  std::optional<double> worth;  // what having it is expected to bring, as a number or
  std::string worth_words;      // in words
  friend bool operator==(const BriefSource&, const BriefSource&) = default;
};

struct BriefLink {
  LinkEvidence known = LinkEvidence::kAssumed;
  std::string evidence;  // where from; needed unless it is assumed
  friend bool operator==(const BriefLink&, const BriefLink&) = default;
};

// A need that people were asked about.
struct BriefNeed {
  std::string need;
  double importance = 0, satisfaction = 0;  // 0 .. kNeedScaleMax
  std::uint64_t n = 0;                      // people asked
  friend bool operator==(const BriefNeed&, const BriefNeed&) = default;
};

struct BriefChange {
  TimeMs at_ms = 0;
  std::string who, why;
  std::vector<std::string> what;  // members, as "different/share"; or "renewed"
  friend bool operator==(const BriefChange&, const BriefChange&) = default;
};

struct Brief {
  // Said by its owner.
  std::string id, title, owner, purpose;
  BriefAim person, business;
  std::string promise;
  std::optional<double> share;  // of decisions that will differ, above 0 and at most 1
  std::string decision;         // name of a slot
  std::vector<std::string> events;
  std::vector<BriefSource> sources;
  std::vector<Purpose> consent;
  std::optional<double> smallest_worth;  // relative lift that is worth the work
  std::optional<std::int64_t> horizon_days;
  std::vector<std::string> guardrails;           // ids of metrics that may not lose
  std::string impact, behaviour, need, decided;  // the chain, in words
  std::array<BriefLink, 3> links;                // between those four
  std::vector<BriefNeed> opportunities;
  std::optional<TimeMs> renew_by_ms;  // earlier than a quarter

  // Kept by the engine.
  TimeMs registered_at_ms = 0;  // 0 = never was complete
  std::string registered_by;
  TimeMs renewed_at_ms = 0;          // 0 = never
  std::vector<BriefChange> changes;  // oldest first
  std::uint64_t changes_dropped = 0;
  std::uint64_t version = 0;

  // When it must be renewed; 0 while it is not registered.
  TimeMs due_ms() const;
  bool is_overdue(TimeMs now_ms) const { return registered_at_ms > 0 && now_ms >= due_ms(); }
  // When the horizon of its targets ends; 0 while it is not registered.
  TimeMs horizon_ms() const;
  void stamp(BriefChange change);
  friend bool operator==(const Brief&, const Brief&) = default;
};

inline constexpr std::size_t kBriefQuestions = 3;
// What is still to be said, by question: members as "different/share".
std::array<std::vector<std::string>, kBriefQuestions> unanswered(const Brief& brief);
std::size_t answered(const Brief& brief);  // 0 .. 3
inline bool is_complete(const Brief& brief) { return answered(brief) == kBriefQuestions; }

// Members of what is registered that differ.
std::vector<std::string> registered_changes(const Brief& before, const Brief& after);

// Why a slot of that name shows nothing but its safe default under this brief; empty = it need not.
// The same sentence until something happens.
std::string why_not_open(const Brief& brief, std::string_view slot, TimeMs now_ms);

// What a person may say; members of the engine's part are refused but for "version". In this order:
// the need, the decision, its data, the channel.
// kInvalidArgument: names the member.
Result<Brief> brief_from_json(std::string_view id, std::string_view json);
// The whole brief, as stored and as shown.
std::string brief_to_json(const Brief& brief);
// What brief_to_json wrote.
Result<Brief> stored_brief_from_json(std::string_view id, std::string_view json);

// What it promises, in one sentence for each question that is answered.
std::string to_words(const Brief& brief);

}  // namespace ante
