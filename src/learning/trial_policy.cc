#include "learning/trial_policy.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/random.h"

namespace ante {
namespace {

// Sums of each fold and arm, for one cut.
using FoldArmSums = std::vector<std::vector<RidgeSums>>;  // [fold][arm]

std::vector<std::uint8_t> cut_into_folds(std::size_t rows, std::uint64_t seed) {
  std::vector<std::uint8_t> fold(rows);
  for (std::size_t i = 0; i < rows; ++i) fold[i] = static_cast<std::uint8_t>(i % kTrialFolds);
  Random random(seed);
  for (std::size_t i = rows; i > 1; --i) std::swap(fold[i - 1], fold[random.below(i)]);
  return fold;
}

FoldArmSums sums_of_folds(const TrialRows& rows, const std::vector<std::uint8_t>& fold) {
  FoldArmSums sums(kTrialFolds, std::vector<RidgeSums>(rows.arms, RidgeSums(rows.width)));
  for (std::size_t i = 0; i < rows.rows(); ++i)
    sums[fold[i]][rows.arm[i]].add(rows.row(i), rows.outcome[i]);
  return sums;
}

// What is learned from some folds: by both learners, and what single arms earned.
struct Learned {
  std::vector<std::vector<double>> outcome;  // mu_a
  TrialPolicy policy, t_policy;
  std::uint32_t best_single = 0;
};

std::uint32_t best_arm(std::span<const double> gains) {  // of arms 1, 2, …; 0 gains nothing
  std::uint32_t best = 0;
  double most = 0;
  for (std::size_t a = 0; a < gains.size(); ++a) {
    if (!(gains[a] > most)) continue;
    most = gains[a];
    best = static_cast<std::uint32_t>(a + 1);
  }
  return best;
}

Learned learn(const FoldArmSums& sums, std::size_t left_out, const TrialEconomics& economics) {
  Learned learned;
  learned.policy.economics = learned.t_policy.economics = economics;
  const std::size_t arms = sums[0].size();
  std::vector<std::vector<RidgeSums>> by_arm(arms);
  std::vector<double> n(arms), mean(arms);
  for (std::size_t a = 0; a < arms; ++a) {
    for (std::size_t f = 0; f < sums.size(); ++f) {
      if (f == left_out) continue;
      by_arm[a].push_back(sums[f][a]);
      n[a] += sums[f][a].n;
      mean[a] += sums[f][a].xy[0];
    }
    mean[a] /= std::max(1.0, n[a]);
    learned.outcome.push_back(fit_ridge(by_arm[a]));
  }
  std::vector<double> gains;
  for (std::size_t a = 1; a < arms; ++a) {
    const double chance = n[a] / (n[a] + n[0]);
    std::vector<EffectSums> folds;
    folds.reserve(by_arm[a].size());
    for (std::size_t f = 0; f < by_arm[a].size(); ++f)
      folds.emplace_back(by_arm[a][f], by_arm[0][f], chance);
    LearnedEffects fit = learn_effects(folds);
    learned.policy.effects.push_back(std::move(fit.blend));
    learned.t_policy.effects.push_back(std::move(fit.t_learner));
    gains.push_back(economics.worth * (mean[a] - mean[0]) - economics.cost);
  }
  learned.best_single = best_arm(gains);
  return learned;
}

struct Moments {
  double n = 0, sum = 0, squares = 0;
  void add(double x) {
    ++n;
    sum += x;
    squares += x * x;
  }
  double mean() const { return sum / n; }
  double standard_error() const {
    return std::sqrt(std::max(0.0, squares / n - mean() * mean()) / (n - 1));
  }
};

// One cut: policy less best single, whether predicted effects go with those found.
struct CutResult {
  Moments gain, t_gain;
  double agreement = 0, agreement_squares = 0;
  double same = 0, contacted = 0;
  std::vector<std::uint8_t> fold;
  std::vector<double> effects;  // by what was learned without the person's fold: rows x (arms - 1)
};

class CutValuer {
 public:
  CutValuer(const TrialRows& rows, const TrialEconomics& economics)
      : rows_(rows), economics_(economics), share_(rows.arms) {
    for (const std::uint32_t arm : rows.arm) share_[arm] += 1;
    for (double& share : share_) share /= static_cast<double>(rows.rows());
  }

