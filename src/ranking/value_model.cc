#include "ranking/value_model.h"

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"

namespace ante {

namespace {

constexpr std::uint8_t kFormat = 2;
// Standard deviations of the prior. The bias and the organic share say how a share of all comings
// relates to a chance in a slot, which differs from shop to shop far more than what a feature adds.
constexpr float kPriorSdBias = 2.0F;
constexpr float kPriorSdShare = 2.0F;
constexpr float kPriorSdDense = 1.0F;
constexpr float kPriorSdHashed = 0.2F;
// What the linear form cannot say, in logits: no amount of rewards makes the error smaller.
constexpr float kMisfitSd = 0.1F;
constexpr std::uint32_t kDense = kDenseWeights;

constexpr float kLn2 = 0.693147F;

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
std::vector<T> prior_covariance() {
  std::vector<T> covariance(kDenseWeights * kDenseWeights, T{0});
  for (std::uint32_t i = 0; i < kDense; ++i)
    covariance[i * kDenseWeights + i] = static_cast<T>(prior_variance(i));
  return covariance;
}

// The dense terms that are not 0, whose covariance is kept whole.
struct DenseTerms {
  std::array<ValueTerm, kDenseWeights> terms;
  std::size_t count = 0;
};

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

std::uint32_t hashed(std::uint64_t a, std::uint64_t b, std::uint64_t kind) {
  const std::uint64_t h =
      mix64(a * 0x9e3779b97f4a7c15ULL ^ mix64(b + kind * 0x632be59bd9b4e019ULL));
  return kDense + static_cast<std::uint32_t>(h % (kHashedWeights - kDense));
}

}  // namespace

std::size_t value_terms(const ValueContext& context, ItemKey item, std::span<const TopicKey> topics,
                        const QuantisedFeatures& features,
                        std::span<ValueTerm, kValueTermsMax> out) {
  std::size_t n = 0;
  out[n++] = {0, 1};
  std::array<float, kFeaturesUsed> values{};
  feature_values(features, values);
  const std::uint64_t slot = context.slot.value;
  // A slot's own weights stand together: one random look-up, not twenty.
  const std::uint32_t block = hashed(slot, 0, 1) / 32 * 32;
  const std::uint32_t base = std::clamp<std::uint32_t>(block, 32, kHashedWeights - 64);
  for (std::uint32_t f = 0; f < kFeaturesUsed; ++f) {
    out[n++] = {1 + f, values[f]};
    if (values[f] != 0) out[n++] = {base + f, values[f]};
  }
  const std::uint64_t device = hash64(context.device, 7);
  const std::uint64_t day_part = context.hour / 4U;
  out[n++] = {hashed(slot, 0, 2), 1};
  out[n++] = {hashed(item.value, 0, 3), 1};
  out[n++] = {hashed(item.value, slot, 4), 1};
  out[n++] = {hashed(slot, device, 5), 1};
  const std::size_t topics_used = std::min<std::size_t>(topics.size(), 4);
  for (std::size_t t = 0; t < topics_used; ++t) {
    out[n++] = {hashed(topics[t].value, slot, 6), 1};
    out[n++] = {hashed(topics[t].value, device, 7), 1};
    out[n++] = {hashed(topics[t].value, day_part, 8), 1};
  }
  return n;
}

ValueModel::ValueModel() : ValueModel(ValueLearner().snapshot()->parameters_) {}

ValueModel::ValueModel(Parameters parameters) : parameters_(std::move(parameters)) {
  CHECK(parameters_.weight.size() == kHashedWeights &&
        parameters_.variance.size() == kHashedWeights &&
        parameters_.covariance.size() == kDenseWeights * kDenseWeights);
}

ValueEstimate ValueModel::estimate(std::span<const ValueTerm> terms) const {
  float z = 0;
  float variance = kMisfitSd * kMisfitSd;
  DenseTerms dense;
  for (const ValueTerm& term : terms) {
    z += parameters_.weight[term.weight] * term.x;
    if (term.weight >= kDense) {
      variance += parameters_.variance[term.weight] * term.x * term.x;
    } else if (term.x != 0) {
      dense.terms[dense.count++] = term;
    }
  }
  for (std::size_t i = 0; i < dense.count; ++i) {
    const float* row = &parameters_.covariance[dense.terms[i].weight * kDenseWeights];
    float across = 0;  // twice what stands above the diagonal
    for (std::size_t j = 0; j < i; ++j) across += row[dense.terms[j].weight] * dense.terms[j].x;
    variance += dense.terms[i].x * (2 * across + row[dense.terms[i].weight] * dense.terms[i].x);
  }
  const float p = sigmoid(z);
  return {p, p * (1 - p) * std::sqrt(std::max(0.0F, variance))};
}

std::string ValueModel::save() const {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kFormat);
  out.u64(parameters_.version);
  out.u64(parameters_.rows);
  out.f64(parameters_.reward_sd);
  out.varint(kHashedWeights);
  for (const float v : parameters_.weight) out.f32(v);
  for (const float v : parameters_.variance) out.f32(v);
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
  if (in.u8() != kFormat) return data_loss("value model: the file has an unknown format");
  Parameters read;
  read.version = in.u64();
  read.rows = in.u64();
  read.reward_sd = in.f64();
  if (in.varint() != kHashedWeights)
    return data_loss("value model: the file has another number of weights");
  bool finite = true;
  read.covariance.resize(kDenseWeights * kDenseWeights);
  for (auto* values : {&read.weight, &read.variance}) values->resize(kHashedWeights);
  for (auto* values : {&read.weight, &read.variance, &read.covariance}) {
    for (float& v : *values) {
      v = in.f32();
      finite = finite && std::isfinite(v);
    }
  }
  if (!in.ok() || !in.at_end() || !finite) return data_loss("value model: the file is damaged");
  return ValueModel(std::move(read));
}

