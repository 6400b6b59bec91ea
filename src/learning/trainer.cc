#include "learning/trainer.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace ante {

namespace {
constexpr std::uint8_t kTrainerFormat = 1;
}

Trainer::Trainer(Published<ValueModel>& models) : models_(models) {}

void Trainer::matured(const RewardRow& row) {
  if (row.arm == Arm::kHoldout || !row.in_hand) return;
  const ValueContext context{row.slot, row.situation.device, row.situation.hour};
  std::array<std::uint32_t, ValueTerms::kTopics> topics{};
  for (std::size_t i = 0; i < std::min(row.topics.size(), topics.size()); ++i)
    topics[i] = static_cast<std::uint32_t>(row.topics[i].value);
  state_.learn(ValueTerms(context, row.item, topics, row.features), row.reward > 0 ? 1.0F : 0.0F,
               1.0F);
  const std::uint64_t fresh = state_.rows() - published_rows_;
  if (fresh >= std::clamp(state_.rows() / 1000, kRowsAVersionMin, kRowsAVersionMax)) publish();
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
  return bytes;
}

Result<void> Trainer::load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.u8() != kTrainerFormat) return data_loss("trainer: the checkpoint has an unknown format");
  published_rows_ = in.u64();
  const std::string_view state = in.string();
  if (!in.ok() || !in.at_end()) return data_loss("trainer: the checkpoint is damaged");
  TRY(state_.load(state));
  if (published_rows_ > 0) publish();
  return {};
}

}  // namespace ante
