#include "learning/feature_map.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ante {
namespace {

std::vector<float> observed(FeatureMap& map, std::vector<double> raw) {
  const auto features = map.observe(raw);
  return {features.begin(), features.end()};
}

TEST(FeatureMap, StandardisesAndCrosses) {
  FeatureMap map(2);
  EXPECT_EQ(map.features_max(), 1 + 2 + 3 + kLevelSlots);
  Random random(1);
  std::vector<float> last;
  double squares = 0;
  constexpr int kRows = 5000;
  for (int i = 0; i < kRows; ++i) {
    last = observed(map, {1000 + 3 * random.normal(), 0.001 * random.normal()});
    ASSERT_EQ(last[0], 1);
    squares += static_cast<double>(last[1] * last[1] + last[2] * last[2]) / 2 / kRows;
  }
  EXPECT_NEAR(squares, 1, 0.05);
  EXPECT_NEAR(last[3], 0.5F * last[1] * last[1] - 0.5F, 1e-5);
  EXPECT_NEAR(last[4], 0.5F * last[1] * last[2], 1e-5);
  EXPECT_NEAR(last[5], 0.5F * last[2] * last[2] - 0.5F, 1e-5);
}

TEST(FeatureMap, ContinuousNumbersStopCostingLevels) {
  FeatureMap map(1);
  for (int i = 0; i < 100; ++i) observed(map, {static_cast<double>(i)});
  for (const double raw : {3.0, 200.0}) {
    const auto features = map.look(std::vector<double>{raw});
    for (std::size_t i = 3; i < features.size(); ++i) EXPECT_EQ(features[i], 0);
  }
}

TEST(FeatureMap, FewValuesAreLevels) {
  FeatureMap map(1);
  for (int i = 0; i < 50; ++i) observed(map, {static_cast<double>(i % 3)});
  std::vector<std::vector<float>> rows;
  for (const double raw : {0.0, 1.0, 2.0, 7.0}) {
    const auto features = map.look(std::vector<double>{raw});
    rows.emplace_back(features.begin() + 3, features.end());
  }
  for (std::size_t i = 0; i < 3; ++i) {
    double size = 0;
    for (const float value : rows[i]) size += std::abs(static_cast<double>(value));
    EXPECT_EQ(size, 1);
    EXPECT_NE(rows[i], rows[(i + 1) % 3]);
  }
  for (const float value : rows[3]) EXPECT_EQ(value, 0);  // never seen
}

TEST(FeatureMap, LookTakesNothingInAndOutliersAreHeld) {
  FeatureMap map(1), same(1);
  for (int i = 0; i < 40; ++i) {
    observed(map, {i * 0.7});
    observed(same, {i * 0.7});
  }
  EXPECT_EQ(map.look(std::vector<double>{1e12})[1], kStandardMax);
  EXPECT_EQ(observed(map, {3}), observed(same, {3}));
}

TEST(FeatureMap, ConstantsAndTheFirstRowAreZero) {
  FeatureMap map(3);
  for (int i = 0; i < 3; ++i) {
    const std::vector<float> features = observed(map, {5, -1e300, 0});
    for (std::size_t j = 1; j <= 3; ++j) EXPECT_EQ(features[j], 0);
    for (const float value : features) EXPECT_TRUE(std::isfinite(value));
  }
}

TEST(FeatureMap, AThousandNumbersAreHashed) {
  FeatureMap map(kRawNumbersMax);
  EXPECT_EQ(map.features_max(), 1 + kStandardSlots + kCrossSlots + kLevelSlots);
  Random random(2);
  double size = 0;
  for (int i = 0; i < 200; ++i) {
    std::vector<double> raw(kRawNumbersMax);
    for (double& value : raw) value = random.normal();
    size = 0;
    for (const float value : map.observe(raw)) size += static_cast<double>(value * value);
  }
  EXPECT_LT(size, 2000);
  EXPECT_GT(size, 500);
}

}  // namespace
}  // namespace ante
