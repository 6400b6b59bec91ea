// Offline measurements: policies on labelled rows, the estimators against a known truth, and
// headline tests replayed. Each gives one JSON object. Only bench programs use it.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "learning/labelled_rows.h"

namespace ante::bench {

// The bytes of a .gz file. Ends the program with a message when it is not there or damaged.
std::string read_gz(const std::string& path);

// A set of bandit-classification and the best loss of Vowpal Wabbit 9.11's two cost encodings.
struct LabelledSet {
  const char* name;
  double anchor_loss;
};
inline constexpr LabelledSet kLabelledSets[] = {{"letter", .797},    {"pendigits", .260},
                                                {"optdigits", .203}, {"satimage", .499},
                                                {"mushroom", .0089}, {"yeast", .700}};
LabelledRows read_labelled_set(const std::string& data_folder, const std::string& name);

// One pass over each set by SquareCB and epsilon-greedy with the same learner, `shuffles` times.
std::string bandit_report(const std::string& data_folder, std::uint64_t shuffles);

// Predictions and updates per processor second: the model alone, and with its text read.
std::string speed_report();

// RMSE and coverage of the estimators over `repetitions` logs of 4,000 rounds, on each set, for
// two logging policies.
std::string estimators_report(const std::string& data_folder, std::uint64_t repetitions);

// Headline tests: the sample-ratio alarm, and Thompson, SquareCB, uniform and a fixed-horizon test
// on click rates drawn `draws` times from each test's posterior.
std::string headlines_report(const std::string& data_folder, std::uint64_t draws);

// The stake ledger in worlds with known means: promises kept, and what a good model earns.
std::string ledger_report(std::uint64_t runs);

double cpu_seconds();  // of this process

}  // namespace ante::bench
