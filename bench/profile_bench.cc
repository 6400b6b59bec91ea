// What people and items cost: bytes a person, nanoseconds a fold and a read, an import, a put.
// One JSON object on stdout.

#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <malloc.h>
#include <string>
#include <unistd.h>
#include <vector>

#include "base/random.h"
#include "catalog/catalog.h"
#include "profile/features.h"
#include "profile/profile_store.h"

namespace ante {
namespace {

constexpr std::uint64_t kPeople = 100'000;
constexpr int kEventsEach = 20;
constexpr int kItems = 40'000;
constexpr TimeMs kStartMs = 1'700'000'000'000;

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

PersonHash person_of(std::uint64_t n) {
  const Hash128 h = hash128(std::to_string(n));
  return PersonHash{h};
}

// Readers with three favourite topics of twenty and something else now and then.
std::string event_body(Random& random, std::uint64_t person) {
  Event event;
  event.kind = random.below(20) == 0  ? EventKind::kPurchased
               : random.below(3) == 0 ? EventKind::kArticleRead
                                      : EventKind::kViewed;
  event.name = "Article Viewed";
  EventItem item;
  const std::uint64_t n = random.below(random.below(2) == 0 ? kItems : 500);
  item.id = "item-" + std::to_string(n);
  item.key = item_key(item.id);
  const std::uint64_t topic =
      random.below(5) == 0 ? random.below(20) : (person + random.below(3)) % 20;
  item.topics = {topic_key("topic" + std::to_string(topic))};
  item.known = true;
  event.items = {item};
  event.depth_percent = 50;
  return encode(event);
}

struct People {
  double fold_ns = 0, consume_ns = 0, person_ns = 0, features_ns = 0, find_ready_ns = 0;
  double resident_bytes_each = 0, counted_bytes_each = 0, encoded_bytes_each = 0;
};

void measure_reads(const ProfileStore& store, Random& random, People& result) {
  std::vector<PersonHash> asked;
  for (int i = 0; i < 200'000; ++i) asked.push_back(person_of(random.below(kPeople)));
  std::size_t seen = 0;
  double start = cpu_seconds();
  for (const PersonHash p : asked) seen += store.person(p).state->events;
  result.person_ns = (cpu_seconds() - start) / 200'000 * 1e9;
  const PersonHash last = person_of(kPeople - 1);
  start = cpu_seconds();
  for (int i = 0; i < 200'000; ++i) seen += store.find(last)->events;
  result.find_ready_ns = (cpu_seconds() - start) / 200'000 * 1e9;
  const PersonView view = store.person(last);
  start = cpu_seconds();
  for (int i = 0; i < 100'000; ++i)
    seen += PersonFeatures(*view.state, kStartMs).in_visit() ? 1 : 0;
  result.features_ns = (cpu_seconds() - start) / 100'000 * 1e9;
  if (seen == 0) std::fputs("nobody was seen\n", stderr);
}

People measure_people() {
  People result;
  Random random(1);
  constexpr std::uint64_t kBodies = 4096;
  std::vector<std::string> bodies;
  for (std::uint64_t i = 0; i < kBodies; ++i) bodies.push_back(event_body(random, i));
  CommittedRecord record;
  record.header.kind = RecordKind::kEvent;
  {
    std::vector<PersonState> states(512);
    const double start = cpu_seconds();
    for (std::uint64_t i = 0; i < 400'000; ++i) {
      record.header.occurred_at = record.header.received_at =
          kStartMs + static_cast<TimeMs>(i * 1000);
      record.sequence = Sequence{i + 1};
      record.body = bodies[i % kBodies];
      fold(states[i % 512], record);
    }
    result.fold_ns = (cpu_seconds() - start) / 400'000 * 1e9;
  }
  malloc_trim(0);
  const std::size_t before = resident_bytes();
  ProfileStore store;
  std::uint64_t sequence = 0;
  double spent = 0;
  for (int e = 0; e < kEventsEach; ++e) {
    for (std::uint64_t p = 0; p < kPeople; p += 1000) {
      std::vector<std::string> round;
      for (std::uint64_t k = 0; k < 1000; ++k) round.push_back(event_body(random, p + k));
      const double start = cpu_seconds();
      for (std::uint64_t k = 0; k < 1000; ++k) {
        record.header.person = person_of(p + k);
        record.header.occurred_at = record.header.received_at =
            kStartMs + e * kDayMs + static_cast<TimeMs>(p + k);
        record.sequence = Sequence{++sequence};
        record.body = round[k];
        store.consume(record);
      }
      spent += cpu_seconds() - start;
    }
  }
  result.consume_ns = spent / (kPeople * kEventsEach) * 1e9;
  std::vector<std::pair<std::string, std::string>> rows;
  std::size_t encoded = 0;
  for (std::uint16_t p = 0; p < kPeoplePartitions; ++p) {
    store.collect_dirty(Partition{p}, rows);
    for (const auto& row : rows) encoded += row.second.size();
    rows.clear();
  }
  rows.shrink_to_fit();
  malloc_trim(0);
  result.resident_bytes_each = static_cast<double>(resident_bytes() - before) / kPeople;
  result.counted_bytes_each = static_cast<double>(store.memory_bytes()) / kPeople;
  result.encoded_bytes_each = static_cast<double>(encoded) / kPeople;

  measure_reads(store, random, result);
  return result;
}

struct Items {
  double bulk_s = 0, batches_s = 0, singles_s = 0, put_us = 0, worst_put_ms = 0, find_ns = 0,
         search_us = 0;
};

Item bench_item(Random& random, int n) {
  Item item;
  item.id = "item-" + std::to_string(n);
  item.key = item_key(item.id);
  item.published_at_ms = kStartMs + static_cast<TimeMs>(random.below(90 * kDayMs));
  for (int i = 0; i < 25; ++i)
    item.title += "word" + std::to_string(random.below(1 + random.below(20'000))) + " ";
  for (int i = 0; i < 3; ++i) {
    item.topics.push_back("topic" + std::to_string(random.below(20)));
    item.topic_keys.push_back(topic_key(item.topics.back()));
  }
  return item;
}

double import_seconds(Catalog& catalog, const std::vector<std::string>& bodies,
                      std::size_t commit_items) {
  const double start = cpu_seconds();
  CommittedRecord record;
  record.header.kind = RecordKind::kItem;
  record.partition = kControlPartition;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    record.header.received_at = kStartMs;
    record.body = bodies[i];
    catalog.consume(record);
    if ((i + 1) % commit_items == 0) catalog.commit_consumed(Commit{i + 1});
  }
  catalog.publish();
  return cpu_seconds() - start;
}

Items measure_items() {
  Items result;
  Random random(2);
  std::vector<std::string> bodies;
  for (int i = 0; i < kItems; ++i) bodies.push_back(encode(bench_item(random, i)));
  ItemInterner a, b, c;
  Catalog bulk(a), batches(b), singles(c);
  result.bulk_s = import_seconds(bulk, bodies, bodies.size());
  result.batches_s = import_seconds(batches, bodies, 100);
  result.singles_s = import_seconds(singles, bodies, 1);
  double worst = 0;
  const double start = cpu_seconds();
  for (int i = 0; i < 2000; ++i) {
    const std::vector<std::string> one{
        encode(bench_item(random, static_cast<int>(random.below(kItems + 1000))))};
    const double put = import_seconds(bulk, one, 1);
    worst = std::max(worst, put);
  }
  result.put_us = (cpu_seconds() - start) / 2000 * 1e6;
  result.worst_put_ms = worst * 1e3;
  const CatalogView view = bulk.view();
  std::size_t seen = 0;
  double t = cpu_seconds();
  for (int i = 0; i < 1'000'000; ++i) seen += a.find(item_key("item-1")) ? 1 : 0;
  result.find_ns = (cpu_seconds() - t) / 1e6 * 1e9;
  t = cpu_seconds();
  for (int i = 0; i < 500; ++i)
    seen += view.text().search("word" + std::to_string(i) + " word9 word12000", 50).size();
  result.search_us = (cpu_seconds() - t) / 500 * 1e6;
  if (seen == 0) std::fputs("nothing was seen\n", stderr);
  return result;
}

int run() {
  const People p = measure_people();
  const Items i = measure_items();
  std::printf(
      "{\"people\":%llu,\"eventsEach\":%d,\"foldNs\":%.0f,\"consumeNs\":%.0f,\"personNs\":%.0f,"
      "\"findReadyNs\":%.0f,"
      "\"featuresNs\":%.0f,\"residentBytesEach\":%.0f,\"countedBytesEach\":%.0f,"
      "\"encodedBytesEach\":%.0f,"
      "\"items\":%d,\"importOneCommitS\":%.3f,\"importBy100S\":%.3f,\"importBy1S\":%.3f,\"putUs\":%"
      ".1f,"
      "\"worstPutMs\":%.2f,\"internFindNs\":%.1f,\"searchUs\":%.1f}\n",
      static_cast<unsigned long long>(kPeople), kEventsEach, p.fold_ns, p.consume_ns, p.person_ns,
      p.find_ready_ns, p.features_ns, p.resident_bytes_each, p.counted_bytes_each,
      p.encoded_bytes_each, kItems, i.bulk_s, i.batches_s, i.singles_s, i.put_us, i.worst_put_ms,
      i.find_ns, i.search_us);
  return 0;
}

}  // namespace
}  // namespace ante

int main() { return ante::run(); }
