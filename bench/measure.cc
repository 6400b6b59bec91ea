#include "bench/measure.h"

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

namespace ante::bench {
namespace {

constexpr double kNormal95 = 1.959964;

}  // namespace

double Latencies::quantile_ms(double share) const {
  if (microseconds_.empty()) {
    return 0;
  }
  std::vector<std::uint32_t> sorted = microseconds_;
  const auto at = static_cast<std::ptrdiff_t>(
      std::min(share * static_cast<double>(sorted.size()), static_cast<double>(sorted.size() - 1)));
  std::nth_element(sorted.begin(), sorted.begin() + at, sorted.end());
  return sorted[static_cast<std::size_t>(at)] / 1000.0;
}

std::string Latencies::to_json() const {
  return fmt::format(R"({{"n":{},"p50Ms":{:.3f},"p90Ms":{:.3f},"p99Ms":{:.3f},"maxMs":{:.3f}}})",
                     count(), quantile_ms(.5), quantile_ms(.9), quantile_ms(.99), quantile_ms(1));
}

double median(std::vector<double> values) {
  if (values.empty()) {
    return 0;
  }
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::string Estimate::to_json() const {
  return fmt::format(R"({{"value":{:.5f},"interval":[{:.5f},{:.5f}],"n":{:.0f},"persons":{}}})",
                     value, low, high, cases, persons);
}

void PairedRates::add(std::uint32_t person, double ours, double theirs, double cases) {
  if (persons_.size() <= person) {
    persons_.resize(person + 1);
  }
  Sums& sums = persons_[person];
  sums.ours += ours;
  sums.theirs += theirs;
  sums.cases += cases;
  ours_ += ours;
  theirs_ += theirs;
  cases_ += cases;
}

std::size_t PairedRates::clusters() const {
  return static_cast<std::size_t>(
      std::count_if(persons_.begin(), persons_.end(), [](const Sums& s) { return s.cases > 0; }));
}

// Standard deviation of Σ over persons of the linear form, with the small-sample factor.
double PairedRates::deviation(double by_ours, double by_theirs, double by_cases) const {
  double squares = 0;
  for (const Sums& sums : persons_) {
    const double residual = by_ours * sums.ours + by_theirs * sums.theirs + by_cases * sums.cases;
    squares += residual * residual;
  }
  const auto count = static_cast<double>(clusters());
  return count < 2 ? 0 : std::sqrt(squares * count / (count - 1));
}

Estimate PairedRates::difference() const {
  Estimate estimate{0, 0, 0, cases_, clusters()};
  if (cases_ > 0) {
    estimate.value = (ours_ - theirs_) / cases_;
    const double half = kNormal95 * deviation(1, -1, -estimate.value) / cases_;
    estimate.low = estimate.value - half;
    estimate.high = estimate.value + half;
  }
  return estimate;
}

Estimate PairedRates::ratio() const {
  Estimate estimate{0, 0, 0, cases_, clusters()};
  if (theirs_ > 0) {
    estimate.value = ours_ / theirs_;
    const double half = kNormal95 * deviation(1, -estimate.value, 0) / theirs_;
    estimate.low = estimate.value - half;
    estimate.high = estimate.value + half;
  }
  return estimate;
}

WindowPopularity::WindowPopularity(std::int64_t window_ms, std::size_t item_count)
    : window_ms_(window_ms), counts_(item_count, 0), at_least_(2, 0) {}

std::uint32_t WindowPopularity::at_least(std::uint32_t count) const {
  return count < at_least_.size() ? at_least_[count] : 0;
}

void WindowPopularity::change(std::uint32_t item, int by) {
  std::uint32_t& count = counts_[item];
  if (by > 0) {
    ++count;
    if (at_least_.size() <= count) {
      at_least_.resize(count + 1, 0);
    }
    ++at_least_[count];
  } else {
    --at_least_[count];
    --count;
  }
}

void WindowPopularity::advance(std::int64_t now_ms) {
  while (!recent_.empty() && recent_.front().first < now_ms - window_ms_) {
    change(recent_.front().second, -1);
    recent_.pop_front();
  }
}

void WindowPopularity::add(std::int64_t at_ms, std::uint32_t item) {
  recent_.emplace_back(at_ms, item);
  change(item, +1);
}

}  // namespace ante::bench
