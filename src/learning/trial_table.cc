#include "learning/trial_table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "catalog/import.h"
#include "math/statistics.h"

namespace ante {
namespace {

constexpr std::size_t kLevelsRead = 1000;  // more: the column's levels are not kept
constexpr std::size_t kArmRowsMin = 10;
constexpr std::size_t kOutcomeRowsMin = 20;  // with it and without, before a column goes with it
constexpr double kOutcomeMovedP = 0.01;      // above: nothing says that the treatment moves it
constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string listed(const std::vector<std::string>& names) {
  std::string result;
  for (const std::string& name : names) result += (result.empty() ? "" : ", ") + name;
  return result;
}

std::optional<double> trial_number(std::string_view text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::optional<double> outcome_number(std::string_view text) {
  if (const auto number = trial_number(text)) return number;
  const std::string word = lower(text);
  if (word == "true" || word == "yes") return 1;
  if (word == "false" || word == "no") return 0;
  return std::nullopt;
}

// A column as it is read: its levels while they are few, its numbers while it has only numbers.
class RawColumn {
 public:
  void add(std::string_view text) {
    if (numeric_) {
      const auto number = trial_number(text);
      numeric_ = number.has_value() || text.empty();
      numbers_.push_back(number.value_or(std::nan("")));
      largest_ = std::max(largest_, std::abs(number.value_or(0)));
      empty_ = empty_ + (text.empty() ? 1 : 0);
    }
    if (!few_) return;
    auto place = known_.find(text);
    if (place == known_.end()) {
      few_ = known_.size() < kLevelsRead;
      if (!few_) return;
      place = known_.emplace(text, static_cast<std::uint32_t>(known_.size())).first;
      names_.emplace_back(text);
    }
    levels_.push_back(place->second);
  }

  bool numeric() const { return numeric_ && empty_ < numbers_.size(); }
  bool few() const { return few_; }
  bool constant() const { return few_ && names_.size() <= 1; }
  double largest() const { return largest_; }  // whatever its sign
  std::vector<std::string>& names() { return names_; }
  std::vector<std::uint32_t>& levels() { return levels_; }
  std::vector<double>& numbers() { return numbers_; }
  // Whole numbers, no two alike: rows are only named by it.
  bool is_id() const {
    if (few_ || !numeric()) return false;
    std::vector<double> sorted = numbers_;
    std::ranges::sort(sorted);
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      if (sorted[i] != std::floor(sorted[i])) return false;
      if (i > 0 && sorted[i] == sorted[i - 1]) return false;
    }
    return true;
  }

 private:
  bool numeric_ = true, few_ = true;
  std::size_t empty_ = 0;
  double largest_ = 0;
  std::map<std::string, std::uint32_t, std::less<>> known_;
  std::vector<std::string> names_;
  std::vector<std::uint32_t> levels_;
  std::vector<double> numbers_;
};

class TrialReader {
 public:
  TrialReader(std::string_view bytes, const TrialColumns& columns)
      : reader_(bytes, ','), columns_(columns) {}

  Result<TrialTable> read() {
    TRY(read_header());
    TRY(read_rows());
    TRY(read_arms());
    TRY(check_outcome());
    TRY(take_features());
    return std::move(table_);
  }

 private:
  Error bad(const std::string& what) const { return invalid_argument(columns_.file + ": " + what); }

  Result<std::size_t> column_of(const std::string& name, std::string_view use) const {
    std::size_t found = kNone;
    for (std::size_t i = 0; i < header_.size(); ++i) {
      if (header_[i] != name) continue;
      if (found != kNone)
        return bad(fmt::format("the header names '{}' twice; rename one of them", name));
      found = i;
    }
    if (found != kNone) return found;
    const std::vector<std::string_view> known(header_.begin(), header_.end());
    return bad(fmt::format("there is no column '{}' for {}; the header has {}.{}", name, use,
                           listed(header_), did_you_mean(name, known)));
  }

  std::size_t column_if_any(std::initializer_list<std::string> names) const {
    for (const std::string& name : names) {
      const auto place = std::ranges::find(header_, name);
      if (place != header_.end()) return static_cast<std::size_t>(place - header_.begin());
    }
    return kNone;
  }

