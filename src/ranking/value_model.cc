#include "ranking/value_model.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"

namespace ante {

namespace {

constexpr std::uint8_t kValueModelFormat = 3;
// Standard deviations of the prior. The bias and the organic share say how a share of all comings
// relates to a chance in a slot, which differs from shop to shop far more than what a feature adds.
constexpr float kPriorSdBias = 2.0F;
constexpr float kPriorSdShare = 2.0F;
constexpr float kPriorSdDense = 1.0F;
constexpr float kPriorSdHashed = 0.2F;
// What the linear form cannot say, in logits: no amount of rewards makes the error smaller.
constexpr float kMisfitSd = 0.1F;
// The most of what is known along a row that the row itself can have brought.
constexpr double kRowShareMax = 0.9;
constexpr std::uint32_t kDense = kDenseWeights;
constexpr float kLn2 = 0.693147F;
constexpr std::size_t kSituationItemsMin = 3;  // fewer say nothing about how items differ

// Where learning starts: p = the organic share; what was told counts before anything was learned.
float prior(std::uint32_t weight) {
  if (weight == 0 || weight >= kDense) return 0;
  switch (static_cast<Feature>(weight - 1)) {
    case Feature::kOrganicShare:
      return kLn2 * 8;  // the feature is log2(share) / 8
    case Feature::kToldTopic:
      return 1.0F;
    case Feature::kPinned:
      return 1.0F;
    case Feature::kText:
      return 1.0F;
    case Feature::kLastingTopic:
      return 0.25F;
    default:
      return 0;
  }
}

float prior_sd(std::uint32_t weight) {
  if (weight >= kDense) return kPriorSdHashed;
  if (weight == 0) return kPriorSdBias;
  return static_cast<Feature>(weight - 1) == Feature::kOrganicShare ? kPriorSdShare : kPriorSdDense;
}

float prior_variance(std::uint32_t weight) { return prior_sd(weight) * prior_sd(weight); }

template <typename T>
T sigmoid(T z) {
  return T{1} / (T{1} + std::exp(-std::clamp(z, T{-30}, T{30})));
}

// How far a reward moves z: the d with d = spread (reward - sigmoid(z + d)), the mode of the
// posterior along the row. It lies between 0 and the right side's value at 0; Newton's steps are
// kept between the two, halving where they would leave.
double move_to_mode(double z, double spread, double reward) {
  double low = std::min(0.0, spread * (reward - sigmoid(z)));
  double high = std::max(0.0, spread * (reward - sigmoid(z)));
  double d = 0;
  for (int step = 0; step < 20; ++step) {
    const double p = sigmoid(z + d);
    const double off = d - spread * (reward - p);  // rises with d
    if (std::abs(off) < 1e-9) break;
    (off > 0 ? high : low) = d;
    d -= off / (1 + spread * p * (1 - p));
    if (d <= low || d >= high) d = (low + high) / 2;
  }
  return d;
}

// Crosses of two things: what both the one and the other, mixed with the kind of the cross, say.
std::uint64_t mixed(std::uint64_t value, std::uint64_t kind) {
  return mix64(value + kind * 0x632be59bd9b4e019ULL);
}
std::uint32_t hashed(std::uint64_t a, std::uint64_t mixed_b) {
  const std::uint64_t h = mix64(a * 0x9e3779b97f4a7c15ULL ^ mixed_b);
  return kDense + static_cast<std::uint32_t>(h % (kHashedWeights - kDense));
}

// What the organic share says already, and says better: it learns from every coming and against all
// items of the hand. Learned again from the few items that were served, these made the ranking
// worse (docs/decisions/0050-value-uncertainty.md). They stay in the records, for other models.
constexpr std::array kSaidByTheShare = {Feature::kMixtureShare,  Feature::kPopular15Min,
                                        Feature::kPopular3Hours, Feature::kPopular2Days,
                                        Feature::kPopular30Days, Feature::kTrailLift,
                                        Feature::kLastLift,      Feature::kItemAge};

enum Cross : std::uint64_t {
  kSlotBlock = 1,
  kSlotCross,
  kItemCross,
  kItemSlotCross,
  kSlotDeviceCross,
  kTopicSlotCross,
  kTopicDeviceCross,
  kTopicDayPartCross,
  kOwnCross,
};

}  // namespace

ValueContext::ValueContext(SlotKey slot_key, std::string_view device_name, std::uint8_t hour)
    : slot(mixed(slot_key.value, kTopicSlotCross)),
      device(mixed(hash64(device_name, 7), kTopicDeviceCross)),
      day_part(mixed(hour / 4U, kTopicDayPartCross)) {
  // A slot's own weights stand together: one random look-up, not twenty.
  const std::uint32_t block = hashed(slot_key.value, mixed(0, kSlotBlock)) / 32 * 32;
  slot_block = std::clamp<std::uint32_t>(block, 32, kHashedWeights - 64);
  slot_cross = hashed(slot_key.value, mixed(0, kSlotCross));
  slot_device_cross = hashed(slot_key.value, mixed(hash64(device_name, 7), kSlotDeviceCross));
}

ValueTerms::ValueTerms(const ValueContext& context, ItemKey item,
                       std::span<const std::uint32_t> topics, const QuantisedFeatures& features)
    : slot_block(context.slot_block) {
  dense[0] = 1;
  feature_values(features, std::span<float, kFeaturesUsed>(&dense[1], kFeaturesUsed));
  for (const Feature feature : kSaidByTheShare) dense[1 + static_cast<std::size_t>(feature)] = 0;
  static const std::uint64_t kForItem = mixed(0, kItemCross);
  const auto add = [this](std::uint32_t cross) { crosses[cross_count++] = cross; };
  const auto add_situation = [&](std::uint32_t cross) {
    situation_bits |= 1U << cross_count;
    add(cross);
  };
  add(context.slot_cross);
  add(context.slot_device_cross);
  // To who came to it before it is another thing.
  const std::uint64_t own =
      features[static_cast<std::size_t>(Feature::kOwnCount)] > 0 ? std::uint64_t{kOwnCross} : 0;
  add(hashed(item.value, kForItem + own));
  add(hashed(item.value, context.slot + kItemSlotCross + own));
  for (const std::uint32_t topic : topics.first(std::min(topics.size(), kTopics))) {
    if (topic == 0) continue;
    add(hashed(topic, context.slot));
    add_situation(hashed(topic, context.device));
    add_situation(hashed(topic, context.day_part));
  }
}

ValueModel::ValueModel() : ValueModel(ValueLearner().snapshot()->parameters_) {}

ValueModel::ValueModel(Parameters parameters) : parameters_(std::move(parameters)) {
  CHECK(parameters_.weights.size() == kHashedWeights &&
        parameters_.covariance.size() == kDenseWeights * kDenseWeights);
  for (std::size_t i = 0; i < kDenseWeights; ++i) {
    dense_[i] = parameters_.weights[i].mean;
    for (std::size_t j = 0; j < kDenseWeights; ++j)
      covariance_[i * kDenseStride + j] = parameters_.covariance[i * kDenseWeights + j];
  }
}

void ValueModel::prefetch(const ValueTerms& terms) const {
  for (std::uint32_t i = 0; i < terms.cross_count; ++i)
    __builtin_prefetch(&parameters_.weights[terms.crosses[i]]);
}

ValueCommon ValueModel::in_common(std::span<const ValueTerms> hand) const {
  ValueCommon common;
  if (hand.size() < 2) return common;
  common.count = static_cast<float>(hand.size());
  common.cross_bits = (1U << hand[0].cross_count) - 1;
  for (const ValueTerms& terms : hand) {
    for (std::size_t i = 0; i < kDenseStride; ++i) common.mean[i] += terms.dense[i];
    for (std::uint32_t j = 0; j < hand[0].cross_count; ++j) {
      if (j >= terms.cross_count || terms.crosses[j] != hand[0].crosses[j])
        common.cross_bits &= ~(1U << j);
    }
  }
  for (float& x : common.mean) x /= common.count;
  for (std::size_t i = 0; i < kDenseWeights; ++i) {
    const float* row = &covariance_[i * kDenseStride];
    for (std::size_t j = 0; j < kDenseStride; ++j) common.direction[j] += common.mean[i] * row[j];
  }
  for (std::size_t i = 0; i < kDenseStride; ++i)
    common.variance += common.direction[i] * common.mean[i];
  if (hand.size() >= kSituationItemsMin) weigh_situation(hand, common);
  return common;
}

void ValueModel::weigh_situation(std::span<const ValueTerms> hand, ValueCommon& common) const {
  constexpr float kPriorVariance = kPriorSdHashed * kPriorSdHashed;
  float sum = 0, squares = 0, luck = 0;
  for (const ValueTerms& terms : hand) {
    float adds = 0;
    for (std::uint32_t bits = terms.situation_bits; bits != 0; bits &= bits - 1) {
      const WeightBelief& belief =
          parameters_.weights[terms.crosses[static_cast<std::size_t>(std::countr_zero(bits))]];
      adds += belief.mean;
      // How far rewards alone have moved a weight that is truly 0.
      luck += belief.variance * std::max(0.0F, 1 - belief.variance / kPriorVariance);
    }
    sum += adds;
    squares += adds * adds;
  }
  common.situation = sum / common.count;
  const float differ = squares - sum * common.situation;
  luck *= 1 - 1 / common.count;
  common.believed = differ > luck ? 1 - luck / differ : 0;
}

ValueEstimate ValueModel::estimate(const ValueTerms& terms, const ValueCommon& common) const {
  const auto& x = terms.dense;
  alignas(32) std::array<float, kDenseStride> direction{};  // Px
  for (std::size_t i = 0; i < kDenseWeights; ++i) {
    if (x[i] == 0) continue;
    const float* row = &covariance_[i * kDenseStride];
    for (std::size_t j = 0; j < kDenseStride; ++j) direction[j] += x[i] * row[j];
  }
  const WeightBelief* slot = &parameters_.weights[terms.slot_block];
  alignas(32) std::array<float, kDenseStride> mean_part{}, variance_part{}, own_part{};
  for (std::size_t i = 0; i < kDenseWeights; ++i) {
    const float off = x[i] - common.mean[i];
    mean_part[i] = (dense_[i] + slot[i].mean) * x[i];
    variance_part[i] = (direction[i] + slot[i].variance * x[i]) * x[i];
    // (x - x̄)'P(x - x̄) = x'Px - 2x'Px̄ + x̄'Px̄; the last when all are summed.
    own_part[i] = (direction[i] - 2 * common.direction[i]) * x[i] + slot[i].variance * off * off;
  }
  float z = 0;
  float variance = 0;
  float own = common.variance;
  for (std::size_t i = 0; i < kDenseStride; ++i) {
    z += mean_part[i];
    variance += variance_part[i];
    own += own_part[i];
  }
  // Of K alike the mean itself errs as one of them does, by 1/K of its variance.
  if (common.count > 1) own *= common.count / (common.count - 1);
  for (std::uint32_t i = 0; i < terms.cross_count; ++i) {
    const WeightBelief& belief = parameters_.weights[terms.crosses[i]];
    const float part = (terms.situation_bits >> i & 1U) != 0 ? common.believed : 1.0F;
    z += part * belief.mean;
    variance += part * belief.variance;
    if ((common.cross_bits >> i & 1U) == 0) own += part * belief.variance;
  }
  z += (1 - common.believed) * common.situation;
  const float p = sigmoid(z);
  const float slope = p * (1 - p);
  const float shared = variance - std::clamp(own, 0.0F, std::max(0.0F, variance));
  return {p, slope * std::sqrt(std::max(0.0F, variance) + kMisfitSd * kMisfitSd), slope * kMisfitSd,
          slope * std::sqrt(std::max(0.0F, shared))};
}

std::string ValueModel::save() const {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kValueModelFormat);
  out.u64(parameters_.version);
  out.u64(parameters_.rows);
  out.f64(parameters_.reward_sd);
  out.varint(kHashedWeights);
  for (const WeightBelief& belief : parameters_.weights) {
    out.f32(belief.mean);
    out.f32(belief.variance);
  }
  for (const float v : parameters_.covariance) out.f32(v);
  out.u32(crc32c(bytes));
  return bytes;
}

