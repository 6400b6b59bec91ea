// Online logistic regression of second order: one pass, one row at a time, no step size to choose.
//
// In:   rows of features and rewards in [0, 1]. Out: the expected reward of a row, moderated by how
//       little is known of it.
//
// The weights have a Gaussian posterior N(w, P), at first N(0, (prior_variance / features) I), so
// that a row of features of size 1 has a log-odds variance of prior_variance at first. A row is
// taken in by the implicit step: w moves along P x to where the reward's log-likelihood and the old
// posterior are in balance (Kulis & Bartlett 2010, "Implicit online learning"), so no reward can
// overshoot; then P shrinks by the curvature there (the extended Kalman filter of the logistic
// model). The expected reward integrates over w: sigmoid(m / sqrt(1 + pi v / 8)), m = w.x,
// v = x'Px (Spiegelhalter & Lauritzen 1990; MacKay 1992).
//
// P is kept as U D U', with U unit upper triangular, and updated in this form (Bierman 1977), so
// that it stays positive in single precision after millions of rows of nearly dependent features;
// P itself does not (docs/decisions/0060-offline-evaluation.md).
//
// Cost: about 1.5 features^2 multiply-adds for an update and a third of it for an expectation;
// memory 2 features^2 bytes and a little. Steps are in a fixed order: equal rows give equal bits on
// one machine. One thread.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace ante {

inline constexpr double kPriorVariance = 100;

class OnlineLogistic {
 public:
  // REQUIRES features >= 1, prior_variance > 0.
  explicit OnlineLogistic(std::size_t features, double prior_variance = kPriorVariance);

  // The expected reward in (0, 1). Features beyond the end of `x` are 0.
  // `offset` is added to the log-odds. REQUIRES x.size() <= features, all finite.
  double expect(std::span<const float> x, double offset = 0) const;

  // Takes a row in. REQUIRES as above, 0 <= reward <= 1.
  void update(std::span<const float> x, double reward, double offset = 0);

  std::span<const float> weights() const { return weights_; }
  // x'Px: the variance of the row's log-odds.
  double variance(std::span<const float> x) const;

 private:
  // Column j of U, with its 1 on the diagonal, filled with zeros to a multiple of kLanes; columns
  // of zeros to a multiple of kColumnsAtOnce.
  const float* column(std::size_t j) const { return factor_.data() + column_start_[j]; }
  float* column(std::size_t j) { return factor_.data() + column_start_[j]; }
  // f = U' x for the first columns that hold `count` features; x is filled with zeros.
  void project(const float* x, std::size_t count, float* f) const;
  void shrink(double noise);

  std::size_t used_ = 0;                   // features that a row has had so far
  std::vector<float> weights_, diagonal_;  // of D
  std::vector<float> factor_;              // U
  std::vector<std::size_t> column_start_;
  std::vector<float> padded_, projected_, gain_;  // x, U'x and Px of the row at hand
};

}  // namespace ante