  Result<void> read_header() {
    if (reader_.at_end()) return bad("the file is empty; expected a CSV with a header line");
    const auto record = reader_.next();
    if (!record) return bad("the header (line 1): " + record.error().message);
    header_ = record->fields;
    if (header_[0].starts_with("\xEF\xBB\xBF")) header_[0].erase(0, 3);
    if (header_.size() < 2) {
      return bad(
          fmt::format("the header (line 1) is '{}'; expected a CSV whose columns are "
                      "separated by commas",
                      header_[0].substr(0, 80)));
    }
    treatment_ = TRY(column_of(columns_.treatment, "the treatment"));
    outcome_ = TRY(column_of(columns_.outcome, "the outcome"));
    if (treatment_ == outcome_)
      return bad(fmt::format("'{}' cannot be treatment and outcome at once", columns_.outcome));
    TRY(read_time_columns());
    for (const std::string& name : columns_.features) {
      const std::size_t i = TRY(column_of(name, "a feature"));
      if (i == treatment_ || i == outcome_) {
        return bad(fmt::format("'{}' is the {}; it cannot be a feature too", name,
                               i == treatment_ ? "treatment" : "outcome"));
      }
    }
    raw_.resize(header_.size());
    return {};
  }

  Result<void> read_time_columns() {
    if (columns_.treated_at) treated_at_ = TRY(column_of(*columns_.treated_at, "--treated-at"));
    if (columns_.outcome_at) outcome_at_ = TRY(column_of(*columns_.outcome_at, "--outcome-at"));
    if (columns_.treated_at || columns_.outcome_at) {
      if (treated_at_ == kNone || outcome_at_ == kNone)
        return bad("--treated-at and --outcome-at go together; give both");
      return {};
    }
    const std::string& t = columns_.treatment;
    const std::string& o = columns_.outcome;
    treated_at_ = column_if_any({t + "_at", t + "_time", "treated_at", "treatment_at",
                                 "treatment_time", "assigned_at", "exposed_at", "sent_at"});
    outcome_at_ = column_if_any({o + "_at", o + "_time", "outcome_at", "outcome_time"});
    return {};
  }

  void broken(std::uint64_t line, const std::string& what) {
    if (++table_.broken_rows == 1)
      first_broken_ = fmt::format("the first in line {}: {}", line, what);
  }

  Result<void> read_rows() {
    std::uint64_t all = 0;
    while (!reader_.at_end()) {
      const std::uint64_t line = reader_.line();
      const auto record = reader_.next();
      if (record && record->fields.size() == 1 && record->fields[0].empty()) continue;
      ++all;
      if (!record) {
        broken(line, record.error().message);
      } else {
        TRY(read_row(*record));
      }
      if (table_.rows() > kTrialRowsMax)
        return bad(fmt::format("more than {} rows; take a sample of them", kTrialRowsMax));
    }
    const auto lost = static_cast<double>(table_.broken_rows);
    if (lost > kTrialBrokenShareMax * static_cast<double>(all)) {
      return bad(
          fmt::format("{} of {} rows cannot be read, {}. Leaving out more than 1 % could "
                      "favour an arm: correct or complete these rows, then ask again",
                      table_.broken_rows, all, first_broken_));
    }
    if (table_.rows() < kTrialRowsMin) {
      return bad(fmt::format("{} rows; a trial of fewer than {} says nothing", table_.rows(),
                             kTrialRowsMin));
    }
    return {};
  }

  Result<void> read_row(const CsvRecord& record) {
    if (record.fields.size() != header_.size()) {
      broken(record.line,
             fmt::format("{} fields, the header has {}", record.fields.size(), header_.size()));
      return {};
    }
    const std::string& label = record.fields[treatment_];
    const std::string& text = record.fields[outcome_];
    const auto outcome = outcome_number(text);
    if (label.empty()) {
      broken(record.line, fmt::format("no '{}'", columns_.treatment));
      return {};
    }
    if (!outcome) {
      broken(record.line, fmt::format("'{}' holds {}, not a number", columns_.outcome,
                                      text.empty() ? "nothing" : "'" + text.substr(0, 40) + "'"));
      return {};
    }
    if (std::abs(*outcome) > kTrialNumberMax) {
      return bad(fmt::format(
          "line {}: '{}' is {}; outcomes lie between {:g} and {:g}: use a larger "
          "unit",
          record.line, columns_.outcome, text.substr(0, 40), -kTrialNumberMax, kTrialNumberMax));
    }
    if (treated_at_ != kNone && outcome_at_ != kNone)
      TRY(check_times(record.line, record.fields[treated_at_], record.fields[outcome_at_]));
    table_.outcome.push_back(*outcome);
    for (std::size_t i = 0; i < header_.size(); ++i)
      if (i != outcome_) raw_[i].add(record.fields[i]);
    table_.arm.push_back(0);
    return {};
  }

