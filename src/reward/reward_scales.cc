#include "reward/reward_scales.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "base/bytes.h"

namespace ante {

namespace {

constexpr std::uint8_t kRewardScalesFormat = 1;
constexpr std::size_t kSlotBytes = 8 + 8 + 8 + 8;

}  // namespace

void RewardScales::matured(const RewardRow& row) {
  if (row.arm != Arm::kTreated || !std::isfinite(row.reward)) return;
  Sums& sums = sums_[row.slot];
  ++sums.n;
  const double off = row.reward - sums.mean;
  sums.mean += off / static_cast<double>(sums.n);
  sums.squares += off * (row.reward - sums.mean);
  changed_ = true;
}

void RewardScales::corrected(const RewardRow& now, const RewardRow& before) {
  const auto found = sums_.find(now.slot);
  if (found == sums_.end() || now.arm != Arm::kTreated || !std::isfinite(now.reward)) return;
  Sums& sums = found->second;
  const double change = now.reward - before.reward, mean_before = sums.mean;
  sums.mean += change / static_cast<double>(sums.n);
  sums.squares += change * (now.reward - sums.mean + before.reward - mean_before);
  sums.squares = std::max(0.0, sums.squares);
  changed_ = true;
}

void RewardScales::commit_consumed(Commit) {
  if (changed_) publish();
}

void RewardScales::publish() {
  auto scales = std::make_shared<RewardScaleMap>();
  for (const auto& [slot, sums] : sums_) {
    const double variance = sums.n < 2 ? 0 : sums.squares / static_cast<double>(sums.n - 1);
    (*scales)[slot] = {sums.n, sums.mean, std::sqrt(variance)};
  }
  published_.publish(std::move(scales));
  changed_ = false;
}

std::string RewardScales::save() const {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kRewardScalesFormat);
  out.varint(sums_.size());
  for (const auto& [slot, sums] : sums_) {
    out.u64(slot.value);
    out.u64(sums.n);
    out.f64(sums.mean);
    out.f64(sums.squares);
  }
  return bytes;
}

Result<void> RewardScales::load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.u8() != kRewardScalesFormat)
    return data_loss("reward scales: the checkpoint is of a format that is not known");
  const std::size_t count = in.count(kSlotBytes);
  for (std::size_t i = 0; i < count; ++i) {
    const SlotKey slot{in.u64()};
    Sums sums;
    sums.n = in.u64();
    sums.mean = in.f64();
    sums.squares = in.f64();
    if (!std::isfinite(sums.mean) || !(sums.squares >= 0))
      return data_loss("reward scales: the checkpoint is damaged");
    sums_[slot] = sums;
  }
  if (!in.ok() || !in.at_end()) return data_loss("reward scales: the checkpoint is damaged");
  publish();
  return {};
}

}  // namespace ante