  CutResult value(std::uint64_t seed) {
    CutResult result;
    result.fold = cut_into_folds(rows_.rows(), seed);
    result.effects.resize(rows_.rows() * (rows_.arms - 1));
    const FoldArmSums sums = sums_of_folds(rows_, result.fold);
    for (std::size_t f = 0; f < kTrialFolds; ++f) {
      const Learned learned = learn(sums, f, economics_);
      value_fold(f, learned, result);
    }
    return result;
  }

 private:
  void value_fold(std::size_t f, const Learned& learned, CutResult& result) {
    const std::size_t treated_arms = rows_.arms - 1;
    std::vector<double> scores(rows_.arms), predicted(treated_arms);
    std::vector<double> predictions, found;  // (arms - 1) a row of the fold
    for (std::size_t i = 0; i < rows_.rows(); ++i) {
      if (result.fold[i] != f) continue;
      const auto x = rows_.row(i);
      for (std::size_t a = 0; a < rows_.arms; ++a) {
        const double expected = linear_value(learned.outcome[a], x);
        scores[a] = expected;
        if (rows_.arm[i] == a) scores[a] += (rows_.outcome[i] - expected) / share_[a];
      }
      for (std::size_t a = 0; a < treated_arms; ++a) {
        predicted[a] = linear_value(learned.policy.effects[a], x);
        result.effects[i * treated_arms + a] = predicted[a];
        predictions.push_back(predicted[a]);
        found.push_back(scores[a + 1] - scores[0]);
      }
      const std::uint32_t chosen = learned.policy.choose(x), t_chosen = learned.t_policy.choose(x);
      const double single = profit(scores, learned.best_single);
      result.gain.add(profit(scores, chosen) - single);
      result.t_gain.add(profit(scores, t_chosen) - single);
      result.same += chosen == t_chosen ? 1 : 0;
      result.contacted += chosen != 0 ? 1 : 0;
    }
    add_agreement(predictions, found, treated_arms, result);
  }

  double profit(const std::vector<double>& scores, std::uint32_t arm) const {
    return economics_.worth * scores[arm] - (arm == 0 ? 0 : economics_.cost);
  }

  // Sum over persons of (predicted - mean)(found - mean), arms together: 0 on average where effects
  // do not differ (the best linear predictor of Chernozhukov et al. 2018).
  static void add_agreement(std::span<const double> predicted, std::span<const double> found,
                            std::size_t arms, CutResult& result) {
    const std::size_t n = predicted.size() / arms;
    std::vector<double> mean_predicted(arms), mean_found(arms);
    for (std::size_t i = 0; i < predicted.size(); ++i) {
      mean_predicted[i % arms] += predicted[i] / static_cast<double>(n);
      mean_found[i % arms] += found[i] / static_cast<double>(n);
    }
    for (std::size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (std::size_t a = 0; a < arms; ++a) {
        sum +=
            (predicted[i * arms + a] - mean_predicted[a]) * (found[i * arms + a] - mean_found[a]);
      }
      result.agreement += sum;
      result.agreement_squares += sum * sum;
    }
  }

  const TrialRows& rows_;
  const TrialEconomics& economics_;
  std::vector<double> share_;
};

// The persons of the control and of one arm, ranked by the arm's effects.
class CutRanker {
 public:
  CutRanker(const TrialRows& rows, std::uint32_t arm) : treated_arms_(rows.arms - 1), arm_(arm) {
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      if (rows.arm[i] != 0 && rows.arm[i] != arm) continue;
      persons_.push_back(i);
      treated_.push_back(rows.arm[i] == arm ? 1 : 0);
      outcome_.push_back(rows.outcome[i]);
    }
  }

  UpliftCurve rank(const CutResult& cut) const {
    std::vector<double> scores;
    std::vector<std::uint8_t> fold;
    for (const std::size_t i : persons_) {
      scores.push_back(cut.effects[i * treated_arms_ + arm_ - 1]);
      fold.push_back(cut.fold[i]);
    }
    return uplift_curve(scores, fold, treated_, outcome_);
  }

