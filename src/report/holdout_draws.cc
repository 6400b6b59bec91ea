#include "report/holdout_draws.h"

#include <algorithm>

#include "base/bytes.h"
#include "domain/bucketing.h"

namespace ante {

namespace {

constexpr std::uint8_t kDrawsFormat = 1;
constexpr std::size_t kSlotDrawBytesMin = 8 + 1 + 2 * (2 + 32) + 6 + 1;

void write_closed(ByteWriter& out, const OutcomeSums& sums) {
  out.varint(sums.n);
  out.varint(sums.conversions);
  out.fixed(sums.sum);
  out.fixed(sums.sum_of_squares);
}

OutcomeSums read_closed(ByteReader& in) {
  OutcomeSums sums;
  sums.n = in.varint();
  sums.conversions = in.varint();
  sums.sum = in.fixed<WideInteger>();
  sums.sum_of_squares = in.fixed<WideInteger>();
  return sums;
}

}  // namespace

SlotDraw HoldoutDraws::slot(SlotKey slot) const {
  const auto found = slots_.find(slot);
  return found == slots_.end() ? SlotDraw{} : found->second.counts;
}

bool HoldoutDraws::consume(const Object& object) {
  if (object.type != kHoldoutObjectType || object.id != kHoldoutObjectId) return false;
  const Result<HoldoutDraw> draw = holdout_draw_from_json(object.json);
  if (!draw || *draw == draw_) return false;
  const bool is_new = draw->epoch != draw_.epoch;
  draw_ = *draw;
  if (is_new) slots_.clear();
  return is_new;
}

void HoldoutDraws::close(SlotKey slot, const OutcomeSums& treated, const OutcomeSums& holdout,
                         std::vector<PersonHash> held_out) {
  Known& known = slots_[slot];
  known.counts = {};
  known.counts.closed_epoch = draw_.epoch == 0 ? 0 : draw_.epoch - 1;
  known.counts.treated = treated;
  known.counts.holdout = holdout;
  known.held_before = {held_out.begin(), held_out.end()};
}

void HoldoutDraws::entered(SlotKey slot, PersonHash person, Arm arm,
                           std::uint16_t holdout_buckets) {
  if (is_control(arm)) return;
  Known& known = slots_[slot];
  SlotDraw& counts = known.counts;
  const bool held = arm == Arm::kHoldout;
  ++counts.entered;
  counts.held_out += held ? 1 : 0;
  if (known.held_before.erase(person) == 0) return;
  ++counts.returned;
  counts.held_again += held ? 1 : 0;
  counts.expected_buckets += holdout_buckets;
  counts.variance_buckets += std::uint64_t{holdout_buckets} * (kBuckets - holdout_buckets);
}

void HoldoutDraws::join(const PersonLinks::Joined& joined) {
  for (auto& [slot, known] : slots_) {
    if (known.held_before.erase(joined.gone) != 0) known.held_before.insert(joined.kept);
  }
}

void HoldoutDraws::forget(PersonHash person) {
  for (auto& [slot, known] : slots_) known.held_before.erase(person);
}

void HoldoutDraws::save(std::string& bytes) const {
  ByteWriter out(bytes);
  out.u8(kDrawsFormat);
  out.u32(draw_.epoch);
  out.svarint(draw_.since_ms);
  out.varint(slots_.size());
  for (const auto& [slot, known] : slots_) {
    const SlotDraw& counts = known.counts;
    out.u64(slot.value);
    out.varint(counts.closed_epoch);
    write_closed(out, counts.treated);
    write_closed(out, counts.holdout);
    for (const std::uint64_t n :
         {counts.entered, counts.held_out, counts.returned, counts.held_again,
          counts.expected_buckets, counts.variance_buckets}) {
      out.varint(n);
    }
    std::vector<PersonHash> people(known.held_before.begin(), known.held_before.end());
    std::sort(people.begin(), people.end());
    out.varint(people.size());
    for (const PersonHash person : people) {
      out.u64(person.value.hi);
      out.u64(person.value.lo);
    }
  }
}

Result<void> HoldoutDraws::load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.u8() != kDrawsFormat)
    return data_loss("holdout draws: the checkpoint is of a format that is not known");
  draw_.epoch = in.u32();
  draw_.since_ms = in.svarint();
  const std::size_t slots = in.count(kSlotDrawBytesMin);
  for (std::size_t i = 0; i < slots; ++i) {
    Known& known = slots_[SlotKey{in.u64()}];
    SlotDraw& counts = known.counts;
    counts.closed_epoch = static_cast<std::uint32_t>(in.varint());
    counts.treated = read_closed(in);
    counts.holdout = read_closed(in);
    for (std::uint64_t* n :
         {&counts.entered, &counts.held_out, &counts.returned, &counts.held_again,
          &counts.expected_buckets, &counts.variance_buckets}) {
      *n = in.varint();
    }
    const std::size_t people = in.count(16);
    known.held_before.reserve(people);
    for (std::size_t k = 0; k < people; ++k) {
      PersonHash person;
      person.value.hi = in.u64();
      person.value.lo = in.u64();
      known.held_before.insert(person);
    }
  }
  if (!in.ok() || !in.at_end() || draw_.epoch > kHoldoutEpochMax)
    return data_loss("holdout draws: the checkpoint is damaged");
  return {};
}

}  // namespace ante
