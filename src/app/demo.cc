#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "api/http_server.h"
#include "app/data_directory.h"
#include "app/demo_command.h"
#include "app/demo_routes.h"
#include "app/demo_stage.h"
#include "app/serve.h"
#include "base/json_parser.h"
#include "base/json_writer.h"

namespace ante {
namespace {

using sim::Place;

constexpr std::uint32_t kDemoReadersSmall = 2'000;
constexpr std::uint32_t kDemoReadersLarge = 60'000;
constexpr std::uint16_t kDemoPort = 8080;
constexpr unsigned kDemoPortsTried = 20;

struct DemoOptions {
  std::uint32_t readers = kDemoReadersSmall;
  std::string listen;      // "HOST:PORT"; empty = 127.0.0.1:8080, or the next free port
  std::uint64_t seed = 1;  // of the world
  std::int32_t days = 0;   // of history; 0 = kDemoHistoryDays
  bool once = false;       // play, print truth beside estimate, end
  bool json = false;       // the last figures as JSON
  bool quiet = false;
};

constexpr const char* kMemoryFolder = "/dev/shm";
constexpr std::uintmax_t kMemoryBytesPerReader = 512 * 1024;  // more than twice what one leaves
constexpr DurationMs kWeekMs = 7 * kDayMs;
constexpr TimeMs kFirstMondayMs = 4 * kDayMs;  // 5 January 1970
constexpr std::size_t kReportBytesMax = 64 * 1024;
constexpr std::chrono::milliseconds kTick{250};
constexpr std::int64_t kNanosecondsInMs = 1'000'000;

// A directory that is removed with everything in it when the demo ends.
class TemporaryDirectory {
 public:
  static Result<TemporaryDirectory> make(std::uint32_t readers) {
    std::string path = TRY(parent(readers)) + "/ante-demo-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) {
      return unavailable("cannot make " + path + ": " + std::strerror(errno));
    }
    return TemporaryDirectory(std::move(path));
  }
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}
  TemporaryDirectory(TemporaryDirectory&& other) noexcept
      : path_(std::exchange(other.path_, std::string())) {}
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  // Memory, where there is plenty of it and nobody named a place: what is not kept need not wait
  // for a disk at every commit.
  static Result<std::string> parent(std::uint32_t readers) {
    std::error_code failure;
    const auto space = std::filesystem::space(kMemoryFolder, failure);
    if (!failure && std::getenv("TMPDIR") == nullptr &&
        space.available / kMemoryBytesPerReader >= readers) {
      return std::string(kMemoryFolder);
    }
    const auto usual = std::filesystem::temp_directory_path(failure);
    if (failure) return unavailable("no temporary folder: " + failure.message());
    return usual.string();
  }

  std::string path_;
};

// A history of `days` that began on a Monday and ends within the last week.
TimeMs history_start(TimeMs now_ms, std::int32_t days) {
  const TimeMs latest = now_ms - days * kDayMs;
  return kFirstMondayMs + (latest - kFirstMondayMs) / kWeekMs * kWeekMs;
}

Result<std::unique_ptr<HttpServer>> start_server(const DemoOptions& options, std::string& host,
                                                 HttpRoutes& routes, const Clock& clock,
                                                 Metrics& metrics) {
  HttpServerOptions http;
  http.port = kDemoPort;
  if (!options.listen.empty()) std::tie(http.host, http.port) = TRY(parse_listen(options.listen));
  host = http.host;
  const bool fixed = !options.listen.empty();
  for (unsigned tried = 1;; ++tried) {
    auto server = HttpServer::start(http, routes, clock, metrics);
    if (server) return server;
    if (fixed || server.error().code != ErrorCode::kUnavailable || tried == kDemoPortsTried) {
      return std::move(server).error();
    }
    ++http.port;
  }
}

std::string spaced(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, " ");
  return digits;
}

class Screen {
 public:
  explicit Screen(const DemoOptions& options)
      : quiet_(options.quiet || options.json), lively_(::isatty(STDERR_FILENO) != 0 && !quiet_) {}
  void line(std::string_view text) const {
    if (!quiet_) print_line(text);
    std::fflush(stdout);
  }
  // A line that the next one takes the place of; nothing where there is no terminal.
  void passing(std::string_view text) const {
    if (!lively_) return;
    std::fprintf(stderr, "\r\033[K%.*s", static_cast<int>(text.size()), text.data());
    std::fflush(stderr);
  }

