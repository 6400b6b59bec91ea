#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/check.h"
#include "base/random.h"
#include "sim/bets_town.h"
#include "sim/bets_trials.h"

namespace ante::sim {

namespace {

constexpr std::size_t kHoursOfBet = 8;
constexpr std::size_t kChanceDraws = 400;  // of what chance alone makes of the error
constexpr double kBaselineMin = 0.05, kBaselineMax = 0.3;

double draw_effect(Effects effects, Random& random) {
  const auto exponential = [&] { return -std::log(1 - random.uniform()); };
  switch (effects) {
    case Effects::kAsDefault:
      return 0.1 * random.normal();
    case Effects::kSmall:
      return 0.02 * random.normal();
    case Effects::kBad:
      return -0.05 + 0.05 * random.normal();
    case Effects::kNone:
      return 0;
    case Effects::kRareWins:
      return random.uniform() < 0.2 ? 0.2 : 0;
    case Effects::kTwoSided:
      return random.uniform() < 0.5 ? 0.1 : -0.1;
    case Effects::kHeavy: {
      double squares = 0;
      for (int i = 0; i < 3; ++i) {
        const double z = random.normal();
        squares += z * z;
      }
      return 0.05 * random.normal() / std::sqrt(squares / 3);
    }
    case Effects::kSkewed:
      return 0.1 * (exponential() - 1);
  }
  return 0;
}

double log_uniform(double low, double high, Random& random) {
  return low * std::pow(high / low, random.uniform());
}

struct PlantedBet {
  std::string id, slot;
  double baseline = 0, effect = 0;  // the effect relative to the baseline
  double persons = 0;               // who come an hour
};

PlantedBet plant_bet(const OddsSpec& spec, std::size_t round, std::size_t number, Random& random) {
  PlantedBet bet;
  bet.id = fmt::format("bet-{}-{}", round, number);
  bet.slot = "slot-of-" + bet.id;  // of its own: a banked bet keeps its audience
  bet.baseline = log_uniform(kBaselineMin, kBaselineMax, random);
  bet.effect = std::clamp(draw_effect(spec.effects, random), -0.9, 2.0);
  bet.persons = log_uniform(static_cast<double>(spec.persons_min),
                            static_cast<double>(spec.persons_max), random) /
                kHoursOfBet;
  return bet;
}

void play_hour(BetsTown& town, const PlantedBet& bet, std::size_t content, std::uint64_t& person,
               Random& random) {
  const double here = bet.persons + random.uniform();
  for (std::size_t n = 0; n < static_cast<std::size_t>(here); ++n) {
    const DecideAnswer answer = town.visit({person++, bet.slot, {}, {}});
    const bool talked = item_number(answer.decision.served.front()) == content;
    const double chance = bet.baseline * (talked ? 1 + bet.effect : 1);
    if (random.uniform() < chance) town.reward(answer);
  }
}

double error_by_chance(const std::vector<StatedOdds>& stated, Random& random) {
  double sum = 0;
  std::vector<StatedOdds> drawn = stated;
  for (std::size_t draw = 0; draw < kChanceDraws; ++draw) {
    for (StatedOdds& odds : drawn) odds.came_true = random.uniform() < odds.probability;
    sum += calibration(drawn).overall.error;
  }
  return sum / static_cast<double>(kChanceDraws);
}

}  // namespace

std::string_view to_string(Effects effects) {
  switch (effects) {
    case Effects::kAsDefault:
      return "normal, sd .1";
    case Effects::kSmall:
      return "normal, sd .02";
    case Effects::kBad:
      return "normal, mean -.05, sd .05";
    case Effects::kNone:
      return "none";
    case Effects::kRareWins:
      return "one in five +.2";
    case Effects::kTwoSided:
      return "plus or minus .1";
    case Effects::kHeavy:
      return "heavy tails";
    case Effects::kSkewed:
      return "skewed";
  }
  return "";
}

OddsRun run_odds(const OddsSpec& spec) {
  BetsTown town(mix64(spec.seed));
  const std::size_t slots = spec.bets_a_round;
  // Item 0 is the safe default of all; each bet has content of its own.
  town.put_items(1 + slots * spec.rounds);
  Random random(mix64(spec.seed + 41));
  std::uint64_t person = 0;
  for (std::size_t round = 0; round < spec.rounds; ++round) {
    std::vector<PlantedBet> bets;
    for (std::size_t k = 0; k < slots; ++k) {
      bets.push_back(plant_bet(spec, round, k, random));
      town.put_slot(bets.back().slot,
                    fmt::format(R"("holdout":0,"stake":0,"safeDefault":{{"items":["{}"]}},)"
                                R"("goal":{{"event":"click","windowMs":1800000,"value":1}})",
                                item_id(0)));
      town.open_bet({.id = bets.back().id,
                     .slot = bets.back().slot,
                     .content = 1 + round * slots + k,
                     .instead = 0,
                     .run_ms = static_cast<DurationMs>(kHoursOfBet) * kHourMs + 1,
                     .leave_alone_learned = false});
    }
    for (std::size_t hour = 0; hour <= kHoursOfBet; ++hour) {
      for (std::size_t k = 0; k < slots && hour < kHoursOfBet; ++k)
        play_hour(town, bets[k], 1 + round * slots + k, person, random);
      town.strike();
      CHECK(town.engine().keep_bets().has_value());
    }
  }
  OddsRun run;
  const auto all = town.engine().bets().get();
  for (const auto& [id, bet] : all->by_id) {
    if (!bet->result) continue;
    ++run.settled;
    run.paid += bet->result->paid ? 1 : 0;
    for (const BetOdds& odds : bet->stated)
      run.stated.push_back({odds.who, odds.pays, bet->result->paid});
  }
  run.error = calibration(run.stated).overall.error;
  run.chance_error = error_by_chance(run.stated, random);
  run.z = calibration_z(run.stated);
  return run;
}

}  // namespace ante::sim
