// Decisions in process, without sockets and without a disk: what a decision costs the thread that
// makes it, and what it costs the whole process (its record, and those who follow the log).
// One JSON object on stdout.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <span>
#include <string>
#include <sys/resource.h>

#include <fmt/core.h>

#include "api/decide_answer.h"
#include "api/engine.h"
#include "base/random.h"
#include "base/time_text.h"
#include "store/memory_store.h"

namespace ante {
namespace {

constexpr std::uint32_t kItems = 40'000;
constexpr std::uint32_t kTopics = 50;
constexpr std::uint32_t kEventsEach = 20;
constexpr std::uint32_t kBatch = 500;
constexpr DurationMs kHistoryMs = 3 * kDayMs;

// `who`: RUSAGE_THREAD or RUSAGE_SELF.
double cpu_seconds(int who) {
  rusage used{};
  getrusage(who, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

[[noreturn]] void give_up(const char* what, const Error& error) {
  std::fprintf(stderr, "decide_bench: %s: %s\n", what, error.message.c_str());
  std::exit(1);
}

void put_items(Engine& engine, TimeMs now_ms) {
  std::vector<Item> items;
  for (std::uint32_t i = 0; i < kItems; ++i) {
    Item item;
    item.id = fmt::format("item-{}", i);
    item.key = item_key(item.id);
    item.title = fmt::format("Number {} on topic {}", i, i % kTopics);
    item.topics = {fmt::format("topic-{}", i % kTopics), fmt::format("topic-{}", i * 7 % kTopics)};
    for (const std::string& topic : item.topics) item.topic_keys.push_back(topic_key(topic));
    item.published_at_ms = now_ms - i % 1000 * 250'000;
    item.evergreen = true;
    items.push_back(std::move(item));
  }
  if (const Result<void> put = engine.put_items_and_wait(std::move(items)); !put)
    give_up("items", put.error());
}

// Readers with two favourite topics of fifty, a few popular items in each.
void send_events(Engine& engine, std::uint32_t people, TimeMs now_ms) {
  Random random(7);
  std::string batch;
  std::uint32_t count = 0;
  const auto flush = [&] {
    std::promise<void> done;
    IngestCaller caller;
    caller.key = KeyClass::kSecret;
    engine.ingest().accept(caller, EndpointKind::kImport, batch + "]}",
                           [&done](const IngestReply& reply) {
                             if (reply.refused) give_up("events", *reply.refused);
                             if (!reply.rejected.empty())
                               give_up("events", invalid_argument(reply.rejected[0].detail));
                             done.set_value();
                           });
    done.get_future().wait();
    batch.clear();
    count = 0;
  };
  for (std::uint32_t event = 0; event < kEventsEach; ++event) {
    const std::string at = format_time(now_ms - kHistoryMs + kHistoryMs / kEventsEach * event);
    for (std::uint32_t person = 0; person < people; ++person) {
      const auto topic = static_cast<std::uint32_t>(
          random.uniform() < .7 ? (person * 3 + event % 2) % kTopics : random.below(kTopics));
      const double u = random.uniform();
      const auto item = static_cast<std::uint32_t>(u * u * u * kItems / kTopics) * kTopics + topic;
      batch += batch.empty() ? "{\"batch\":[" : ",";
      batch += fmt::format(
          R"({{"type":"track","event":"Article Clicked","anonymousId":"p{}","messageId":"m{}-{}",)"
          R"("timestamp":"{}","properties":{{"itemId":"item-{}"}}}})",
          person, person, event, at, item);
      if (++count == kBatch) flush();
    }
  }
  if (count > 0) flush();
}

int run(std::uint32_t people, std::uint32_t decisions) {
  MemoryStore store;
  const SystemClock clock;
  Metrics metrics;
  EngineOptions options;
  options.entropy = [](std::span<std::uint8_t> bytes) { std::ranges::fill(bytes, 7); };
  auto opened = Engine::open(store, clock, metrics, std::move(options),
                             [](const Error& error) { give_up("the journal", error); });
  if (!opened) give_up("open", opened.error());
  Engine& engine = **opened;
  const std::string slot =
      R"({"channel":"site","limit":10,"safeDefault":{"best":true},"goal":{"event":"click",)"
      R"("windowMs":1800000,"value":1},"brief":{"waived":{"by":"bench","reason":"measured"}}})";
  if (const auto put = engine.put_slot("home", slot, {"bench", "measured"}, {}); !put)
    give_up("slot", put.error());
  put_items(engine, clock.now_ms());
  send_events(engine, people, clock.now_ms());

  Random random(11);
  double candidates = 0;
  double scored = 0;
  double decide_s = 0;
  double answer_s = 0;
  std::size_t bytes = 0;
  std::string json;
  const double process_before = cpu_seconds(RUSAGE_SELF);
  for (std::uint32_t i = 0; i < decisions; ++i) {
    DecideRequest request;
    request.slot = "home";
    request.person =
        person_hash(engine.person_key(), kFirstTenant,
                    {RoutingKind::kAnonymous, fmt::format("p{}", random.below(people))});
    const double begin = cpu_seconds(RUSAGE_THREAD);
    const auto answer = engine.decisions().decide(request);
    const double decided = cpu_seconds(RUSAGE_THREAD);
    if (!answer) give_up("decide", answer.error());
    const PersonView person = engine.people().person(*request.person);
    json.clear();
    append_decide_answer(
        json,
        {.answer = *answer, .person = person.state.get(), .source_names = engine.source_names()});
    bytes += json.size();
    decide_s += decided - begin;
    answer_s += cpu_seconds(RUSAGE_THREAD) - decided;
    candidates += answer->decision.candidate_count;
    scored += static_cast<double>(answer->decision.hand.size());
  }
  const double process_s = cpu_seconds(RUSAGE_SELF) - process_before;
  const double n = decisions;
  fmt::print(R"({{"bench":"decide","people":{},"decisions":{},"candidates":{:.0f},"scored":{:.0f},)"
             R"("decideMicroseconds":{:.2f},"answerMicroseconds":{:.2f},"answerBytes":{:.0f},)"
             R"("processMicroseconds":{:.2f}}})"
             "\n",
             people, decisions, candidates / n, scored / n, decide_s / n * 1e6, answer_s / n * 1e6,
             static_cast<double>(bytes) / n, process_s / n * 1e6);
  return 0;
}

}  // namespace
}  // namespace ante

int main(int argc, char** argv) {
  const auto number = [&](int at, std::uint32_t otherwise) {
    return argc > at ? static_cast<std::uint32_t>(std::strtoul(argv[at], nullptr, 10)) : otherwise;
  };
  return ante::run(number(1, 20'000), number(2, 20'000));
}