ValueLearner::ValueLearner()
    : weight_(kHashedWeights), variance_(kHashedWeights), covariance_(prior_covariance<double>()) {
  for (std::uint32_t i = 0; i < kHashedWeights; ++i) {
    weight_[i] = prior(i);
    variance_[i] = prior_variance(i);
  }
}

void ValueLearner::learn(std::span<const ValueTerm> terms, float outcome, float importance) {
  DenseTerms dense;
  double z = 0;
  double spread = 0;  // of z: x'Px
  for (const ValueTerm& term : terms) {
    const auto x = static_cast<double>(term.x);
    z += static_cast<double>(weight_[term.weight]) * x;
    if (term.weight >= kDense) {
      spread += static_cast<double>(variance_[term.weight]) * x * x;
    } else if (term.x != 0) {
      dense.terms[dense.count++] = term;
    }
  }
  std::array<double, kDenseWeights> direction{};  // Px of the dense weights
  for (std::size_t i = 0; i < kDenseWeights; ++i) {
    for (std::size_t j = 0; j < dense.count; ++j) {
      direction[i] += covariance_[i * kDenseWeights + dense.terms[j].weight] *
                      static_cast<double>(dense.terms[j].x);
    }
  }
  for (std::size_t j = 0; j < dense.count; ++j)
    spread += direction[dense.terms[j].weight] * static_cast<double>(dense.terms[j].x);
  if (!std::isfinite(z) || !std::isfinite(outcome) || !(importance > 0) ||
      !std::isfinite(importance) || !(spread > 0)) {
    ++refused_;
    return;
  }
  const auto weight = static_cast<double>(importance);
  const auto reward = static_cast<double>(std::clamp(outcome, 0.0F, 1.0F));
  const double moved = move_to_mode(z, spread * weight, reward);
  const double p = sigmoid(z + moved);
  const double pull = weight * (reward - p);
  const double curvature = weight * p * (1 - p);
  const double shrink = curvature / (1 + curvature * spread);
  for (const ValueTerm& term : terms) {
    if (term.weight < kDense) continue;
    const double along = static_cast<double>(variance_[term.weight] * term.x);
    weight_[term.weight] += static_cast<float>(along * pull);
    variance_[term.weight] -= static_cast<float>(along * along * shrink);
  }
  for (std::size_t i = 0; i < kDenseWeights; ++i) {
    weight_[i] += static_cast<float>(direction[i] * pull);
    const double scaled = direction[i] * shrink;
    double* row = &covariance_[i * kDenseWeights];
    for (std::size_t j = 0; j < kDenseWeights; ++j) row[j] -= scaled * direction[j];
  }
  ++rows_;
  sum_ += reward;
  sum_squares_ += reward * reward;
}

std::shared_ptr<const ValueModel> ValueLearner::snapshot() const {
  ValueModel::Parameters next;
  next.weight = weight_;
  next.variance = variance_;
  next.covariance.assign(covariance_.begin(), covariance_.end());
  for (std::uint32_t i = 0; i < kDense; ++i)
    next.variance[i] = next.covariance[i * kDenseWeights + i];
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
  out.u8(kFormat);
  out.u64(rows_);
  out.u64(refused_);
  out.f64(sum_);
  out.f64(sum_squares_);
  out.varint(kDenseWeights);
  for (std::uint32_t i = 0; i < kDense; ++i) out.f32(weight_[i]);
  for (const double v : covariance_) out.f64(v);
  const auto is_learned = [&](std::uint32_t i) { return variance_[i] != prior_variance(i); };
  std::uint64_t learned = 0;
  for (std::uint32_t i = kDense; i < kHashedWeights; ++i) learned += is_learned(i) ? 1 : 0;
  out.varint(learned);
  for (std::uint32_t i = kDense; i < kHashedWeights; ++i) {
    if (!is_learned(i)) continue;
    out.u32(i);
    out.f32(weight_[i]);
    out.f32(variance_[i]);
  }
  return bytes;
}

Result<void> ValueLearner::load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.u8() != kFormat) return data_loss("value learner: the checkpoint has an unknown format");
  ValueLearner next;
  next.rows_ = in.u64();
  next.refused_ = in.u64();
  next.sum_ = in.f64();
  next.sum_squares_ = in.f64();
  bool fine = in.varint() == kDenseWeights;
  for (std::uint32_t i = 0; i < kDense && fine; ++i) {
    next.weight_[i] = in.f32();
    fine = std::isfinite(next.weight_[i]);
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
    next.weight_[i] = weight;
    next.variance_[i] = variance;
  }
  if (!in.ok() || !in.at_end() || !fine)
    return data_loss("value learner: the checkpoint is damaged");
  *this = std::move(next);
  return {};
}

}  // namespace ante
