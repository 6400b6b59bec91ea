// Decides: one request in, one decision out, recorded, with tokens.
//
// In:   who, where, why now (DecideRequest); profile, catalogue, live statistics, value model and
//       slots as they are at this moment.
// Out:  a Decision (what explain and learning read), handed to the journal unwaited-for, and what
//       the answer needs besides: tokens, the exploit ranking, the runner-up.
//
// Steps: person and consent → arm by salted hash → what was shown too often → what an ablation may
// look at → whose bet → safe default → a control's list → candidates → features → value → gain over
// the safe default → rule (bet, explore, abstain) → propensities → tokens → record. The decisions
// of one person are made one by one. Never fails for a known slot: every trouble has a named
// fallback that serves the safe default. Immutable after construction but for counters; decide()
// may be called by any thread.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/published.h"
#include "base/result.h"
#include "candidates/candidate.h"
#include "decision/bet_table.h"
#include "decision/exposure_guard.h"
#include "decision/holdout_table.h"
#include "decision/question_table.h"
#include "decision/slot_table.h"
#include "domain/decision.h"
#include "domain/impression_token.h"
#include "domain/reward_scale.h"
#include "journal/journal.h"
#include "ranking/ranker.h"

namespace ante {

struct DecideRequest {
  std::string slot;
  TenantId tenant = kFirstTenant;
  std::optional<PersonHash> person;  // none: a stranger without any id; nothing is stored of them
  std::uint8_t limit = 0;            // 0 = the slot's
  Situation situation;
  std::vector<std::string> candidates;  // caller-supplied ids; empty = ours
  std::vector<std::string> exclude;
  bool activate = true;  // auto | defer
  bool general = false;  // mode: general
  bool explain = false;
  DurationMs deadline_ms = 0;  // 0 = none
  Consent request_consent;     // narrows the stored consent for this request
};

struct DecideAnswer {
  Decision decision;
  std::vector<std::string> tokens;           // one a placement, same order
  std::vector<ItemKey> exploit_ranking;      // the hand by value, best first, without randomness
  std::optional<HandItem> runner_up;         // when one item is asked for
  float odds = 0, odds_lo = 0, odds_hi = 0;  // P(outcome) of the first place with its 95 % interval
  CatalogView catalog;                       // what the ids resolve in
  Removed removed;
  std::string question;  // its text, where decision.asked names a metric
};

// What it costs to know so much about somebody and to show it, in reward: a hook, 0 without one.
// Any thread.
class CreepPrice {
 public:
  virtual ~CreepPrice() = default;
  virtual double of(const PersonState& person, std::span<const HandItem> hand,
                    std::size_t places) const = 0;
};

// P(a slot with an allowed loss may bet at all), as its stake ledger says; a slot that is not here
// may not yet.
using PermittedStakes = std::map<SlotKey, double>;

class DecisionEngine {
 public:
  struct Parts {  // borrowed; all outlive the engine
    const Clock& clock;
    const SlotTable& slots;
    const ProfileStore& people;
    const Catalog& catalog;
    const Ranker& ranker;
    Journal& journal;
    const TokenSigner& signer;
    Metrics& metrics;
    std::uint64_t seed = 0;  // of the decision ids and draws
    std::string holdout_salt;
    // From reward/reward_scales.h; null = nothing has matured yet: exploring is even.
    const Published<RewardScaleMap>* reward_scales = nullptr;
    // Null = there are no bets but the slots' standing ones.
    const BetTable* bets = nullptr;
    const LeaveAloneAdvice* advice = nullptr;  // null = nobody is left alone by what was learned
    ExposureGuard* exposures = nullptr;        // null = no limit of repetition
    // Null = no loss is allowed where a slot asks for the ledger: nothing is risked there.
    const Published<PermittedStakes>* permitted = nullptr;
    const CreepPrice* creep = nullptr;
    const HoldoutTable* holdout = nullptr;     // null = nobody ever drew it anew
    const QuestionTable* questions = nullptr;  // null = nobody is asked anything
  };
  explicit DecisionEngine(Parts parts);
  ~DecisionEngine();

  // kNotFound: no such slot (the message suggests the nearest name).
  // kInvalidArgument: more candidates or exclusions than the limits. Nothing else fails.
  Result<DecideAnswer> decide(const DecideRequest& request) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The same decision again from its record: places and propensities, bit for bit.
// kDataLoss: the record does not reproduce itself.
Result<std::vector<Placement>> replay(const Decision& decision);

}  // namespace ante
