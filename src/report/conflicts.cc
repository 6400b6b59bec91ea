#include "report/conflicts.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "math/statistics.h"
#include "report/lift.h"

namespace ante {

namespace {

bool is_usable(const Measurement& m) {
  return m.n > 0 && std::isfinite(m.difference) && std::isfinite(m.standard_error) &&
         m.standard_error > 0;
}

double half_p(const Measurement& m) {
  return sequence_p(m.difference / m.standard_error, static_cast<double>(m.n), kPersonsPlanned);
}

bool is_hint(const Measurement& m) {
  return normal_cdf(std::abs(m.difference) / m.standard_error) >= kHintEachHalf;
}

std::string conflict_words(const Conflict& conflict) {
  const Measurement &reader = conflict.reader, &publisher = conflict.publisher;
  const bool reader_pays = reader.better_by() < 0;
  const auto moved = [](const Measurement& m) {
    const Interval interval = m.interval();
    return fmt::format("{} ({:+.3g}, {:+.3g} to {:+.3g}, n {})", m.metric, m.difference,
                       interval.low, interval.high, m.n);
  };
  const std::string better = moved(reader_pays ? publisher : reader),
                    worse = moved(reader_pays ? reader : publisher),
                    where = reader.where.empty() ? "" : reader.where + ", ";
  if (conflict.credible)
    return fmt::format("{}apart: {} gets better and {} gets worse. {}", where, better, worse,
                       reader_pays ? "Readers pay for what the publisher wins."
                                   : "The publisher pays for what readers win.");
  return fmt::format(
      "{}maybe apart: {} may get better and {} may get worse, as far as one look tells. {}", where,
      better, worse,
      reader_pays ? "Readers may pay for what the publisher wins."
                  : "The publisher may pay for what readers win.");
}

std::vector<Conflict> pairs_of(std::span<const Measurement> measured, ConflictReport& report) {
  std::vector<const Measurement*> readers, publishers;
  for (const Measurement& m : measured) {
    auto& side = m.whose == Whose::kReader ? readers : publishers;
    if (!is_usable(m) || side.size() >= kConflictMetricsMax)
      report.unusable.push_back(m.metric);
    else
      side.push_back(&m);
  }
  std::vector<Conflict> pairs;
  for (const Measurement* reader : readers) {
    for (const Measurement* publisher : publishers) {
      if (reader->where != publisher->where) continue;
      const bool opposite = reader->better_by() * publisher->better_by() < 0;
      pairs.push_back({*reader, *publisher,
                       opposite ? std::max(half_p(*reader), half_p(*publisher)) : 1, false, ""});
    }
  }
  return pairs;
}

// Holm's p of each of the pairs, smallest first.
void adjust(std::vector<Conflict>& pairs) {
  std::ranges::stable_sort(pairs, {}, &Conflict::p);
  double largest = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    largest = std::max(largest, pairs[i].p * static_cast<double>(pairs.size() - i));
    pairs[i].p = std::min(1.0, largest);
  }
}

std::string conflicts_sentence(const ConflictReport& report) {
  if (report.pairs == 0)
    return "There is no pair of a reader's and a publisher's metric that both have been measured.";
  const std::string looked =
      fmt::format("{} {} looked at", report.pairs, report.pairs == 1 ? "pair" : "pairs");
  if (!report.apart.empty())
    return fmt::format(
        "{} of what readers and the publisher want {} apart; {}.",
        report.apart.size() == 1 ? "1 pair" : fmt::format("{} pairs", report.apart.size()),
        report.apart.size() == 1 ? "moves" : "move", looked);
  if (!report.probably.empty())
    return fmt::format("Nothing moves credibly apart, {} may; {}.", report.probably.size(), looked);
  return fmt::format("What readers want and what the publisher wants do not move apart; {}.",
                     looked);
}

void write_measurement(JsonWriter& json, std::string_view name, const Measurement& m) {
  json.key(name).begin_object().field("metric", m.metric).field("class", m.metric_class);
  json.field("higherIsBetter", m.higher_is_better).field("difference", m.difference);
  const Interval interval = m.interval();
  json.interval("interval", interval.low, interval.high);
  json.field("standardError", m.standard_error).field("n", m.n).end_object();
}

void write_conflicts(JsonWriter& json, std::string_view name, const std::vector<Conflict>& found) {
  json.key(name).begin_array();
  for (const Conflict& conflict : found) {
    json.begin_object().field("where", conflict.reader.where);
    write_measurement(json, "reader", conflict.reader);
    write_measurement(json, "publisher", conflict.publisher);
    json.field("p", conflict.p).field("sentence", conflict.sentence).end_object();
  }
  json.end_array();
}

}  // namespace

Interval Measurement::interval() const {
  const auto persons = static_cast<double>(n);
  const double half = standard_error * std::sqrt(persons) *
                      sequence_half_width(persons, kPersonsPlanned, kLiftAlpha);
  return {difference - half, difference + half};
}

ConflictReport conflicts(std::span<const Measurement> measured) {
  ConflictReport report;
  std::vector<Conflict> pairs = pairs_of(measured, report);
  report.pairs = pairs.size();
  adjust(pairs);
  for (Conflict& pair : pairs) {
    if (pair.reader.better_by() * pair.publisher.better_by() >= 0) continue;
    pair.credible = pair.p <= kConflictAlpha;
    pair.sentence = conflict_words(pair);
    if (pair.credible)
      report.apart.push_back(std::move(pair));
    else if (is_hint(pair.reader) && is_hint(pair.publisher))
      report.probably.push_back(std::move(pair));
  }
  report.sentence = conflicts_sentence(report);
  return report;
}

std::string to_json(const ConflictReport& report) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("sentence", report.sentence);
  write_conflicts(json, "apart", report.apart);
  write_conflicts(json, "probably", report.probably);
  json.field("pairs", report.pairs).field("alpha", kConflictAlpha);
  json.texts("unusable", report.unusable).end_object();
  return text;
}

}  // namespace ante
