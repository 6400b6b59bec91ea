#include "bench/replay_session.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include <fmt/core.h>

#include "bench/replay_log.h"

namespace ante::bench {
namespace {

constexpr int kTriesMax = 20;
constexpr std::int64_t kRetryMinNs = 50'000'000;
constexpr std::size_t kFailureTextMax = 300;
constexpr std::uint32_t kUnknownItem = 0xffffffff;

std::string counts_json(const std::map<std::string, std::uint64_t>& counts) {
  std::string out = "{";
  for (const auto& [name, count] : counts) {
    out += out.size() > 1 ? "," : "";
    append_json_text(out, name);
    out += fmt::format(":{}", count);
  }
  return out + "}";
}

std::string_view text_of(const simdjson::dom::object& object, std::string_view name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? text : std::string_view();
}

std::string damaged(std::string body, std::uint64_t seed) {
  const std::size_t at = body.empty() ? 0 : 1 + mix(seed) % (body.size() - 1);
  switch (seed % 4) {
    case 0:
      body.resize(at);  // cut off
      return body;
    case 1:
      body[0] = '[';
      return body;
    case 2:
      body.insert(body.rfind('"'), "\xff\xfe");  // not UTF-8
      return body;
    default:
      body[body.size() - 1] = '\0';
      return body;
  }
}

}  // namespace

std::uint64_t mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

std::size_t rank_of(const std::vector<Ranked>& ranking, std::uint32_t item) {
  for (std::size_t i = 0; i < ranking.size(); ++i) {
    if (ranking[i].item != item) {
      continue;
    }
    while (i + 1 < ranking.size() && ranking[i + 1].score == ranking[i].score) {
      ++i;
    }
    return i + 1;
  }
  return 0;
}

ReplaySession::ReplaySession(const ReplayOptions& options, const std::vector<std::string>& item_ids)
    : options_(options),
      client_(options.server, options.in_flight + 8,
              "Authorization: Bearer " + options.secret_key + "\r\n"),
      server_(options.pid != 0 ? options.pid : process_listening_on(options.server)) {
  items_.reserve(item_ids.size());
  for (std::size_t i = 0; i < item_ids.size(); ++i) {
    items_.emplace(item_ids[i], static_cast<std::uint32_t>(i));
  }
  started_ns_ = now_ns();
  server_cpu_at_start_ = server_.cpu_seconds();
}

std::uint32_t ReplaySession::item_of(std::string_view id) const {
  const auto place = items_.find(id);
  return place == items_.end() ? kUnknownItem : place->second;
}

void ReplaySession::count_failure(const char* kind, int status, std::string_view body) {
  const std::string name = fmt::format("{} {}", kind, status);
  if (++failed_[name] == 1) {
    first_failure_[name] = std::string(body.substr(0, kFailureTextMax));
    std::fprintf(stderr, "first failure of %s: %s\n", name.c_str(), first_failure_[name].c_str());
  }
}

void ReplaySession::submit(std::shared_ptr<Call> call) {
  ++call->tries;
  HttpCall http = call->http;
  const auto reply = [this, call](const HttpReply& answer) { settle(call, answer); };
  if (call->tries == 1) {
    client_.send(std::move(http), reply);
  } else {
    client_.send_at(now_ns() + kRetryMinNs * call->tries, std::move(http), reply);
  }
}

void ReplaySession::settle(const std::shared_ptr<Call>& call, const HttpReply& reply) {
  const bool refused = reply.status == 429 || reply.status == 503 || reply.status == 0;
  if (refused && call->tries < kTriesMax) {
    ++retried_[fmt::format("{} {}", call->kind, reply.status)];
    submit(call);
    return;
  }
  if (reply.status == 0) {
    std::fprintf(stderr, "%s %s: %s does not answer any more, after %d tries\n", call->http.method,
                 call->http.path.c_str(), options_.server.c_str(), call->tries);
    std::exit(5);
  }
  call->done(reply);
}

void ReplaySession::post(const char* kind, const char* method, std::string path,
                         std::int64_t now_ms, std::string body, std::function<void()> done) {
  ++sent_[kind];
  auto call = std::make_shared<Call>();
  call->kind = kind;
  call->http = {method, std::move(path), fmt::format("Ante-Now: {}\r\n", rfc3339(now_ms)),
                std::move(body)};
  call->done = [this, kind, done = std::move(done)](const HttpReply& reply) {
    if (reply.status / 100 != 2) {
      count_failure(kind, reply.status, reply.body);
    } else if (reply.body.find("\"rejected\":[{") != std::string_view::npos) {
      count_failure("rejected", reply.status, reply.body);
    }
    if (std::string_view(kind) == "track") {
      track_latencies_.add(reply.latency_ns);
    }
    done();
  };
  submit(std::move(call));
}

void ReplaySession::post_damaged(std::string path, std::int64_t now_ms, std::string body,
                                 std::uint64_t seed, std::function<void()> done) {
  ++sent_["damaged"];
  auto call = std::make_shared<Call>();
  call->kind = "damaged";
  call->http = {"POST", std::move(path), fmt::format("Ante-Now: {}\r\n", rfc3339(now_ms)),
                damaged(std::move(body), seed)};
  call->done = [this, done = std::move(done)](const HttpReply& reply) {
    if (reply.status / 100 == 4) {
      ++damaged_refused_;
    } else {
      count_failure("damaged", reply.status, reply.body);
    }
    done();
  };
  submit(std::move(call));
}

void ReplaySession::require(const char* method, const std::string& path, std::int64_t now_ms,
                            const std::string& body) {
  const HttpClient::Answer answer =
      client_.call_and_wait({method, path, fmt::format("Ante-Now: {}\r\n", rfc3339(now_ms)), body});
  if (answer.status / 100 != 2) {
    std::fprintf(stderr, "%s %s: %d %s\n", method, path.c_str(), answer.status,
                 answer.body.c_str());
    std::exit(5);
  }
}

void ReplaySession::decide(const DecideAsk& ask, std::function<void(const Decided&)> done) {
  ++sent_["decide"];
  std::string body = fmt::format(R"({{"slot":"{}",{},"limit":10,"activate":"auto","explain":true)",
                                 ask.slot, ask.person_json);
  if (!ask.exclude_json.empty()) {
    body += ",\"exclude\":" + ask.exclude_json;
  }
  if (!ask.situation_json.empty()) {
    body += ",\"situation\":" + ask.situation_json;
  }
  body += '}';
  auto call = std::make_shared<Call>();
  call->kind = "decide";
  call->http = {"POST", "/v1/decide", fmt::format("Ante-Now: {}\r\n", rfc3339(ask.now_ms)),
                std::move(body)};
  call->done = [this, done = std::move(done)](const HttpReply& reply) {
    Decided decided;
    if (reply.status == 200) {
      decided = parse(reply.body);
      decide_latencies_.add(reply.latency_ns);
    }
    if (!decided.ok) {
      count_failure("decide", reply.status, reply.body);
    }
    done(decided);
  };
  submit(std::move(call));
}

Decided ReplaySession::parse(std::string_view body) {
  Decided decided;
  simdjson::dom::object answer;
  if (parser_.parse(body.data(), body.size()).get(answer) != simdjson::SUCCESS) {
    return decided;
  }
  decided.id = text_of(answer, "decisionId");
  decided.outcome = text_of(answer, "outcome");
  const std::string_view arm = text_of(answer, "arm");
  decided.treated = arm == "treated";
  ++outcomes_[decided.outcome];
  ++arms_[std::string(arm)];
  ++rungs_[std::string(text_of(answer, "rung"))];
  if (decided.outcome == "fallback") {
    ++fallbacks_[std::string(text_of(answer, "fallback"))];
  }
  simdjson::dom::array items;
  if (answer["items"].get(items) == simdjson::SUCCESS) {
    for (const simdjson::dom::object item : items) {
      decided.served.push_back({item_of(text_of(item, "id")), std::string(text_of(item, "token"))});
    }
  }
  simdjson::dom::array ranking;
  if (answer["exploitRanking"].get(ranking) != simdjson::SUCCESS &&
      answer.at_pointer("/explain/exploitRanking").get(ranking) != simdjson::SUCCESS) {
    return decided;
  }
  double place = 0;
  for (const simdjson::dom::element entry : ranking) {
    Ranked ranked;
    std::string_view id;
    ranked.score = -(place += 1);
    if (entry.get(id) != simdjson::SUCCESS) {
      simdjson::dom::object fields;
      if (entry.get(fields) != simdjson::SUCCESS) {
        return decided;
      }
      id = text_of(fields, "id");
      double score = 0;
      if (fields["score"].get(score) == simdjson::SUCCESS) {
        ranked.score = score;
      }
    }
    ranked.item = item_of(id);
    decided.exploit.push_back(ranked);
  }
  ++decisions_;
  decided.ok = !decided.id.empty();
  return decided;
}

std::uint64_t ReplaySession::failures() const {
  std::uint64_t total = 0;
  for (const auto& [name, count] : failed_) {
    total += count;
  }
  return total;
}

std::string ReplaySession::report_json() const {
  const double wall_s = static_cast<double>(now_ns() - started_ns_) / 1e9;
  const double cpu_s = server_.cpu_seconds() - server_cpu_at_start_;
  std::string failures = "{";
  for (const auto& [name, text] : first_failure_) {
    failures += failures.size() > 1 ? "," : "";
    append_json_text(failures, name);
    failures += ':';
    append_json_text(failures, text);
  }
  failures += "}";
  return fmt::format(
      R"("wallSeconds":{:.1f},"decisions":{},"decisionsPerSecond":{:.0f},)"
      R"("serverCpuSeconds":{:.1f},"serverCpuMicrosecondsPerDecisionAndItsEvents":{:.1f},)"
      R"("residentPeakBytes":{},"residentBytes":{},"decideLatency":{},"trackLatency":{},)"
      R"("sent":{},"failed":{},"firstFailures":{},"retried":{},"damagedRefused":{},)"
      R"("outcomes":{},"arms":{},"rungs":{},"fallbacks":{})",
      wall_s, decisions_, static_cast<double>(decisions_) / wall_s, cpu_s,
      decisions_ == 0 ? 0 : cpu_s * 1e6 / static_cast<double>(decisions_),
      server_.resident_peak_bytes(), server_.resident_bytes(), decide_latencies_.to_json(),
      track_latencies_.to_json(), counts_json(sent_), counts_json(failed_), failures,
      counts_json(retried_), damaged_refused_, counts_json(outcomes_), counts_json(arms_),
      counts_json(rungs_), counts_json(fallbacks_));
}

void VisitorQueue::add(std::uint64_t visitor, std::int64_t at_ms, Step step) {
  unfinished_.insert(at_ms);
  const auto [place, added] = waiting_.try_emplace(visitor);
  if (!added) {
    place->second.push_back({at_ms, std::move(step)});
    ++backlog_;
    return;
  }
  ++active_;
  active_most_ = std::max(active_most_, active_);
  run(visitor, {at_ms, std::move(step)});
}

void VisitorQueue::run(std::uint64_t visitor, Timed timed) {
  timed.step([this, visitor, at_ms = timed.at_ms] {
    unfinished_.erase(unfinished_.find(at_ms));
    const auto place = waiting_.find(visitor);
    if (place->second.empty()) {
      waiting_.erase(place);
      --active_;
      return;
    }
    Timed next = std::move(place->second.front());
    place->second.pop_front();
    --backlog_;
    run(visitor, std::move(next));
  });
}

}  // namespace ante::bench
