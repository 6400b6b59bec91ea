#include "report/calibration.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/check.h"
#include "base/json_writer.h"

namespace ante {

namespace {

std::size_t bin_of(double probability) {
  const auto bin = static_cast<std::size_t>(probability * kCalibrationBins);
  return std::min(bin, kCalibrationBins - 1);
}

// Sums first, means when all are in.
void count(Calibration& sums, const StatedOdds& stated) {
  const double came = stated.came_true ? 1 : 0;
  CalibrationBin& bin = sums.bins[bin_of(stated.probability)];
  ++bin.n;
  bin.came_true += stated.came_true ? 1 : 0;
  bin.said += stated.probability;
  ++sums.n;
  sums.said += stated.probability;
  sums.came += came;
  sums.brier += (stated.probability - came) * (stated.probability - came);
}

void finish(Calibration& sums) {
  for (CalibrationBin& bin : sums.bins) {
    bin.interval = {0, 1};
    if (bin.n == 0) continue;
    const auto n = static_cast<double>(bin.n);
    bin.said /= n;
    bin.came = static_cast<double>(bin.came_true) / n;
    bin.interval = wilson_interval(bin.came_true, bin.n, kCalibrationAlpha);
    sums.error += n * std::abs(bin.said - bin.came);
  }
  if (sums.n == 0) return;
  for (double* const sum : {&sums.said, &sums.came, &sums.brier, &sums.error})
    *sum /= static_cast<double>(sums.n);
}

void write_mean(JsonWriter& json, std::string_view name, double mean, std::uint64_t n) {
  json.key(name);
  if (n > 0) {
    json.number(mean);
  } else {
    json.null();
  }
}

void write_figures(JsonWriter& json, const Calibration& figures) {
  json.field("n", figures.n);
  write_mean(json, "said", figures.said, figures.n);
  write_mean(json, "came", figures.came, figures.n);
  write_mean(json, "brier", figures.brier, figures.n);
  write_mean(json, "error", figures.error, figures.n);
  json.key("bins").begin_array();
  for (std::size_t i = 0; i < kCalibrationBins; ++i) {
    const CalibrationBin& bin = figures.bins[i];
    if (bin.n == 0) continue;
    json.begin_object();
    json.field("from", static_cast<double>(i) / kCalibrationBins);
    json.field("to", static_cast<double>(i + 1) / kCalibrationBins);
    json.field("n", bin.n).field("said", bin.said).field("came", bin.came);
    json.interval("interval", bin.interval.low, bin.interval.high).end_object();
  }
  json.end_array();
}

}  // namespace

double calibration_z(std::span<const StatedOdds> stated) {
  double off = 0, variance = 0;
  for (const StatedOdds& odds : stated) {
    const double p = odds.probability;
    CHECK(p >= 0 && p <= 1);
    off += ((odds.came_true ? 1 : 0) - p) * (1 - 2 * p);
    variance += (1 - 2 * p) * (1 - 2 * p) * p * (1 - p);
  }
  return variance > 0 ? off / std::sqrt(variance) : 0;
}

CalibrationReport calibration(std::span<const StatedOdds> stated) {
  CalibrationReport report;
  std::map<std::string, Calibration> by_who;
  for (const StatedOdds& each : stated) {
    CHECK(each.probability >= 0 && each.probability <= 1);
    count(report.overall, each);
    count(by_who[each.who], each);
  }
  finish(report.overall);
  for (auto& [who, figures] : by_who) {
    figures.who = who;
    finish(figures);
    report.by_who.push_back(std::move(figures));
  }
  return report;
}

std::string to_json(const CalibrationReport& report) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().key("overall").begin_object();
  write_figures(json, report.overall);
  json.end_object().key("byWho").begin_array();
  for (const Calibration& figures : report.by_who) {
    json.begin_object().field("who", figures.who);
    write_figures(json, figures);
    json.end_object();
  }
  json.end_array().field("confidence", 1 - kCalibrationAlpha).end_object();
  return text;
}

}  // namespace ante
