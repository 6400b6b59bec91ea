// Events with a ledger kept outside the server: what was acknowledged must be there, once.
//
// A line of the ledger is `status person id`: acked (answered 2xx), rejected (answered otherwise)
// or unknown (no answer). Half of the unknown are sent again with the same id until they have an
// answer, and one in a hundred of the acked is sent again too: none of these may count twice. Runs
// until it is told to stop (SIGTERM, SIGINT) or its seconds are over.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>

#include <fmt/core.h>

#include "bench/http_client.h"
#include "bench/load.h"

namespace ante::bench {
namespace {

constexpr std::int64_t kAgainNs = 100'000'000;
constexpr double kDrainSeconds = 60;
constexpr std::size_t kOpenMax = 4'000;

volatile std::sig_atomic_t stop_asked = 0;
void ask_to_stop(int) { stop_asked = 1; }

struct Entry {
  std::uint32_t person = 0;
  std::string id;
  bool acked_before = false;  // sent again on purpose
};

class Ledger {
 public:
  explicit Ledger(const LoadOptions& options)
      : options_(options),
        client_(options.server, options.connections,
                "Authorization: Bearer " + options.secret_key + "\r\n"),
        file_(std::fopen(options.ledger.c_str(), "ae")) {
    if (file_ == nullptr) {
      std::fprintf(stderr, "%s: cannot be written\n", options.ledger.c_str());
      std::exit(1);
    }
  }
  ~Ledger() { std::fclose(file_); }
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  int run() {
    const std::int64_t start = now_ns(),
                       end = start + static_cast<std::int64_t>(options_.seconds * 1e9);
    std::uint64_t number = 0;
    while (now_ns() < end && stop_asked == 0) {
      const auto due =
          static_cast<std::uint64_t>(static_cast<double>(now_ns() - start) / 1e9 * options_.rate);
      // While the server is away the schedule goes on without its events.
      for (; number < due; ++number) {
        if (client_.open_calls() < kOpenMax) {
          const auto person = static_cast<std::uint32_t>(scatter(number) % options_.people);
          send(std::make_shared<Entry>(
                   Entry{person, fmt::format("{}-{}", options_.name, number), false}),
               0);
          ++sent_;
        }
      }
      client_.poll(2);
      std::fflush(file_);
    }
    draining_ = true;
    const std::int64_t drained = now_ns() + static_cast<std::int64_t>(kDrainSeconds * 1e9);
    while (!client_.idle() && now_ns() < drained) {
      client_.poll(100);
    }
    std::fflush(file_);
    fmt::print(R"({{"bench":"load-ledger","sent":{},"acked":{},"rejected":{},"unknown":{},)"
               R"("sentAgain":{},"undecided":{},"wallSeconds":{:.1f}}})"
               "\n",
               sent_, acked_, rejected_, unknown_, again_, client_.open_calls(),
               static_cast<double>(now_ns() - start) / 1e9);
    return client_.idle() ? 0 : 1;
  }

 private:
  void send(const std::shared_ptr<Entry>& entry, std::int64_t at_ns) {
    const auto item = static_cast<std::uint32_t>(scatter(entry->person) % options_.items);
    HttpCall call{"POST", "/v1/track", "",
                  event_message(options_, entry->person, item, entry->id, wall_time_text())};
    auto done = [this, entry](const HttpReply& reply) { settle(entry, reply); };
    if (at_ns == 0) {
      client_.send(std::move(call), std::move(done));
    } else {
      client_.send_at(at_ns, std::move(call), std::move(done));
    }
  }

  void settle(const std::shared_ptr<Entry>& entry, const HttpReply& reply) {
    const std::uint64_t lot = scatter(std::hash<std::string>{}(entry->id));
    if (reply.status == 0) {
      if (entry->acked_before || lot % 2 == 0) {
        ++again_;
        send(entry, now_ns() + kAgainNs);
      } else {
        ++unknown_;
        write("unknown", *entry);
      }
    } else if (reply.status / 100 == 2) {
      if (entry->acked_before) {
        return;
      }
      ++acked_;
      write("acked", *entry);
      if (lot % 100 < 2 && lot % 2 == 0 && !draining_) {
        ++again_;
        entry->acked_before = true;
        send(entry, now_ns() + kAgainNs * static_cast<std::int64_t>(1 + lot % 30));
      }
    } else if (!entry->acked_before) {
      ++rejected_;
      write("rejected", *entry);
    }
  }

  void write(const char* status, const Entry& entry) {
    std::fprintf(file_, "%s p%u %s\n", status, entry.person, entry.id.c_str());
  }

  const LoadOptions& options_;
  HttpClient client_;
  std::FILE* file_;
  bool draining_ = false;
  std::uint64_t sent_ = 0, acked_ = 0, rejected_ = 0, unknown_ = 0, again_ = 0;
};

}  // namespace

int load_ledger(const LoadOptions& options) {
  std::signal(SIGTERM, ask_to_stop);
  std::signal(SIGINT, ask_to_stop);
  return Ledger(options).run();
}

}  // namespace ante::bench
