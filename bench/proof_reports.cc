// Reports over a long log: each is asked of the folds that the live engine keeps, and all of them
// are folded anew from the log and compared. A real store in a new folder under build/.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "api/books.h"
#include "api/engine.h"
#include "api/verify.h"
#include "base/hash.h"
#include "base/random.h"
#include "bench/proof.h"
#include "domain/bucketing.h"
#include "report/figures_text.h"
#include "report/metrics.h"
#include "store/rocksdb_store.h"

namespace ante::bench {
namespace {

constexpr std::uint64_t kRewardsADecision = 2, kDecisionsAPerson = 10, kRecordsACommit = 6000;
constexpr std::uint64_t kItems = 2000, kTopics = 40;
constexpr TimeMs kBegin = 1'770'000'000'000;
constexpr DurationMs kSpan = 30 * kDayMs;
constexpr const char* kSlots[] = {"home", "article-end", "shop", "letter"};

[[noreturn]] void give_up(const char* what, const Error& error) {
  std::fprintf(stderr, "proof_bench reports: %s: %s\n", what, error.message.c_str());
  std::exit(1);
}

template <typename Value>
Value must(const char* what, Result<Value> result) {
  if (!result) give_up(what, result.error());
  if constexpr (!std::is_void_v<Value>) return *std::move(result);
}

// People who come about ten times each in a month, to one of four slots; a tenth is held out. Of
// each decision two places are rewarded, more often for who is treated.
class LongLog {
 public:
  LongLog(Engine& engine, SimulatedClock& clock, std::uint64_t rewards)
      : engine_(engine),
        clock_(clock),
        decisions_(rewards / kRewardsADecision),
        people_(std::max<std::uint64_t>(1, decisions_ / kDecisionsAPerson)),
        salt_(engine.holdout_salt()) {}

  void write() {
    put_catalog();
    for (std::uint64_t i = 0; i < decisions_; ++i) {
      clock_.advance_to(kBegin +
                        static_cast<TimeMs>(i * static_cast<std::uint64_t>(kSpan) / decisions_));
      decide();
      if (records_.size() >= kRecordsACommit) store();
    }
    store();
    clock_.advance_to(kBegin + kSpan + 8 * kDayMs);  // all windows close
    append(RecordKind::kConsent, PersonHash{{1, 1}}, std::string(1, '\x1f'));
    store();
    must("flush", engine_.journal().flush());
  }
  std::uint64_t people() const { return people_; }
  std::uint64_t rewards() const { return rewards_; }

 private:
  void put_catalog() {
    std::vector<Item> items(kItems);
    for (std::uint64_t i = 0; i < kItems; ++i) {
      items[i].id = fmt::format("item-{}", i);
      items[i].key = item_key(items[i].id);
      items[i].title = items[i].id;
      items[i].topics = {fmt::format("topic-{}", i % kTopics)};
      items[i].topic_keys = {topic_key(items[i].topics[0])};
      items[i].evergreen = true;
    }
    for (const Item& item : items) keys_.push_back(item.key);
    must("items", engine_.put_items_and_wait(std::move(items)));
    for (const char* slot : kSlots) {
      const auto put =
          engine_.put_slot(slot,
                           R"({"limit":2,"holdout":0.1,"goal":{"event":"click","windowMs":60000},)"
                           R"("brief":{"waived":{"by":"bench","reason":"measured"}}})",
                           {"bench", "measured"}, {});
      if (!put) give_up("slot", put.error());
    }
  }
  void append(RecordKind kind, PersonHash who, std::string body) {
    NewRecord record;
    record.partition = partition_of(who);
    record.header = {kind, kFirstTenant, who, clock_.now_ms(), clock_.now_ms()};
    record.body = std::move(body);
    records_.push_back(std::move(record));
  }
  Placement place(std::uint64_t item) const {
    Placement placed;
    placed.item = keys_[item];
    placed.item_id = fmt::format("item-{}", item);
    placed.topics = {topic_key(fmt::format("topic-{}", item % kTopics))};
    return placed;
  }
  void decide() {
    const std::uint64_t who = random_.below(people_);
    const PersonHash person{{mix64(who + 1), who + 1}};
    const std::string slot = kSlots[random_.below(std::size(kSlots))];
    const bool held_out = arm_of(salt_, person, 0.1) == Arm::kHoldout;
    Decision decision;
    decision.id = DecisionId{{static_cast<std::uint64_t>(clock_.now_ms()) << 16, ++sequence_}};
    decision.people = {person};
    decision.slot = slot_key(slot);
    decision.slot_name = slot;
    decision.at_ms = clock_.now_ms();
    decision.arm = held_out ? Arm::kHoldout : Arm::kTreated;
    decision.outcome = held_out ? Outcome::kHoldout : Outcome::kBet;
    decision.situation.device = who % 2 == 0 ? "phone" : "desktop";
    decision.activated = true;
    decision.policy.seed = sequence_;
    decision.policy.places = 2;
    decision.safe_default = {keys_[0], keys_[1]};
    const std::uint64_t first = held_out ? 0 : 2 + random_.below(kItems - 3);
    decision.served = {place(first), place(first + 1)};
    const double chance = held_out ? 0.10 : 0.11;
    append(RecordKind::kDecision, person, encode(decision));
    for (const Placement& placed : decision.served) {
      Reward reward;
      reward.decision = decision.id;
      reward.slot = decision.slot;
      reward.item = placed.item;
      reward.arm = decision.arm;
      reward.propensity = placed.propensity;
      reward.measure = "click";
      reward.value = random_.uniform() < chance ? 1 : 0;
      append(RecordKind::kReward, person, encode(reward));
      ++rewards_;
    }
  }
  void store() {
    if (records_.empty()) return;
    const auto stored = engine_.journal().append_and_wait(std::exchange(records_, {}));
    if (!stored) give_up("append", stored.error());
  }

