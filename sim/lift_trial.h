// Many worlds, one sum: how often the report was right, too early, or fooled.
//
// Four kinds of world: learning (does the interval cover the truth?), null (nothing to gain: does
// it say paying?), planned (frozen, with an effect a test was planned for: is it found?), and all
// of them for verdicts before 25 conversions in each arm. One thread.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/lift_world.h"

namespace ante::sim {

struct LiftTrial {
  std::size_t worlds = 0, covered = 0, sequence_wrong = 0;
  std::vector<double> width_ratios;  // sequence over fixed, at the declared look
  std::size_t null_worlds = 0, null_paying = 0;
  std::size_t planned_worlds = 0, planned_paying = 0;
  std::uint64_t early_verdicts = 0;  // a verdict before 25 conversions in each arm: must be 0
  std::uint64_t looks = 0, decisions = 0, explored = 0;

  double median_width_ratio() const;
};

// `worlds` of the first kind and half as many of each other, seeds from `first_seed` on.
LiftTrial run_trial(std::size_t worlds, std::uint64_t first_seed);

// With the bounds each figure has to meet for 400 worlds, scaled to how many there were.
std::string to_json(const LiftTrial& trial, const std::string& commit);

}  // namespace ante::sim
