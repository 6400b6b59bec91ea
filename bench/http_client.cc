#include "bench/http_client.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace ante::bench {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr int kEventsMax = 128;
constexpr int kConnectTimeoutMs = 2'000;

bool same_text(std::string_view a, std::string_view lower_b) {
  return a.size() == lower_b.size() &&
         std::equal(a.begin(), a.end(), lower_b.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? static_cast<char>(x + 32) : x) == y;
         });
}

std::size_t parse_number(std::string_view text) {
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct HttpClient::Connection {
  int socket = -1;
  bool busy = false;
  bool failed = false;
  bool watched_for_write = false;
  std::string out;
  std::size_t out_sent = 0;
  std::string in;
  Pending pending;
};

HttpClient::HttpClient(const std::string& address, std::size_t connections,
                       std::string common_headers)
    : common_headers_(std::move(common_headers)) {
  const std::size_t colon = address.rfind(':');
  const std::string host = colon == std::string::npos ? address : address.substr(0, colon);
  const std::size_t port =
      colon == std::string::npos ? 80 : parse_number(std::string_view(address).substr(colon + 1));
  address_.sin_family = AF_INET;
  address_.sin_port = htons(static_cast<std::uint16_t>(port));
  if (inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host.c_str(), &address_.sin_addr) !=
      1) {
    std::fprintf(stderr, "%s is not an IPv4 address with a port\n", address.c_str());
    std::exit(2);
  }
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  for (std::size_t i = 0; i < connections; ++i) {
    connections_.push_back(std::make_unique<Connection>());
    free_.push_back(connections_.back().get());
  }
}

HttpClient::~HttpClient() {
  for (const auto& connection : connections_) {
    close(*connection);
  }
  ::close(epoll_);
}

void HttpClient::send(HttpCall call, OnReply done, std::int64_t due_ns) {
  ++open_calls_;
  Pending pending{std::move(call), std::move(done), due_ns == 0 ? now_ns() : due_ns};
  if (free_.empty() || !waiting_.empty()) {
    waiting_.push_back(std::move(pending));
    return;
  }
  Connection* connection = free_.back();
  free_.pop_back();
  start(*connection, std::move(pending));
}

void HttpClient::send_at(std::int64_t when_ns, HttpCall call, OnReply done) {
  ++open_calls_;
  timed_.push({when_ns, timed_order_++,
               std::make_shared<Pending>(Pending{std::move(call), std::move(done), when_ns})});
}

void HttpClient::release_due() {
  const std::int64_t now = timed_.empty() ? 0 : now_ns();
  while (!timed_.empty() && timed_.top().when_ns <= now) {
    Pending pending = std::move(*timed_.top().pending);
    timed_.pop();
    waiting_.push_back(std::move(pending));
  }
  while (!free_.empty() && !waiting_.empty()) {
    Connection* connection = free_.back();
    free_.pop_back();
    Pending pending = std::move(waiting_.front());
    waiting_.pop_front();
    start(*connection, std::move(pending));
  }
}

bool HttpClient::open(Connection& connection) {
  connection.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  timeval timeout{kConnectTimeoutMs / 1000, 0};
  setsockopt(connection.socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  if (connect(connection.socket, reinterpret_cast<const sockaddr*>(&address_), sizeof address_) !=
      0) {
    ::close(connection.socket);
    connection.socket = -1;
    return false;
  }
  const int yes = 1;
  setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &connection;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.socket, &event);
  connection.watched_for_write = false;
  return true;
}

void HttpClient::start(Connection& connection, Pending pending) {
  connection.busy = true;
  connection.pending = std::move(pending);
  connection.in.clear();
  connection.out_sent = 0;
  const HttpCall& call = connection.pending.call;
  std::string& out = connection.out;
  out.clear();
  out.append(call.method).append(" ").append(call.path).append(" HTTP/1.1\r\nHost: ante\r\n");
  out.append(common_headers_).append(call.headers);
  if (!call.body.empty() || std::strcmp(call.method, "GET") != 0) {
    out.append("Content-Type: application/json\r\nContent-Length: ");
    out.append(std::to_string(call.body.size())).append("\r\n");
  }
  out.append("\r\n").append(call.body);
  if (connection.socket < 0 && !open(connection)) {
    fail(connection);
    return;
  }
  write_some(connection);
}

void HttpClient::watch(Connection& connection, bool writing) {
  if (connection.watched_for_write == writing) {
    return;
  }
  connection.watched_for_write = writing;
  epoll_event event{};
  event.events = EPOLLIN | (writing ? EPOLLOUT : 0U);
  event.data.ptr = &connection;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.socket, &event);
}

