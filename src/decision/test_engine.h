// A decision engine with a ranker whose chances are written down and a journal that keeps records:
// what the tests of the engine share.

#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "decision/decision_engine.h"
#include "domain/item.h"

namespace ante {

inline constexpr TimeMs kTestNow = 1'700'000'000'000;

inline std::string name_of(std::size_t i) { return "item-" + std::to_string(i); }
inline PersonHash person(std::uint64_t n) { return PersonHash{{n << 56, n + 1}}; }

// Chances by item; what is not in the catalogue is not ranked. Eligibility is the ranker's.
class FakeRanker final : public Ranker {
 public:
  RankedHand rank(const CandidateRequest& request, const Slot&,
                  std::span<const ItemKey> safe_default) const override {
    RankedHand hand;
    for (std::size_t i = 0; i < chances.size(); ++i) {
      const ItemKey key = item_key(name_of(i));
      const bool wanted = request.supplied.empty() ||
                          std::find(request.supplied.begin(), request.supplied.end(), key) !=
                              request.supplied.end();
      const bool capped = std::ranges::binary_search(request.capped, key);
      if (wanted && !capped && forbidden.count(i) == 0) hand.items.push_back(scored(i));
    }
    std::stable_sort(hand.items.begin(), hand.items.end(),
                     [](const auto& a, const auto& b) { return a.probability > b.probability; });
    for (const ItemKey key : safe_default) {
      for (std::size_t i = 0; i < chances.size(); ++i) {
        if (item_key(name_of(i)) == key) hand.safe.push_back(scored(i));
      }
    }
    hand.candidate_count = static_cast<std::uint32_t>(hand.items.size());
    hand.model_version = model_version;
    hand.rung = Rung::kPerson;
    if (slow != nullptr) {
      while (slow->monotonic_ns() < slow_until_ns) continue;
    }
    return hand;
  }
  std::vector<ItemKey> best_for_everybody(const CandidateRequest&,
                                          std::size_t places) const override {
    std::vector<ItemKey> best;
    for (std::size_t i = chances.size(); i > 0 && best.size() < places; --i)
      best.push_back(item_key(name_of(i - 1)));
    return best;
  }

  std::vector<double> chances;
  std::set<std::size_t> forbidden;
  double sd = 0.005;
  std::uint64_t model_version = 1;
  const Clock* slow = nullptr;
  std::int64_t slow_until_ns = 0;

 private:
  ScoredItem scored(std::size_t i) const {
    ScoredItem item;
    item.candidate.key = item_key(name_of(i));
    item.probability = static_cast<float>(chances[i]);
    item.sd = static_cast<float>(sd);
    return item;
  }
};

class FakeJournal final : public Journal {
 public:
  void append(std::vector<NewRecord>, Completion) override {}
  bool append_unacknowledged(NewRecord record) override {
    if (full) return false;
    MutexLock lock(mutex);
    records.push_back(std::move(record));
    return true;
  }
  Result<void> flush() override { return {}; }
  Result<void> stop() override { return {}; }
  Status status() const override { return {}; }
  Result<Decision> find_decision(DecisionId) const override { return not_found("none"); }

  Mutex mutex;
  std::vector<NewRecord> records;
  bool full = false;
};

inline CommittedRecord committed(RecordKind kind, PersonHash who, Partition partition,
                                 std::string_view body, std::uint64_t sequence) {
  RecordHeader header;
  header.kind = kind;
  header.person = who;
  header.occurred_at = header.received_at = kTestNow;
  return {Commit{sequence}, partition, Sequence{sequence}, header, body};
}

class DecisionEngineTest : public testing::Test {
 protected:
  DecisionEngineTest() {
    ranker.chances = {0.30, 0.25, 0.20, 0.15, 0.10, 0.05};
    for (std::size_t i = 0; i < ranker.chances.size(); ++i) put_item(i, [](Item&) {});
    slot.name = "home";
    slot.key = slot_key("home");
    slot.limit = 1;
    slot.safe_items = {"item-3"};
    slot.holdout = 0;
    slot.stake = 0.2;
    slot.waived_by = "editor";
    slot.waived_reason = "test";
    slot.repeat_exposures = 0;
    put_slot();
  }

