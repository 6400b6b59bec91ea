// What the tests of a live log share: a store that is written record by record, and a small world
// whose truth is known, decided by the real engine while it learns.
//
// Everybody is asked once. What an item is worth depends on the device, and the ranker counts what
// it has seen of both: so the policy that makes the log learns from it. One thread.

#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "decision/decision_engine.h"
#include "decision/policy.h"
#include "domain/item.h"
#include "journal/journal.h"
#include "reward/joiner.h"
#include "reward/reward_scales.h"
#include "store/memory_store.h"

namespace ante {

inline constexpr TimeMs kWorldStart = 1'700'000'000'000;
inline constexpr DurationMs kWorldWindow = kMinuteMs;

// One record a commit.
class TestLog {
 public:
  CommittedRecord put(RecordKind kind, PersonHash who, TimeMs at_ms, std::string body) {
    const bool control = kind == RecordKind::kObject || kind == RecordKind::kItem;
    NewRecord record;
    record.partition = control ? kControlPartition : partition_of(who);
    record.header = {kind, kFirstTenant, who, at_ms, at_ms};
    record.body = std::move(body);
    const Commit commit{store.last_commit() + 1};
    const Sequence sequence{store.next_sequence(record.partition.value)};
    PartitionBatch batch;
    batch.partition = record.partition.value;
    batch.first_sequence = sequence.value;
    batch.next_sequence = sequence.value + 1;
    batch.log_value = encode_log_value(commit, record.partition, sequence, {&record});
    CHECK(store.commit(commit.value, {&batch, 1}).has_value());
    last_body_ = std::move(record.body);
    return {commit, record.partition, sequence, record.header, last_body_};
  }
  CommittedRecord put(const Slot& slot) {
    Object object{"slot", slot.name, 1, false, "editor", "test", slot_to_json(slot)};
    return put(RecordKind::kObject, {}, kWorldStart, encode(object));
  }
  // Time passes for the joiner: something that is none of its business comes in.
  void pass(TimeMs at_ms) { put(RecordKind::kFacts, PersonHash{{1, 1}}, at_ms, ""); }

  MemoryStore store;

 private:
  std::string last_body_;
};

inline constexpr std::size_t kWorldItems = 6;
inline std::string world_item(std::size_t i) { return "item-" + std::to_string(i); }

// Chances by device and item, learned from matured rewards.
class CountingRanker final : public Ranker, public RewardSink {
 public:
  RankedHand rank(const CandidateRequest& request, const Slot&,
                  std::span<const ItemKey> safe_default) const override {
    RankedHand hand;
    const auto& counts = counts_.at(request.situation.device == "phone");
    for (std::size_t i = 0; i < kWorldItems; ++i) {
      ScoredItem item;
      item.candidate.key = item_key(world_item(i));
      const double shown = counts[i].shown + 4, p = (counts[i].paid + 1) / shown;
      item.probability = static_cast<float>(p);
      item.sd = static_cast<float>(std::sqrt(p * (1 - p) / shown));
      for (const ItemKey key : safe_default)
        if (key == item.candidate.key) hand.safe.push_back(item);
      hand.items.push_back(item);
    }
    std::stable_sort(hand.items.begin(), hand.items.end(),
                     [](const auto& a, const auto& b) { return a.probability > b.probability; });
    hand.candidate_count = kWorldItems;
    hand.model_version = 1 + rows_ / 64;
    return hand;
  }
  std::vector<ItemKey> best_for_everybody(const CandidateRequest&, std::size_t) const override {
    return {};
  }
  void matured(const RewardRow& row) override {
    if (row.arm != Arm::kTreated) return;
    ++rows_;
    for (std::size_t i = 0; i < kWorldItems; ++i) {
      if (item_key(world_item(i)) != row.item) continue;
      Count& count = counts_.at(row.situation.device == "phone")[i];
      count.shown += 1;
      count.paid += row.reward > 0 ? 1 : 0;
    }
  }

 private:
  struct Count {
    double shown = 0, paid = 0;
  };
  std::array<std::array<Count, kWorldItems>, 2> counts_{};
  std::uint64_t rows_ = 0;
};

class LearningWorld {
 public:
  // What is so in truth: on a desktop nothing beats the safe default, on a phone something does.
  static constexpr std::size_t kSafeItem = 3;
  static constexpr std::array<std::array<double, kWorldItems>, 2> kTruth = {
      {{0.22, 0.12, 0.18, 0.30, 0.15, 0.10}, {0.34, 0.25, 0.20, 0.27, 0.10, 0.15}}};

