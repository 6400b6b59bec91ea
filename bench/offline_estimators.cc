#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/json_writer.h"
#include "bench/offline.h"
#include "learning/bandit_trial.h"
#include "learning/policy_evaluation.h"
#include "learning/reward_model.h"

namespace ante::bench {
namespace {

constexpr std::size_t kRounds = 4000;
constexpr double kTargetExploring = 0.1;  // the target policy draws this share evenly
constexpr std::uint64_t kSplitSeed = 20'260'101;

// How the log is drawn: this share evenly, the rest as a classifier chooses that learned from the
// first rows of what the target learned from.
struct LoggingPolicy {
  const char* name;
  double uniform_share;
  std::size_t learned_rows;  // 0: a tenth of them
  bool is_stress;  // near the target, so that what tells them apart is rare: reported, not judged
};
constexpr LoggingPolicy kLoggingPolicies[] = {{"uniform", 1, 1, false},
                                              {"0.3 uniform", 0.3, 100, false},
                                              {"0.3 uniform, near the target", 0.3, 0, true}};
constexpr std::uint64_t kStressShare = 10;  // of the repetitions

// The label that a linear classifier expects most, learned from all the labels of `train` in one
// pass: a constant and the standardised numbers, nothing crossed, so that it is sometimes wrong.
class Classifier {
 public:
  Classifier(const LabelledRows& data, std::span<const std::uint32_t> train)
      : map_(data.columns),
        size_(1 + std::min(data.columns, kStandardSlots)),
        models_(data.names.size(), OnlineLogistic(size_)) {
    for (const std::uint32_t row : train) {
      const auto x = map_.observe(data.row(row)).first(size_);
      for (std::size_t a = 0; a < models_.size(); ++a)
        models_[a].update(x, data.labels[row] == a ? 1 : 0);
    }
  }
  std::uint32_t choose(std::span<const double> raw) {
    const auto x = map_.look(raw).first(size_);
    std::uint32_t best = 0;
    double most = -1;
    for (std::uint32_t a = 0; a < models_.size(); ++a) {
      const double expected = models_[a].expect(x);
      if (expected > most) {
        most = expected;
        best = a;
      }
    }
    return best;
  }

