// offline_bench bandit|speed|estimators|headlines|ledger [--data FOLDER] [--times N] [--commit C]

#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>

#include "bench/offline.h"

namespace {

constexpr const char* kUsage =
    "usage: offline_bench bandit|speed|estimators|headlines|ledger [--data FOLDER] [--times N]\n"
    "                     [--commit C]; N: shuffles, repetitions or draws\n";

int usage() {
  std::fputs(kUsage, stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace ante::bench;
  if (argc < 2 || argc % 2 != 0) return usage();
  const std::string mode = argv[1];
  std::string data = "../shared/data", commit = "unknown";
  std::uint64_t times = 0;
  for (int i = 2; i < argc; i += 2) {
    const std::string_view name = argv[i], value = argv[i + 1];
    if (name == "--data") {
      data = value;
    } else if (name == "--commit") {
      commit = value;
    } else if (name == "--times") {
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), times);
      if (error != std::errc() || end != value.data() + value.size() || times == 0) return usage();
    } else {
      return usage();
    }
  }
  std::string report;
  if (mode == "bandit") {
    report = bandit_report(data, times > 0 ? times : 20);
  } else if (mode == "speed") {
    report = speed_report();
  } else if (mode == "estimators") {
    report = estimators_report(data, times > 0 ? times : 2000);
  } else if (mode == "headlines") {
    report = headlines_report(data, times > 0 ? times : 200);
  } else if (mode == "ledger") {
    report = ledger_report(times > 0 ? times : 1000);
  } else {
    return usage();
  }
  std::printf("{\"bench\":\"offline-%s\",\"commit\":\"%s\",%s\n", mode.c_str(), commit.c_str(),
              report.c_str() + 1);
  return 0;
}
