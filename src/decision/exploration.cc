#include "decision/exploration.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "base/check.h"
#include "base/text.h"
#include "math/statistics.h"

namespace ante {
namespace {

constexpr double kStakeDefault = 0.05;      // of epsilon-greedy
constexpr double kSharpnessDefault = 10;    // of softmax, in standard deviations of reward
constexpr double kFloorDefault = 0.05;      // of softmax: the share drawn evenly
constexpr double kThompsonFloor = 0.01;     // the share drawn evenly, so that nothing is certain
constexpr double kPosteriorDeviations = 8;  // of each Beta that the quadrature covers

std::size_t best_of(std::span<const ActionEstimate> actions) {
  std::size_t best = 0;
  for (std::size_t a = 1; a < actions.size(); ++a) {
    if (actions[a].value > actions[best].value) best = a;
  }
  return best;
}

// (1 - floor) p + floor / K.
void mix_with_even(double floor, std::span<double> propensities) {
  const double even = floor / static_cast<double>(propensities.size());
  for (double& p : propensities) p = (1 - floor) * p + even;
}

class SquareCb final : public ExplorationRule {
 public:
  explicit SquareCb(double gamma_scale) : gamma_scale_(gamma_scale) {}
  std::string name() const override { return fmt::format("squarecb:{}", gamma_scale_); }
  void distribute(std::span<const ActionEstimate> actions, const RewardScale& scale,
                  std::span<double> propensities) const override {
    CHECK(actions.size() <= kActionsMax);
    std::array<double, kActionsMax> values;
    for (std::size_t a = 0; a < actions.size(); ++a) values[a] = actions[a].value;
    squarecb_propensities({values.data(), actions.size()},
                          squarecb_gamma(gamma_scale_, scale, actions.size()), propensities);
  }

 private:
  double gamma_scale_;
};

// 1 - stake on the best, stake evenly over all. Stake 0 is greedy, stake 1 uniform.
class MostlyGreedy final : public ExplorationRule {
 public:
  explicit MostlyGreedy(double stake) : stake_(stake) {}
  std::string name() const override {
    if (stake_ == 0) return "greedy";
    return stake_ == 1 ? "uniform" : fmt::format("epsilon-greedy:{}", stake_);
  }
  void distribute(std::span<const ActionEstimate> actions, const RewardScale& /*scale*/,
                  std::span<double> propensities) const override {
    std::ranges::fill(propensities, 0.0);
    propensities[best_of(actions)] = 1;
    mix_with_even(stake_, propensities);
  }

 private:
  double stake_;
};

class Softmax final : public ExplorationRule {
 public:
  Softmax(double sharpness, double floor) : sharpness_(sharpness), floor_(floor) {}
  std::string name() const override { return fmt::format("softmax:{},{}", sharpness_, floor_); }
  void distribute(std::span<const ActionEstimate> actions, const RewardScale& scale,
                  std::span<double> propensities) const override {
    // Before the first reward nothing is known of its unit: even.
    const double per_unit = scale.rewards > 0 ? sharpness_ / scale.sd : 0;
    const double best = actions[best_of(actions)].value;
    double total = 0;
    for (std::size_t a = 0; a < actions.size(); ++a) {
      propensities[a] = std::exp(per_unit * (actions[a].value - best));
      total += propensities[a];
    }
    for (double& p : propensities) p /= total;
    mix_with_even(floor_, propensities);
  }

 private:
  double sharpness_, floor_;
};

class Thompson final : public ExplorationRule {
 public:
  std::string name() const override { return "thompson"; }
  void distribute(std::span<const ActionEstimate> actions, const RewardScale& /*scale*/,
                  std::span<double> propensities) const override {
    largest_beta_chances(actions, propensities);
    mix_with_even(kThompsonFloor, propensities);
  }
};

// Up to two numbers after the colon; nullopt if there is anything else.
struct Settings {
  std::array<std::optional<double>, 2> values;
};

std::optional<Settings> read_settings(std::string_view text) {
  Settings settings;
  for (std::optional<double>& value : settings.values) {
    if (text.empty()) return settings;
    double number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || !std::isfinite(number)) return std::nullopt;
    value = number;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) return settings;
    if (text[0] != ',' || text.size() == 1) return std::nullopt;
    text.remove_prefix(1);
  }
  return std::nullopt;
}

