#include "sim/lift_world.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "catalog/catalog.h"
#include "decision/decision_engine.h"
#include "decision/gain.h"
#include "domain/item.h"
#include "math/statistics.h"
#include "reward/joiner.h"
#include "reward/reward_scales.h"

namespace ante::sim {

namespace {

constexpr TimeMs kStartMs = 1'700'000'000'000;
constexpr DurationMs kArrivalMs = 2 * kSecondMs;  // between first visits
constexpr DurationMs kVisitMs = 7 * kMinuteMs;  // between visits of a person; the window is 30 min
constexpr std::size_t kVisitsMax = 3;
constexpr double kBaseChance = 0.15, kBaseSd = 0.03, kChanceMin = 0.01, kChanceMax = 0.6;
constexpr double kPriorChance = 0.12, kPriorShown = 20;
constexpr double kFrozenShown = 1e6;

std::string item_name(std::size_t item) { return "item-" + std::to_string(item); }
std::string cluster_name(std::size_t cluster) { return "cluster-" + std::to_string(cluster); }

struct Person {
  std::size_t cluster = 0, visits = 1;
  double activity = 1;
};

Person person_of(const WorldSpec& spec, std::size_t number) {
  Random random(mix64(spec.seed ^ mix64(number + 1)));
  Person person;
  person.cluster = random.below(spec.clusters);
  person.visits = 1 + random.below(kVisitsMax);
  person.activity = 0.5 + random.uniform();
  return person;
}

PersonHash hash_of(const WorldSpec& spec, std::size_t number) {
  return PersonHash{hash128(std::to_string(number), spec.seed)};
}

// A journal in memory: what is appended is delivered to the followers at once.
class SimJournal final : public Journal {
 public:
  explicit SimJournal(std::vector<LogConsumer*> followers) : followers_(std::move(followers)) {}

  void append(std::vector<NewRecord> records, Completion done) override {
    std::vector<AppendOutcome> outcomes;
    for (NewRecord& record : records) outcomes.push_back({Appended::kStored, deliver(record)});
    done(std::move(outcomes));
  }
  bool append_unacknowledged(NewRecord record) override {
    deliver(record);
    return true;
  }
  Result<void> flush() override { return {}; }
  Result<void> stop() override { return {}; }
  Status status() const override { return {}; }
  Result<Decision> find_decision(DecisionId id) const override { return not_found(to_string(id)); }

 private:
  Sequence deliver(const NewRecord& record) {
    const Sequence sequence{++sequences_[record.partition.value]};
    const CommittedRecord committed{Commit{++commit_}, record.partition, sequence, record.header,
                                    record.body};
    for (LogConsumer* follower : followers_) follower->consume(committed);
    for (LogConsumer* follower : followers_) follower->commit_consumed(committed.commit);
    return sequence;
  }

  std::vector<LogConsumer*> followers_;
  std::array<std::uint64_t, kPartitions> sequences_{};
  std::uint64_t commit_ = 0;
};

class ClusterPolicy final : public SimPolicy {
 public:
  explicit ClusterPolicy(const World& world) : world_(world) {
    const WorldSpec& spec = world.spec;
    shown_.assign(spec.clusters, std::vector<double>(spec.items, kPriorShown));
    clicked_.assign(spec.clusters, std::vector<double>(spec.items, kPriorShown * kPriorChance));
    for (std::size_t i = 0; i < spec.items; ++i) items_.push_back(item_key(item_name(i)));
    if (!spec.frozen) return;
    for (std::size_t c = 0; c < spec.clusters; ++c) {
      for (std::size_t i = 0; i < spec.items; ++i) {
        shown_[c][i] = kFrozenShown;
        clicked_[c][i] = kFrozenShown * world.chance[c][i];
      }
    }
  }

  RankedHand rank(const CandidateRequest& request, const Slot&,
                  std::span<const ItemKey> safe_default) const override {
    const std::optional<std::size_t> cluster = cluster_of(request.situation);
    RankedHand hand;
    for (const ItemKey key : items_) hand.items.push_back(scored(cluster, key));
    std::sort(hand.items.begin(), hand.items.end(), [](const ScoredItem& a, const ScoredItem& b) {
      if (a.probability != b.probability) return a.probability > b.probability;
      return a.candidate.key < b.candidate.key;
    });
    for (const ItemKey key : safe_default) hand.safe.push_back(scored(cluster, key));
    hand.candidate_count = static_cast<std::uint32_t>(hand.items.size());
    hand.rung = Rung::kCluster;
    hand.model_version = 1;
    return hand;
  }
  std::vector<ItemKey> best_for_everybody(const CandidateRequest&, std::size_t) const override {
    return {};
  }

