// The joiner and whoever learns or counts from its rows, wired as the engine and a rebuild need it.

#pragma once

#include "base/published.h"
#include "journal/consumer_group.h"
#include "learning/stake_ledgers.h"
#include "learning/trainer.h"
#include "ranking/value_model.h"
#include "report/figures.h"
#include "report/likings.h"
#include "reward/joiner.h"
#include "reward/reward_scales.h"

namespace ante {

struct RewardSide {
  Published<ValueModel> values;
  Trainer trainer{values};
  RewardScales scales;
  StakeLedgers ledgers;
  Figures figures;
  Likings likings;
  Joiner joiner{{&scales, &ledgers, &figures, &likings}, {&trainer}};
  ConsumerGroup together{"rewards", {&joiner, &trainer, &scales, &ledgers, &figures, &likings}};
};

}  // namespace ante
