// CHECK(condition): a bug ends the process, in every build. Never reachable from input, a peer or
// bytes on disk: those give a Result.

#pragma once

namespace ante {

// Prints the place and the condition to stderr, then aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* condition);

}  // namespace ante

#define CHECK(condition)                               \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::ante::check_failed(__FILE__, __LINE__, #condition))