 private:
  std::size_t treated_arms_, arm_;
  std::vector<std::size_t> persons_;
  std::vector<std::uint8_t> treated_;
  std::vector<double> outcome_;
};

void describe_arms(const TrialRows& rows, const TrialEconomics& economics, TrialReport& report) {
  std::vector<Moments> moments(rows.arms);
  for (std::size_t i = 0; i < rows.rows(); ++i) moments[rows.arm[i]].add(rows.outcome[i]);
  std::vector<double> gains;
  const double z = normal_quantile(0.975);
  for (std::size_t a = 0; a < rows.arms; ++a) {
    TrialArm arm;
    arm.n = static_cast<std::uint64_t>(moments[a].n);
    arm.mean = moments[a].mean();
    if (a > 0) {
      arm.effect = arm.mean - moments[0].mean();
      const double half = z * std::hypot(moments[a].standard_error(), moments[0].standard_error());
      arm.interval = {arm.effect - half, arm.effect + half};
      gains.push_back(economics.worth * arm.effect - economics.cost);
    }
    report.arms.push_back(arm);
    if (a > 0 && arm.effect > report.arms[report.curve_arm].effect)
      report.curve_arm = static_cast<std::uint32_t>(a);
  }
  report.best_single = best_arm(gains);
  if (report.best_single == 0) return;
  // It was the best of several: each at a share of the error (Bonferroni).
  const TrialArm& best = report.arms[report.best_single];
  const double wider = normal_quantile(1 - 0.025 / static_cast<double>(rows.arms - 1)) / z;
  const double half = wider * best.interval.width() / 2;
  report.best_single_profit = {economics.worth * (best.effect - half) - economics.cost,
                               economics.worth * (best.effect + half) - economics.cost};
}

void check_trial(const TrialRows& rows, const TrialEconomics& economics) {
  CHECK(rows.arms >= 2 && rows.width >= 1 && rows.outcome.size() == rows.rows());
  CHECK(rows.x.size() == rows.rows() * rows.width);
  CHECK(economics.cost >= 0 && economics.worth > 0);
}

}  // namespace

std::uint32_t TrialPolicy::choose(std::span<const double> x) const {
  std::uint32_t best = 0;
  double most = 0;
  for (std::size_t a = 0; a < effects.size(); ++a) {
    const double gain = economics.worth * linear_value(effects[a], x) - economics.cost;
    if (!(gain > most)) continue;
    most = gain;
    best = static_cast<std::uint32_t>(a + 1);
  }
  return best;
}

TrialReport evaluate_trial(const TrialRows& rows, const TrialEconomics& economics,
                           std::uint64_t cuts) {
  check_trial(rows, economics);
  CHECK(cuts >= 1);
  TrialReport report;
  describe_arms(rows, economics, report);
  CutValuer valuer(rows, economics);
  const CutRanker ranker(rows, report.curve_arm);
  std::vector<UpliftCurve> curves;
  std::vector<double> values, lows, highs, p_values, t_values;
  const double z = normal_quantile(0.975);
  for (std::uint64_t cut = 1; cut <= cuts; ++cut) {
    const CutResult result = valuer.value(cut);
    const double mean = result.gain.mean(), half = z * result.gain.standard_error();
    values.push_back(mean);
    lows.push_back(mean - half);
    highs.push_back(mean + half);
    t_values.push_back(result.t_gain.mean());
    curves.push_back(ranker.rank(result));
    const double sd = std::sqrt(result.agreement_squares);
    p_values.push_back(sd > 0 ? normal_cdf(-result.agreement / sd) : 1);
    const double all = static_cast<double>(rows.rows()) * static_cast<double>(cuts);
    report.same_choice += result.same / all;
    report.policy_share += result.contacted / all;
  }
  report.curve = median_curve(curves);
  report.value = median(values);
  report.interval = {median(lows), median(highs)};
  report.claim = report.interval.low > 0;
  report.value_of_t_learner = median(t_values);
  report.heterogeneity_p = std::min(1.0, 2 * median(p_values));
  return report;
}

std::vector<double> out_of_fold_effects(const TrialRows& rows, const TrialEconomics& economics,
                                        std::uint64_t cut) {
  check_trial(rows, economics);
  return CutValuer(rows, economics).value(cut).effects;
}

TrialPolicy learn_trial_policy(const TrialRows& rows, const TrialEconomics& economics) {
  check_trial(rows, economics);
  const FoldArmSums sums = sums_of_folds(rows, cut_into_folds(rows.rows(), 1));
  return learn(sums, kTrialFolds, economics).policy;
}

}  // namespace ante
