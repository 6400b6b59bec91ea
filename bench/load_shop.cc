#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <simdjson.h>

#include <fmt/core.h>

#include "bench/http_client.h"
#include "bench/load.h"
#include "bench/replay_log.h"

namespace ante::bench {
namespace {

constexpr std::uint32_t kTopics = 50;
constexpr std::uint32_t kItemsPerImport = 1'000;
constexpr std::uint32_t kEventsPerBatch = 500;
constexpr std::size_t kCallsOpenMax = 16;
constexpr std::int64_t kHistoryMs = 3 * 86'400'000LL;

double unit(std::uint64_t value) { return static_cast<double>(scatter(value) >> 11) * 0x1p-53; }

void expect(const char* what, const HttpReply& reply) {
  if (reply.status / 100 != 2) {
    std::fprintf(stderr, "%s: %d %.*s\n", what, reply.status, static_cast<int>(reply.body.size()),
                 reply.body.data());
    std::exit(5);
  }
}

void send_bounded(HttpClient& client, const char* what, std::string path, std::string body) {
  while (client.open_calls() >= kCallsOpenMax) {
    client.poll(100);
  }
  client.send({"POST", std::move(path), "", std::move(body)},
              [what](const HttpReply& reply) { expect(what, reply); });
}

}  // namespace

std::uint64_t scatter(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

std::string wall_time_text(std::int64_t minus_ms) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return rfc3339(std::chrono::duration_cast<std::chrono::milliseconds>(now).count() - minus_ms);
}

std::string item_id(std::uint32_t item) { return fmt::format("item-{}", item); }

std::string item_line(const LoadOptions& options, std::uint32_t item) {
  const std::uint32_t second = static_cast<std::uint32_t>(scatter(item) % kTopics);
  return fmt::format(R"({{"id":"item-{}","kind":"article","title":"Number {} on topic {}",)"
                     R"("url":"https://shop.example/{}",)"
                     R"("topics":["topic-{}","topic-{}"],"publishedAt":"{}","evergreen":true}})"
                     "\n",
                     item, item, item % kTopics, item, item % kTopics,
                     second == item % kTopics ? kTopics : second,
                     wall_time_text(static_cast<std::int64_t>(unit(item) * kHistoryMs) +
                                    (item < options.items / 2 ? kHistoryMs : 0)));
}

std::uint32_t item_of_event(const LoadOptions& options, std::uint32_t person, std::uint32_t event) {
  const std::uint64_t seed = (std::uint64_t{person} << 20) + event;
  const std::uint32_t topic =
      unit(seed) < .7 ? static_cast<std::uint32_t>(scatter(person * 3 + event % 2) % kTopics)
                      : static_cast<std::uint32_t>(scatter(seed ^ 1) % kTopics);
  const double place =
      std::pow(unit(seed ^ 2), 3.0) * options.items / kTopics;  // a few are popular
  const std::uint32_t item = static_cast<std::uint32_t>(place) * kTopics + topic;
  return item < options.items ? item : topic % options.items;
}

std::string event_message(const LoadOptions&, std::uint32_t person, std::uint32_t item,
                          const std::string& id, const std::string& at) {
  return fmt::format(
      R"({{"type":"track","event":"Article Clicked","anonymousId":"p{}","messageId":"{}",)"
      R"("timestamp":"{}","context":{{"userAgent":"Mozilla/5.0 Firefox/128.0","locale":"en",)"
      R"("page":{{"path":"/articles/{}"}}}},"properties":{{"itemId":"item-{}","ledger":"{}"}}}})",
      person, id, at, item, item, id);
}

namespace {

// Until those who follow the log have seen all that was sent: what they do with it is not what is
// measured next.
void wait_for_followers(HttpClient& client) {
  simdjson::dom::parser parser;
  for (;;) {
    const HttpClient::Answer health = client.call_and_wait({"GET", "/healthz?verbose", "", ""});
    simdjson::dom::element root;
    std::int64_t last = -1, seen = -2, queued = -1;
    if (parser.parse(health.body).get(root) != simdjson::SUCCESS ||
        root.at_pointer("/journal/lastCommit").get(last) != simdjson::SUCCESS ||
        root.at_pointer("/journal/followerCommit").get(seen) != simdjson::SUCCESS ||
        root.at_pointer("/journal/queued").get(queued) != simdjson::SUCCESS) {
      std::fprintf(stderr, "healthz: %d %s\n", health.status, health.body.c_str());
      std::exit(5);
    }
    if (queued == 0 && seen == last) {
      return;
    }
    client.poll(50);
  }
}

}  // namespace

void preload(HttpClient& client, const LoadOptions& options) {
  const HttpClient::Answer slot =
      client.call_and_wait({"PUT", "/v1/slots/home", "",
                            R"({"channel":"site","limit":10,"safeDefault":{"best":true},)"
                            R"("goal":{"event":"click","windowMs":1800000,"value":1},)"
                            R"("brief":{"waived":{"by":"load","reason":"a load is measured"}}})"});
  expect("slot", {slot.status, slot.body, slot.retry_after_s, 0});
  if (options.preloaded) {
    return;
  }
  std::string lines;
  for (std::uint32_t item = 0; item < options.items; ++item) {
    lines += item_line(options, item);
    if ((item + 1) % kItemsPerImport == 0 || item + 1 == options.items) {
      send_bounded(client, "items", "/v1/items:import", std::move(lines));
      lines.clear();
    }
  }
  client.wait_until_idle();
  std::string batch;
  std::uint32_t count = 0;
  for (std::uint32_t event = 0; event < options.events_each; ++event) {
    const std::string at = wall_time_text(kHistoryMs - kHistoryMs / options.events_each *
                                                           static_cast<std::int64_t>(event + 1));
    for (std::uint32_t person = 0; person < options.people; ++person) {
      batch += batch.empty() ? "{\"batch\":[" : ",";
      batch += event_message(options, person, item_of_event(options, person, event),
                             fmt::format("pre-{}-{}", person, event), at);
      if (++count == kEventsPerBatch || (person + 1 == options.people)) {
        send_bounded(client, "batch", "/v1/batch", batch + "]}");
        batch.clear();
        count = 0;
      }
    }
  }
  client.wait_until_idle();
  wait_for_followers(client);
}

}  // namespace ante::bench
