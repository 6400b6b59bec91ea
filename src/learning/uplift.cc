#include "learning/uplift.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "domain/bucketing.h"
#include "learning/uplift_fit.h"

namespace ante {
namespace {

constexpr std::uint8_t kUpliftFormat = 1;
constexpr double kMicrosInUnit = 1e6;

std::int64_t micros_of(double outcome) {
  CHECK(std::abs(outcome) * kMicrosInUnit <= static_cast<double>(OutcomeSums::kOutcomeMicrosMax));
  return std::llround(outcome * kMicrosInUnit);
}

// W - e in ten-thousandths; e is held off 0 and 1.
WideInteger offset_of(bool treated, double treated_share) {
  CHECK(treated_share > 0 && treated_share < 1);
  constexpr std::int64_t kAll = kBuckets;
  const std::int64_t share =
      std::clamp<std::int64_t>(std::llround(treated_share * kAll), 1, kAll - 1);
  return treated ? kAll - share : -share;
}

// Adds what an outcome of `y` adds to the sums that hold it; sign -1 takes it back.
void add_outcome(UpliftSums& sums, bool treated, WideInteger d, std::int64_t micros, int sign) {
  const WideInteger y = micros, signed_y = y * sign;
  sums.sum[UpliftSums::kY] += signed_y;
  if (!treated) sums.sum[UpliftSums::kControlY] += signed_y;
  sums.sum[UpliftSums::kDY] += d * signed_y;
  sums.sum[UpliftSums::kD2Y] += d * d * signed_y;
  sums.sum[UpliftSums::kD3Y] += d * d * d * signed_y;
  sums.sum[UpliftSums::kD2Y2] += d * d * y * signed_y;
  if (micros != 0) sums.conversions[treated ? 1 : 0] += static_cast<std::uint64_t>(sign);
}

void write_wide(ByteWriter& out, WideInteger value) {
  out.u64(static_cast<std::uint64_t>(value));
  out.u64(static_cast<std::uint64_t>(value >> 64));
}

WideInteger read_wide(ByteReader& in) {
  const std::uint64_t low = in.u64();
  const auto high = static_cast<std::int64_t>(in.u64());
  return (static_cast<WideInteger>(high) << 64) | low;
}

}  // namespace

UpliftModel::UpliftModel(std::vector<Entry> table, Pairs pairs, double average)
    : table_(std::move(table)), pairs_(std::move(pairs)), average_(average) {
  CHECK(table_.size() == kTraitCombinations && std::isfinite(average_));
}

std::optional<UpliftModel::Effect> UpliftModel::effect(const Traits& traits) const {
  CHECK(valid(traits));
  if (!ready()) return std::nullopt;
  const Entry& entry = table_[trait_combination(traits)];
  const double value = entry.value, half_width = entry.half_width;
  return Effect{value, value - half_width, value + half_width, entry.baseline};
}

Exclusion UpliftModel::exclusion(const Traits& traits, double contact_cost,
                                 double goal_value) const {
  CHECK(contact_cost >= 0 && std::isfinite(contact_cost));
  CHECK(goal_value > 0 && std::isfinite(goal_value));
  const std::optional<Effect> here = effect(traits);
  if (!here) return Exclusion::kNone;
  if (here->high < 0) return Exclusion::kSleepingDog;
  if (!(goal_value * here->high < contact_cost)) return Exclusion::kNone;
  return here->baseline >= average_ ? Exclusion::kSureThing : Exclusion::kLostCause;
}

void UpliftLearner::add(const Traits& traits, bool treated, double treated_share, double outcome) {
  CHECK(valid(traits));
  const WideInteger d = offset_of(treated, treated_share);
  const std::int64_t micros = micros_of(outcome);
  UpliftSums& sums = cells_[trait_combination(traits)];
  ++sums.persons[treated ? 1 : 0];
  sums.sum[UpliftSums::kD] += d;
  sums.sum[UpliftSums::kD2] += d * d;
  sums.sum[UpliftSums::kD3] += d * d * d;
  sums.sum[UpliftSums::kD4] += d * d * d * d;
  add_outcome(sums, treated, d, micros, 1);
}

void UpliftLearner::replace(const Traits& traits, bool treated, double treated_share,
                            double old_outcome, double new_outcome) {
  CHECK(valid(traits));
  const auto found = cells_.find(trait_combination(traits));
  CHECK(found != cells_.end() && found->second.persons[treated ? 1 : 0] > 0);
  const WideInteger d = offset_of(treated, treated_share);
  const std::int64_t before = micros_of(old_outcome), after = micros_of(new_outcome);
  CHECK(before == 0 || found->second.conversions[treated ? 1 : 0] > 0);
  add_outcome(found->second, treated, d, before, -1);
  add_outcome(found->second, treated, d, after, 1);
}

void UpliftLearner::merge(const UpliftLearner& other) {
  for (const auto& [cell, from] : other.cells_) {
    UpliftSums& into = cells_[cell];
    for (std::size_t arm = 0; arm < 2; ++arm) {
      into.persons[arm] += from.persons[arm];
      into.conversions[arm] += from.conversions[arm];
    }
    for (std::size_t i = 0; i < UpliftSums::kSums; ++i) into.sum[i] += from.sum[i];
  }
}

UpliftModel UpliftLearner::model() const {
  for (const bool treated : {false, true}) {
    if (persons(treated) < kUpliftPersonsMin || conversions(treated) < kUpliftConversionsMin)
      return {};
  }
  return fit_uplift(cells_);
}

std::uint64_t UpliftLearner::persons(bool treated) const {
  std::uint64_t sum = 0;
  for (const auto& [cell, sums] : cells_) sum += sums.persons[treated ? 1 : 0];
  return sum;
}

std::uint64_t UpliftLearner::conversions(bool treated) const {
  std::uint64_t sum = 0;
  for (const auto& [cell, sums] : cells_) sum += sums.conversions[treated ? 1 : 0];
  return sum;
}

std::string UpliftLearner::save() const {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kUpliftFormat);
  out.varint(cells_.size());
  for (const auto& [cell, sums] : cells_) {
    out.u16(cell);
    for (const std::uint64_t n : sums.persons) out.varint(n);
    for (const std::uint64_t n : sums.conversions) out.varint(n);
    for (const WideInteger sum : sums.sum) write_wide(out, sum);
  }
  return bytes;
}

Result<void> UpliftLearner::load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.u8() != kUpliftFormat) return data_loss("uplift: the sums have an unknown format");
  UpliftCells cells;
  const std::size_t count = in.count(sizeof(std::uint16_t) + 4 + UpliftSums::kSums * 16);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const std::uint16_t cell = in.u16();
    const bool ascends = cells.empty() || cells.rbegin()->first < cell;
    if (cell >= kTraitCombinations || !ascends)
      return data_loss("uplift: the sums are damaged: a combination of traits that cannot be");
    UpliftSums& sums = cells[cell];
    for (std::uint64_t& n : sums.persons) n = in.varint();
    for (std::uint64_t& n : sums.conversions) n = in.varint();
    for (WideInteger& sum : sums.sum) sum = read_wide(in);
  }
  if (!in.ok() || !in.at_end()) return data_loss("uplift: the sums are damaged");
  cells_ = std::move(cells);
  return {};
}

}  // namespace ante
