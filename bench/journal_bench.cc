// journal_bench DIR [seconds]: the journal in process beside the raw loop on the same disk, and the
// start after a kill with a long log. One line of JSON a measurement.
//
//   journal_bench DIR [seconds]       batches of 100 and singles, from 64 producers
//   journal_bench DIR fill MEGABYTES  appends a log of that size, then dies without a stop
//   journal_bench DIR start           opens what fill left, and says how long it took

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>
#include <vector>

#include <fmt/core.h>

#include "base/random.h"
#include "bench/ingest_raw.h"
#include "journal/journal.h"
#include "store/rocksdb_store.h"

namespace ante::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

NewRecord random_event(Random& random, std::size_t bytes) {
  NewRecord record;
  const std::uint64_t person = mix64(random.below(100'000) + 1);
  record.header.person = PersonHash{{person, person}};
  record.partition = partition_of(record.header.person);
  record.dedup = MessageKey{{random.next(), random.next()}};
  record.identity = RoutingId{RoutingKind::kAnonymous, "visitor-" + std::to_string(person)};
  record.body.resize(bytes);
  // Half of an event's bytes are words that repeat, half are its own.
  for (std::size_t i = 0; i < bytes; ++i) {
    record.body[i] = static_cast<char>(i < bytes / 2 ? 'a' + i % 23 : 'a' + random.below(26));
  }
  return record;
}

// A fold that only counts, so that the journal itself is measured.
class Count final : public LogConsumer {
 public:
  std::string_view name() const override { return "count"; }
  void consume(const CommittedRecord&) override { ++records; }
  std::string save() const override { return std::to_string(records); }
  Result<void> load(std::string_view) override { return {}; }
  std::uint64_t records = 0;
};

void die(const Error& error) {
  fmt::print(stderr, "{}\n", error.message);
  std::exit(1);
}

IngestRate journal_rate(const std::string& directory, const IngestLoad& load) {
  auto store = RocksdbStore::open(directory);
  if (!store.has_value()) die(store.error());
  const SystemClock clock;
  auto journal = Journal::open(**store, clock, {}, {}, {}, {}, die);
  if (!journal.has_value()) die(journal.error());
  std::atomic<bool> ended{false};
  std::atomic<std::uint64_t> events{0};
  std::vector<std::thread> producers;
  const std::uint64_t commits = (*store)->last_commit();
  const double cpu = process_cpu_us();
  const auto start = SteadyClock::now();
  for (std::size_t p = 0; p < load.producers; ++p) {
    producers.emplace_back([&, p] {
      Random random(p + 1);
      const NewRecord pattern = random_event(random, load.event_bytes);
      while (!ended) {
        std::vector<NewRecord> records;
        records.reserve(load.events_per_unit);
        for (std::size_t i = 0; i < load.events_per_unit; ++i) {
          NewRecord record = pattern;
          const std::uint64_t person = mix64(random.below(100'000) + 1);
          record.header.person = PersonHash{{person, person}};
          record.partition = partition_of(record.header.person);
          record.dedup = MessageKey{{random.next(), random.next()}};
          records.push_back(std::move(record));
        }
        const auto outcome = (*journal)->append_and_wait(std::move(records));
        if (!outcome.has_value()) die(outcome.error());
        events += load.events_per_unit;
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::duration<double>(load.seconds));
  const double elapsed = seconds_since(start);
  const auto done = static_cast<double>(events.load());
  const double cpu_spent = process_cpu_us() - cpu;
  const auto groups = static_cast<double>((*store)->last_commit() - commits);
  ended = true;
  for (std::thread& producer : producers) producer.join();
  if (const auto stopped = (*journal)->stop(); !stopped.has_value()) die(stopped.error());
  fmt::print("{{\"rocksdbMemoryMb\":{:.1f}}}\n",
             static_cast<double>((*store)->memory_bytes()) / 1e6);
  return {done / elapsed, groups / elapsed, done / groups, cpu_spent / done};
}

void print(const char* what, const IngestRate& rate) {
  fmt::print(
      "{{\"what\":\"{}\",\"eventsPerSecond\":{:.0f},\"groupsPerSecond\":{:.0f},"
      "\"eventsPerGroup\":{:.1f},\"cpuUsPerEvent\":{:.2f}}}\n",
      what, rate.events_per_second, rate.groups_per_second, rate.events_per_group,
      rate.cpu_us_per_event);
  std::fflush(stdout);
}

void measure(const std::string& directory, double seconds) {
  for (const std::size_t batch : {std::size_t{100}, std::size_t{1}}) {
    IngestLoad load;
    load.events_per_unit = batch;
    load.seconds = seconds;
    const std::string name = batch == 1 ? "singles" : "batches of 100";
    print(("raw, " + name).c_str(), raw_group_commit(directory + "/raw", load));
    const std::string db = directory + "/journal";
    print(("journal, " + name).c_str(), journal_rate(db, load));
    std::filesystem::remove_all(db);
  }
}

void fill(const std::string& directory, double megabytes) {
  auto store = RocksdbStore::open(directory + "/long");
  if (!store.has_value()) die(store.error());
  const SystemClock clock;
  Count count;
  auto journal = Journal::open(**store, clock, {&count}, {}, {}, {}, die);
  if (!journal.has_value()) die(journal.error());
  Random random(7);
  double written = 0;
  while (written < megabytes * 1e6) {
    std::vector<NewRecord> records;
    for (int i = 0; i < 5'000; ++i) {
      records.push_back(random_event(random, 300));
      written += 300;
    }
    const auto outcome = (*journal)->append_and_wait(std::move(records));
    if (!outcome.has_value()) die(outcome.error());
  }
  fmt::print("{{\"records\":{},\"logBytes\":{}}}\n", count.records, (*store)->log_bytes());
  std::fflush(stdout);
  std::_Exit(0);  // as a kill: nothing is flushed or closed
}

void start(const std::string& directory) {
  const auto begun = SteadyClock::now();
  auto store = RocksdbStore::open(directory + "/long");
  if (!store.has_value()) die(store.error());
  const double opened = seconds_since(begun);
  const SystemClock clock;
  Count count;
  auto journal = Journal::open(**store, clock, {&count}, {}, {}, {}, die);
  if (!journal.has_value()) die(journal.error());
  fmt::print(
      "{{\"what\":\"start after a kill\",\"openSeconds\":{:.2f},\"readySeconds\":{:.2f},"
      "\"foldedRecords\":{},\"rocksdbMemoryMb\":{:.1f}}}\n",
      opened, seconds_since(begun), count.records,
      static_cast<double>((*store)->memory_bytes()) / 1e6);
}

double number(const char* text, double otherwise) {
  double value = otherwise;
  std::from_chars(text, text + std::strlen(text), value);
  return value;
}

}  // namespace
}  // namespace ante::bench

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "journal_bench DIR [seconds | fill MEGABYTES | start]\n");
    return 2;
  }
  const std::string directory = argv[1];
  std::filesystem::create_directories(directory);
  const std::string what = argc > 2 ? argv[2] : "3";
  if (what == "fill") {
    ante::bench::fill(directory, argc > 3 ? ante::bench::number(argv[3], 1000) : 1000);
  } else if (what == "start") {
    ante::bench::start(directory);
  } else {
    ante::bench::measure(directory, ante::bench::number(what.c_str(), 3));
  }
  return 0;
}
