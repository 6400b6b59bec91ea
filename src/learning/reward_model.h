// A reward model for off-policy evaluation: what each action was expected to earn in each round,
// by ridge regressions that never saw that round.
//
// In:   a log of single choices. Out: one expectation for each entry of BanditLog::actions.
//
// Rounds fall into kFolds folds by a hash of their number. The expectations of a fold come from the
// other folds: their mean reward, plus, for each action, a ridge regression of what its rewards are
// above that mean on the standardised features and a constant, drawn to 0. The ridge is the one of
// kRidges with the least squared error on the rounds it did not see (one choice of five for all
// actions, so it carries almost nothing of a round into its own expectation). Expectations are held
// within the range of rewards. An action that was never chosen in the other folds gets their mean.
// Pure function; any thread.

#pragma once

#include <array>
#include <vector>

#include "learning/bandit_log.h"

namespace ante {

inline constexpr std::size_t kFolds = 3;
inline constexpr std::array kRidges = {0.3, 3.0, 30.0, 300.0, 3000.0};

// Fits the expectations to the rounds that matter most for a target: alpha x expected + beta, by
// least squares of the chosen actions' rewards with weights (target / propensity)^2, in each fold
// from the others, drawn to alpha = 1 and beta = 0 by one round's worth. These weights make the
// variance of the doubly robust estimate small ("more robust", Farajtabar et al. 2018); alpha = 0
// would give the variance of the self-normalised estimate, alpha = 1 with beta = 0 the
// uncalibrated. REQUIRES log.targets and `expected` of the size of log.actions.
std::vector<double> calibrated_to_target(const BanditLog& log, std::vector<double> expected);

std::size_t fold_of(std::size_t round);  // 0 .. kFolds - 1

// REQUIRES log.rounds not empty.
std::vector<double> cross_fitted_rewards(const BanditLog& log);

}  // namespace ante
