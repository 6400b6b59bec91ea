#include "learning/slate_estimator.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ante {
namespace {

// A reward that is a sum over places of what item a brings at place k.
double reward_of(const std::vector<std::uint32_t>& slate, const std::vector<double>& worth,
                 std::size_t items) {
  double reward = 0.1;
  for (std::size_t k = 0; k < slate.size(); ++k) reward += worth[k * items + slate[k]];
  return reward;
}

std::vector<double> random_numbers(std::size_t count, Random& random) {
  std::vector<double> numbers(count);
  for (double& number : numbers) number = random.uniform();
  return numbers;
}

// By enumeration of every slate: sum over slates of P(logged) w r is the target's true value.
TEST(SlateEstimator, IsUnbiasedUnderPlackettLuce) {
  struct Shape {
    std::size_t items, places;
  };
  for (const auto& [items, places] :
       {Shape{2, 1}, Shape{3, 2}, Shape{3, 3}, Shape{5, 3}, Shape{6, 2}}) {
    Random random(items * 10 + places);
    for (int world = 0; world < 5; ++world) {
      const std::vector<double> logged = random_numbers(items, random),
                                target = random_numbers(items, random),
                                worth = random_numbers(items * places, random);
      double truth = 0, estimate = 0, sum = 0;
      for (const auto& s : plackett_luce_slates(target, places))
        truth += s.probability * reward_of(s.slate, worth, items);
      for (const auto& s : plackett_luce_slates(logged, places)) {
        const auto w =
            slate_weight({1, 0, SlateLogging::kPlackettLuce, s.slate, {logged}, {target}});
        ASSERT_TRUE(w) << w.error().message;
        EXPECT_EQ(w->out_of_support, 0);
        estimate += s.probability * w->weight * reward_of(s.slate, worth, items);
        sum += s.probability;
      }
      EXPECT_NEAR(sum, 1, 1e-12);
      EXPECT_NEAR(estimate, truth, 1e-9) << items << " items, " << places << " places";
    }
  }
}

TEST(SlateEstimator, IsUnbiasedWhenPlacesAreDrawnOnTheirOwn) {
  constexpr std::size_t kItems = 3, kPlaces = 3;
  Random random(4);
  for (int world = 0; world < 20; ++world) {
    std::vector<std::vector<double>> logged, target;
    for (std::size_t k = 0; k < kPlaces; ++k) {
      for (auto* lists : {&logged, &target}) {
        std::vector<double> p = random_numbers(kItems, random);
        double total = 0;
        for (const double each : p) total += each;
        for (double& each : p) each /= total;
        lists->push_back(p);
      }
    }
    const std::vector<double> worth = random_numbers(kItems * kPlaces, random);
    double truth = 0, estimate = 0;
    for (std::uint32_t a = 0; a < kItems; ++a) {
      for (std::uint32_t b = 0; b < kItems; ++b) {
        for (std::uint32_t c = 0; c < kItems; ++c) {
          const std::vector<std::uint32_t> slate = {a, b, c};
          const double r = reward_of(slate, worth, kItems);
          truth += target[0][a] * target[1][b] * target[2][c] * r;
          const auto w = slate_weight({1, 0, SlateLogging::kIndependent, slate, logged, target});
          ASSERT_TRUE(w);
          estimate += logged[0][a] * logged[1][b] * logged[2][c] * w->weight * r;
        }
      }
    }
    EXPECT_NEAR(estimate, truth, 1e-9);
  }
}

// The trap: the factored weight on Plackett-Luce slates, with the true marginal of each place, is
// off by far more than rounding, so the two tests above do tell the forms apart.
TEST(SlateEstimator, TheFactoredFormIsBiasedUnderPlackettLuce) {
  constexpr std::size_t kItems = 3, kPlaces = 2;
  const std::vector<double> logged = {0.7, 0.2, 0.1}, target = {0.1, 0.2, 0.7},
                            worth = {0.9, 0.1, 0.4, 0.2, 0.8, 0.5};
  std::vector<std::vector<double>> logged_places(kPlaces, std::vector<double>(kItems, 0)),
      target_places = logged_places;
  double truth = 0, estimate = 0;
  for (const auto& s : plackett_luce_slates(logged, kPlaces)) {
    for (std::size_t k = 0; k < kPlaces; ++k) logged_places[k][s.slate[k]] += s.probability;
  }
  for (const auto& s : plackett_luce_slates(target, kPlaces)) {
    truth += s.probability * reward_of(s.slate, worth, kItems);
    for (std::size_t k = 0; k < kPlaces; ++k) target_places[k][s.slate[k]] += s.probability;
  }
  for (const auto& s : plackett_luce_slates(logged, kPlaces)) {
    const auto w =
        slate_weight({1, 0, SlateLogging::kIndependent, s.slate, logged_places, target_places});
    estimate += s.probability * w->weight * reward_of(s.slate, worth, kItems);
  }
  EXPECT_GT(std::abs(estimate - truth), 0.01);
}

TEST(SlateEstimator, WhatCannotBeLoggedIsOutOfSupport) {
  const std::vector<double> logged = {0.5, 0.5, 0}, target = {0.2, 0.2, 0.6};
  const auto pl = slate_weight({1, 0, SlateLogging::kPlackettLuce, {0, 1}, {logged}, {target}});
  ASSERT_TRUE(pl);
  EXPECT_NEAR(pl->out_of_support, 0.6, 1e-12);
  const auto alone = slate_weight({1, 0, SlateLogging::kIndependent, {0}, {logged}, {target}});
  ASSERT_TRUE(alone);
  EXPECT_NEAR(alone->out_of_support, 0.6, 1e-12);
}

TEST(SlateEstimator, TooManySlatesAreRefused) {
  const std::vector<double> hand(40, 1.0);
  const auto w = slate_weight({1, 0, SlateLogging::kPlackettLuce, {0, 1, 2}, {hand}, {hand}});
  ASSERT_FALSE(w);
  EXPECT_NE(w.error().message.find("3 of 40 items"), std::string::npos);
}

}  // namespace
}  // namespace ante
