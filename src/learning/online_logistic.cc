#include "learning/online_logistic.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "base/check.h"

namespace ante {
namespace {

constexpr std::size_t kLanes = 8;
constexpr std::size_t kColumnsAtOnce = 4;
constexpr std::size_t kStackFeatures = 1024;
constexpr int kNewtonStepsMax = 20;
constexpr double kNewtonPrecision = 1e-7;
constexpr double kCurvatureMin = 1e-3;  // a row that was foreseen still teaches a little

using Lanes = std::array<float, kLanes>;

std::size_t rounded_up(std::size_t size, std::size_t to) { return (size + to - 1) / to * to; }

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// Four floats at once, as g++ and clang both have them on every machine.
using Four [[gnu::vector_size(16)]] = float;

Four load_four(const float* from) {
  Four four;
  std::memcpy(&four, from, sizeof four);
  return four;
}

// The sums of a, of b, of c and of d.
Four sums_of_four(Four a, Four b, Four c, Four d) {
  const Four ab =
      __builtin_shufflevector(a, b, 0, 4, 1, 5) + __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Four cd =
      __builtin_shufflevector(c, d, 0, 4, 1, 5) + __builtin_shufflevector(c, d, 2, 6, 3, 7);
  return __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}

float sum_of_lanes(const Lanes& sums) {
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

// Sums in kLanes parts, in an order that does not depend on the compiler's choice of vectors.
// REQUIRES size a multiple of kLanes.
float dot(const float* a, const float* b, std::size_t size) {
  Lanes sums{};
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
      diagonal_(rounded_up(features, kColumnsAtOnce), 0.0F),
      column_start_(diagonal_.size() + 1, 0),
      padded_(rounded_up(features, kLanes), 0.0F),
      projected_(padded_.size(), 0.0F),
      gain_(padded_.size(), 0.0F) {
  CHECK(features >= 1 && prior_variance > 0);
  for (std::size_t j = 0; j < diagonal_.size(); ++j)
    column_start_[j + 1] = column_start_[j] + rounded_up(j + 1, kLanes);
  factor_.assign(column_start_.back(), 0.0F);
  for (std::size_t j = 0; j < features; ++j) {
    column(j)[j] = 1;
    diagonal_[j] = static_cast<float>(prior_variance / static_cast<double>(features));
  }
}

void OnlineLogistic::project(const float* x, std::size_t count, float* f) const {
  static_assert(kColumnsAtOnce == 4 && kLanes % kColumnsAtOnce == 0);
  for (std::size_t j = 0; j < count; j += kColumnsAtOnce) {
    const float *a = column(j), *b = column(j + 1), *c = column(j + 2), *d = column(j + 3);
    Four sa{}, sb{}, sc{}, sd{};
    for (std::size_t i = 0; i <= j; i += 4) {  // four columns from 4 n on end in the same four
      const Four value = load_four(x + i);
      sa += load_four(a + i) * value;
      sb += load_four(b + i) * value;
      sc += load_four(c + i) * value;
      sd += load_four(d + i) * value;
    }
    const Four sums = sums_of_four(sa, sb, sc, sd);
    std::memcpy(f + j, &sums, sizeof sums);
  }
}

double OnlineLogistic::variance(std::span<const float> x) const {
  CHECK(x.size() <= weights_.size());
  std::array<float, 2 * kStackFeatures> stack;  // only what is copied, filled or projected is read
  std::vector<float> heap;
  // Columns beyond the row matter too once they were used: U couples them to those before.
  const std::size_t count = std::max(used_, x.size());
  const std::size_t size = rounded_up(count, kLanes);
  float* padded = stack.data();
  if (2 * size > stack.size()) {
    heap.resize(2 * size);
    padded = heap.data();
  }
  float* const f = padded + size;
  std::ranges::copy(x, padded);
  std::fill(padded + x.size(), padded + size, 0.0F);
  project(padded, count, f);
  Four sums{};
  for (std::size_t j = 0; j < count; j += kColumnsAtOnce) {
    const Four four = load_four(f + j);
    sums += load_four(diagonal_.data() + j) * four * four;
  }
  return static_cast<double>((sums[0] + sums[2]) + (sums[1] + sums[3]));
}

double OnlineLogistic::expect(std::span<const float> x, double offset) const {
  const double log_odds = offset + plain_dot(weights_, x);
  return sigmoid(log_odds / std::sqrt(1 + M_PI / 8 * variance(x)));
}

void OnlineLogistic::update(std::span<const float> x, double reward, double offset) {
  CHECK(x.size() <= weights_.size() && reward >= 0 && reward <= 1);
  used_ = std::max(used_, x.size());
  std::ranges::copy(x, padded_.begin());
  std::fill(padded_.begin() + static_cast<std::ptrdiff_t>(x.size()), padded_.end(), 0.0F);
  project(padded_.data(), used_, projected_.data());
  double variance = 0;
  for (std::size_t j = 0; j < used_; ++j) {
    const auto f = static_cast<double>(projected_[j]);
    variance += static_cast<double>(diagonal_[j]) * f * f;
  }
  if (!(variance > 0)) return;  // a row of zeros teaches nothing
  const double log_odds = offset + plain_dot(weights_, x);
  const double move = implicit_move(log_odds, variance, reward);
  const double expected = sigmoid(log_odds + move);
  const double curvature = std::max(kCurvatureMin, expected * (1 - expected));
  shrink(1 / curvature);
  add_scaled(weights_.data(), static_cast<float>(move / variance), gain_.data(), used_);
}

// Bierman's update for a row of noise variance `noise`, with U'x in projected_; gain_ becomes the
// old P times x.
void OnlineLogistic::shrink(double noise) {
  std::fill(gain_.begin(), gain_.end(), 0.0F);
  double before = noise;
  for (std::size_t j = 0; j < used_; ++j) {
    const auto f = static_cast<double>(projected_[j]);
    const double v = static_cast<double>(diagonal_[j]) * f;
    const double after = before + v * f;
    diagonal_[j] = static_cast<float>(static_cast<double>(diagonal_[j]) * before / after);
    const auto factor = static_cast<float>(-f / before), share = static_cast<float>(v);
    float* const u = column(j);
    float* const gain = gain_.data();
    for (std::size_t i = 0; i < j; ++i) {
      const float old = u[i];
      u[i] = old + factor * gain[i];
      gain[i] += share * old;
    }
    gain[j] = share;
    before = after;
  }
}

}  // namespace ante
