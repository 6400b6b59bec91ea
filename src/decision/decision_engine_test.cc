#include "decision/decision_engine.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "decision/policy.h"
#include "decision/safe_default.h"
#include "domain/bucketing.h"
#include "domain/item.h"
#include "math/statistics.h"

namespace ante {
namespace {

constexpr TimeMs kNow = 1'700'000'000'000;

std::string name_of(std::size_t i) { return "item-" + std::to_string(i); }
PersonHash person(std::uint64_t n) { return PersonHash{{n << 56, n + 1}}; }

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
      if (wanted && forbidden.count(i) == 0) hand.items.push_back(scored(i));
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
    records.push_back(std::move(record));
    return true;
  }
  Result<void> flush() override { return {}; }
  Result<void> stop() override { return {}; }
  Status status() const override { return {}; }
  Result<Decision> find_decision(DecisionId) const override { return not_found("none"); }

  std::vector<NewRecord> records;
  bool full = false;
};

CommittedRecord committed(RecordKind kind, PersonHash who, Partition partition,
                          std::string_view body, std::uint64_t sequence) {
  RecordHeader header;
  header.kind = kind;
  header.person = who;
  header.occurred_at = header.received_at = kNow;
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

  SimulatedClock clock{kNow};
  SlotTable slots;
  ProfileStore people;
  ItemInterner interner;
  Catalog catalog{interner};
  FakeRanker ranker;
  FakeJournal journal;
  TokenSigner signer{SecretKey{}};
  Metrics metrics;
  Slot slot;
  std::uint64_t sequence = 0;
  DecisionEngine engine{
      {clock, slots, people, catalog, ranker, journal, signer, metrics, 7, "salt", nullptr}};
};

TEST_F(DecisionEngineTest, BetsOnTheBestAndExploresWithinTheStake) {
  std::map<Outcome, int> outcomes;
  for (int i = 0; i < 4000; ++i) {
    const DecideAnswer answer = decide(static_cast<std::uint64_t>(i % 200));
    ++outcomes[answer.decision.outcome];
    if (answer.decision.outcome == Outcome::kBet) {
      EXPECT_EQ(ids(answer), std::vector<std::string>{"item-0"});
    }
    EXPECT_EQ(answer.decision.would_have, answer.decision.safe_default);
    ASSERT_TRUE(answer.runner_up);
    EXPECT_NE(answer.runner_up->item, answer.decision.served[0].item);
    EXPECT_LE(answer.odds_lo, answer.odds);
    EXPECT_LE(answer.odds, answer.odds_hi);
  }
  EXPECT_EQ(outcomes.size(), 2U);
  EXPECT_NEAR(outcomes[Outcome::kExplore], 800, 110);  // binomial: sd 25
}

// Each arm and mode: what is served, how often, and with which logged propensity. 100,000 draws.
TEST_F(DecisionEngineTest, FrequenciesMatchLoggedPropensitiesThroughTheWholeEngine) {
  constexpr int kDraws = 100'000;
  for (const std::uint8_t limit : {std::uint8_t{1}, std::uint8_t{3}}) {
    slot.limit = limit;
    put_slot();
    std::map<std::vector<ItemKey>, std::pair<int, double>> cells;
    DecideRequest request;
    request.slot = "home";
    request.person = person(5);
    for (int i = 0; i < kDraws; ++i) {
      const auto answer = engine.decide(request);
      ASSERT_TRUE(answer);
      std::vector<ItemKey> items;
      double probability = 1;
      for (const Placement& placement : answer->decision.served) {
        items.push_back(placement.item);
        probability *= static_cast<double>(placement.propensity);
      }
      auto& cell = cells[items];
      ++cell.first;
      cell.second = probability;
      journal.records.clear();
    }
    double chi = 0, found = kDraws, expected = kDraws;
    int degrees = -1;
    for (const auto& [items, cell] : cells) {
      const double e = cell.second * kDraws;
      if (e < 5) continue;
      chi += (cell.first - e) * (cell.first - e) / e;
      found -= cell.first;
      expected -= e;
      ++degrees;
    }
    if (expected >= 5) {
      chi += (found - expected) * (found - expected) / expected;
      ++degrees;
    }
    ASSERT_GT(degrees, 2);
    EXPECT_GT(chi_square_p(chi, degrees), 0.0005) << int{limit};
  }
}