 private:
  bool quiet_, lively_;
};

// What GET /v1/reports/lift says of a slot.
struct Estimate {
  std::string verdict, sentence;
  std::uint64_t treated = 0, holdout = 0;
  double treated_mean = 0, holdout_mean = 0;
  bool has_interval = false;
  double value = 0, low = 0, high = 0, fixed_low = 0, fixed_high = 0;
};

Result<Estimate> read_estimate(DemoConnection& connection, Place place) {
  const std::string target = "/v1/reports/lift?slot=" + std::string(sim::slot_name(place));
  const DemoAnswer answer = TRY(connection.call("GET", target, {}));
  if (answer.status != 200) return internal_error(target + " was answered " + answer.body);
  JsonParser parser(kReportBytesMax);
  const auto report = TRY(parser.parse(answer.body));
  Estimate estimate;
  std::string_view verdict, sentence;
  if (report["verdict"].get(verdict) || report["sentence"].get(sentence) ||
      report["treated"]["n"].get(estimate.treated) ||
      report["holdout"]["n"].get(estimate.holdout) ||
      report["treated"]["mean"].get(estimate.treated_mean) ||
      report["holdout"]["mean"].get(estimate.holdout_mean)) {
    return internal_error(target + ": the report lacks a member");
  }
  estimate.verdict = verdict;
  estimate.sentence = sentence;
  estimate.has_interval = !report["lift"]["value"].get(estimate.value) &&
                          !report["lift"]["interval"].at(0).get(estimate.low) &&
                          !report["lift"]["interval"].at(1).get(estimate.high) &&
                          !report["lift"]["fixedInterval"].at(0).get(estimate.fixed_low) &&
                          !report["lift"]["fixedInterval"].at(1).get(estimate.fixed_high);
  return estimate;
}

struct Figures {
  std::array<sim::Truth, sim::kPlaces> truth;
  std::array<Estimate, sim::kPlaces> estimate;
  std::vector<BetFigures> bets;  // none before the day they are placed
};

std::string truth_row(Place place, const sim::Truth& truth, const Estimate& estimate) {
  std::string row = fmt::format("  {:<12} {:+.3f}  ({:.3f} → {:.3f}, n {})", sim::slot_name(place),
                                truth.lift(), truth.as_general, truth.as_served, truth.readers);
  if (!estimate.has_interval) return fmt::format("{:<52}none yet: {}", row, estimate.verdict);
  const bool covered = truth.lift() >= estimate.low && truth.lift() <= estimate.high;
  return fmt::format("{:<52}{:+.3f} [{:+.3f}, {:+.3f}]  {:<18} {}", row, estimate.value,
                     estimate.low, estimate.high, estimate.verdict,
                     covered ? "truth inside" : "truth outside");
}

void print_comparison(const Figures& figures) {
  print_line("");
  print_line(
      "Truth beside estimate: goals gained per treated reader in the two days after the first "
      "exposure");
  print_line("  slot         truth: the same world again,      estimate: GET /v1/reports/lift,");
  print_line("               with the editor's list            95 % confidence sequence");
  for (const Place place : kAllPlaces) {
    const auto i = static_cast<std::size_t>(place);
    print_line(truth_row(place, figures.truth[i], figures.estimate[i]));
  }
  print_line("");
  for (const Place place : kAllPlaces) {
    print_line(fmt::format("  {:<12} “{}”", sim::slot_name(place),
                           figures.estimate[static_cast<std::size_t>(place)].sentence));
  }
  if (figures.bets.empty()) return;
  print_line("");
  print_line("Bets: goals gained per reader against those of its audience that were left alone");
  for (const BetFigures& bet : figures.bets) print_line("  " + to_row(bet));
}

void write_bet(JsonWriter& json, const BetFigures& bet) {
  json.begin_object().field("id", bet.id).field("state", bet.state).field("verdict", bet.verdict);
  json.field("people", bet.people).key("lift");
  if (bet.has_interval) {
    json.begin_object().field("value", bet.value).interval("interval", bet.low, bet.high);
    json.end_object();
  } else {
    json.null();
  }
  json.field("sentence", bet.sentence).field("whoPays", bet.who_pays).end_object();
}