  void matured(const RewardRow& row) override {
    if (row.arm != Arm::kTreated || world_.spec.frozen) return;
    const std::size_t cluster = *cluster_of(row.situation);
    const auto item = static_cast<std::size_t>(std::find(items_.begin(), items_.end(), row.item) -
                                               items_.begin());
    shown_[cluster][item] += place_weight(row.position - 1U);
    clicked_[cluster][item] += row.reward;
  }

 private:
  // None where the situation is not looked at.
  std::optional<std::size_t> cluster_of(const Situation& situation) const {
    if (situation.task.empty()) return std::nullopt;
    std::size_t cluster = 0;
    while (cluster_name(cluster) != situation.task) ++cluster;
    CHECK(cluster < world_.spec.clusters);
    return cluster;
  }
  // Of everybody where the cluster is not known.
  ScoredItem scored(std::optional<std::size_t> cluster, ItemKey key) const {
    const auto item =
        static_cast<std::size_t>(std::find(items_.begin(), items_.end(), key) - items_.begin());
    ScoredItem scored;
    scored.candidate.key = key;
    double shown = 0, clicked = 0;
    for (std::size_t c = 0; c < world_.spec.clusters; ++c) {
      if (cluster && c != *cluster) continue;
      shown += shown_[c][item];
      clicked += clicked_[c][item];
    }
    const double p = std::min(1.0, clicked / shown);
    scored.probability = static_cast<float>(p);
    scored.sd = static_cast<float>(std::sqrt(p * (1 - p) / (shown + 1)));
    return scored;
  }

  const World& world_;
  std::vector<ItemKey> items_;
  std::vector<std::vector<double>> shown_, clicked_;
};

CommittedRecord control_record(RecordKind kind, std::string_view body, std::uint64_t sequence) {
  RecordHeader header;
  header.kind = kind;
  header.occurred_at = header.received_at = kStartMs;
  return {Commit{sequence}, kControlPartition, Sequence{sequence}, header, body};
}

Slot slot_of(const World& world) {
  Slot slot;
  slot.name = "sim";
  slot.key = slot_key(slot.name);
  slot.limit = world.spec.places;
  slot.safe_items = {};
  if (world.spec.design > 0) {
    for (std::size_t k = 0; k < slot.limit; ++k) slot.safe_items.push_back(item_name(k));
  }
  // The best single actions in truth, best first.
  std::vector<std::pair<double, std::size_t>> means;
  for (std::size_t i = 0; i < world.spec.items; ++i) {
    double sum = 0;
    for (const auto& chances : world.chance) sum -= chances[i];
    means.emplace_back(sum, i);
  }
  std::sort(means.begin(), means.end());
  for (std::size_t k = slot.safe_items.size(); k < slot.limit; ++k)
    slot.safe_items.push_back(item_name(means[k].second));
  slot.holdout = world.spec.holdout;
  slot.controls.shuffled = world.spec.shuffled;
  slot.controls.without_situation = world.spec.without_situation;
  slot.stake = world.spec.stake;
  slot.waived_by = "sim";
  slot.waived_reason = "a world without a brief";
  return slot;
}

// Sums what the best single action would have earned more, in truth, as first places mature.
class PlantedRegret final : public RewardSink {
 public:
  void plant(DecisionId decision, double difference) { planted_[decision] = difference; }
  void matured(const RewardRow& row) override {
    if (row.arm == Arm::kTreated && row.position == 1) sum_ += planted_.at(row.decision);
  }
  double sum() const { return sum_; }

 private:
  std::map<DecisionId, double> planted_;
  double sum_ = 0;
};

// One world at play.
class Play {
 public:
  Play(const World& world, SimPolicy& policy)
      : world_(world),
        joiner_({&policy, &scales_, &figures_, &planted_}),
        journal_({&joiner_, &scales_, &lift_, &figures_}),
        catalog_(interner_),
        signer_(SecretKey{}),
        engine_({clock_, slots_, people_, catalog_, policy, journal_, signer_, metrics_,
                 world.spec.seed, "sim", &scales_.scales()}),
        truths_(world.spec.persons),
        clicks_(mix64(world.spec.seed + 77)) {
    std::uint64_t sequence = 0;
    for (std::size_t i = 0; i < world.spec.items; ++i) {
      Item item;
      item.id = item_name(i);
      item.key = item_key(item.id);
      item.title = item.id;
      catalog_.consume(control_record(RecordKind::kItem, encode(item), ++sequence));
      catalog_.commit_consumed(Commit{sequence});
    }
    Object object;
    object.type = "slot";
    object.id = "sim";
    object.version = 1;
    object.json = slot_to_json(slot_of(world));
    const std::string body = encode(object);
    const CommittedRecord record = control_record(RecordKind::kObject, body, ++sequence);
    slots_.consume(record);
    joiner_.consume(record);
    lift_.consume(record);
    figures_.consume(record);
  }