TEST_F(DecisionEngineTest, AbstainsOnATieAndServesTheSafeDefault) {
  ranker.chances.assign(6, 0.2);
  slot.stake = 0;
  put_slot();
  const DecideAnswer answer = decide();
  EXPECT_EQ(answer.decision.outcome, Outcome::kAbstain);
  EXPECT_EQ(ids(answer), std::vector<std::string>{"item-3"});
  EXPECT_EQ(answer.decision.served[0].propensity, 1.0F);
}

TEST_F(DecisionEngineTest, AttentionCostKeepsTheSafeDefault) {
  slot.stake = 0;
  slot.attention_cost = 0.3;
  put_slot();
  EXPECT_EQ(decide().decision.outcome, Outcome::kAbstain);
}

TEST_F(DecisionEngineTest, HoldoutGetsTheSafeDefaultAndAGhostLog) {
  slot.holdout = 0.9;
  put_slot();
  int held = 0;
  for (std::uint64_t n = 0; n < 250; ++n) {
    const DecideAnswer answer = decide(n);
    EXPECT_EQ(answer.decision.arm, arm_of("salt", person(n), 0.9));
    if (answer.decision.arm != Arm::kHoldout) continue;
    ++held;
    EXPECT_EQ(answer.decision.outcome, Outcome::kHoldout);
    EXPECT_EQ(ids(answer), std::vector<std::string>{"item-3"});
    EXPECT_EQ(answer.decision.served[0].propensity, 1.0F);
    EXPECT_FALSE(answer.decision.would_have.empty());
    EXPECT_FALSE(answer.decision.hand.empty());
    DecideRequest general;
    general.slot = "home";
    general.person = person(n);
    general.general = true;
    const DecideAnswer same = decide(general);
    EXPECT_EQ(same.decision.outcome, Outcome::kGeneral);
    EXPECT_EQ(ids(same), ids(answer));
  }
  EXPECT_GT(held, 200);
}

TEST_F(DecisionEngineTest, ASlotInShadowDecidesAndServesTheSafeDefault) {
  slot.waived_by.clear();
  slot.waived_reason.clear();
  slot.stake = 0;
  put_slot();
  const DecideAnswer answer = decide();
  EXPECT_EQ(answer.decision.outcome, Outcome::kAbstain);
  EXPECT_EQ(answer.decision.fallback, Fallback::kSlotInShadow);
  EXPECT_EQ(ids(answer), std::vector<std::string>{"item-3"});
  EXPECT_EQ(answer.decision.would_have, std::vector<ItemKey>{item_key("item-0")});
}

TEST_F(DecisionEngineTest, EveryTroubleHasItsName) {
  DecideRequest request;
  request.slot = "home";
  EXPECT_EQ(decide(request).decision.fallback, Fallback::kNoProfile);  // nobody: nothing is stored
  EXPECT_TRUE(journal.records.empty());
  request.person = person(1);
  request.request_consent.profile = false;
  EXPECT_EQ(decide(request).decision.outcome, Outcome::kNoConsent);
  request.request_consent = {};
  request.request_consent.measure = false;
  journal.records.clear();
  decide(request);
  EXPECT_TRUE(journal.records.empty());  // not measured: not recorded
  request.request_consent = {};

  ranker.slow = &clock;
  ranker.slow_until_ns = clock.monotonic_ns() + 20'000'000;
  request.deadline_ms = 2;
  EXPECT_EQ(decide(request).decision.fallback, Fallback::kDeadline);
  ranker.slow = nullptr;
  request.deadline_ms = 0;

  ranker.forbidden = {0, 1, 2, 3, 4, 5};
  EXPECT_EQ(decide(request).decision.fallback, Fallback::kNoCandidates);
  ranker.forbidden.clear();

  ranker.model_version = 0;
  for (int i = 0; i < 50; ++i) {
    const Decision decision = decide(request).decision;
    if (decision.outcome != Outcome::kExplore) {
      EXPECT_EQ(decision.fallback, Fallback::kNoModel);
    }
  }
}

TEST_F(DecisionEngineTest, AFullJournalIsCountedAndTheAnswerStays) {
  journal.full = true;
  EXPECT_EQ(decide().decision.served.size(), 1U);
  EXPECT_NE(metrics.text().find("ante_decision_records_dropped_total 1"), std::string::npos);
}

TEST_F(DecisionEngineTest, ForbiddenItemsAreNeverServed) {
  ranker.forbidden = {0, 2};
  slot.stake = 0.5;
  slot.limit = 3;
  put_slot();
  for (int i = 0; i < 3000; ++i) {
    for (const std::string& id : ids(decide())) {
      EXPECT_NE(id, "item-0");
      EXPECT_NE(id, "item-2");
    }
  }
}