Result<ValueModel> ValueModel::load(std::string_view bytes) {
  if (bytes.size() < 5 || crc32c(bytes.substr(0, bytes.size() - 4)) !=
                              ByteReader(bytes.substr(bytes.size() - 4)).u32()) {
    return data_loss("value model: the checksum does not match");
  }
  ByteReader in(bytes.substr(0, bytes.size() - 4));
  if (in.u8() != kValueModelFormat) return data_loss("value model: the file has an unknown format");
  Parameters read;
  read.version = in.u64();
  read.rows = in.u64();
  read.reward_sd = in.f64();
  if (in.varint() != kHashedWeights)
    return data_loss("value model: the file has another number of weights");
  bool finite = true;
  read.covariance.resize(kDenseWeights * kDenseWeights);
  read.weights.resize(kHashedWeights);
  const auto next = [&] {
    const float v = in.f32();
    finite = finite && std::isfinite(v);
    return v;
  };
  for (WeightBelief& belief : read.weights) {
    belief.mean = next();
    belief.variance = next();
  }
  for (float& v : read.covariance) v = next();
  if (!in.ok() || !in.at_end() || !finite) return data_loss("value model: the file is damaged");
  return ValueModel(std::move(read));
}

ValueLearner::ValueLearner()
    : weights_(kHashedWeights), covariance_(kDenseWeights * kDenseWeights, 0.0) {
  for (std::uint32_t i = 0; i < kHashedWeights; ++i) weights_[i] = {prior(i), prior_variance(i)};
  for (std::uint32_t i = 0; i < kDense; ++i)
    covariance_[i * kDenseWeights + i] = static_cast<double>(prior_variance(i));
}

