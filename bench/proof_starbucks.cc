// The Starbucks promotion: a policy chosen by cross-validation on training.csv, read once on Test.
//
// Net incremental revenue of those whom a policy would send to, by the arm they were drawn to:
//   NIR = 10 buys_t - .15 n_t - 10 buys_c, sd = 10 sqrt(buys_t + buys_c).

#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "base/check.h"
#include "bench/offline.h"
#include "bench/proof.h"
#include "learning/trial_basis.h"
#include "learning/trial_policy.h"

namespace ante::bench {
namespace {

constexpr double kCost = 0.15, kWorth = 10;

struct Revenue {
  double sent = 0, buys_treated = 0, buys_control = 0, persons = 0;

  void add(bool treated, double bought) {
    ++persons;
    (treated ? buys_treated : buys_control) += bought;
    sent += treated ? 1 : 0;
  }
  double net() const { return kWorth * (buys_treated - buys_control) - kCost * sent; }
  double sd() const { return kWorth * std::sqrt(buys_treated + buys_control); }
  double incremental_rate() const {
    const double control = persons - sent;
    return sent > 0 && control > 0 ? buys_treated / sent - buys_control / control : 0;
  }
};

TrialTable read_promotion(const std::string& folder, const std::string& name) {
  TrialColumns columns;
  columns.file = name;
  columns.treatment = "Promotion";
  columns.outcome = "purchase";
  auto table = parse_trial(read_gz(folder + "/starbucks-promotion/" + name), columns);
  if (!table) std::fprintf(stderr, "%s\n", table.error().message.c_str());
  CHECK(table.has_value());
  return std::move(table).value();
}

// Sends where worth x effect > margin x cost.
constexpr std::array kMargins = {0.8, 1.0, 1.2, 1.5};

void write_revenue(JsonWriter& json, const char* name, const Revenue& revenue) {
  json.key(name).begin_object().field("netRevenue", revenue.net()).field("sd", revenue.sd());
  write_interval(json, "interval",
                 {revenue.net() - 1.96 * revenue.sd(), revenue.net() + 1.96 * revenue.sd()});
  json.field("oneSidedLow", revenue.net() - 1.6448536 * revenue.sd());
  json.field("incrementalRate", revenue.incremental_rate());
  json.field("persons", revenue.persons).field("sent", revenue.sent);
  json.field("buysTreated", revenue.buys_treated).field("buysControl", revenue.buys_control);
  json.end_object();
}

}  // namespace

std::string starbucks_report(const std::string& folder, std::uint64_t cuts) {
  const TrialTable training = read_promotion(folder, "training.csv.gz");
  const TrialBasis basis(training);
  const auto x = basis.rows_of(training);
  CHECK(x.has_value());
  const TrialRows rows{basis.width(), *x, training.arm, training.outcome, 2};
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("columns", basis.columns().size()).field("folds", kTrialFolds);
  json.field("cuts", cuts).key("crossValidated").begin_array();
  // Net revenue of effects that did not see the person; of one cut, and of each of several.
  std::vector<std::vector<double>> effects;
  for (std::uint64_t cut = 1; cut <= cuts; ++cut)
    effects.push_back(out_of_fold_effects(rows, {kCost, kWorth}, cut));
  double best_margin = 1, best_net = -1e18;
  for (const double margin : kMargins) {
    double mean = 0, sd = 0;
    for (const auto& of_cut : effects) {
      Revenue revenue;
      for (std::size_t i = 0; i < rows.rows(); ++i)
        if (kWorth * of_cut[i] > margin * kCost)
          revenue.add(training.arm[i] == 1, training.outcome[i]);
      mean += revenue.net() / static_cast<double>(cuts);
      sd += revenue.sd() / static_cast<double>(cuts);
    }
    json.begin_object().field("margin", margin).field("netRevenue", mean).field("sd", sd);
    json.end_object();
    if (mean <= best_net) continue;
    best_net = mean;
    best_margin = margin;
  }
  json.end_array().field("margin", best_margin).field("crossValidatedNetRevenue", best_net);
  const TrialPolicy policy = learn_trial_policy(rows, {kCost, kWorth});
  const TrialTable test = read_promotion(folder, "Test.csv.gz");
  const auto test_x = basis.rows_of(test);
  CHECK(test_x.has_value());
  Revenue chosen, everybody;
  for (std::size_t i = 0; i < test.rows(); ++i) {
    const auto row = std::span(*test_x).subspan(i * basis.width(), basis.width());
    if (kWorth * linear_value(policy.effects[0], row) > best_margin * kCost)
      chosen.add(test.arm[i] == 1, test.outcome[i]);
    everybody.add(test.arm[i] == 1, test.outcome[i]);
  }
  write_revenue(json, "test", chosen);
  write_revenue(json, "testEverybody", everybody);
  json.end_object();
  return out;
}

}  // namespace ante::bench
