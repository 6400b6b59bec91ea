#include "learning/off_policy.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/check.h"
#include "base/random.h"

namespace ante {
namespace {

constexpr double kAlpha = 0.05;
constexpr std::array kClips = {10.0, 30.0, 100.0};
// SLOPE's candidates, from hardly any shrinkage to almost all of the weight gone.
constexpr std::array kShrinkages = {1e8, 1e6, 1e5, 1e4, 1e3, 300.0, 100.0, 30.0,
                                    10., 3.0, 1.0, 0.3, 0.1, 0.03,  0.01};

double as_double(std::uint64_t n) { return static_cast<double>(n); }

double shrunk(double weight, double shrinkage) {
  return shrinkage * weight / (weight * weight + shrinkage);
}

// What one row adds to the mean of a linear estimator; SNIPS is a ratio and has none.
double row_value(Estimator estimator, const OffPolicyRow& row, double shrinkage) {
  switch (estimator) {
    case Estimator::kIps:
    case Estimator::kSnips:
      return row.weight * row.reward;
    case Estimator::kDm:
      return row.direct;
    case Estimator::kDr:
      return row.direct + row.weight * (row.reward - row.expected);
    case Estimator::kDros:
      return row.direct + shrunk(row.weight, shrinkage) * (row.reward - row.expected);
  }
  return 0;
}

struct Moments {
  double mean = 0, sd = 0;
};

template <typename Values>
Moments moments(std::size_t count, Values value_of) {
  Moments m;
  double squares = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double off = value_of(i) - m.mean;
    m.mean += off / as_double(i + 1);
    squares += off * (value_of(i) - m.mean);
  }
  m.sd = count > 1 ? std::sqrt(squares / as_double(count - 1)) : 0;
  return m;
}

Interval sequence_around(double value, double sd, std::size_t count) {
  const double n = as_double(count);
  const double half_width = sd * sequence_half_width(n, n, kAlpha);
  return {value - half_width, value + half_width};
}

std::array<Interval, 3> sequence_intervals(std::span<const OffPolicyRow> rows) {
  const std::size_t n = rows.size();
  const auto ips = moments(n, [&](std::size_t i) { return rows[i].weight * rows[i].reward; });
  const auto dr = moments(n, [&](std::size_t i) { return row_value(Estimator::kDr, rows[i], 0); });
  const double snips = estimate_value(Estimator::kSnips, rows);
  const double weight_mean = moments(n, [&](std::size_t i) { return rows[i].weight; }).mean;
  // A ratio of means, linearised: (w r - value w) / mean w.
  const auto ratio = moments(n, [&](std::size_t i) {
    return weight_mean > 0 ? rows[i].weight * (rows[i].reward - snips) / weight_mean : 0;
  });
  return {sequence_around(ips.mean, ips.sd, n), sequence_around(snips, ratio.sd, n),
          sequence_around(dr.mean, dr.sd, n)};
}

// The order statistic that leaves a share of the B + 1 gaps below it.
double quantile_of(const std::vector<double>& sorted, double share) {
  const double place =
      std::clamp(share * as_double(sorted.size() + 1) - 1, 0.0, as_double(sorted.size() - 1));
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - as_double(below)) * (sorted[above] - sorted[below]);
}

// Sums over rows, enough for the values of IPS, SNIPS and DR and for their standard errors.
struct RowSums {
  double w = 0, wr = 0, ww = 0, wwr = 0, wwrr = 0, d = 0, dd = 0;

  void add(const RowSums& row) {
    w += row.w;
    wr += row.wr;
    ww += row.ww;
    wwr += row.wwr;
    wwrr += row.wwrr;
    d += row.d;
    dd += row.dd;
  }
  std::array<double, 3> values(double n) const { return {wr / n, w > 0 ? wr / w : 0, d / n}; }
  // SNIPS by linearisation: sum w^2 (r - value)^2 / (sum w)^2.
  std::array<double, 3> errors(double n) const {
    const double ratio = w > 0 ? wr / w : 0;
    const std::array variances = {
        (wwrr - wr * wr / n) / (n * n),
        w > 0 ? (wwrr - 2 * ratio * wwr + ratio * ratio * ww) / (w * w) : 0,
        (dd - d * d / n) / (n * n)};
    std::array<double, 3> errors{};
    for (std::size_t i = 0; i < errors.size(); ++i)
      errors[i] = std::sqrt(std::max(0.0, variances[i]));
    return errors;
  }
};

