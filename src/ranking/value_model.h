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
// Uncertainty: var(z) = m² + x'Px, m what the linear form cannot say; the coverage is tested. Part
// of it is the same error for all items of a hand (of the bias, the slot, the person), and says
// nothing of which of them is better: what differs is (x - x̄)'P(x - x̄) and the crosses of one's
// own. Why not FTRL: docs/decisions/0050-value-uncertainty.md. Cost: about 0.2 µs an item.
//
// ValueModel is immutable, versioned and checksummed; any thread. ValueLearner: one thread.

#pragma once

#include <array>
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
inline constexpr std::size_t kDenseStride = (kDenseWeights + 7) / 8 * 8;  // in whole vectors

// What a value depends on besides the item's own features; the same for all items of a request.
struct ValueContext {
  ValueContext(SlotKey slot, std::string_view device, std::uint8_t hour);

  std::uint32_t slot_block = 0, slot_cross = 0, slot_device_cross = 0;  // weights
  std::uint64_t slot, device, day_part;  // mixed, for the crosses of items and topics
};

// The terms of one item; one definition for training and serving. The dense ones stand in the model
// twice, for all slots and for this one; a cross is there or not.
struct ValueTerms {
  static constexpr std::size_t kTopics = 4;  // of an item; more are not looked at
  static constexpr std::size_t kCrosses = 4 + 3 * kTopics;

  ValueTerms() = default;
  // `topics`: low halves of keys; 0 = none.
  ValueTerms(const ValueContext& context, ItemKey item, std::span<const std::uint32_t> topics,
             const QuantisedFeatures& features);

  alignas(32) std::array<float, kDenseStride> dense{};  // 1, the features, zeros
  std::uint32_t slot_block = 0;  // of kDenseWeights weights, in the order of `dense`
  std::uint32_t cross_count = 0;
  std::array<std::uint32_t, kCrosses> crosses;
  std::uint32_t situation_bits = 0;  // bit j: cross j is of the device, the hour or the person
};

struct ValueEstimate {
  float probability = 0;
  float sd = 0;      // of the probability (delta method)
  float misfit = 0;  // the part of `sd` that no amount of rewards makes smaller
  float common = 0;  // the part of `sd` that is one error for all of the hand
};

// What the items of a hand have in common, to be told apart from what is their own.
struct ValueCommon {
  alignas(32) std::array<float, kDenseStride> mean{};       // x̄
  alignas(32) std::array<float, kDenseStride> direction{};  // Px̄ without the slot's block
  float variance = 0;                                       // x̄'Px̄
  float count = 0;                                          // items; below 2 nothing is in common
  std::uint32_t cross_bits = 0;                             // bit j: all have the same cross j
  // What device, hour and person add to an item, on average, and how much of what differs from that
  // is believed: the part that luck does not explain (random effects). The general wins ties.
  float situation = 0;
  float believed = 1;
};

struct WeightBelief {
  float mean = 0, variance = 0;
};

class ValueModel {
 public:
  struct Parameters {
    std::vector<WeightBelief> weights;  // kHashedWeights
    // kDenseWeights² of the weights before the hashed ones, whose `variance` is its diagonal.
    std::vector<float> covariance;
    std::uint64_t version = 0, rows = 0;
    double reward_sd = 0;
  };
  ValueModel();  // the prior, version 0
  explicit ValueModel(Parameters parameters);

  ValueEstimate estimate(const ValueTerms& terms, const ValueCommon& common = {}) const;
  ValueCommon in_common(std::span<const ValueTerms> hand) const;
  // Fetches what estimate() will read.
  void prefetch(const ValueTerms& terms) const;
  std::uint64_t version() const { return parameters_.version; }
  std::uint64_t rows() const { return parameters_.rows; }     // rewards learned from
  double reward_sd() const { return parameters_.reward_sd; }  // running sd of the reward, all slots

  std::string save() const;  // versioned, with a CRC
  static Result<ValueModel> load(std::string_view bytes);

 private:
  void weigh_situation(std::span<const ValueTerms> hand, ValueCommon& common) const;

  Parameters parameters_;
  alignas(32) std::array<float, kDenseStride> dense_{};  // the means of the dense weights
  alignas(32) std::array<float, kDenseStride * kDenseStride> covariance_{};
};

class ValueLearner {
 public:
  ValueLearner();

  // One matured outcome in 0..1 for the item with these terms; `importance` > 0.
  // Non-finite input is left out and counted.
  void learn(const ValueTerms& terms, float outcome, float importance);
  // A row that was learned with outcome `before`, at importance 1, has turned out to be `now`.
  // Nothing new was seen, only read wrong: the belief moves to where its mode lies with the row's
  // likelihood exchanged, and becomes surer only by what the row's curvature has grown. Delayed
  // feedback is mostly learned as a negative first and a positive beside it later (Ktena et al.
  // 2019), which pulls chances down by as many negatives as there were late positives.
  void correct(const ValueTerms& terms, float before, float now);
  std::uint64_t rows() const { return rows_; }
  std::uint64_t refused() const { return refused_; }
  // An immutable model of the state now. Its version is the number of rows learned from, so a
  // rebuild gives the same versions.
  std::shared_ptr<const ValueModel> snapshot() const;

  std::string save() const;
  Result<void> load(std::string_view bytes);

 private:
  // Where a row points in the belief.
  struct Direction {
    std::array<double, kDenseWeights> x{}, dense{};  // the dense terms, and Px of their weights
    double z = 0, spread = 0;                        // mean and variance of x'w
  };
  Direction direction_of(const ValueTerms& terms) const;
  // Moves the mean by Px pull, and the covariance by -Px x'P shrink.
  void move(const ValueTerms& terms, const Direction& direction, double pull, double shrink);

  std::vector<WeightBelief> weights_;  // kHashedWeights; the dense ones' variance is not used
  std::vector<double> covariance_;     // kDenseWeights²
  std::uint64_t rows_ = 0, refused_ = 0;
  double sum_ = 0, sum_squares_ = 0;
};

}  // namespace ante
