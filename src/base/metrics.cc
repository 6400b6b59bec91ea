#include "base/metrics.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>

#include "base/check.h"
#include "base/mutex.h"

namespace ante {

namespace {

enum class Kind { kCounter, kGauge, kHistogram };

struct Family {
  Kind kind = Kind::kCounter;
  std::string help;
  // Label text ("" or `a="x",b="y"`) → metric; pointers stay valid.
  std::map<std::string, std::unique_ptr<Counter>> counters;
  std::map<std::string, std::unique_ptr<Gauge>> gauges;
  std::map<std::string, std::unique_ptr<Histogram>> histograms;
  std::function<double()> read;
};

bool is_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
  };
  if (name.empty() || !letter(name[0])) return false;
  return std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' && quotes)
      out += "\\\"";
    else
      out.push_back(c);
  }
}

// `overflow`: every value is "other".
std::string label_text(Labels labels, bool overflow) {
  std::string text;
  for (const auto& [name, value] : labels) {
    CHECK(is_name(name));
    if (!text.empty()) text.push_back(',');
    text.append(name).append("=\"");
    append_escaped(text, overflow ? std::string_view("other") : value.substr(0, kLabelBytesMax),
                   true);
    text.push_back('"');
  }
  return text;
}

template <typename T>
void append_value(std::string& out, T value) {
  if constexpr (std::is_same_v<T, double>) {
    if (std::isnan(value)) {
      out += "NaN";
      return;
    }
    if (std::isinf(value)) {
      out += value > 0 ? "+Inf" : "-Inf";
      return;
    }
  }
  std::array<char, 32> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end);
}

template <typename T>
void append_line(std::string& out, std::string_view name, std::string_view labels, T value) {
  out.append(name);
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out.push_back(' ');
  append_value(out, value);
  out.push_back('\n');
}

void append_histogram(std::string& out, const std::string& name, const std::string& labels,
                      const Histogram& metric) {
  const std::string before = labels.empty() ? "" : labels + ",";
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < metric.bounds().size(); ++i) {
    total += metric.in_bucket(i);
    std::string bound = before + "le=\"";
    append_value(bound, metric.bounds()[i]);
    append_line(out, name + "_bucket", bound + "\"", total);
  }
  total += metric.in_bucket(metric.bounds().size());
  append_line(out, name + "_bucket", before + "le=\"+Inf\"", total);
  append_line(out, name + "_sum", labels, metric.sum());
  append_line(out, name + "_count", labels, total);
}

// The metric of a label set, or the family's overflow one.
template <typename T, typename Make>
T& find_or_make(std::map<std::string, std::unique_ptr<T>>& metrics, Labels labels, Make make) {
  std::string key = label_text(labels, false);
  auto found = metrics.find(key);
  if (found == metrics.end() && metrics.size() + 1 >= kLabelSetsMax && labels.size() > 0) {
    key = label_text(labels, true);
    found = metrics.find(key);
  }
  if (found == metrics.end()) found = metrics.emplace(std::move(key), make()).first;
  return *found->second;
}

}  // namespace

struct Metrics::Families {
  mutable Mutex mutex;
  std::map<std::string, Family, std::less<>> by_name GUARDED_BY(mutex);

  Family& get(std::string_view name, std::string_view help, Kind kind) REQUIRES_LOCK(mutex) {
    auto found = by_name.find(name);
    if (found == by_name.end()) {
      CHECK(is_name(name));
      found = by_name.emplace(std::string(name), Family{}).first;
      found->second.kind = kind;
      found->second.help = std::string(help);
    }
    CHECK(found->second.kind == kind);
    return found->second;
  }
};

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)),
      counts_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds_.size() + 1)) {
  CHECK(std::is_sorted(bounds_.begin(), bounds_.end()));
}

void Histogram::observe(double value) {
  if (!std::isfinite(value)) return;
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i <= bounds_.size(); ++i) total += in_bucket(i);
  return total;
}

std::vector<double> latency_bounds() {
  return {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
          0.05,    0.1,    0.25,    0.5,    1,     2.5,    5,     10};
}

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(std::string_view name, std::string_view help, Labels labels) {
  MutexLock lock(families_->mutex);
  Family& family = families_->get(name, help, Kind::kCounter);
  return find_or_make(family.counters, labels, [] { return std::make_unique<Counter>(); });
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, Labels labels) {
  MutexLock lock(families_->mutex);
  Family& family = families_->get(name, help, Kind::kGauge);
  return find_or_make(family.gauges, labels, [] { return std::make_unique<Gauge>(); });
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help,
                              std::vector<double> bounds, Labels labels) {
  MutexLock lock(families_->mutex);
  Family& family = families_->get(name, help, Kind::kHistogram);
  return find_or_make(family.histograms, labels,
                      [&] { return std::make_unique<Histogram>(std::move(bounds)); });
}

void Metrics::gauge_from(std::string_view name, std::string_view help,
                         std::function<double()> read) {
  MutexLock lock(families_->mutex);
  families_->get(name, help, Kind::kGauge).read = std::move(read);
}

std::string Metrics::text() const {
  std::string out;
  MutexLock lock(families_->mutex);
  for (const auto& [name, family] : families_->by_name) {
    out.append("# HELP ").append(name).append(" ");
    append_escaped(out, family.help, false);
    out.append("\n# TYPE ").append(name).append(" ");
    out.append(family.kind == Kind::kCounter ? "counter"
               : family.kind == Kind::kGauge ? "gauge"
                                             : "histogram");
    out.push_back('\n');
    for (const auto& [labels, metric] : family.counters)
      append_line(out, name, labels, metric->value());
    for (const auto& [labels, metric] : family.gauges)
      append_line(out, name, labels, metric->value());
    for (const auto& [labels, metric] : family.histograms)
      append_histogram(out, name, labels, *metric);
    if (family.read) append_line(out, name, "", family.read());
  }
  return out;
}

}  // namespace ante
