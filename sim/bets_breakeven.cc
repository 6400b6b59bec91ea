#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/check.h"
#include "base/random.h"
#include "decision/policy.h"
#include "sim/bets_town.h"
#include "sim/bets_trials.h"

namespace ante::sim {

namespace {

constexpr std::size_t kAskersOfHour = 500;
constexpr double kNearPlanted = 1.1;  // rungs this near say how the model is calibrated there
const std::string kDeck = "deck";

struct RungCounts {
  double n = 0, bets = 0, by_mean = 0, stated = 0, sd = 0;
};

double chance_of_rung(const BreakEvenSpec& spec, std::size_t rung) {
  const double at = 2 * static_cast<double>(rung) / static_cast<double>(spec.rungs - 1) - 1;
  return std::min(0.99, break_even(spec) * std::pow(spec.spread, at));
}

// Where the shares, made to rise (pool adjacent violators), cross a half.
double crossing(const BreakEvenSpec& spec, const std::vector<double>& shares) {
  struct Block {
    double sum = 0;
    std::size_t n = 0;
    double mean() const { return sum / static_cast<double>(n); }
  };
  std::vector<Block> blocks;
  for (const double share : shares) {
    blocks.push_back({share, 1});
    while (blocks.size() > 1 && blocks[blocks.size() - 2].mean() >= blocks.back().mean()) {
      const Block last = blocks.back();
      blocks.pop_back();
      blocks.back().sum += last.sum;
      blocks.back().n += last.n;
    }
  }
  std::vector<double> rising;
  for (const Block& block : blocks) rising.insert(rising.end(), block.n, block.mean());
  if (rising.front() >= 0.5) return chance_of_rung(spec, 0);
  for (std::size_t i = 1; i < rising.size(); ++i) {
    if (rising[i] < 0.5) continue;
    const double part = (0.5 - rising[i - 1]) / (rising[i] - rising[i - 1]);
    const double low = chance_of_rung(spec, i - 1), high = chance_of_rung(spec, i);
    return low * std::pow(high / low, part);
  }
  return chance_of_rung(spec, spec.rungs - 1);
}

// What the decision says of the cards of its rung: hands are supplied, card 0 is the safe default.
void note(const BreakEvenSpec& spec, const Decision& decision, RungCounts& rung) {
  ++rung.n;
  rung.bets += decision.policy.base_branch == kExploitBranch ? 1 : 0;
  const double cost = spec.attention + static_cast<double>(decision.prices.miss);
  const ItemKey safe = item_key(item_id(0));
  for (const HandItem& card : decision.hand) {
    if (card.item == safe) continue;
    rung.by_mean += static_cast<double>(card.gain_mean) > cost ? 1 : 0;
    rung.stated += static_cast<double>(card.probability);
    rung.sd += static_cast<double>(card.gain_sd) / spec.value;
    break;
  }
}

// The deck's safe default: the first of these that a hand holds, then card 0.
void put_deck(BetsTown& town, const BreakEvenSpec& spec, const std::string& cards) {
  town.put_slot(kDeck, fmt::format(R"("holdout":0,"stake":{},"missCost":{},"attentionCost":{},)"
                                   R"("safeDefault":{{"items":[{}"{}"]}},)"
                                   R"("goal":{{"event":"click","windowMs":1800000,"value":{}}})",
                                   spec.explored, spec.annoyance, spec.attention, cards, item_id(0),
                                   spec.value));
}

}  // namespace

double break_even(const BreakEvenSpec& spec) {
  return (spec.value * spec.safe_chance + spec.attention + spec.annoyance) /
         (spec.value + spec.annoyance);
}

BreakEvenRun run_break_even(const BreakEvenSpec& spec) {
  CHECK(spec.rungs >= 2 && spec.equals >= 1 && spec.rungs * spec.equals < kSafeDefaultItemsMax);
  BetsTown town(mix64(spec.seed));
  // Behind the cards some that nobody wants, so that hands are as large before as they are later.
  const std::size_t cards = spec.rungs * spec.equals;
  town.put_items(1 + cards + spec.equals - 1);
  std::string every_card;
  for (std::size_t card = 1; card <= cards; ++card)
    every_card += fmt::format(R"("{}",)", item_id(card));
  put_deck(town, spec, every_card);
  Random random(mix64(spec.seed + 11));
  std::vector<RungCounts> rungs(spec.rungs);
  std::uint64_t people = 0;
  const auto ask = [&](std::vector<std::string> hand, double chance) {
    if (people % kAskersOfHour == 0) town.strike();
    const DecideAnswer answer = town.visit({people++, kDeck, {}, std::move(hand)});
    const std::size_t item = item_number(answer.decision.served.front());
    const double here = item == 0 ? spec.safe_chance : item > cards ? 0 : chance;
    if (random.uniform() < here) town.reward(answer);
    return answer;
  };
  for (std::size_t n = 0; n < spec.shown_before * cards; ++n) {
    const std::size_t card = 1 + random.below(cards);
    std::vector<std::string> hand = {item_id(0), item_id(card)};
    for (std::size_t k = 1; k < spec.equals; ++k) hand.push_back(item_id(cards + k));
    ask(std::move(hand), chance_of_rung(spec, (card - 1) / spec.equals));
  }
  put_deck(town, spec, "");
  const std::size_t visits = spec.visits_a_rung * spec.rungs;
  for (std::size_t n = 0; n < visits; ++n) {
    const std::size_t rung = random.below(spec.rungs);
    std::vector<std::string> hand = {item_id(0)};
    for (std::size_t k = 0; k < spec.equals; ++k)
      hand.push_back(item_id(1 + rung * spec.equals + k));
    const DecideAnswer answer = ask(std::move(hand), chance_of_rung(spec, rung));
    if (n >= visits / 2) note(spec, answer.decision, rungs[rung]);
  }
  BreakEvenRun run;
  run.planted = break_even(spec);
  std::vector<double> by_mean;
  double near = 0;
  for (std::size_t i = 0; i < spec.rungs; ++i) {
    const RungCounts& rung = rungs[i];
    const double p = chance_of_rung(spec, i);
    run.bets.push_back(rung.bets / rung.n);
    by_mean.push_back(rung.by_mean / rung.n);
    if (p > run.planted * kNearPlanted || p * kNearPlanted < run.planted) continue;
    ++near;
    run.stated_at_planted += rung.stated / rung.n / p;
    run.sd_at_planted += rung.sd / rung.n / p;
  }
  run.stated_at_planted /= near;
  run.sd_at_planted /= near;
  run.found = crossing(spec, run.bets);
  run.found_by_mean = crossing(spec, by_mean);
  return run;
}

}  // namespace ante::sim
