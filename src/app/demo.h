// Runs the demo: a data directory that goes away, a server on this machine, a world played into it.
//
// Only statements that were measured in this run are printed.

#pragma once

#include <cstdint>
#include <string>

#include "app/command.h"

namespace ante {

inline constexpr std::uint32_t kDemoReadersSmall = 2'000;
inline constexpr std::uint32_t kDemoReadersLarge = 60'000;
inline constexpr std::uint16_t kDemoPort = 8080;
inline constexpr unsigned kDemoPortsTried = 20;

struct DemoOptions {
  std::uint32_t readers = kDemoReadersSmall;
  std::string listen;       // "HOST:PORT"; empty = 127.0.0.1:8080, or the next free port
  std::uint64_t seed = 1;   // of the world
  std::int32_t days = 0;    // of history; 0 = kDemoHistoryDays
  bool once = false;        // play, print truth beside estimate, end
  bool json = false;        // the last figures as JSON
  bool quiet = false;
};

// Until SIGTERM or SIGINT; with `once` until the history is played.
Exit run_demo(const DemoOptions& options);

}  // namespace ante
