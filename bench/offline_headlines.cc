#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string_view>

#include "base/json_writer.h"
#include "bench/offline.h"
#include "catalog/import.h"
#include "decision/exploration.h"
#include "math/statistics.h"

namespace ante::bench {
namespace {

constexpr std::uint32_t kBrokenFrom = 201325, kBrokenTo = 201402;  // weeks without randomisation
constexpr double kAlarm = 0.0005;                                  // p of the sample-ratio test
constexpr std::size_t kBatches = 20;  // a policy sees what came of a batch before the next
constexpr double kTestShare = 0.5;    // of the impressions, before a fixed-horizon test ends
constexpr double kDeclared = 0.95;    // chance of being the best, to be declared

struct HeadlineTest {
  std::uint32_t week = 0;
  std::vector<double> impressions, clicks;  // a headline

  double shown() const { return sum(impressions); }
  double rate() const { return sum(clicks) / shown(); }
  bool broken() const { return week >= kBrokenFrom && week <= kBrokenTo; }
  static double sum(const std::vector<double>& values) {
    double total = 0;
    for (const double value : values) total += value;
    return total;
  }
};

std::size_t column(const std::vector<std::string>& header, const char* name) {
  const auto place = std::ranges::find(header, name);
  if (place == header.end()) {
    std::fprintf(stderr, "upworthy: no column %s\n", name);
    std::exit(1);
  }
  return static_cast<std::size_t>(place - header.begin());
}

std::uint32_t whole_number(const std::string& text) {
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Tests of at least two headlines. A test that ran over two weeks counts in its first.
std::vector<HeadlineTest> read_tests(const std::string& data_folder) {
  const std::string bytes = read_gz(data_folder + "/upworthy/upworthy.csv.gz");
  CsvReader reader(bytes, ',');
  const auto header = reader.next();
  if (!header) std::exit(1);
  const std::size_t id = column(header->fields, "clickability_test_id"),
                    shown = column(header->fields, "impressions"),
                    clicks = column(header->fields, "clicks"),
                    week = column(header->fields, "test_week");
  std::map<std::string, HeadlineTest> tests;
  while (!reader.at_end()) {
    const auto record = reader.next();
    if (!record || record->fields.size() != header->fields.size()) continue;
    HeadlineTest& test = tests[record->fields[id]];
    const std::uint32_t in_week = whole_number(record->fields[week]);
    test.week = test.week == 0 ? in_week : std::min(test.week, in_week);
    test.impressions.push_back(whole_number(record->fields[shown]));
    test.clicks.push_back(whole_number(record->fields[clicks]));
  }
  std::vector<HeadlineTest> all;
  for (auto& [name, test] : tests) {
    if (test.impressions.size() >= 2 && test.shown() > 0) all.push_back(std::move(test));
  }
  return all;
}

// p that the headlines were shown equally often by chance.
double even_split_p(const HeadlineTest& test) {
  const auto headlines = static_cast<double>(test.impressions.size());
  const double expected = test.shown() / headlines;
  double chi = 0;
  for (const double n : test.impressions) chi += (n - expected) * (n - expected) / expected;
  return chi_square_p(chi, headlines - 1);
}

// The Beta prior of a headline's rate has the test's own rate as its mean; its weight, the same in
// every test, is where the variance between headlines equals what was found beyond chance.
double prior_weight(const std::vector<const HeadlineTest*>& tests) {
  double spread = 0, excess = 0;
  for (const HeadlineTest* test : tests) {
    const double m = test->rate(), all = test->shown();
    for (std::size_t a = 0; a < test->impressions.size(); ++a) {
      const double n = test->impressions[a];
      if (n == 0) continue;
      const double off = test->clicks[a] / n - m;
      spread += m * (1 - m);
      excess += off * off - m * (1 - m) * (1 / n - 1 / all);
    }
  }
  return spread / excess - 1;
}

// Gamma by Marsaglia & Tsang 2000; shape >= 1 here, because every headline has prior weight.
double gamma_draw(double shape, Random& random) {
  if (shape < 1) {
    return gamma_draw(shape + 1, random) * std::pow(1 - random.uniform(), 1 / shape);
  }
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = random.normal(), v = std::pow(1 + c * x, 3);
    if (v > 0 && std::log(1 - random.uniform()) < x * x / 2 + d - d * v + d * std::log(v))
      return d * v;
  }
}

double beta_draw(double a, double b, Random& random) {
  const double x = gamma_draw(a, random), y = gamma_draw(b, random);
  return x / (x + y);
}

// Binomial by geometric skips: the cost is in the hits.
double binomial_draw(double trials, double chance, Random& random) {
  const double log_miss = std::log1p(-chance);
  double hits = 0, at = 0;
  for (;;) {
    at += std::floor(std::log(1 - random.uniform()) / log_miss) + 1;
    if (at > trials) return hits;
    ++hits;
  }
}

enum Contender : std::uint8_t { kThompson, kSquareCb, kUniform, kFixedHorizon, kContenders };
constexpr std::array<const char*, kContenders> kNames = {"thompson", "squarecb", "uniform",
                                                         "fixedHorizon"};

struct Outcome {
  double clicks = 0, regret = 0;
  std::uint64_t runs = 0, declared = 0, wrong = 0;
};

// One test played with the true rates by one contender.
class Play {
 public:
  Play(const std::vector<double>& rates, double impressions)
      : rates_(rates), impressions_(impressions), arms_(rates.size()), chances_(rates.size()) {}

