// Readers, topics and likings: does the value of personalization say what is true? Rates around
// .05; topics differ by .01 and, where there are likings, persons by tau = .02.

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "base/random.h"
#include "bench/proof.h"
#include "report/personalization_value.h"

namespace ante::bench {
namespace {

constexpr double kRate = 0.05, kTopicSd = 0.01, kActivity = 0.02;

struct ReaderWorld {
  const char* name;
  std::size_t readers, topics, views;  // views: of a reader and topic
  double tau = 0;                      // sd of likings
  bool activity = false;               // some click on everything more, some less
};

// Clicks of few views, by geometric skips.
double clicks_of(std::size_t views, double chance, Random& random) {
  if (chance <= 0) return 0;
  const double log_miss = std::log1p(-chance);
  double clicks = 0, at = 0;
  for (;;) {
    at += std::floor(std::log(1 - random.uniform()) / log_miss) + 1;
    if (at > static_cast<double>(views)) return clicks;
    ++clicks;
  }
}

// What the world really has, chances below 0 being cut off: the variance of likings, the noise.
struct Truth {
  double tau_squared = 0, noise = 0;
};

Truth draw_readers(const ReaderWorld& world, Random& random, std::vector<HalvedOutcomes>& cells) {
  std::vector<double> topics(world.topics);
  for (double& topic : topics) topic = std::max(0.001, kRate + kTopicSd * random.normal());
  cells.assign(world.readers * world.topics, {});
  const std::size_t odd = (world.views + 1) / 2, even = world.views / 2;
  std::vector<double> sum(world.topics), squares(world.topics);
  for (std::size_t u = 0; u < world.readers; ++u) {
    const double activity = world.activity ? (random.uniform() < 0.5 ? -kActivity : kActivity) : 0;
    for (std::size_t a = 0; a < world.topics; ++a) {
      const double liking = world.tau > 0 ? world.tau * random.normal() : 0;
      const double chance = std::clamp(topics[a] + activity + liking, 0.0, 1.0);
      sum[a] += chance - activity;
      squares[a] += (chance - activity) * (chance - activity);
      HalvedOutcomes& cell = cells[u * world.topics + a];
      cell = {static_cast<double>(odd), clicks_of(odd, chance, random), static_cast<double>(even),
              clicks_of(even, chance, random)};
    }
  }
  const auto n = static_cast<double>(world.readers), topics_n = static_cast<double>(world.topics);
  Truth truth;
  for (std::size_t a = 0; a < world.topics; ++a) {
    const double mean = sum[a] / n;
    truth.tau_squared += (squares[a] / n - mean * mean) / topics_n;
    truth.noise += (mean - squares[a] / n) / topics_n;
  }
  return truth;
}

struct Verdicts {
  std::array<std::uint64_t, 3> counts{};
  std::uint64_t rejected = 0;
  double z = 0, tau_squared = 0;
  Truth truth;
  std::vector<double> readers_needed, clusters_needed;
};

Verdicts play(const ReaderWorld& world, std::uint64_t runs) {
  Verdicts verdicts;
  std::vector<HalvedOutcomes> cells;
  for (std::uint64_t run = 0; run < runs; ++run) {
    Random random(run + 1);
    const Truth truth = draw_readers(world, random, cells);
    verdicts.truth.tau_squared += truth.tau_squared / static_cast<double>(runs);
    verdicts.truth.noise += truth.noise / static_cast<double>(runs);
    const PersonalizationValue value = personalization_value(cells, world.topics);
    ++verdicts.counts[static_cast<std::size_t>(value.verdict)];
    verdicts.rejected += value.p < 0.05 ? 1 : 0;
    verdicts.z += value.z / static_cast<double>(runs);
    verdicts.tau_squared += value.tau_squared / static_cast<double>(runs);
    if (value.readers_needed)
      verdicts.readers_needed.push_back(static_cast<double>(*value.readers_needed));
    if (value.clusters_needed)
      verdicts.clusters_needed.push_back(static_cast<double>(*value.clusters_needed));
  }
  return verdicts;
}

void write_median(JsonWriter& json, const char* name, std::vector<double> values) {
  if (values.empty()) return;
  std::ranges::sort(values);
  json.field(name, values[values.size() / 2]);
}

void write_readers(JsonWriter& json, const ReaderWorld& world, std::uint64_t runs) {
  const Verdicts verdicts = play(world, runs);
  json.begin_object().field("world", world.name).field("readers", world.readers);
  json.field("topics", world.topics).field("views", world.views).field("tau", world.tau);
  write_share(json, "rejected", verdicts.rejected, runs);
  const double z =
      expected_liking_z(world.tau > 0 ? verdicts.truth.tau_squared : 0, verdicts.truth.noise,
                        static_cast<double>(world.readers), static_cast<double>(world.topics),
                        static_cast<double>(world.views) / 2);
  json.field("tauSquaredTrue", world.tau > 0 ? verdicts.truth.tau_squared : 0);
  json.field("closedForm", normal_cdf(z - normal_quantile(0.95)));
  json.field("zMean", verdicts.z).field("tauSquaredMean", verdicts.tau_squared);
  json.key("verdicts").begin_object();
  for (std::size_t v = 0; v < verdicts.counts.size(); ++v) {
    write_share(json, std::string(to_string(static_cast<PersonalizationVerdict>(v))).c_str(),
                verdicts.counts[v], runs);
  }
  json.end_object();
  write_median(json, "readersNeededMedian", verdicts.readers_needed);
  write_median(json, "clustersNeededMedian", verdicts.clusters_needed);
  json.end_object();
}

}  // namespace

std::string personalization_report(std::uint64_t runs) {
  constexpr std::array kNull = {ReaderWorld{"no effect", 2000, 20, 2},
                                ReaderWorld{"active and passive readers", 2000, 20, 2, 0, true}};
  constexpr std::array kPower = {
      ReaderWorld{"likings", 2000, 20, 2, 0.02}, ReaderWorld{"likings", 6000, 20, 2, 0.02},
      ReaderWorld{"likings", 2000, 20, 10, 0.02}, ReaderWorld{"likings", 2000, 5, 8, 0.02},
      ReaderWorld{"likings", 4000, 10, 4, 0.02}};
  constexpr std::array kVerdicts = {
      ReaderWorld{"no effect", 2000, 20, 10},
      ReaderWorld{"active and passive readers", 2000, 20, 10, 0, true},
      ReaderWorld{"likings", 2000, 20, 2, 0.02}, ReaderWorld{"likings", 6000, 20, 20, 0.02}};
  const std::uint64_t fewer = std::max<std::uint64_t>(1, runs / 20);
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("runs", runs).key("null").begin_array();
  for (const ReaderWorld& world : kNull) write_readers(json, world, runs);
  json.end_array().key("power").begin_array();
  for (const ReaderWorld& world : kPower) write_readers(json, world, fewer);
  json.end_array().key("verdictWorlds").begin_array();
  for (const ReaderWorld& world : kVerdicts) write_readers(json, world, fewer);
  json.end_array().end_object();
  return out;
}

}  // namespace ante::bench