ValueLearner::Direction ValueLearner::direction_of(const ValueTerms& terms) const {
  Direction d;
  const WeightBelief* slot = &weights_[terms.slot_block];
  for (std::size_t i = 0; i < kDenseWeights; ++i) {
    const double x = d.x[i] = static_cast<double>(terms.dense[i]);
    d.z += (static_cast<double>(weights_[i].mean) + static_cast<double>(slot[i].mean)) * x;
    d.spread += static_cast<double>(slot[i].variance) * x * x;
    if (x == 0) continue;
    const double* row = &covariance_[i * kDenseWeights];
    for (std::size_t j = 0; j < kDenseWeights; ++j) d.dense[j] += x * row[j];
  }
  for (std::size_t i = 0; i < kDenseWeights; ++i) d.spread += d.dense[i] * d.x[i];
  for (std::uint32_t i = 0; i < terms.cross_count; ++i) {
    d.z += static_cast<double>(weights_[terms.crosses[i]].mean);
    d.spread += static_cast<double>(weights_[terms.crosses[i]].variance);
  }
  return d;
}

void ValueLearner::move(const ValueTerms& terms, const Direction& direction, double pull,
                        double shrink) {
  const auto along = [&](WeightBelief& belief, double x) {
    const double spread = static_cast<double>(belief.variance) * x;
    belief.mean += static_cast<float>(spread * pull);
    belief.variance -= static_cast<float>(spread * spread * shrink);
  };
  for (std::uint32_t i = 0; i < terms.cross_count; ++i) along(weights_[terms.crosses[i]], 1);
  WeightBelief* slot = &weights_[terms.slot_block];
  for (std::size_t i = 0; i < kDenseWeights; ++i) {
    along(slot[i], direction.x[i]);
    weights_[i].mean += static_cast<float>(direction.dense[i] * pull);
    const double scaled = direction.dense[i] * shrink;
    double* row = &covariance_[i * kDenseWeights];
    for (std::size_t j = 0; j < kDenseWeights; ++j) row[j] -= scaled * direction.dense[j];
  }
}