std::array<Interval, 3> bootstrap_intervals(std::span<const OffPolicyRow> rows, std::uint64_t seed,
                                            std::uint32_t resamples) {
  std::vector<RowSums> terms;
  RowSums all;
  for (const OffPolicyRow& row : rows) {
    const double w = row.weight, r = row.reward, d = row_value(Estimator::kDr, row, 0);
    terms.push_back({w, w * r, w * w, w * w * r, w * w * r * r, d, d * d});
    all.add(terms.back());
  }
  const double n = as_double(rows.size());
  const auto values = all.values(n), errors = all.errors(n);
  Random random(seed);
  std::array<std::vector<double>, 3> students;
  for (std::uint32_t b = 0; b < resamples; ++b) {
    RowSums drawn;
    // 32 bits are enough to choose a row; the bias is below rows / 2^32.
    for (std::size_t i = 0; i < terms.size(); ++i)
      drawn.add(terms[(random.next() >> 32) * terms.size() >> 32]);
    const auto drawn_values = drawn.values(n), drawn_errors = drawn.errors(n);
    for (std::size_t e = 0; e < 3; ++e) {
      const double off = drawn_values[e] - values[e];
      students[e].push_back(drawn_errors[e] > 0 ? off / drawn_errors[e] : 0);
    }
  }
  std::array<Interval, 3> intervals;
  for (std::size_t e = 0; e < 3; ++e) {
    std::sort(students[e].begin(), students[e].end());
    intervals[e] = {values[e] - quantile_of(students[e], 1 - kAlpha / 2) * errors[e],
                    values[e] - quantile_of(students[e], kAlpha / 2) * errors[e]};
  }
  return intervals;
}

std::string refusal_of(const OffPolicyHealth& health) {
  if (health.out_of_support > kOutOfSupportMax) {
    return fmt::format(
        "support is missing: {:.1f} % of what the target policy would choose could not have been "
        "logged (at most {:.0f} % may); log with a policy that sometimes chooses it",
        health.out_of_support * 100, kOutOfSupportMax * 100);
  }
  if (!(health.effective_rows >= kEffectiveRowsMin)) {
    return fmt::format(
        "too little evidence: {} rows weigh as much as {:.0f} rows of the target policy, at least "
        "{:.0f} are needed; log more, or evaluate a policy nearer to the logged one",
        health.rows, health.effective_rows, kEffectiveRowsMin);
  }
  const double off = std::abs(health.weight_mean - 1);
  if (off > kWeightMeanOffMax && off > kWeightMeanErrorsMax * health.weight_mean_error) {
    return fmt::format(
        "support is too thin: weights average {:.2f} where 1 is expected; what the target policy "
        "would choose was so unlikely in this log that it was hardly ever seen. Log with a policy "
        "that chooses it more often",
        health.weight_mean);
  }
  if (!(health.effective_clicks >= kEffectiveClicksMin)) {
    return fmt::format(
        "too few rewards: they weigh as much as {:.1f} rewards under the target policy, at least "
        "{:.0f} are needed; log more",
        health.effective_clicks, kEffectiveClicksMin);
  }
  return {};
}

}  // namespace

std::string_view to_string(Estimator estimator) {
  switch (estimator) {
    case Estimator::kIps:
      return "ips";
    case Estimator::kSnips:
      return "snips";
    case Estimator::kDm:
      return "dm";
    case Estimator::kDr:
      return "dr";
    case Estimator::kDros:
      return "dros";
  }
  return "";
}

bool has_interval(Estimator estimator) {
  return estimator == Estimator::kIps || estimator == Estimator::kSnips ||
         estimator == Estimator::kDr;
}

double estimate_value(Estimator estimator, std::span<const OffPolicyRow> rows, double shrinkage) {
  double sum = 0, weights = 0;
  for (const OffPolicyRow& row : rows) {
    sum += row_value(estimator, row, shrinkage);
    weights += row.weight;
  }
  const double over = estimator == Estimator::kSnips ? weights : as_double(rows.size());
  return over > 0 ? sum / over : 0;
}

