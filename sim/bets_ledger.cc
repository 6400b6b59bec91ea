#include <algorithm>
#include <cmath>
#include <span>

#include "base/check.h"
#include "base/random.h"
#include "catalog/catalog.h"
#include "decision/decision_engine.h"
#include "learning/stake_ledgers.h"
#include "reward/joiner.h"
#include "reward/reward_scales.h"
#include "sim/bets_trials.h"

namespace ante::sim {

namespace {

constexpr TimeMs kLedgerStartMs = 1'700'000'000'000;
constexpr DurationMs kBetweenMs = 10 * kSecondMs;
constexpr double kStatedSd = 1e-4;

std::string ledger_item(std::size_t item) { return "item-" + std::to_string(item); }

// What is appended reaches the followers at once.
class LedgerJournal final : public Journal {
 public:
  explicit LedgerJournal(std::vector<LogConsumer*> followers) : followers_(std::move(followers)) {}

  void append(std::vector<NewRecord>, Completion) override { CHECK(false); }
  bool append_unacknowledged(NewRecord record) override {
    const CommittedRecord committed{Commit{++commit_}, record.partition, Sequence{commit_},
                                    record.header, record.body};
    for (LogConsumer* follower : followers_) follower->consume(committed);
    for (LogConsumer* follower : followers_) follower->commit_consumed(committed.commit);
    return true;
  }
  Result<void> flush() override { return {}; }
  Result<void> stop() override { return {}; }
  Status status() const override { return {}; }
  Result<Decision> find_decision(DecisionId id) const override { return not_found(to_string(id)); }

 private:
  std::vector<LogConsumer*> followers_;
  std::uint64_t commit_ = 0;
};

// Says the true mean chances, or the same in the reverse order.
class FrozenRanker final : public Ranker {
 public:
  explicit FrozenRanker(const LedgerSpec& spec) {
    std::vector<double> stated = spec.worths;
    if (spec.reversed) {
      std::vector<std::size_t> order(stated.size());
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
      std::ranges::stable_sort(order, {}, [&](std::size_t i) { return spec.worths[i]; });
      for (std::size_t i = 0; i < order.size(); ++i)
        stated[order[i]] = spec.worths[order[order.size() - 1 - i]];
    }
    for (std::size_t i = 0; i < stated.size(); ++i) {
      ScoredItem item;
      item.candidate.key = item_key(ledger_item(i));
      item.probability = static_cast<float>(stated[i] * spec.default_mean);
      item.sd = static_cast<float>(kStatedSd * spec.default_mean);
      items_.push_back(item);
    }
    std::ranges::sort(items_, {}, [](const ScoredItem& item) { return -item.probability; });
  }

  RankedHand rank(const CandidateRequest&, const Slot&,
                  std::span<const ItemKey> safe_default) const override {
    RankedHand hand;
    hand.items = items_;
    for (const ItemKey key : safe_default) {
      for (const ScoredItem& item : items_) {
        if (item.candidate.key == key) hand.safe.push_back(item);
      }
    }
    hand.candidate_count = static_cast<std::uint32_t>(items_.size());
    hand.model_version = 1;
    return hand;
  }
  std::vector<ItemKey> best_for_everybody(const CandidateRequest&, std::size_t) const override {
    return {};
  }

