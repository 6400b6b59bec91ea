// The value model: P(goal | this item is shown here), calibrated, with its uncertainty.
//
// Logistic regression by FTRL-Proximal (McMahan et al. 2013, eq. in methods §4.1) over the dense
// features, the same features by slot, and hashed crosses of slot, item, topic, device and hour.
// Prior: the weight of the organic share starts where p equals that share, what the person told
// starts positive; FTRL learns the difference from the prior.
// Uncertainty: diagonal Laplace, var(z) = m² + Σ x² / (1/σ₀² + n), n = Σ p(1-p)x², m what the
// linear form cannot say. Its 95 % interval covers the truth in about three of four cases of the
// test's world: it is too narrow, and docs/decisions/0050-value-uncertainty.md says what is next.
// Cost: about 0.1 µs an item.
//
// ValueModel is immutable, versioned and checksummed; any thread. FtrlState is the learner's.

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

class FtrlState {
 public:
  FtrlState();

  // One matured outcome in 0..1 for the item with these terms; `importance` > 0.
  // Non-finite input is left out and counted.
  void learn(std::span<const ValueTerm> terms, float outcome, float importance);
  std::uint64_t rows() const { return rows_; }
  std::uint64_t refused() const { return refused_; }
  // An immutable model of the state now. Its version is the number of rows learned from, so a
  // rebuild gives the same versions.
  std::shared_ptr<const ValueModel> snapshot();

  std::string save() const;
  Result<void> load(std::string_view bytes);

 private:
  float weight(std::uint32_t i) const;

  std::vector<float> z_, squares_, information_;
  std::uint64_t rows_ = 0, refused_ = 0;
  double sum_ = 0, sum_squares_ = 0;
};

}  // namespace ante
