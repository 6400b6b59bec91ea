#include "api/engine.h"

#include <algorithm>
#include <future>
#include <utility>

#include <fmt/format.h>

#include "api/reward_side.h"
#include "base/bytes.h"
#include "base/encoding.h"
#include "base/mutex.h"
#include "base/published.h"
#include "base/repeater.h"
#include "candidates/live_items.h"
#include "catalog/item_interner.h"
#include "decision/exposure_guard.h"
#include "domain/slot.h"
#include "journal/eraser.h"
#include "journal/identities.h"
#include "learning/organic_learner.h"
#include "ranking/engine_ranker.h"

namespace ante {
namespace {

constexpr std::string_view kSlotObjectType = "slot";
constexpr std::string_view kHoldoutPurpose = "ante holdout 1";

SecretKey derived_key(const SecretKey& secret, std::string_view purpose) {
  const std::string bytes = hash_bytes(siphash128(secret, purpose));
  SecretKey key{};
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

std::string derived_salt(const SecretKey& secret, std::string_view purpose) {
  return hex_encode(hash_bytes(siphash128(secret, purpose)));
}

// The rows of the people, a partition at a time.
class PeopleRows final : public CheckpointSource {
 public:
  explicit PeopleRows(ProfileStore& people) : people_(people) {}
  void collect(Partition partition, std::vector<Row>& rows) override {
    if (partition == kControlPartition) return;
    changed_.clear();
    people_.collect_dirty(partition, changed_);
    for (auto& [key, value] : changed_) {
      rows.push_back({Table::kPeople, std::move(key), std::move(value)});
    }
  }
  Result<void> restore(const Row& row) override {
    if (row.table != Table::kPeople || !row.value) return {};
    return people_.restore(row.key, *row.value);
  }
  std::vector<Table> tables() const override { return {Table::kPeople}; }

 private:
  ProfileStore& people_;
  std::vector<std::pair<std::string, std::string>> changed_;
};

// The rows of the catalogue.
class CatalogRows final : public CheckpointSource {
 public:
  explicit CatalogRows(Catalog& catalog) : catalog_(catalog) {}
  void collect(Partition partition, std::vector<Row>& rows) override {
    if (partition != kControlPartition) return;
    changed_.clear();
    catalog_.collect_dirty(changed_);
    for (auto& [key, value] : changed_) {
      rows.push_back({Table::kCatalog, std::move(key), std::move(value)});
    }
  }
  Result<void> restore(const Row& row) override {
    if (row.table != Table::kCatalog || !row.value) return {};
    return catalog_.restore(row.key, *row.value);
  }
  std::vector<Table> tables() const override { return {Table::kCatalog}; }

 private:
  Catalog& catalog_;
  std::vector<std::pair<std::string, std::string>> changed_;
};

bool equal_but_for_version(const Item& a, const Item& b) {
  Item same = a;
  same.version = b.version;
  return same == b;
}

}  // namespace

struct Engine::Parts {
  Parts(Store& s, const Clock& c, Metrics& m, EngineOptions o)
      : store(s), clock(c), metrics(m), options(std::move(o)) {}

  Store& store;
  const Clock& clock;
  Metrics& metrics;
  EngineOptions options;

  SecretKey person_key = derived_key(options.secret, "ante person hash 1");
  TokenSigner signer{derived_key(options.secret, "ante impression token 1")};

  ItemInterner interner;
  Catalog catalog{interner};
  ProfileStore people;
  SlotTable slots;
  BetTable bets;
  HoldoutTable holdout;
  ExposureGuard exposures;
  QuestionTable questions;
  ObjectTable objects{{&slots, &bets, &holdout, &questions}};
  PeopleRows people_rows{people};
  CatalogRows catalog_rows{catalog};

  // The learning side. The organic learner stands before the statistics it must not look ahead in.
  Published<OrganicWeights> organic;
  LiveItems live{interner};
  OrganicLearner organic_learner{live, organic};
  RewardSide rewards;
  ReportSide reports{derived_salt(options.secret, kHoldoutPurpose)};
  EngineRanker ranker{live, organic, rewards.values};

