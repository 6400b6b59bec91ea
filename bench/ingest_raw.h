// The yardstick of durable ingest: the same bytes in the same groups, written to one plain file
// with one fdatasync a group, and nothing else.
//
// Producers hand over a unit of `events_per_unit` events and wait until it is durable, as clients
// of the journal do.

#pragma once

#include <cstdint>
#include <string>

namespace ante::bench {

struct IngestLoad {
  std::size_t producers = 64;
  std::size_t events_per_unit = 1;
  std::size_t event_bytes = 300;
  double seconds = 3;
};

struct IngestRate {
  double events_per_second = 0;
  double groups_per_second = 0;
  double events_per_group = 0;
  double cpu_us_per_event = 0;
};

// Writes to `path` and removes it. A rate of 0 when the file cannot be written.
IngestRate raw_group_commit(const std::string& path, const IngestLoad& load);

// Processor time of this process so far, user and system, in microseconds.
double process_cpu_us();

}  // namespace ante::bench
