#include "learning/online_logistic.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ante {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// The same posterior in doubles, with a full matrix and bisection: short and slow.
class ObviousLogistic {
 public:
  ObviousLogistic(std::size_t size, double prior_variance)
      : w_(size, 0), p_(size, std::vector<double>(size, 0)) {
    for (std::size_t i = 0; i < size; ++i) p_[i][i] = prior_variance / static_cast<double>(size);
  }
  double expect(const std::vector<float>& x) const {
    return sigmoid(log_odds(x) / std::sqrt(1 + M_PI / 8 * variance(x)));
  }
  void update(const std::vector<float>& x, double reward) {
    const double m = log_odds(x), v = variance(x);
    double low = -v, high = v;
    for (int i = 0; i < 200; ++i) {
      const double middle = (low + high) / 2;
      (middle < v * (reward - sigmoid(m + middle)) ? low : high) = middle;
    }
    const double expected = sigmoid(m + low);
    const double curvature = std::max(1e-3, expected * (1 - expected));
    std::vector<double> gain = times(x);
    for (std::size_t i = 0; i < w_.size(); ++i) {
      w_[i] += low / v * gain[i];
      for (std::size_t j = 0; j < w_.size(); ++j)
        p_[i][j] -= curvature / (1 + curvature * v) * gain[i] * gain[j];
    }
  }

 private:
  std::vector<double> times(const std::vector<float>& x) const {
    std::vector<double> y(w_.size(), 0);
    for (std::size_t i = 0; i < w_.size(); ++i) {
      for (std::size_t j = 0; j < x.size(); ++j) y[i] += p_[i][j] * static_cast<double>(x[j]);
    }
    return y;
  }
  double variance(const std::vector<float>& x) const {
    const std::vector<double> y = times(x);
    double v = 0;
    for (std::size_t i = 0; i < x.size(); ++i) v += static_cast<double>(x[i]) * y[i];
    return v;
  }
  double log_odds(const std::vector<float>& x) const {
    double m = 0;
    for (std::size_t i = 0; i < x.size(); ++i) m += w_[i] * static_cast<double>(x[i]);
    return m;
  }
  std::vector<double> w_;
  std::vector<std::vector<double>> p_;
};

// Sizes around the lanes of the kernel, rows shorter than the model and longer than the last.
TEST(OnlineLogistic, IsTheObviousPosterior) {
  constexpr std::size_t kSizes[] = {1, 2, 7, 8, 9, 16, 23, 41};
  for (const std::size_t size : kSizes) {
    OnlineLogistic model(size, 20);
    ObviousLogistic obvious(size, 20);
    Random random(size);
    for (int row = 0; row < 400; ++row) {
      std::vector<float> x(1 + random.below(size));
      for (float& value : x)
        value = random.uniform() < 0.2 ? 0.0F : static_cast<float>(random.normal());
      const double reward = row % 5 == 0 ? random.uniform() : (random.uniform() < 0.3 ? 1 : 0);
      ASSERT_NEAR(model.expect(x), obvious.expect(x), 2e-3) << size << " row " << row;
      bool all_zero = true;
      for (const float value : x) all_zero = all_zero && value == 0;
      model.update(x, reward);
      if (!all_zero) obvious.update(x, reward);
    }
  }
}

// Ten thousand rows of a known model: the expectation comes within .05 of the truth on average, and
// at first, when nothing is known, it is near one half however large the row is.
TEST(OnlineLogistic, FindsAKnownModel) {
  const std::vector<float> truth = {0.5F, -2.0F, 1.0F, 0.0F, 0.7F};
  OnlineLogistic model(truth.size());
  Random random(5);
  double off = 0;
  constexpr int kRows = 10'000;
  EXPECT_NEAR(model.expect(std::vector<float>{100, 100, 100, 100, 100}), 0.5, 1e-9);
  for (int row = 0; row < kRows; ++row) {
    std::vector<float> x(truth.size());
    double log_odds = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = i == 0 ? 1.0F : static_cast<float>(random.normal());
      log_odds += static_cast<double>(x[i] * truth[i]);
    }
    if (row >= kRows / 2) off += std::abs(model.expect(x) - sigmoid(log_odds)) / (kRows / 2.0);
    model.update(x, random.uniform() < sigmoid(log_odds) ? 1 : 0);
  }
  EXPECT_LT(off, 0.05);
}

TEST(OnlineLogistic, NoRewardOvershootsAndZerosTeachNothing) {
  OnlineLogistic model(3, 1e3);
  const std::vector<float> x = {1, 10, -10}, zeros = {0, 0, 0};
  for (int i = 0; i < 100; ++i) {
    model.update(x, 0.25);
    ASSERT_TRUE(std::isfinite(model.expect(x)));
  }
  EXPECT_NEAR(model.expect(x), 0.25, 0.01);
  const double before = model.expect(x);
  model.update(zeros, 1);
  EXPECT_EQ(model.expect(x), before);
  EXPECT_NEAR(model.expect(zeros), 0.5, 1e-12);
}

// Features that depend on each other (levels sum to the constant) leave directions of which nothing
// is ever learned. A covariance updated by subtraction in single precision loses itself there: its
// variances fell below 0 and the weights ran away within these rows.
TEST(OnlineLogistic, StaysSoundAfterManyRowsOfDependentFeatures) {
  constexpr std::size_t kLevels = 8;
  OnlineLogistic model(2 * kLevels + 1, 1e5);
  Random random(6);
  std::vector<float> x(2 * kLevels + 1, 0.0F);
  const auto set_levels = [&](std::size_t one, std::size_t two) {
    std::fill(x.begin(), x.end(), 0.0F);
    x[0] = x[1 + one] = x[1 + kLevels + two] = 1;
  };
  const auto truth = [](std::size_t one, std::size_t two) {
    return sigmoid(-2 + 0.3 * static_cast<double>(one) - 0.2 * static_cast<double>(two));
  };
  for (int row = 0; row < 300'000; ++row) {
    const std::size_t one = random.below(kLevels), two = random.below(kLevels);
    set_levels(one, two);
    model.update(x, random.uniform() < truth(one, two) ? 1 : 0);
  }
  for (std::size_t one = 0; one < kLevels; ++one) {
    for (std::size_t two = 0; two < kLevels; ++two) {
      set_levels(one, two);
      EXPECT_NEAR(model.expect(x), truth(one, two), 0.015) << one << " " << two;
      EXPECT_GT(model.variance(x), 0);
    }
  }
}

TEST(OnlineLogistic, AnOffsetIsWhatUnseenRowsExpect) {
  const OnlineLogistic model(4, 1e-6);
  EXPECT_NEAR(model.expect(std::vector<float>{1, 1, 1, 1}, std::log(0.02 / 0.98)), 0.02, 1e-6);
}

TEST(OnlineLogistic, EqualRowsGiveEqualBits) {
  OnlineLogistic one(30), two(30);
  Random random(9);
  for (int row = 0; row < 300; ++row) {
    std::vector<float> x(30);
    for (float& value : x) value = static_cast<float>(random.normal());
    const double reward = random.uniform() < 0.5 ? 1 : 0;
    one.update(x, reward);
    two.update(x, reward);
    ASSERT_EQ(one.expect(x), two.expect(x));
  }
}

}  // namespace
}  // namespace ante
