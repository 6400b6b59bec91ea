#include "app/data_directory.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/encoding.h"
#include "store/rocksdb_store.h"

extern char** environ;

namespace ante {
namespace {

constexpr const char* kSimulatedWord = "simulated";
constexpr DurationMs kKeepBetsMs = 1000;
constexpr std::uint64_t kCommitsLookedAt[] = {16, 1024, 65536};

std::string join(const std::string& directory, const char* name) { return directory + "/" + name; }

// Writes a file that is there whole or not at all.
Result<void> write_file(const std::string& path, std::string_view bytes, mode_t mode) {
  const std::string fresh = path + ".new";
  const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (file < 0) return unavailable("cannot write " + path + ": " + std::strerror(errno));
  const bool written =
      ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
      ::fsync(file) == 0;
  const int why = errno;
  ::close(file);
  if (!written || ::rename(fresh.c_str(), path.c_str()) != 0) {
    return unavailable("cannot write " + path + ": " + std::strerror(why));
  }
  return {};
}

std::string read_small_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(256, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
  while (!bytes.empty() && bytes.back() == '\n') bytes.pop_back();
  return bytes;
}

Result<SecretKey> read_secret(const std::string& directory) {
  const std::string path = join(directory, "secrets");
  struct stat about{};
  if (::stat(path.c_str(), &about) != 0) {
    return not_found(directory + " is no data directory; make one with: ante init --data " +
                     directory);
  }
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return invalid_argument(path + " can be read by others; fix: chmod 600 " + path);
  }
  const auto bytes = hex_decode(read_small_file(path));
  SecretKey secret{};
  if (!bytes || bytes->size() != secret.size()) return data_loss(path + " is damaged");
  std::copy(bytes->begin(), bytes->end(), secret.begin());
  return secret;
}

// Where the simulated time stood: the last time that people's records at the end of the log tell.
// Slots and keys may have been made before, by the real clock.
TimeMs last_time(const Store& store) {
  TimeMs last = 0;
  const std::uint64_t end = store.last_commit();
  for (const std::uint64_t back : kCommitsLookedAt) {
    const auto scanned =
        store.scan_log(end > back ? end - back : 0,
                       [&](std::uint64_t, std::uint16_t, std::string_view value) -> Result<bool> {
                         for (const CommittedRecord& record : TRY(decode_log_value(value))) {
                           if (record.partition != kControlPartition)
                             last = std::max(last, record.header.received_at);
                         }
                         return true;
                       });
    if (!scanned || last > 0 || back >= end) break;
  }
  return last;
}

class LockFile {
 public:
  static Result<LockFile> take(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0) return unavailable("cannot open " + path + ": " + std::strerror(errno));
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
      ::close(file);
      return unavailable("another process has this data directory open (" + path +
                         " is locked), and it does not answer on its local socket");
    }
    return LockFile(file);
  }
  LockFile(LockFile&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  LockFile& operator=(LockFile&&) = delete;
  ~LockFile() {
    if (file_ >= 0) ::close(file_);
  }

 private:
  explicit LockFile(int file) : file_(file) {}
  int file_;
};

EngineOptions engine_options(const Settings& settings, const SecretKey& secret, bool simulated) {
  EngineOptions options;
  options.secret = secret;
  options.seed = static_cast<std::uint64_t>(settings.integer("engine.seed"));
  // Two runs over the same directory must not draw the same ids; with a simulated clock they draw
  // the same, so that a trial can be repeated.
  std::uint64_t fresh = 0;
  if (!simulated) system_entropy({reinterpret_cast<std::uint8_t*>(&fresh), sizeof fresh});
  options.seed ^= fresh;
  options.entropy = system_entropy;
  const auto size = [&](const char* name) {
    return static_cast<std::size_t>(settings.integer(name));
  };
  options.journal.queue_records_max = size("journal.queue_records_max");
  options.journal.queue_bytes_max = size("journal.queue_bytes_max");
  options.journal.commit_records_max = size("journal.commit_records_max");
  options.journal.checkpoint_interval_ms = settings.integer("journal.checkpoint_interval_ms");
  options.journal.dedup_retention_ms = settings.integer("journal.dedup_retention_ms");
  options.ingest.trust_browser = settings.boolean("identity.trustBrowser");
  options.keep_bets_ms = kKeepBetsMs;
  return options;
}

}  // namespace

std::string local_socket_path(const std::string& directory) { return join(directory, "ante.sock"); }
std::string settings_path(const std::string& directory) { return join(directory, "ante.toml"); }

Result<Settings> read_settings(const std::string& directory) {
  Settings settings;
  const std::string path = settings_path(directory);
  if (std::filesystem::exists(path)) TRY(settings.read_file(path));
  std::vector<std::pair<std::string, std::string>> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == text.npos) continue;
    variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  TRY(settings.read_environment(variables));
  return settings;
}

bool is_initialised(const std::string& directory) {
  std::error_code ignored;
  return std::filesystem::exists(join(directory, "secrets"), ignored);
}