 private:
  std::vector<ScoredItem> items_;
};

CommittedRecord of_control(RecordKind kind, std::string_view body, std::uint64_t sequence) {
  RecordHeader header;
  header.kind = kind;
  header.occurred_at = header.received_at = kLedgerStartMs;
  return {Commit{sequence}, kControlPartition, Sequence{sequence}, header, body};
}

class LedgerPlay {
 public:
  explicit LedgerPlay(const LedgerSpec& spec)
      : spec_(spec),
        ranker_(spec),
        joiner_({&scales_, &ledgers_}),
        journal_({&joiner_, &scales_, &ledgers_}),
        catalog_(interner_),
        signer_(SecretKey{}),
        engine_({.clock = clock_,
                 .slots = slots_,
                 .people = people_,
                 .catalog = catalog_,
                 .ranker = ranker_,
                 .journal = journal_,
                 .signer = signer_,
                 .metrics = metrics_,
                 .seed = spec.seed,
                 .holdout_salt = "sim",
                 .reward_scales = &scales_.scales(),
                 .permitted = &ledgers_.permitted()}),
        random_(mix64(spec.seed + 61)) {
    std::uint64_t sequence = 0;
    for (std::size_t i = 0; i < spec.worths.size(); ++i) {
      Item item;
      item.id = ledger_item(i);
      item.key = item_key(item.id);
      item.title = item.id;
      catalog_.consume(of_control(RecordKind::kItem, encode(item), ++sequence));
      catalog_.commit_consumed(Commit{sequence});
      keys_.push_back(item.key);
    }
    Slot slot;
    slot.name = "kept";
    slot.key = slot_key(slot.name);
    slot.limit = 1;
    slot.safe_items = {ledger_item(0)};
    slot.holdout = 0;
    slot.stake = 0.05;
    slot.allowed_loss = spec.allowed_loss;
    slot.repeat_exposures = 0;
    slot.waived_by = "sim";
    slot.waived_reason = "a world without a brief";
    Object object;
    object.type = "slot";
    object.id = slot.name;
    object.version = 1;
    object.json = slot_to_json(slot);
    const std::string body = encode(object);
    const CommittedRecord record = of_control(RecordKind::kObject, body, ++sequence);
    slots_.consume(record);
    joiner_.consume(record);
    ledgers_.consume(record);
  }

  // The true chance of what was served, and of the safe default, for the next one to come.
  struct Means {
    double served = 0, safe = 0;
    bool risked = false;
  };
  Means next() {
    clock_.advance_to(clock_.now_ms() + kBetweenMs);
    DecideRequest request;
    request.slot = "kept";
    request.person = PersonHash{hash128(std::to_string(++person_), spec_.seed)};
    const Result<DecideAnswer> answer = engine_.decide(request);
    CHECK(answer.has_value());
    const Decision& decision = answer->decision;
    // Nobody sees what makes the one likelier to click than the other.
    const double here = spec_.default_mean * (0.5 + random_.uniform());
    const auto item =
        static_cast<std::size_t>(std::ranges::find(keys_, decision.served[0].item) - keys_.begin());
    const double chance = here * spec_.worths[item];
    if (random_.uniform() < chance) reward(decision);
    return {chance, here, decision.policy.drawn_branch != 0};
  }

 private:
  void reward(const Decision& decision) {
    Reward reward;
    reward.decision = decision.id;
    reward.slot = decision.slot;
    reward.item = decision.served[0].item;
    reward.arm = decision.arm;
    reward.propensity = decision.served[0].propensity;
    reward.measure = "click";
    NewRecord record;
    record.partition = partition_of(decision.people.front());
    record.header = {RecordKind::kReward, kFirstTenant, decision.people.front(), clock_.now_ms(),
                     clock_.now_ms()};
    record.body = encode(reward);
    journal_.append_unacknowledged(std::move(record));
  }

  LedgerSpec spec_;
  SimulatedClock clock_{kLedgerStartMs};
  FrozenRanker ranker_;
  RewardScales scales_;
  StakeLedgers ledgers_;
  Joiner joiner_;
  LedgerJournal journal_;
  SlotTable slots_;
  ProfileStore people_;
  ItemInterner interner_;
  Catalog catalog_;
  TokenSigner signer_;
  Metrics metrics_;
  DecisionEngine engine_;
  std::vector<ItemKey> keys_;
  Random random_;
  std::uint64_t person_ = 0;
};

}  // namespace

LedgerRun run_ledger(const LedgerSpec& spec) {
  CHECK(spec.worths.size() >= 2 && spec.worths.front() == 1);
  LedgerPlay play(spec);
  LedgerRun run;
  const double best = std::ranges::max(spec.worths) - 1;
  double served = 0, safe = 0, risked = 0;
  for (std::size_t n = 0; n < spec.rounds; ++n) {
    const LedgerPlay::Means means = play.next();
    served += means.served;
    safe += means.safe;
    risked += means.risked ? 1 : 0;
    run.lowest = std::min(run.lowest, served / safe);
  }
  // A billionth: sums of doubles.
  run.kept = run.lowest >= 1 - spec.allowed_loss - 1e-9;
  run.gain_share = (served - safe) / (best * safe);
  run.risked = risked / static_cast<double>(spec.rounds);
  return run;
}

}  // namespace ante::sim
