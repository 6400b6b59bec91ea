#include "report/likings.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/mutex.h"

namespace ante {

namespace {

constexpr int kFitSweeps = 30;
constexpr double kTauInterval = 1.959963984540054;  // 95 %, two-sided

// One cell of one person, in units.
struct LikingRow {
  std::size_t person = 0, shown = 0;
  std::uint32_t topic = 0;
  double odd_n = 0, even_n = 0, odd_sum = 0, even_sum = 0;
  double n() const { return odd_n + even_n; }
  double sum() const { return odd_sum + even_sum; }
};

// The rows of what at least kShownPeopleMin persons saw; `shown` numbers them.
std::vector<LikingRow> rows_of(const std::vector<LikingCells>& people, std::size_t& shown) {
  struct Shown {
    std::size_t people = 0, number = 0;
  };
  std::unordered_map<std::uint64_t, Shown> seen;
  for (const LikingCells& cells : people) {
    for (const LikingCell& cell : cells) ++seen[cell.shown].people;
  }
  shown = 0;
  std::vector<LikingRow> rows;
  for (std::size_t u = 0; u < people.size(); ++u) {
    for (const LikingCell& cell : people[u]) {
      Shown& of = seen[cell.shown];
      if (of.people < kShownPeopleMin) continue;
      if (of.number == 0) of.number = ++shown;  // in the order of the rows, whatever the table's
      rows.push_back({.person = u,
                      .shown = of.number - 1,
                      .topic = cell.topic,
                      .odd_n = static_cast<double>(cell.odd_n),
                      .even_n = static_cast<double>(cell.even_n),
                      .odd_sum = static_cast<double>(cell.odd_micros) / kMicros,
                      .even_sum = static_cast<double>(cell.even_micros) / kMicros});
    }
  }
  return rows;
}

// What a view brings = its person's part + the part of what is shown: least squares, by turns.
struct TwoWayFit {
  std::vector<double> person, shown, shown_n;

  TwoWayFit(const std::vector<LikingRow>& rows, std::size_t people, std::size_t shown_count)
      : person(people), shown(shown_count), shown_n(shown_count) {
    std::vector<double> person_n(people);
    for (const LikingRow& row : rows) {
      person_n[row.person] += row.n();
      shown_n[row.shown] += row.n();
    }
    for (int sweep = 0; sweep < kFitSweeps; ++sweep) {
      fit(rows, shown, shown_n, person, &LikingRow::shown, &LikingRow::person);
      fit(rows, person, person_n, shown, &LikingRow::person, &LikingRow::shown);
    }
  }

