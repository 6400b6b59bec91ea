#include "report/likings_fold.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "base/bytes.h"
#include "base/hash.h"
#include "domain/event.h"
#include "profile/person_state.h"
#include "report/reader_interests.h"
#include "reward/joiner.h"

namespace ante {

namespace {

constexpr std::uint8_t kLikingsFormat = 1;
constexpr double kLikingRewardMax = 1e6;
constexpr std::size_t kCellBytesMin = 8 + 4 + 1 + 1 + 1 + 1;
constexpr std::size_t kLikingPersonBytesMin = 16 + 1 + 1 + 1;

void write_cells(ByteWriter& out, const LikingCells& cells) {
  out.varint(cells.size());
  for (const LikingCell& cell : cells) {
    out.u64(cell.shown);
    out.u32(cell.topic);
    out.varint(cell.odd_n);
    out.varint(cell.even_n);
    out.svarint(cell.odd_micros);
    out.svarint(cell.even_micros);
  }
}

bool read_cells(ByteReader& in, LikingCells& cells) {
  cells.resize(in.count(kCellBytesMin));
  for (LikingCell& cell : cells) {
    cell.shown = in.u64();
    cell.topic = in.u32();
    cell.odd_n = static_cast<std::uint32_t>(in.varint());
    cell.even_n = static_cast<std::uint32_t>(in.varint());
    cell.odd_micros = in.svarint();
    cell.even_micros = in.svarint();
  }
  return in.ok() && cells.size() <= kLikingCellsOfPersonMax;
}

LikingCell* find_cell(LikingCells& cells, std::uint64_t shown, std::uint32_t topic) {
  for (LikingCell& cell : cells) {
    if (cell.shown == shown && cell.topic == topic) return &cell;
  }
  return nullptr;
}

}  // namespace

bool shown_alike(const Decision& decision) {
  if (decision.people.empty() || decision.served.empty()) return false;
  switch (decision.outcome) {
    case Outcome::kHoldout:
      return true;
    case Outcome::kControl:
      return decision.fallback != Fallback::kNoOtherLists;
    case Outcome::kAbstain:
      return decision.fallback == Fallback::kSlotInShadow ||
             decision.fallback == Fallback::kFellBack;
    case Outcome::kBet:
    case Outcome::kExplore:
    case Outcome::kGeneral:
    case Outcome::kNoConsent:
    case Outcome::kPaused:
    case Outcome::kFallback:
      return false;
  }
  return false;
}

std::uint64_t shown_key(ItemKey item, std::uint8_t position) {
  return mix64(item.value ^ mix64(std::min(position, kLikingPlaces)));
}

std::uint32_t liking_topic(ItemKey item, const std::vector<TopicKey>& topics) {
  return topics.empty() ? static_cast<std::uint32_t>(mix64(item.value)) : short_key(topics.front());
}

void LikingsFold::consume(const CommittedRecord& record) {
  if (record.partition != kControlPartition) pass(record.header.received_at);
  switch (record.header.kind) {
    case RecordKind::kDecision:
      if (const Decision* decision = decision_of(record)) decided(*decision);
      break;
    case RecordKind::kEvent: {
      const auto found = people_.find(links_.representative(record.header.person));
      if (found != people_.end()) touch(found->second, record.header.occurred_at);
      break;
    }
    case RecordKind::kConsent:
      if (record.body.size() == 1) {
        const Consent consent = consent_of_bits(static_cast<std::uint8_t>(record.body[0]));
        if (!consent.profile || !consent.measure) forget(record.header.person);
      }
      break;
    case RecordKind::kLink:
      if (const auto joined = links_.consume(record)) join(*joined);
      break;
    case RecordKind::kErase:
      forget(record.header.person);
      break;
    case RecordKind::kObject:
      change_slots(record);
      break;
    case RecordKind::kFacts:
    case RecordKind::kActivation:
    case RecordKind::kReward:
    case RecordKind::kErased:
    case RecordKind::kItem:
      break;
  }
}

// The joiner, which stands before this one, has told the rows of what has closed by now.
void LikingsFold::pass(TimeMs now_ms) {
  if (now_ms <= now_ms_) return;
  const bool next_day = day_of(now_ms) > day_of(now_ms_);
  now_ms_ = now_ms;
  while (!pending_.empty() && pending_.begin()->second.closes_ms < now_ms_)
    pending_.erase(pending_.begin());
  if (!next_day) return;
  for (auto at = people_.begin(); at != people_.end();) {
    if (day_of(at->second.last_ms) > day_of(now_ms_) - kLikingDays) {
      ++at;
      continue;
    }
    for (const auto& [slot, cells] : at->second.slots) leave(slot, cells);
    at = people_.erase(at);
  }
}

void LikingsFold::touch(Person& person, TimeMs at_ms) {
  if (person.visits == 0 || at_ms > person.last_ms + kVisitGapMs) ++person.visits;
  person.last_ms = std::max(person.last_ms, at_ms);
}

void LikingsFold::decided(const Decision& decision) {
  const PersonHash who = links_.representative(decision.people.back());
  const auto known = people_.find(who);
  if (known != people_.end()) touch(known->second, decision.at_ms);
  const Slot* slot = goals_.find(decision.slot);
  if (!shown_alike(decision) || slot == nullptr) return;
  SlotTotals& totals = slots_[decision.slot];
  if (!totals.sample.has(who)) return;
  Person& person = people_[who];
  if (person.visits == 0) touch(person, decision.at_ms);
  if (!person.slots.contains(decision.slot)) {
    if (person.slots.size() >= kLikingSlotsOfPersonMax) return;
    person.slots.try_emplace(decision.slot);
    ++totals.people;
  }
  Pending pending{decision.slot, person.visits % 2 == 0, decision.at_ms + slot->goal_window_ms};
  if (!decision.activated) pending.closes_ms += kActivationWaitMs;
  keep_bounds(decision.slot);
  if (pending_.size() >= kLikingPendingMax) pending_.erase(pending_.begin());
  pending_.emplace(decision.id, pending);
}

void LikingsFold::matured(const RewardRow& row) {
  const auto of = pending_.find(row.decision);
  if (of == pending_.end() || !std::isfinite(row.reward)) return;
  const auto person = people_.find(links_.representative(row.person));
  if (person == people_.end()) return;
  const auto in_slot = person->second.slots.find(row.slot);
  if (in_slot == person->second.slots.end()) return;
  LikingCells& cells = in_slot->second;
  const std::uint64_t shown = shown_key(row.item, row.position);
  const std::uint32_t topic = liking_topic(row.item, row.topics);
  LikingCell* const cell = find_cell(cells, shown, topic);
  if (cell == nullptr) {
    if (cells.size() >= kLikingCellsOfPersonMax) {
      cells.erase(cells.begin());
      ++dropped_;
    } else {
      ++cells_;
      ++slots_[row.slot].cells;
    }
    cells.push_back({.shown = shown, .topic = topic});
  } else {
    std::rotate(cell, cell + 1, cells.data() + cells.size());
  }
  LikingCell& newest = cells.back();
  const double reward = std::clamp(row.reward, -kLikingRewardMax, kLikingRewardMax);
  const auto micros = static_cast<std::int64_t>(std::llround(reward * kMicros));
  ++(of->second.even ? newest.even_n : newest.odd_n);
  (of->second.even ? newest.even_micros : newest.odd_micros) += micros;
  keep_bounds(row.slot);
}

// Somebody who is not kept in a slot any more.
void LikingsFold::leave(SlotKey slot, const LikingCells& cells) {
  SlotTotals& totals = slots_[slot];
  --totals.people;
  totals.cells -= cells.size();
  cells_ -= cells.size();
}

void LikingsFold::halve(SlotKey slot) {
  HashSample& sample = slots_[slot].sample;
  sample.halve();
  for (auto at = people_.begin(); at != people_.end();) {
    auto& slots = at->second.slots;
    const auto in_slot = slots.find(slot);
    if (in_slot != slots.end() && !sample.has(at->first)) {
      leave(slot, in_slot->second);
      slots.erase(in_slot);
    }
    at = slots.empty() ? people_.erase(at) : std::next(at);
  }
}

void LikingsFold::keep_bounds(SlotKey slot) {
  while (slots_[slot].people > kLikingPeopleMax) halve(slot);
  while (cells_ > kLikingCellsMax) {
    const auto most =
        std::ranges::max_element(slots_, {}, [](const auto& entry) { return entry.second.cells; });
    halve(most->first);
  }
}

void LikingsFold::drop_slot(SlotKey slot) {
  for (auto at = people_.begin(); at != people_.end();) {
    auto& slots = at->second.slots;
    if (const auto in_slot = slots.find(slot); in_slot != slots.end()) {
      leave(slot, in_slot->second);
      slots.erase(in_slot);
    }
    at = slots.empty() ? people_.erase(at) : std::next(at);
  }
  slots_.erase(slot);
  std::erase_if(pending_, [slot](const auto& entry) { return entry.second.slot == slot; });
}

void LikingsFold::change_slots(const CommittedRecord& record) {
  const std::map<SlotKey, Slot> before = goals_.all();
  goals_.consume(record);
  for (const auto& [key, was] : before) {
    if (!was.measures_as(*goals_.find(key)) && slots_.contains(key)) drop_slot(key);
  }
}

void LikingsFold::forget(PersonHash person) {
  const auto found = people_.find(links_.representative(person));
  if (found == people_.end()) return;
  for (const auto& [slot, cells] : found->second.slots) leave(slot, cells);
  people_.erase(found);
}

void LikingsFold::join(const PersonLinks::Joined& joined) {
  const auto found = people_.find(joined.gone);
  if (found == people_.end()) return;
  Person gone = std::move(found->second);
  people_.erase(found);
  for (const auto& [slot, cells] : gone.slots) leave(slot, cells);
  std::erase_if(gone.slots,
                [&](const auto& entry) { return !slots_[entry.first].sample.has(joined.kept); });
  if (gone.slots.empty()) return;
  Person& kept = people_[joined.kept];
  kept.last_ms = std::max(kept.last_ms, gone.last_ms);
  kept.visits += gone.visits;
  for (auto& [slot, cells] : gone.slots) {
    const bool added = !kept.slots.contains(slot);
    if (added && kept.slots.size() >= kLikingSlotsOfPersonMax) continue;
    SlotTotals& totals = slots_[slot];
    LikingCells& mine = kept.slots[slot];
    totals.people += added ? 1 : 0;
    totals.cells -= mine.size();
    cells_ -= mine.size();
    for (const LikingCell& theirs : cells) {
      if (LikingCell* same = find_cell(mine, theirs.shown, theirs.topic)) {
        same->odd_n += theirs.odd_n;
        same->even_n += theirs.even_n;
        same->odd_micros += theirs.odd_micros;
        same->even_micros += theirs.even_micros;
      } else if (mine.size() < kLikingCellsOfPersonMax) {
        mine.push_back(theirs);
      } else {
        ++dropped_;
      }
    }
    totals.cells += mine.size();
    cells_ += mine.size();
  }
}

LikingsFold::SlotPeople LikingsFold::of_slot(SlotKey slot) const {
  SlotPeople all;
  const auto totals = slots_.find(slot);
  if (totals == slots_.end()) return all;
  all.sample = totals->second.sample;
  std::vector<std::pair<PersonHash, const LikingCells*>> sorted;
  sorted.reserve(totals->second.people);
  for (const auto& [who, person] : people_) {
    const auto in_slot = person.slots.find(slot);
    if (in_slot != person.slots.end()) sorted.emplace_back(who, &in_slot->second);
  }
  std::ranges::sort(sorted, {}, [](const auto& entry) { return entry.first; });
  for (const auto& [who, cells] : sorted) all.people.push_back(*cells);
  return all;
}

std::string LikingsFold::save() const {
  std::string bytes, goals, links;
  goals_.save(goals);
  links_.save(links);
  ByteWriter out(bytes);
  out.u8(kLikingsFormat);
  out.string(goals);
  out.string(links);
  out.svarint(now_ms_);
  out.varint(dropped_);
  out.varint(slots_.size());
  for (const auto& [key, totals] : slots_) {
    out.u64(key.value);
    out.u8(totals.sample.halvings());
  }
  std::vector<std::pair<PersonHash, const Person*>> sorted;
  sorted.reserve(people_.size());
  for (const auto& [who, person] : people_) sorted.emplace_back(who, &person);
  std::ranges::sort(sorted, {}, [](const auto& entry) { return entry.first; });
  out.varint(sorted.size());
  for (const auto& [who, person] : sorted) {
    out.u64(who.value.hi);
    out.u64(who.value.lo);
    out.svarint(person->last_ms);
    out.varint(person->visits);
    out.varint(person->slots.size());
    for (const auto& [slot, cells] : person->slots) {
      out.u64(slot.value);
      write_cells(out, cells);
    }
  }
  out.varint(pending_.size());
  for (const auto& [id, pending] : pending_) {
    out.u64(id.value.hi);
    out.u64(id.value.lo);
    out.u64(pending.slot.value);
    out.u8(pending.even ? 1 : 0);
    out.svarint(pending.closes_ms);
  }
  return bytes;
}

Result<void> LikingsFold::load(std::string_view bytes) {
  const Error damaged = data_loss("likings: the checkpoint is damaged");
  ByteReader in(bytes);
  if (in.u8() != kLikingsFormat)
    return data_loss("likings: the checkpoint is of a format that is not known");
  TRY(goals_.load(in.string()));
  TRY(links_.load(in.string()));
  now_ms_ = in.svarint();
  dropped_ = in.varint();
  const std::size_t slots = in.count(9);
  for (std::size_t i = 0; i < slots; ++i) {
    const SlotKey key{in.u64()};
    const std::uint8_t halvings = in.u8();
    if (halvings > HashSample::kHalvingsMax) return damaged;
    slots_[key].sample = HashSample(halvings);
  }
  const std::size_t people = in.count(kLikingPersonBytesMin);
  for (std::size_t i = 0; i < people; ++i) {
    PersonHash who;
    who.value.hi = in.u64();
    who.value.lo = in.u64();
    Person& person = people_[who];
    person.last_ms = in.svarint();
    person.visits = static_cast<std::uint32_t>(in.varint());
    const std::size_t in_slots = in.count(9);
    for (std::size_t k = 0; k < in_slots; ++k) {
      const auto totals = slots_.find(SlotKey{in.u64()});
      if (totals == slots_.end()) return damaged;
      const auto [at, added] = person.slots.try_emplace(totals->first);
      if (!added || !read_cells(in, at->second)) return damaged;
      ++totals->second.people;
      totals->second.cells += at->second.size();
      cells_ += at->second.size();
    }
    if (in_slots > kLikingSlotsOfPersonMax || in_slots == 0) return damaged;
  }
  const std::size_t pending = in.count(16 + 8 + 1 + 1);
  if (pending > kLikingPendingMax || cells_ > kLikingCellsMax) return damaged;
  for (std::size_t i = 0; i < pending; ++i) {
    DecisionId id;
    id.value.hi = in.u64();
    id.value.lo = in.u64();
    Pending& waiting = pending_[id];
    waiting.slot = SlotKey{in.u64()};
    waiting.even = in.u8() != 0;
    waiting.closes_ms = in.svarint();
  }
  if (!in.ok() || !in.at_end()) return damaged;
  return {};
}

}  // namespace ante
