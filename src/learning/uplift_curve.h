// How well a score says who is moved by a treatment: the Qini curve and its area.
//
// In:   for each person a score, whether treated, and the outcome; drawn at random. Out: the area
//       under the curve and the part of it that is above a random order, with intervals, beside the
//       band that random orders reach.
//
// With persons by falling score, Q(k) = Y1(k) - Y0(k) n1(k)/n0(k) of the first k (Radcliffe 2007),
// per treated person of all. auuc is its mean over k; qini = auuc - Q(all)/2, what an order that
// knows nothing would have. Equal scores are in random order. Pure; any thread.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "math/statistics.h"

namespace ante {

inline constexpr std::uint32_t kCurveResamples = 200;

struct UpliftCurve {
  double auuc = 0, qini = 0;
  Interval auuc_interval, qini_interval;  // 95 %, bootstrap of persons
  Interval auuc_band, qini_band;          // the middle 95 % of random orders
  bool above_chance = false;              // qini is above its band
};

// REQUIRES spans of one length, a treated and an untreated person.
UpliftCurve uplift_curve(std::span<const double> scores, std::span<const std::uint8_t> treated,
                         std::span<const double> outcome, std::uint64_t seed,
                         std::uint32_t resamples = kCurveResamples);

}  // namespace ante