 private:
  using Index = std::size_t LikingRow::*;
  static void fit(const std::vector<LikingRow>& rows, std::vector<double>& effects,
                  const std::vector<double>& n, const std::vector<double>& others, Index mine,
                  Index other) {
    std::ranges::fill(effects, 0.0);
    for (const LikingRow& row : rows)
      effects[row.*mine] += row.sum() - row.n() * others[row.*other];
    for (std::size_t i = 0; i < effects.size(); ++i) effects[i] = n[i] > 0 ? effects[i] / n[i] : 0;
  }
};

// The topics that are arms, each with its place.
std::map<std::uint32_t, std::size_t> arms_of(const std::vector<LikingRow>& rows) {
  struct Halves {
    bool odd = false, even = false;
  };
  std::map<std::uint32_t, std::size_t> persons;
  for (std::size_t i = 0; i < rows.size();) {
    std::map<std::uint32_t, Halves> mine;
    const std::size_t person = rows[i].person;
    for (; i < rows.size() && rows[i].person == person; ++i) {
      mine[rows[i].topic].odd |= rows[i].odd_n > 0;
      mine[rows[i].topic].even |= rows[i].even_n > 0;
    }
    for (const auto& [topic, halves] : mine) persons[topic] += halves.odd && halves.even ? 1 : 0;
  }
  std::vector<std::pair<std::uint32_t, std::size_t>> most(persons.begin(), persons.end());
  std::ranges::stable_sort(most, [](const auto& a, const auto& b) { return a.second > b.second; });
  // An arm that few were shown twice tells nothing of persons, and may be the best by chance.
  std::size_t arms = std::min(most.size(), kLikingArmsMax);
  while (arms > 2 && most[arms - 1].second < kLikingPersonsMin) --arms;
  std::map<std::uint32_t, std::size_t> places;
  for (std::size_t a = 0; a < arms; ++a) places[most[a].first] = a;
  return places;
}

// Persons x arms, with what is the person's and the item's own taken off.
std::vector<HalvedOutcomes> cells_of(const std::vector<LikingRow>& rows, const TwoWayFit& fit,
                                     const std::map<std::uint32_t, std::size_t>& arms,
                                     std::size_t people) {
  std::vector<double> arm_sum(arms.size()), arm_n(arms.size());
  double person_sum = 0, person_n = 0;
  for (const LikingRow& row : rows) {
    const auto arm = arms.find(row.topic);
    if (arm == arms.end()) continue;
    arm_sum[arm->second] += row.n() * fit.shown[row.shown];
    arm_n[arm->second] += row.n();
    person_sum += row.n() * fit.person[row.person];
    person_n += row.n();
  }
  std::vector<HalvedOutcomes> cells(people * arms.size());
  for (const LikingRow& row : rows) {
    const auto arm = arms.find(row.topic);
    if (arm == arms.end()) continue;
    const double expected = fit.shown[row.shown] + fit.person[row.person];
    const double in_general = arm_sum[arm->second] / arm_n[arm->second] + person_sum / person_n;
    HalvedOutcomes& cell = cells[row.person * arms.size() + arm->second];
    cell.odd_n += row.odd_n;
    cell.even_n += row.even_n;
    cell.odd_sum += row.odd_sum + row.odd_n * (in_general - expected);
    cell.even_sum += row.even_sum + row.even_n * (in_general - expected);
    cell.own += row.odd_n * row.even_n / fit.shown_n[row.shown];
  }
  for (HalvedOutcomes& cell : cells)
    cell.own = cell.own > 0 ? cell.own / (cell.odd_n * cell.even_n) : 0;
  return cells;
}

PersonalizationValue value_of(const std::vector<LikingCells>& people, std::optional<double> cost) {
  std::size_t shown = 0;
  const std::vector<LikingRow> rows = rows_of(people, shown);
  const auto arms = arms_of(rows);
  if (arms.size() < 2) {
    PersonalizationValue nothing;
    nothing.arms = arms.size();
    return nothing;
  }
  const TwoWayFit fit(rows, people.size(), shown);
  return personalization_value(cells_of(rows, fit, arms, people.size()), arms.size(), cost);
}

void write_needed(JsonWriter& json, std::string_view name, std::optional<double> value) {
  json.key(name);
  value ? json.number(*value) : json.null();
}

std::optional<double> as_number(std::optional<std::uint64_t> count) {
  if (!count) return std::nullopt;
  return static_cast<double>(*count);
}

}  // namespace

LikingsSummary summarize(const LikingsFold::SlotPeople& slot, std::string_view name,
                         std::optional<double> cost) {
  LikingsSummary summary;
  summary.slot = name;
  summary.people = slot.people.size();
  summary.each_stands_for = slot.sample.weight();
  summary.value = value_of(slot.people, cost);
  summary.sentence = in_words(summary.value, "topic") +
                     fmt::format(" Told from {} people who got lists that did not depend on them.",
                                 summary.people);
  return summary;
}

std::string to_json(const LikingsSummary& summary) {
  const PersonalizationValue& v = summary.value;
  const bool known = v.persons >= kLikingPersonsMin && v.standard_error > 0;
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("sentence", summary.sentence).field("slot", summary.slot);
  json.field("verdict", to_string(v.verdict)).field("unit", "person").field("n", v.persons);
  json.field("people", summary.people).field("eachStandsFor", summary.each_stands_for);
  json.field("arm", "topic").field("arms", v.arms).field("armsAPerson", v.arms_a_person);
  json.field("viewsOfEach", v.views).key("tauSquared");
  if (known) {
    json.begin_object().field("value", v.tau_squared).key("interval").begin_array();
    json.number(v.tau_squared - kTauInterval * v.standard_error);
    json.number(v.tau_squared + kTauInterval * v.standard_error);
    json.end_array().field("z", v.z).field("p", v.p).end_object();
    json.key("gain").begin_object().field("value", v.gain).key("interval").begin_array();
    json.number(v.gain_low).number(v.gain_high).end_array();
    json.field("confidenceLow", 0.95).field("confidenceHigh", 0.9).end_object();
    json.field("bestSingle", v.best_single).field("cost", v.cost);
  } else {
    json.null().key("gain").null().key("bestSingle").null().key("cost").null();
  }
  write_needed(json, "readersNeeded", as_number(v.readers_needed));
  write_needed(json, "clustersNeeded", as_number(v.clusters_needed));
  write_needed(json, "viewsNeeded", v.views_needed);
  json.key("remedies").begin_array();
  for (const std::string& remedy : remedies(v, "topic")) json.string(remedy);
  json.end_array().end_object();
  return body;
}

struct Likings::State {
  mutable Mutex mutex;
  LikingsFold fold GUARDED_BY(mutex);
};

Likings::Likings() : state_(std::make_unique<State>()) {}
Likings::~Likings() = default;

LikingsSummary Likings::summary(std::string_view slot, std::optional<double> cost) const {
  // A copy, so that nobody who follows the log waits for the arithmetic of who reads.
  const auto people = [&] {
    MutexLock lock(state_->mutex);
    return state_->fold.of_slot(slot_key(slot));
  }();
  return summarize(people, slot, cost);
}

void Likings::matured(const RewardRow& row) {
  MutexLock lock(state_->mutex);
  state_->fold.matured(row);
}

void Likings::consume(const CommittedRecord& record) {
  MutexLock lock(state_->mutex);
  state_->fold.consume(record);
}

std::string Likings::save() const {
  MutexLock lock(state_->mutex);
  return state_->fold.save();
}

Result<void> Likings::load(std::string_view bytes) {
  MutexLock lock(state_->mutex);
  return state_->fold.load(bytes);
}

}  // namespace ante
