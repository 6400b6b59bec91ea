// Is there enough traffic to know whether personalising pays, and for whom?
//
// In:   a slot's arms so far, how many new persons entered each day. Out: the smallest lift that
//       can be known in a month and in three, how long a given lift takes, the share to hold out,
//       into how many equal groups of people the answer can be split, and all that in one sentence.
//
// Two-sided test at 5 %, power 80 %, unit = person: n = (z_.975 + z_.8)² (s1²/(1 - q) + s0²/q) / Δ²
// (methods §6.2 as corrected, §3: at q = .05 5.3 times a test of two halves). Where outcomes are
// all or nothing the treated variance is that of the lifted rate; else it grows with the mean. That
// is for one look at the end; the sequence that the lift report shows may be looked at every day,
// and needs about twice as many (math/sample_size.h), which is said beside it. Pure; any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/slot.h"
#include "math/statistics.h"
#include "report/lift.h"

namespace ante {

inline constexpr std::size_t kScaleConversionsMin = 25;  // in both arms together, before a base
inline constexpr double kScaleLift = 0.1;                // asked for unless another is named
inline constexpr double kScaleLiftMax = 100;
inline constexpr double kProposedFor = 0.2;      // a lift that a holdout is proposed for
inline constexpr double kKeepingHoldout = 0.05;  // once it is decided: would it end, it is seen
inline constexpr double kPlannedReaders = 1000;  // a month, where nobody says how many
inline constexpr double kPlannedBaseRate = 0.1;
inline constexpr double kPlannedReadersMax = 1e9;
inline constexpr double kDaysToKnowMax = 3650;
// Groups of equal size in which the lift is to be known, before it is said to be enough for
// segments or for clusters.
inline constexpr double kSegmentGroups = 4, kClusterGroups = 20;

struct ScaleQuestion {
  std::string slot;
  OutcomeSums treated, holdout;
  double holdout_share = 0;               // as set now; 0 = nobody is held out
  std::vector<std::uint32_t> new_people;  // persons who first entered, by day, oldest first
  double lift = kScaleLift;               // relative, above 0
  bool decided = false;  // the lift report has its verdict: paying, losing or neutral
};

struct Scale {
  std::string slot;
  std::uint64_t people = 0, days = 0;  // who entered so far, and since when
  double people_a_month = 0;           // who come newly in 30 days, as things stand now
  std::optional<double> base;          // mean outcome of a person; none: too few outcomes
  double holdout_share = 0, proposed_holdout = 0.5;
  bool decided = false;
  double lift = kScaleLift;
  std::optional<double> needed;          // persons for `lift` at the holdout's share
  std::optional<double> needed_watched;  // the same where one looks all the time
  std::optional<double> days_to_know;    // none: more than kDaysToKnowMax
  std::optional<double> month, quarter;  // smallest relative lift to be known in 30, 90 days
  std::uint64_t groups = 0;              // in which `lift` is known within 90 days
  std::string rung;                      // nobody, everybody, segment or cluster
  std::string sentence;
};

// Of a slot as it is today; on days without anybody nobody came.
ScaleQuestion scale_question(const Slot& slot, const SlotLift& sums, TimeMs now_ms);

// REQUIRES 0 <= holdout_share < 1, lift > 0 and finite.
Scale scale(const ScaleQuestion& question);

// The smallest relative lift to be known in that many days, at one look at the end; none: too
// little is known of the outcome, nobody is held out, or even a tenfold lift would not show.
// REQUIRES 0 <= holdout_share < 1, days >= 0.
std::optional<double> smallest_lift(const ScaleQuestion& question, double days);

// Distinct persons who enter within that many days of a start: as they came so far, and then at the
// pace of the later half of the days. REQUIRES days >= 0.
double people_within(std::span<const std::uint32_t> new_people, double days);
// The same as things stand: of a longer history its last days, since what came years ago says
// little of the next month.
double people_lately(std::span<const std::uint32_t> new_people, double days);

// Before anybody has come: so many readers a month, of whom that share reach the goal, with the
// holdout that is proposed for them. REQUIRES 1 <= readers_a_month <= kPlannedReadersMax,
// 0 < base_rate < 1.
Scale planned_scale(double readers_a_month, double base_rate);
// What so many readers a month can and cannot know, in one sentence. REQUIRES one that is planned.
std::string what_can_be_known(const Scale& planned);

std::string to_json(const Scale& scale);

}  // namespace ante
