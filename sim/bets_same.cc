#include <algorithm>
#include <map>
#include <numeric>

#include <fmt/format.h>

#include "base/random.h"
#include "decision/policy.h"
#include "sim/bets_town.h"
#include "sim/bets_trials.h"

namespace ante::sim {

namespace {

constexpr std::size_t kComersOfHour = 250;
constexpr double kLikedMean = 0.08;  // of a click
const std::string kFront = "front";

struct SameWorld {
  std::vector<double> chance;
  std::vector<std::size_t> best_first;
};

SameWorld make_same_world(const SameSpec& spec, Random& random) {
  SameWorld world;
  for (std::size_t i = 0; i < spec.items; ++i)
    world.chance.push_back(std::min(0.6, kLikedMean * std::exp(spec.spread * random.normal())));
  world.best_first.resize(spec.items);
  std::iota(world.best_first.begin(), world.best_first.end(), 0U);
  std::ranges::sort(world.best_first,
                    [&](auto a, auto b) { return world.chance[a] > world.chance[b]; });
  return world;
}

Situation some_situation(Random& random) {
  constexpr std::array kDevices = {"phone", "desktop", "tablet"};
  constexpr std::array kReferrers = {"search", "social", "newsletter", "direct"};
  Situation situation;
  situation.device = kDevices[random.below(kDevices.size())];
  situation.referrer = kReferrers[random.below(kReferrers.size())];
  situation.hour = static_cast<std::uint8_t>(random.below(24));
  situation.weekday = static_cast<std::uint8_t>(random.below(7));
  return situation;
}

// How much a person clicks whatever is shown.
double activity_of(std::uint64_t seed, std::uint64_t person) {
  return 0.5 + Random(mix64(seed ^ mix64(person + 1))).uniform();
}

}  // namespace

double SameRun::mean() const {
  return std::accumulate(shares.begin(), shares.end(), 0.0) / static_cast<double>(shares.size());
}

double SameRun::worst() const { return *std::ranges::min_element(shares); }

SameRun run_same(const SameSpec& spec) {
  Random random(mix64(spec.seed + 21));
  const SameWorld world = make_same_world(spec, random);
  BetsTown town(mix64(spec.seed));
  town.put_items(spec.items, std::max<std::size_t>(1, spec.items / 3));
  const std::string safe =
      spec.best ? R"({"best":true})"
                : fmt::format(R"({{"items":["{}"]}})", item_id(world.best_first[spec.items / 2]));
  town.put_slot(kFront, fmt::format(R"("holdout":0,"stake":{},"safeDefault":{},)"
                                    R"("goal":{{"event":"click","windowMs":1800000,"value":1}})",
                                    spec.stake, safe));
  SameRun run;
  std::uint64_t people = 0;
  // Time stands still within an hour, so everybody comes at most once in it.
  const auto comer = [&](std::uint64_t before) {
    if (before > 0 && random.uniform() < spec.returns) return random.below(before);
    return people++;
  };
  const auto hour = [&](std::size_t comers, auto&& seen) {
    town.strike();
    const std::uint64_t before = people;
    for (std::size_t n = 0; n < comers; ++n) {
      const std::uint64_t person = comer(before);
      const DecideAnswer answer = town.visit({person, kFront, some_situation(random), {}});
      seen(answer);
      const std::size_t item = item_number(answer.decision.served.front());
      if (random.uniform() < world.chance[item] * activity_of(spec.seed, person))
        town.click(person, item);
    }
  };
  for (std::size_t n = 0; n < spec.decisions; n += kComersOfHour)
    hour(kComersOfHour, [](const DecideAnswer&) {});
  for (std::size_t look = 0; look < spec.looks; ++look) {
    std::map<ItemKey, std::size_t> chosen;
    std::size_t bets = 0;
    hour(spec.asked, [&](const DecideAnswer& answer) {
      ++chosen[greedy_choice(answer)];
      bets += answer.decision.policy.base_branch == kExploitBranch ? 1 : 0;
    });
    const auto most = std::ranges::max_element(chosen, {}, [](const auto& c) { return c.second; });
    run.shares.push_back(static_cast<double>(most->second) / static_cast<double>(spec.asked));
    run.bets += static_cast<double>(bets) / static_cast<double>(spec.asked * spec.looks);
    for (std::size_t rank = 0; rank < spec.items; ++rank) {
      if (item_key(item_id(world.best_first[rank])) == most->first)
        run.best_rank = static_cast<double>(rank);
    }
  }
  return run;
}

}  // namespace ante::sim