  // Numbers by value; texts as they stand, so of one format.
  Result<void> check_times(std::uint64_t line, const std::string& treated,
                           const std::string& outcome) const {
    if (treated.empty() || outcome.empty()) return {};
    const auto a = trial_number(treated), b = trial_number(outcome);
    if (a && b ? *a <= *b : treated <= outcome) return {};
    return bad(
        fmt::format("line {}: the outcome happened before the treatment ('{}' {}, '{}' "
                    "{}). The treatment cannot have caused it: take outcomes from after the "
                    "treatment only",
                    line, header_[outcome_at_], outcome.substr(0, 40), header_[treated_at_],
                    treated.substr(0, 40)));
  }

  Result<void> read_arms() {
    RawColumn& raw = raw_[treatment_];
    if (raw.few() && raw.names().size() == 1) {
      return bad(
          fmt::format("'{}' is '{}' in every row: one arm has nothing to be compared with; "
                      "add those who were left alone",
                      columns_.treatment, raw.names()[0]));
    }
    if (!raw.few() || raw.names().size() > kTrialArmsMax) {
      return bad(
          fmt::format("'{}' has more than {} different values; is this the column of the "
                      "arm?",
                      columns_.treatment, kTrialArmsMax));
    }
    std::vector<std::size_t> count(raw.names().size());
    for (const std::uint32_t level : raw.levels()) ++count[level];
    for (std::size_t a = 0; a < count.size(); ++a) {
      if (count[a] >= kArmRowsMin) continue;
      return bad(fmt::format("only {} row(s) have '{}' = '{}'; remove them or correct the label",
                             count[a], columns_.treatment, raw.names()[a]));
    }
    const std::size_t control = TRY(control_of(raw.names()));
    std::vector<std::uint32_t> order(count.size());  // arms in the order of their labels
    std::vector<std::string> sorted = raw.names();
    std::ranges::sort(sorted);
    std::erase(sorted, raw.names()[control]);
    sorted.insert(sorted.begin(), raw.names()[control]);
    for (std::size_t a = 0; a < sorted.size(); ++a) {
      const auto place = std::ranges::find(raw.names(), sorted[a]) - raw.names().begin();
      order[static_cast<std::size_t>(place)] = static_cast<std::uint32_t>(a);
    }
    for (std::size_t i = 0; i < table_.rows(); ++i) table_.arm[i] = order[raw.levels()[i]];
    table_.arms = std::move(sorted);
    return {};
  }

  // By --control, or by a label that says so: "control", "No E-Mail", "0".
  Result<std::size_t> control_of(const std::vector<std::string>& labels) const {
    if (columns_.control) {
      const auto place = std::ranges::find(labels, *columns_.control);
      if (place != labels.end()) return static_cast<std::size_t>(place - labels.begin());
      const std::vector<std::string_view> known(labels.begin(), labels.end());
      return bad(fmt::format("'{}' is never '{}'; its values are {}.{}", columns_.treatment,
                             *columns_.control, listed(labels),
                             did_you_mean(*columns_.control, known)));
    }
    std::size_t found = kNone, names = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (!says_control(labels[i])) continue;
      found = i;
      ++names;
    }
    if (names == 1) return found;
    return bad(
        fmt::format("which value of '{}' means left alone? Say it with --control; its "
                    "values are {}",
                    columns_.treatment, listed(labels)));
  }

  static bool says_control(std::string_view label) {
    constexpr std::string_view kWords[] = {"control", "no",      "none",    "0",   "false",
                                           "holdout", "placebo", "nothing", "off", "untreated"};
    const std::string text = lower(label);
    std::size_t first = 0;
    while (first <= text.size()) {
      const std::size_t end = std::min(text.find_first_of(" _-/.", first), text.size());
      if (std::ranges::find(kWords, std::string_view(text).substr(first, end - first)) !=
          std::end(kWords))
        return true;
      first = end + 1;
    }
    return false;
  }