void ValueLearner::learn(const ValueTerms& terms, float outcome, float importance) {
  const Direction d = direction_of(terms);
  if (!std::isfinite(d.z) || !std::isfinite(outcome) || !(importance > 0) ||
      !std::isfinite(importance) || !(d.spread > 0)) {
    ++refused_;
    return;
  }
  const auto weight = static_cast<double>(importance);
  const auto reward = static_cast<double>(std::clamp(outcome, 0.0F, 1.0F));
  const double p = sigmoid(d.z + move_to_mode(d.z, d.spread * weight, reward));
  const double curvature = weight * p * (1 - p);
  move(terms, d, weight * (reward - p), curvature / (1 + curvature * d.spread));
  ++rows_;
  sum_ += reward;
  sum_squares_ += reward * reward;
}

void ValueLearner::correct(const ValueTerms& terms, float before, float now) {
  const Direction d = direction_of(terms);
  if (!std::isfinite(d.z) || !std::isfinite(before) || !std::isfinite(now) || !(d.spread > 0)) {
    ++refused_;
    return;
  }
  const auto was = static_cast<double>(std::clamp(before, 0.0F, 1.0F));
  const auto is = static_cast<double>(std::clamp(now, 0.0F, 1.0F));
  // Without the row the spread was larger by its curvature; z balances its pull and the others'.
  const double p = sigmoid(d.z);
  const double known = std::min(p * (1 - p) * d.spread, kRowShareMax);
  const double spread_without = d.spread / (1 - known);
  const double moved = move_to_mode(d.z, spread_without, is - was + p);
  const double p_now = sigmoid(d.z + moved);
  const double curvature = std::max(0.0, p_now * (1 - p_now) - p * (1 - p));
  move(terms, d, moved / d.spread, curvature / (1 + curvature * d.spread));
  sum_ += is - was;
  sum_squares_ += is * is - was * was;
}