// Mean and standard deviation of Beta(hits + 1, misses + 1).
struct BetaMoments {
  double a, b, mean, sd;
  explicit BetaMoments(const ActionEstimate& action)
      : a(action.hits + 1),
        b(action.misses + 1),
        mean(a / (a + b)),
        sd(std::sqrt(mean * (1 - mean) / (a + b + 1))) {}
};

}  // namespace

void squarecb_propensities(std::span<const double> values, double gamma,
                           std::span<double> propensities) {
  CHECK(!values.empty() && values.size() == propensities.size() && gamma >= 0);
  std::size_t best = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (values[i] > values[best]) best = i;
  }
  const auto count = static_cast<double>(values.size());
  double elsewhere = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i == best) continue;
    propensities[i] = 1 / (count + gamma * (values[best] - values[i]));
    elsewhere += propensities[i];
  }
  propensities[best] = std::max(1 / count, 1 - elsewhere);
}

double squarecb_gamma(double gamma_scale, const RewardScale& scale, std::size_t action_count) {
  if (scale.rewards == 0) return 0;
  CHECK(scale.sd > 0);
  return gamma_scale *
         std::sqrt(static_cast<double>(scale.rewards) * static_cast<double>(action_count) / 10) /
         scale.sd;
}

void largest_beta_chances(std::span<const ActionEstimate> actions, std::span<double> chances) {
  CHECK(!actions.empty() && actions.size() == chances.size());
  const std::size_t count = actions.size();
  std::vector<BetaMoments> betas;
  double low = 0, high = 0;  // the largest of them lies between, but for a mass of about 1e-14
  for (const ActionEstimate& action : actions) {
    CHECK(action.hits >= 0 && action.misses >= 0);
    const BetaMoments& beta = betas.emplace_back(action);
    low = std::max(low, beta.mean - kPosteriorDeviations * beta.sd);
    high = std::max(high, beta.mean + kPosteriorDeviations * beta.sd);
  }
  high = std::min(high, 1.0);
  const double step = (high - low) / static_cast<double>(kThompsonNodes);
  // below[a]: the mass of a under the node; density[a]: its mass in the cell of the node.
  std::vector<double> below(count), density(count), log_norm(count), product_after(count + 1);
  for (std::size_t a = 0; a < count; ++a) {
    below[a] = beta_i(low, betas[a].a, betas[a].b);
    log_norm[a] =
        std::lgamma(betas[a].a + betas[a].b) - std::lgamma(betas[a].a) - std::lgamma(betas[a].b);
  }
  std::ranges::fill(chances, 0.0);
  for (std::size_t node = 0; node < kThompsonNodes; ++node) {
    const double x = low + (static_cast<double>(node) + 0.5) * step;
    const double log_x = std::log(x), log_rest = std::log1p(-x);
    for (std::size_t a = 0; a < count; ++a) {
      density[a] =
          step * std::exp(log_norm[a] + (betas[a].a - 1) * log_x + (betas[a].b - 1) * log_rest);
      below[a] = std::min(1.0, below[a] + density[a] / 2);
    }
    product_after[count] = 1;
    for (std::size_t a = count; a-- > 0;) product_after[a] = product_after[a + 1] * below[a];
    double product_before = 1;
    for (std::size_t a = 0; a < count; ++a) {
      chances[a] += density[a] * product_before * product_after[a + 1];
      product_before *= below[a];
    }
    for (std::size_t a = 0; a < count; ++a) below[a] = std::min(1.0, below[a] + density[a] / 2);
  }
  double total = 0;
  for (const double chance : chances) total += chance;
  CHECK(total > 0);
  for (double& chance : chances) chance /= total;
}