  Result<void> check_outcome() const {
    const auto [least, most] = std::ranges::minmax(table_.outcome);
    const double largest = std::max(std::abs(least), std::abs(most));
    if (most - least >= std::max(1 / kTrialNumberMax, kTrialSpreadMin * largest)) return {};
    if (least < most) {
      return bad(fmt::format(
          "'{}' lies between {} and {}: so little cannot be told from errors of rounding; "
          "take away what all rows have in common, or use a smaller unit",
          columns_.outcome, least, most));
    }
    return bad(
        fmt::format("'{}' is {} in every row: without variation nothing can be compared; is "
                    "it the right column?",
                    columns_.outcome, least));
  }

  Result<void> take_features() {
    const bool named = !columns_.features.empty();
    for (std::size_t i = 0; i < header_.size(); ++i) {
      if (i == treatment_ || i == outcome_ || i == treated_at_ || i == outcome_at_) continue;
      LeftOutColumn column{header_[i], unfit(raw_[i]), false};
      if (named && std::ranges::find(columns_.features, header_[i]) == columns_.features.end()) {
        if (column.why.empty()) doubt_if_it_differs(feature_of(header_[i], raw_[i]));
        continue;
      }
      if (column.why.empty()) take_feature(feature_of(header_[i], raw_[i]), column);
      if (column.why.empty()) continue;
      if (named) return bad(fmt::format("the feature '{}': {}", column.name, column.why));
      table_.left_out.push_back(std::move(column));
    }
    return {};
  }

  // Or says in `column` why not.
  void take_feature(TrialFeature feature, LeftOutColumn& column) {
    const bool with_outcome = goes_with_outcome(feature);
    if (!with_outcome) column.why = difference_by_arm(feature);
    column.differs_by_arm = !column.why.empty();
    if (column.why.empty() && determines_outcome(feature)) {
      if (outcome_p() > kOutcomeMovedP) {
        table_.warning = fmt::format(
            "'{}' says nearly all of the outcome '{}', and the treatment does not move it. If "
            "'{}' was known before the treatment, the treatment cannot have caused it: take an "
            "outcome from after the treatment",
            feature.name, columns_.outcome, columns_.outcome);
      }
      column.why = "says nearly all of the outcome; it was written when the outcome was known";
    }
    if (column.why.empty() && with_outcome)
      column.why = fmt::format(
          "never comes without the outcome '{}', or that never without it: it was measured with "
          "it, "
          "after the treatment",
          columns_.outcome);
    if (column.why.empty() && table_.features.size() == kTrialFeaturesMax)
      column.why = fmt::format("more than {} features", kTrialFeaturesMax);
    if (column.why.empty()) table_.features.push_back(std::move(feature));
  }

  // What somebody spent is 0 without a visit, and who bought has visited: of such a column each
  // value but the usual one comes only with the outcome, or the outcome only with it.
  bool goes_with_outcome(const TrialFeature& feature) const {
    const auto value = [&feature](std::size_t row) {
      return feature.is_category ? static_cast<double>(feature.levels[row]) : feature.numbers[row];
    };
    std::map<double, std::size_t> rows;
    std::size_t without = 0;
    for (std::size_t i = 0; i < table_.rows(); ++i) {
      if (!std::isnan(value(i))) ++rows[value(i)];
      without += table_.outcome[i] == 0 ? 1 : 0;
    }
    if (rows.size() < 2 || without < kOutcomeRowsMin || table_.rows() - without < kOutcomeRowsMin)
      return false;
    const auto& [usual, usual_rows] =
        *std::ranges::max_element(rows, {}, [](const auto& entry) { return entry.second; });
    if (usual_rows < table_.rows() / 2) return false;
    bool only_with_outcome = true, outcome_only_with_it = true;
    for (std::size_t i = 0; i < table_.rows(); ++i) {
      const bool is_usual = value(i) == usual, has_outcome = table_.outcome[i] != 0;
      if (!is_usual && !has_outcome) only_with_outcome = false;
      if (is_usual && has_outcome) outcome_only_with_it = false;
    }
    return only_with_outcome || outcome_only_with_it;
  }

  // Of a column that is not among --features: whoever left it out says that it came afterwards.
  void doubt_if_it_differs(const TrialFeature& feature) {
    if (goes_with_outcome(feature) || difference_by_arm(feature).empty()) return;
    table_.warning += fmt::format(
        "{}'{}', which is not among the features, differs between the arms by more than chance; if "
        "it was known before the treatment, the arms were not drawn at random and nothing here "
        "holds",
        table_.warning.empty() ? "" : "; ", feature.name);
  }

