// The value model: P(goal | this item is shown here), calibrated, with its uncertainty.
//
// Bayesian logistic regression, one row after the other, over the dense features, the same features
// by slot, and hashed crosses of slot, item, topic, device and hour. The belief is Gaussian: the
// dense weights with their full covariance (they are correlated), every other weight with its own
// variance. A row moves the belief to the mode of its posterior along the row's direction, and adds
// the row's curvature: the assumed-density filter of Spiegelhalter & Lauritzen 1990, in blocks as
// the decoupled Kalman filter of Puskorius & Feldkamp 1991. There is no learning rate to set.
// Prior: the weight of the organic share starts where p equals that share, what the person told
// starts positive; learning finds the difference from the prior.
// Uncertainty: var(z) = m² + x'Px, m what the linear form cannot say; the coverage is tested.
// Why not FTRL: docs/decisions/0050-value-uncertainty.md. Cost: about 0.2 µs an item.
//
// ValueModel is immutable, versioned and checksummed; any thread. ValueLearner: one thread.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/decision.h"
#include "ranking/features.h"

namespace ante {

inline constexpr std::size_t kHashedWeights = 1u << 18;
inline constexpr std::size_t kDenseWeights = 1 + kFeaturesUsed;  // bias and features come first

// What a value depends on besides the item's own features.
struct ValueContext {
  SlotKey slot;
  std::string_view device;
  std::uint8_t hour = 0;
};

struct ValueTerm {
  std::uint32_t weight;
  float x;
};
inline constexpr std::size_t kValueTermsMax = 1 + 2 * kFeaturesUsed + 4 + 3 * 4;

// The terms of one item: fills `out`, returns how many. One definition for training and serving.
std::size_t value_terms(const ValueContext& context, ItemKey item, std::span<const TopicKey> topics,
                        const QuantisedFeatures& features,
                        std::span<ValueTerm, kValueTermsMax> out);

struct ValueEstimate {
  float probability = 0;
  float sd = 0;  // of the probability (delta method)
};

class ValueModel {
 public:
  struct Parameters {
    std::vector<float> weight, variance;  // kHashedWeights of each
    // kDenseWeights² of the weights before the hashed ones, whose `variance` is its diagonal.
    std::vector<float> covariance;
    std::uint64_t version = 0, rows = 0;
    double reward_sd = 0;
  };
  ValueModel();  // the prior, version 0
  explicit ValueModel(Parameters parameters);

  ValueEstimate estimate(std::span<const ValueTerm> terms) const;
  std::uint64_t version() const { return parameters_.version; }
  std::uint64_t rows() const { return parameters_.rows; }     // rewards learned from
  double reward_sd() const { return parameters_.reward_sd; }  // running sd of the reward, all slots

  std::string save() const;  // versioned, with a CRC
  static Result<ValueModel> load(std::string_view bytes);

 private:
  Parameters parameters_;
};

class ValueLearner {
 public:
  ValueLearner();

  // One matured outcome in 0..1 for the item with these terms; `importance` > 0.
  // Non-finite input is left out and counted.
  void learn(std::span<const ValueTerm> terms, float outcome, float importance);
  std::uint64_t rows() const { return rows_; }
  std::uint64_t refused() const { return refused_; }
  // An immutable model of the state now. Its version is the number of rows learned from, so a
  // rebuild gives the same versions.
  std::shared_ptr<const ValueModel> snapshot() const;

  std::string save() const;
  Result<void> load(std::string_view bytes);

 private:
  std::vector<float> weight_, variance_;  // kHashedWeights of each; the dense ones' variance unused
  std::vector<double> covariance_;        // kDenseWeights²
  std::uint64_t rows_ = 0, refused_ = 0;
  double sum_ = 0, sum_squares_ = 0;
};

}  // namespace ante
