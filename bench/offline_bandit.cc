#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sys/resource.h>

#include "base/json_writer.h"
#include "bench/offline.h"
#include "learning/bandit_trial.h"

namespace ante::bench {
namespace {

constexpr std::size_t kSpeedActions = 10;
constexpr std::size_t kSpeedNumbers = 8;  // 1 + 8 + 36 crosses = 45 features an action
constexpr std::size_t kSpeedRows = 100'000;
constexpr std::size_t kSpeedWideNumbers = 41;
constexpr double kAnchorPredictions = 116'000, kAnchorUpdates = 66'000;  // of Vowpal Wabbit 9.11

struct Losses {
  double sum = 0, squares = 0;
  void add(double loss) {
    sum += loss;
    squares += loss * loss;
  }
  double mean(double n) const { return sum / n; }
  double standard_error(double n) const {
    const double m = sum / n;
    return n > 1 ? std::sqrt(std::max(0.0, (squares / n - m * m) / (n - 1))) : 0;
  }
};

void write_mean(JsonWriter& json, const char* name, const Losses& losses, double n) {
  const double half_width = 1.96 * losses.standard_error(n);
  json.key(name).begin_object().field("value", losses.mean(n));
  json.key("interval").begin_array().number(losses.mean(n) - half_width);
  json.number(losses.mean(n) + half_width).end_array().end_object();
}

void write_set(JsonWriter& json, const LabelledSet& set, const LabelledRows& data,
               std::uint64_t shuffles) {
  const auto squarecb = exploration_rule("squarecb"), greedy = exploration_rule("epsilon-greedy");
  Losses ours, theirs, difference;
  double sum_error = 0, best_fixed = 0;
  for (std::uint64_t seed = 1; seed <= shuffles; ++seed) {
    const BanditTrial a = run_bandit_trial(data, **squarecb, seed);
    const BanditTrial b = run_bandit_trial(data, **greedy, seed);
    ours.add(a.progressive_loss);
    theirs.add(b.progressive_loss);
    difference.add(a.progressive_loss - b.progressive_loss);
    sum_error = std::max({sum_error, a.propensity_sum_error, b.propensity_sum_error});
    best_fixed = a.best_fixed_loss;
  }
  const auto n = static_cast<double>(shuffles);
  json.begin_object().field("set", set.name).field("rows", data.rows());
  json.field("actions", data.names.size()).field("shuffles", shuffles);
  write_mean(json, "squarecb", ours, n);
  write_mean(json, "epsilonGreedy", theirs, n);
  write_mean(json, "difference", difference, n);
  json.field("ratioToEpsilonGreedy", ours.sum / theirs.sum);
  json.field("anchorLoss", set.anchor_loss);
  json.field("ratioToAnchor", ours.mean(n) / set.anchor_loss);
  json.field("bestFixedLoss", best_fixed).field("propensitySumError", sum_error).end_object();
}

// Tab-separated numbers of random contexts, as a log would hold them.
std::string context_text(std::size_t numbers, std::size_t rows) {
  Random random(5);
  std::string text;
  std::array<char, 32> digits{};
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < numbers; ++j) {
      const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), random.normal(),
                                     std::chars_format::fixed, 4);
      text.append(digits.data(), end.ptr);
      text.push_back(j + 1 < numbers ? '\t' : '\n');
    }
  }
  return text;
}

// Reads one row of tab-separated numbers and stands after it.
void read_row(const char*& at, const char* end, std::span<double> row) {
  for (double& value : row) {
    const auto [next, failure] = std::from_chars(at, end, value);
    if (failure != std::errc()) std::abort();
    at = next + 1;
  }
}

struct Speed {
  double predictions_per_second = 0, updates_per_second = 0;
  std::size_t features = 0;
};