  static std::string unfit(RawColumn& raw) {
    if (raw.constant()) return "the same in every row; it tells nobody apart";
    if (raw.is_id()) return "no two rows alike; it only names the rows";
    if (raw.numeric() && raw.largest() > kTrialNumberMax)
      return fmt::format("holds a number beyond {:g}; use a larger unit", kTrialNumberMax);
    if (!raw.numeric() && (!raw.few() || raw.names().size() > kTrialLevelsMax))
      return fmt::format("text with more than {} different values; group them", kTrialLevelsMax);
    return {};
  }

  static TrialFeature feature_of(const std::string& name, RawColumn& raw) {
    TrialFeature feature;
    feature.name = name;
    feature.is_category = !raw.numeric() || (raw.few() && raw.names().size() <= kTrialFewNumbers);
    if (feature.is_category) {
      feature.level_names = std::move(raw.names());
      feature.levels = std::move(raw.levels());
    } else {
      feature.numbers = std::move(raw.numbers());
    }
    return feature;
  }

  // Chance drew the arms, so what was known before is alike in all of them. Empty: it is.
  std::string difference_by_arm(const TrialFeature& feature) const {
    const double p = feature.is_category
                         ? level_p(feature)
                         : 2 * std::min(number_p(ranks(feature.numbers)), level_p(coarse(feature)));
    const auto columns = static_cast<double>(header_.size());
    if (p >= std::min(kTrialImbalanceP, kTrialImbalanceShare / columns)) return {};
    return fmt::format(
        "differs between the arms by more than chance (p = {:.1g}): it was measured after the "
        "treatment, or the arms were not drawn at random",
        p);
  }

  // Of few persons chi-square finds too much where more than expected are in an arm, the likelihood
  // ratio where fewer are: the larger p of the two.
  double level_p(const TrialFeature& feature) const {
    const std::size_t levels = feature.level_names.size(), arms = table_.arms.size();
    std::vector<double> cells(levels * arms), of_level(levels), of_arm(arms);
    for (std::size_t i = 0; i < table_.rows(); ++i) {
      ++cells[feature.levels[i] * arms + table_.arm[i]];
      ++of_level[feature.levels[i]];
      ++of_arm[table_.arm[i]];
    }
    double chi_square = 0, deviance = 0, degrees = 0;
    for (std::size_t l = 0; l < levels; ++l) {
      bool counts = true;  // expected at least 5 in each arm
      for (const double n : of_arm)
        counts = counts && of_level[l] * n >= 5 * static_cast<double>(table_.rows());
      if (!counts) continue;
      degrees += static_cast<double>(arms - 1);
      for (std::size_t a = 0; a < arms; ++a) {
        const double expected = of_level[l] * of_arm[a] / static_cast<double>(table_.rows());
        const double found = cells[l * arms + a], off = found - expected;
        chi_square += off * off / expected;
        deviance += 2 * ((found > 0 ? found * std::log(found / expected) : 0) - off);
      }
    }
    return degrees > 0 ? chi_square_p(std::max(0.0, std::min(chi_square, deviance)), degrees) : 1;
  }

  // Places in the order of size, equal numbers at the middle of theirs: one huge number in a small
  // arm says nothing.
  static std::vector<double> ranks(const std::vector<double>& numbers) {
    std::vector<std::uint32_t> order;
    for (std::uint32_t i = 0; i < numbers.size(); ++i)
      if (!std::isnan(numbers[i])) order.push_back(i);
    std::ranges::sort(order, {}, [&](std::uint32_t i) { return numbers[i]; });
    std::vector<double> result(numbers.size(), std::nan(""));
    for (std::size_t first = 0, last = 0; first < order.size(); first = last) {
      while (last < order.size() && numbers[order[last]] == numbers[order[first]]) ++last;
      for (std::size_t k = first; k < last; ++k)
        result[order[k]] = static_cast<double>(first + last) / 2;
    }
    return result;
  }

