#include "report/lift_fold.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "base/bytes.h"
#include "base/hash.h"
#include "domain/bucketing.h"
#include "reward/joiner.h"

namespace ante {

namespace {

constexpr std::uint8_t kFormatVersion = 1;
constexpr std::size_t kUnitBytesMin = 16 + 1 + 1 + 1 + 2 + 1 + 1;

std::uint64_t claim_of(DecisionId decision, ItemKey item) {
  return mix64(decision.value.lo ^ mix64(decision.value.hi ^ mix64(item.value)));
}

// Whether the decision compares the arms: it was made for somebody, and the bet stood open to them.
// What is left out here is known before the arm is, so both arms lose the same people.
bool compares_arms(const Decision& decision) {
  switch (decision.outcome) {
    case Outcome::kGeneral:
    case Outcome::kNoConsent:
    case Outcome::kPaused:
      return false;
    case Outcome::kBet:
    case Outcome::kExplore:
    case Outcome::kAbstain:
    case Outcome::kHoldout:
    case Outcome::kFallback:
      return !decision.people.empty() && decision.fallback != Fallback::kSlotInShadow;
  }
  return false;
}

std::uint16_t buckets_of(double share) {
  return static_cast<std::uint16_t>(std::lround(std::clamp(share, 0.0, 1.0) * kBuckets));
}

void write_person(ByteWriter& out, PersonHash person) {
  out.u64(person.value.hi);
  out.u64(person.value.lo);
}

PersonHash read_person(ByteReader& in) {
  PersonHash person;
  person.value.hi = in.u64();
  person.value.lo = in.u64();
  return person;
}

void write_wide(ByteWriter& out, WideInteger value) { out.fixed(value); }

void write_sums(ByteWriter& out, const OutcomeSums& sums) {
  out.varint(sums.n);
  out.varint(sums.conversions);
  write_wide(out, sums.sum);
  write_wide(out, sums.sum_of_squares);
}

OutcomeSums read_sums(ByteReader& in) {
  OutcomeSums sums;
  sums.n = in.varint();
  sums.conversions = in.varint();
  sums.sum = in.fixed<WideInteger>();
  sums.sum_of_squares = in.fixed<WideInteger>();
  return sums;
}

void write_unit(ByteWriter& out, const LiftUnit& unit) {
  out.svarint(unit.first_ms);
  out.svarint(unit.outcome_micros);
  out.varint(unit.window_s);
  out.u16(unit.holdout_buckets);
  out.u8(static_cast<std::uint8_t>(static_cast<unsigned>(unit.arm) | (unit.counted ? 4U : 0U) |
                                   (unit.left_out ? 8U : 0U)));
  out.varint(unit.claims.size());
  for (const std::uint64_t claim : unit.claims) out.u64(claim);
}

bool read_unit(ByteReader& in, LiftUnit& unit) {
  unit.first_ms = in.svarint();
  unit.outcome_micros = in.svarint();
  unit.window_s = static_cast<std::uint32_t>(in.varint());
  unit.holdout_buckets = in.u16();
  const std::uint8_t flags = in.u8();
  unit.arm = static_cast<Arm>(flags & 3);
  unit.counted = (flags & 4) != 0;
  unit.left_out = (flags & 8) != 0;
  unit.claims.resize(in.count(8));
  for (std::uint64_t& claim : unit.claims) claim = in.u64();
  return in.ok() && (unit.arm == Arm::kTreated || unit.arm == Arm::kHoldout) &&
         unit.holdout_buckets <= kBuckets && unit.claims.size() <= kLiftRewardsMax;
}

}  // namespace

SlotLift LiftFold::slot(SlotKey key) const {
  const auto pool = pools_.find(key);
  return pool == pools_.end() ? SlotLift{} : pool->second.sums;
}

LiftUnit* LiftFold::find(SlotKey slot, PersonHash representative) {
  const auto pool = pools_.find(slot);
  if (pool == pools_.end()) return nullptr;
  const auto unit = pool->second.people.find(representative);
  return unit == pool->second.people.end() ? nullptr : &unit->second;
}

void LiftFold::wake_at(TimeMs at_ms, SlotKey slot, PersonHash person) {
  due_.push_back({at_ms, slot, person});
  std::push_heap(due_.begin(), due_.end(), std::greater<>());
}

void LiftFold::decided(const Decision& decision) {
  if (!compares_arms(decision) || slots_.find(decision.slot) == nullptr) return;
  const PersonHash person = decision.people.back();
  if (decision.activated) {
    expose(decision.slot, person, decision.arm, decision.at_ms);
    return;
  }
  if (deferred_.size() >= kDeferredExposuresMax) deferred_.erase(deferred_.begin());
  deferred_[decision.id] = {person, decision.slot, decision.arm};
}

void LiftFold::activated(const Activation& activation, TimeMs occurred_at) {
  const auto waiting = deferred_.find(activation.decision);
  if (waiting == deferred_.end()) return;
  const Deferred deferred = waiting->second;
  deferred_.erase(waiting);
  expose(deferred.slot, deferred.person, deferred.arm, occurred_at);
}

void LiftFold::expose(SlotKey slot_key, PersonHash person, Arm arm, TimeMs at_ms) {
  const PersonHash representative = links_.representative(person);
  Pool& pool = pools_[slot_key];
  if (pool.people.count(representative) != 0) return;  // each person enters once
  if (people_ >= kLiftPeopleMax) {
    ++pool.sums.beyond_limit;
    return;
  }
  const Slot& slot = *slots_.find(slot_key);
  LiftUnit unit;
  unit.first_ms = at_ms;
  unit.window_s = static_cast<std::uint32_t>((slot.goal_window_ms + kSecondMs - 1) / kSecondMs);
  unit.holdout_buckets = buckets_of(slot.holdout);
  unit.arm = arm;
  wake_at(unit.closes_ms(), slot_key, representative);
  pool.people.emplace(representative, std::move(unit));
  ++pool.sums.waiting;
  ++people_;
}

void LiftFold::credit(SlotKey slot, PersonHash person, TimeMs occurred_at, std::int64_t micros,
                      std::optional<std::uint64_t> claim) {
  const PersonHash representative = links_.representative(person);
  LiftUnit* unit = find(slot, representative);
  if (unit == nullptr || unit->left_out || !unit->in_window(occurred_at)) return;
  if (now_ms_ > unit->closes_ms() + kRewardLateMaxMs) return;
  if (claim) {
    auto& claims = unit->claims;
    if (std::find(claims.begin(), claims.end(), *claim) != claims.end()) return;
    if (claims.size() >= kLiftRewardsMax) return;
    if (claims.empty()) wake_at(unit->closes_ms() + kRewardLateMaxMs, slot, representative);
    claims.push_back(*claim);
  }
  const std::int64_t before = unit->outcome_micros;
  unit->outcome_micros =
      std::clamp(before + micros, -OutcomeSums::kOutcomeMicrosMax, OutcomeSums::kOutcomeMicrosMax);
  if (!unit->counted) return;
  SlotLift& sums = pools_.at(slot).sums;
  (unit->arm == Arm::kTreated ? sums.treated : sums.holdout).replace(before, unit->outcome_micros);
}

void LiftFold::rewarded(const Reward& reward, PersonHash person, TimeMs occurred_at) {
  const Slot* slot = slots_.find(reward.slot);
  if (slot == nullptr || !is_goal(*slot, reward)) return;
  credit(slot->key, person, occurred_at, goal_micros(*slot, reward.value),
         claim_of(reward.decision, reward.item));
}

void LiftFold::happened(const Event& event, PersonHash person, TimeMs occurred_at) {
  if (!event.use_for_decisions) return;
  for (const auto& [key, pool] : pools_) {
    const Slot* slot = slots_.find(key);
    if (slot == nullptr || !is_goal(*slot, event)) continue;
    std::optional<std::uint64_t> claim;
    if (event.decision && !event.items.empty())
      claim = claim_of(*event.decision, event.items.front().key);
    credit(key, person, occurred_at, goal_micros(*slot), claim);
  }
}

void LiftFold::count(Pool& pool, LiftUnit& unit) {
  unit.counted = true;
  SlotLift& sums = pool.sums;
  --sums.waiting;
  (unit.arm == Arm::kTreated ? sums.treated : sums.holdout).add(unit.outcome_micros);
  const std::uint64_t buckets = unit.holdout_buckets;
  sums.expected_buckets += buckets;
  sums.variance_buckets += buckets * (kBuckets - buckets);
}

void LiftFold::settle_until(TimeMs now_ms) {
  while (!due_.empty() && due_.front().at_ms < now_ms) {
    std::pop_heap(due_.begin(), due_.end(), std::greater<>());
    const Due due = due_.back();
    due_.pop_back();
    LiftUnit* unit = find(due.slot, due.person);
    if (unit == nullptr) continue;
    if (!unit->counted && !unit->left_out && unit->closes_ms() < now_ms)
      count(pools_.at(due.slot), *unit);
    if (unit->closes_ms() + kRewardLateMaxMs < now_ms)
      std::vector<std::uint64_t>().swap(unit->claims);
  }
}

// Brings what `gone` did under `kept`. True when the unit of `kept` may wake at another time.
bool LiftFold::join_units(Pool& pool, const PersonLinks::Joined& joined) {
  const auto gone = pool.people.find(joined.gone);
  if (gone == pool.people.end()) return false;
  LiftUnit moved = std::move(gone->second);
  pool.people.erase(gone);
  const auto found = pool.people.find(joined.kept);
  if (found == pool.people.end()) {
    pool.people.emplace(joined.kept, std::move(moved));
    return true;
  }
  --people_;
  LiftUnit& kept = found->second;
  const auto waits = [](const LiftUnit& unit) { return !unit.counted && !unit.left_out; };
  if (waits(kept) && waits(moved) && kept.arm == moved.arm) {
    // All that happened so far lies in the window of the earlier, which is still open.
    if (moved.first_ms < kept.first_ms) std::swap(kept, moved);
    kept.outcome_micros =
        std::clamp(kept.outcome_micros + moved.outcome_micros, -OutcomeSums::kOutcomeMicrosMax,
                   OutcomeSums::kOutcomeMicrosMax);
    for (const std::uint64_t claim : moved.claims) {
      if (kept.claims.size() < kLiftRewardsMax) kept.claims.push_back(claim);
    }
    --pool.sums.waiting;
    return true;
  }
  const bool mixed = kept.arm != moved.arm || kept.left_out || moved.left_out;
  if (waits(kept)) --pool.sums.waiting;
  if (waits(moved)) --pool.sums.waiting;
  if (mixed) ++pool.sums.mixed;
  // Who was counted before the link stays counted; nobody is counted again.
  if (moved.counted && !kept.counted) kept = std::move(moved);
  if (!kept.counted) kept.left_out = true;
  return true;
}

void LiftFold::join_people(const PersonLinks::Joined& joined) {
  for (auto& [slot, pool] : pools_) {
    if (!join_units(pool, joined)) continue;
    const LiftUnit& unit = pool.people.at(joined.kept);
    if (!unit.counted) wake_at(unit.closes_ms(), slot, joined.kept);
    if (!unit.claims.empty()) wake_at(unit.closes_ms() + kRewardLateMaxMs, slot, joined.kept);
  }
}

// The person leaves; sums of those who were counted hold nothing of them but a number.
void LiftFold::forget(PersonHash person) {
  const PersonHash representative = links_.representative(person);
  for (auto& [slot, pool] : pools_) {
    const auto unit = pool.people.find(representative);
    if (unit == pool.people.end()) continue;
    if (!unit->second.counted && !unit->second.left_out) --pool.sums.waiting;
    pool.people.erase(unit);
    --people_;
  }
}

void LiftFold::consume(const CommittedRecord& record) {
  // As the joiner does: control records move no clock.
  if (record.partition != kControlPartition && record.header.received_at > now_ms_) {
    now_ms_ = record.header.received_at;
  }
  settle_until(now_ms_);
  const PersonHash person = record.header.person;
  const TimeMs occurred_at = record.header.occurred_at;
  // A body that cannot be decoded here was stored by a later version: it is none of ours.
  switch (record.header.kind) {
    case RecordKind::kDecision:
      if (const Decision* decision = decision_of(record)) decided(*decision);
      break;
    case RecordKind::kActivation:
      if (const auto activation = decode_activation(record.body))
        activated(*activation, occurred_at);
      break;
    case RecordKind::kReward:
      if (const auto reward = decode_reward(record.body)) rewarded(*reward, person, occurred_at);
      break;
    case RecordKind::kEvent:
      if (pools_.empty()) break;
      if (const auto event = decode_event(record.body)) happened(*event, person, occurred_at);
      break;
    case RecordKind::kLink:
      if (const auto joined = links_.consume(record)) join_people(*joined);
      break;
    case RecordKind::kErase:
      forget(person);
      break;
    case RecordKind::kObject:
      slots_.consume(record);
      break;
    case RecordKind::kFacts:
    case RecordKind::kConsent:
    case RecordKind::kErased:
    case RecordKind::kItem:
      break;
  }
}

std::string LiftFold::save() const {
  std::string bytes, slots, links;
  slots_.save(slots);
  links_.save(links);
  ByteWriter out(bytes);
  out.u8(kFormatVersion);
  out.string(slots);
  out.string(links);
  out.svarint(now_ms_);
  out.varint(pools_.size());
  for (const auto& [key, pool] : pools_) {
    out.u64(key.value);
    write_sums(out, pool.sums.treated);
    write_sums(out, pool.sums.holdout);
    for (const std::uint64_t n : {pool.sums.expected_buckets, pool.sums.variance_buckets,
                                  pool.sums.waiting, pool.sums.mixed, pool.sums.beyond_limit}) {
      out.varint(n);
    }
    std::vector<const People::value_type*> people;
    people.reserve(pool.people.size());
    for (const auto& entry : pool.people) people.push_back(&entry);
    std::sort(people.begin(), people.end(), [](auto* a, auto* b) { return a->first < b->first; });
    out.varint(people.size());
    for (const auto* entry : people) {
      write_person(out, entry->first);
      write_unit(out, entry->second);
    }
  }
  out.varint(deferred_.size());
  for (const auto& [id, deferred] : deferred_) {
    out.u64(id.value.hi);
    out.u64(id.value.lo);
    write_person(out, deferred.person);
    out.u64(deferred.slot.value);
    out.u8(static_cast<std::uint8_t>(deferred.arm));
  }
  return bytes;
}

Result<void> LiftFold::load(std::string_view bytes) {
  const Error damaged = data_loss("lift: the checkpoint is damaged");
  ByteReader in(bytes);
  if (in.u8() != kFormatVersion)
    return data_loss("lift: the checkpoint is of a format that is not known");
  TRY(slots_.load(in.string()));
  TRY(links_.load(in.string()));
  now_ms_ = in.svarint();
  const std::size_t pools = in.count(8);
  for (std::size_t i = 0; i < pools; ++i) {
    const SlotKey key{in.u64()};
    if (slots_.find(key) == nullptr) return damaged;
    Pool& pool = pools_[key];
    pool.sums.treated = read_sums(in);
    pool.sums.holdout = read_sums(in);
    for (std::uint64_t* n : {&pool.sums.expected_buckets, &pool.sums.variance_buckets,
                             &pool.sums.waiting, &pool.sums.mixed, &pool.sums.beyond_limit}) {
      *n = in.varint();
    }
    const std::size_t people = in.count(kUnitBytesMin);
    for (std::size_t k = 0; k < people; ++k) {
      const PersonHash person = read_person(in);
      LiftUnit unit;
      if (!read_unit(in, unit)) return damaged;
      if (!unit.counted && !unit.left_out) wake_at(unit.closes_ms(), key, person);
      if (!unit.claims.empty()) wake_at(unit.closes_ms() + kRewardLateMaxMs, key, person);
      pool.people.emplace(person, std::move(unit));
      ++people_;
    }
  }
  const std::size_t deferred = in.count(8 + 8 + 16 + 8 + 1);
  for (std::size_t i = 0; i < deferred; ++i) {
    DecisionId id;
    id.value.hi = in.u64();
    id.value.lo = in.u64();
    Deferred& waiting = deferred_[id];
    waiting.person = read_person(in);
    waiting.slot = SlotKey{in.u64()};
    waiting.arm = static_cast<Arm>(in.u8());
    if (slots_.find(waiting.slot) == nullptr) return damaged;
  }
  if (!in.ok() || !in.at_end()) return damaged;
  return {};
}

}  // namespace ante
