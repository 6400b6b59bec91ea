// Who wins and who pays: the levels of traits in which people with a bet did better, or worse, than
// those left alone.
//
// In:   for each level of domain/traits.h the outcomes of treated and of control persons.
// Out:  the levels in which the difference is credible although all were looked at, largest first,
//       and a sentence.
//
// Each level with kSegmentConversionsMin conversions in each arm has a two-sided test of its
// difference (Welch's, at one look); q-values over all of them keep the expected share of false
// findings at kSegmentRate (math/false_discovery.h). Levels of different traits overlap, so a
// person counts once in each trait: an effect of one shows, weaker, in others that go with it. The
// test is for one look, not for stopping a bet on: that is the lift's sequence. Pure; any thread.
// docs/decisions/0063-uplift.md.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "domain/traits.h"
#include "math/statistics.h"

namespace ante {

inline constexpr std::uint64_t kSegmentConversionsMin = 25;  // in each arm
inline constexpr double kSegmentRate = 0.10;                 // of findings that may be false
inline constexpr double kSegmentAlpha = 0.05;                // of the intervals, each by itself

struct SegmentSums {
  OutcomeSums treated, control;
};
using SegmentTable = std::array<SegmentSums, kTraitLevelCount>;  // by trait_level_number

// Adds a person to each level they have. REQUIRES valid(traits), and OutcomeSums::add's.
void add_person(SegmentTable& table, const Traits& traits, bool treated, std::int64_t micros);

struct Segment {
  std::size_t number = 0;  // trait_level_of
  std::uint64_t treated = 0, control = 0;
  bool rate = false;  // every outcome was 0 or 1
  double control_mean = 0, difference = 0;
  Interval interval;  // of the difference
  double p = 1, q = 1;
};

struct Segments {
  std::vector<Segment> tested;           // enough evidence, by number
  std::vector<Segment> winners, payers;  // q <= kSegmentRate, the largest difference first
  std::string sentence;
};

Segments segments(const SegmentTable& table);

// `{rate, confidence, tested, winners: [{trait, level, treated, control, controlMean, difference,
// interval, p, q}], payers: [...], sentence}`.
std::string to_json(const Segments& segments);

}  // namespace ante
