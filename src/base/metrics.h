// Numbers for Prometheus: counters, gauges and histograms in one registry object.
//
// In:   a reference to a metric, got once and kept; add() and observe() are a few nanoseconds.
// Out:  text() in Prometheus' text format, families in the order of their names.
//
// A metric lives as long as its registry. A family has at most kLabelSetsMax label sets: the next
// ones all count under the value "other", so what comes from outside cannot fill the memory.
// Any thread.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ante {

inline constexpr std::size_t kLabelSetsMax = 200;   // of one family
inline constexpr std::size_t kLabelBytesMax = 100;  // of one label value; longer ones are cut

class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void add(double n) { value_.fetch_add(n, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

class Histogram {
 public:
  // Upper bounds, ascending; a bucket above the last is added.
  explicit Histogram(std::vector<double> bounds);
  // A value that is not finite is not counted.
  void observe(double value);
  std::uint64_t count() const;
  double sum() const { return sum_.load(std::memory_order_relaxed); }
  const std::vector<double>& bounds() const { return bounds_; }
  std::uint64_t in_bucket(std::size_t i) const {
    return counts_[i].load(std::memory_order_relaxed);
  }

 private:
  std::vector<double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
  std::atomic<double> sum_{0};
};

// From 50 µs to 10 s, for durations in seconds.
std::vector<double> latency_bounds();

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The metric of that name and label set, made at first sight. Costs a lock and a look-up: keep
  // the reference. REQUIRES the same kind (and bounds) for a name each time, names and label names
  // as Prometheus has them.
  Counter& counter(std::string_view name, std::string_view help, Labels labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, Labels labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                       Labels labels = {});
  // A gauge that is asked when the text is made. `read` must not use this registry.
  void gauge_from(std::string_view name, std::string_view help, std::function<double()> read);

  std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace ante
