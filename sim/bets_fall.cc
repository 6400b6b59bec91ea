#include <fmt/format.h>

#include "base/check.h"
#include "base/random.h"
#include "sim/bets_town.h"
#include "sim/bets_trials.h"

namespace ante::sim {

namespace {

constexpr std::size_t kGuestsOfHour = 100;
constexpr std::size_t kGuestsAfter = 200;
const std::string kShelf = "shelf";

}  // namespace

FallRun run_fall(const FallSpec& spec) {
  BetsTown town(mix64(spec.seed));
  constexpr std::size_t kItems = 4;  // the safe default, what is shown instead, and two besides
  town.put_items(kItems);
  town.put_slot(kShelf, fmt::format(R"("holdout":{},"stake":0.2,"safeDefault":{{"items":["{}"]}},)"
                                    R"("goal":{{"event":"click","windowMs":1800000,"value":1}})",
                                    spec.holdout, item_id(0)));
  Random random(mix64(spec.seed + 51));
  FallRun run;
  std::size_t treated = 0, bets = 0;
  const auto guest = [&](std::uint64_t person) {
    const DecideAnswer answer = town.visit({person, kShelf, {}, {item_id(0), item_id(1)}});
    const bool safe = item_number(answer.decision.served.front()) == 0;
    if (random.uniform() < (safe ? spec.safe : spec.shown)) town.reward(answer);
    if (random.uniform() < (safe ? spec.elsewhere_of_safe : spec.elsewhere))
      town.click(person, 2 + random.below(kItems - 2));
    return answer;
  };
  std::size_t n = 0;
  for (; n < spec.persons && !run.fell; ++n) {
    if (n % kGuestsOfHour == 0) town.strike();
    if (n % spec.peek == 0) {
      CHECK(town.engine().keep_bets().has_value());
      run.fell = !town.engine().slots().get()->at(kShelf).fell_back.empty();
      if (run.fell) break;
    }
    const DecideAnswer answer = guest(n);
    if (answer.decision.arm != Arm::kTreated) continue;
    ++treated;
    bets += answer.decision.outcome == Outcome::kBet ? 1 : 0;
  }
  run.persons_then = n;
  run.treated_bets = static_cast<double>(bets) / static_cast<double>(treated);
  if (!run.fell) return run;
  for (std::size_t k = 0; k < kGuestsAfter; ++k) {
    if (k % kGuestsOfHour == 0) town.strike();
    const DecideAnswer answer = guest(n + k);
    ++run.decisions_after;
    run.bets_after += item_number(answer.decision.served.front()) != 0 ? 1 : 0;
    run.fallbacks_after += answer.decision.fallback == Fallback::kFellBack ? 1 : 0;
  }
  return run;
}

}  // namespace ante::sim
