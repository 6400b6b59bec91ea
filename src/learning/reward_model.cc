#include "learning/reward_model.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/random.h"
#include "math/cholesky.h"

namespace ante {
namespace {

constexpr double kRewardDeviationMin = 1e-9;

using Sums = std::array<double, kFolds>;

// A constant and the standardised features of each round, one after another.
std::vector<double> standardised(const BanditLog& log) {
  const std::size_t width = log.feature_count + 1, rounds = log.rounds.size();
  std::vector<double> x(rounds * width, 1);
  for (std::size_t f = 0; f < log.feature_count; ++f) {
    double mean = 0, squares = 0;
    for (std::size_t i = 0; i < rounds; ++i) {
      const double off = log.features_of(i)[f] - mean;
      mean += off / static_cast<double>(i + 1);
      squares += off * (log.features_of(i)[f] - mean);
    }
    const double sd = std::sqrt(squares / static_cast<double>(rounds));
    for (std::size_t i = 0; i < rounds; ++i)
      x[i * width + f + 1] = sd > kRewardDeviationMin ? (log.features_of(i)[f] - mean) / sd : 0;
  }
  return x;
}

Sums means_without_fold(const BanditLog& log) {
  Sums rewards{}, counts{}, means{};
  for (std::size_t i = 0; i < log.rounds.size(); ++i) {
    rewards[fold_of(i)] += log.rounds[i].reward;
    ++counts[fold_of(i)];
  }
  for (std::size_t f = 0; f < kFolds; ++f) {
    double reward = 0, count = 0;
    for (std::size_t other = 0; other < kFolds; ++other) {
      if (other == f) continue;
      reward += rewards[other];
      count += counts[other];
    }
    means[f] = count > 0 ? reward / count : 0;
  }
  return means;
}

// The regressions of one action: sums of each fold, solved without it.
class ActionRidge {
 public:
  explicit ActionRidge(std::size_t width) : width_(width) {
    for (std::size_t f = 0; f < kFolds; ++f) {
      squares_[f].assign(triangle_size(width), 0);
      products_[f].assign(width, 0);
    }
  }
  void add(std::size_t fold, const double* x, double reward) {
    double* square = squares_[fold].data();
    for (std::size_t i = 0; i < width_; ++i) {
      for (std::size_t j = 0; j <= i; ++j) *square++ += x[i] * x[j];
      // Split, because the mean that is taken off differs by the fold that is left out.
      products_[fold][i] += x[i] * reward;
    }
  }
  // The weights without `fold`, around `mean`.
  std::vector<double> solve(std::size_t fold, double mean, double ridge) const {
    std::vector<double> a(triangle_size(width_), 0), b(width_, 0);
    for (std::size_t f = 0; f < kFolds; ++f) {
      if (f == fold) continue;
      for (std::size_t i = 0; i < a.size(); ++i) a[i] += squares_[f][i];
      // Sums of x alone stand in the first column, because the first feature is 1.
      for (std::size_t i = 0; i < width_; ++i)
        b[i] += products_[f][i] - mean * squares_[f][triangle_size(i)];
    }
    for (std::size_t i = 0; i < width_; ++i) a[triangle_size(i) + i] += ridge;
    CHECK(cholesky_factor(a, width_));
    cholesky_solve(a, b);
    return b;
  }

 private:
  std::size_t width_;
  std::array<std::vector<double>, kFolds> squares_, products_;
};

double product(const std::vector<double>& weights, const double* x) {
  double sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) sum += weights[i] * x[i];
  return sum;
}

// Entries of BanditLog::actions and the rounds they stand in, action by action.
struct Entry {
  std::size_t entry = 0, round = 0;
  bool chosen = false;
};

std::vector<std::vector<Entry>> entries_by_action(const BanditLog& log) {
  std::vector<std::vector<Entry>> entries(log.action_names.size());
  for (std::size_t i = 0; i < log.rounds.size(); ++i) {
    const LoggedRound& round = log.rounds[i];
    for (std::uint32_t a = 0; a < round.action_count; ++a) {
      const std::size_t entry = round.first_action + a;
      entries[log.actions[entry]].push_back({entry, i, a == round.chosen});
    }
  }
  return entries;
}

}  // namespace

std::size_t fold_of(std::size_t round) {
  std::uint64_t state = round;
  return Random::splitmix64(state) % kFolds;
}

