#include "learning/experiment_looks.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "catalog/import.h"

namespace ante {
namespace {

constexpr std::array kLookColumns = {"experiment_id", "variant_id", "metric_id", "time_since_start",
                                     "count_c",       "count_t",    "mean_c",    "mean_t",
                                     "variance_c",    "variance_t"};
enum LookColumn : std::uint8_t {
  kExperiment,
  kVariant,
  kMetric,
  kTime,
  kCountC,
  kCountT,
  kMeanC,
  kMeanT,
  kVarianceC,
  kVarianceT,
};
constexpr double kLookAlpha = 0.05;
constexpr double kVarianceMin = 1 / (kLooksNumberMax * kLooksNumberMax);  // below: none

struct ArmLook {
  double n = 0, mean = 0, variance = 0;
  // At least so many have an outcome that is not 0.
  double conversions() const {
    const double second = variance + mean * mean;
    return second > 0 ? n * mean * mean / second : 0;
  }
};

ExperimentLook look_at(double time, const ArmLook& treated, const ArmLook& control) {
  ExperimentLook look;
  look.time = time;
  look.treated_n = treated.n;
  look.control_n = control.n;
  look.difference = treated.mean - control.mean;
  look.too_early = std::min(treated.conversions(), control.conversions()) < kLooksConversionsMin;
  const double se = std::sqrt(treated.variance / treated.n + control.variance / control.n);
  const double persons = treated.n + control.n;
  const double fixed = normal_quantile(1 - kLookAlpha / 2) * se;
  const double sequence =
      se * std::sqrt(persons) * sequence_half_width(persons, kLooksPlannedPersons, kLookAlpha);
  look.fixed = {look.difference - fixed, look.difference + fixed};
  look.sequence = {look.difference - sequence, look.difference + sequence};
  return look;
}

class LooksReader {
 public:
  LooksReader(std::string_view bytes, std::string_view file) : reader_(bytes, ','), file_(file) {}

  Result<ExperimentFile> read() {
    TRY(read_header());
    while (!reader_.at_end()) {
      line_ = reader_.line();
      const auto record = reader_.next();
      if (!record) return bad(record.error().message);
      if (record->fields.size() == 1 && record->fields[0].empty()) continue;
      TRY(read_look(*record));
    }
    return finish();
  }

 private:
  Error bad(std::string_view what) const {
    return invalid_argument(fmt::format("{}: line {}: {}", file_, line_, what));
  }

  Result<void> read_header() {
    if (reader_.at_end()) return bad("the file is empty; expected a CSV with a header line");
    const auto header = reader_.next();
    if (!header) return bad(header.error().message);
    const CsvRecord& record = *header;
    columns_ = record.fields.size();
    for (std::size_t c = 0; c < kLookColumns.size(); ++c) {
      const auto place = std::ranges::find(record.fields, kLookColumns[c]);
      if (place == record.fields.end()) {
        return bad(fmt::format(
            "there is no column '{}'; a row is a look and has experiment_id, variant_id, "
            "metric_id, time_since_start and, for the arms c and t, count, mean and variance",
            kLookColumns[c]));
      }
      place_[c] = static_cast<std::size_t>(place - record.fields.begin());
    }
    return {};
  }

  // None: the field is empty.
  Result<std::optional<double>> number(const CsvRecord& record, LookColumn column) const {
    const std::string& text = record.fields[place_[column]];
    if (text.empty()) return std::optional<double>();
    double value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_variance = column == kVarianceC || column == kVarianceT;
    const double most = is_variance ? kLooksNumberMax * kLooksNumberMax : kLooksNumberMax;
    if (failure == std::errc() && end == text.data() + text.size() && std::isfinite(value)) {
      if (std::abs(value) <= most) return std::optional<double>(value);
      return bad(fmt::format("'{}' is {}; it lies between {:g} and {:g}: use a larger unit",
                             kLookColumns[column], text.substr(0, 40), is_variance ? 0 : -most,
                             most));
    }
    return bad(fmt::format("'{}' holds '{}'; write a number, or nothing where it is not known yet",
                           kLookColumns[column], text.substr(0, 40)));
  }

