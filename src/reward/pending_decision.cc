#include "reward/pending_decision.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace ante {

namespace {

void write_hash(ByteWriter& out, const Hash128& hash) {
  out.u64(hash.hi);
  out.u64(hash.lo);
}

Hash128 read_hash(ByteReader& in) {
  Hash128 hash;
  hash.hi = in.u64();
  hash.lo = in.u64();
  return hash;
}

void write_placement(ByteWriter& out, const PendingPlacement& placement) {
  out.u64(placement.item.value);
  out.f32(placement.propensity);
  out.f32(placement.predicted);
  out.u16(placement.sources);
  out.u8(static_cast<std::uint8_t>((placement.in_hand ? 1 : 0) | (placement.shown ? 2 : 0) |
                                   (placement.told_learners ? 4 : 0) | (placement.told ? 8 : 0)));
  if (placement.told_learners) out.svarint(*placement.told_learners);
  if (placement.told) out.svarint(*placement.told);
  out.varint(placement.credits.size());
  for (const Credit& credit : placement.credits) {
    out.u64(credit.outcome);
    out.svarint(credit.micros);
  }
  out.raw({reinterpret_cast<const char*>(placement.features.data()), kFeatureCount});
  out.varint(placement.topics.size());
  for (const TopicKey topic : placement.topics) out.u64(topic.value);
}

PendingPlacement read_placement(ByteReader& in) {
  PendingPlacement placement;
  placement.item = ItemKey{in.u64()};
  placement.propensity = in.f32();
  placement.predicted = in.f32();
  placement.sources = in.u16();
  const std::uint8_t flags = in.u8();
  placement.in_hand = (flags & 1) != 0;
  placement.shown = (flags & 2) != 0;
  if ((flags & 4) != 0) placement.told_learners = in.svarint();
  if ((flags & 8) != 0) placement.told = in.svarint();
  placement.credits.resize(in.count(8 + 1));
  for (Credit& credit : placement.credits) {
    credit.outcome = in.u64();
    credit.micros = in.svarint();
  }
  const std::string_view features = in.raw(kFeatureCount);
  if (features.size() == kFeatureCount) {
    std::memcpy(placement.features.data(), features.data(), kFeatureCount);
  }
  placement.topics.resize(in.count(8));
  for (TopicKey& topic : placement.topics) topic = TopicKey{in.u64()};
  return placement;
}

}  // namespace

void PendingDecision::show(std::size_t placement, TimeMs shown, const Slot& of) {
  placements[placement].shown = true;
  if (shown_ms > 0) return;
  shown_ms = std::max(shown, at_ms);
  closes_ms = shown_ms + of.goal_window_ms;
  learns_ms = shown_ms + of.learned_after_ms();
}

TimeMs PendingDecision::due_ms() const {
  if (shown_ms == 0) return at_ms + kActivationWaitMs;
  switch (phase) {
    case Phase::kOpen:
      return learns_ms;
    case Phase::kLearned:
      return closes_ms;
    case Phase::kClosed:
      break;
  }
  return closes_ms + kRewardLateMaxMs;
}

RewardRow PendingDecision::row(std::size_t placement, const Slot& of, std::int64_t micros,
                               TimeMs matured_ms) const {
  const PendingPlacement& shown = placements[placement];
  RewardRow row;
  row.decision = id;
  row.slot = slot;
  row.person = person;
  row.arm = arm;
  row.outcome = outcome;
  row.at_ms = at_ms;
  row.matured_ms = matured_ms;
  row.situation = situation;
  row.model_version = model_version;
  row.item = shown.item;
  row.position = static_cast<std::uint8_t>(placement + 1);
  row.propensity = shown.propensity;
  row.sources = shown.sources;
  row.in_hand = shown.in_hand;
  row.features = shown.features;
  row.topics = shown.topics;
  row.predicted = shown.predicted;
  row.reward = static_cast<double>(micros) / kMicros;
  row.share = of.reward_range().share_of(row.reward);
  return row;
}

