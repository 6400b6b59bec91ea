// The odds that a running bet will measure as paying at its end, from what has been measured so far
// and from what bets turned out to be worth before.
//
// In:   settled bets with their measured differences; a running bet's difference at this look.
// Out:  P(measured difference at the end > 0), to be stated and later held against what came
//       (report/calibration.h).
//
// Differences and their standard errors are relative to the control arm's mean (.1 = a tenth more),
// so that bets with common and with rare goals can teach each other.
//
// True differences are taken to be N(m, v), noise to be normal and persons to come evenly:
//   posterior of the true difference   precision 1/v + 1/se^2, mean weighted by them;
//   difference at the end              w D + (1 - w) R, w = persons now / persons planned,
//                                      R = what the rest will measure: N(posterior mean,
//                                      posterior variance + se^2 w / (1 - w)).
// Pure; any thread. docs/decisions/0063-uplift.md.

#pragma once

#include <cstdint>
#include <span>

namespace ante {

struct EffectPrior {
  double mean = 0, variance = 0;
};
// Before kSettledBetsMin bets have settled: a third of bets change the goal by more than a tenth.
inline constexpr EffectPrior kDefaultEffectPrior = {0, 0.1 * 0.1};
inline constexpr std::size_t kSettledBetsMin = 10;

struct MeasuredBet {
  double difference = 0;
  double standard_error = 0;
};

// Empirical Bayes by moments (DerSimonian & Kacker 2007, "Random-effects model for meta-analysis",
// weights 1 / (default variance + se^2)), each moment drawn to the default's as if
// kSettledBetsMin more bets had shown that. The default itself before kSettledBetsMin.
// REQUIRES finite differences, standard errors > 0 and finite. ENSURES variance > 0.
EffectPrior prior_from(std::span<const MeasuredBet> settled);

struct BetProgress {
  MeasuredBet now;
  std::uint64_t persons_now = 0, persons_planned = 0;
};

// In [0, 1]. At or past the plan the difference is what it is: 1, 0, or 1/2 at exactly 0.
// REQUIRES finite difference, standard error > 0 and finite, persons_now >= 1,
// persons_planned >= 1, prior.variance > 0, both of it finite.
double odds_of_paying(const BetProgress& progress, const EffectPrior& prior);

// The same before anybody was counted, when the end will have this standard error.
// REQUIRES standard_error > 0 and finite, prior as above.
double odds_before_start(double standard_error_at_end, const EffectPrior& prior);

}  // namespace ante
