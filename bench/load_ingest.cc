// Durable events per second, beside a loop that does nothing but write and sync on the same disk.

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <string>
#include <unistd.h>
#include <vector>

#include <fmt/core.h>

#include "bench/http_client.h"
#include "bench/load.h"
#include "bench/measure.h"
#include "bench/server_process.h"

namespace ante::bench {
namespace {

constexpr std::size_t kBatchEvents = 100;
constexpr std::size_t kBatchConnections = 16;
constexpr std::size_t kEventBytes = 300;

struct Rate {
  double per_second = 0, p99_ms = 0, cpu_us_per_event = 0;
  std::uint64_t failed = 0;
};

// Groups of `events`, each written with one write and one fdatasync.
double raw_per_second(const std::string& folder, std::size_t events, double seconds) {
  const std::string path = folder + "/raw-group-commit";
  const int file = open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0) {
    std::fprintf(stderr, "%s: cannot be written\n", path.c_str());
    std::exit(1);
  }
  const std::string group(events * kEventBytes, 'x');
  const std::int64_t start = now_ns(), end = start + static_cast<std::int64_t>(seconds * 1e9);
  std::uint64_t written = 0;
  while (now_ns() < end) {
    if (write(file, group.data(), group.size()) != static_cast<ssize_t>(group.size()) ||
        fdatasync(file) != 0) {
      std::fprintf(stderr, "%s: the disk refused\n", path.c_str());
      std::exit(1);
    }
    written += events;
  }
  const double wall = static_cast<double>(now_ns() - start) / 1e9;
  close(file);
  unlink(path.c_str());
  return static_cast<double>(written) / wall;
}

// `events` in each call, over `connections`, each sending its next when it has its answer.
Rate run_events(const LoadOptions& options, const ServerProcess& server, std::size_t events,
                std::size_t connections, const std::string& run) {
  HttpClient client(options.server, connections,
                    "Authorization: Bearer " + options.secret_key + "\r\n");
  Latencies latencies;
  Rate rate;
  std::uint64_t next = 0, stored = 0;
  const std::int64_t start = now_ns(),
                     end = start + static_cast<std::int64_t>(options.seconds * 1e9);
  const double cpu_before = server.cpu_seconds();
  const std::string at = wall_time_text();
  std::function<void()> post = [&] {
    std::string body = events > 1 ? "{\"batch\":[" : "";
    for (std::size_t i = 0; i < events; ++i) {
      const std::uint64_t number = next++;
      const auto person = static_cast<std::uint32_t>(scatter(number) % options.people);
      body += i > 0 ? "," : "";
      body += event_message(options, person,
                            static_cast<std::uint32_t>(scatter(number ^ 5) % options.items),
                            fmt::format("{}-{}", run, number), at);
    }
    body += events > 1 ? "]}" : "";
    client.send({"POST", events > 1 ? "/v1/batch" : "/v1/track", "", std::move(body)},
                [&](const HttpReply& reply) {
                  if (reply.status == 200) {
                    stored += events;
                    latencies.add(reply.latency_ns);
                  } else {
                    ++rate.failed;
                  }
                  if (now_ns() < end) {
                    post();
                  }
                });
  };
  for (std::size_t i = 0; i < connections; ++i) {
    post();
  }
  client.wait_until_idle();
  const double wall = static_cast<double>(now_ns() - start) / 1e9;
  rate.per_second = static_cast<double>(stored) / wall;
  rate.p99_ms = latencies.quantile_ms(.99);
  rate.cpu_us_per_event =
      (server.cpu_seconds() - cpu_before) * 1e6 / static_cast<double>(stored == 0 ? 1 : stored);
  return rate;
}

struct Series {
  std::vector<double> per_second, p99_ms, cpu_us, raw;
  std::string to_json() const {
    return fmt::format(
        R"({{"eventsPerSecond":{:.0f},"callP99Ms":{:.2f},"serverCpuMicroseconds":{:.2f},)"
        R"("rawEventsPerSecond":{:.0f},"shareOfRaw":{:.3f}}})",
        median(per_second), median(p99_ms), median(cpu_us), median(raw),
        median(raw) > 0 ? median(per_second) / median(raw) : 0);
  }
  void add(const Rate& rate, double raw_rate) {
    per_second.push_back(rate.per_second);
    p99_ms.push_back(rate.p99_ms);
    cpu_us.push_back(rate.cpu_us_per_event);
    raw.push_back(raw_rate);
  }
};

}  // namespace

int load_ingest(const LoadOptions& options) {
  const ServerProcess server(options.pid != 0 ? options.pid : process_listening_on(options.server));
  HttpClient client(options.server, 16, "Authorization: Bearer " + options.secret_key + "\r\n");
  LoadOptions shop = options;
  shop.people = 0;  // items only
  preload(client, shop);
  Series batches, singles;
  std::uint64_t failed = 0;
  const std::string began = wall_time_text();
  for (int run = 0; run < options.runs; ++run) {
    const auto raw = [&](std::size_t events) {
      return options.raw_folder.empty()
                 ? 0
                 : raw_per_second(options.raw_folder, events, options.seconds / 2);
    };
    const Rate batch = run_events(options, server, kBatchEvents, kBatchConnections,
                                  fmt::format("b{}-{}", run, began));
    batches.add(batch, raw(kBatchEvents));
    const Rate single =
        run_events(options, server, 1, options.connections, fmt::format("s{}-{}", run, began));
    singles.add(single, raw(options.connections));
    failed += batch.failed + single.failed;
    std::fprintf(stderr, "run %d: batches %.0f/s (raw %.0f), singles %.0f/s (raw %.0f)\n", run + 1,
                 batch.per_second, batches.raw.back(), single.per_second, singles.raw.back());
  }
  fmt::print(R"({{"bench":"load-ingest","commit":"{}","batchesOf100":{},"singlesOver{}":{},)"
             R"("failed":{},"residentPeakBytes":{}}})"
             "\n",
             options.commit, batches.to_json(), options.connections, singles.to_json(), failed,
             server.resident_peak_bytes());
  return failed == 0 ? 0 : 1;
}

// Writes `bytes` of event bodies, in batches; for measuring a start with a long log.
int load_fill(const LoadOptions& options) {
  HttpClient client(options.server, kBatchConnections,
                    "Authorization: Bearer " + options.secret_key + "\r\n");
  const std::string at = wall_time_text();
  std::uint64_t sent = 0, number = 0, failed = 0;
  while (sent < options.bytes) {
    while (client.open_calls() >= kBatchConnections) {
      client.poll(100);
    }
    std::string body = "{\"batch\":[";
    for (std::size_t i = 0; i < kBatchEvents * 5; ++i, ++number) {
      body += i > 0 ? "," : "";
      body += event_message(options, static_cast<std::uint32_t>(scatter(number) % options.people),
                            static_cast<std::uint32_t>(scatter(number ^ 5) % options.items),
                            fmt::format("f-{}-{}", options.name, number), at);
    }
    sent += body.size();
    client.send({"POST", "/v1/batch", "", body + "]}"},
                [&](const HttpReply& reply) { failed += reply.status == 200 ? 0 : 1; });
  }
  client.wait_until_idle();
  fmt::print(R"({{"bench":"load-fill","events":{},"bytes":{},"failed":{}}})"
             "\n",
             number, sent, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace ante::bench
