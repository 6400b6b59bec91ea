#include "learning/trial_basis.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace ante {
namespace {

constexpr std::array kBends = {0.2, 0.4, 0.6, 0.8};

const TrialFeature* feature_named(const TrialTable& table, const std::string& name) {
  for (const TrialFeature& feature : table.features)
    if (feature.name == name) return &feature;
  return nullptr;
}

// Values of one column for every row, not yet standardised.
std::vector<double> plain_values(const BasisColumn& column, const TrialFeature& feature) {
  std::vector<double> values;
  if (column.kind == BasisColumn::Kind::kLevel) {
    const auto place = std::ranges::find(feature.level_names, column.level);
    const auto level = static_cast<std::uint32_t>(place - feature.level_names.begin());
    values.reserve(feature.levels.size());
    for (const std::uint32_t l : feature.levels) values.push_back(l == level ? 1 : 0);
    return values;
  }
  values.reserve(feature.numbers.size());
  for (const double x : feature.numbers) {
    if (column.kind == BasisColumn::Kind::kUnknown) {
      values.push_back(std::isnan(x) ? 1 : 0);
      continue;
    }
    const double known = std::isnan(x) ? column.fill : x;
    values.push_back(column.kind == BasisColumn::Kind::kLine ? known
                                                             : std::max(0.0, known - column.at));
  }
  return values;
}

// Sets mean and sd; false when the column is constant.
bool standardise(BasisColumn& column, const TrialFeature& feature) {
  const std::vector<double> values = plain_values(column, feature);
  double mean = 0, squares = 0;
  for (const double v : values) mean += v / static_cast<double>(values.size());
  for (const double v : values) squares += (v - mean) * (v - mean);
  column.mean = mean;
  column.sd = std::sqrt(squares / static_cast<double>(values.size()));
  return column.sd > 1e-9 * (1 + std::abs(mean));
}

void add_levels(const TrialFeature& feature, std::vector<BasisColumn>& columns) {
  std::vector<std::size_t> count(feature.level_names.size());
  for (const std::uint32_t level : feature.levels) ++count[level];
  const auto commonest = static_cast<std::size_t>(std::ranges::max_element(count) - count.begin());
  for (std::size_t l = 0; l < count.size(); ++l) {
    if (l == commonest || count[l] < kLevelRowsMin) continue;
    BasisColumn column{.feature = feature.name,
                       .kind = BasisColumn::Kind::kLevel,
                       .level = feature.level_names[l]};
    if (standardise(column, feature)) columns.push_back(std::move(column));
  }
}

void add_numbers(const TrialFeature& feature, std::vector<BasisColumn>& columns) {
  std::vector<double> known;
  for (const double x : feature.numbers)
    if (!std::isnan(x)) known.push_back(x);
  if (known.empty()) return;
  std::ranges::sort(known);
  BasisColumn column{.feature = feature.name, .kind = BasisColumn::Kind::kLine, .level = {}};
  column.fill = known[known.size() / 2];
  if (standardise(column, feature)) columns.push_back(column);
  column.kind = BasisColumn::Kind::kBend;
  double before = known.front();
  for (const double share : kBends) {
    column.at = known[static_cast<std::size_t>(share * static_cast<double>(known.size()))];
    if (column.at > before && column.at < known.back() && standardise(column, feature))
      columns.push_back(column);
    before = column.at;
  }
  column.kind = BasisColumn::Kind::kUnknown;
  if (known.size() + kLevelRowsMin <= feature.numbers.size() && standardise(column, feature))
    columns.push_back(column);
}

}  // namespace

TrialBasis::TrialBasis(const TrialTable& table) {
  for (const TrialFeature& feature : table.features) {
    if (feature.is_category) {
      add_levels(feature, columns_);
    } else {
      add_numbers(feature, columns_);
    }
  }
}

Result<std::vector<double>> TrialBasis::rows_of(const TrialTable& table) const {
  std::vector<double> rows(table.rows() * width());
  for (std::size_t i = 0; i < table.rows(); ++i) rows[i * width()] = 1;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const BasisColumn& column = columns_[c];
    const TrialFeature* feature = feature_named(table, column.feature);
    if (feature == nullptr) {
      return invalid_argument(
          fmt::format("the policy asks for the column '{}', which is not there", column.feature));
    }
    if (feature->is_category != (column.kind == BasisColumn::Kind::kLevel)) {
      return invalid_argument(fmt::format(
          "the column '{}' holds numbers in one file and categories in the other", column.feature));
    }
    const std::vector<double> values = plain_values(column, *feature);
    for (std::size_t i = 0; i < table.rows(); ++i)
      rows[i * width() + c + 1] = (values[i] - column.mean) / column.sd;
  }
  return rows;
}

void TrialBasis::write(JsonWriter& json) const {
  json.begin_array();
  for (const BasisColumn& column : columns_) {
    json.begin_object().field("feature", column.feature);
    switch (column.kind) {
      case BasisColumn::Kind::kLevel:
        json.field("is", column.level);
        break;
      case BasisColumn::Kind::kLine:
        json.field("unknown", column.fill);
        break;
      case BasisColumn::Kind::kBend:
        json.field("above", column.at).field("unknown", column.fill);
        break;
      case BasisColumn::Kind::kUnknown:
        json.key("isUnknown").boolean(true);
        break;
    }
    json.field("mean", column.mean).field("sd", column.sd).end_object();
  }
  json.end_array();
}

}  // namespace ante