  explicit LearningWorld(std::uint64_t seed) : random_(seed) {
    for (std::size_t i = 0; i < kWorldItems; ++i) {
      Item item;
      item.id = world_item(i);
      item.key = item_key(item.id);
      item.title = item.id;
      const CommittedRecord record = log.put(RecordKind::kItem, {}, kWorldStart, encode(item));
      catalog.consume(record);
      catalog.commit_consumed(record.commit);
    }
    slot.name = "home";
    slot.key = slot_key("home");
    slot.limit = 1;
    slot.safe_items = {world_item(kSafeItem)};
    slot.holdout = 0.1;
    slot.attention_cost = 0.05;  // so that both are the base for long
    slot.goal_window_ms = kWorldWindow;
    slot.waived_by = "editor";
    slot.waived_reason = "test";
    const CommittedRecord record = log.put(slot);
    slots.consume(record);
    joiner.consume(record);
  }

  // Decides for somebody new, who clicks with the chance of what they see.
  const Decision& step(bool activate = true) {
    clock.advance_to(clock.now_ms() + 1000);
    const std::uint64_t n = ++people_asked_;
    DecideRequest request;
    request.slot = slot.name;
    request.person = PersonHash{{random_.next(), n}};
    request.situation.device = n % 2 == 0 ? "phone" : "desktop";
    request.situation.query = "what they typed";
    request.activate = activate;
    Result<DecideAnswer> answer = engine.decide(request);
    CHECK(answer.has_value());
    Decision decision = std::move(answer->decision);
    if (decision.arm == Arm::kTreated) draw_again(decision);
    follow(log.put(RecordKind::kDecision, *request.person, decision.at_ms, encode(decision)));
    const auto& truth = kTruth.at(n % 2 == 0);
    for (std::size_t i = 0; i < kWorldItems; ++i) {
      if (item_key(world_item(i)) != decision.served.front().item) continue;
      if (random_.uniform() < truth.at(i)) reward(decision, *request.person);
    }
    decisions.push_back(std::move(decision));
    return decisions.back();
  }
  void close_windows() { log.pass(clock.now_ms() + 2 * kWorldWindow); }

  // The chance of an item for whom the decision was made.
  static double truth_of(const Decision& decision, ItemKey item) {
    for (std::size_t i = 0; i < kWorldItems; ++i) {
      if (item_key(world_item(i)) == item)
        return kTruth.at(decision.situation.device == "phone").at(i);
    }
    return 0;
  }

  TestLog log;
  Slot slot;
  std::vector<Decision> decisions;
  // How items are called, for decision_export.h.
  std::string_view name_of(ItemKey item) const {
    const Item* found = catalog.view().find(item);
    return found == nullptr ? std::string_view() : std::string_view(found->id);
  }

 private:
  class NoJournal final : public Journal {
   public:
    void append(std::vector<NewRecord>, Completion) override {}
    bool append_unacknowledged(NewRecord) override { return true; }
    Result<void> flush() override { return {}; }
    Result<void> stop() override { return {}; }
    Status status() const override { return {}; }
    Result<Decision> find_decision(DecisionId) const override { return not_found("none"); }
  };

  // The same hand, gains and base, but half of all decisions explore: so a few thousand of them say
  // something of every policy, whatever the engine thinks that exploring is worth.
  void draw_again(Decision& decision) const {
    decision.policy.stake = 0.5F;
    const Mixture mixture{decision.hand,
                          decision.safe_default,
                          decision.policy.stake,
                          decision.policy.base_branch,
                          1,
                          decision.policy.permitted};
    const DrawnSlate drawn = draw_slate(mixture, decision.policy.seed);
    const DrawnPlace& first = drawn.places.front();
    decision.policy.drawn_branch = drawn.drawn_branch;
    decision.served = {
        {first.item, std::string(name_of(first.item)), first.propensity, first.hand_index, {}}};
    decision.outcome = drawn.drawn_branch >= kFirstExploreBranch ? Outcome::kExplore
                       : drawn.drawn_branch == kExploitBranch    ? Outcome::kBet
                                                                 : Outcome::kAbstain;
  }
  void follow(const CommittedRecord& record) {
    joiner.consume(record);
    scales.commit_consumed(record.commit);
  }
  void reward(const Decision& decision, PersonHash who) {
    Reward reward;
    reward.decision = decision.id;
    reward.slot = decision.slot;
    reward.item = decision.served.front().item;
    reward.measure = "click";
    follow(log.put(RecordKind::kReward, who, decision.at_ms + 500, encode(reward)));
  }

  Random random_;
  std::uint64_t people_asked_ = 0;
  SimulatedClock clock{kWorldStart};
  SlotTable slots;
  ProfileStore people;
  ItemInterner interner;
  Catalog catalog{interner};
  CountingRanker ranker;
  RewardScales scales;
  Joiner joiner{{&ranker, &scales}};
  NoJournal journal;
  TokenSigner signer{SecretKey{}};
  Metrics metrics;
  DecisionEngine engine{{clock, slots, people, catalog, ranker, journal, signer, metrics, 7, "salt",
                         &scales.scales()}};
};

}  // namespace ante