Result<std::unique_ptr<ExplorationRule>> exploration_rule(std::string_view text) {
  static constexpr std::array<std::string_view, 6> kNames = {
      "squarecb", "epsilon-greedy", "softmax", "thompson", "greedy", "uniform"};
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const bool takes_settings = name == kNames[0] || name == kNames[1] || name == kNames[2];
  if (std::ranges::find(kNames, name) == kNames.end()) {
    return invalid_argument(
        fmt::format("policy '{}': there are squarecb, epsilon-greedy, softmax, "
                    "thompson, greedy and uniform.{}",
                    text, did_you_mean(name, kNames)));
  }
  const auto settings = read_settings(colon == text.npos ? "" : text.substr(colon + 1));
  if (!settings || (colon != text.npos && (!takes_settings || colon + 1 == text.size())) ||
      (name != kNames[2] && settings->values[1])) {
    return invalid_argument(
        fmt::format("policy '{}': settings are numbers: squarecb:GAMMA_SCALE, "
                    "epsilon-greedy:STAKE, softmax:SHARPNESS,FLOOR",
                    text));
  }
  const auto [first, second] = settings->values;
  const auto share = [](double x) { return x >= 0 && x <= 1; };
  std::unique_ptr<ExplorationRule> rule;
  if (name == "squarecb" && first.value_or(kSquareCbGammaScale) > 0)
    rule = std::make_unique<SquareCb>(first.value_or(kSquareCbGammaScale));
  if (name == "epsilon-greedy" && share(first.value_or(kStakeDefault)))
    rule = std::make_unique<MostlyGreedy>(first.value_or(kStakeDefault));
  if (name == "softmax" && first.value_or(kSharpnessDefault) >= 0 &&
      share(second.value_or(kFloorDefault))) {
    rule = std::make_unique<Softmax>(first.value_or(kSharpnessDefault),
                                     second.value_or(kFloorDefault));
  }
  if (name == "thompson") rule = std::make_unique<Thompson>();
  if (name == "greedy") rule = std::make_unique<MostlyGreedy>(0);
  if (name == "uniform") rule = std::make_unique<MostlyGreedy>(1);
  if (rule) return rule;
  return invalid_argument(
      fmt::format("policy '{}': a stake and a floor are between 0 and 1, a gamma scale is above 0 "
                  "and a sharpness is not below 0",
                  text));
}

std::size_t draw_action(std::span<const double> propensities, Random& random) {
  double total = 0;
  for (const double p : propensities) total += p;
  CHECK(total > 0);
  double left = random.uniform() * total;
  std::size_t last = 0;
  for (std::size_t a = 0; a < propensities.size(); ++a) {
    if (propensities[a] <= 0) continue;
    last = a;
    if (left < propensities[a]) return a;
    left -= propensities[a];
  }
  return last;  // rounding carried us past the end
}

DecayedCounts::DecayedCounts(std::size_t action_count, double half_life)
    : actions_(action_count, {0.5, 0, 0}), kept_(std::exp2(-1 / half_life)) {
  CHECK(action_count >= 1 && half_life > 0);
}

void DecayedCounts::observe(std::size_t action, double reward) {
  CHECK(action < actions_.size() && reward >= 0 && reward <= 1);
  ActionEstimate& a = actions_[action];
  a.hits = a.hits * kept_ + reward;
  a.misses = a.misses * kept_ + (1 - reward);
  a.value = (a.hits + 1) / (a.hits + a.misses + 2);
}

void RunningRewardScale::add(double reward) {
  ++count_;
  const double off = reward - mean_;
  mean_ += off / static_cast<double>(count_);
  squares_ += off * (reward - mean_);
  largest_ = std::max(largest_, std::abs(reward));
}

RewardScale RunningRewardScale::scale() const {
  if (largest_ == 0) return {};  // of what is always 0 nobody knows the unit
  const double sd = std::sqrt(squares_ / static_cast<double>(count_));
  return {count_, mean_, std::max(sd, kRewardSdMin * largest_)};
}

}  // namespace ante
