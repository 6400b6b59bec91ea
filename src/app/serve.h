// The running server: opens the directory, listens, and stops cleanly on SIGTERM.

#pragma once

#include <optional>
#include <string>

#include "app/command.h"
#include "app/data_directory.h"

namespace ante {

struct ServeOptions {
  std::string data;
  std::string listen;  // "HOST:PORT"; empty = the setting
  std::optional<ClockKind> clock;
  int threads = 0;  // 0 = the setting
};

// Until SIGTERM or SIGINT.
Exit serve(const ServeOptions& options);
// "HOST:PORT", "[::1]:8080", ":8080". kInvalidArgument.
Result<std::pair<std::string, std::uint16_t>> parse_listen(std::string_view text);

}  // namespace ante