  void visit(std::size_t number, TimeMs at_ms) {
    clock_.advance_to(at_ms);
    const Person person = person_of(world_.spec, number);
    DecideRequest request;
    request.slot = "sim";
    request.person = hash_of(world_.spec, number);
    request.situation.task = cluster_name(person.cluster);
    const Result<DecideAnswer> answer = engine_.decide(request);
    CHECK(answer.has_value());
    const Decision& decision = answer->decision;
    ++decisions_;
    explored_ += decision.outcome == Outcome::kExplore ? 1 : 0;
    const double best_chance =
        world_.chance_of(person.cluster, world_.safe_item, person.activity, 0);
    // Nothing of it matures before the clock goes on.
    planted_.plant(decision.id, best_chance - chance_of(person, decision.served[0].item, 0));
    Truth& truth = truths_[number];
    truth.treated = decision.arm == Arm::kTreated;
    for (std::size_t k = 0; k < decision.served.size(); ++k) {
      const double chance = chance_of(person, decision.served[k].item, k);
      truth.lift += chance - chance_of(person, decision.safe_default[k], k);
      if (clicks_.uniform() < chance) click(decision, answer->tokens[k], at_ms + kSecondMs);
    }
  }

  // Asks the report; truth over the people it has counted: the first so many to arrive.
  Look look() {
    const Result<LiftSummary> lift = lift_.lift("sim");
    CHECK(lift.has_value());
    Look look;
    look.lift = *lift;
    look.counted = lift->treated.n + lift->holdout.n;
    for (const ControlSummary& control : lift->controls.controls) look.counted += control.n;
    look.sources = summarize_sources(slot_of(world_), *lift_.sums("sim"));
    for (const SourceLift& source : look.sources) look.counted += source.without.n;
    for (; summed_ < look.counted; ++summed_) {
      if (!truths_[summed_].treated) continue;
      truth_sum_ += truths_[summed_].lift;
      ++truth_n_;
    }
    look.truth = truth_n_ == 0 ? 0 : truth_sum_ / static_cast<double>(truth_n_);
    return look;
  }

  WorldRun counts() const {
    const Result<FiguresSummary> figures = figures_.slot("sim");
    CHECK(figures.has_value());
    return {{}, {}, decisions_, explored_, joiner_.status().matured, *figures, planted_.sum()};
  }

 private:
  struct Truth {
    double lift = 0;
    bool treated = false;
  };

  double chance_of(const Person& person, ItemKey item, std::size_t place) const {
    std::size_t i = 0;
    while (item_key(item_name(i)) != item) ++i;
    return world_.chance_of(person.cluster, i, person.activity, place);
  }

  // As the API would: a reward is believed because its token verifies.
  void click(const Decision& decision, const std::string& text, TimeMs at_ms) {
    const Result<ImpressionToken> token = signer_.verify(text);
    CHECK(token.has_value());
    Reward reward;
    reward.decision = token->decision;
    reward.slot = token->slot;
    reward.item = token->item;
    reward.position = token->position;
    reward.arm = token->arm;
    reward.propensity = token->propensity;
    reward.measure = "click";
    NewRecord record;
    record.partition = partition_of(decision.people.front());
    record.header.kind = RecordKind::kReward;
    record.header.person = decision.people.front();
    record.header.occurred_at = record.header.received_at = at_ms;
    record.body = encode(reward);
    journal_.append_unacknowledged(std::move(record));
  }

