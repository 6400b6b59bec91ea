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
  row.reward = row.share = reward;
  return row;
}

TEST(Trainer, HoldoutRowsNeverReachTheModel) {
  Published<ValueModel> models;
  Trainer trainer(models);
  const std::string untouched = trainer.save();
  for (int i = 0; i < 500; ++i) trainer.matured(row(Arm::kHoldout, 1));
  for (std::size_t i = 0; i < kControlCount; ++i) trainer.matured(row(control_arm(i), 1));
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

TEST(Trainer, LearnsTheShareOfWhatTheSlotCanPay) {
  Published<ValueModel> models;
  Trainer trainer(models);
  RewardRow read = row(Arm::kTreated, 5);
  read.share = 0.25;
  for (int i = 0; i < 5000; ++i) trainer.matured(read);
  const ValueTerms terms({read.slot, "", 0}, read.item, {}, read.features);
  EXPECT_NEAR(models.get()->estimate(terms).probability, 0.25, 0.02);
}

TEST(Trainer, TakesBackWhatAnOutcomeThatCameLateContradicts) {
  Published<ValueModel> models;
  Trainer trainer(models);
  const RewardRow missed = row(Arm::kTreated, 0), bought = row(Arm::kTreated, 1);
  for (int i = 0; i < 4000; ++i) {
    trainer.matured(missed);
    if (i % 4 == 0) trainer.corrected(bought, missed);
    trainer.corrected(row(Arm::kHoldout, 1), row(Arm::kHoldout, 0));  // never learned
  }
  trainer.matured(missed);
  const ValueTerms terms({missed.slot, "", 0}, missed.item, {}, missed.features);
  EXPECT_NEAR(models.get()->estimate(terms).probability, 0.25, 0.03);
  EXPECT_EQ(trainer.rows(), 4001U);
}

TEST(Trainer, ANightsImportIsSpreadOverTheNextDay) {
  // Nine in ten of all goals come together at the end of each day of 2,000 rows.
  Published<ValueModel> models;
  Trainer trainer(models);
  const RewardRow missed = row(Arm::kTreated, 0), bought = row(Arm::kTreated, 1);
  const ValueTerms terms({missed.slot, "", 0}, missed.item, {}, missed.features);
  double lowest = 1, highest = 0;
  for (int i = 0; i < 40'000; ++i) {
    trainer.matured(i % 100 == 0 ? bought : missed);
    if (i % 2000 == 1999)
      for (int late = 0; late < 180; ++late) trainer.corrected(bought, missed);
    if (i < 20'000) continue;
    const double p = static_cast<double>(models.get()->estimate(terms).probability);
    lowest = std::min(lowest, p);
    highest = std::max(highest, p);
  }
  EXPECT_GT(lowest, 0.08);
  EXPECT_LT(highest, 0.12);
}

TEST(Trainer, CorrectionsThatWaitAreBoundedAndSurviveARestart) {
  Published<ValueModel> models_a, models_b;
  Trainer whole(models_a), half(models_b);
  const RewardRow missed = row(Arm::kTreated, 0), bought = row(Arm::kTreated, 1);
  for (int i = 0; i < 200; ++i) whole.matured(missed);
  for (std::size_t i = 0; i < kCorrectionsMax + 50; ++i) whole.corrected(bought, missed);
  const std::string saved = whole.save();
  ASSERT_TRUE(half.load(saved));
  for (Trainer* trainer : {&whole, &half})
    for (int i = 0; i < 500; ++i) trainer->matured(i % 5 == 0 ? bought : missed);
  EXPECT_TRUE(half.save() == whole.save());
  EXPECT_LT(saved.size(), kCorrectionsMax * 256 + 100'000);
  for (const std::size_t size : {saved.size() - 1, saved.size() / 2, std::size_t{9}}) {
    Trainer damaged(models_b);
    EXPECT_FALSE(damaged.load(saved.substr(0, size)));
  }
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
  EXPECT_TRUE(half.save() == whole.save());
  EXPECT_EQ(models_b.get()->version(), models_a.get()->version());
}

}  // namespace
}  // namespace ante