void system_entropy(std::span<std::uint8_t> bytes) {
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t n = ::getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    if (n > 0) filled += static_cast<std::size_t>(n);
    CHECK(n > 0 || errno == EINTR);
  }
}

Result<void> create_directory(const std::string& directory) {
  if (is_initialised(directory)) {
    return conflict(directory + " is a data directory already; its keys are shown only once");
  }
  std::error_code failure;
  std::filesystem::create_directories(directory, failure);
  if (failure) return unavailable("cannot make " + directory + ": " + failure.message());
  ::chmod(directory.c_str(), S_IRWXU);
  SecretKey secret{};
  system_entropy(secret);
  const std::string hex = hex_encode({reinterpret_cast<const char*>(secret.data()), secret.size()});
  return write_file(join(directory, "secrets"), hex + "\n", S_IRUSR | S_IWUSR);
}

struct DataDirectory::Parts {
  explicit Parts(LockFile l) : lock(std::move(l)) {}
  LockFile lock;
  Metrics metrics;
  SystemClock system_clock;
  std::unique_ptr<SimulatedClock> simulated;
  std::unique_ptr<RocksdbStore> store;
  std::unique_ptr<Engine> engine;
};

DataDirectory::DataDirectory(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
DataDirectory::~DataDirectory() = default;

Result<std::unique_ptr<DataDirectory>> DataDirectory::open(const std::string& directory,
                                                           const Settings& settings,
                                                           std::optional<ClockKind> wanted_clock,
                                                           std::function<void(Error)> on_fatal) {
  const SecretKey secret = TRY(read_secret(directory));
  auto parts = std::make_unique<Parts>(TRY(LockFile::take(join(directory, "lock"))));
  RocksdbOptions store_options;
  store_options.block_cache_bytes =
      static_cast<std::size_t>(settings.integer("store.block_cache_bytes"));
  store_options.memtable_bytes = static_cast<std::size_t>(settings.integer("store.memtable_bytes"));
  parts->store = TRY(RocksdbStore::open(directory, store_options));

  const std::string clock_path = join(directory, "clock");
  const bool is_simulated = read_small_file(clock_path) == kSimulatedWord;
  if (is_simulated && wanted_clock == ClockKind::kSystem) {
    return conflict(directory +
                    " was used with a simulated clock, and stays so; "
                    "add --clock simulated, or make another directory");
  }
  const bool simulate = is_simulated || wanted_clock == ClockKind::kSimulated;
  if (simulate) {
    const TimeMs last = last_time(*parts->store);
    parts->simulated = std::make_unique<SimulatedClock>(is_simulated ? last : 0);
  }
  const Clock& clock = simulate ? static_cast<const Clock&>(*parts->simulated)
                                : static_cast<const Clock&>(parts->system_clock);
  parts->engine =
      TRY(Engine::open(*parts->store, clock, parts->metrics,
                       engine_options(settings, secret, simulate), std::move(on_fatal)));
  if (simulate && !is_simulated) {
    if (parts->engine->people().size() > 0) {
      return conflict(directory +
                      " has people of the real clock; a simulated one would mix their "
                      "times. Make another directory");
    }
    TRY(write_file(clock_path, std::string(kSimulatedWord) + "\n", S_IRUSR | S_IWUSR));
  }
  return std::unique_ptr<DataDirectory>(new DataDirectory(std::move(parts)));
}

Engine& DataDirectory::engine() { return *parts_->engine; }
Metrics& DataDirectory::metrics() { return parts_->metrics; }
Store& DataDirectory::store() { return *parts_->store; }
const Clock& DataDirectory::clock() const { return parts_->engine->clock(); }
SimulatedClock* DataDirectory::simulated_clock() { return parts_->simulated.get(); }

std::string address_here(std::string_view listen) {
  if (listen.ends_with(":0")) return {};
  for (const std::string_view everywhere : {"0.0.0.0:", "[::]:", ":"}) {
    if (listen.starts_with(everywhere))
      return "localhost:" + std::string(listen.substr(everywhere.size()));
  }
  return std::string(listen);
}

RouterOptions DataDirectory::router_options(const Settings& settings) {
  RouterOptions options;
  options.simulated = parts_->simulated.get();
  options.listen = address_here(settings.text("http.listen"));
  options.public_url = settings.text("http.public_url");
  options.cors_origins = settings.texts("http.cors_origins");
  options.trust_browser = settings.boolean("identity.trustBrowser");
  options.key_rate = {settings.number("limits.key_requests_per_second"),
                      settings.number("limits.key_burst")};
  options.network_rate = {settings.number("limits.network_requests_per_second"),
                          settings.number("limits.network_burst")};
  options.failed_auth_cost = settings.number("limits.failed_auth_cost");
  system_entropy({reinterpret_cast<std::uint8_t*>(&options.seed), sizeof options.seed});
  return options;
}

}  // namespace ante
