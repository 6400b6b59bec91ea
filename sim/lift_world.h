// Worlds whose lift is known, played through the real engine, joins and report under a simulated
// clock: does the interval say what is true as often as it promises?
//
// In:   a specification with a seed. Out: what the report said at each look, beside the truth.
//
// People belong to clusters with different tastes for the items and differ in how much they click.
// Truth is the mean over treated people of their true expected outcome under what was served minus
// under the safe default, same people and window. The estimate comes from the report alone.
// The figures of the bet are folded beside, with the regret that was planted.
// What serves is a SimPolicy: the ranker behind the real policy. One thread.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "ranking/ranker.h"
#include "report/figures.h"
#include "report/lift.h"
#include "report/source_lift.h"
#include "reward/reward_row.h"

namespace ante::sim {

struct WorldSpec {
  std::uint64_t seed = 1;
  std::size_t persons = 4000;
  std::size_t look = 3000;  // persons counted at the look declared beforehand
  std::size_t items = 12;
  std::size_t clusters = 4;
  std::uint8_t places = 1;
  double taste_sd = 0.05;  // of a cluster for an item; 0 = everybody likes the same
  double holdout = 0.2;
  double shuffled = 0;           // the standing control's share of who is not held out
  double without_situation = 0;  // the ablation's share; a cluster shows in the situation only
  double design = 0;  // what every item but the safe default's gains with everybody alike; then
                      // the safe default is the first items, not the best
  double stake = 0.05;
  bool frozen = false;  // the ranker knows the truth and learns nothing
};

// Everything that is true of a world, drawn from its seed.
struct World {
  WorldSpec spec;
  std::vector<std::vector<double>> chance;  // [cluster][item], for an average person at place 1
  std::size_t safe_item = 0;                // the best single action in truth
  double chance_of(std::size_t cluster, std::size_t item, double activity, std::size_t place) const;
};
World make_world(const WorldSpec& spec);

// What ranks, and learns from matured rows. Another engine is plugged in here.
class SimPolicy : public Ranker, public RewardSink {};
using MakePolicy = std::function<std::unique_ptr<SimPolicy>(const World&)>;
// Click rates of each cluster and item, with their uncertainty; holdout rows are not learned from.
std::unique_ptr<SimPolicy> make_cluster_policy(const World& world);

struct Look {
  std::size_t counted = 0;
  double truth = 0;
  LiftSummary lift;
  std::vector<SourceLift> sources;
};

struct WorldRun {
  std::vector<Look> looks;  // every kLookEvery counted persons
  Look declared;            // the look declared beforehand
  std::uint64_t decisions = 0, explored = 0, matured = 0;
  FiguresSummary figures;  // at the end
  double planted_regret =
      0;  // of the first places that had matured: safe_item's chance less theirs
};
inline constexpr std::size_t kLookEvery = 50;

WorldRun run_world(const World& world, const MakePolicy& make_policy = make_cluster_policy);

// Persons that a test of 90 % power would plan for in a frozen world, from its true means.
std::size_t planned_persons(const World& world);

}  // namespace ante::sim
