// Measurements of the statistics that say whether personalising pays, in worlds whose truth is
// known, and on real experiments. Each gives one JSON object. Only bench programs use it.

#pragma once

#include <cstdint>
#include <string>

#include "base/json_writer.h"
#include "math/statistics.h"

namespace ante::bench {

// Arms that are alike, watched after every person; arms that differ; persons who come often.
std::string watched_report(std::uint64_t runs);
// The sample-ratio alarm under daily looks.
std::string split_report(std::uint64_t runs);
// Intervals of ratios and of adjusted outcomes.
std::string ratios_report(std::uint64_t runs);

// The value of personalization: size, power and verdicts.
std::string personalization_report(std::uint64_t runs);

// Claims of trials whose truth is known, and the R-learner beside the T-learner.
std::string uplift_report(std::uint64_t runs);
// The Starbucks promotion, its policy chosen by so many cuts of the training file.
std::string starbucks_report(const std::string& data_folder, std::uint64_t cuts);

// Reports of a log of so many rewards, and all folds rebuilt from it.
std::string reports_report(const std::string& data_folder, std::uint64_t rewards);

// {"value":hits / n,"interval":[95 %, exact],"n":n}. REQUIRES n >= 1.
void write_share(JsonWriter& json, const char* name, std::uint64_t hits, std::uint64_t n);
void write_interval(JsonWriter& json, const char* name, const Interval& interval);

}  // namespace ante::bench