void print_json(const Figures& figures, const DemoProgress& progress, double seconds) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("visits", progress.visits).field("requests", progress.requests);
  json.field("decisions", progress.decisions)
      .field("bets", progress.bets)
      .field("seconds", seconds);
  json.key("slots").begin_array();
  for (const Place place : kAllPlaces) {
    const sim::Truth& truth = figures.truth[static_cast<std::size_t>(place)];
    const Estimate& estimate = figures.estimate[static_cast<std::size_t>(place)];
    json.begin_object().field("slot", sim::slot_name(place)).key("truth").begin_object();
    json.field("readers", truth.readers).field("asServed", truth.as_served);
    json.field("asGeneral", truth.as_general).field("lift", truth.lift()).end_object();
    json.key("estimate").begin_object().field("verdict", estimate.verdict);
    json.field("treated", estimate.treated).field("holdout", estimate.holdout);
    json.field("treatedMean", estimate.treated_mean).field("holdoutMean", estimate.holdout_mean);
    json.key("lift");
    if (estimate.has_interval) {
      json.begin_object().field("value", estimate.value);
      json.interval("interval", estimate.low, estimate.high);
      json.interval("fixedInterval", estimate.fixed_low, estimate.fixed_high).end_object();
    } else {
      json.null();
    }
    json.field("sentence", estimate.sentence).end_object().end_object();
  }
  json.end_array().key("betsPlaced").begin_array();
  for (const BetFigures& bet : figures.bets) write_bet(json, bet);
  json.end_array().end_object();
  print_line(body);
}

// The running parts, in the order in which they are made and the reverse in which they end.
struct Parts {
  SystemClock real_clock;  // of connections' timeouts; the data lives in the demo's time
  std::optional<TemporaryDirectory> folder;
  std::unique_ptr<DataDirectory> directory;
  std::unique_ptr<sim::Magazine> world;
  std::unique_ptr<Router> router;
  std::unique_ptr<DemoPlayer> player;
  std::unique_ptr<DemoStage> stage;
  std::unique_ptr<DemoRoutes> routes;
  std::unique_ptr<HttpServer> server;
  std::string host, public_key, secret_key;
  std::int32_t history_days = kDemoHistoryDays;

  std::string address() const {
    const std::string shown = host == "0.0.0.0" || host == "127.0.0.1" ? "localhost" : host;
    return fmt::format("http://{}:{}", shown, server->port());
  }
  std::string reachable_host() const { return host == "0.0.0.0" ? "127.0.0.1" : host; }
};

double seconds_since(const Parts& parts, std::int64_t began_ns) {
  return static_cast<double>(parts.real_clock.monotonic_ns() - began_ns) / 1e9;
}

[[noreturn]] void end_at_once(const Error& error) {
  print_message("ante: the journal cannot go on: " + error.message);
  std::_Exit(static_cast<int>(Exit::kFailed));
}

// The player needs the port, the server the routes, the routes the stage, the stage the player: so
// the product's routes stand behind this door until the demo's are there.
class Door final : public HttpRoutes {
 public:
  explicit Door(HttpRoutes& product) : routes_(&product) {}
  void lead_to(HttpRoutes& routes) { routes_.store(&routes); }
  std::size_t body_bytes_max(const HttpRequest& head) const override {
    return routes_.load()->body_bytes_max(head);
  }
  void handle(const HttpRequest& request, Respond respond) override {
    routes_.load()->handle(request, std::move(respond));
  }
  HttpResponse refuse(const HttpRequest& head, const Problem& problem) override {
    return routes_.load()->refuse(head, problem);
  }

 private:
  std::atomic<HttpRoutes*> routes_;
};

// What a server does every second of a real day: learn, count, and move bets by rule.
Result<void> settle(Engine& engine) {
  TRY(engine.journal().flush());
  TRY(engine.keep_bets());
  return {};
}

