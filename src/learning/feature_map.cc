#include "learning/feature_map.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/random.h"

namespace ante {
namespace {

constexpr float kCrossScale = 0.5F;  // a product of two standard numbers counts half a number
constexpr double kDeviationMin = 1e-9;
constexpr std::uint64_t kLevelKey = 1ULL << 62, kStandardKey = 1ULL << 61;

// A slot and a sign for a key: the same on every machine.
template <typename Slot>
Slot hashed(std::uint64_t key, std::size_t slots) {
  const std::uint64_t bits = Random::splitmix64(key);
  return {static_cast<std::uint16_t>(bits % slots), (bits >> 40 & 1) != 0 ? 1.0F : -1.0F};
}

}  // namespace

FeatureMap::FeatureMap(std::size_t raw_count)
    : raw_count_(raw_count),
      standards_(std::min(raw_count, kStandardSlots)),
      crossed_(std::min(raw_count, kCrossedNumbersMax)),
      columns_(raw_count),
      standard_(raw_count, 0.0F) {
  CHECK(raw_count <= kRawNumbersMax);
  const std::size_t products = crossed_ * (crossed_ + 1) / 2;
  crosses_ = std::min(products, kCrossSlots);
  const bool hashed_crosses = products > kCrossSlots;
  for (std::size_t i = 0; i < products; ++i) {
    cross_slots_.push_back(hashed_crosses ? hashed<Slot>(i, kCrossSlots)
                                          : Slot{static_cast<std::uint16_t>(i), 1.0F});
  }
  for (std::size_t i = 0; i < raw_count; ++i) {
    standard_slots_.push_back(raw_count > kStandardSlots
                                  ? hashed<Slot>(kStandardKey + i, kStandardSlots)
                                  : Slot{static_cast<std::uint16_t>(i), 1.0F});
  }
  // Hashed together they add up: the features of a row keep the size of kCrossSlots single ones.
  cross_scale_ =
      hashed_crosses
          ? kCrossScale * std::sqrt(static_cast<float>(kCrossSlots) / static_cast<float>(products))
          : kCrossScale;
  features_.assign(features_max(), 0.0F);
  size_ = 1 + standards_ + crosses_;
}

void FeatureMap::take_in(std::span<const double> raw) {
  ++rows_;
  for (std::size_t i = 0; i < raw_count_; ++i) {
    Column& column = columns_[i];
    const double off = raw[i] - column.mean;
    column.mean += off / static_cast<double>(rows_);
    column.squares += off * (raw[i] - column.mean);
    if (column.levels.size() <= kLevelsMax &&
        std::ranges::find(column.levels, raw[i]) == column.levels.end()) {
      column.levels.push_back(raw[i]);
    }
  }
}

std::span<const float> FeatureMap::observe(std::span<const double> raw) {
  CHECK(raw.size() == raw_count_);
  take_in(raw);
  return look(raw);
}

std::span<const float> FeatureMap::look(std::span<const double> raw) {
  CHECK(raw.size() == raw_count_);
  std::ranges::fill(features_, 0.0F);
  features_[0] = 1;
  float* const standards = features_.data() + 1;
  float* const crosses = standards + standards_;
  float* const levels = crosses + crosses_;
  for (std::size_t i = 0; i < raw_count_; ++i) {
    const Column& column = columns_[i];
    const double sd = rows_ > 1 ? std::sqrt(column.squares / static_cast<double>(rows_)) : 0;
    const double z = sd > kDeviationMin ? (raw[i] - column.mean) / sd : 0;
    standard_[i] = std::clamp(static_cast<float>(z), -kStandardMax, kStandardMax);
    standards[standard_slots_[i].slot] += standard_slots_[i].sign * standard_[i];
    // Each value was seen twice on average, or these are no levels (yet).
    if (column.levels.size() > kLevelsMax || 2 * column.levels.size() > rows_) continue;
    const auto level = std::ranges::find(column.levels, raw[i]);
    if (level == column.levels.end()) continue;
    const auto number = static_cast<std::uint64_t>(level - column.levels.begin());
    const Slot slot = hashed<Slot>(kLevelKey + i * (kLevelsMax + 1) + number, kLevelSlots);
    levels[slot.slot] += slot.sign;
    size_ = std::max(size_, 1 + standards_ + crosses_ + slot.slot + 1);
  }
  const Slot* slot = cross_slots_.data();
  for (std::size_t i = 0; i < crossed_; ++i) {
    const float scaled = cross_scale_ * standard_[i];
    for (std::size_t j = i; j < crossed_; ++j, ++slot) {
      const float product = scaled * standard_[j] - (i == j ? cross_scale_ : 0);
      crosses[slot->slot] += slot->sign * product;
    }
  }
  return {features_.data(), size_};
}

}  // namespace ante