TEST_F(DecisionEngineTest, TheSafeDefaultLeavesOutWhatCannotBeHadAndWhatWasRefused) {
  slot.limit = 3;
  slot.safe_items = {"item-0", "item-1", "item-2", "unknown"};
  slot.holdout = 0.9;
  put_slot();
  put_item(0, [](Item& item) { item.withdrawn = true; });
  put_item(1, [](Item& item) { item.expires_at_ms = kNow - 1; });
  put_item(4, [](Item& item) {
    item.offer = Offer{};
    item.offer->stock = 0;
  });
  Event hidden;
  hidden.kind = EventKind::kNotForMe;
  hidden.name = "Not For Me";
  EventItem item;
  item.id = "item-5";
  item.key = item_key("item-5");
  hidden.items = {item};
  put_event(person(3), hidden);
  for (std::uint64_t n = 3; n < 5; ++n) {
    DecideRequest request;
    request.slot = "home";
    request.person = person(n);
    request.general = true;
    const std::vector<std::string> expected =
        n == 3 ? std::vector<std::string>{"item-2", "item-3"}
               : std::vector<std::string>{"item-2", "item-5", "item-3"};
    EXPECT_EQ(ids(decide(request)), expected);
  }
}

TEST_F(DecisionEngineTest, LimitsAndNames) {
  DecideRequest request;
  request.slot = "hone";
  const auto unknown = engine.decide(request);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
  EXPECT_NE(unknown.error().message.find("home"), std::string::npos);
  request.slot = "home";
  request.candidates.assign(kSuppliedCandidatesMax + 1, "item-1");
  EXPECT_EQ(engine.decide(request).error().code, ErrorCode::kInvalidArgument);
  request.candidates.clear();
  request.exclude.assign(kExcludedItemsMax + 1, "item-1");
  EXPECT_EQ(engine.decide(request).error().code, ErrorCode::kInvalidArgument);
  request.exclude.clear();
  request.person = person(1);
  request.limit = 255;  // more places than items: each once
  EXPECT_LE(decide(request).decision.served.size(), 6U);
  request.limit = 2;
  request.candidates = {"item-4", "item-5", "item-4"};
  for (int i = 0; i < 50; ++i) {
    for (const std::string& id : ids(decide(request)))
      EXPECT_TRUE(id == "item-4" || id == "item-5");
  }
}

TEST_F(DecisionEngineTest, ADecisionThatWasChangedDoesNotReplay) {
  slot.limit = 3;
  put_slot();
  const Decision good = decide().decision;
  ASSERT_TRUE(replay(good));
  Decision bad = good;
  bad.served[0].propensity *= 0.99F;
  EXPECT_EQ(replay(bad).error().code, ErrorCode::kDataLoss);
  bad = good;
  std::swap(bad.served[0], bad.served[1]);
  EXPECT_FALSE(replay(bad));
  bad = good;
  bad.hand.push_back(bad.hand[0]);
  EXPECT_FALSE(replay(bad));
  bad = good;
  bad.policy.stake = 2;
  EXPECT_FALSE(replay(bad));
  bad = good;
  bad.policy.policy_version = 99;
  EXPECT_FALSE(replay(bad));
  bad = good;
  bad.served.clear();
  EXPECT_FALSE(replay(bad));
}

TEST(SlotTable, SavesAndLoadsItself) {
  SlotTable table;
  Slot slot;
  slot.name = "cart";
  slot.key = slot_key("cart");
  Object object{"slot", "cart", 3, false, "me", "why", slot_to_json(slot)};
  table.consume(committed(RecordKind::kObject, {}, kControlPartition, encode(object), 1));
  SlotTable copy;
  ASSERT_TRUE(copy.load(table.save()));
  EXPECT_EQ(*copy.get(), *table.get());
  EXPECT_EQ(copy.get()->at("cart").version, 3U);
  SlotTable damaged;
  EXPECT_FALSE(damaged.load("x"));
  const std::string bytes = table.save();
  EXPECT_FALSE(damaged.load(bytes.substr(0, bytes.size() - 2)));
  object.deleted = true;
  table.consume(committed(RecordKind::kObject, {}, kControlPartition, encode(object), 2));
  EXPECT_TRUE(table.get()->empty());
}

}  // namespace
}  // namespace ante
