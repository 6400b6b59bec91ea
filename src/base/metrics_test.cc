#include "base/metrics.h"

#include <limits>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/json_parser.h"
#include "base/log.h"

namespace ante {
namespace {

TEST(Metrics, WritesPrometheusText) {
  Metrics metrics;
  metrics.counter("b_total", "Things\nmany.", {{"slot", "ho\"me\\"}}).add(3);
  metrics.gauge("a_ratio", "Share.").set(0.5);
  metrics.gauge_from("c_bytes", "Asked.", [] { return 7.0; });
  Histogram& seconds = metrics.histogram("d_seconds", "Time.", {0.1, 1});
  for (const double value : {0.05, 0.1, 0.5, 2.0}) seconds.observe(value);
  seconds.observe(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(
      metrics.text(),
      "# HELP a_ratio Share.\n# TYPE a_ratio gauge\na_ratio 0.5\n"
      "# HELP b_total Things\\nmany.\n# TYPE b_total counter\nb_total{slot=\"ho\\\"me\\\\\"} 3\n"
      "# HELP c_bytes Asked.\n# TYPE c_bytes gauge\nc_bytes 7\n"
      "# HELP d_seconds Time.\n# TYPE d_seconds histogram\nd_seconds_bucket{le=\"0.1\"} 2\n"
      "d_seconds_bucket{le=\"1\"} 3\nd_seconds_bucket{le=\"+Inf\"} 4\nd_seconds_sum "
      "2.65\nd_seconds_count 4\n");
}

TEST(Metrics, ManyLabelsEndInOther) {
  Metrics metrics;
  for (int i = 0; i < 1000; ++i)
    metrics.counter("x_total", "X.", {{"name", std::to_string(i)}}).add();
  EXPECT_EQ(metrics.counter("x_total", "X.", {{"name", "other"}}).value(),
            1000 - (kLabelSetsMax - 1));
  EXPECT_EQ(metrics.counter("x_total", "X.", {{"name", "3"}}).value(), 1u);
  const std::string text = metrics.text();
  EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')),
            kLabelSetsMax + 2);
}

TEST(Metrics, CountsFromManyThreads) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) {
        metrics.counter("n_total", "N.").add();
        metrics.histogram("h_seconds", "H.", {1}).observe(0.5);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(metrics.counter("n_total", "N.").value(), 20'000u);
  EXPECT_DOUBLE_EQ(metrics.histogram("h_seconds", "H.", {1}).sum(), 10'000);
}

std::string logged(LogFormat format, std::string_view message) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const SimulatedClock clock(1795330800123);
  {
    Log log(clock, ends[1], format);
    log.debug("not shown");
    log.warning(message, {{"count", 3}, {"share", 0.5}, {"ok", true}, {"who", "per_0a"}});
  }
  close(ends[1]);
  std::string text(4096, '\0');
  const ssize_t size = read(ends[0], text.data(), text.size());
  close(ends[0]);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

TEST(Log, IsOneJsonObjectALineWhereThereIsNoTerminal) {
  EXPECT_EQ(logged(LogFormat::kAuto, "disk \"full\"\n"),
            "{\"ts\":\"2026-11-22T07:00:00.123Z\",\"level\":\"warning\",\"msg\":\"disk "
            "\\\"full\\\"\\n\",\"count\":3,"
            "\"share\":0.5,\"ok\":true,\"who\":\"per_0a\"}\n");
}

TEST(Log, HumanLinesLetNoControlCharactersThrough) {
  EXPECT_EQ(logged(LogFormat::kHuman, "a\x1b[31m\nb"),
            "07:00:00 WARNING a [31m b count=3 share=0.5 ok=true who=\"per_0a\"\n");
}

}  // namespace
}  // namespace ante
