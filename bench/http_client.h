// A small HTTP/1.1 client for benches: many keep-alive connections, one thread, one epoll.
//
// In:   calls with a callback each; a call may have a time before which it is not sent.
// Out:  the reply, its latency, and status 0 for every failure of transport.
//
// One call at a time on a connection; calls wait in order for a free one. Callbacks run inside
// poll() and may send. Not thread safe. It shares the machine with the server it measures, so it
// reuses its buffers and parses nothing that nobody asked for.

#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <netinet/in.h>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

namespace ante::bench {

std::int64_t now_ns();  // monotonic

struct HttpCall {
  const char* method = "POST";
  std::string path;
  std::string headers;  // besides the common ones, each "Name: value\r\n"
  std::string body;
};

struct HttpReply {
  int status = 0;  // 0: no connection, reset, or an answer that is not HTTP
  std::string_view body;
  int retry_after_s = -1;  // -1: no such header
  std::int64_t latency_ns = 0;
};

using OnReply = std::function<void(const HttpReply&)>;

class HttpClient {
 public:
  // `address` is "127.0.0.1:8080"; `common_headers` go out with every call.
  HttpClient(const std::string& address, std::size_t connections, std::string common_headers);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Latency counts from `due_ns` (an open loop's schedule), or from this call when it is 0.
  void send(HttpCall call, OnReply done, std::int64_t due_ns = 0);
  void send_at(std::int64_t when_ns, HttpCall call, OnReply done);
  // Works until something happened or the time is up.
  void poll(int timeout_ms);
  void wait_until_idle();
  bool idle() const { return open_calls_ == 0; }
  std::size_t open_calls() const { return open_calls_; }
  std::size_t waiting() const { return waiting_.size(); }

  struct Answer {
    int status = 0;
    std::string body;
    int retry_after_s = -1;
  };
  Answer call_and_wait(HttpCall call);
  // Closes every connection; every call on the wire ends with status 0.
  void reset();

 private:
  struct Pending {
    HttpCall call;
    OnReply done;
    std::int64_t due_ns = 0;
  };
  struct Timed {
    std::int64_t when_ns = 0;
    std::uint64_t order = 0;
    std::shared_ptr<Pending> pending;
    bool operator<(const Timed& other) const {
      return when_ns != other.when_ns ? when_ns > other.when_ns : order > other.order;
    }
  };
  struct Connection;

  void start(Connection& connection, Pending pending);
  bool open(Connection& connection);
  void write_some(Connection& connection);
  void read_some(Connection& connection);
  bool parse(Connection& connection);
  void finish(Connection& connection, const HttpReply& reply, bool keep);
  void fail(Connection& connection);
  void finish_failed();
  void watch(Connection& connection, bool writing);
  void close(Connection& connection);
  void release_due();

  sockaddr_in address_{};
  std::string common_headers_;
  int epoll_ = -1;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> free_;
  std::vector<Connection*> failed_;
  std::deque<Pending> waiting_;
  std::priority_queue<Timed> timed_;
  std::uint64_t timed_order_ = 0;
  std::size_t open_calls_ = 0;
};

}  // namespace ante::bench