Result<void> prepare(const DemoOptions& options, Parts& parts, std::unique_ptr<Door>& door) {
  if (options.days > 0) parts.history_days = options.days;
  parts.folder.emplace(TRY(TemporaryDirectory::make(options.readers)));
  const std::string data = parts.folder->path() + "/data";
  TRY(create_directory(data));
  const Settings settings;  // the defaults: a demo reads no files and no environment
  parts.directory = TRY(DataDirectory::open(data, settings, ClockKind::kSimulated, end_at_once));
  const TimeMs start = history_start(parts.real_clock.now_ms(), parts.history_days);
  parts.world = std::make_unique<sim::Magazine>(
      sim::MagazineOptions{.seed = options.seed, .readers = options.readers, .start_ms = start});
  parts.directory->simulated_clock()->advance_to(start);

  const Author author{"ante demo", "the demo's own"};
  Engine& engine = parts.directory->engine();
  parts.secret_key = TRY(engine.add_key(KeyKind::kSecret, {}, author)).text;
  parts.public_key = TRY(engine.add_key(KeyKind::kPublishable, {}, author)).text;
  parts.router = std::make_unique<Router>(engine, parts.directory->router_options(settings));
  door = std::make_unique<Door>(*parts.router);
  parts.server =
      TRY(start_server(options, parts.host, *door, parts.real_clock, parts.directory->metrics()));
  parts.router->set_ready(true);
  DemoPlayer::Server server{parts.reachable_host(), parts.server->port(), parts.secret_key,
                            [&engine] { return settle(engine); }};
  parts.player = std::make_unique<DemoPlayer>(*parts.world, std::move(server), kDemoConnections);
  parts.stage =
      std::make_unique<DemoStage>(*parts.world, *parts.player, *parts.directory->simulated_clock());
  parts.routes = std::make_unique<DemoRoutes>(*parts.router, *parts.stage, parts.public_key);
  door->lead_to(*parts.routes);
  return {};
}

Result<void> end(Parts& parts) {
  parts.router->set_ready(false);
  parts.player->stop();
  parts.server->stop();
  parts.stage.reset();
  parts.router->stop();
  return parts.directory->engine().stop();
}

Result<void> play_history(const DemoOptions& options, Parts& parts, const Screen& screen) {
  const std::int64_t began = parts.real_clock.monotonic_ns();
  screen.line(
      fmt::format("  · visitors    {} people, playing {} days; the first {} are the old way: "
                  "everybody gets the same",
                  spaced(options.readers), parts.history_days,
                  std::min(kDemoMailMergeDays, parts.history_days)));
  const TimeMs until = parts.world->day_start(parts.history_days);
  const auto done = parts.player->play_until(until, [&](const DemoProgress& now) {
    screen.passing(fmt::format("    day {} of {} · {} visits · {} decisions",
                               parts.world->day_of(now.now_ms), parts.history_days,
                               spaced(now.visits), spaced(now.decisions)));
  });
  screen.passing("");
  if (!done) return done.error();
  parts.stage->refresh_truth();
  const double seconds = seconds_since(parts, began);
  const DemoProgress played = parts.player->progress();
  std::size_t articles = 0, products = 0;
  for (std::size_t i = 0; i < played.items; ++i) {
    (parts.world->is_product(static_cast<sim::Piece>(i)) ? products : articles) += 1;
  }
  screen.line(
      fmt::format("  ✓ catalogue   {} articles, {} topics, {} things in the shop     made up here, "
                  "not downloaded",
                  spaced(articles), sim::kArticleTopicCount, products));
  screen.line(fmt::format(
      "  ✓ history     {} visits, {} requests, {} decisions of which {} bets, in {:.0f} s",
      spaced(played.visits), spaced(played.requests), spaced(played.decisions), spaced(played.bets),
      seconds));
  return {};
}

Result<Figures> compare(Parts& parts) {
  DemoConnection connection(parts.reachable_host(), parts.server->port(), parts.secret_key);
  Figures figures;
  for (const Place place : kAllPlaces) {
    const auto i = static_cast<std::size_t>(place);
    figures.estimate[i] = TRY(read_estimate(connection, place));
    figures.truth[i] = parts.player->truth(place);
  }
  if (parts.history_days <= kDemoBetsDay) return figures;
  for (const DemoBet& bet : demo_bets(*parts.world, parts.world->day_start(kDemoBetsDay))) {
    const std::string target = "/v1/bets/" + std::string(bet.id);
    const DemoAnswer answer = TRY(connection.call("GET", target, {}));
    if (answer.status != 200) return internal_error(target + " was answered " + answer.body);
    figures.bets.push_back(TRY(bet_figures(answer.body)));
  }
  return figures;
}