  // Not known, 0, and the fifths of the others: money is 0 for most, and whether it is says more
  // than how much; an arm of the very young and the very old has the same mean as another.
  static TrialFeature coarse(const TrialFeature& feature) {
    std::vector<double> others;
    for (const double x : feature.numbers)
      if (!std::isnan(x) && x != 0) others.push_back(x);
    std::ranges::sort(others);
    std::vector<double> bounds;
    for (std::size_t fifth = 1; fifth < 5 && !others.empty(); ++fifth)
      bounds.push_back(others[others.size() * fifth / 5]);
    TrialFeature result;
    result.is_category = true;
    result.level_names = {"not known", "0", "1st", "2nd", "3rd", "4th", "5th"};
    for (const double x : feature.numbers) {
      const auto fifth = std::ranges::upper_bound(bounds, x) - bounds.begin();
      result.levels.push_back(std::isnan(x) ? 0
                              : x == 0      ? 1
                                            : static_cast<std::uint32_t>(2 + fifth));
    }
    return result;
  }

  static TrialFeature whether_0(const TrialFeature& feature) {
    TrialFeature result;
    result.is_category = true;
    result.level_names = {"0", "other"};
    for (const double x : feature.numbers) result.levels.push_back(x == 0 ? 0 : 1);
    return result;
  }

  double outcome_p() const { return number_p(table_.outcome); }

  double number_p(const std::vector<double>& numbers) const {
    std::vector<double> n(table_.arms.size()), sum(n.size());
    double all = 0, total = 0, squares = 0;
    for (std::size_t i = 0; i < table_.rows(); ++i) {
      const double x = numbers[i];
      if (std::isnan(x)) continue;
      ++n[table_.arm[i]];
      sum[table_.arm[i]] += x;
      ++all;
      total += x;
    }
    const double mean = total / all;
    for (const double x : numbers) squares += std::isnan(x) ? 0 : (x - mean) * (x - mean);
    if (!(squares > 0)) return 1;
    double between = 0;
    for (std::size_t a = 0; a < n.size(); ++a)
      if (n[a] > 0) between += n[a] * (sum[a] / n[a] - mean) * (sum[a] / n[a] - mean);
    return chi_square_p(between * all / squares, static_cast<double>(n.size() - 1));
  }

  // R^2 of the outcome by the feature: by its levels, or in a straight line.
  bool determines_outcome(const TrialFeature& feature) const {
    const auto rows = static_cast<double>(table_.rows());
    double mean = 0, squares = 0, explained = 0;
    for (const double y : table_.outcome) mean += y / rows;
    for (const double y : table_.outcome) squares += (y - mean) * (y - mean);
    if (feature.is_category) {
      std::vector<double> n(feature.level_names.size()), sum(n.size());
      for (std::size_t i = 0; i < table_.rows(); ++i) {
        ++n[feature.levels[i]];
        sum[feature.levels[i]] += table_.outcome[i] - mean;
      }
      for (std::size_t l = 0; l < n.size(); ++l) explained += n[l] > 0 ? sum[l] * sum[l] / n[l] : 0;
      return explained > kTrialOutcomeKnownShare * squares;
    }
    if (determines_outcome(whether_0(feature))) return true;
    double all = 0, x_sum = 0, xx = 0, xy = 0, y_sum = 0;
    for (std::size_t i = 0; i < table_.rows(); ++i) {
      const double x = feature.numbers[i], y = table_.outcome[i] - mean;
      if (std::isnan(x)) continue;
      ++all;
      x_sum += x;
      y_sum += y;
    }
    for (std::size_t i = 0; i < table_.rows(); ++i) {
      const double x = feature.numbers[i] - x_sum / all, y = table_.outcome[i] - mean;
      if (std::isnan(x)) continue;
      xx += x * x;
      xy += x * (y - y_sum / all);
    }
    return xx > 0 && xy * xy / xx > kTrialOutcomeKnownShare * squares;
  }

  CsvReader reader_;
  const TrialColumns& columns_;
  std::vector<std::string> header_;
  std::size_t treatment_ = kNone, outcome_ = kNone, treated_at_ = kNone, outcome_at_ = kNone;
  std::vector<RawColumn> raw_;
  std::string first_broken_;
  TrialTable table_;
};

}  // namespace

bool TrialTable::is_binary() const {
  return std::ranges::all_of(outcome, [](double y) { return y == 0 || y == 1; });
}

std::vector<std::string> TrialTable::differing() const {
  std::vector<std::string> names;
  for (const LeftOutColumn& column : left_out)
    if (column.differs_by_arm) names.push_back(column.name);
  return names;
}

Result<TrialTable> parse_trial(std::string_view bytes, const TrialColumns& columns) {
  return TrialReader(bytes, columns).read();
}

}  // namespace ante
