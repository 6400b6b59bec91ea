#include "ranking/value_model.h"

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"

namespace ante {

namespace {

constexpr std::uint8_t kFormat = 1;
constexpr float kRate = 0.04F;         // alpha
constexpr float kRateStart = 1.0F;     // beta
constexpr float kRidge = 1.0F;         // lambda 2
constexpr float kLassoHashed = 0.25F;  // lambda 1, of the hashed crosses
constexpr float kPriorSd = 0.1F;       // of a weight
constexpr float kPriorSdDense = 0.5F;
// What the linear form cannot say, in logits: no amount of rewards makes the error smaller.
constexpr float kMisfitSd = 0.2F;
constexpr std::uint32_t kDense = 1 + kFeaturesUsed;  // bias and dense features come first

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

float sigmoid(float z) { return 1.0F / (1.0F + std::exp(-std::clamp(z, -30.0F, 30.0F))); }

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

ValueModel::ValueModel() {
  parameters_.weight.assign(kHashedWeights, 0);
  parameters_.variance.assign(kHashedWeights, kPriorSd * kPriorSd);
  for (std::uint32_t i = 0; i < kDense; ++i) {
    parameters_.weight[i] = prior(i);
    parameters_.variance[i] = kPriorSdDense * kPriorSdDense;
  }
}

ValueModel::ValueModel(Parameters parameters) : parameters_(std::move(parameters)) {
  CHECK(parameters_.weight.size() == kHashedWeights &&
        parameters_.variance.size() == kHashedWeights);
}

ValueEstimate ValueModel::estimate(std::span<const ValueTerm> terms) const {
  float z = 0;
  float variance = kMisfitSd * kMisfitSd;
  for (const ValueTerm& term : terms) {
    z += parameters_.weight[term.weight] * term.x;
    variance += parameters_.variance[term.weight] * term.x * term.x;
  }
  const float p = sigmoid(z);
  return {p, p * (1 - p) * std::sqrt(variance)};
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
  for (auto* values : {&read.weight, &read.variance}) {
    values->resize(kHashedWeights);
    for (float& v : *values) {
      v = in.f32();
      finite = finite && std::isfinite(v);
    }
  }
  if (!in.ok() || !in.at_end() || !finite) return data_loss("value model: the file is damaged");
  return ValueModel(std::move(read));
}

FtrlState::FtrlState()
    : z_(kHashedWeights, 0), squares_(kHashedWeights, 0), information_(kHashedWeights, 0) {}

float FtrlState::weight(std::uint32_t i) const {
  const float lasso = i < kDense ? 0 : kLassoHashed;
  const float z = z_[i];
  if (std::abs(z) <= lasso) return prior(i);
  const float shrunk = z - (z > 0 ? lasso : -lasso);
  return prior(i) - shrunk / ((kRateStart + std::sqrt(squares_[i])) / kRate + kRidge);
}

void FtrlState::learn(std::span<const ValueTerm> terms, float outcome, float importance) {
  float total = 0;
  std::array<float, kValueTermsMax> weights{};
  for (std::size_t t = 0; t < terms.size(); ++t) {
    weights[t] = weight(terms[t].weight);
    total += weights[t] * terms[t].x;
  }
  if (!std::isfinite(total) || !std::isfinite(outcome) || !(importance > 0) ||
      !std::isfinite(importance)) {
    ++refused_;
    return;
  }
  const float p = sigmoid(total);
  const float error = (p - std::clamp(outcome, 0.0F, 1.0F)) * importance;
  for (std::size_t t = 0; t < terms.size(); ++t) {
    const std::uint32_t i = terms[t].weight;
    const float g = error * terms[t].x;
    const float g2 = g * g;
    const float sigma = (std::sqrt(squares_[i] + g2) - std::sqrt(squares_[i])) / kRate;
    z_[i] += g - sigma * (weights[t] - prior(i));
    squares_[i] += g2;
    information_[i] += p * (1 - p) * terms[t].x * terms[t].x * importance;
  }
  ++rows_;
  sum_ += static_cast<double>(outcome);
  sum_squares_ += static_cast<double>(outcome) * static_cast<double>(outcome);
}

std::shared_ptr<const ValueModel> FtrlState::snapshot() {
  ValueModel::Parameters next;
  next.weight.resize(kHashedWeights);
  next.variance.resize(kHashedWeights);
  for (std::uint32_t i = 0; i < kHashedWeights; ++i) {
    const float sd = i < kDense ? kPriorSdDense : kPriorSd;
    next.weight[i] = information_[i] == 0 ? prior(i) : weight(i);
    next.variance[i] = 1.0F / (1.0F / (sd * sd) + information_[i]);
  }
  next.version = rows_;
  next.rows = rows_;
  const auto n = static_cast<double>(rows_);
  if (rows_ > 1)
    next.reward_sd = std::sqrt(std::max(0.0, sum_squares_ / n - sum_ / n * (sum_ / n)));
  return std::make_shared<const ValueModel>(std::move(next));
}

std::string FtrlState::save() const {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kFormat);
  out.u64(rows_);
  out.u64(refused_);
  out.f64(sum_);
  out.f64(sum_squares_);
  std::uint64_t used = 0;
  for (const float v : information_) used += v != 0 ? 1 : 0;
  out.varint(used);
  for (std::uint32_t i = 0; i < kHashedWeights; ++i) {
    if (information_[i] == 0) continue;
    out.u32(i);
    out.f32(z_[i]);
    out.f32(squares_[i]);
    out.f32(information_[i]);
  }
  return bytes;
}

Result<void> FtrlState::load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.u8() != kFormat) return data_loss("value learner: the checkpoint has an unknown format");
  FtrlState next;
  next.rows_ = in.u64();
  next.refused_ = in.u64();
  next.sum_ = in.f64();
  next.sum_squares_ = in.f64();
  bool fine = true;
  for (std::size_t left = in.count(16); left > 0 && in.ok(); --left) {
    const std::uint32_t i = in.u32();
    const float z = in.f32();
    const float squares = in.f32();
    const float information = in.f32();
    fine = fine && i < kHashedWeights && std::isfinite(z) && std::isfinite(squares) &&
           std::isfinite(information);
    if (!fine) break;
    next.z_[i] = z;
    next.squares_[i] = squares;
    next.information_[i] = information;
  }
  if (!in.ok() || !in.at_end() || !fine)
    return data_loss("value learner: the checkpoint is damaged");
  *this = std::move(next);
  return {};
}

}  // namespace ante