  Result<void> read_look(const CsvRecord& record) {
    if (record.fields.size() != columns_)
      return bad(fmt::format("{} fields, the header has {}", record.fields.size(), columns_));
    if (++read_.looks > kLooksMax) return bad(fmt::format("more than {} looks", kLooksMax));
    std::array<std::optional<double>, kLookColumns.size()> values;
    for (const LookColumn column :
         {kTime, kCountC, kCountT, kMeanC, kMeanT, kVarianceC, kVarianceT})
      values[column] = TRY(number(record, column));
    if (!values[kTime]) return bad("no 'time_since_start'");
    for (const LookColumn column : {kCountC, kCountT, kVarianceC, kVarianceT}) {
      if (values[column].value_or(0) < 0)
        return bad(fmt::format("'{}' is below 0", kLookColumns[column]));
    }
    ExperimentSeries& series = series_of(record);
    if (!times_[static_cast<std::size_t>(&series - read_.series.data())]
             .insert(*values[kTime])
             .second) {
      return bad(
          fmt::format("a second look at {} of experiment '{}', variant '{}', metric '{}'; "
                      "remove one of them",
                      *values[kTime], series.experiment, series.variant, series.metric));
    }
    const ArmLook control{values[kCountC].value_or(0), values[kMeanC].value_or(0),
                          values[kVarianceC].value_or(0)};
    const ArmLook treated{values[kCountT].value_or(0), values[kMeanT].value_or(0),
                          values[kVarianceT].value_or(0)};
    const bool vary = std::min(control.variance, treated.variance) > kVarianceMin;
    if (!(vary && control.n >= 2 && treated.n >= 2)) {
      ++read_.without_variance;
      return {};
    }
    series.looks.push_back(look_at(*values[kTime], treated, control));
    return {};
  }

  ExperimentSeries& series_of(const CsvRecord& record) {
    std::array<std::string, 3> key = {record.fields[place_[kExperiment]],
                                      record.fields[place_[kVariant]],
                                      record.fields[place_[kMetric]]};
    const auto [place, added] = known_.emplace(key, read_.series.size());
    if (added) {
      read_.series.push_back({key[0], key[1], key[2], {}});
      times_.emplace_back();
      experiments_.insert(key[0]);
    }
    return read_.series[place->second];
  }

  Result<ExperimentFile> finish() {
    read_.experiments = experiments_.size();
    std::uint64_t usable = 0;
    for (ExperimentSeries& series : read_.series) {
      std::ranges::sort(series.looks, {}, &ExperimentLook::time);
      usable += series.looks.size();
      for (std::size_t i = 1; i < series.looks.size(); ++i) {
        const ExperimentLook &before = series.looks[i - 1], &now = series.looks[i];
        if (now.treated_n < before.treated_n || now.control_n < before.control_n) ++read_.shrinking;
      }
    }
    if (usable > 0) return std::move(read_);
    return invalid_argument(fmt::format(
        "{}: {} looks and none with persons and a variance in both arms; nothing can be compared",
        file_, read_.looks));
  }

  CsvReader reader_;
  std::string_view file_;
  std::uint64_t line_ = 1;
  std::size_t columns_ = 0;
  std::array<std::size_t, kLookColumns.size()> place_{};
  std::map<std::array<std::string, 3>, std::size_t> known_;
  std::vector<std::set<double>> times_;
  std::set<std::string> experiments_;
  ExperimentFile read_;
};

bool naive_calls(const ExperimentLook& look) { return !look.too_early && !look.fixed.contains(0); }
bool sequence_calls(const ExperimentLook& look) {
  return !look.too_early && !look.sequence.contains(0);
}

std::optional<std::size_t> first_call(const std::vector<ExperimentLook>& looks,
                                      bool (*calls)(const ExperimentLook&)) {
  const auto place = std::ranges::find_if(looks, calls);
  if (place == looks.end()) return std::nullopt;
  return static_cast<std::size_t>(place - looks.begin());
}

}  // namespace

std::optional<std::size_t> ExperimentSeries::first_naive() const {
  return first_call(looks, naive_calls);
}
std::optional<std::size_t> ExperimentSeries::first_sequence() const {
  return first_call(looks, sequence_calls);
}
bool ExperimentSeries::naive_at_end() const { return !looks.empty() && naive_calls(looks.back()); }
std::uint64_t ExperimentSeries::looks_asked() const {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(looks, [](const ExperimentLook& look) { return !look.too_early; }));
}

std::vector<LookCrossings> look_crossings(const ExperimentFile& file) {
  std::vector<LookCrossings> rows;
  for (const ExperimentSeries& series : file.series) {
    bool naive_ever = false, sequence_ever = false;
    for (std::size_t k = 0; k < series.looks.size(); ++k) {
      if (rows.size() == k) rows.push_back({.look = k + 1});
      const bool naive = naive_calls(series.looks[k]), ours = sequence_calls(series.looks[k]);
      naive_ever = naive_ever || naive;
      sequence_ever = sequence_ever || ours;
      LookCrossings& row = rows[k];
      ++row.series;
      row.naive_now += naive ? 1 : 0;
      row.naive_ever += naive_ever ? 1 : 0;
      row.sequence_now += ours ? 1 : 0;
      row.sequence_ever += sequence_ever ? 1 : 0;
    }
  }
  return rows;
}

Result<ExperimentFile> parse_experiment_looks(std::string_view bytes, std::string_view file) {
  return LooksReader(bytes, file).read();
}

}  // namespace ante
