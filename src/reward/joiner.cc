#include "reward/joiner.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/bytes.h"
#include "base/hash.h"
#include "domain/event.h"
#include "reward/pending_decision.h"
#include "reward/person_links.h"
#include "reward/slot_goals.h"

namespace ante {

namespace {

constexpr std::uint8_t kJoinerFormat = 2;

// A number of a pending decision: 1, 2, 3 … in the order of the log.
using Order = std::uint64_t;

std::uint64_t reward_hash(const Reward& reward) {
  return hash64(reward.measure, mix64(reward.item.value ^ (std::uint64_t{reward.position} << 56)));
}

bool gives_rows(const Decision& decision) {
  switch (decision.outcome) {
    case Outcome::kNoConsent:
    case Outcome::kPaused:
      return false;
    case Outcome::kBet:
    case Outcome::kExplore:
    case Outcome::kAbstain:
    case Outcome::kHoldout:
    case Outcome::kGeneral:
    case Outcome::kFallback:
    case Outcome::kControl:
      return !decision.people.empty() && !decision.served.empty();
  }
  return false;
}

}  // namespace

struct Joiner::State {
  struct Counts {
    std::atomic<std::uint64_t> pending{0}, matured{0}, corrected{0}, dropped{0}, rewards{0},
        unjoined{0}, repeated{0};
  };

  void add(const Decision& decision);
  void activate(const Activation& activation, TimeMs occurred_at);
  void reward(const Reward& reward, TimeMs occurred_at);
  void event(const Event& event, PersonHash person, TimeMs occurred_at);
  void event_of_decision(const Event& event, PendingDecision& pending, TimeMs occurred_at);
  void erase(PersonHash person);
  void join_people(const PersonLinks::Joined& joined);

  void keep(Order order, PendingDecision pending);
  void remove(Order order);
  void mature_until(TimeMs now_ms);
  void credit(PendingDecision& pending, std::size_t placement, const Credits& credits);
  // Tells the row of a shown placement as it is now, where that is news.
  void tell(PendingDecision& pending, std::size_t placement, TimeMs at_ms);
  void tell(const std::vector<RewardSink*>& sinks, const PendingDecision& pending,
            std::size_t placement, std::optional<std::int64_t>& told, TimeMs at_ms);
  void show(Order order, PendingDecision& pending, std::size_t placement, TimeMs at_ms);
  void pass_on(Order order, PendingDecision& pending);
  void count_waiting();
  PendingDecision* find(DecisionId id, Order* order = nullptr);

