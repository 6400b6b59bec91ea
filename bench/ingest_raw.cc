#include "bench/ingest_raw.h"

#include <atomic>
#include <chrono>
#include <fcntl.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "base/mutex.h"

namespace ante::bench {

double process_cpu_us() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

namespace {

// What producers and the writer share.
struct Queue {
  Mutex mutex;
  ConditionVariable work, durable;
  std::size_t waiting = 0;    // units handed over
  std::uint64_t given = 0;    // tickets
  std::uint64_t written = 0;  // tickets that are durable
  bool ended = false;
};

void produce(Queue& queue) {
  while (true) {
    MutexLock lock(queue.mutex);
    if (queue.ended) return;
    const std::uint64_t ticket = ++queue.given;
    ++queue.waiting;
    queue.work.notify_one();
    while (queue.written < ticket && !queue.ended) queue.durable.wait(queue.mutex);
  }
}

}  // namespace

IngestRate raw_group_commit(const std::string& path, const IngestLoad& load) {
  const int file = open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return {};
  Queue queue;
  std::vector<std::thread> producers;
  for (std::size_t i = 0; i < load.producers; ++i) producers.emplace_back([&] { produce(queue); });
  std::uint64_t units = 0, groups = 0;
  bool good = true;
  const double cpu = process_cpu_us();
  const auto start = std::chrono::steady_clock::now();
  double elapsed = 0;
  while (good && elapsed < load.seconds) {
    std::size_t taken = 0;
    std::uint64_t last = 0;
    {
      MutexLock lock(queue.mutex);
      while (queue.waiting == 0) queue.work.wait(queue.mutex);
      taken = queue.waiting;
      last = queue.given;
      queue.waiting = 0;
    }
    const std::string bytes(taken * load.events_per_unit * load.event_bytes, 'e');
    good = write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
           fdatasync(file) == 0;
    units += taken;
    ++groups;
    elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    MutexLock lock(queue.mutex);
    queue.written = last;
    queue.ended = !good || elapsed >= load.seconds;
    queue.durable.notify_all();
  }
  for (std::thread& producer : producers) producer.join();
  close(file);
  unlink(path.c_str());
  if (!good) return {};
  const auto events = static_cast<double>(units * load.events_per_unit);
  return {events / elapsed, static_cast<double>(groups) / elapsed,
          events / static_cast<double>(groups), (process_cpu_us() - cpu) / events};
}

}  // namespace ante::bench
