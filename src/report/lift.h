// Is anybody better off? Personalised against the holdout, by person, with an interval.
//
// In:   the log in commit order: decisions and activations (first exposure of a person in a slot),
//       goal outcomes (rewards and events), slots.
// Out:  lift(slot): means, difference, its interval, the sample-ratio check, a verdict in words.
//
// low and high are given only from 25 conversions in each arm on: before that the sequence is not
// valid (checked by experiment), and the verdict is "too early to say".
// Each person enters once, when the slot's fixed window after their first exposure closes.
// Sufficient statistics only: n, sum, sum of squares an arm. methods §6.3 with its corrections:
// asymptotic confidence sequence (Waudby-Smith et al. 2024), sigma² = s1²/pi + s0²/(1-pi), t =
// persons; "too early to say" before 25 conversions in each arm.
// consume() on the follower thread; lift() by any thread.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/bet.h"
#include "domain/log_consumer.h"
#include "domain/metric.h"
#include "domain/slot.h"
#include "math/watched_difference.h"
#include "report/control_lift.h"
#include "report/lift_fold.h"

namespace ante {

inline constexpr std::uint64_t kConversionsMin = 25;  // in each arm, before a verdict
inline constexpr double kLiftAlpha = 0.05;
// The look the sequence is narrowest at: within 1.8 of the fixed interval from 350 to 160,000.
inline constexpr double kPersonsPlanned = 2000;
inline constexpr double kSelfTestAlarm = 0.0001;  // p of groups that are alike; below: not believed
// Fewer equal persons than that share of those who converted would bring the sum: it is said.
inline constexpr double kFewContributorsShare = 0.1;
inline constexpr double kSampleRatioAlarm = 0.0005;  // below: the split is broken, nothing is said
inline constexpr double kNeutralShare =
    0.02;  // of the holdout's mean: a lift this small is neutral

enum class Verdict : std::uint8_t {
  kUnproven = 1,
  kTooEarly = 2,
  kNeutral = 3,
  kPaying = 4,
  kLosing = 5
};
const char* to_string(Verdict verdict);

struct ArmSummary {
  std::uint64_t n = 0, conversions = 0;
  double mean = 0, variance = 0;
};

// Who first came in one week.
struct CohortSummary {
  TimeMs first_ms = 0;  // a Monday, UTC
  ArmSummary treated, holdout;
  std::optional<double> value, low, high;  // as below
};

struct LiftSummary {
  std::string slot;
  ArmSummary treated, holdout;
  std::optional<double> value;      // difference of means; none before both arms have n >= 2
  std::optional<double> low, high;  // the confidence sequence, 95 %
  std::optional<double> fixed_low, fixed_high;  // the fixed-n interval at this look, 95 %
  std::optional<double> relative;               // value / holdout mean, when that is > 0
  // Of `relative`, with the holdout's mean as unsure as it is; none unless both means are above 0.
  std::optional<double> relative_low, relative_high;
  double srm_p = 1;                    // sample-ratio mismatch
  std::uint64_t waiting = 0;           // persons whose window is still open
  std::uint64_t mixed = 0;             // left out: two of their ids stood on different sides
  ControlsSummary controls;            // of a slot
  SelfTest self_test;                  // of groups of the holdout: 2 or more of them with people
  std::vector<CohortSummary> cohorts;  // oldest first
  Verdict verdict = Verdict::kUnproven;
  std::string sentence;
};

// `{slot, unit, treated, holdout, lift, srm, waiting, mixed, controls, selfTest, cohorts, verdict,
// sentence}`; without standing controls no `controls` (report/control_lift.h). The lift stands
// there with its interval or not at all (null).
std::string to_json(const LiftSummary& summary);

// What the sums of a trial in the slot say; `control_share` of its people are left alone.
LiftSummary summarize(const Slot& slot, const SlotLift& sums, double control_share);

struct BetEvidence {
  LiftSummary lift;  // against the part of its audience that is left alone
  SlotLift sums;
};

struct Scorecard;      // report/metrics.h
struct ProxyValidity;  // report/metrics.h
// One slot since the last draw of its holdout.
struct HoldoutReturn {
  double share = 0;  // held out, as it is now
  SlotDraw counts;
  std::uint64_t mixed = 0;
  TimeMs first_ms = 0;   // the day the first of its people came; 0 = nobody
  double overlap_p = 1;  // of as many held out again, if the draws are independent
};

class LiftReport final : public LogConsumer {
 public:
  // `holdout_salt`: what arms are drawn by; without it nobody is known to be held out everywhere.
  explicit LiftReport(std::string holdout_salt = {});
  ~LiftReport() override;

  // kNotFound: no such slot.
  Result<LiftSummary> lift(std::string_view slot) const;
  // The same people by the levels of their traits.
  Result<SlotLift> sums(std::string_view slot) const;
  // What the last draw of the holdout closed, and who came back since; by the slot's name.
  std::map<std::string, HoldoutReturn> returns() const;
  HoldoutDraw draw() const;
  // kNotFound: its slot is gone.
  Result<BetEvidence> bet(const Bet& bet, TimeMs now_ms) const;
  // Every metric, the built-in ones first.
  std::vector<Metric> metrics() const;
  // kNotFound: no such metric (the message suggests the nearest).
  Result<Metric> metric(std::string_view id) const;
  // What the metrics say of a slot's trial or a bet's; without a name: of everybody against those
  // who are held out everywhere. kNotFound: no such slot.
  Result<Scorecard> scorecard_of(std::string_view slot) const;
  Result<Scorecard> scorecard_of(const Bet& bet) const;
  // How well each proxy goes with each outcome.
  std::vector<ProxyValidity> proxies() const;
  // Whom the bets had better leave alone.
  const LeaveAloneAdvice& advice() const;

  std::string_view name() const override { return "lift"; }
  void consume(const CommittedRecord& record) override;
  void commit_consumed(Commit commit) override;
  std::string save() const override;
  Result<void> load(std::string_view bytes) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ante