  Engine& engine_;
  SimulatedClock& clock_;
  std::uint64_t decisions_, people_, rewards_ = 0, sequence_ = 0;
  std::string salt_;
  Random random_{20261122};
  std::vector<ItemKey> keys_;
  std::vector<NewRecord> records_;
};

double seconds_of(const std::function<void()>& work) {
  const SystemClock clock;
  const std::int64_t begin = clock.monotonic_ns();
  work();
  return static_cast<double>(clock.monotonic_ns() - begin) * 1e-9;
}

void write_answers(JsonWriter& json, const Engine& engine) {
  const std::string slot = kSlots[0];
  std::size_t bytes = 0;
  const auto timed = [&](const char* name, const std::function<std::string()>& report) {
    json.field(name, seconds_of([&] { bytes += report().size(); }));
  };
  json.key("seconds").begin_object();
  timed("lift", [&] { return to_json(*engine.lift().lift(slot)); });
  timed("metrics", [&] { return to_json(*engine.lift().scorecard_of(slot)); });
  timed("proxies", [&] { return to_json(engine.lift().proxies()); });
  timed("figures", [&] {
    const auto unnamed = [](ItemKey) { return std::string(); };
    return to_json(*engine.figures().slot(slot), unnamed, engine.figures().rows_unseen());
  });
  timed("worth", [&] { return to_json(worth_it(ledger_question(engine, nullptr))); });
  timed("losers", [&] { return to_json(losers_now(engine, nullptr, {})); });
  timed("conflicts", [&] { return to_json(conflicts_now(engine, nullptr)); });
  timed("card",
        [&] { return to_json(model_card(card_question(engine, engine.slots().get()->at(slot)))); });
  timed("supply", [&] { return to_json(supply_now(engine)); });
  timed("audit", [&] { return to_json(audit_now(engine, slot)); });
  timed("executive", [&] { return to_json(executive_page(executive_question(engine))); });
  json.end_object().field("answerBytes", static_cast<std::uint64_t>(bytes));
}

}  // namespace

std::string reports_report(const std::string&, std::uint64_t rows) {
  const std::string folder = "build/proof-reports";
  std::filesystem::remove_all(folder);
  auto store = must("open", RocksdbStore::open(folder));
  SimulatedClock clock(kBegin);
  Metrics metrics;
  EngineOptions options;
  options.entropy = [](std::span<std::uint8_t> bytes) { std::ranges::fill(bytes, 7); };
  auto engine = must("open", Engine::open(*store, clock, metrics, std::move(options),
                                          [](const Error& error) { give_up("the log", error); }));
  LongLog log(*engine, clock, rows);
  const double written = seconds_of([&] { log.write(); });
  const LiftSummary lift = *engine->lift().lift(kSlots[0]);
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("rewards", log.rewards()).field("people", log.people());
  json.field("writtenAndFoldedSeconds", written);
  json.field("personsInLift", lift.treated.n + lift.holdout.n);
  write_answers(json, *engine);
  std::vector<std::pair<std::string, bool>> compared;
  json.field("rebuiltSeconds",
             seconds_of([&] { compared = must("rebuild", rebuild_and_compare(*engine)); }));
  json.key("rebuiltEqual").begin_object();
  for (const auto& [name, equal] : compared) json.field(name, equal);
  json.end_object().end_object();
  must("stop", engine->stop());
  engine.reset();
  store.reset();
  std::filesystem::remove_all(folder);
  return out;
}

}  // namespace ante::bench
