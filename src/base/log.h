// The process log: one line a record, for people on a terminal and for machines elsewhere.
//
// In:   a short message and fields. Out: a JSON object a line ({"ts","level","msg",…}), or on a
// terminal "07:00:00 INFO  message key=value".
//
// Never an e-mail address or a raw id of a person: show a PersonHash. Any thread.

#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"

namespace ante {

enum class LogLevel : std::uint8_t { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3 };
enum class LogFormat : std::uint8_t { kAuto, kJson, kHuman };  // kAuto: human lines on a terminal

struct LogField {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, double, bool> value;

  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
  template <typename T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool>)
  LogField(std::string_view k, T v) : key(k), value(static_cast<std::int64_t>(v)) {}
};

class Log {
 public:
  // Writes to the file descriptor, which must stay open: 1 for stdout, 2 for stderr.
  Log(const Clock& clock, int descriptor, LogFormat format = LogFormat::kAuto,
      LogLevel level = LogLevel::kInfo);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  using Fields = std::initializer_list<LogField>;
  void debug(std::string_view message, Fields fields = {}) {
    write(LogLevel::kDebug, message, fields);
  }
  void info(std::string_view message, Fields fields = {}) {
    write(LogLevel::kInfo, message, fields);
  }
  void warning(std::string_view message, Fields fields = {}) {
    write(LogLevel::kWarning, message, fields);
  }
  void error(std::string_view message, Fields fields = {}) {
    write(LogLevel::kError, message, fields);
  }
  void write(LogLevel level, std::string_view message, Fields fields);

 private:
  struct Sink;
  std::unique_ptr<Sink> sink_;
};

}  // namespace ante
