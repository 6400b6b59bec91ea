// Decisions under load: how many a server's processor second gives, and what half of it does to
// the answer times, beside /livez in the same seconds.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <simdjson.h>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "bench/http_client.h"
#include "bench/load.h"
#include "bench/measure.h"
#include "bench/server_process.h"

namespace ante::bench {
namespace {

constexpr double kLivezPerSecond = 200;
constexpr int kExplainSamples = 200;
constexpr int kFreshnessSamples = 300;
constexpr double kWarmUpSeconds = 2;

std::string authorization(const LoadOptions& options) {
  return "Authorization: Bearer " + options.secret_key + "\r\n";
}

HttpCall decide_call(std::uint32_t person, bool explain) {
  return {"POST", "/v1/decide", "",
          fmt::format(R"({{"slot":"home","anonymousId":"p{}","limit":10{}}})", person,
                      explain ? R"(,"explain":true)" : "")};
}

std::int64_t seconds_ns(double seconds) { return static_cast<std::int64_t>(seconds * 1e9); }

struct ClosedLoop {
  double per_cpu_second = 0, per_second = 0, p50_ms = 0, p99_ms = 0;
  std::uint64_t failed = 0;
};

ClosedLoop run_closed(const LoadOptions& options, const ServerProcess& server, double seconds,
                      std::uint64_t seed) {
  HttpClient client(options.server, options.connections, authorization(options));
  Latencies latencies;
  ClosedLoop result;
  std::uint64_t next = seed;
  const std::int64_t start = now_ns(), end = start + seconds_ns(seconds);
  const double cpu_before = server.cpu_seconds();
  std::function<void()> ask = [&] {
    const auto person = static_cast<std::uint32_t>(scatter(next++) % options.people);
    client.send(decide_call(person, false), [&](const HttpReply& reply) {
      if (reply.status == 200) {
        latencies.add(reply.latency_ns);
      } else {
        ++result.failed;
      }
      if (now_ns() < end) {
        ask();
      }
    });
  };
  for (std::size_t i = 0; i < options.connections; ++i) {
    ask();
  }
  client.wait_until_idle();
  const double wall = static_cast<double>(now_ns() - start) / 1e9;
  const double cpu = server.cpu_seconds() - cpu_before;
  const auto count = static_cast<double>(latencies.count());
  result.per_cpu_second = cpu > 0 ? count / cpu : 0;
  result.per_second = count / wall;
  result.p50_ms = latencies.quantile_ms(.5);
  result.p99_ms = latencies.quantile_ms(.99);
  return result;
}

struct OpenLoop {
  double decide_p50_ms = 0, decide_p99_ms = 0, livez_p50_ms = 0, livez_p99_ms = 0;
  std::uint64_t failed = 0;
};

// Both schedules are fixed beforehand; an answer's time counts from when it was due.
OpenLoop run_open(const LoadOptions& options, double rate, std::uint64_t seed) {
  HttpClient client(options.server, options.connections, authorization(options));
  Latencies decide, livez;
  OpenLoop result;
  const std::int64_t start = now_ns(), end = start + seconds_ns(options.seconds);
  std::uint64_t decides = 0, livezs = 0;
  const auto due = [&](std::uint64_t number, double per_second) {
    return start + static_cast<std::int64_t>(static_cast<double>(number) * 1e9 / per_second);
  };
  while (now_ns() < end) {
    const std::int64_t now = now_ns();
    for (std::int64_t at = due(livezs, kLivezPerSecond); at <= now;
         at = due(++livezs, kLivezPerSecond)) {
      client.send(
          {"GET", "/livez", "", ""}, [&](const HttpReply& reply) { livez.add(reply.latency_ns); },
          at);
    }
    for (std::int64_t at = due(decides, rate); at <= now; at = due(++decides, rate)) {
      const auto person = static_cast<std::uint32_t>(scatter(seed + decides) % options.people);
      client.send(
          decide_call(person, false),
          [&](const HttpReply& reply) {
            decide.add(reply.latency_ns);
            result.failed += reply.status == 200 ? 0 : 1;
          },
          at);
    }
    client.poll(1);
  }
  client.wait_until_idle();
  result.decide_p50_ms = decide.quantile_ms(.5);
  result.decide_p99_ms = decide.quantile_ms(.99);
  result.livez_p50_ms = livez.quantile_ms(.5);
  result.livez_p99_ms = livez.quantile_ms(.99);
  return result;
}

struct ExplainSample {
  std::vector<double> candidates, scored;
};

ExplainSample sample_explain(const LoadOptions& options) {
  HttpClient client(options.server, 1, authorization(options));
  simdjson::dom::parser parser;
  ExplainSample sample;
  for (int i = 0; i < kExplainSamples; ++i) {
    const auto person =
        static_cast<std::uint32_t>(scatter(static_cast<std::uint64_t>(i) + 77) % options.people);
    const HttpClient::Answer answer = client.call_and_wait(decide_call(person, true));
    simdjson::dom::element root;
    double candidates = 0;
    simdjson::dom::array hand;
    if (parser.parse(answer.body).get(root) == simdjson::SUCCESS &&
        root.at_pointer("/candidates").get(candidates) == simdjson::SUCCESS &&
        root.at_pointer("/hand").get(hand) == simdjson::SUCCESS) {
      sample.candidates.push_back(candidates);
      sample.scored.push_back(static_cast<double>(hand.size()));
    }
  }
  return sample;
}

std::string list_json(const std::vector<double>& values) {
  std::string out = "[";
  for (const double value : values) {
    out += fmt::format("{}{:.3f}", out.size() > 1 ? "," : "", value);
  }
  return out + "]";
}

}  // namespace

int load_decide(const LoadOptions& options) {
  HttpClient client(options.server, 16, authorization(options));
  const std::int64_t before = now_ns();
  preload(client, options);
  const double preload_s = static_cast<double>(now_ns() - before) / 1e9;
  const ServerProcess server(options.pid != 0 ? options.pid : process_listening_on(options.server));
  run_closed(options, server, kWarmUpSeconds, 1);
  std::vector<double> per_cpu, per_second, closed_p99, decide_p50, decide_p99, livez_p99, gap;
  std::uint64_t failed = 0;
  for (int run = 0; run < options.runs; ++run) {
    const auto seed = static_cast<std::uint64_t>(run + 1) << 32;
    const ClosedLoop closed = run_closed(options, server, options.seconds, seed);
    const OpenLoop open = run_open(options, closed.per_second / 2, seed + 1);
    per_cpu.push_back(closed.per_cpu_second);
    per_second.push_back(closed.per_second);
    closed_p99.push_back(closed.p99_ms);
    decide_p50.push_back(open.decide_p50_ms);
    decide_p99.push_back(open.decide_p99_ms);
    livez_p99.push_back(open.livez_p99_ms);
    gap.push_back(open.decide_p99_ms - open.livez_p99_ms);
    failed += closed.failed + open.failed;
    std::fprintf(stderr, "run %d: %.0f per cpu-s, %.0f/s, half load p99 %.3f ms, livez %.3f ms\n",
                 run + 1, closed.per_cpu_second, closed.per_second, open.decide_p99_ms,
                 open.livez_p99_ms);
  }
  const ExplainSample sample = sample_explain(options);
  const auto least = [](const std::vector<double>& values) {
    return values.empty() ? -1 : *std::min_element(values.begin(), values.end());
  };
  fmt::print(
      R"({{"bench":"load-decide","commit":"{}","items":{},"people":{},"eventsEach":{},)"
      R"("preloadSeconds":{:.1f},"decisionsPerServerCpuSecond":{:.0f},"decisionsPerSecond":{:.0f},)"
      R"("closedP99Ms":{:.3f},"halfLoadP50Ms":{:.3f},"halfLoadP99Ms":{:.3f},"livezP99Ms":{:.3f},)"
      R"("p99AboveLivezMs":{:.3f},"candidates":{{"median":{:.0f},"least":{:.0f}}},)"
      R"("scored":{{"median":{:.0f},"least":{:.0f}}},"failed":{},"residentPeakBytes":{},)"
      R"("runs":{{"decisionsPerServerCpuSecond":{},"halfLoadP99Ms":{},"livezP99Ms":{}}}}})"
      "\n",
      options.commit, options.items, options.people, options.events_each, preload_s,
      median(per_cpu), median(per_second), median(closed_p99), median(decide_p50),
      median(decide_p99), median(livez_p99), median(gap), median(sample.candidates),
      least(sample.candidates), median(sample.scored), least(sample.scored), failed,
      server.resident_peak_bytes(), list_json(per_cpu), list_json(decide_p99),
      list_json(livez_p99));
  return failed == 0 ? 0 : 1;
}

// From sending a click to the answer of a decision whose profile version is later than before.
int load_freshness(const LoadOptions& options) {
  HttpClient client(options.server, 1, authorization(options));
  preload(client, options);
  simdjson::dom::parser parser;
  const auto profile_version = [&](std::uint32_t person) -> std::int64_t {
    const HttpClient::Answer answer = client.call_and_wait(decide_call(person, true));
    simdjson::dom::element root;
    std::int64_t version = -1;
    if (answer.status != 200 || parser.parse(answer.body).get(root) != simdjson::SUCCESS ||
        root.at_pointer("/versions/profile").get(version) != simdjson::SUCCESS) {
      std::fprintf(stderr, "decide: %d %s\n", answer.status, answer.body.c_str());
      std::exit(5);
    }
    return version;
  };
  Latencies reflected;
  std::uint64_t at_once = 0;
  const std::string run = wall_time_text();
  for (std::uint32_t i = 0; i < kFreshnessSamples; ++i) {
    const auto person = static_cast<std::uint32_t>(scatter(i + 1234567) % options.people);
    const std::int64_t before = profile_version(person);
    const std::int64_t start = now_ns();
    const HttpClient::Answer click = client.call_and_wait(
        {"POST", "/v1/track", "",
         event_message(options, person, item_of_event(options, person, i + 1000),
                       fmt::format("fresh-{}-{}", run, i), wall_time_text())});
    if (click.status != 200) {
      std::fprintf(stderr, "track: %d %s\n", click.status, click.body.c_str());
      return 1;
    }
    int tries = 1;
    while (profile_version(person) <= before) {
      ++tries;
    }
    reflected.add(now_ns() - start);
    at_once += tries == 1 ? 1 : 0;
  }
  fmt::print(R"({{"bench":"load-freshness","commit":"{}","clicks":{},"reflectedInNextDecision":{},)"
             R"("clickToDecision":{}}})"
             "\n",
             options.commit, kFreshnessSamples, at_once, reflected.to_json());
  return 0;
}

}  // namespace ante::bench
