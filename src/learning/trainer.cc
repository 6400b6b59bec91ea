#include "learning/trainer.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/bytes.h"

namespace ante {

namespace {

constexpr std::uint8_t kTrainerFormat = 2;

bool is_learned(const RewardRow& row) { return row.arm == Arm::kTreated && row.in_hand; }

ValueTerms terms_of(const RewardRow& row) {
  const ValueContext context{row.slot, row.situation.device, row.situation.hour};
  std::array<std::uint32_t, ValueTerms::kTopics> topics{};
  for (std::size_t i = 0; i < std::min(row.topics.size(), topics.size()); ++i)
    topics[i] = static_cast<std::uint32_t>(row.topics[i].value);
  return {context, row.item, topics, row.features};
}

constexpr std::size_t kTermsBytesMin = 4 * kDenseWeights + 4 + 1 + 8;

void write_terms(ByteWriter& out, const ValueTerms& terms) {
  for (std::size_t i = 0; i < kDenseWeights; ++i) out.f32(terms.dense[i]);
  out.u32(terms.slot_block);
  out.u8(static_cast<std::uint8_t>(terms.cross_count));
  for (std::uint32_t i = 0; i < terms.cross_count; ++i) out.u32(terms.crosses[i]);
}

// False: no terms of a model of this size.
bool read_terms(ByteReader& in, ValueTerms& terms) {
  bool sound = true;
  for (std::size_t i = 0; i < kDenseWeights; ++i) {
    terms.dense[i] = in.f32();
    sound = sound && std::isfinite(terms.dense[i]);
  }
  terms.slot_block = in.u32();
  terms.cross_count = in.u8();
  if (!sound || terms.slot_block > kHashedWeights - kDenseWeights ||
      terms.cross_count > ValueTerms::kCrosses)
    return false;
  for (std::uint32_t i = 0; i < terms.cross_count; ++i) {
    terms.crosses[i] = in.u32();
    sound = sound && terms.crosses[i] < kHashedWeights;
  }
  return sound;
}

}  // namespace

Trainer::Trainer(Published<ValueModel>& models) : models_(models) {}

void Trainer::matured(const RewardRow& row) {
  if (!is_learned(row)) return;
  state_.learn(terms_of(row), static_cast<float>(row.share), 1.0F);
  correct_in_pace();
  const std::uint64_t fresh = state_.rows() - published_rows_;
  if (fresh >= std::clamp(state_.rows() / 1000, kRowsAVersionMin, kRowsAVersionMax)) publish();
}

void Trainer::corrected(const RewardRow& now, const RewardRow& before) {
  if (!is_learned(now) || !std::isfinite(now.share) || !std::isfinite(before.share)) return;
  late_.push_back({terms_of(now), static_cast<float>(before.share), static_cast<float>(now.share)});
  corrected_sum_ += std::abs(now.share - before.share);
  if (late_.size() > kCorrectionsMax) correct_oldest();
}

void Trainer::correct_oldest() {
  const Correction& oldest = late_.front();
  state_.correct(oldest.terms, oldest.before, oldest.now);
  credit_ -= static_cast<double>(std::abs(oldest.now - oldest.before));
  late_.pop_front();
}

void Trainer::correct_in_pace() {
  if (late_.empty()) {
    credit_ = 0;
    return;
  }
  credit_ += kCorrectionPace * corrected_sum_ / static_cast<double>(state_.rows());
  while (!late_.empty() &&
         credit_ >= static_cast<double>(std::abs(late_.front().now - late_.front().before)))
    correct_oldest();
}

void Trainer::publish() {
  published_rows_ = state_.rows();
  models_.publish(state_.snapshot());
}

std::string Trainer::save() const {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kTrainerFormat);
  out.u64(published_rows_);
  out.string(state_.save());
  out.f64(corrected_sum_);
  out.f64(credit_);
  out.varint(late_.size());
  for (const Correction& late : late_) {
    write_terms(out, late.terms);
    out.f32(late.before);
    out.f32(late.now);
  }
  return bytes;
}

Result<void> Trainer::load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.u8() != kTrainerFormat) return data_loss("trainer: the checkpoint has an unknown format");
  published_rows_ = in.u64();
  const std::string_view state = in.string();
  corrected_sum_ = in.f64();
  credit_ = in.f64();
  bool sound = std::isfinite(corrected_sum_) && std::isfinite(credit_);
  late_.clear();
  for (std::size_t left = in.count(kTermsBytesMin); left > 0 && in.ok() && sound; --left) {
    Correction& late = late_.emplace_back();
    sound = read_terms(in, late.terms);
    late.before = in.f32();
    late.now = in.f32();
  }
  if (!sound || late_.size() > kCorrectionsMax)
    return data_loss("trainer: the checkpoint is damaged");
  if (!in.ok() || !in.at_end()) return data_loss("trainer: the checkpoint is damaged");
  TRY(state_.load(state));
  // As it is now; when the next is due does not depend on a restart.
  if (published_rows_ > 0) models_.publish(state_.snapshot());
  return {};
}

}  // namespace ante
