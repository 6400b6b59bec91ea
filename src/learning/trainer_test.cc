#include "learning/trainer.h"

#include <gtest/gtest.h>

namespace ante {
namespace {

RewardRow row(Arm arm, double reward) {
  RewardRow row;
  row.slot = SlotKey{5};
  row.arm = arm;
  row.item = ItemKey{9};
  row.in_hand = true;
  row.features.fill(100);
  row.reward = reward;
  return row;
}

TEST(Trainer, HoldoutRowsNeverReachTheModel) {
  Published<ValueModel> models;
  Trainer trainer(models);
  const std::string untouched = trainer.save();
  for (int i = 0; i < 500; ++i) trainer.matured(row(Arm::kHoldout, 1));
  EXPECT_EQ(trainer.rows(), 0U);
  EXPECT_TRUE(trainer.save() == untouched);
  EXPECT_EQ(models.get()->version(), 0U);
}

TEST(Trainer, WhatWasNotInTheHandHasNoFeaturesToLearnFrom) {
  Published<ValueModel> models;
  Trainer trainer(models);
  RewardRow outside = row(Arm::kTreated, 1);
  outside.in_hand = false;
  trainer.matured(outside);
  EXPECT_EQ(trainer.rows(), 0U);
}

TEST(Trainer, PublishesNewVersionsAsRewardsMature) {
  Published<ValueModel> models;
  Trainer trainer(models);
  std::uint64_t last = 0;
  for (int i = 0; i < 1000; ++i) {
    trainer.matured(row(Arm::kTreated, i % 10 == 0 ? 1 : 0));
    EXPECT_GE(models.get()->version(), last);
    last = models.get()->version();
  }
  EXPECT_GE(last, 1000U - kRowsAVersionMin);
}

TEST(Trainer, GoesOnTheSameAfterARestart) {
  Published<ValueModel> models_a;
  Published<ValueModel> models_b;
  Trainer whole(models_a);
  Trainer half(models_b);
  for (int i = 0; i < 400; ++i) {
    if (i == 200) {
      ASSERT_TRUE(half.load(whole.save()));
    }
    whole.matured(row(Arm::kTreated, i % 7 == 0 ? 1 : 0));
    if (i >= 200) half.matured(row(Arm::kTreated, i % 7 == 0 ? 1 : 0));
  }
  Trainer empty(models_b);
  EXPECT_FALSE(empty.load("\x07"));
  EXPECT_EQ(half.rows(), whole.rows());
}

}  // namespace
}  // namespace ante
