// How well scores say who is moved by a treatment: the area of the Qini curve.
//
// In:   for each person a score, the fold without which it was learned, whether treated, and the
//       outcome; drawn at random. Out: the area under the curve and the part of it that is above a
//       random order, with intervals, beside the band that random orders reach.
//
// The curve (Radcliffe 2007): with persons by falling score, what the treatment added among the
// first share u of them, per person of all. auuc is its mean over u; qini = auuc less what an order
// that knows nothing would have. With a = 1/2 - (share of persons ranked before), that is
//   qini = cov(a, outcome) of the treated - cov(a, outcome) of the control,
// a sum over persons, so its error is known without resampling.
//
// Persons are ranked within their fold only, and folds are averaged. What was learned without a
// fold expects the more of it the less it has by chance: ranked together, scores that know nothing
// would seem to know the contrary. Equal scores share the middle of their places, so a constant
// score has a qini of 0. Pure; any thread.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "math/statistics.h"

namespace ante {

struct UpliftCurve {
  double auuc = 0, qini = 0;
  Interval auuc_interval, qini_interval;  // 95 %
  Interval auuc_band, qini_band;          // the middle 95 % of random orders
  bool above_chance = false;              // qini is above its band
  bool ranks = false;                     // not all scores of a fold are equal
};

// REQUIRES spans of one length. Folds without a treated and an untreated person are left out.
UpliftCurve uplift_curve(std::span<const double> scores, std::span<const std::uint8_t> fold,
                         std::span<const std::uint8_t> treated, std::span<const double> outcome);

// Of several cuts of the same persons into folds: the medians of all numbers; ranks if most cuts
// do. Intervals and bands are wider by what folds share that learn from each other. REQUIRES a cut.
UpliftCurve median_curve(std::span<const UpliftCurve> cuts);
double median(std::vector<double> values);  // REQUIRES a value

}  // namespace ante
