#include "learning/online_logistic.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"

namespace ante {
namespace {

constexpr std::size_t kLanes = 8;
constexpr std::size_t kRowsAtOnce = 4;
constexpr std::size_t kStackFeatures = 1024;
constexpr int kNewtonStepsMax = 20;
constexpr double kNewtonPrecision = 1e-7;
constexpr double kCurvatureMin = 1e-3;  // a row that was foreseen still teaches a little

std::size_t padded_size(std::size_t size) { return (size + kLanes - 1) / kLanes * kLanes; }

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

float sum_of_lanes(const std::array<float, kLanes>& sums) {
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

// Sums in kLanes parts, in an order that does not depend on the compiler's choice of vectors.
// REQUIRES size a multiple of kLanes.
float dot(const float* a, const float* b, std::size_t size) {
  std::array<float, kLanes> sums{};
  for (std::size_t j = 0; j < size; j += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) sums[k] += a[j + k] * b[j + k];
  }
  return sum_of_lanes(sums);
}

void add_scaled(float* to, float scale, const float* from, std::size_t size) {
  for (std::size_t j = 0; j < size; ++j) to[j] += scale * from[j];
}

double plain_dot(std::span<const float> weights, std::span<const float> x) {
  const std::size_t whole = x.size() / kLanes * kLanes;
  float total = whole > 0 ? dot(weights.data(), x.data(), whole) : 0;
  for (std::size_t j = whole; j < x.size(); ++j) total += weights[j] * x[j];
  return static_cast<double>(total);
}

// The move d of the log-odds with d = variance (reward - sigmoid(log_odds + d)): the left side
// rises in d and the right side falls, so Newton inside a bracket finds the only one.
double implicit_move(double log_odds, double variance, double reward) {
  const double first = variance * (reward - sigmoid(log_odds));
  double low = std::min(0.0, first), high = std::max(0.0, first);
  double move = 0;
  for (int i = 0; i < kNewtonStepsMax; ++i) {
    const double expected = sigmoid(log_odds + move);
    const double excess = move - variance * (reward - expected);
    if (std::abs(excess) < kNewtonPrecision) break;
    (excess > 0 ? high : low) = move;
    move -= excess / (1 + variance * expected * (1 - expected));
    if (!(move > low && move < high)) move = (low + high) / 2;
  }
  return move;
}

}  // namespace

OnlineLogistic::OnlineLogistic(std::size_t features, double prior_variance)
    : weights_(features, 0.0F),
      row_start_((features + kRowsAtOnce - 1) / kRowsAtOnce * kRowsAtOnce + 1, 0),
      padded_(padded_size(features), 0.0F),
      gain_(padded_size(features), 0.0F) {
  CHECK(features >= 1 && prior_variance > 0);
  for (std::size_t i = 0; i + 1 < row_start_.size(); ++i)
    row_start_[i + 1] = row_start_[i] + padded_size(i + 1);
  covariance_.assign(row_start_.back(), 0.0F);
  const auto half = static_cast<float>(prior_variance / static_cast<double>(features) / 2);
  for (std::size_t i = 0; i < features; ++i) row(i)[i] = half;
}

double OnlineLogistic::variance(std::span<const float> x) const {
  CHECK(x.size() <= weights_.size());
  std::array<float, kStackFeatures> stack;  // only what is copied or filled is read
  std::vector<float> heap;
  const std::size_t size = padded_size(x.size());
  float* padded = stack.data();
  if (size > stack.size()) {
    heap.resize(size);
    padded = heap.data();
  }
  std::ranges::copy(x, padded);
  std::fill(padded + x.size(), padded + size, 0.0F);
  // x'Px = 2 sum_i x_i sum_{j<=i} T_ij x_j, with T the triangle and half the diagonal. Rows are
  // taken kRowsAtOnce at a time, which are equally long; where x is 0 in all of them they cost
  // nothing.
  static_assert(kRowsAtOnce == 4 && kLanes % kRowsAtOnce == 0);
  std::array<float, kLanes> sums{};
  for (std::size_t i = 0; i < x.size(); i += kRowsAtOnce) {
    const float *s = padded + i, *a = row(i), *b = row(i + 1), *c = row(i + 2), *d = row(i + 3);
    if (s[0] == 0 && s[1] == 0 && s[2] == 0 && s[3] == 0) continue;
    const float s0 = s[0], s1 = s[1], s2 = s[2], s3 = s[3];
    for (std::size_t j = 0; j <= i; j += kLanes) {
      for (std::size_t k = 0; k < kLanes; ++k) {
        const std::size_t at = j + k;
        sums[k] += ((s0 * a[at] + s1 * b[at]) + (s2 * c[at] + s3 * d[at])) * padded[at];
      }
    }
  }
  return std::max(2 * static_cast<double>(sum_of_lanes(sums)), 0.0);  // rounding may go below 0
}

double OnlineLogistic::expect(std::span<const float> x, double offset) const {
  const double log_odds = offset + plain_dot(weights_, x);
  return sigmoid(log_odds / std::sqrt(1 + M_PI / 8 * variance(x)));
}

void OnlineLogistic::update(std::span<const float> x, double reward, double offset) {
  CHECK(x.size() <= weights_.size() && reward >= 0 && reward <= 1);
  std::ranges::copy(x, padded_.begin());
  std::fill(padded_.begin() + static_cast<std::ptrdiff_t>(x.size()), padded_.end(), 0.0F);
  std::ranges::fill(gain_, 0.0F);
  // gain = P x from the triangle: each row gives its own sum, and to those up to it.
  used_ = std::max(used_, x.size());
  const std::size_t rows = used_;  // beyond them P is diagonal still, and P x is 0
  for (std::size_t i = 0; i < rows; ++i) {
    const float* t = row(i);
    const float across = dot(t, padded_.data(), padded_size(i + 1));
    if (padded_[i] != 0) add_scaled(gain_.data(), padded_[i], t, i + 1);
    gain_[i] += across;
  }
  double variance = 0;
  for (std::size_t i = 0; i < rows; ++i)
    variance += static_cast<double>(padded_[i]) * static_cast<double>(gain_[i]);
  variance = std::max(variance, 0.0);
  if (variance == 0) return;  // a row of zeros teaches nothing
  const double log_odds = offset + plain_dot(weights_, x);
  const double move = implicit_move(log_odds, variance, reward);
  const double expected = sigmoid(log_odds + move);
  const double curvature = std::max(kCurvatureMin, expected * (1 - expected));
  const auto step = static_cast<float>(move / variance);
  const auto shrink = static_cast<float>(curvature / (1 + curvature * variance));
  for (std::size_t i = 0; i < rows; ++i) {
    weights_[i] += step * gain_[i];
    add_scaled(row(i), -shrink * gain_[i], gain_.data(), i);
    row(i)[i] -= shrink * gain_[i] * gain_[i] / 2;
  }
}

}  // namespace ante
