// Are stated odds true? Who said what, with which probability, and what came of it.
//
// In:   statements that have been settled. Out: for everybody and for each who: how sure they were,
//       how often it came true, by tenths of the stated probability, with intervals.
//
// Brier score: the mean of (said - came)^2 (Brier 1950). Expected calibration error: the mean over
// statements of |mean said - share that came true| of their tenth (Naeini et al. 2015). It is never
// below what chance makes of so few statements: about .045 at 400 true ones, so calibration_z()
// stands beside it. Pure; any thread.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "math/statistics.h"

namespace ante {

inline constexpr std::size_t kCalibrationBins = 10;
inline constexpr double kCalibrationAlpha = 0.05;  // of each bin's interval

struct StatedOdds {
  std::string who;
  double probability = 0;
  bool came_true = false;
};

// Statements of one tenth: [k/10, (k+1)/10), the last with 1.
struct CalibrationBin {
  std::uint64_t n = 0, came_true = 0;
  double said = 0, came = 0;  // means; 0 when n = 0
  Interval interval;          // Wilson's, of `came`; 0 to 1 when n = 0
};

struct Calibration {
  std::string who;  // empty: everybody together
  std::uint64_t n = 0;
  double said = 0, came = 0;  // means; 0 when n = 0, as the two below
  double brier = 0;
  double error = 0;  // expected calibration error
  std::array<CalibrationBin, kCalibrationBins> bins;
};

struct CalibrationReport {
  Calibration overall;
  std::vector<Calibration> by_who;  // by name
};

// Spiegelhalter 1986: the Brier score less what it would be if each statement came true with its
// own probability, over its standard deviation then. Standard normal when odds are true, whatever
// they are; above 0 when they are too sure, or beside the truth. 0 when nothing is left to chance.
// REQUIRES as below.
double calibration_z(std::span<const StatedOdds> stated);

// REQUIRES each probability in [0, 1] (and so none is NaN).
CalibrationReport calibration(std::span<const StatedOdds> stated);

// `{overall: {n, said, came, brier, error, bins: [{from, to, n, said, came, interval}]}, byWho:
// [{who, ...}], confidence}`. What is a mean of nothing is null; bins without statements are left
// out.
std::string to_json(const CalibrationReport& report);

}  // namespace ante