void HttpClient::write_some(Connection& connection) {
  while (connection.out_sent < connection.out.size()) {
    const ssize_t sent =
        ::send(connection.socket, connection.out.data() + connection.out_sent,
               connection.out.size() - connection.out_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        watch(connection, true);
        return;
      }
      fail(connection);
      return;
    }
    connection.out_sent += static_cast<std::size_t>(sent);
  }
  watch(connection, false);
}

void HttpClient::read_some(Connection& connection) {
  char buffer[kReadBytes];
  const ssize_t got = recv(connection.socket, buffer, sizeof buffer, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
    return;
  }
  if (got <= 0) {
    if (connection.busy) {
      fail(connection);
    } else {
      close(connection);  // the server let go of an idle connection
    }
    return;
  }
  connection.in.append(buffer, static_cast<std::size_t>(got));
  parse(connection);
}

// True when a whole reply was there and its callback ran.
bool HttpClient::parse(Connection& connection) {
  const std::size_t end = connection.in.find("\r\n\r\n");
  if (end == std::string::npos) {
    return false;
  }
  const std::string_view head = std::string_view(connection.in).substr(0, end + 2);
  if (!head.starts_with("HTTP/1.1 ") || !connection.busy) {
    fail(connection);
    return true;
  }
  HttpReply reply;
  reply.status = static_cast<int>(parse_number(head.substr(9, 3)));
  std::size_t length = 0;
  bool keep = true;
  for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
    const std::size_t line_end = head.find("\r\n", at);
    const std::string_view line = head.substr(at, line_end - at);
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
    if (same_text(name, "content-length")) {
      length = parse_number(value);
    } else if (same_text(name, "retry-after")) {
      reply.retry_after_s = static_cast<int>(parse_number(value));
    } else if (same_text(name, "connection") && value.find("close") != std::string_view::npos) {
      keep = false;
    }
    at = line_end + 2;
  }
  if (connection.in.size() < end + 4 + length) {
    return false;
  }
  if (reply.status == 100) {  // an interim answer; the real one follows
    connection.in.erase(0, end + 4);
    return parse(connection);
  }
  const std::string body = connection.in.substr(end + 4, length);
  reply.body = body;
  finish(connection, reply, keep && connection.out_sent == connection.out.size());
  return true;
}

void HttpClient::finish(Connection& connection, const HttpReply& reply, bool keep) {
  HttpReply timed = reply;
  timed.latency_ns = now_ns() - connection.pending.due_ns;
  if (!keep) {
    close(connection);
  }
  connection.busy = false;
  const OnReply done = std::move(connection.pending.done);
  free_.push_back(&connection);
  --open_calls_;
  if (done) {
    done(timed);
  }
}

// The callback runs from poll(), never from inside send(): a dead server must not deepen the stack.
void HttpClient::fail(Connection& connection) {
  close(connection);
  if (connection.busy && !connection.failed) {
    connection.failed = true;
    failed_.push_back(&connection);
  }
}

void HttpClient::finish_failed() {
  std::vector<Connection*> failed;
  failed.swap(failed_);
  for (Connection* connection : failed) {
    connection->failed = false;
    finish(*connection, HttpReply{}, true);
  }
}

void HttpClient::close(Connection& connection) {
  if (connection.socket >= 0) {
    ::close(connection.socket);
    connection.socket = -1;
  }
}

void HttpClient::poll(int timeout_ms) {
  release_due();
  if (!timed_.empty()) {
    const std::int64_t until_ms = (timed_.top().when_ns - now_ns()) / 1'000'000;
    timeout_ms = static_cast<int>(std::clamp<std::int64_t>(until_ms, 0, timeout_ms));
  }
  if (!failed_.empty()) {
    timeout_ms = 0;
  }
  epoll_event events[kEventsMax];
  const int count = epoll_wait(epoll_, events, kEventsMax, timeout_ms);
  for (int i = 0; i < count; ++i) {
    Connection& connection = *static_cast<Connection*>(events[i].data.ptr);
    if (connection.socket < 0) {
      continue;
    }
    if ((events[i].events & EPOLLOUT) != 0 && connection.busy && !connection.failed) {
      write_some(connection);
    }
    if (connection.socket >= 0 && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
      read_some(connection);
    }
  }
  finish_failed();
  release_due();
}

void HttpClient::wait_until_idle() {
  while (!idle()) {
    poll(100);
  }
}

HttpClient::Answer HttpClient::call_and_wait(HttpCall call) {
  Answer answer;
  bool done = false;
  send(std::move(call), [&](const HttpReply& reply) {
    answer = {reply.status, std::string(reply.body), reply.retry_after_s};
    done = true;
  });
  while (!done) {
    poll(100);
  }
  return answer;
}

void HttpClient::reset() {
  for (const auto& connection : connections_) {
    fail(*connection);
  }
  finish_failed();
}

}  // namespace ante::bench
