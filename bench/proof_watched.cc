// A comparison of two rates, looked at after every person. The looks follow watched_difference
// exactly, written on counts so that 10,000 runs of 100,000 persons take a minute; at the end of
// every run the two are compared.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "bench/proof.h"
#include "math/bounded_sequence.h"
#include "math/sample_size.h"
#include "math/watched_difference.h"

namespace ante::bench {
namespace {

constexpr double kAlpha = 0.05;
constexpr std::uint64_t kPersons = 100'000;
constexpr std::uint64_t kNaiveEvery = 1000;  // persons between looks of the naive test

// Squared half widths for a unit of the variance of the difference, at n = 1, 2, ….
std::vector<double> squared_factors(std::uint64_t persons, double planned) {
  std::vector<double> factors(persons + 1);
  for (std::uint64_t n = 1; n <= persons; ++n) {
    const auto t = static_cast<double>(n);
    const double half = sequence_half_width(t, planned, kAlpha);
    factors[n] = half * half * t;
  }
  return factors;
}

// The unbiased variance of one outcome and of the mean, from n outcomes.
struct ArmCounts {
  double n = 0, sum = 0, squares = 0;
  double mean() const { return sum / n; }
  double mean_variance() const { return (squares - sum * sum / n) / (n * (n - 1)); }
};

struct World {
  double control_share = 0.5, control_rate = 0, treated_rate = 0;
};

struct Watched {
  std::uint64_t runs = 0, ever_wrong = 0, ever_paying = 0, naive = 0, early = 0;
  double width_ratio = 0;  // mean over the runs that ended with an interval
  std::uint64_t with_interval = 0;
};

OutcomeSums sums_of(const ArmCounts& arm) {
  OutcomeSums sums;
  sums.n = static_cast<std::uint64_t>(arm.n);
  sums.conversions = static_cast<std::uint64_t>(arm.sum);
  sums.sum = static_cast<WideInteger>(arm.sum) * 1'000'000;
  sums.sum_of_squares = static_cast<WideInteger>(arm.sum) * 1'000'000 * 1'000'000;
  return sums;
}

void watch_run(const World& world, std::uint64_t persons, double planned,
               const std::vector<double>& factors, bool stop_when_paying, Random& random,
               Watched& result) {
  const auto chance = [](double p) { return static_cast<std::uint64_t>(p * 0x1p32); };
  const std::uint64_t is_control = chance(world.control_share),
                      control_rate = chance(world.control_rate),
                      treated_rate = chance(world.treated_rate);
  ArmCounts treated, control;
  bool paying = false, losing = false, naive = false;
  for (std::uint64_t i = 1; i <= persons; ++i) {
    const std::uint64_t bits = random.next();
    const bool to_control = (bits >> 32) < is_control;
    ArmCounts& arm = to_control ? control : treated;
    const bool hit = (bits & 0xffff'ffff) < (to_control ? control_rate : treated_rate);
    arm.n += 1;
    arm.sum += hit ? 1 : 0;
    arm.squares = arm.sum;
    if (std::min(treated.sum, control.sum) < kWatchedConversionsMin) continue;
    const double off = treated.mean() - control.mean();
    const double variance = treated.mean_variance() + control.mean_variance();
    if (off * off > factors[i] * variance) (off > 0 ? paying : losing) = true;
    if (i % kNaiveEvery == 0) naive = naive || off * off > 1.959964 * 1.959964 * variance;
    if (paying && stop_when_paying) break;
  }
  const WatchedDifference at_end =
      watched_difference(sums_of(treated), sums_of(control), kAlpha, planned);
  ++result.runs;
  result.ever_wrong += paying || losing ? 1 : 0;
  result.ever_paying += paying ? 1 : 0;
  result.naive += naive ? 1 : 0;
  result.early += at_end.verdict == WatchedVerdict::kTooEarly ? 1 : 0;
  if (!at_end.interval) return;
  CHECK(at_end.verdict != WatchedVerdict::kPaying || paying);
  CHECK(at_end.verdict != WatchedVerdict::kLosing || losing);
  ++result.with_interval;
  result.width_ratio +=
      at_end.interval->width() / fixed_interval(sums_of(treated), sums_of(control), kAlpha).width();
}

Watched watch(const World& world, std::uint64_t persons, double planned, bool stop_when_paying,
              std::uint64_t runs) {
  const std::vector<double> factors = squared_factors(persons, planned);
  Watched result;
  for (std::uint64_t run = 0; run < runs; ++run) {
    Random random(run + 1);
    watch_run(world, persons, planned, factors, stop_when_paying, random, result);
  }
  return result;
}

void write_world(JsonWriter& json, const World& world, double planned) {
  json.field("controlShare", world.control_share).field("controlRate", world.control_rate);
  json.field("treatedRate", world.treated_rate).field("planned", planned);
}

void write_alike(JsonWriter& json, std::uint64_t runs) {
  json.key("alike").begin_array();
  for (const double planned : {2000.0, 100'000.0}) {
    for (const double share : {0.5, 0.05}) {
      for (const double rate : {0.05, 0.01}) {
        const World world{share, rate, rate};
        const Watched watched = watch(world, kPersons, planned, false, runs);
        json.begin_object();
        write_world(json, world, planned);
        json.field("persons", kPersons);
        write_share(json, "everWrong", watched.ever_wrong, runs);
        write_share(json, "falsePaying", watched.ever_paying, runs);
        write_share(json, "naiveEveryThousand", watched.naive, runs);
        write_share(json, "tooEarlyAtEnd", watched.early, runs);
        json.field("widthToFixed",
                   watched.width_ratio / static_cast<double>(watched.with_interval));
        json.end_object();
      }
    }
  }
  json.end_array();
}

// The treated rate for which `persons` have that power at one look at the end.
double rate_found(double share, double rate, double persons, double power) {
  double low = 0, high = 5;  // relative lift
  for (int i = 0; i < 60; ++i) {
    const double lift = (low + high) / 2;
    const Comparison c = rates_compared(rate, lift, share);
    const double needed =
        persons_needed(c.treated_variance, c.control_variance, share, rate * lift, power, kAlpha);
    (needed > persons ? low : high) = lift;
  }
  return rate * (1 + high);
}

void write_power(JsonWriter& json, std::uint64_t runs) {
  json.key("power").begin_array();
  for (const double power : {0.8, 0.9}) {
    for (const double share : {0.5, 0.05}) {
      for (const double rate : {0.05, 0.01}) {
        const double once = static_cast<double>(kPersons) / 2;
        const World world{share, rate, rate_found(share, rate, once, power)};
        const Watched watched = watch(world, kPersons, static_cast<double>(kPersons), true, runs);
        json.begin_object();
        write_world(json, world, static_cast<double>(kPersons));
        json.field("powerOfOneLook", power).field("personsOfOneLook", once);
        write_share(json, "foundAtTwice", watched.ever_paying, runs);
        json.end_object();
      }
    }
  }
  json.end_array();
}

// ---------------------------------------------------------------- persons who come often

constexpr std::uint64_t kReturningPersons = 20'000;

// A fifth come 1 to 12 times and click in .3 of views, the others 1 to 4 times and in .02.
struct Visits {
  double clicks = 0, views = 0;
};
Visits visits_of(Random& random) {
  const bool keen = random.uniform() < 0.2;
  Visits visits;
  visits.views = 1 + static_cast<double>(random.below(keen ? 12 : 4));
  for (double i = 0; i < visits.views; ++i)
    visits.clicks += random.uniform() < (keen ? 0.3 : 0.02) ? 1 : 0;
  return visits;
}

bool excludes_0(const ArmCounts& treated, const ArmCounts& control,
                const std::vector<double>& factors) {
  if (std::min(treated.n, control.n) < 2) return false;
  const double off = treated.mean() - control.mean();
  const double variance = treated.mean_variance() + control.mean_variance();
  return off * off > factors[static_cast<std::size_t>(treated.n + control.n)] * variance;
}

void write_returning(JsonWriter& json, std::uint64_t runs) {
  const auto factors = squared_factors(kReturningPersons * 12, 20'000);
  json.key("returning").begin_array();
  for (const double share : {0.5, 0.05}) {
    std::uint64_t wrong = 0, wrong_by_views = 0;
    for (std::uint64_t run = 0; run < runs; ++run) {
      Random random(run + 1);
      ArmCounts persons[2], views[2];
      double converted[2] = {0, 0};
      bool ever = false, ever_by_views = false;
      for (std::uint64_t i = 0; i < kReturningPersons; ++i) {
        const std::size_t arm = random.uniform() < share ? 0 : 1;
        const Visits visits = visits_of(random);
        persons[arm].n += 1;
        persons[arm].sum += visits.clicks;
        persons[arm].squares += visits.clicks * visits.clicks;
        views[arm].n += visits.views;
        views[arm].sum += visits.clicks;
        views[arm].squares += visits.clicks;
        converted[arm] += visits.clicks > 0 ? 1 : 0;
        if (std::min(converted[0], converted[1]) < kWatchedConversionsMin) continue;
        ever = ever || excludes_0(persons[1], persons[0], factors);
        ever_by_views = ever_by_views || excludes_0(views[1], views[0], factors);
      }
      wrong += ever ? 1 : 0;
      wrong_by_views += ever_by_views ? 1 : 0;
    }
    json.begin_object().field("controlShare", share).field("persons", kReturningPersons);
    write_share(json, "everWrong", wrong, runs);
    write_share(json, "everWrongCountingViews", wrong_by_views, runs);
    json.end_object();
  }
  json.end_array();
}

// Watched from the first person on, no burn-in, by the sequence for bounded outcomes.
void write_bounded(JsonWriter& json, std::uint64_t runs) {
  constexpr std::uint64_t kBoundedPersons = 20'000;
  json.key("bounded").begin_array();
  for (const double share : {0.5, 0.05}) {
    for (const double rate : {0.05, 0.01}) {
      std::uint64_t wrong = 0;
      double width = 0;
      for (std::uint64_t run = 0; run < runs; ++run) {
        Random random(run + 1);
        BoundedSequence treated(0, 1, kAlpha / 2), control(0, 1, kAlpha / 2);
        ArmCounts counts[2];
        bool ever = false;
        for (std::uint64_t i = 0; i < kBoundedPersons; ++i) {
          const std::size_t arm = random.uniform() < share ? 0 : 1;
          const double x = random.uniform() < rate ? 1 : 0;
          counts[arm].n += 1;
          counts[arm].sum += x;
          counts[arm].squares += x;
          (arm == 0 ? control : treated).add(x);
          ever = ever || !bounded_difference(treated, control).contains(0);
        }
        wrong += ever ? 1 : 0;
        const double fixed =
            1.959964 * std::sqrt(counts[0].mean_variance() + counts[1].mean_variance());
        width += bounded_difference(treated, control).width() / (2 * fixed);
      }
      json.begin_object().field("controlShare", share).field("rate", rate);
      json.field("persons", kBoundedPersons);
      write_share(json, "everWrong", wrong, runs);
      json.field("widthToFixed", width / static_cast<double>(runs)).end_object();
    }
  }
  json.end_array();
}

}  // namespace

std::string watched_report(std::uint64_t runs) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("runs", runs);
  write_alike(json, runs);
  write_power(json, runs);
  write_returning(json, runs);
  write_bounded(json, std::max<std::uint64_t>(1, runs / 10));
  json.end_object();
  return out;
}

}  // namespace ante::bench