std::shared_ptr<const ValueModel> ValueLearner::snapshot() const {
  ValueModel::Parameters next;
  next.weights = weights_;
  next.covariance.assign(covariance_.begin(), covariance_.end());
  for (std::uint32_t i = 0; i < kDense; ++i)
    next.weights[i].variance = next.covariance[i * kDenseWeights + i];
  next.version = rows_;
  next.rows = rows_;
  const auto n = static_cast<double>(rows_);
  if (rows_ > 1)
    next.reward_sd = std::sqrt(std::max(0.0, sum_squares_ / n - sum_ / n * (sum_ / n)));
  return std::make_shared<const ValueModel>(std::move(next));
}

std::string ValueLearner::save() const {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kValueModelFormat);
  out.u64(rows_);
  out.u64(refused_);
  out.f64(sum_);
  out.f64(sum_squares_);
  out.varint(kDenseWeights);
  for (std::uint32_t i = 0; i < kDense; ++i) out.f32(weights_[i].mean);
  for (const double v : covariance_) out.f64(v);
  const auto is_learned = [&](std::uint32_t i) {
    return weights_[i].variance != prior_variance(i);
  };
  std::uint64_t learned = 0;
  for (std::uint32_t i = kDense; i < kHashedWeights; ++i) learned += is_learned(i) ? 1 : 0;
  out.varint(learned);
  for (std::uint32_t i = kDense; i < kHashedWeights; ++i) {
    if (!is_learned(i)) continue;
    out.u32(i);
    out.f32(weights_[i].mean);
    out.f32(weights_[i].variance);
  }
  return bytes;
}

Result<void> ValueLearner::load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.u8() != kValueModelFormat)
    return data_loss("value learner: the checkpoint has an unknown format");
  ValueLearner next;
  next.rows_ = in.u64();
  next.refused_ = in.u64();
  next.sum_ = in.f64();
  next.sum_squares_ = in.f64();
  bool fine = in.varint() == kDenseWeights;
  for (std::uint32_t i = 0; i < kDense && fine; ++i) {
    next.weights_[i].mean = in.f32();
    fine = std::isfinite(next.weights_[i].mean);
  }
  for (double& v : next.covariance_) {
    if (!fine) break;
    v = in.f64();
    fine = std::isfinite(v);
  }
  for (std::size_t left = fine ? in.count(12) : 0; left > 0 && in.ok(); --left) {
    const std::uint32_t i = in.u32();
    const float weight = in.f32();
    const float variance = in.f32();
    fine = i >= kDense && i < kHashedWeights && std::isfinite(weight) && variance >= 0 &&
           std::isfinite(variance);
    if (!fine) break;
    next.weights_[i] = {weight, variance};
  }
  if (!in.ok() || !in.at_end() || !fine)
    return data_loss("value learner: the checkpoint is damaged");
  *this = std::move(next);
  return {};
}

}  // namespace ante
