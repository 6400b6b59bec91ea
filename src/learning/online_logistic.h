// Online logistic regression of second order: one pass, one row at a time, no step size to choose.
//
// In:   rows of features and rewards in [0, 1]. Out: the expected reward of a row, moderated by how
//       little is known of it.
//
// The weights have a Gaussian posterior N(w, P), at first N(0, (prior_variance / features) I), so
// that a row of features of size 1 has a log-odds variance of prior_variance at first. A row is
// taken in by the implicit step: w moves along P x to where the reward's log-likelihood and the old
// posterior are in balance (Kulis & Bartlett 2010, "Implicit online learning"), so no reward can
// overshoot; then P shrinks by the curvature there (Sherman-Morrison; the extended Kalman filter
// of the logistic model). The expected reward integrates over w: sigmoid(m / sqrt(1 + pi v / 8)),
// m = w.x, v = x'Px (Spiegelhalter & Lauritzen 1990; MacKay 1992).
//
// Cost: about features^2 multiply-adds for an update and half of it for an expectation; memory
// 2 features^2 bytes and a little. Steps are in a fixed order: equal rows give equal bits on one
// machine. One thread.

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
  // The lower triangle of P with half of its diagonal, a row at a time, each filled with zeros to a
  // multiple of kLanes; rows of zeros to a multiple of kRowsAtOnce.
  const float* row(std::size_t i) const { return covariance_.data() + row_start_[i]; }
  float* row(std::size_t i) { return covariance_.data() + row_start_[i]; }

  std::size_t used_ = 0;  // features that a row has had so far
  std::vector<float> weights_;
  std::vector<float> covariance_;
  std::vector<std::size_t> row_start_;
  std::vector<float> padded_, gain_;  // x and Px of the row at hand, filled with zeros
};

}  // namespace ante