  void run(Contender contender, const ExplorationRule& thompson, const ExplorationRule& squarecb,
           Outcome& outcome, Random& random) {
    const double best = *std::ranges::max_element(rates_);
    std::size_t declared = rates_.size();
    double shown = 0;
    for (std::size_t batch = 0; batch < kBatches; ++batch) {
      const bool test_over = static_cast<double>(batch) >= kTestShare * kBatches;
      if (contender == kFixedHorizon && test_over && !decided_) {
        decided_ = true;
        winner_ = most_clicked();
        declared = is_significant() ? winner_ : rates_.size();
      }
      set_chances(contender, thompson, squarecb);
      const double until = impressions_ * static_cast<double>(batch + 1) / kBatches;
      const double count = std::floor(until) - shown;
      shown += count;
      show(count, best, outcome, random);
    }
    if (contender == kUniform) {
      winner_ = most_clicked();
      declared = is_significant() ? winner_ : rates_.size();
    } else if (contender != kFixedHorizon) {
      largest_beta_chances(arms_, chances_);
      const auto most = std::ranges::max_element(chances_);
      if (*most >= kDeclared) declared = static_cast<std::size_t>(most - chances_.begin());
    }
    ++outcome.runs;
    outcome.declared += declared < rates_.size() ? 1 : 0;
    outcome.wrong += declared < rates_.size() && rates_[declared] < best ? 1 : 0;
  }

 private:
  void set_chances(Contender contender, const ExplorationRule& thompson,
                   const ExplorationRule& squarecb) {
    double hits = 0, trials = 0;
    for (const ActionEstimate& arm : arms_) {
      hits += arm.hits;
      trials += arm.hits + arm.misses;
    }
    if (contender == kFixedHorizon && decided_) {
      std::ranges::fill(chances_, 0.0);
      chances_[winner_] = 1;
    } else if (contender == kThompson && trials > 0) {
      thompson.distribute(arms_, {}, chances_);
    } else if (contender == kSquareCb && hits > 0) {
      const double rate = hits / trials;
      for (ActionEstimate& arm : arms_)  // one click's worth of the common rate as a prior
        arm.value = (arm.hits + 1) / (arm.hits + arm.misses + 1 / rate);
      squarecb.distribute(arms_,
                          {static_cast<std::uint64_t>(trials), rate, std::sqrt(rate * (1 - rate))},
                          chances_);
    } else {
      std::ranges::fill(chances_, 1 / static_cast<double>(rates_.size()));
    }
  }

  // Systematic sampling: each headline is shown its share of the batch, rounded at random.
  void show(double count, double best, Outcome& outcome, Random& random) {
    double at = random.uniform(), cumulated = 0, before = 0;
    for (std::size_t a = 0; a < rates_.size(); ++a) {
      cumulated += chances_[a];
      const double upto = a + 1 == rates_.size()
                              ? count
                              : std::clamp(std::floor(count * cumulated + at), 0.0, count);
      const double trials = upto - before;
      before = upto;
      const double clicks = binomial_draw(trials, rates_[a], random);
      arms_[a].hits += clicks;
      arms_[a].misses += trials - clicks;
      outcome.clicks += clicks;
      outcome.regret += trials * (best - rates_[a]);
    }
  }

  double rate(std::size_t a) const {
    const double n = arms_[a].hits + arms_[a].misses;
    return n > 0 ? arms_[a].hits / n : 0;
  }
  std::size_t most_clicked() const {
    std::size_t best = 0;
    for (std::size_t a = 1; a < arms_.size(); ++a) best = rate(a) > rate(best) ? a : best;
    return best;
  }
  // The leader against each other headline, two-sided, Bonferroni over the comparisons.
  bool is_significant() const {
    const double alpha = 0.05 / static_cast<double>(arms_.size() - 1);
    const double n = arms_[winner_].hits + arms_[winner_].misses;
    for (std::size_t a = 0; a < arms_.size(); ++a) {
      if (a == winner_) continue;
      const double m = arms_[a].hits + arms_[a].misses;
      if (n == 0 || m == 0) return false;
      const double pooled = (arms_[a].hits + arms_[winner_].hits) / (n + m);
      const double se = std::sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
      if (!(se > 0) || 2 * (1 - normal_cdf((rate(winner_) - rate(a)) / se)) >= alpha) return false;
    }
    return true;
  }

