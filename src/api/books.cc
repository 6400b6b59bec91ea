#include "api/books.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "candidates/eligibility.h"
#include "candidates/source.h"
#include "decision/policy.h"
#include "ranking/features.h"
#include "ranking/value_model.h"
#include "report/metrics.h"

namespace ante {
namespace {

bool is_eligible(const ItemCard& item, TimeMs now_ms) {
  return can_be_shown(item, now_ms) == Eligibility::kEligible;
}

std::string no_slot(const SlotMap& slots, std::string_view wanted) {
  std::vector<std::string_view> known;
  for (const auto& [name, slot] : slots) known.push_back(name);
  return fmt::format("there is no slot '{}'.{}", wanted, did_you_mean(wanted, known));
}

// Nothing converts money: all amounts are in the currency of the first that has one.
Result<void> check_currency(const Engine& engine, std::string_view currency,
                            std::string_view own_type, std::string_view own_id) {
  if (currency.empty()) return {};
  const auto check = [&](std::string_view type, std::string_view id,
                         const std::string& other) -> Result<void> {
    if (other.empty() || other == currency || (type == own_type && id == own_id)) return {};
    return invalid_argument(fmt::format(
        "#/currency: is {}, but {} '{}' is in {}, and nothing here converts one into the other: "
        "enter all amounts in one",
        currency, type, id, other));
  };
  for (const Cost& cost : list_costs(engine)) TRY(check(kCostObjectType, cost.id, cost.currency));
  const auto slots = engine.slots().get();
  for (const auto& [name, slot] : *slots)
    if (const auto worth = find_worth(engine, name))
      TRY(check(kWorthObjectType, name, worth->currency));
  return {};
}

Result<void> check_cost(const Engine& engine, const Cost& cost) {
  const auto slots = engine.slots().get();
  if (!cost.slot.empty()) {
    const auto slot = slots->find(cost.slot);
    if (slot == slots->end()) return invalid_argument("#/slot: " + no_slot(*slots, cost.slot));
    if (cost.per == CostPer::kMessage && slot->second.channel == Channel::kSite)
      return invalid_argument(
          fmt::format("#/per: slot '{}' is on the site and sends no messages: say decision instead",
                      cost.slot));
  }
  TRY(check_currency(engine, cost.currency, kCostObjectType, cost.id));
  if (!find_cost(engine, cost.id) && engine.objects().list(kCostObjectType).size() >= kCostsMax)
    return invalid_argument(fmt::format("at most {} costs are possible: delete some", kCostsMax));
  return {};
}

std::vector<Slot> slots_of(const Engine& engine, const std::string* only) {
  std::vector<Slot> found;
  const auto slots = engine.slots().get();
  for (const auto& [name, slot] : *slots)
    if (only == nullptr || *only == name) found.push_back(slot);
  return found;
}

// What readers of a slot themselves get. None: nobody measures it there.
struct Readers {
  std::optional<Verdict> verdict;
  std::string sentence;
};

Readers readers_of(const Engine& engine, std::string_view slot) {
  Readers readers;
  const auto card = engine.lift().scorecard_of(slot);
  if (!card || !card->person) return readers;
  readers.verdict = card->person;
  for (const MetricSummary& summary : card->metrics) {
    if (summary.metric.metric_class != MetricClass::kPerson || summary.verdict != *card->person)
      continue;
    readers.sentence = summary.metric.title + ": " + summary.sentence;
    break;
  }
  return readers;
}

SlotBooks books_of(const Engine& engine, const Slot& slot) {
  SlotBooks books;
  books.slot = slot.name;
  books.sends = slot.channel != Channel::kSite;
  books.window_ms = slot.goal_window_ms;
  books.outcomes.push_back(lower_case(slot.goal_event));
  for (const SlotOutcome& outcome : slot.further_outcomes)
    books.outcomes.push_back(lower_case(outcome.event));
  books.worth = find_worth(engine, slot.name);
  books.readers = readers_of(engine, slot.name).verdict;
  books.lift.slot = slot.name;
  // Of a slot made just now the log's followers may not know yet.
  if (auto sums = engine.lift().sums(slot.name)) {
    books.lift = summarize(slot, *sums, slot.holdout);
    books.first_day = sums->first_day;
    books.entered = std::move(sums->entered);
  }
  if (auto figures = engine.figures().slot(slot.name)) {
    books.first_decision_day = figures->first_day;
    books.decisions = std::move(figures->days);
    books.placed = figures->placed;
    books.explored = figures->explored;
    books.annoyance = figures->attention_spent + figures->miss_spent + figures->creep_spent;
    books.exploring = figures->exploring_spent;
  }
  return books;
}

// A slot that is no more: what was decided for it, and what people say it cost.
SlotBooks books_of_gone(const Engine& engine, const std::string& name,
                        const std::vector<Cost>& costs) {
  SlotBooks books;
  books.slot = name;
  books.gone = true;
  books.sends = std::ranges::any_of(costs, [&name](const Cost& cost) {  // others are not entered
    return cost.slot == name && cost.per == CostPer::kMessage;
  });
  if (auto figures = engine.figures().slot(name)) {
    books.first_decision_day = figures->first_day;
    books.decisions = std::move(figures->days);
  }
  return books;
}

// Why it only watches, as in "since it …"; empty: bets are open there.
std::string shadow_reason(const Slot& slot) {
  if (!slot.in_shadow()) return "";
  if (slot.apprentice) return "is in mode apprentice";
  if (!slot.brief_missing.empty()) return "has no brief that counts: " + slot.brief_missing;
  return "has no brief and none was waived";
}

// None: too little is known of it, or who answers is no fair sample.
std::optional<Measurement> measurement_of(const Slot& slot, const MetricSummary& summary) {
  if (!summary.low || summary.is_void()) return std::nullopt;
  const Metric& metric = summary.metric;
  const bool hers = metric.metric_class == MetricClass::kPerson;
  return Measurement{.metric = metric.id,
                     .where = slot.name,
                     .whose = hers ? Whose::kReader : Whose::kPublisher,
                     .metric_class = to_string(metric.metric_class),
                     .higher_is_better = metric.more_is_better,
                     .difference = *summary.value,
                     .standard_error = summary.standard_error,
                     .n = summary.treated.n + summary.holdout.n};
}

double decision_cost(const WorthReport& ledger, std::string_view slot) {
  for (const Worth& worth : ledger.slots)
    if (worth.slot == slot) return worth.cost_a_decision;
  return 0;
}

}  // namespace

Result<Cost> put_cost(Engine& engine, std::string_view id, std::string_view json,
                      const Author& author, ExpectedVersion expected) {
  Cost cost = TRY(cost_from_json(id, json));
  TRY(check_cost(engine, cost));
  cost.version = 0;
  const Object stored =
      TRY(engine.put_object(kCostObjectType, id, cost_to_json(cost), author, expected));
  cost.version = stored.version;
  return cost;
}

Result<SlotWorth> put_worth(Engine& engine, std::string_view slot, std::string_view json,
                            const Author& author, ExpectedVersion expected) {
  const auto slots = engine.slots().get();
  if (!slots->contains(slot)) return not_found(no_slot(*slots, slot));
  SlotWorth worth = TRY(worth_from_json(slot, json));
  TRY(check_currency(engine, worth.currency, kWorthObjectType, slot));
  worth.version = 0;
  const Object stored =
      TRY(engine.put_object(kWorthObjectType, slot, worth_to_json(worth), author, expected));
  worth.version = stored.version;
  return worth;
}

std::optional<Cost> find_cost(const Engine& engine, std::string_view id) {
  const auto object = engine.objects().find(kCostObjectType, id);
  if (!object || object->deleted) return std::nullopt;
  auto cost = cost_from_json(id, object->json);
  if (!cost) return std::nullopt;  // of a later version
  cost->version = object->version;
  return *cost;
}

std::vector<Cost> list_costs(const Engine& engine) {
  std::vector<Cost> costs;
  for (const Object& object : engine.objects().list(kCostObjectType)) {
    auto cost = cost_from_json(object.id, object.json);
    if (!cost) continue;
    cost->version = object.version;
    costs.push_back(*std::move(cost));
  }
  return costs;
}

std::optional<SlotWorth> find_worth(const Engine& engine, std::string_view slot) {
  const auto object = engine.objects().find(kWorthObjectType, slot);
  if (!object || object->deleted) return std::nullopt;
  auto worth = worth_from_json(slot, object->json);
  if (!worth) return std::nullopt;
  worth->version = object->version;
  return *worth;
}

ConflictReport conflicts_now(const Engine& engine, const std::string* only_slot) {
  std::vector<Measurement> measured;
  for (const Slot& slot : slots_of(engine, only_slot)) {
    const auto card = engine.lift().scorecard_of(slot.name);
    if (!card) continue;  // made just now
    for (const MetricSummary& summary : card->metrics) {
      if (auto measurement = measurement_of(slot, summary))
        measured.push_back(*std::move(measurement));
    }
  }
  return conflicts(measured);
}

SupplySummary supply_now(const Engine& engine) {
  return engine.reports().supply.summary(engine.catalog().view(), engine.clock().now_ms(),
                                         is_eligible);
}

AuditSummary audit_now(const Engine& engine, const std::string& slot) {
  return engine.reports().audit.summary(engine.catalog().view(), engine.clock().now_ms(),
                                        is_eligible, slot);
}

LedgerQuestion ledger_question(const Engine& engine, const std::string* only_slot) {
  LedgerQuestion question;
  for (const Slot& slot : slots_of(engine, only_slot))
    question.slots.push_back(books_of(engine, slot));
  question.costs = list_costs(engine);
  question.now_ms = engine.clock().now_ms();
  if (only_slot != nullptr) return question;
  std::set<std::string> gone;
  for (const auto& [name, decisions] : engine.figures().decisions_by_slot()) gone.insert(name);
  for (const Cost& cost : question.costs)
    if (!cost.slot.empty()) gone.insert(cost.slot);
  for (const SlotBooks& books : question.slots) gone.erase(books.slot);
  for (const std::string& name : gone)
    question.slots.push_back(books_of_gone(engine, name, question.costs));
  return question;
}

LosersReport losers_now(const Engine& engine, const std::string* only_slot,
                        const WorthReport& ledger) {
  const TimeMs now = engine.clock().now_ms();
  const std::vector<Slot> slots = slots_of(engine, only_slot);
  const auto bets = engine.bets().get();
  std::vector<MapTrial> trials;
  for (const Slot& slot : slots) {
    const double cost = decision_cost(ledger, slot.name);
    if (auto sums = engine.lift().sums(slot.name))
      trials.push_back(
          {&slot, nullptr, summarize(slot, *sums, slot.holdout), *std::move(sums), cost});
    for (const auto& [id, bet] : bets->by_id) {
      if (bet->slot != slot.name || bet->live_since_ms() == 0) continue;
      auto evidence = engine.lift().bet(*bet, now);
      if (!evidence) continue;
      trials.push_back(
          {&slot, bet.get(), std::move(evidence->lift), std::move(evidence->sums), cost});
    }
  }
  return losers(trials, now);
}

CardQuestion card_question(const Engine& engine, const Slot& slot) {
  CardQuestion question;
  question.slot = slot;
  const auto model = engine.value_model();
  question.model_version = model->version();
  question.model_rows = model->rows();
  question.policy_version = kPolicyVersion;
  question.features.assign(kFeatureNames.begin(), kFeatureNames.end());
  question.sources.assign(engine.source_names().begin(), engine.source_names().end());
  if (auto lift = engine.lift().lift(slot.name)) question.lift = *std::move(lift);
  if (auto figures = engine.figures().slot(slot.name)) question.figures = *std::move(figures);
  question.readers = readers_of(engine, slot.name).verdict;
  const WorthReport ledger = worth_it(ledger_question(engine, &slot.name));
  question.cells = losers_now(engine, &slot.name, ledger);
  std::vector<StatedOdds> stated;
  const auto bets = engine.bets().get();
  for (const auto& [id, bet] : bets->by_id) {
    if (bet->slot != slot.name || !bet->result || bet->result->treated == 0 ||
        bet->result->control == 0)
      continue;
    for (const BetOdds& odds : bet->stated)
      if (odds.who == "model") stated.push_back({odds.who, odds.pays, bet->result->paid});
  }
  question.odds = calibration(stated).overall;
  return question;
}

ExecutiveQuestion executive_question(const Engine& engine) {
  ExecutiveQuestion question;
  const WorthReport ledger = worth_it(ledger_question(engine, nullptr));
  question.losers = losers_now(engine, nullptr, ledger);
  question.all = ledger.all;
  std::map<std::string, std::uint64_t> decisions = engine.figures().decisions_by_slot();
  for (const Slot& slot : slots_of(engine, nullptr)) {
    const std::uint64_t made = std::exchange(decisions[slot.name], 0);
    const auto sums = engine.lift().sums(slot.name);
    if (!sums) continue;
    Readers readers = readers_of(engine, slot.name);
    question.slots.push_back({summarize(slot, *sums, slot.holdout),
                              scale(scale_question(slot, *sums, engine.clock().now_ms())),
                              readers.verdict, std::move(readers.sentence), made, slot.fell_back,
                              shadow_reason(slot)});
  }
  for (const auto& [name, count] : decisions) question.decisions_gone += count;
  question.conflicts = conflicts_now(engine, nullptr);
  question.supply = supply_now(engine).sentence;
  return question;
}

}  // namespace ante
