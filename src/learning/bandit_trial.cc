#include "learning/bandit_trial.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"

namespace ante {
namespace {

constexpr double kCountsHalfLife = 10'000;  // of contextless rules, in plays of the action
constexpr double kInterval95 = 0.975;

std::size_t most_expected(std::span<const ActionEstimate> estimates) {
  const auto best = std::ranges::max_element(
      estimates, [](const auto& a, const auto& b) { return a.value < b.value; });
  return static_cast<std::size_t>(best - estimates.begin());
}

}  // namespace

ActionModel::ActionModel(std::size_t raw_count, std::size_t action_count)
    : map_(raw_count),
      models_(action_count, OnlineLogistic(map_.features_max())),
      counts_(action_count, kCountsHalfLife),
      estimates_(action_count) {}

std::span<const ActionEstimate> ActionModel::estimate(std::span<const double> raw) {
  features_ = map_.observe(raw);
  std::ranges::copy(counts_.estimates(), estimates_.begin());
  for (std::size_t a = 0; a < models_.size(); ++a)
    estimates_[a].value = models_[a].expect(features_);
  return estimates_;
}

void ActionModel::learn(std::size_t action, double reward) {
  CHECK(action < models_.size() && !features_.empty());
  models_[action].update(features_, reward);
  counts_.observe(action, reward);
  scale_.add(reward);
}

std::vector<std::uint32_t> shuffled_order(std::size_t count, Random& random) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

BanditTrial run_bandit_trial(const LabelledRows& data, const ExplorationRule& rule,
                             std::uint64_t seed) {
  CHECK(data.rows() >= 1);
  Random random(seed);
  const std::vector<std::uint32_t> order = shuffled_order(data.rows(), random);
  ActionModel model(data.columns, data.names.size());
  std::vector<double> propensities(data.names.size());
  std::vector<std::uint64_t> label_counts(data.names.size(), 0);
  BanditTrial trial;
  double variance = 0;
  for (const std::uint32_t row : order) {
    const auto estimates = model.estimate(data.row(row));
    rule.distribute(estimates, model.scale(), propensities);
    const std::size_t action = draw_action(propensities, random);
    const std::uint32_t label = data.labels[row];
    const double reward = action == label ? 1 : 0;
    const double chance = propensities[label];
    double sum = 0;
    for (const double p : propensities) sum += p;
    trial.propensity_sum_error = std::max(trial.propensity_sum_error, std::abs(sum - 1));
    trial.exploring += 1 - propensities[most_expected(estimates)];
    trial.progressive_loss += 1 - reward;
    trial.expected_loss += 1 - chance;
    variance += chance * (1 - chance);
    ++label_counts[label];
    model.learn(action, reward);
  }
  trial.rounds = data.rows();
  const auto n = static_cast<double>(trial.rounds);
  trial.progressive_loss /= n;
  trial.expected_loss /= n;
  trial.exploring /= n;
  // Loss minus its chance is a martingale difference whose variance is known in every round.
  const double half_width = normal_quantile(kInterval95) * std::sqrt(variance) / n;
  trial.interval = {std::max(0.0, trial.progressive_loss - half_width),
                    std::min(1.0, trial.progressive_loss + half_width)};
  const auto best = std::ranges::max_element(label_counts);
  trial.best_fixed = static_cast<std::uint32_t>(best - label_counts.begin());
  trial.best_fixed_loss = 1 - static_cast<double>(*best) / n;
  return trial;
}

}  // namespace ante