  const std::vector<double>& rates_;
  double impressions_;
  std::vector<ActionEstimate> arms_;
  std::vector<double> chances_;
  bool decided_ = false;
  std::size_t winner_ = 0;
};

void write_alarm(JsonWriter& json, const char* name, std::uint64_t tests, std::uint64_t alarms) {
  const Interval interval = rate_interval(alarms, tests, 0.05);
  json.key(name).begin_object().field("tests", tests).field("alarms", alarms);
  json.field("share", static_cast<double>(alarms) / static_cast<double>(tests));
  json.key("interval").begin_array().number(interval.low).number(interval.high);
  json.end_array().end_object();
}

struct DrawTotals {
  std::array<std::vector<double>, kContenders> clicks, regret;  // a draw of all tests
};

void write_spread(JsonWriter& json, const char* name, const std::vector<double>& values) {
  double mean = 0, squares = 0;
  for (const double v : values) mean += v / static_cast<double>(values.size());
  for (const double v : values) squares += (v - mean) * (v - mean);
  const double sd =
      values.size() > 1 ? std::sqrt(squares / static_cast<double>(values.size() - 1)) : 0;
  json.key(name).begin_object().field("value", mean);
  json.key("interval").begin_array().number(mean - 1.96 * sd).number(mean + 1.96 * sd);
  json.end_array().end_object();
}

void write_contender(JsonWriter& json, Contender c, const Outcome& outcome,
                     const DrawTotals& totals) {
  std::vector<double> gained;
  gained.reserve(totals.clicks[c].size());
  for (std::size_t d = 0; d < totals.clicks[c].size(); ++d)
    gained.push_back(totals.clicks[c][d] / totals.clicks[kUniform][d] - 1);
  json.key(kNames[c]).begin_object();
  write_spread(json, "clicks", totals.clicks[c]);
  write_spread(json, "gainedOverUniform", gained);
  write_spread(json, "regretClicks", totals.regret[c]);
  json.field("declared", static_cast<double>(outcome.declared) / static_cast<double>(outcome.runs));
  const Interval wrong =
      rate_interval(outcome.wrong, std::max<std::uint64_t>(1, outcome.declared), 0.05);
  json.key("declaredWrong").begin_object();
  json.field("value", static_cast<double>(outcome.wrong) /
                          static_cast<double>(std::max<std::uint64_t>(1, outcome.declared)));
  json.key("interval").begin_array().number(wrong.low).number(wrong.high).end_array();
  json.field("n", outcome.declared).end_object().end_object();
}

}  // namespace

std::string headlines_report(const std::string& data_folder, std::uint64_t draws) {
  const std::vector<HeadlineTest> tests = read_tests(data_folder);
  std::vector<const HeadlineTest*> sound;
  std::uint64_t broken = 0, broken_alarms = 0, sound_alarms = 0;
  double impressions = 0;
  for (const HeadlineTest& test : tests) {
    const bool alarm = even_split_p(test) < kAlarm;
    (test.broken() ? broken_alarms : sound_alarms) += alarm ? 1 : 0;
    broken += test.broken() ? 1 : 0;
    if (!test.broken()) {
      sound.push_back(&test);
      impressions += test.shown();
    }
  }
  const double weight = prior_weight(sound);
  const auto thompson = exploration_rule("thompson"), squarecb = exploration_rule("squarecb");
  std::array<Outcome, kContenders> outcomes;
  DrawTotals totals;
  for (std::uint64_t draw = 0; draw < draws; ++draw) {
    Random random(draw + 1);
    std::array<Outcome, kContenders> of_draw;
    for (const HeadlineTest* test : sound) {
      std::vector<double> rates;
      rates.reserve(test->impressions.size());
      for (std::size_t a = 0; a < test->impressions.size(); ++a) {
        rates.push_back(beta_draw(
            weight * test->rate() + test->clicks[a],
            weight * (1 - test->rate()) + test->impressions[a] - test->clicks[a], random));
      }
      for (std::uint8_t c = 0; c < kContenders; ++c) {
        Play(rates, test->shown())
            .run(static_cast<Contender>(c), **thompson, **squarecb, of_draw[c], random);
      }
    }
    for (std::size_t c = 0; c < kContenders; ++c) {
      totals.clicks[c].push_back(of_draw[c].clicks);
      totals.regret[c].push_back(of_draw[c].regret);
      outcomes[c].runs += of_draw[c].runs;
      outcomes[c].declared += of_draw[c].declared;
      outcomes[c].wrong += of_draw[c].wrong;
    }
  }
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("sampleRatioAlarm").begin_object().field("p", kAlarm);
  write_alarm(json, "brokenWeeks", broken, broken_alarms);
  write_alarm(json, "otherWeeks", sound.size(), sound_alarms);
  json.end_object().field("tests", sound.size()).field("impressionsADraw", impressions);
  json.field("draws", draws).field("batches", kBatches).field("priorWeight", weight);
  json.key("contenders").begin_object();
  for (std::uint8_t c = 0; c < kContenders; ++c)
    write_contender(json, static_cast<Contender>(c), outcomes[c], totals);
  json.end_object().end_object();
  return out;
}

}  // namespace ante::bench