void print_welcome(const Parts& parts, const Screen& screen, const Figures& figures) {
  std::string slots;
  for (const Place place : kAllPlaces) {
    slots += fmt::format("{}{} {}", slots.empty() ? "" : ", ", sim::slot_name(place),
                         figures.estimate[static_cast<std::size_t>(place)].verdict);
  }
  screen.line("  ✓ 3 slots     " + slots);
  if (!figures.bets.empty()) {
    std::string bets;
    for (const BetFigures& bet : figures.bets)
      bets += fmt::format("{}{} {}", bets.empty() ? "" : ", ", bet.id, bet.verdict);
    screen.line("  ✓ 3 bets      " + bets);
  }
  screen.line("");
  screen.line("  Demo site  " + parts.address() +
              "/demo/      (be a visitor: click, pin, “not for me”; move the clock)");
  screen.line("  API        " + parts.address() + "/v1         key " + parts.public_key);
  screen.line("");
  screen.line("  Next: open the demo site, then try");
  screen.line("    curl -s " + parts.address() + "/v1/decide -H 'Authorization: Bearer " +
              parts.public_key + "' \\");
  screen.line("      -d '{\"slot\":\"article-end\",\"anonymousId\":\"me\"}'");
  screen.line("");
  screen.line("  Ctrl-C ends it; nothing is kept.");
}

// Real time passes on the demo's clock until a signal comes.
void wait_for_signal(const sigset_t& signals, const Clock& clock, DemoStage& stage) {
  std::int64_t before = clock.monotonic_ns();
  while (true) {
    const timespec tick{.tv_sec = 0, .tv_nsec = std::chrono::nanoseconds(kTick).count()};
    if (sigtimedwait(&signals, nullptr, &tick) > 0) return;
    const std::int64_t now = clock.monotonic_ns();
    const DurationMs passed = (now - before) / kNanosecondsInMs;
    stage.tick(passed);
    before += passed * kNanosecondsInMs;
  }
}

Result<void> run(const DemoOptions& options) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  const Screen screen(options);
  std::unique_ptr<Door> door;
  Parts parts;
  TRY(prepare(options, parts, door));
  screen.line("ante 0.1.0 · demo mode (nothing is saved; data in a temporary folder)");
  if (options.listen.empty() && parts.server->port() != kDemoPort) {
    screen.line(fmt::format("  port {} is taken: using {}", kDemoPort, parts.server->port()));
  }
  // Ctrl-C while the history plays: stop asking, then end in order.
  std::atomic<bool> played{false}, interrupted{false};
  std::thread watch([&] {
    while (!played.load()) {
      const timespec tick{.tv_sec = 0, .tv_nsec = std::chrono::nanoseconds(kTick).count()};
      if (sigtimedwait(&signals, nullptr, &tick) <= 0) continue;
      interrupted.store(true);
      parts.player->stop();
      return;
    }
  });
  const std::int64_t began = parts.real_clock.monotonic_ns();
  auto done = play_history(options, parts, screen);
  played.store(true);
  watch.join();
  if (interrupted.load()) return end(parts);
  if (done) {
    const double seconds = seconds_since(parts, began);
    auto figures = compare(parts);
    if (!figures) {
      done = figures.error();
    } else if (options.once) {
      options.json ? print_json(*figures, parts.player->progress(), seconds)
                   : print_comparison(*figures);
    } else {
      print_welcome(parts, screen, *figures);
      wait_for_signal(signals, parts.real_clock, *parts.stage);
    }
  }
  const auto ended = end(parts);
  return done ? ended : done;
}

// Until SIGTERM or SIGINT; with `once` until the history is played.
Exit run_demo(const DemoOptions& options) {
  const auto done = run(options);
  return done ? Exit::kOk : end_with(done.error());
}

}  // namespace

void add_demo_command(CommandLine line) {
  auto options = std::make_shared<DemoOptions>();
  auto size = std::make_shared<std::string>("small");
  CLI::App* command =
      line.app.add_subcommand("demo", "A made-up magazine with a history, to click in");
  command->add_option("--size", *size, "small: 2,000 readers; large: 60,000")
      ->check(CLI::IsMember({"small", "large"}));
  command->add_option("--listen", options->listen,
                      "HOST:PORT (default: 127.0.0.1:8080 or the next free port)");
  command->add_option("--seed", options->seed, "of the made-up world (default 1)");
  command->add_option("--days", options->days, "of history (default 90)")
      ->check(CLI::Range(1, 365));
  command->add_flag("--once", options->once, "play the history, print truth beside estimate, end");
  command->callback([line, options, size] {
    options->readers = *size == "large" ? kDemoReadersLarge : kDemoReadersSmall;
    options->json = line.common.json;
    options->quiet = line.common.quiet;
    line.exit = run_demo(*options);
  });
}

}  // namespace ante