  template <typename Change>
  void put_item(std::size_t i, Change change) {
    Item item;
    item.id = name_of(i);
    item.key = item_key(item.id);
    item.title = item.id;
    change(item);
    catalog.consume(committed(RecordKind::kItem, {}, kControlPartition, encode(item), ++sequence));
    catalog.commit_consumed(Commit{sequence});
  }
  void put_slot() {
    Object object;
    object.type = "slot";
    object.id = slot.name;
    object.version = ++sequence;
    object.json = slot_to_json(slot);
    slots.consume(committed(RecordKind::kObject, {}, kControlPartition, encode(object), sequence));
  }
  void put_bet(const Bet& bet) {
    Object object;
    object.type = kBetObjectType;
    object.id = bet.id;
    object.version = ++sequence;
    object.json = bet_to_json(bet);
    bets.consume(committed(RecordKind::kObject, {}, kControlPartition, encode(object), sequence));
  }
  // What the journal kept since last time reaches the folds.
  void commit() {
    for (; folded < journal.records.size(); ++folded) {
      const NewRecord& record = journal.records[folded];
      ++sequence;
      const CommittedRecord stored{Commit{sequence}, record.partition, Sequence{sequence},
                                   record.header, record.body};
      people.consume(stored);
      exposures.consume(stored);
    }
  }
  void put_event(PersonHash who, const Event& event) {
    people.consume(
        committed(RecordKind::kEvent, who, partition_of(who), encode(event), ++sequence));
  }

  DecideAnswer decide(std::uint64_t who = 1) {
    DecideRequest request;
    request.slot = slot.name;
    request.person = person(who);
    return decide(request);
  }
  DecideAnswer decide(const DecideRequest& request) {
    Result<DecideAnswer> answer = engine.decide(request);
    EXPECT_TRUE(answer) << answer.error().message;
    expect_sound(*answer);
    return std::move(*answer);
  }
  // What holds for every decision, whatever its outcome.
  void expect_sound(const DecideAnswer& answer) {
    const Decision& decision = answer.decision;
    EXPECT_EQ(answer.tokens.size(), decision.served.size());
    std::set<ItemKey> seen;
    for (std::size_t k = 0; k < decision.served.size(); ++k) {
      EXPECT_TRUE(seen.insert(decision.served[k].item).second);
      const auto token = signer.verify(answer.tokens[k]);
      ASSERT_TRUE(token);
      EXPECT_EQ(token->item, decision.served[k].item);
      EXPECT_EQ(token->position, k + 1);
      EXPECT_EQ(token->propensity, decision.served[k].propensity);
    }
    const auto again = replay(decision);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(*again, decision.served);
    if (!journal.records.empty() && !journal.full && !decision.people.empty()) {
      const auto stored = decode_decision(journal.records.back().body);
      ASSERT_TRUE(stored);
      if (stored->id == decision.id) {
        EXPECT_EQ(*stored, decision);
        EXPECT_TRUE(replay(*stored));
      }
    }
  }
  static std::vector<std::string> ids(const DecideAnswer& answer) {
    std::vector<std::string> out;
    for (const Placement& placement : answer.decision.served) out.push_back(placement.item_id);
    return out;
  }

  SimulatedClock clock{kTestNow};
  SlotTable slots;
  ProfileStore people;
  ItemInterner interner;
  Catalog catalog{interner};
  FakeRanker ranker;
  FakeJournal journal;
  TokenSigner signer{SecretKey{}};
  Metrics metrics;
  Slot slot;
  BetTable bets;
  ExposureGuard exposures;
  std::uint64_t sequence = 0;
  std::size_t folded = 0;
  DecisionEngine engine{{.clock = clock,
                         .slots = slots,
                         .people = people,
                         .catalog = catalog,
                         .ranker = ranker,
                         .journal = journal,
                         .signer = signer,
                         .metrics = metrics,
                         .seed = 7,
                         .holdout_salt = "salt",
                         .bets = &bets,
                         .exposures = &exposures}};
};

}  // namespace ante
