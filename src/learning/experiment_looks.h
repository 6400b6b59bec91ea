// Experiments as running counts: what a look at each time would have said, by a z test and by a
// sequence that holds at every look.
//
// In:   a CSV with a row for each look: experiment_id, variant_id, metric_id, time_since_start,
//       count_c, count_t (persons so far), mean_c, mean_t, variance_c, variance_t (of a person).
// Out:  for each experiment, variant and metric the verdict at each look, and when each rule first
//       called a difference.
//
// The rule, the same for all series:
//   * 95 %, two-sided, treated minus control.
//   * z test: |difference| > 1.96 se at a look, as if it were the only one.
//   * ours: the asymptotic confidence sequence of math/statistics.h with persons as time, planned
//   for
//     2,000 persons whatever came (no series is used to choose its own plan).
//   * a look with fewer than 25 persons of the smaller arm whose outcome is above 0 is "too early":
//     neither rule is asked. The file does not say how many those are; at least n mean^2 /
//     (variance
//     + mean^2) have an outcome (Cauchy-Schwarz; of a rate it is exact), and that bound is counted.
//   * a call is final; what a later look says does not take it back. "Reverses" are calls of the z
//     test that the last look of the z test does not repeat.
// Looks from before the first 24 hours stand too. Pure; any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "math/statistics.h"

namespace ante {

inline constexpr double kLooksPlannedPersons = 2000;
inline constexpr double kLooksConversionsMin = 25;
inline constexpr std::size_t kLooksMax = 5'000'000;
inline constexpr double kLooksNumberMax = 1e15;  // of times, counts and means; its square: variance

struct ExperimentLook {
  double time = 0;  // since the start, in the file's unit
  double treated_n = 0, control_n = 0;
  double difference = 0;  // of means, treated minus control
  Interval fixed, sequence;
  bool too_early = false;  // neither interval is asked then
};

struct ExperimentSeries {
  std::string experiment, variant, metric;
  std::vector<ExperimentLook> looks;  // by time

  // The first look that was not too early and whose interval excludes 0; none: none.
  std::optional<std::size_t> first_naive() const;
  std::optional<std::size_t> first_sequence() const;
  bool naive_at_end() const;          // the last look's z test calls a difference
  std::uint64_t looks_asked() const;  // not too early
};

struct ExperimentFile {
  std::vector<ExperimentSeries> series;  // by first sight
  std::uint64_t experiments = 0;         // different experiment_id
  std::uint64_t looks = 0;               // of all series
  std::uint64_t without_variance = 0;    // left out: no variance yet (empty, or as good as 0)
  std::uint64_t shrinking = 0;           // looks with fewer persons than the one before
};

// Errors (kInvalidArgument) name the line: no header, a column that is not there, a field that is
// no number or beyond kLooksNumberMax, a negative count or variance, a look twice, too many looks,
// no look with a variance. How many series a rule had called by their k-th look, of those that have
// one.
struct LookCrossings {
  std::uint64_t look = 0;  // k, from 1
  std::uint64_t series = 0;
  std::uint64_t naive_now = 0, naive_ever = 0, sequence_now = 0, sequence_ever = 0;
};
std::vector<LookCrossings> look_crossings(const ExperimentFile& file);

Result<ExperimentFile> parse_experiment_looks(std::string_view bytes, std::string_view file);

}  // namespace ante