// A prediction: text read, features made, every action's expectation. An update: text read,
// features made, one action's reward learned. `text_read` false: the numbers are there already.
Speed measure_speed(std::size_t numbers, bool text_read) {
  const std::string text = context_text(numbers, kSpeedRows);
  FeatureMap map(numbers);
  std::vector<OnlineLogistic> models(kSpeedActions, OnlineLogistic(map.features_max()));
  std::vector<double> rows(kSpeedRows * numbers);
  const char *at = text.data(), *const end = text.data() + text.size();
  for (std::size_t i = 0; i < kSpeedRows; ++i)
    read_row(at, end, std::span(rows).subspan(i * numbers, numbers));
  Random random(9);
  Speed speed;
  for (std::size_t i = 0; i < 1000; ++i) {  // a model that has seen something
    const auto x = map.observe(std::span(rows).subspan(i * numbers, numbers));
    models[i % kSpeedActions].update(x, random.uniform() < .2 ? 1 : 0);
    speed.features = x.size();
  }
  std::vector<double> row(numbers);
  const auto next_row = [&](std::size_t i) -> std::span<const double> {
    if (!text_read) return std::span(rows).subspan(i * numbers, numbers);
    read_row(at, end, row);
    return row;
  };
  at = text.data();
  double sum = 0, start = cpu_seconds();
  for (std::size_t i = 0; i < kSpeedRows; ++i) {
    const auto x = map.look(next_row(i));
    for (const OnlineLogistic& model : models) sum += model.expect(x);
  }
  speed.predictions_per_second = kSpeedRows / (cpu_seconds() - start);
  at = text.data();
  start = cpu_seconds();
  for (std::size_t i = 0; i < kSpeedRows; ++i) {
    const auto x = map.observe(next_row(i));
    models[i % kSpeedActions].update(x, i % 5 == 0 ? 1 : 0);
  }
  speed.updates_per_second = kSpeedRows / (cpu_seconds() - start);
  if (!(sum > 0)) std::abort();
  return speed;
}

void write_speed(JsonWriter& json, const char* name, std::size_t numbers, bool text_read) {
  Speed best;  // of three: the machine is shared
  for (int run = 0; run < 3; ++run) {
    const Speed speed = measure_speed(numbers, text_read);
    best.features = speed.features;
    best.predictions_per_second =
        std::max(best.predictions_per_second, speed.predictions_per_second);
    best.updates_per_second = std::max(best.updates_per_second, speed.updates_per_second);
  }
  json.key(name).begin_object().field("numbersRead", numbers);
  json.field("actions", kSpeedActions).field("featuresAnAction", best.features);
  json.field("predictionsPerSecond", best.predictions_per_second);
  json.field("updatesPerSecond", best.updates_per_second);
  json.field("predictionsToAnchor", best.predictions_per_second / kAnchorPredictions);
  json.field("updatesToAnchor", best.updates_per_second / kAnchorUpdates).end_object();
}

}  // namespace

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

LabelledRows read_labelled_set(const std::string& data_folder, const std::string& name) {
  const std::string path = data_folder + "/bandit-classification/" + name + ".tsv.gz";
  auto rows = parse_labelled_tsv(read_gz(path), path);
  if (!rows) {
    std::fprintf(stderr, "%s\n", rows.error().message.c_str());
    std::exit(1);
  }
  return *std::move(rows);
}

std::string bandit_report(const std::string& data_folder, std::uint64_t shuffles) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("sets").begin_array();
  for (const LabelledSet& set : kLabelledSets) {
    write_set(json, set, read_labelled_set(data_folder, set.name), shuffles);
    std::fprintf(stderr, "%s done\n", set.name);
  }
  json.end_array().end_object();
  return out;
}

std::string speed_report() {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  write_speed(json, "inMemory", kSpeedNumbers, false);
  write_speed(json, "textRead", kSpeedNumbers, true);
  write_speed(json, "wideTextRead", kSpeedWideNumbers, true);
  json.end_object();
  return out;
}

}  // namespace ante::bench
