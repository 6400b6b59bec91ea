// What a policy loses while it learns: labelled rows played as a bandit, in one pass.
//
// In:   labelled rows, an exploration rule, a seed. Out: the loss of the actions drawn.
//
// The rows are shuffled by the seed. In each round the labels are the actions, one is drawn by the
// rule from what an ActionModel expects of each, the reward is 1 if it is the row's label and else
// 0, and the model learns the reward of that action alone (supervised-to-bandit conversion:
// Dudik, Langford & Li 2011). The round's loss counts before it is learned from.
// Pure functions of their arguments; any thread.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "decision/exploration.h"
#include "learning/labelled_rows.h"
#include "learning/online_logistic.h"
#include "math/statistics.h"

namespace ante {

// The learner under every rule: one OnlineLogistic an action on a shared FeatureMap, and the
// decayed counts that a contextless rule looks at. One thread.
class ActionModel {
 public:
  // REQUIRES action_count >= 1.
  ActionModel(std::size_t raw_count, std::size_t action_count);

  // What each action is expected to earn in this context; valid until the next call. Takes the
  // context into the feature map. REQUIRES as FeatureMap.
  std::span<const ActionEstimate> estimate(std::span<const double> raw);
  // The reward of one action in the context of the last estimate(). REQUIRES 0 <= reward <= 1.
  void learn(std::size_t action, double reward);

  RewardScale scale() const { return scale_.scale(); }

 private:
  FeatureMap map_;
  std::vector<OnlineLogistic> models_;
  DecayedCounts counts_;
  RunningRewardScale scale_;
  std::span<const float> features_;
  std::vector<ActionEstimate> estimates_;
};

struct BanditTrial {
  std::uint64_t rounds = 0;
  double progressive_loss = 0;      // mean 0/1 loss of the actions drawn
  Interval interval;                // 95 %, of the mean chance of loss: see expected_loss
  double expected_loss = 0;         // mean chance of loss under the logged propensities
  double best_fixed_loss = 0;       // of the best single action, known only afterwards
  std::uint32_t best_fixed = 0;     // index in names
  double propensity_sum_error = 0;  // largest |sum of a round's propensities - 1|
  double exploring = 0;             // mean mass off the action expected best

  double regret_vs_best_fixed() const { return progressive_loss - best_fixed_loss; }
};

// REQUIRES data.rows() >= 1.
BanditTrial run_bandit_trial(const LabelledRows& data, const ExplorationRule& rule,
                             std::uint64_t seed);

// A seeded order of 0 .. count - 1 (Fisher-Yates).
std::vector<std::uint32_t> shuffled_order(std::size_t count, Random& random);

}  // namespace ante