  std::vector<RewardSink*> at_close, learners;
  SlotGoals goals;
  PersonLinks links;
  std::map<Order, PendingDecision> pending;
  std::set<std::pair<TimeMs, Order>> due;
  std::set<Order> closed;  // of `pending`: open to late outcomes only
  std::unordered_map<DecisionId, Order> by_id;
  std::unordered_map<PersonHash, std::vector<Order>, PersonHasher> by_person;  // ascending
  Order next_order = 1;
  TimeMs now_ms = 0;
  Counts counts;
};

PendingDecision* Joiner::State::find(DecisionId id, Order* order) {
  const auto found = by_id.find(id);
  if (found == by_id.end()) return nullptr;
  if (order != nullptr) *order = found->second;
  return &pending.at(found->second);
}

void Joiner::State::count_waiting() {
  counts.pending.store(pending.size() - closed.size(), std::memory_order_relaxed);
}

void Joiner::State::keep(Order order, PendingDecision decision) {
  due.emplace(decision.due_ms(), order);
  if (decision.phase == PendingDecision::Phase::kClosed) closed.insert(order);
  by_id[decision.id] = order;
  by_person[links.representative(decision.person)].push_back(order);
  pending.emplace(order, std::move(decision));
  count_waiting();
}

void Joiner::State::remove(Order order) {
  const auto found = pending.find(order);
  due.erase({found->second.due_ms(), order});
  closed.erase(order);
  by_id.erase(found->second.id);
  const auto of_person = by_person.find(links.representative(found->second.person));
  if (of_person != by_person.end()) {
    std::erase(of_person->second, order);
    if (of_person->second.empty()) by_person.erase(of_person);
  }
  pending.erase(found);
  count_waiting();
}

void Joiner::State::add(const Decision& decision) {
  const Slot* slot = goals.find(decision.slot);
  if (!gives_rows(decision) || by_id.count(decision.id) != 0) return;
  if (slot == nullptr) {
    counts.dropped.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  if (pending.size() >= kPendingDecisionsMax) {
    if (closed.empty()) counts.dropped.fetch_add(1, std::memory_order_relaxed);
    remove(closed.empty() ? pending.begin()->first : *closed.begin());
  }
  PendingDecision waiting = pending_of(decision);
  if (decision.activated) {
    for (std::size_t i = 0; i < waiting.placements.size(); ++i)
      waiting.show(i, waiting.at_ms, *slot);
  }
  keep(next_order++, std::move(waiting));
}

void Joiner::State::show(Order order, PendingDecision& decision, std::size_t placement,
                         TimeMs at_ms) {
  const TimeMs due_before = decision.due_ms();
  decision.show(placement, at_ms, *goals.find(decision.slot));
  if (decision.due_ms() != due_before) {
    due.erase({due_before, order});
    due.emplace(decision.due_ms(), order);
  }
  tell(decision, placement, now_ms);
}

void Joiner::State::activate(const Activation& activation, TimeMs occurred_at) {
  Order order = 0;
  PendingDecision* decision = find(activation.decision, &order);
  if (decision == nullptr) return;
  for (std::size_t i = 0; i < decision->placements.size(); ++i) {
    const auto& items = activation.items;
    const ItemKey item = decision->placements[i].item;
    const bool named = std::find(items.begin(), items.end(), item) != items.end();
    if (items.empty() || named) show(order, *decision, i, occurred_at);
  }
}

void Joiner::State::credit(PendingDecision& decision, std::size_t placement,
                           const Credits& credits) {
  for (const Credit& credit : credits) add_credit(decision.placements[placement].credits, credit);
  tell(decision, placement, now_ms);
}

void Joiner::State::tell(PendingDecision& decision, std::size_t placement, TimeMs at_ms) {
  PendingPlacement& shown = decision.placements[placement];
  if (!shown.shown || decision.phase == PendingDecision::Phase::kOpen) return;
  tell(learners, decision, placement, shown.told_learners, at_ms);
  if (decision.phase == PendingDecision::Phase::kClosed)
    tell(at_close, decision, placement, shown.told, at_ms);
}

void Joiner::State::tell(const std::vector<RewardSink*>& sinks, const PendingDecision& decision,
                         std::size_t placement, std::optional<std::int64_t>& told, TimeMs at_ms) {
  const Slot& slot = *goals.find(decision.slot);
  const std::int64_t micros = reward_micros(slot, decision.placements[placement].credits);
  if (told && *told == micros) return;
  const RewardRow row = decision.row(placement, slot, micros, at_ms);
  if (!told) {
    for (RewardSink* sink : sinks) sink->matured(row);
  } else {
    const RewardRow before = decision.row(placement, slot, *told, at_ms);
    for (RewardSink* sink : sinks) sink->corrected(row, before);
    counts.corrected.fetch_add(1, std::memory_order_relaxed);
  }
  told = micros;
}

void Joiner::State::reward(const Reward& reward, TimeMs occurred_at) {
  Order order = 0;
  PendingDecision* decision = find(reward.decision, &order);
  const std::size_t placement = reward.position == 0 ? kSlatePlacesMax : reward.position - 1U;
  // A reward for what was not served is none, whoever signed it.
  if (decision == nullptr || decision->slot != reward.slot ||
      placement >= decision->placements.size() ||
      decision->placements[placement].item != reward.item) {
    counts.unjoined.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const std::uint64_t hash = reward_hash(reward);
  auto& seen = decision->rewards_seen;
  if (seen.size() >= kRewardsOfDecisionMax ||
      std::find(seen.begin(), seen.end(), hash) != seen.end()) {
    counts.repeated.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  seen.push_back(hash);
  counts.rewards.fetch_add(1, std::memory_order_relaxed);
  show(order, *decision, placement, occurred_at);
  if (!decision->in_window(occurred_at)) return;
  credit(*decision, placement, credits_of(*goals.find(decision->slot), reward));
}

void Joiner::State::event_of_decision(const Event& event, PendingDecision& decision,
                                      TimeMs occurred_at) {
  if (!decision.in_window(occurred_at)) return;
  const Credits credits = credits_of(*goals.find(decision.slot), event);
  if (credits.empty()) return;
  for (std::size_t i = 0; i < decision.placements.size(); ++i) {
    PendingPlacement& placement = decision.placements[i];
    const bool named =
        std::any_of(event.items.begin(), event.items.end(),
                    [&](const EventItem& item) { return item.key == placement.item; });
    // An outcome without an item says which placement it is about only where there is one.
    const bool only = event.items.empty() && decision.placements.size() == 1;
    if (placement.shown && (named || only)) credit(decision, i, credits);
  }
}

void Joiner::State::event(const Event& event, PersonHash person, TimeMs occurred_at) {
  if (!event.use_for_decisions) return;
  const auto of_person = by_person.find(links.representative(person));
  if (of_person == by_person.end()) return;
  if (event.decision) {
    PendingDecision* decision = find(*event.decision);
    // Whose decision it is must agree: an event cannot claim another person's.
    if (decision != nullptr && links.representative(decision->person) == of_person->first) {
      event_of_decision(event, *decision, occurred_at);
    }
    return;
  }
  const std::vector<Order>& orders = of_person->second;
  const std::size_t compared = std::min(orders.size(), kPendingOfPersonMax);
  for (const EventItem& item : event.items) {
    std::vector<SlotKey> credited;  // the latest decision of each slot takes it
    for (std::size_t back = 1; back <= compared; ++back) {
      PendingDecision& decision = pending.at(orders[orders.size() - back]);
      if (!decision.in_window(occurred_at)) continue;
      if (std::find(credited.begin(), credited.end(), decision.slot) != credited.end()) continue;
      const Credits credits = credits_of(*goals.find(decision.slot), event);
      if (credits.empty()) continue;
      for (std::size_t i = 0; i < decision.placements.size(); ++i) {
        if (!decision.placements[i].shown || decision.placements[i].item != item.key) continue;
        credit(decision, i, credits);
        credited.push_back(decision.slot);
        break;
      }
    }
  }
}

void Joiner::State::erase(PersonHash person) {
  const auto of_person = by_person.find(links.representative(person));
  if (of_person == by_person.end()) return;
  const std::vector<Order> orders = of_person->second;
  for (const Order order : orders) remove(order);
}

void Joiner::State::join_people(const PersonLinks::Joined& joined) {
  const auto gone = by_person.find(joined.gone);
  if (gone == by_person.end()) return;
  std::vector<Order> orders = std::move(gone->second);
  by_person.erase(gone);
  std::vector<Order>& kept = by_person[joined.kept];
  kept.insert(kept.end(), orders.begin(), orders.end());
  std::sort(kept.begin(), kept.end());
}

void Joiner::State::mature_until(TimeMs until_ms) {
  while (!due.empty() && due.begin()->first < until_ms) {
    const Order order = due.begin()->second;
    PendingDecision& decision = pending.at(order);
    if (decision.shown_ms == 0 || decision.phase == PendingDecision::Phase::kClosed) {
      remove(order);
    } else {
      pass_on(order, decision);
    }
  }
}

// To its next phase, which is told.
void Joiner::State::pass_on(Order order, PendingDecision& decision) {
  using Phase = PendingDecision::Phase;
  const TimeMs at_ms = decision.due_ms();
  due.erase({at_ms, order});
  decision.phase = decision.closes_ms <= at_ms ? Phase::kClosed : Phase::kLearned;
  for (std::size_t i = 0; i < decision.placements.size(); ++i) tell(decision, i, at_ms);
  due.emplace(decision.due_ms(), order);
  if (decision.phase != Phase::kClosed) return;
  for (const PendingPlacement& placement : decision.placements)
    counts.matured.fetch_add(placement.shown ? 1 : 0, std::memory_order_relaxed);
  closed.insert(order);
  if (closed.size() > kLateDecisionsMax) remove(*closed.begin());
  count_waiting();
}

Joiner::Joiner(std::vector<RewardSink*> at_close, std::vector<RewardSink*> learners)
    : state_(std::make_unique<State>()) {
  state_->at_close = std::move(at_close);
  state_->learners = std::move(learners);
}

Joiner::~Joiner() = default;

void Joiner::consume(const CommittedRecord& record) {
  State& s = *state_;
  // The clock of the log is what people do: a slot made today ends no window of a log that is
  // replayed.
  if (record.partition != kControlPartition && record.header.received_at > s.now_ms) {
    s.now_ms = record.header.received_at;
  }
  s.mature_until(s.now_ms);
  const TimeMs occurred_at = record.header.occurred_at;
  // A body that cannot be decoded here was stored by a later version: it is none of ours.
  switch (record.header.kind) {
    case RecordKind::kDecision:
      if (const Decision* decision = decision_of(record)) s.add(*decision);
      break;
    case RecordKind::kActivation:
      if (const auto activation = decode_activation(record.body))
        s.activate(*activation, occurred_at);
      break;
    case RecordKind::kReward:
      if (const auto reward = decode_reward(record.body)) s.reward(*reward, occurred_at);
      break;
    case RecordKind::kEvent:
      if (s.by_person.empty()) break;
      if (const auto event = decode_event(record.body))
        s.event(*event, record.header.person, occurred_at);
      break;
    case RecordKind::kLink:
      if (const auto joined = s.links.consume(record)) s.join_people(*joined);
      break;
    case RecordKind::kErase:
      s.erase(record.header.person);
      break;
    case RecordKind::kObject:
      s.goals.consume(record);
      break;
    case RecordKind::kFacts:
    case RecordKind::kConsent:
    case RecordKind::kErased:
    case RecordKind::kItem:
      break;
  }
}

std::string Joiner::save() const {
  const State& s = *state_;
  std::string bytes, goals, links;
  s.goals.save(goals);
  s.links.save(links);
  ByteWriter out(bytes);
  out.u8(kJoinerFormat);
  out.string(goals);
  out.string(links);
  out.svarint(s.now_ms);
  const State::Counts& counts = s.counts;
  for (const auto* count : {&counts.matured, &counts.corrected, &counts.dropped, &counts.rewards,
                            &counts.unjoined, &counts.repeated}) {
    out.varint(count->load(std::memory_order_relaxed));
  }
  out.varint(s.pending.size());
  for (const auto& [order, decision] : s.pending) write_pending(out, decision);
  return bytes;
}

Result<void> Joiner::load(std::string_view bytes) {
  State& s = *state_;
  ByteReader in(bytes);
  if (in.u8() != kJoinerFormat)
    return data_loss("joiner: the checkpoint is of a format that is not known");
  TRY(s.goals.load(in.string()));
  TRY(s.links.load(in.string()));
  s.now_ms = in.svarint();
  State::Counts& counts = s.counts;
  for (auto* count : {&counts.matured, &counts.corrected, &counts.dropped, &counts.rewards,
                      &counts.unjoined, &counts.repeated}) {
    count->store(in.varint(), std::memory_order_relaxed);
  }
  const std::size_t pending = in.count(64);
  for (std::size_t i = 0; i < pending; ++i) {
    PendingDecision decision;
    if (!read_pending(in, decision) || s.goals.find(decision.slot) == nullptr) {
      return data_loss("joiner: the checkpoint is damaged");
    }
    s.keep(s.next_order++, std::move(decision));
  }
  if (!in.ok() || !in.at_end()) return data_loss("joiner: the checkpoint is damaged");
  return {};
}

Joiner::Status Joiner::status() const {
  const State::Counts& counts = state_->counts;
  const auto get = [](const std::atomic<std::uint64_t>& count) {
    return count.load(std::memory_order_relaxed);
  };
  return {get(counts.pending), get(counts.matured),  get(counts.corrected), get(counts.dropped),
          get(counts.rewards), get(counts.unjoined), get(counts.repeated)};
}

bool Joiner::is_waiting(DecisionId id) const {
  const PendingDecision* decision = state_->find(id);
  return decision != nullptr && decision->phase != PendingDecision::Phase::kClosed;
}

}  // namespace ante