double slope_shrinkage(std::span<const OffPolicyRow> rows) {
  CHECK(!rows.empty());
  struct Tried {
    double shrinkage = 0, value = 0, half_width = 0;
  };
  std::vector<Tried> earlier;
  for (const double shrinkage : kShrinkages) {
    const Moments m = moments(rows.size(), [&](std::size_t i) {
      return row_value(Estimator::kDros, rows[i], shrinkage);
    });
    const Tried next{shrinkage, m.mean, 2 * m.sd / std::sqrt(as_double(rows.size()))};
    for (const Tried& e : earlier) {
      if (std::abs(next.value - e.value) > e.half_width + (std::sqrt(6) - 1) * next.half_width)
        return earlier.back().shrinkage;
    }
    earlier.push_back(next);
  }
  return earlier.back().shrinkage;
}

std::array<Interval, 3> estimate_intervals(std::span<const OffPolicyRow> rows, IntervalKind kind,
                                           std::uint64_t seed, std::uint32_t resamples) {
  CHECK(rows.size() >= 2 && resamples >= 1);
  return kind == IntervalKind::kSequence ? sequence_intervals(rows)
                                         : bootstrap_intervals(rows, seed, resamples);
}

OffPolicyHealth off_policy_health(std::span<const OffPolicyRow> rows) {
  OffPolicyHealth health;
  health.rows = rows.size();
  double squares = 0, clicks = 0, click_squares = 0, weights = 0;
  for (std::size_t c = 0; c < kClips.size(); ++c) health.clipped[c].weight_max = kClips[c];
  for (const OffPolicyRow& row : rows) {
    weights += row.weight;
    squares += row.weight * row.weight;
    clicks += row.weight * std::abs(row.reward);
    click_squares += row.weight * row.weight * std::abs(row.reward);
    health.out_of_support += row.out_of_support;
    health.weight_max = std::max(health.weight_max, row.weight);
    for (ClippedEstimate& clip : health.clipped) {
      clip.clipped += row.weight > clip.weight_max ? 1 : 0;
      clip.ips += std::min(row.weight, clip.weight_max) * row.reward;
    }
  }
  const double n = std::max(1.0, as_double(health.rows));
  health.out_of_support /= n;
  health.weight_mean = weights / n;
  health.weight_mean_error =
      std::sqrt(std::max(0.0, squares / n - health.weight_mean * health.weight_mean) / n);
  for (ClippedEstimate& clip : health.clipped) clip.ips /= n;
  health.effective_rows = squares > 0 ? weights * weights / squares : 0;
  health.effective_clicks = click_squares > 0 ? clicks * clicks / click_squares : 0;
  health.refusal = refusal_of(health);
  if (health.refusal.empty() && health.effective_clicks < kEffectiveClicksThin) {
    health.warning = fmt::format(
        "thin: the rewards weigh as much as {:.1f} under the target policy; below {:.0f} this "
        "checks little more than the order of magnitude",
        health.effective_clicks, kEffectiveClicksThin);
  }
  return health;
}

OffPolicyReport evaluate_off_policy(std::span<const OffPolicyRow> rows,
                                    const OffPolicyOptions& options) {
  OffPolicyReport report;
  report.health = off_policy_health(rows);
  if (!report.health.refusal.empty()) return report;
  report.shrinkage = options.shrinkage > 0 ? options.shrinkage : slope_shrinkage(rows);
  const auto intervals = estimate_intervals(rows, options.interval, options.seed);
  std::size_t next_interval = 0;
  for (std::size_t e = 0; e < kEstimators.size(); ++e) {
    report.estimates[e].value = estimate_value(kEstimators[e], rows, report.shrinkage);
    if (has_interval(kEstimators[e])) report.estimates[e].interval = intervals[next_interval++];
  }
  return report;
}

MeanReward mean_reward(std::span<const double> rewards, IntervalKind kind) {
  CHECK(rewards.size() >= 2);
  Moments m = moments(rewards.size(), [&](std::size_t i) { return rewards[i]; });
  const double n = as_double(rewards.size());
  m.mean = 0;  // as a plain sum, which is exact where rewards are counts
  for (const double reward : rewards) m.mean += reward;
  m.mean /= n;
  if (kind == IntervalKind::kSequence)
    return {rewards.size(), m.mean, sequence_around(m.mean, m.sd, rewards.size())};
  const double half_width = normal_quantile(1 - kAlpha / 2) * m.sd / std::sqrt(n);
  return {rewards.size(), m.mean, {m.mean - half_width, m.mean + half_width}};
}

}  // namespace ante
