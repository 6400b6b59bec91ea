// proof_bench MODE [--data FOLDER] [--times N] [--commit C]

#include <array>
#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>

#include "bench/proof.h"

namespace ante::bench {

void write_interval(JsonWriter& json, const char* name, const Interval& interval) {
  json.key(name).begin_array().number(interval.low).number(interval.high).end_array();
}

void write_share(JsonWriter& json, const char* name, std::uint64_t hits, std::uint64_t n) {
  json.key(name).begin_object();
  json.field("value", static_cast<double>(hits) / static_cast<double>(n));
  write_interval(json, "interval", rate_interval(hits, n, 0.05));
  json.field("n", n).end_object();
}

namespace {

struct Mode {
  std::string_view name;
  std::uint64_t times;  // unless said
  std::string (*report)(const std::string& data_folder, std::uint64_t times);
};

template <std::string (*Report)(std::uint64_t)>
std::string without_data(const std::string&, std::uint64_t times) {
  return Report(times);
}
constexpr std::array kModes = {
    Mode{"watched", 10'000, without_data<watched_report>},
    Mode{"split", 10'000, without_data<split_report>},
    Mode{"ratios", 10'000, without_data<ratios_report>},
    Mode{"personalization", 10'000, without_data<personalization_report>},
    Mode{"uplift", 1000, without_data<uplift_report>},
    Mode{"starbucks", 5, starbucks_report},
    Mode{"reports", 10'000'000, reports_report}};

int usage() {
  std::fputs("usage: proof_bench MODE [--data FOLDER] [--times N] [--commit C]; MODE:", stderr);
  for (const Mode& mode : kModes) std::fprintf(stderr, " %s", std::string(mode.name).c_str());
  std::fputs("\n", stderr);
  return 2;
}

int run(int argc, char** argv) {
  if (argc < 2 || argc % 2 != 0) return usage();
  const std::string_view wanted = argv[1];
  std::string commit = "unknown", data = "../shared/data";
  std::uint64_t times = 0;
  for (int i = 2; i < argc; i += 2) {
    const std::string_view name = argv[i], value = argv[i + 1];
    if (name == "--commit") {
      commit = value;
    } else if (name == "--data") {
      data = value;
    } else if (name == "--times") {
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), times);
      if (error != std::errc() || end != value.data() + value.size() || times == 0) return usage();
    } else {
      return usage();
    }
  }
  for (const Mode& mode : kModes) {
    if (mode.name != wanted) continue;
    const std::string report = mode.report(data, times > 0 ? times : mode.times);
    std::printf("{\"bench\":\"proof-%s\",\"commit\":\"%s\",%s\n", argv[1], commit.c_str(),
                report.c_str() + 1);
    return 0;
  }
  return usage();
}

}  // namespace
}  // namespace ante::bench

int main(int argc, char** argv) { return ante::bench::run(argc, argv); }
