// One replay against one server: the calls a log needs, their failures, and what came back.
//
// In:   decisions, events, rewards and items with their simulated time.
// Out:  parsed decisions; counts by outcome, arm, rung and status; latencies; a JSON report.
//
// A refusal with Retry-After is retried and counted; every other failure is counted and kept with
// its first answer. Single thread, inside the client's poll().

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bench/http_client.h"
#include "bench/measure.h"
#include "bench/server_process.h"

namespace ante::bench {

struct ReplayOptions {
  std::string log;  // globo | retail
  std::string data = "../shared/data";
  std::string server = "127.0.0.1:8080";
  std::string secret_key;
  std::size_t in_flight = 64;
  std::int64_t window_ms = 600'000;  // see VisitorQueue
  std::size_t rows_max = 0;          // 0 = the whole log
  double damage = 0;                 // share of lines replaced by damaged bytes
  std::string json_path;             // empty = standard output
  std::string commit = "unknown";
  int pid = 0;  // of the server; 0 = who listens there
};

struct Ranked {
  std::uint32_t item = 0;
  double score = 0;
};

struct Served {
  std::uint32_t item = 0;
  std::string token;
};

struct Decided {
  bool ok = false;
  bool treated = false;
  std::string id, outcome;
  std::vector<Served> served;
  std::vector<Ranked> exploit;  // best first
};

struct DecideAsk {
  std::int64_t now_ms = 0;
  std::string slot;
  std::string person_json;   // "anonymousId":"…" or "userId":"…"
  std::string exclude_json;  // ["a","b"]; empty = none
  std::string situation_json;
};

class ReplaySession {
 public:
  ReplaySession(const ReplayOptions& options, const std::vector<std::string>& item_ids);

  void decide(const DecideAsk& ask, std::function<void(const Decided&)> done);
  // `done` also after a failure: the log goes on.
  void post(const char* kind, const char* method, std::string path, std::int64_t now_ms,
            std::string body, std::function<void()> done);
  // Sends bytes that are no JSON; anything but a 4xx counts as a failure.
  void post_damaged(std::string path, std::int64_t now_ms, std::string body, std::uint64_t seed,
                    std::function<void()> done);
  void poll() { client_.poll(100); }
  std::size_t open_calls() const { return client_.open_calls(); }
  // A PUT whose failure ends the program: without the slot nothing can be measured.
  void require(const char* method, const std::string& path, std::int64_t now_ms,
               const std::string& body);

  std::uint64_t failures() const;
  std::uint64_t damaged_refused() const { return damaged_refused_; }
  // Members of the report about the run itself, without braces.
  std::string report_json() const;

 private:
  struct Call {
    const char* kind;
    HttpCall http;
    std::function<void(const HttpReply&)> done;
    int tries = 0;
  };
  void submit(std::shared_ptr<Call> call);
  void settle(const std::shared_ptr<Call>& call, const HttpReply& reply);
  Decided parse(std::string_view body);
  std::uint32_t item_of(std::string_view id) const;
  void count_failure(const char* kind, int status, std::string_view body);

  const ReplayOptions& options_;
  HttpClient client_;
  ServerProcess server_;
  simdjson::dom::parser parser_;
  std::unordered_map<std::string_view, std::uint32_t> items_;
  std::map<std::string, std::uint64_t> outcomes_, arms_, rungs_, fallbacks_;
  std::map<std::string, std::uint64_t> sent_, failed_, retried_;
  std::map<std::string, std::string> first_failure_;
  std::uint64_t damaged_refused_ = 0, decisions_ = 0;
  Latencies decide_latencies_, track_latencies_;
  std::int64_t started_ns_ = 0;
  double server_cpu_at_start_ = 0;
};

// Steps of the log in time order, at most `in_flight` visitors at once, each visitor's own steps
// strictly one after the other. A step is a function that is given what to call when it is done.
// What the log holds apart stays apart: no step begins while one is unfinished that is `window_ms`
// older. A small shop's day would else be decided before any of its orders was heard of.
class VisitorQueue {
 public:
  using Step = std::function<void(std::function<void()> done)>;
  VisitorQueue(std::size_t in_flight, std::int64_t window_ms)
      : in_flight_(in_flight), window_ms_(window_ms) {}
  bool has_room(std::int64_t at_ms) const {
    return active_ < in_flight_ && backlog_ < kBacklogMax &&
           (unfinished_.empty() || at_ms < *unfinished_.begin() + window_ms_);
  }
  bool empty() const { return active_ == 0; }
  void add(std::uint64_t visitor, std::int64_t at_ms, Step step);
  std::size_t active_most() const { return active_most_; }

 private:
  static constexpr std::size_t kBacklogMax = 512;  // steps that wait for their visitor
  struct Timed {
    std::int64_t at_ms = 0;
    Step step;
  };
  void run(std::uint64_t visitor, Timed timed);
  std::size_t in_flight_;
  std::int64_t window_ms_;
  std::multiset<std::int64_t> unfinished_;
  std::size_t active_ = 0, backlog_ = 0, active_most_ = 0;
  std::unordered_map<std::uint64_t, std::deque<Timed>> waiting_;  // a key = in flight
};

inline constexpr std::int64_t kSecondMs = 1'000, kMinuteMs = 60 * kSecondMs,
                              kHourMs = 60 * kMinuteMs, kDayMs = 24 * kHourMs;

// 1-based rank of `item` in `ranking`, entries of equal score before it; 0 = not in it.
std::size_t rank_of(const std::vector<Ranked>& ranking, std::uint32_t item);
std::uint64_t mix(std::uint64_t value);  // SplitMix64: which lines are damaged, and how

// The two logs; each returns its report as JSON.
std::string replay_globo(const ReplayOptions& options);
std::string replay_retail(const ReplayOptions& options);

}  // namespace ante::bench
