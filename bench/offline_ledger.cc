#include <algorithm>
#include <array>
#include <string>

#include "base/json_writer.h"
#include "base/random.h"
#include "bench/offline.h"
#include "decision/stake_ledger.h"
#include "math/statistics.h"

namespace ante::bench {
namespace {

constexpr std::uint64_t kRounds = 50'000;
constexpr std::array kDefaultMeans = {0.02, 0.05, 0.1, 0.3};
constexpr std::array kLifts = {-1.0, -0.5, -0.2, -0.06, 0.2};

struct LedgerRun {
  bool kept = true;       // played >= (1 - allowed loss) x default in true means, at every round
  double gain_share = 0;  // of what always betting would have gained
};

LedgerRun run_ledger(double mean, double lift, std::uint64_t seed) {
  const StakeLedgerOptions options;
  StakeLedger ledger(options);
  Random random(seed);
  LedgerRun run;
  double played = 0, safe = 0;
  for (std::uint64_t t = 0; t < kRounds; ++t) {
    // Contexts: the default is worth between half and one and a half of its mean.
    const double here = mean * (0.5 + random.uniform());
    const double stake = ledger.stake();
    const bool bet = random.uniform() < stake;
    const double chance = bet ? here * (1 + lift) : here;
    ledger.draw(bet);
    ledger.settle(stake, bet, random.uniform() < chance ? 1 : 0);
    played += chance;
    safe += here;
    run.kept = run.kept && played >= (1 - options.allowed_loss) * safe - 1e-9;
  }
  run.gain_share = (played - safe) / (lift * safe);
  return run;
}

}  // namespace

std::string ledger_report(std::uint64_t runs) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("runs", runs).field("rounds", kRounds);
  json.field("allowedLoss", StakeLedgerOptions{}.allowed_loss).key("worlds").begin_array();
  for (const double mean : kDefaultMeans) {
    for (const double lift : kLifts) {
      std::uint64_t kept = 0;
      double share = 0, least = 1;
      for (std::uint64_t seed = 1; seed <= runs; ++seed) {
        const LedgerRun run = run_ledger(mean, lift, seed);
        kept += run.kept ? 1 : 0;
        share += run.gain_share / static_cast<double>(runs);
        least = std::min(least, run.gain_share);
      }
      const Interval interval = rate_interval(kept, runs, 0.05);
      json.begin_object().field("defaultMean", mean).field("lift", lift).field("kept", kept);
      json.key("keptInterval").begin_array().number(interval.low).number(interval.high);
      json.end_array();
      if (lift > 0) json.field("gainShare", share).field("leastGainShare", least);
      json.end_object();
    }
  }
  json.end_array().end_object();
  return out;
}

}  // namespace ante::bench
