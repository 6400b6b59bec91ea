#include <fmt/format.h>

#include "base/random.h"
#include "sim/bets_town.h"
#include "sim/bets_trials.h"

namespace ante::sim {

namespace {

constexpr std::size_t kCallersOfHour = 500;
constexpr std::size_t kTalk = 1, kQuiet = 0;  // items: the bet's, the safe default
const std::string kDoor = "door";

Situation caller(Random& random) {
  constexpr std::array kDevices = {"phone", "phone", "phone", "desktop", "desktop", "tablet"};
  constexpr std::array kReferrers = {"social", "search", "newsletter", "direct", "search"};
  Situation situation;
  situation.device = kDevices[random.below(kDevices.size())];
  situation.referrer = kReferrers[random.below(kReferrers.size())];
  situation.hour = static_cast<std::uint8_t>(random.below(24));
  situation.weekday = static_cast<std::uint8_t>(random.below(7));
  return situation;
}

}  // namespace

HarmRun run_harm(const HarmSpec& spec) {
  BetsTown town(mix64(spec.seed));
  town.put_items(2);
  town.put_slot(kDoor, fmt::format(R"("holdout":0.05,"stake":0,"safeDefault":{{"items":["{}"]}},)"
                                   R"("goal":{{"event":"click","windowMs":1800000,"value":1}})",
                                   item_id(kQuiet)));
  town.open_bet({.id = "talk",
                 .slot = kDoor,
                 .content = kTalk,
                 .instead = kQuiet,
                 .stake = 0.5,
                 .run_ms = 300 * kDayMs});
  Random random(mix64(spec.seed + 31));
  HarmRun run;
  for (std::size_t n = 0; n < spec.persons + spec.asked; ++n) {
    if (n % kCallersOfHour == 0) town.strike();
    BetsTown::Visit visit{n, kDoor, caller(random), {}};
    const bool social = visit.situation.referrer == "social";
    const DecideAnswer answer = town.visit(visit);
    const bool talked = item_number(answer.decision.served.front()) == kTalk;
    const double effect = social ? spec.harmed : spec.others;
    if (random.uniform() < spec.baseline + (talked ? effect : 0)) town.reward(answer);
    if (n < spec.persons || answer.decision.arm == Arm::kHoldout) continue;
    const BetPart& bet = answer.decision.bet;
    const bool alone = bet.play == BetPlay::kExcluded;
    const bool dog = alone && bet.exclusion == Exclusion::kSleepingDog;
    (social ? run.harmed : run.others) += 1;
    if (social) {
      run.harmed_left_alone += dog ? 1 : 0;
    } else {
      run.others_left_alone += dog ? 1 : 0;
      run.others_any += alone ? 1 : 0;
    }
  }
  run.harmed_left_alone /= static_cast<double>(run.harmed);
  run.others_left_alone /= static_cast<double>(run.others);
  run.others_any /= static_cast<double>(run.others);
  return run;
}

}  // namespace ante::sim