  const World& world_;
  SimulatedClock clock_{kStartMs};
  RewardScales scales_;
  Figures figures_;
  PlantedRegret planted_;
  Joiner joiner_;
  LiftReport lift_;
  SimJournal journal_;
  SlotTable slots_;
  ProfileStore people_;
  ItemInterner interner_;
  Catalog catalog_;
  TokenSigner signer_;
  Metrics metrics_;
  DecisionEngine engine_;
  std::vector<Truth> truths_;
  Random clicks_;
  std::size_t summed_ = 0, truth_n_ = 0;
  double truth_sum_ = 0;
  std::uint64_t decisions_ = 0, explored_ = 0;
};

}  // namespace

double World::chance_of(std::size_t cluster, std::size_t item, double activity,
                        std::size_t place) const {
  return std::clamp(chance[cluster][item] * activity * place_weight(place), 0.0, 1.0);
}

World make_world(const WorldSpec& spec) {
  CHECK(spec.look <= spec.persons && spec.places <= spec.items && spec.clusters > 0);
  Random random(mix64(spec.seed));
  World world;
  world.spec = spec;
  std::vector<double> base(spec.items);
  for (double& b : base) b = kBaseChance + kBaseSd * random.normal();
  world.chance.assign(spec.clusters, base);
  for (auto& chances : world.chance) {
    for (double& chance : chances) {
      chance = std::clamp(chance + spec.taste_sd * random.normal(), kChanceMin, kChanceMax);
    }
    for (std::size_t i = spec.places; i < spec.items; ++i) chances[i] += spec.design;
  }
  double best = -1;
  for (std::size_t i = 0; i < spec.items; ++i) {
    double sum = 0;
    for (const auto& chances : world.chance) sum += chances[i];
    if (sum <= best) continue;
    best = sum;
    world.safe_item = i;
  }
  return world;
}

std::unique_ptr<SimPolicy> make_cluster_policy(const World& world) {
  return std::make_unique<ClusterPolicy>(world);
}

WorldRun run_world(const World& world, const MakePolicy& make_policy) {
  struct Visit {
    TimeMs at_ms;
    std::size_t person;
  };
  std::vector<Visit> visits;
  for (std::size_t n = 0; n < world.spec.persons; ++n) {
    const TimeMs first_ms = kStartMs + static_cast<TimeMs>(n) * kArrivalMs;
    const std::size_t count = person_of(world.spec, n).visits;
    for (std::size_t v = 0; v < count; ++v) {
      visits.push_back({first_ms + static_cast<TimeMs>(v) * kVisitMs, n});
    }
  }
  // Who comes after the last one counted lets the last windows close.
  const TimeMs end_ms = kStartMs + static_cast<TimeMs>(world.spec.persons) * kArrivalMs;
  std::stable_sort(visits.begin(), visits.end(),
                   [](const Visit& a, const Visit& b) { return a.at_ms < b.at_ms; });

  const std::unique_ptr<SimPolicy> policy = make_policy(world);
  Play play(world, *policy);
  std::vector<Look> looks;
  Look declared;
  std::size_t next_look = kLookEvery;
  std::size_t since = 0;
  for (const Visit& visit : visits) {
    if (visit.at_ms > end_ms) break;
    play.visit(visit.person, visit.at_ms);
    if (++since < kVisitsMax) continue;  // nobody is counted twice as fast as they come
    since = 0;
    Look look = play.look();
    if (declared.counted == 0 && look.counted >= world.spec.look) declared = look;
    if (look.counted < next_look) continue;
    next_look = look.counted + kLookEvery;
    looks.push_back(std::move(look));
  }
  WorldRun run = play.counts();
  run.looks = std::move(looks);
  run.declared = std::move(declared);
  return run;
}

std::size_t planned_persons(const World& world) {
  constexpr std::size_t kPilots = 20'000;
  const WorldSpec& spec = world.spec;
  Random random(mix64(spec.seed + 99));
  OutcomeSums treated, control;
  double lift = 0;
  for (std::size_t n = 0; n < kPilots; ++n) {
    const Person person = person_of(spec, spec.persons + n);
    const auto& chances = world.chance[person.cluster];
    const auto best = static_cast<std::size_t>(std::max_element(chances.begin(), chances.end()) -
                                               chances.begin());
    std::int64_t with = 0, without = 0;
    for (std::size_t v = 0; v < person.visits; ++v) {
      const bool exploring = random.uniform() < spec.stake;
      const std::size_t item = exploring ? random.below(spec.items) : best;
      const double p = world.chance_of(person.cluster, item, person.activity, 0);
      const double q = world.chance_of(person.cluster, world.safe_item, person.activity, 0);
      lift += (p - q) / kPilots;
      with += random.uniform() < p ? 1'000'000 : 0;
      without += random.uniform() < q ? 1'000'000 : 0;
    }
    treated.add(with);
    control.add(without);
  }
  if (lift <= 0) return 0;
  return static_cast<std::size_t>(
      persons_needed(treated.variance(), control.variance(), spec.holdout, lift, 0.9, kLiftAlpha));
}

}  // namespace ante::sim
