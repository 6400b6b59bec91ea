#include "report/lift_fold.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/bytes.h"
#include "base/hash.h"
#include "domain/bucketing.h"
#include "reward/joiner.h"

namespace ante {

namespace {

constexpr std::uint8_t kLiftFormat = 6;
constexpr std::size_t kUnitBytesMin = 16 + 1 + 1 + 1 + 2 + 1 + kTraitCount + 1 + 1 + 1;
static_assert(kControlCount <= 8);  // bits of LiftUnit::beside

void note_entry(SlotLift& sums, TimeMs at_ms) {
  const auto day = static_cast<std::int32_t>(at_ms / kDayMs);
  if (sums.entered.empty()) sums.first_day = day;
  const auto index = static_cast<std::size_t>(std::max(0, day - sums.first_day));
  // After a longer gap than is remembered what was before says nothing of the traffic now.
  if (index >= 2 * kLiftDaysMax) {
    sums.entered.assign(1, 1);
    sums.first_day = day;
    return;
  }
  if (index >= sums.entered.size()) sums.entered.resize(index + 1);
  ++sums.entered[index];
  if (sums.entered.size() <= kLiftDaysMax) return;
  const std::size_t gone = sums.entered.size() - kLiftDaysMax;
  sums.entered.erase(sums.entered.begin(),
                     sums.entered.begin() + static_cast<std::ptrdiff_t>(gone));
  sums.first_day += static_cast<std::int32_t>(gone);
}

std::uint64_t claim_of(DecisionId decision, ItemKey item, std::uint64_t outcome) {
  return mix64(decision.value.lo ^ mix64(decision.value.hi ^ mix64(item.value ^ mix64(outcome))));
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

constexpr std::size_t kSumsBytes = 1 + 1 + 2 * sizeof(WideInteger);  // at least

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

void write_control(ByteWriter& out, const ControlLift& control) {
  write_sums(out, control.sums);
  write_sums(out, control.treated);
  out.varint(control.entered);
  out.varint(control.expected_buckets);
  out.varint(control.variance_buckets);
}

ControlLift read_control(ByteReader& in) {
  ControlLift control;
  control.sums = read_sums(in);
  control.treated = read_sums(in);
  control.entered = in.varint();
  control.expected_buckets = in.varint();
  control.variance_buckets = in.varint();
  return control;
}

void write_unit(ByteWriter& out, const LiftUnit& unit) {
  out.svarint(unit.first_ms);
  out.svarint(unit.outcome_micros);
  out.varint(unit.window_s);
  out.u16(unit.holdout_buckets);
  out.u8(static_cast<std::uint8_t>(static_cast<unsigned>(unit.arm) | (unit.counted ? 16U : 0U) |
                                   (unit.left_out ? 32U : 0U)));
  for (const std::uint8_t level : unit.traits.level) out.u8(level);
  out.u8(static_cast<std::uint8_t>(unit.exclusion));
  out.u8(unit.beside);
  out.varint(unit.claims.size());
  for (const std::uint64_t claim : unit.claims) out.u64(claim);
}

bool read_unit(ByteReader& in, LiftUnit& unit) {
  unit.first_ms = in.svarint();
  unit.outcome_micros = in.svarint();
  unit.window_s = static_cast<std::uint32_t>(in.varint());
  unit.holdout_buckets = in.u16();
  const std::uint8_t flags = in.u8();
  unit.arm = static_cast<Arm>(flags & 15);
  unit.counted = (flags & 16) != 0;
  unit.left_out = (flags & 32) != 0;
  for (std::uint8_t& level : unit.traits.level) level = in.u8();
  const std::uint8_t exclusion = in.u8();
  unit.exclusion = static_cast<Exclusion>(exclusion);
  unit.beside = in.u8();
  unit.claims.resize(in.count(8));
  for (std::uint64_t& claim : unit.claims) claim = in.u64();
  return in.ok() && valid(unit.traits) && exclusion < kExclusionCount && is_arm(unit.arm) &&
         unit.holdout_buckets <= kBuckets && unit.claims.size() <= kLiftRewardsMax;
}

void write_trial(ByteWriter& out, const SlotLift& sums) {
  write_sums(out, sums.treated);
  write_sums(out, sums.holdout);
  for (const OutcomeSums& group : sums.untreated) write_sums(out, group);
  out.varint(sums.cohorts.size());
  for (const Cohort& cohort : sums.cohorts) {
    out.svarint(cohort.first_day);
    write_sums(out, cohort.treated);
    write_sums(out, cohort.holdout);
  }
  for (const ControlLift& control : sums.controls) write_control(out, control);
  for (const SegmentSums& level : sums.levels) {
    write_sums(out, level.treated);
    write_sums(out, level.control);
  }
  for (std::size_t why = 0; why < kExclusionCount; ++why) {
    out.varint(sums.left_alone_people[why]);
    out.varint(sums.left_alone_decisions[why]);
  }
  for (const std::uint64_t n : {sums.expected_buckets, sums.variance_buckets, sums.waiting,
                                sums.mixed, sums.beyond_limit}) {
    out.varint(n);
  }
  out.svarint(sums.first_day);
  out.varint(sums.entered.size());
  for (const std::uint32_t n : sums.entered) out.varint(n);
}

bool read_trial(ByteReader& in, SlotLift& sums) {
  sums.treated = read_sums(in);
  sums.holdout = read_sums(in);
  for (OutcomeSums& group : sums.untreated) group = read_sums(in);
  sums.cohorts.resize(in.count(1 + 2 * kSumsBytes));
  for (Cohort& cohort : sums.cohorts) {
    cohort.first_day = static_cast<std::int32_t>(in.svarint());
    cohort.treated = read_sums(in);
    cohort.holdout = read_sums(in);
  }
  for (ControlLift& control : sums.controls) control = read_control(in);
  for (SegmentSums& level : sums.levels) {
    level.treated = read_sums(in);
    level.control = read_sums(in);
  }
  for (std::size_t why = 0; why < kExclusionCount; ++why) {
    sums.left_alone_people[why] = in.varint();
    sums.left_alone_decisions[why] = in.varint();
  }
  for (std::uint64_t* n : {&sums.expected_buckets, &sums.variance_buckets, &sums.waiting,
                           &sums.mixed, &sums.beyond_limit}) {
    *n = in.varint();
  }
  sums.first_day = static_cast<std::int32_t>(in.svarint());
  sums.entered.resize(in.count(1));
  for (std::uint32_t& n : sums.entered) n = static_cast<std::uint32_t>(in.varint());
  return sums.cohorts.size() <= kCohortsMax && sums.entered.size() <= kLiftDaysMax;
}

// The cohort of who came at that time; null: it is older than those that are kept. `make`: of who
// is counted only now.
Cohort* cohort_of(SlotLift& sums, TimeMs first_ms, bool make) {
  const auto day = static_cast<std::int32_t>(first_ms / kDayMs);
  const std::int32_t monday = day - (day + 3) % 7;  // 1970-01-01 was a Thursday
  auto at = std::ranges::lower_bound(sums.cohorts, monday, {}, &Cohort::first_day);
  if (at != sums.cohorts.end() && at->first_day == monday) return &*at;
  if (!make) return nullptr;
  if (sums.cohorts.size() == kCohortsMax) {
    if (at == sums.cohorts.begin()) return nullptr;
    sums.cohorts.erase(sums.cohorts.begin());
    at = std::ranges::lower_bound(sums.cohorts, monday, {}, &Cohort::first_day);
  }
  return &*sums.cohorts.insert(at, Cohort{monday, {}, {}});
}

// Adds the outcome of a person to all sums they belong to, or changes it there.
template <typename Change>
void change_sums(SlotLift& sums, const LiftUnit& unit, bool added, Change change) {
  if (is_control(unit.arm)) return change(sums.controls[control_index(unit.arm)].sums);
  const bool treated = unit.arm == Arm::kTreated;
  change(treated ? sums.treated : sums.holdout);
  for (std::size_t i = 0; i < kControlCount; ++i) {
    if ((unit.beside >> i & 1U) != 0) change(sums.controls[i].treated);
  }
  if (Cohort* cohort = cohort_of(sums, unit.first_ms, added))
    change(treated ? cohort->treated : cohort->holdout);
  if (!treated)
    change(sums.untreated[mix64(static_cast<std::uint64_t>(unit.first_ms)) % kUntreatedGroups]);
  for (std::size_t t = 0; t < kTraitCount; ++t) {
    SegmentSums& level = sums.levels[trait_level_number(unit.traits, t)];
    change(treated ? level.treated : level.control);
  }
}

void write_entry(ByteWriter& out, PersonHash person, Arm arm, std::uint16_t holdout_buckets,
                 const Traits& traits) {
  write_person(out, person);
  out.u8(static_cast<std::uint8_t>(arm));
  out.u16(holdout_buckets);
  for (const std::uint8_t level : traits.level) out.u8(level);
}

}  // namespace

bool compares_arms(const Decision& decision) {
  // Who was to get a list and got the safe default after all compares nothing. What an ablation is
  // served is the policy's, whatever it is, as for the treated.
  if (is_list_control(decision.arm) &&
      (decision.outcome != Outcome::kControl || decision.fallback == Fallback::kNoOtherLists))
    return false;
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
    case Outcome::kControl:
      return !decision.people.empty() && decision.fallback != Fallback::kSlotInShadow &&
             decision.fallback != Fallback::kFellBack;
  }
  return false;
}

SlotLift LiftFold::trial(const Trial& trial) const {
  const auto pool = pools_.find(trial);
  return pool == pools_.end() ? SlotLift{} : pool->second.sums;
}

std::vector<Trial> LiftFold::bets() const {
  std::vector<Trial> trials;
  for (const auto& [trial, pool] : pools_) {
    if (trial.bet != BetKey{}) trials.push_back(trial);
  }
  return trials;
}

LiftUnit* LiftFold::find(const Trial& trial, PersonHash representative) {
  const auto pool = pools_.find(trial);
  if (pool == pools_.end()) return nullptr;
  const auto unit = pool->second.people.find(representative);
  return unit == pool->second.people.end() ? nullptr : &unit->second;
}

void LiftFold::wake_at(TimeMs at_ms, const Trial& trial, PersonHash person) {
  due_.push_back({at_ms, trial, person});
  std::push_heap(due_.begin(), due_.end(), std::greater<>());
}

void LiftFold::decided(const Decision& decision) {
  const Slot* slot = slots_.find(decision.slot);
  if (!compares_arms(decision) || slot == nullptr) return;
  // Of the draw before, or made while it ended: both arms lose the same people.
  const HoldoutDraw& draw = draws_.draw();
  if (draw.epoch > 0 && decision.at_ms < draw.since_ms + kHoldoutDrawDelayMs) return;
  Deferred shown;
  shown.slot_key = decision.slot;
  // Of who is no control, that share is held out.
  const double held_out = slot->holdout,
               treated = (1 - held_out) * slot->controls.part(Arm::kTreated);
  shown.slot = {decision.people.back(), decision.arm,
                buckets_of(held_out > 0 ? held_out / (held_out + treated) : 0), decision.traits};
  // Whom a bet found by less than is known of them, in an ablation, is no evidence of the bet.
  const BetPlay play = is_control(decision.arm) ? BetPlay::kNone : decision.bet.play;
  if (play == BetPlay::kTreated || play == BetPlay::kControl) {
    shown.bet = bet_key(decision.bet.id);
    shown.in_bet = shown.slot;
    shown.in_bet.arm = play == BetPlay::kTreated ? Arm::kTreated : Arm::kHoldout;
    shown.in_bet.holdout_buckets = static_cast<std::uint16_t>(
        kBuckets - std::min<std::uint32_t>(decision.bet.treated_buckets, kBuckets));
  } else if (play != BetPlay::kNone) {
    leave_alone(decision);
  }
  if (decision.activated) return expose(shown, decision.at_ms);
  if (deferred_.size() >= kDeferredExposuresMax) deferred_.erase(deferred_.begin());
  deferred_[decision.id] = shown;
}

// Counts who a bet only watched, or left alone by choice.
void LiftFold::leave_alone(const Decision& decision) {
  const Trial trial{decision.slot, bet_key(decision.bet.id)};
  const auto why = static_cast<std::size_t>(decision.bet.exclusion);
  Pool& pool = pools_[trial];
  ++pool.sums.left_alone_decisions[why];
  if (decision.bet.exclusion == Exclusion::kNone || people_ >= kLiftPeopleMax) return;
  LiftUnit unit;
  unit.first_ms = decision.at_ms;
  unit.traits = decision.traits;
  unit.exclusion = decision.bet.exclusion;
  unit.left_out = true;
  const PersonHash representative = links_.representative(decision.people.back());
  if (!pool.people.emplace(representative, std::move(unit)).second) return;
  ++pool.sums.left_alone_people[why];
  ++people_;
}

void LiftFold::activated(const Activation& activation, TimeMs occurred_at) {
  const auto waiting = deferred_.find(activation.decision);
  if (waiting == deferred_.end()) return;
  const Deferred shown = waiting->second;
  deferred_.erase(waiting);
  expose(shown, occurred_at);
}

void LiftFold::expose(const Deferred& shown, TimeMs at_ms) {
  enter({shown.slot_key, BetKey{}}, shown.slot, at_ms);
  if (shown.bet != BetKey{}) enter({shown.slot_key, shown.bet}, shown.in_bet, at_ms);
}

void LiftFold::note_split(SlotLift& sums, const StandingControls& controls, Arm entered) {
  const double treated = controls.part(Arm::kTreated);
  for (std::size_t i = 0; i < kControlCount; ++i) {
    const Arm control = control_arm(i);
    const double part = controls.part(control);
    if (entered != Arm::kTreated && entered != control) continue;
    const std::uint64_t buckets = buckets_of(part > 0 ? part / (part + treated) : 0);
    ControlLift& of = sums.controls[i];
    of.entered += entered == control ? 1 : 0;
    of.expected_buckets += buckets;
    of.variance_buckets += buckets * (kBuckets - buckets);
  }
}

void LiftFold::enter(const Trial& trial, const Entry& entry, TimeMs at_ms) {
  const PersonHash representative = links_.representative(entry.person);
  Pool& pool = pools_[trial];
  if (pool.people.count(representative) != 0) return;  // each person enters once
  if (people_ >= kLiftPeopleMax) {
    ++pool.sums.beyond_limit;
    return;
  }
  const Slot& slot = *slots_.find(trial.slot);
  LiftUnit unit;
  unit.first_ms = at_ms;
  unit.window_s = static_cast<std::uint32_t>((slot.goal_window_ms + kSecondMs - 1) / kSecondMs);
  unit.holdout_buckets = entry.holdout_buckets;
  unit.traits = entry.traits;
  unit.arm = entry.arm;
  if (trial.bet == BetKey{} && entry.arm == Arm::kTreated) {
    for (std::size_t i = 0; i < kControlCount; ++i) {
      if (slot.controls.share(control_arm(i)) > 0)
        unit.beside = static_cast<std::uint8_t>(unit.beside | 1U << i);
    }
  }
  wake_at(unit.closes_ms(), trial, representative);
  for (LiftListener* each : listeners_)
    each->entered(trial, {representative, entry.person, draws_.draw().epoch, unit});
  pool.people.emplace(representative, std::move(unit));
  note_entry(pool.sums, at_ms);
  if (trial.bet == BetKey{}) {
    note_split(pool.sums, slot.controls, entry.arm);
    draws_.entered(trial.slot, representative, entry.arm, entry.holdout_buckets);
  }
  ++pool.sums.waiting;
  ++people_;
}

void LiftFold::credit(const Trial& trial, PersonHash person, TimeMs occurred_at,
                      std::int64_t micros, std::optional<std::uint64_t> claim) {
  const PersonHash representative = links_.representative(person);
  LiftUnit* unit = find(trial, representative);
  if (unit == nullptr || unit->left_out || !unit->in_window(occurred_at)) return;
  if (now_ms_ > unit->closes_ms() + kRewardLateMaxMs) return;
  if (claim) {
    auto& claims = unit->claims;
    if (std::find(claims.begin(), claims.end(), *claim) != claims.end()) return;
    if (claims.size() >= kLiftRewardsMax) return;
    if (claims.empty()) wake_at(unit->closes_ms() + kRewardLateMaxMs, trial, representative);
    claims.push_back(*claim);
  }
  const std::int64_t before = unit->outcome_micros;
  unit->outcome_micros =
      std::clamp(before + micros, -OutcomeSums::kOutcomeMicrosMax, OutcomeSums::kOutcomeMicrosMax);
  if (!unit->counted) return;
  change_sums(pools_.at(trial).sums, *unit, false,
              [&](OutcomeSums& sums) { sums.replace(before, unit->outcome_micros); });
  if (is_control(unit->arm)) return;
  for (LiftListener* each : listeners_) each->changed(trial, *unit, before);
}

void LiftFold::rewarded(const Reward& reward, PersonHash person, TimeMs occurred_at) {
  const Slot* slot = slots_.find(reward.slot);
  if (slot == nullptr) return;
  for (const Credit& happened : credits_of(*slot, reward)) {
    for (auto pool = pools_.lower_bound({slot->key, BetKey{}});
         pool != pools_.end() && pool->first.slot == slot->key; ++pool) {
      credit(pool->first, person, occurred_at, happened.micros,
             claim_of(reward.decision, reward.item, happened.outcome));
    }
  }
}

void LiftFold::happened(const Event& event, PersonHash person, TimeMs occurred_at) {
  if (!event.use_for_decisions) return;
  for (const auto& [trial, pool] : pools_) {
    const Slot* slot = slots_.find(trial.slot);
    if (slot == nullptr) continue;
    for (const Credit& happened : credits_of(*slot, event)) {
      std::optional<std::uint64_t> claim;
      if (event.decision && !event.items.empty())
        claim = claim_of(*event.decision, event.items.front().key, happened.outcome);
      credit(trial, person, occurred_at, happened.micros, claim);
    }
  }
}

void LiftFold::count(const Trial& trial, Pool& pool, LiftUnit& unit) {
  unit.counted = true;
  SlotLift& sums = pool.sums;
  --sums.waiting;
  change_sums(sums, unit, true, [&](OutcomeSums& of) { of.add(unit.outcome_micros); });
  if (is_control(unit.arm)) return;
  const std::uint64_t buckets = unit.holdout_buckets;
  sums.expected_buckets += buckets;
  sums.variance_buckets += buckets * (kBuckets - buckets);
  for (LiftListener* each : listeners_) each->counted(trial, unit);
}

void LiftFold::settle_until(TimeMs now_ms) {
  while (!due_.empty() && due_.front().at_ms < now_ms) {
    std::pop_heap(due_.begin(), due_.end(), std::greater<>());
    const Due due = due_.back();
    due_.pop_back();
    LiftUnit* unit = find(due.trial, due.person);
    if (unit == nullptr) continue;
    if (!unit->counted && !unit->left_out && unit->closes_ms() < now_ms)
      count(due.trial, pools_.at(due.trial), *unit);
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
  draws_.join(joined);
  for (auto& [trial, pool] : pools_) {
    if (!join_units(pool, joined)) continue;
    const LiftUnit& unit = pool.people.at(joined.kept);
    if (!unit.counted) wake_at(unit.closes_ms(), trial, joined.kept);
    if (!unit.claims.empty()) wake_at(unit.closes_ms() + kRewardLateMaxMs, trial, joined.kept);
  }
}

// The person leaves; sums of those who were counted hold nothing of them but a number.
void LiftFold::forget(PersonHash person) {
  const PersonHash representative = links_.representative(person);
  for (LiftListener* each : listeners_) each->forgotten(representative);
  draws_.forget(representative);
  for (auto& [trial, pool] : pools_) {
    const auto unit = pool.people.find(representative);
    if (unit == pool.people.end()) continue;
    if (!unit->second.counted && !unit->second.left_out) --pool.sums.waiting;
    pool.people.erase(unit);
    --people_;
  }
}

// A slot that fell back and is let go again begins anew: what made it fall back is over.
// What was measured by another goal, or before the slot fell back, is no evidence any more.
void LiftFold::change_slots(const CommittedRecord& record) {
  const std::map<SlotKey, Slot> before = slots_.all();
  slots_.consume(record);
  for (const auto& [key, was] : before) {
    const Slot& is = *slots_.find(key);
    const bool lets_begin_anew = !was.fell_back.empty() && is.fell_back.empty();
    const auto pool = pools_.find({key, BetKey{}});
    if (pool == pools_.end() || (was.measures_as(is) && !lets_begin_anew)) continue;
    people_ -= pool->second.people.size();
    for (LiftListener* each : listeners_) each->ended(pool->first);
    pools_.erase(pool);
  }
}

// Who is held out has changed: the trials of slots are closed, and what was measured stays as the
// evidence of the draw before. Bets have a salt of their own and go on.
void LiftFold::draw_anew(const CommittedRecord& record) {
  const Result<Object> object = decode_object(record.body);
  if (!object || !draws_.consume(*object)) return;
  for (auto at = pools_.begin(); at != pools_.end();) {
    const auto& [trial, pool] = *at;
    if (trial.bet != BetKey{}) {
      ++at;
      continue;
    }
    std::vector<PersonHash> held_out;
    for (const auto& [person, unit] : pool.people) {
      if (unit.arm == Arm::kHoldout && !unit.left_out) held_out.push_back(person);
    }
    draws_.close(trial.slot, pool.sums.treated, pool.sums.holdout, std::move(held_out));
    people_ -= pool.people.size();
    for (LiftListener* each : listeners_) each->ended(trial);
    at = pools_.erase(at);
  }
  deferred_.clear();  // their arms are of the draw before
  for (LiftListener* each : listeners_) each->drawn_anew();
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
      if (const auto joined = links_.consume(record)) {
        join_people(*joined);
        for (LiftListener* each : listeners_) each->joined(joined->kept, joined->gone);
      }
      break;
    case RecordKind::kErase:
      forget(person);
      break;
    case RecordKind::kObject:
      change_slots(record);
      draw_anew(record);
      break;
    case RecordKind::kFacts:
    case RecordKind::kConsent:
    case RecordKind::kErased:
    case RecordKind::kItem:
      break;
  }
}

std::string LiftFold::save() const {
  std::string bytes, slots, links, draws;
  slots_.save(slots);
  links_.save(links);
  draws_.save(draws);
  ByteWriter out(bytes);
  out.u8(kLiftFormat);
  out.string(slots);
  out.string(links);
  out.string(draws);
  out.svarint(now_ms_);
  out.varint(pools_.size());
  for (const auto& [trial, pool] : pools_) {
    out.u64(trial.slot.value);
    out.u64(trial.bet.value);
    write_trial(out, pool.sums);
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
    out.u64(deferred.slot_key.value);
    out.u64(deferred.bet.value);
    for (const Entry& e : {deferred.slot, deferred.in_bet})
      write_entry(out, e.person, e.arm, e.holdout_buckets, e.traits);
  }
  return bytes;
}

Result<void> LiftFold::load(std::string_view bytes) {
  const Error damaged = data_loss("lift: the checkpoint is damaged");
  ByteReader in(bytes);
  if (in.u8() != kLiftFormat)
    return data_loss("lift: the checkpoint is of a format that is not known");
  TRY(slots_.load(in.string()));
  TRY(links_.load(in.string()));
  TRY(draws_.load(in.string()));
  now_ms_ = in.svarint();
  const std::size_t pools = in.count(8);
  for (std::size_t i = 0; i < pools; ++i) {
    Trial trial;
    trial.slot = SlotKey{in.u64()};
    trial.bet = BetKey{in.u64()};
    if (slots_.find(trial.slot) == nullptr) return damaged;
    Pool& pool = pools_[trial];
    if (!read_trial(in, pool.sums)) return damaged;
    const std::size_t people = in.count(kUnitBytesMin);
    for (std::size_t k = 0; k < people; ++k) {
      const PersonHash person = read_person(in);
      LiftUnit unit;
      if (!read_unit(in, unit)) return damaged;
      if (!unit.counted && !unit.left_out) wake_at(unit.closes_ms(), trial, person);
      if (!unit.claims.empty()) wake_at(unit.closes_ms() + kRewardLateMaxMs, trial, person);
      pool.people.emplace(person, std::move(unit));
      ++people_;
    }
  }
  const std::size_t deferred = in.count(16 + 16 + 2 * (16 + 1 + 2 + kTraitCount));
  for (std::size_t i = 0; i < deferred; ++i) {
    DecisionId id;
    id.value.hi = in.u64();
    id.value.lo = in.u64();
    Deferred& waiting = deferred_[id];
    waiting.slot_key = SlotKey{in.u64()};
    waiting.bet = BetKey{in.u64()};
    for (Entry* e : {&waiting.slot, &waiting.in_bet}) {
      e->person = read_person(in);
      e->arm = static_cast<Arm>(in.u8());
      e->holdout_buckets = in.u16();
      for (std::uint8_t& level : e->traits.level) level = in.u8();
      if (!valid(e->traits) || !is_arm(e->arm)) return damaged;
    }
    if (slots_.find(waiting.slot_key) == nullptr) return damaged;
  }
  if (!in.ok() || !in.at_end()) return damaged;
  return {};
}

}  // namespace ante