PendingDecision pending_of(const Decision& decision) {
  CHECK(!decision.people.empty());
  PendingDecision pending;
  pending.id = decision.id;
  pending.slot = decision.slot;
  pending.routed = decision.people.front();
  pending.person = decision.people.back();
  pending.arm = decision.arm;
  pending.outcome = decision.outcome;
  pending.at_ms = decision.at_ms;
  pending.model_version = decision.versions.model;
  pending.situation = decision.situation;
  pending.placements.reserve(decision.served.size());
  for (const Placement& served : decision.served) {
    PendingPlacement& placement = pending.placements.emplace_back();
    placement.item = served.item;
    placement.propensity = served.propensity;
    placement.topics = served.topics;
    if (served.hand_index >= decision.hand.size()) continue;
    const HandItem& item = decision.hand[served.hand_index];
    placement.in_hand = true;
    placement.predicted = item.probability;
    placement.sources = item.sources;
    placement.features = item.features;
  }
  return pending;
}

void write_pending(ByteWriter& out, const PendingDecision& pending) {
  write_hash(out, pending.id.value);
  out.u64(pending.slot.value);
  write_hash(out, pending.person.value);
  write_hash(out, pending.routed.value);
  out.u8(static_cast<std::uint8_t>(pending.arm));
  out.u8(static_cast<std::uint8_t>(pending.outcome));
  out.svarint(pending.at_ms);
  out.svarint(pending.shown_ms);
  out.svarint(pending.learns_ms);
  out.svarint(pending.closes_ms);
  out.u8(static_cast<std::uint8_t>(pending.phase));
  out.varint(pending.model_version);
  const Situation& situation = pending.situation;
  out.u64(situation.item.value);
  for (const std::string* text :
       {&situation.device, &situation.referrer, &situation.task, &situation.query}) {
    out.string(*text);
  }
  out.u8(situation.hour);
  out.u8(situation.weekday);
  out.varint(pending.placements.size());
  for (const PendingPlacement& placement : pending.placements) write_placement(out, placement);
  out.varint(pending.rewards_seen.size());
  for (const std::uint64_t seen : pending.rewards_seen) out.u64(seen);
}

bool read_pending(ByteReader& in, PendingDecision& pending) {
  pending.id.value = read_hash(in);
  pending.slot = SlotKey{in.u64()};
  pending.person = PersonHash{read_hash(in)};
  pending.routed = PersonHash{read_hash(in)};
  pending.arm = static_cast<Arm>(in.u8());
  pending.outcome = static_cast<Outcome>(in.u8());
  pending.at_ms = in.svarint();
  pending.shown_ms = in.svarint();
  pending.learns_ms = in.svarint();
  pending.closes_ms = in.svarint();
  pending.phase = static_cast<PendingDecision::Phase>(in.u8());
  pending.model_version = in.varint();
  Situation& situation = pending.situation;
  situation.item = ItemKey{in.u64()};
  for (std::string* text :
       {&situation.device, &situation.referrer, &situation.task, &situation.query}) {
    *text = in.string();
  }
  situation.hour = in.u8();
  situation.weekday = in.u8();
  const std::size_t placements = in.count(8 + 4 + 4 + 2 + 1 + 1 + kFeatureCount + 1);
  for (std::size_t i = 0; i < placements && in.ok(); ++i)
    pending.placements.push_back(read_placement(in));
  pending.rewards_seen.resize(in.count(8));
  for (std::uint64_t& seen : pending.rewards_seen) seen = in.u64();
  const bool known = pending.arm >= Arm::kTreated && pending.arm <= kLastArm &&
                     pending.phase <= PendingDecision::Phase::kClosed;
  return in.ok() && known && pending.placements.size() <= kSlatePlacesMax;
}

}  // namespace ante
