// A bet: this content, for these people, instead of this safe default, because of this need, at
// this stake, until then. What the person who places it says, and what the engine keeps of it.
//
// The engine's part (state, moves, odds, result) cannot be set from outside: it survives every
// change of the rest. Pure values; any thread. docs/decisions/0062-bets.md.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/decision.h"
#include "domain/ids.h"
#include "domain/predicate.h"

namespace ante {

// Numbers are stored: only append.
enum class BetState : std::uint8_t {
  kDraft = 1,       // written down
  kShadow = 2,      // counts whom it would meet; nobody sees it
  kSmallStake = 3,  // at most kSmallStakeMax of its audience
  kOpen = 4,        // its stake
  kFolded = 5,      // ended, not kept
  kBanked = 6,  // won: kept for its audience but kBankedControl, until it must prove itself anew
};
const char* to_string(BetState state);
std::optional<BetState> parse_bet_state(std::string_view text);
// Whether a person or a rule may move a bet so. Folded and banked bets stay what they are, but that
// a banked one may be folded.
bool may_move(BetState from, BetState to);

inline constexpr double kSmallStakeMax = 0.05;
inline constexpr double kBankedControl = 0.05;
inline constexpr DurationMs kBankedMs = 90 * kDayMs;
inline constexpr std::size_t kBetsMax = 500;        // not folded
inline constexpr std::size_t kBetItemsMax = 500;    // of its content
inline constexpr std::size_t kBetPeopleMax = 1000;  // left alone by name
inline constexpr std::size_t kBetMovesMax = 100;    // kept, the newest
inline constexpr DurationMs kBetLongestMs = 400 * kDayMs;

struct BetMove {
  TimeMs at_ms = 0;
  BetState from = BetState::kDraft, to = BetState::kDraft;
  std::string who, why;
  friend bool operator==(const BetMove&, const BetMove&) = default;
};

// Somebody's stated chance that the bet measures as paying when it is settled.
struct BetOdds {
  TimeMs at_ms = 0;
  std::string who;  // an owner, or "model"
  double pays = 0.5;
  friend bool operator==(const BetOdds&, const BetOdds&) = default;
};

struct BetResult {
  TimeMs at_ms = 0;
  std::uint64_t treated = 0, control = 0;  // people
  double value = 0;                        // difference of means, in reward a person
  std::optional<double> low, high;         // its 95 % sequence; none before there is evidence
  // The difference and its standard error as shares of the control's mean, where that is above 0.
  std::optional<double> relative, relative_error;
  std::string verdict, sentence;
  bool paid = false;  // the measured difference was above 0
  friend bool operator==(const BetResult&, const BetResult&) = default;
};

struct Bet {
  // Said by whoever places it.
  std::string id, need, slot, owner;
  Predicate audience;
  std::vector<std::string> items;           // the content: these, or
  std::string topic;                        // all with this topic
  std::vector<std::string> instead_of;      // the safe default; empty = the slot's
  std::vector<PersonHash> left_alone;       // by name
  std::optional<Predicate> left_alone_who;  // by rule
  bool left_alone_learned = true;
  double stake = 0.5;  // share of the audience, above 0 and at most 0.95
  TimeMs expires_at_ms = 0;
  bool stop_when_losing = true;
  std::optional<double> odds;  // P(it pays), as the owner says

  // Kept by the engine.
  BetState state = BetState::kDraft;
  TimeMs placed_at_ms = 0;
  std::vector<BetMove> moves;   // oldest first
  std::vector<BetOdds> stated;  // oldest first, one a who
  std::optional<BetResult> result;
  std::uint64_t version = 0;

  bool live(TimeMs now_ms) const;  // decides for its audience
  // Of its audience, now: 0 unless live.
  double treated_share(TimeMs now_ms) const;
  TimeMs live_since_ms() const;  // its first move to small stake or open; 0 = never
  friend bool operator==(const Bet&, const Bet&) = default;
};

// Who is harmed by a bet and who is not moved by it, as its own comparison taught: report/ makes
// it, decision/ asks it. Any thread.
class LeaveAloneAdvice {
 public:
  virtual ~LeaveAloneAdvice() = default;
  virtual Exclusion exclusion(std::string_view bet, const Traits& traits) const = 0;
};

// People to leave alone are named by `per_…`, or by "user:ID" and "anonymous:ID" where a key to
// hash them is given; what is stored has hashes only.
struct PersonKey {
  const SecretKey& key;
  TenantId tenant;
};

// What a person may say; members of the engine's part are refused but for "version".
// kInvalidArgument: names the member.
Result<Bet> bet_from_json(std::string_view id, std::string_view json, const PersonKey& key);
// The whole bet, as stored and as shown.
std::string bet_to_json(const Bet& bet);
// What bet_to_json wrote.
Result<Bet> stored_bet_from_json(std::string_view id, std::string_view json);

// "Because of [need], for [people], we show [content] instead of [safe default] in [slot], at stake
// 20 %, until …"
std::string to_words(const Bet& bet);

}  // namespace ante
