// Numbers of a bench: latencies, paired differences with an interval clustered by person, and
// popularity over a sliding window with an exact rank, ties against the target.

#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace ante::bench {

class Latencies {
 public:
  void add(std::int64_t nanoseconds) {
    microseconds_.push_back(static_cast<std::uint32_t>(nanoseconds / 1000));
  }
  std::size_t count() const { return microseconds_.size(); }
  double quantile_ms(double share) const;
  std::string to_json() const;  // {"n":…,"p50Ms":…,"p90Ms":…,"p99Ms":…,"maxMs":…}

 private:
  std::vector<std::uint32_t> microseconds_;
};

double median(std::vector<double> values);

struct Estimate {
  double value = 0, low = 0, high = 0;  // 95 %
  double cases = 0;
  std::size_t persons = 0;
  std::string to_json() const;
};

// Means, differences and ratios of two rates over the same cases. Persons, numbered densely, are
// the clusters: the variance is that of the ratio estimator, by linearisation.
class PairedRates {
 public:
  void add(std::uint32_t person, double ours, double theirs, double cases);
  double ours() const { return cases_ == 0 ? 0 : ours_ / cases_; }
  double theirs() const { return cases_ == 0 ? 0 : theirs_ / cases_; }
  double cases() const { return cases_; }
  Estimate difference() const;
  Estimate ratio() const;

 private:
  struct Sums {
    double ours = 0, theirs = 0, cases = 0;
  };
  std::size_t clusters() const;
  double deviation(double by_ours, double by_theirs, double by_cases) const;
  std::vector<Sums> persons_;  // by number; a person without a case is no cluster
  double ours_ = 0, theirs_ = 0, cases_ = 0;
};

// How often each item occurred within the last `window_ms`. Items are 0 … item_count - 1.
class WindowPopularity {
 public:
  WindowPopularity(std::int64_t window_ms, std::size_t item_count);
  void advance(std::int64_t now_ms);
  void add(std::int64_t at_ms, std::uint32_t item);
  std::uint32_t count(std::uint32_t item) const { return counts_[item]; }
  // Items that occurred at least `count` times, for count >= 1: with ties against it, an item's
  // rank is at_least(count(item)).
  std::uint32_t at_least(std::uint32_t count) const;
  std::int64_t window_ms() const { return window_ms_; }

 private:
  void change(std::uint32_t item, int by);
  std::int64_t window_ms_;
  std::vector<std::uint32_t> counts_;
  std::vector<std::uint32_t> at_least_;  // [c]: items with count >= c
  std::deque<std::pair<std::int64_t, std::uint32_t>> recent_;
};

}  // namespace ante::bench
