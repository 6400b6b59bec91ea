#include "report/bet_odds.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "math/statistics.h"

namespace ante {

namespace {

bool measured(const MeasuredBet& bet) {
  return std::isfinite(bet.difference) && bet.standard_error > 0 &&
         std::isfinite(bet.standard_error);
}

bool usable(const EffectPrior& prior) {
  return std::isfinite(prior.mean) && prior.variance > 0 && std::isfinite(prior.variance);
}

}  // namespace

EffectPrior prior_from(std::span<const MeasuredBet> settled) {
  for (const MeasuredBet& bet : settled) CHECK(measured(bet));
  if (settled.size() < kSettledBetsMin) return kDefaultEffectPrior;
  double w_sum = 0, w2_sum = 0, wd_sum = 0, noise = 0, noise2 = 0;
  const auto weight = [](const MeasuredBet& bet) {
    return 1 / (kDefaultEffectPrior.variance + bet.standard_error * bet.standard_error);
  };
  for (const MeasuredBet& bet : settled) {
    const double w = weight(bet), se2 = bet.standard_error * bet.standard_error;
    w_sum += w;
    w2_sum += w * w;
    wd_sum += w * bet.difference;
    noise += w * se2;
    noise2 += w * w * se2;
  }
  const double mean = wd_sum / w_sum;
  double spread = 0;
  for (const MeasuredBet& bet : settled)
    spread += weight(bet) * (bet.difference - mean) * (bet.difference - mean);
  const double variance =
      std::max(0.0, (spread - (noise - noise2 / w_sum)) / (w_sum - w2_sum / w_sum));
  const auto n = static_cast<double>(settled.size()), more = double{kSettledBetsMin};
  return {(n * mean + more * kDefaultEffectPrior.mean) / (n + more),
          (n * variance + more * kDefaultEffectPrior.variance) / (n + more)};
}

double odds_of_paying(const BetProgress& progress, const EffectPrior& prior) {
  CHECK(measured(progress.now) && usable(prior));
  CHECK(progress.persons_now >= 1 && progress.persons_planned >= 1);
  const double now = progress.now.difference;
  if (progress.persons_now >= progress.persons_planned) return now > 0 ? 1 : now < 0 ? 0 : 0.5;
  const double noise = progress.now.standard_error * progress.now.standard_error;
  const double w =
      static_cast<double>(progress.persons_now) / static_cast<double>(progress.persons_planned);
  const double variance = 1 / (1 / prior.variance + 1 / noise);
  const double mean = variance * (prior.mean / prior.variance + now / noise);
  const double expected = w * now + (1 - w) * mean;
  const double deviation = (1 - w) * std::sqrt(variance + noise * w / (1 - w));
  return normal_cdf(expected / deviation);
}

double odds_before_start(double standard_error_at_end, const EffectPrior& prior) {
  CHECK(standard_error_at_end > 0 && std::isfinite(standard_error_at_end) && usable(prior));
  return normal_cdf(prior.mean /
                    std::sqrt(prior.variance + standard_error_at_end * standard_error_at_end));
}

}  // namespace ante
