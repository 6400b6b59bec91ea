#include "app/serve.h"

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/http_server.h"
#include "base/log.h"

namespace ante {
namespace {

// One datagram to the service manager; without one this does nothing.
void notify_service_manager(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (path == nullptr || std::strlen(path) >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, std::strlen(path));
  const bool is_abstract = path[0] == '@';
  if (is_abstract) address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
  const int file = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (file < 0) return;
  ::sendto(file, state.data(), state.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address), size);
  ::close(file);
}

LogLevel level_of(const std::string& name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "warning") return LogLevel::kWarning;
  return name == "error" ? LogLevel::kError : LogLevel::kInfo;
}

LogFormat format_of(const std::string& name) {
  if (name == "json") return LogFormat::kJson;
  return name == "human" ? LogFormat::kHuman : LogFormat::kAuto;
}

HttpServerOptions server_options(const ServeOptions& options, const Settings& settings) {
  HttpServerOptions http;
  http.local_socket = local_socket_path(options.data);
  http.threads = static_cast<unsigned>(options.threads > 0 ? options.threads
                                                           : settings.integer("http.threads"));
  const auto size = [&](const char* name) {
    return static_cast<std::size_t>(settings.integer(name));
  };
  http.limits.header_bytes_max = size("http.header_bytes_max");
  http.limits.header_count_max = size("http.header_count_max");
  http.limits.connections_max = size("http.connections_max");
  http.limits.requests_in_flight_max = size("http.requests_in_flight_max");
  http.limits.body_bytes_buffered_max = size("http.body_bytes_buffered_max");
  http.limits.header_timeout_ms = settings.integer("http.header_timeout_ms");
  http.limits.body_timeout_ms = settings.integer("http.body_timeout_ms");
  http.limits.idle_timeout_ms = settings.integer("http.idle_timeout_ms");
  http.limits.drain_ms = settings.integer("http.drain_ms");
  return http;
}

// Blocks the signals that end the server in every thread started from here on.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

// Metrics of the settings file that are not there yet, or are others there.
Result<void> define_metrics(Engine& engine, const Settings& settings, Log& log) {
  for (const Metric& wanted : settings.metrics()) {
    const auto object = engine.objects().find(kMetricObjectType, wanted.id);
    if (object && !object->deleted) {
      Result<Metric> present = metric_from_json(wanted.id, object->json);
      if (present) present->version = wanted.version;
      if (present && *present == wanted) continue;
    }
    TRY(engine.put_metric(wanted.id, metric_to_json(wanted), {"ante.toml", "as it says"},
                          std::nullopt));
    log.info("metric defined", {{"metric", wanted.id}, {"what", to_words(wanted)}});
  }
  return {};
}

Result<void> run(const ServeOptions& options, const Settings& settings, Log& log,
                 const Clock& clock) {
  const sigset_t signals = block_signals();
  auto directory = TRY(DataDirectory::open(
      options.data, settings, options.clock.value_or(ClockKind::kSystem), [&log](Error error) {
        // What was not synced must not be acknowledged, and a second fsync may lie.
        log.error("the journal cannot go on: the process ends", {{"error", error.message}});
        std::_Exit(static_cast<int>(Exit::kFailed));
      }));
  TRY(define_metrics(directory->engine(), settings, log));
  RouterOptions routing = directory->router_options(settings);
  if (!options.listen.empty()) routing.listen = address_here(options.listen);
  Router router(directory->engine(), std::move(routing));
  HttpServerOptions http = server_options(options, settings);
  std::tie(http.host, http.port) =
      TRY(parse_listen(options.listen.empty() ? settings.text("http.listen") : options.listen));
  auto server = TRY(HttpServer::start(http, router, clock, directory->metrics()));
  router.set_ready(true);
  log.info("ready", {{"address", http.host + ":" + std::to_string(server->port())},
                     {"clock", directory->simulated_clock() != nullptr ? "simulated" : "system"},
                     {"items", directory->engine().catalog().view().size()},
                     {"people", directory->engine().people().size()}});
  notify_service_manager("READY=1");
  int signal = 0;
  do {
    sigwait(&signals, &signal);
  } while (signal == SIGHUP);  // no setting can change without a restart
  log.info("stopping", {{"signal", signal}});
  notify_service_manager("STOPPING=1");
  router.set_ready(false);
  server->stop();
  router.stop();
  TRY(directory->engine().stop());
  log.info("stopped");
  return {};
}

}  // namespace

Result<std::pair<std::string, std::uint16_t>> parse_listen(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::uint16_t port = 0;
  if (colon != text.npos) {
    const char* begin = text.data() + colon + 1;
    const char* end = text.data() + text.size();
    const auto [at, failure] = std::from_chars(begin, end, port);
    if (failure == std::errc{} && at == end && begin != end) {
      std::string_view host = text.substr(0, colon);
      if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
      return std::pair(std::string(host.empty() ? "0.0.0.0" : host), port);
    }
  }
  return invalid_argument("listen on '" + std::string(text) + "': write HOST:PORT");
}

Exit serve(const ServeOptions& options) {
  const SystemClock clock;
  const auto settings = read_settings(options.data);
  if (!settings) return end_with(settings.error());
  Log log(clock, 1, format_of(settings->text("log.format")), level_of(settings->text("log.level")));
  const auto done = run(options, *settings, log, clock);
  if (done) return Exit::kOk;
  log.error("cannot serve", {{"error", done.error().message}});
  return end_with(done.error());
}

void add_serve_command(CommandLine line) {
  auto options = std::make_shared<ServeOptions>();
  auto clock = std::make_shared<std::string>("system");
  CLI::App* command = line.app.add_subcommand("serve", "Run the server");
  command->add_option("--listen", options->listen, "HOST:PORT (default: the setting http.listen)");
  command->add_option("--clock", *clock, "system, or simulated: the time comes with Ante-Now")
      ->check(CLI::IsMember({"system", "simulated"}));
  command->add_option("--threads", options->threads, "threads that answer requests")
      ->check(CLI::Range(1, 256));
  command->callback([line, options, clock] {
    options->data = line.common.data;
    options->clock = *clock == "simulated" ? ClockKind::kSimulated : ClockKind::kSystem;
    line.exit = serve(*options);
  });
}

}  // namespace ante
