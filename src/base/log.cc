#include "base/log.h"

#include <algorithm>
#include <cerrno>
#include <unistd.h>

#include <spdlog/sinks/sink.h>
#include <spdlog/spdlog.h>

#include "base/json_writer.h"
#include "base/mutex.h"
#include "base/time_text.h"

namespace ante {

namespace {

// Whole lines to a file descriptor; a line that cannot be written is lost, the process goes on.
class DescriptorSink final : public spdlog::sinks::sink {
 public:
  explicit DescriptorSink(int descriptor) : descriptor_(descriptor) {}

  void log(const spdlog::details::log_msg& message) override {
    std::string line(message.payload.data(), message.payload.size());
    line.push_back('\n');
    std::string_view rest = line;
    MutexLock lock(mutex_);
    while (!rest.empty()) {
      const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  Mutex mutex_;  // one line at a time
  int descriptor_;
};

const char* level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

void write_value(JsonWriter& json, const LogField& field) {
  if (const auto* text = std::get_if<std::string_view>(&field.value))
    json.string(*text);
  else if (const auto* whole = std::get_if<std::int64_t>(&field.value))
    json.number(*whole);
  else if (const auto* real = std::get_if<double>(&field.value))
    json.number(*real);
  else
    json.boolean(std::get<bool>(field.value));
}

std::string json_line(TimeMs now, LogLevel level, std::string_view message, Log::Fields fields) {
  std::string line;
  JsonWriter json(line);
  json.begin_object()
      .field("ts", format_time(now))
      .field("level", level_name(level))
      .field("msg", message);
  for (const LogField& field : fields) {
    json.key(field.key);
    write_value(json, field);
  }
  json.end_object();
  return line;
}

std::string human_line(TimeMs now, LogLevel level, std::string_view message, Log::Fields fields) {
  std::string line = format_time(now).substr(11, 8) + " ";
  std::string name = level_name(level);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return static_cast<char>(c - 32); });
  name.resize(8, ' ');
  // Messages may quote what came from outside: control characters must not reach a terminal.
  for (const char c : message)
    name.push_back(static_cast<std::uint8_t>(c) < 0x20 || c == 0x7f ? ' ' : c);
  line += name;
  for (const LogField& field : fields) {
    line.append(" ").append(field.key).append("=");
    JsonWriter json(line);
    write_value(json, field);
  }
  return line;
}

}  // namespace

struct Log::Sink {
  const Clock& clock;
  bool human;
  spdlog::logger logger;
};

Log::Log(const Clock& clock, int descriptor, LogFormat format, LogLevel level) {
  const bool human =
      format == LogFormat::kHuman || (format == LogFormat::kAuto && ::isatty(descriptor) != 0);
  sink_ = std::unique_ptr<Sink>(
      new Sink{clock, human, spdlog::logger("ante", std::make_shared<DescriptorSink>(descriptor))});
  sink_->logger.set_level(spdlog_level(level));
}

Log::~Log() = default;

void Log::write(LogLevel level, std::string_view message, Fields fields) {
  if (!sink_->logger.should_log(spdlog_level(level))) return;
  const TimeMs now = sink_->clock.now_ms();
  const std::string line = sink_->human ? human_line(now, level, message, fields)
                                        : json_line(now, level, message, fields);
  sink_->logger.log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace ante
