// A data directory: its secret, its lock, its clock, and the engine opened in it.
//
// DIR/secrets (0600), DIR/lock (held while open), DIR/clock ("simulated", for ever), DIR/ante.toml,
// DIR/ante.sock (while a server runs); db/ and blobs/ belong to the store.
// One process at a time. Not thread-safe but for the engine in it.

#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "api/engine.h"
#include "api/router.h"
#include "app/settings.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"

namespace ante {

enum class ClockKind { kSystem, kSimulated };

std::string local_socket_path(const std::string& directory);
std::string settings_path(const std::string& directory);
// The defaults, then DIR/ante.toml if there is one, then the environment of this process.
Result<Settings> read_settings(const std::string& directory);
bool is_initialised(const std::string& directory);
// Makes the directory (0700) and its secret. kConflict: it has one already.
Result<void> create_directory(const std::string& directory);
// How a caller on this machine writes "HOST:PORT" that a server listens on; empty when the port is
// not known before (0).
std::string address_here(std::string_view listen);
// Fresh random bytes from the system.
void system_entropy(std::span<std::uint8_t> bytes);

class DataDirectory {
 public:
  // `wanted_clock`: none = whatever the directory is. kNotFound: not initialised; kConflict: its
  // clock is of the other kind; kUnavailable: another process holds the lock.
  static Result<std::unique_ptr<DataDirectory>> open(const std::string& directory,
                                                     const Settings& settings,
                                                     std::optional<ClockKind> wanted_clock,
                                                     std::function<void(Error)> on_fatal);
  ~DataDirectory();

  Engine& engine();
  Metrics& metrics();
  Store& store();
  const Clock& clock() const;
  SimulatedClock* simulated_clock();  // null: the system's
  RouterOptions router_options(const Settings& settings);

 private:
  struct Parts;
  explicit DataDirectory(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ante
