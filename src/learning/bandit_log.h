// A log of decisions with propensities, read from outside: one round a line.
//
// In:   NDJSON as docs/formats/decision-log.md states it (ours, and any other tool's that writes
//       it), or a CSV of the Open Bandit Dataset. Out: rounds of one choice, or slates.
//
// Pure functions; any thread. Errors (kInvalidArgument) name the file, the line, the field, what
// was found and what to do. Nothing is repaired in silence: rounds whose reward is still unknown
// and rounds that no policy drew are left out and counted, and everything else that is wrong stops
// the reading.

#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "learning/slate_estimator.h"

namespace ante {

inline constexpr std::size_t kLogFeaturesMax = 128;       // numbers of a context
inline constexpr std::size_t kLogActionsMax = 1000;       // of one round
inline constexpr std::size_t kLogLineBytesMax = 1 << 20;  // of one JSON line
inline constexpr double kPropensitySumTolerance = 1e-3;

// The logging propensity of an action that was not chosen, where the log does not tell it.
inline constexpr double kUnknownPropensity = -1;

struct LoggedRound {
  std::uint64_t line = 0;
  std::size_t first_action = 0;  // in BanditLog::actions
  std::uint32_t action_count = 0;
  std::uint32_t chosen = 0;  // of these
  double reward = 0;
};

struct BanditLog {
  std::vector<std::string> action_names;
  std::vector<LoggedRound> rounds;
  // One entry an action of a round: which, its logging propensity (0: cannot be chosen), and, if
  // the log has them, its probability under the target policy and the reward expected of it.
  std::vector<std::uint32_t> actions;
  std::vector<double> propensities, targets, estimates;
  std::size_t feature_count = 0;
  std::vector<double> features;  // feature_count a round

  std::vector<SlateRound> slates;  // instead of rounds

  std::uint64_t without_reward = 0;  // left out: their reward is not known yet
  std::uint64_t not_drawn = 0;       // left out: no policy drew them (a holdout, a failure)
  bool learning_policy = false;      // the log says so, or the model changed within it
  double reward_min = 0, reward_max = 1;

  std::span<const double> features_of(std::size_t round) const {
    return std::span(features).subspan(round * feature_count, feature_count);
  }
};

struct LogOptions {
  std::string file;  // for messages
  double reward_min = 0, reward_max = 1;
};

Result<BanditLog> parse_native_log(std::string_view bytes, const LogOptions& options);

// Columns item_id, position, click and propensity_score (or action_prob). Every item of the file is
// an action of every round; one that was never logged at a position has propensity 0 there. The
// context is the position.
Result<BanditLog> parse_obd_log(std::string_view bytes, const LogOptions& options);

// Sets targets to how often another log of the same format chose each action at each position,
// every count one larger (so that what was not seen is rare, not impossible).
// kInvalidArgument: an action or a position of `other` that `log` does not have.
Result<void> set_targets_from_obd(BanditLog& log, const BanditLog& other, std::string_view file);

}  // namespace ante