  std::vector<std::string_view> source_names;

  std::unique_ptr<Journal> journal;
  std::unique_ptr<DecisionEngine> decisions;
  std::unique_ptr<Ingest> ingest;
  std::unique_ptr<Eraser> eraser;
  std::unique_ptr<Repeater> keeper;
  Mutex bet_writes;     // taken before object_writes
  Mutex object_writes;  // one change of an object at a time: its version is checked and stored
};

Engine::Engine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Engine::~Engine() {
  if (const auto stopped = stop(); !stopped) return;  // on_fatal has been told
}

Result<std::unique_ptr<Engine>> Engine::open(Store& store, const Clock& clock, Metrics& metrics,
                                             EngineOptions options,
                                             std::function<void(Error)> on_fatal) {
  CHECK(options.entropy != nullptr);
  auto parts = std::make_unique<Parts>(store, clock, metrics, std::move(options));
  Parts& p = *parts;
  p.options.ingest.tokens = &p.signer;
  for (std::size_t i = 0; i < p.ranker.sources().size(); ++i) {
    p.source_names.push_back(p.ranker.sources().name(i));
  }
  std::vector<LogConsumer*> followers{&p.organic_learner, &p.live, &p.rewards.together};
  followers.insert(followers.end(), p.reports.all.begin(), p.reports.all.end());
  p.journal = TRY(Journal::open(store, clock,
                                {&p.people, &p.exposures, &p.catalog, &p.slots, &p.bets, &p.holdout,
                                 &p.questions, &p.objects},
                                {&p.people_rows, &p.catalog_rows, &p.objects}, std::move(followers),
                                p.options.journal, std::move(on_fatal)));
  p.catalog.publish();
  p.decisions = std::make_unique<DecisionEngine>(
      DecisionEngine::Parts{.clock = clock,
                            .slots = p.slots,
                            .people = p.people,
                            .catalog = p.catalog,
                            .ranker = p.ranker,
                            .journal = *p.journal,
                            .signer = p.signer,
                            .metrics = metrics,
                            .seed = p.options.seed,
                            .holdout_salt = derived_salt(p.options.secret, kHoldoutPurpose),
                            .reward_scales = &p.rewards.scales.scales(),
                            .bets = &p.bets,
                            .advice = &p.reports.lift.advice(),
                            .exposures = &p.exposures,
                            .permitted = &p.rewards.ledgers.permitted(),
                            .holdout = &p.holdout,
                            .questions = &p.questions});
  p.ingest = std::make_unique<Ingest>(*p.journal, p.catalog, p.people, clock, p.person_key,
                                      p.options.ingest, metrics);
  p.eraser = std::make_unique<Eraser>(store, p.options.journal.on_warning);
  auto engine = std::unique_ptr<Engine>(new Engine(std::move(parts)));
  if (p.options.keep_bets_ms > 0) {
    p.keeper = std::make_unique<Repeater>(p.options.keep_bets_ms, [&self = *engine, &p] {
      const auto kept = self.keep_bets();
      if (!kept && p.options.journal.on_warning) p.options.journal.on_warning(kept.error());
    });
  }
  return engine;
}

Result<void> Engine::stop() {
  parts_->keeper.reset();
  parts_->eraser.reset();
  return parts_->journal->stop();
}

const Clock& Engine::clock() const { return parts_->clock; }
Metrics& Engine::metrics() { return parts_->metrics; }
Store& Engine::store() { return parts_->store; }
Journal& Engine::journal() { return *parts_->journal; }
const Catalog& Engine::catalog() const { return parts_->catalog; }
const ItemInterner& Engine::interner() const { return parts_->interner; }
const ProfileStore& Engine::people() const { return parts_->people; }
const SlotTable& Engine::slots() const { return parts_->slots; }
const BetTable& Engine::bets() const { return parts_->bets; }
const HoldoutTable& Engine::holdout() const { return parts_->holdout; }
const ObjectTable& Engine::objects() const { return parts_->objects; }
const KeyTable& Engine::keys() const { return parts_->objects.keys(); }
const DecisionEngine& Engine::decisions() const { return *parts_->decisions; }
const LiftReport& Engine::lift() const { return parts_->reports.lift; }
const Figures& Engine::figures() const { return parts_->rewards.figures; }
const Likings& Engine::likings() const { return parts_->rewards.likings; }
std::shared_ptr<const ValueModel> Engine::value_model() const {
  return parts_->rewards.values.get();
}
const ReportSide& Engine::reports() const { return parts_->reports; }
const Joiner& Engine::joiner() const { return parts_->rewards.joiner; }
const ConsumerGroup& Engine::rewards() const { return parts_->rewards.together; }
const TokenSigner& Engine::signer() const { return parts_->signer; }
Ingest& Engine::ingest() { return *parts_->ingest; }
const SecretKey& Engine::person_key() const { return parts_->person_key; }
std::string Engine::holdout_salt() const {
  return derived_salt(parts_->options.secret, kHoldoutPurpose);
}
std::span<const std::string_view> Engine::source_names() const { return parts_->source_names; }

void Engine::put_items(std::vector<Item> items, Completion done) {
  const CatalogView view = parts_->catalog.view();
  const TimeMs now = parts_->clock.now_ms();
  std::vector<NewRecord> records;
  records.reserve(items.size());
  for (Item& item : items) {
    const Item* present = view.find(item.key);
    if (present != nullptr && equal_but_for_version(item, *present)) continue;
    item.version = present == nullptr ? 1 : present->version + 1;
    NewRecord record;
    record.partition = kControlPartition;
    record.header = {RecordKind::kItem, kFirstTenant, {}, now, now};
    record.body = encode(item);
    records.push_back(std::move(record));
  }
  if (records.empty()) return done(std::vector<AppendOutcome>{});
  parts_->journal->append(std::move(records), std::move(done));
}

Result<void> Engine::put_items_and_wait(std::vector<Item> items) {
  std::promise<Result<void>> done;
  auto waiting = done.get_future();
  put_items(std::move(items), [&done](Result<std::vector<AppendOutcome>> outcome) {
    done.set_value(outcome ? Result<void>() : Result<void>(std::move(outcome).error()));
  });
  return waiting.get();
}

Result<Object> Engine::store_object(Object object) {
  const TimeMs now = parts_->clock.now_ms();
  NewRecord record;
  record.partition = kControlPartition;
  record.header = {RecordKind::kObject, kFirstTenant, {}, now, now};
  record.body = encode(object);
  std::vector<NewRecord> records;
  records.push_back(std::move(record));
  TRY(parts_->journal->append_and_wait(std::move(records)));
  return object;
}

namespace {

bool is_built_in(std::string_view metric) {
  return std::ranges::any_of(built_in_metrics(),
                             [metric](const Metric& each) { return each.id == metric; });
}

// The version the next change gets, if `expected` holds of what is there.
Result<std::uint64_t> next_version(std::string_view type, std::string_view id,
                                   const std::optional<Object>& present, ExpectedVersion expected) {
  const bool exists = present && !present->deleted;
  const std::uint64_t found = exists ? present->version : 0;
  if (expected && *expected != found) {
    return conflict(fmt::format("{} '{}' is at version {}, not {}", type, id, found, *expected));
  }
  return present ? present->version + 1 : 1;
}

}  // namespace

Mutex& Engine::bet_writes() { return parts_->bet_writes; }

Result<Object> Engine::put_object(std::string_view type, std::string_view id, std::string json,
                                  const Author& author, ExpectedVersion expected) {
  if (json.size() > kObjectJsonBytesMax) {
    return invalid_argument(
        fmt::format("{} '{}': at most {} bytes", type, id, kObjectJsonBytesMax));
  }
  MutexLock lock(parts_->object_writes);
  Object object;
  object.version = TRY(next_version(type, id, parts_->objects.find(type, id), expected));
  object.type = type;
  object.id = id;
  object.who = author.who;
  object.why = author.why;
  object.json = std::move(json);
  return store_object(std::move(object));
}

Result<Object> Engine::delete_object(std::string_view type, std::string_view id,
                                     const Author& author, ExpectedVersion expected) {
  MutexLock bets_lock(parts_->bet_writes);
  if (type == kSlotObjectType) TRY(check_no_bet_measures(id, nullptr));
  if (type == kBriefObjectType) TRY(check_no_slot_uses(id));
  if (type == kMetricObjectType && is_built_in(id))
    return conflict(fmt::format("metric '{}' is built in: it cannot be ended", id));
  MutexLock lock(parts_->object_writes);
  const std::optional<Object> present = parts_->objects.find(type, id);
  if (!present || present->deleted) return not_found(fmt::format("there is no {} '{}'", type, id));
  Object object = *present;
  object.version = TRY(next_version(type, id, present, expected));
  object.deleted = true;
  object.who = author.who;
  object.why = author.why;
  object.json.clear();
  return store_object(std::move(object));
}

Result<Slot> Engine::put_slot(std::string_view name, std::string_view json, const Author& author,
                              ExpectedVersion expected) {
  Slot slot = TRY(slot_from_json(name, json));
  const auto slots = parts_->slots.get();
  if (slots->size() >= kSlotsMax && !slots->contains(name)) {
    return invalid_argument(fmt::format("at most {} slots are possible", kSlotsMax));
  }
  MutexLock lock(parts_->bet_writes);
  slot.brief_missing = why_brief_missing(slot);
  TRY(check_no_bet_measures(name, &slot));
  const auto present = slots->find(name);
  if (slot.holdout > 0 && slot.holdout < kHoldoutShareMin) {
    return invalid_argument(fmt::format(
        "#/holdout: {:.3g} % of people is as good as nobody, and nothing could be measured: hold "
        "out {:.3g} % at least, or 0 and say why in the header Ante-Why",
        100 * slot.holdout, 100 * kHoldoutShareMin));
  }
  if (present != slots->end() && present->second.holdout > 0 && slot.holdout <= 0 &&
      author.why.empty()) {
    return invalid_argument(fmt::format(
        "#/holdout: slot '{}' holds out {:.3g} % of people; without them nobody can say whether "
        "personalising works. If you mean it, say why in the header Ante-Why",
        name, 100 * present->second.holdout));
  }
  slot.version = 0;
  slot.fell_back = present == slots->end() ? "" : present->second.fell_back;
  const Object stored =
      TRY(put_object(kSlotObjectType, name, slot_to_json(slot), author, expected));
  slot.version = stored.version;
  return slot;
}

Result<Slot> Engine::resume_slot(std::string_view name, const Author& author,
                                 ExpectedVersion expected) {
  MutexLock lock(parts_->bet_writes);
  const auto slots = parts_->slots.get();
  const auto present = slots->find(name);
  if (present == slots->end()) return not_found(fmt::format("there is no slot '{}'", name));
  if (present->second.fell_back.empty())
    return conflict(fmt::format("slot '{}' did not fall back: there is nothing to resume", name));
  if (author.why.empty())
    return invalid_argument(fmt::format(
        "slot '{}' fell back to its safe default ({}) and its evidence begins anew when it "
        "resumes. Say why it may",
        name, present->second.fell_back));
  Slot slot = present->second;
  slot.fell_back.clear();
  const Object stored =
      TRY(put_object(kSlotObjectType, name, slot_to_json(slot), author, expected));
  slot.version = stored.version;
  return slot;
}

Result<Metric> Engine::put_metric(std::string_view id, std::string_view json, const Author& author,
                                  ExpectedVersion expected) {
  Metric metric = TRY(metric_from_json(id, json));
  if (is_built_in(id))
    return conflict(fmt::format("metric '{}' is built in: give yours another id", id));
  MutexLock lock(parts_->bet_writes);  // what all ask together is read and written as one
  const std::vector<Object> present = parts_->objects.list(kMetricObjectType);
  double asked = metric.ask ? metric.ask->share : 0;
  bool is_new = true;
  for (const Object& each : present) {
    const Result<Metric> other = metric_from_json(each.id, each.json);
    if (each.id == id) {
      is_new = false;
      const bool is_read = !expected || *expected == each.version;
      if (other && is_read && !other->measures_as(metric) && author.why.empty())
        return invalid_argument(fmt::format(
            "metric '{}' would count something else, and what it has counted so far is dropped. If "
            "you mean it, say why in the header Ante-Why; or give the new one another id",
            id));
      continue;
    }
    if (other && other->ask) asked += other->ask->share;
  }
  if (is_new && present.size() >= kMetricsMax)
    return invalid_argument(
        fmt::format("at most {} metrics besides the built-in ones", kMetricsMax));
  if (metric.ask && asked > kAskedMax + 1e-9)
    return invalid_argument(
        fmt::format("#/ask/share: all questions together would reach {:.4g} of people in 30 days; "
                    "at most {:.4g} "
                    "may be asked, so that nobody is bothered",
                    asked, kAskedMax));
  metric.version = 0;
  const Object stored =
      TRY(put_object(kMetricObjectType, id, metric_to_json(metric), author, expected));
  metric.version = stored.version;
  return metric;
}

Result<HoldoutDraw> Engine::draw_holdout(const Author& author, ExpectedVersion expected) {
  if (author.why.empty()) {
    return invalid_argument(
        "the holdout cannot be drawn anew without a reason: say why in the header Ante-Why");
  }
  const TimeMs now = parts_->clock.now_ms();
  const HoldoutDraw present = *parts_->holdout.get();
  if (now < present.since_ms) {
    return conflict(
        fmt::format("the holdout was drawn just now (draw {}); it begins to count in {} ms",
                    present.epoch, present.since_ms - now));
  }
  if (present.epoch >= kHoldoutEpochMax)
    return invalid_argument(fmt::format("at most {} draws are possible", kHoldoutEpochMax));
  // Two at once: one of them finds another version.
  const std::optional<Object> object = parts_->objects.find(kHoldoutObjectType, kHoldoutObjectId);
  if (!expected) expected = object ? object->version : 0;
  const HoldoutDraw draw{present.epoch + 1, now + kHoldoutDrawDelayMs};
  TRY(put_object(kHoldoutObjectType, kHoldoutObjectId, holdout_draw_to_json(draw), author,
                 expected));
  return draw;
}

Result<NewKey> Engine::add_key(KeyKind kind, std::vector<std::string> origins,
                               const Author& author) {
  if (parts_->objects.list(kKeyObjectType).size() >= kKeysMax) {
    return invalid_argument(fmt::format("at most {} keys are possible", kKeysMax));
  }
  if (origins.size() > kKeyOriginsMax) {
    return invalid_argument(fmt::format("at most {} origins for a key", kKeyOriginsMax));
  }
  NewKey made = make_key(kind, parts_->options.entropy, parts_->clock.now_ms());
  made.key.origins = std::move(origins);
  TRY(put_object(kKeyObjectType, made.key.id, key_to_json(made.key), author, 0));
  return made;
}

std::vector<std::pair<PersonHash, std::optional<RoutingId>>> Engine::members(
    PersonHash person) const {
  std::vector<std::pair<PersonHash, std::optional<RoutingId>>> found;
  for (const PersonHash member : parts_->people.person(person).members) {
    std::optional<RoutingId> routing;
    const auto row = parts_->store.get(Table::kIdentity, hash_bytes(member.value));
    if (row && *row) {
      if (auto decoded = decode_identity(**row)) routing = std::move(*decoded);
    }
    found.emplace_back(member, std::move(routing));
  }
  return found;
}

Result<std::size_t> Engine::erase_person(PersonHash person) {
  const PersonView view = parts_->people.person(person);
  std::vector<NewRecord> records;
  const TimeMs now = parts_->clock.now_ms();
  for (const PersonHash member : view.members) {
    if (parts_->people.find(member) == nullptr) continue;
    NewRecord record;
    record.partition = partition_of(member);
    record.header = {RecordKind::kErase, kFirstTenant, member, now, now};
    records.push_back(std::move(record));
  }
  if (records.empty()) return not_found("nothing is stored of this person");
  const std::size_t count = records.size();
  TRY(parts_->journal->append_and_wait(std::move(records)));
  if (parts_->eraser) parts_->eraser->wake();
  return count;
}

}  // namespace ante