 private:
  FeatureMap map_;
  std::size_t size_;
  std::vector<OnlineLogistic> models_;
};

// The part of a set that no policy was made from, and what each policy chooses there.
struct World {
  const LabelledRows* data = nullptr;
  std::vector<std::uint32_t> rows;            // of the data
  std::vector<std::uint32_t> target, logged;  // what they choose where they do not draw evenly
  double truth = 0, logged_value = 0;
};

World make_world(const LabelledRows& data, const LoggingPolicy& logging) {
  Random random(kSplitSeed);
  const std::vector<std::uint32_t> order = shuffled_order(data.rows(), random);
  const std::span all(order);
  const auto train = all.first(all.size() / 2);
  World world;
  world.data = &data;
  world.rows.assign(order.begin() + static_cast<std::ptrdiff_t>(train.size()), order.end());
  const std::size_t learned = logging.learned_rows > 0 ? logging.learned_rows : train.size() / 10;
  Classifier target(data, train), other(data, train.first(learned));
  double target_right = 0, logged_right = 0;
  for (const std::uint32_t row : world.rows) {
    world.target.push_back(target.choose(data.row(row)));
    world.logged.push_back(other.choose(data.row(row)));
    target_right += world.target.back() == data.labels[row] ? 1 : 0;
    logged_right += world.logged.back() == data.labels[row] ? 1 : 0;
  }
  const auto value = [&](double right, double evenly) {
    return (1 - evenly) * right / static_cast<double>(world.rows.size()) +
           evenly / static_cast<double>(data.names.size());
  };
  world.truth = value(target_right, kTargetExploring);
  world.logged_value = value(logged_right, logging.uniform_share);
  return world;
}

// One log: contexts drawn anew, actions drawn by the logging policy.
BanditLog make_log(const World& world, double uniform_share, Random& random) {
  BanditLog log;
  const std::size_t actions = world.data->names.size();
  log.action_names = world.data->names;
  log.feature_count = world.data->columns;
  const auto chance = [&](double evenly, bool chosen) {
    return evenly / static_cast<double>(actions) + (chosen ? 1 - evenly : 0);
  };
  for (std::size_t i = 0; i < kRounds; ++i) {
    const std::size_t at = random.below(world.rows.size());
    const std::uint32_t row = world.rows[at];
    LoggedRound round{i + 1, log.actions.size(), static_cast<std::uint32_t>(actions), 0, 0};
    round.chosen = random.uniform() < uniform_share
                       ? static_cast<std::uint32_t>(random.below(actions))
                       : world.logged[at];
    round.reward = round.chosen == world.data->labels[row] ? 1 : 0;
    for (std::uint32_t a = 0; a < actions; ++a) {
      log.actions.push_back(a);
      log.propensities.push_back(chance(uniform_share, a == world.logged[at]));
      log.targets.push_back(chance(kTargetExploring, a == world.target[at]));
    }
    const auto raw = world.data->row(row);
    log.features.insert(log.features.end(), raw.begin(), raw.end());
    log.rounds.push_back(round);
  }
  return log;
}

struct Tally {
  std::array<double, kEstimators.size()> squares{}, sums{};
  std::array<std::uint64_t, 3> covered{};  // IPS, SNIPS, DR
  double effective_rows = 0;
};

Tally run_repetitions(const World& world, double uniform_share, std::uint64_t repetitions) {
  Tally tally;
  for (std::uint64_t rep = 0; rep < repetitions; ++rep) {
    Random random(rep + 1000);
    const BanditLog log = make_log(world, uniform_share, random);
    const std::vector<OffPolicyRow> rows =
        off_policy_rows(log, calibrated_to_target(log, cross_fitted_rewards(log)));
    const double shrinkage = slope_shrinkage(rows);
    for (std::size_t e = 0; e < kEstimators.size(); ++e) {
      const double off = estimate_value(kEstimators[e], rows, shrinkage) - world.truth;
      tally.sums[e] += off;
      tally.squares[e] += off * off;
    }
    const auto intervals = estimate_intervals(rows, IntervalKind::kBootstrap, random.next());
    for (std::size_t i = 0; i < intervals.size(); ++i)
      tally.covered[i] += intervals[i].contains(world.truth) ? 1 : 0;
    tally.effective_rows += off_policy_health(rows).effective_rows;
  }
  return tally;
}

void write_tally(JsonWriter& json, const World& world, const LoggingPolicy& logging,
                 const Tally& tally, std::uint64_t repetitions) {
  const auto n = static_cast<double>(repetitions);
  const auto rmse = [&](Estimator e) {
    return std::sqrt(tally.squares[static_cast<std::size_t>(e)] / n);
  };
  json.begin_object().field("logging", logging.name).field("judged", !logging.is_stress);
  json.field("repetitions", repetitions).field("rounds", kRounds).field("truth", world.truth);
  json.field("meanEffectiveRows", tally.effective_rows / n);
  json.field("loggingValue", world.logged_value);
  json.key("rmse").begin_object();
  for (const Estimator e : kEstimators) json.field(to_string(e), rmse(e));
  json.end_object().key("bias").begin_object();
  for (std::size_t e = 0; e < kEstimators.size(); ++e)
    json.field(to_string(kEstimators[e]), tally.sums[e] / n);
  json.end_object().key("coverage").begin_object();
  std::size_t next = 0;
  for (const Estimator e : kEstimators) {
    if (has_interval(e)) json.field(to_string(e), static_cast<double>(tally.covered[next++]) / n);
  }
  json.end_object();
  json.field("drToIps", rmse(Estimator::kDr) / rmse(Estimator::kIps));
  json.field("drToSnips", rmse(Estimator::kDr) / rmse(Estimator::kSnips)).end_object();
}

}  // namespace

std::string estimators_report(const std::string& data_folder, std::uint64_t repetitions) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("sets").begin_array();
  for (const LabelledSet& set : kLabelledSets) {
    const LabelledRows data = read_labelled_set(data_folder, set.name);
    json.begin_object().field("set", set.name).field("actions", data.names.size());
    json.key("logs").begin_array();
    for (const LoggingPolicy& logging : kLoggingPolicies) {
      const std::uint64_t times =
          logging.is_stress ? std::max<std::uint64_t>(1, repetitions / kStressShare) : repetitions;
      const World world = make_world(data, logging);
      write_tally(json, world, logging, run_repetitions(world, logging.uniform_share, times),
                  times);
    }
    json.end_array().end_object();
    std::fprintf(stderr, "%s done\n", set.name);
  }
  json.end_array().end_object();
  return out;
}

}  // namespace ante::bench