std::vector<double> cross_fitted_rewards(const BanditLog& log) {
  CHECK(!log.rounds.empty());
  const std::size_t width = log.feature_count + 1;
  const std::vector<double> x = standardised(log);
  const Sums means = means_without_fold(log);
  const auto expected_by = [&](const std::vector<double>& weights, std::size_t round) {
    return std::clamp(means[fold_of(round)] + product(weights, &x[round * width]), log.reward_min,
                      log.reward_max);
  };
  const std::vector<std::vector<Entry>> entries = entries_by_action(log);
  std::vector<ActionRidge> ridges;
  std::array<double, kRidges.size()> errors{};
  for (const std::vector<Entry>& of_action : entries) {
    ActionRidge& ridge = ridges.emplace_back(width);
    for (const Entry& e : of_action) {
      if (e.chosen) ridge.add(fold_of(e.round), &x[e.round * width], log.rounds[e.round].reward);
    }
    for (std::size_t r = 0; r < kRidges.size(); ++r) {
      std::array<std::vector<double>, kFolds> weights;
      for (std::size_t f = 0; f < kFolds; ++f) weights[f] = ridge.solve(f, means[f], kRidges[r]);
      for (const Entry& e : of_action) {
        if (!e.chosen) continue;
        const double off =
            log.rounds[e.round].reward - expected_by(weights[fold_of(e.round)], e.round);
        errors[r] += off * off;
      }
    }
  }
  const double best =
      kRidges[static_cast<std::size_t>(std::ranges::min_element(errors) - errors.begin())];
  std::vector<double> expected(log.actions.size());
  for (std::size_t action = 0; action < entries.size(); ++action) {
    std::array<std::vector<double>, kFolds> weights;
    for (std::size_t f = 0; f < kFolds; ++f) weights[f] = ridges[action].solve(f, means[f], best);
    for (const Entry& e : entries[action])
      expected[e.entry] = expected_by(weights[fold_of(e.round)], e.round);
  }
  return expected;
}

std::vector<double> calibrated_to_target(const BanditLog& log, std::vector<double> expected) {
  CHECK(log.targets.size() == log.actions.size() && expected.size() == log.actions.size());
  // Sums of weight x (q^2, q, 1, q r, r), a fold.
  struct Moments {
    double qq = 0, q = 0, one = 0, qr = 0, r = 0, rounds = 0;
  };
  std::array<Moments, kFolds> folds;
  for (std::size_t i = 0; i < log.rounds.size(); ++i) {
    const LoggedRound& round = log.rounds[i];
    const std::size_t chosen = round.first_action + round.chosen;
    const double weight = log.targets[chosen] / log.propensities[chosen];
    const double w = weight * weight, q = expected[chosen];
    Moments& sums = folds[fold_of(i)];
    sums.qq += w * q * q;
    sums.q += w * q;
    sums.one += w;
    sums.qr += w * q * round.reward;
    sums.r += w * round.reward;
    sums.rounds += w > 0 ? 1 : 0;
  }
  std::array<double, kFolds> alpha{}, beta{};
  for (std::size_t f = 0; f < kFolds; ++f) {
    Moments sums;
    for (std::size_t other = 0; other < kFolds; ++other) {
      if (other == f) continue;
      const Moments& from = folds[other];
      sums = {sums.qq + from.qq, sums.q + from.q, sums.one + from.one,
              sums.qr + from.qr, sums.r + from.r, sums.rounds + from.rounds};
    }
    alpha[f] = 1;
    if (sums.rounds == 0) continue;
    const double prior = sums.one / sums.rounds;  // one round of average weight
    // The move from (1, 0) that the residuals ask for.
    std::vector<double> a = {sums.qq + prior, sums.q, sums.one + prior};
    std::vector<double> b = {sums.qr - sums.qq, sums.r - sums.q};
    CHECK(cholesky_factor(a, 2));
    cholesky_solve(a, b);
    alpha[f] += b[0];
    beta[f] = b[1];
  }
  for (std::size_t i = 0; i < log.rounds.size(); ++i) {
    const LoggedRound& round = log.rounds[i];
    for (std::size_t e = round.first_action; e < round.first_action + round.action_count; ++e) {
      expected[e] = std::clamp(alpha[fold_of(i)] * expected[e] + beta[fold_of(i)], log.reward_min,
                               log.reward_max);
    }
  }
  return expected;
}

}  // namespace ante
