#include "api/http_server.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/asio.hpp>

#include "api/http_request_parser.h"
#include "api/http_text.h"
#include "api/inflate.h"
#include "base/check.h"
#include "base/text.h"

namespace ante {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;  // of the parser's errors
using ErrorOfAsio = boost::system::error_code;
using Socket = asio::generic::stream_protocol::socket;

constexpr std::size_t kReadBufferBytes = 16 * 1024;
constexpr std::size_t kReadBufferLargeBytes = 256 * 1024;
constexpr std::size_t kLingerBytesMax = 64u << 20;  // read and thrown away after a refusal
constexpr std::size_t kBodyPaceBytes = 64 * 1024;   // in body_timeout_ms, at least
constexpr int kTickSeconds = 1;
constexpr int kLingerTicks = 2;
constexpr int kListenBacklog = 1024;
constexpr std::size_t kLocalPathBytesMax = 107;
constexpr std::size_t kOutBufferKept = 64 * 1024;

// What all connections share.
struct Shared {
  Shared(HttpServerOptions o, HttpRoutes& r, const Clock& c, Metrics& m)
      : options(std::move(o)),
        routes(r),
        clock(c),
        refused(m.counter("ante_http_refused_total",
                          "Requests that broke a rule of HTTP or a limit of the server")),
        connections_open(m.gauge("ante_http_connections", "Open connections")) {}

  HttpServerOptions options;
  HttpRoutes& routes;
  const Clock& clock;
  Counter& refused;
  Gauge& connections_open;
  std::atomic<std::size_t> connections{0}, in_flight{0}, body_bytes{0};
  std::atomic<bool> draining{false};
};

class Connection;

// One thread with its event loop, its connections and their deadlines.
struct Worker : std::enable_shared_from_this<Worker> {
  explicit Worker(Shared& s) : shared(s), io(1), tick_timer(io), guard(io.get_executor()) {}

  void start();
  void tick();
  void add(const std::shared_ptr<Connection>& connection);
  void remove(Connection* connection);
  void drain();
  void release_if_empty();

  Shared& shared;
  asio::io_context io;
  asio::steady_timer tick_timer;
  asio::executor_work_guard<asio::io_context::executor_type> guard;
  std::thread thread;
  std::unordered_map<Connection*, std::weak_ptr<Connection>> connections;
  std::int64_t ticks = 0;
  std::int64_t drain_until = 0;
  std::string date;
  std::atomic<bool> ended{false};
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Worker> worker, Socket socket, std::string peer, bool local)
      : worker_(std::move(worker)),
        shared_(worker_->shared),
        socket_(std::move(socket)),
        peer_(std::move(peer)),
        local_(local),
        buffer_(kReadBufferBytes) {}

  ~Connection() {
    set_body_bytes(0);
    shared_.connections.fetch_sub(1, std::memory_order_relaxed);
    shared_.connections_open.set(
        static_cast<double>(shared_.connections.load(std::memory_order_relaxed)));
  }

  void start() {
    set_deadline(shared_.options.limits.header_timeout_ms);
    read();
  }
  void refuse_at_once() {  // too many connections
    refuse({.name = "unavailable", .detail = "Too many connections are open."});
  }

  // Any thread.
  void answer(HttpResponse response) {
    if (worker_->ended.load(std::memory_order_acquire)) return;
    if (worker_->io.get_executor().running_in_this_thread()) {
      finish(std::move(response));
    } else {
      asio::post(worker_->io, [self = shared_from_this(), r = std::move(response)]() mutable {
        self->finish(std::move(r));
      });
    }
  }

  void check_deadline(std::int64_t now_ticks) {
    if (deadline_ == 0 || now_ticks < deadline_) return;
    deadline_ = 0;
    const bool waits_for_request =
        phase_ == Phase::kBody || (phase_ == Phase::kHead && begin_ < end_);
    if (waits_for_request && !writing_now_ && !close_after_) {
      refuse({.name = "timeout", .detail = "The request did not arrive in time."});
    } else {
      close();
    }
  }

  void drain() {
    if (phase_ == Phase::kHead && begin_ == end_ && !writing_now_ && out_.empty()) close();
  }

  void close() {
    if (closed_) return;
    closed_ = true;
    ErrorOfAsio ignored;
    socket_.close(ignored);
    worker_->remove(this);
  }

 private:
  enum class Phase : std::uint8_t { kHead, kBody, kHandling, kLinger };

  void set_deadline(DurationMs in_ms) {
    deadline_ = worker_->ticks + (in_ms + 999) / 1000 / kTickSeconds + 1;
  }

  void set_body_bytes(std::size_t bytes) {
    shared_.body_bytes.fetch_add(bytes - counted_body_bytes_, std::memory_order_relaxed);
    counted_body_bytes_ = bytes;
  }

  void read() {
    if (reading_now_ || closed_) return;
    if (begin_ == end_) begin_ = end_ = 0;
    if (end_ == buffer_.size()) {
      if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
      } else {
        buffer_.resize(buffer_.size() * 2);
      }
    }
    reading_now_ = true;
    socket_.async_read_some(asio::buffer(buffer_.data() + end_, buffer_.size() - end_),
                            [self = shared_from_this()](ErrorOfAsio ec, std::size_t n) {
                              self->reading_now_ = false;
                              self->on_read(ec, n);
                            });
  }

  void on_read(ErrorOfAsio ec, std::size_t n) {
    if (closed_) return;
    if (ec) return close();
    if (phase_ == Phase::kLinger) {
      lingered_ += n;
      if (lingered_ > kLingerBytesMax) return close();
      return read();
    }
    if (phase_ == Phase::kHead && begin_ == end_) {
      set_deadline(shared_.options.limits.header_timeout_ms);
    }
    end_ += n;
    process();
  }

  // Answers every whole request in the buffer, then writes, or reads on.
  void process() {
    while (!close_after_ && phase_ != Phase::kHandling &&
           out_.size() < shared_.options.limits.answer_bytes_waiting_max) {
      if (phase_ == Phase::kHead && !take_head()) break;
      if (phase_ == Phase::kBody && !take_body()) break;
      if (phase_ == Phase::kHandling) dispatch();
    }
    if (closed_) return;
    if (!out_.empty()) return write();
    if (phase_ == Phase::kHead || phase_ == Phase::kBody) read();
  }

  std::string_view unread() const { return {buffer_.data() + begin_, end_ - begin_}; }

  // True when a head was parsed. False: more bytes are needed, or it was refused.
  bool take_head() {
    while (begin_ < end_ && (buffer_[begin_] == '\r' || buffer_[begin_] == '\n')) ++begin_;
    const std::string_view bytes = unread();
    const std::size_t at = bytes.find("\r\n\r\n");
    const std::size_t limit = shared_.options.limits.header_bytes_max;
    if (at == std::string_view::npos ? bytes.size() >= limit : at + 4 > limit) {
      refuse({.name = "headers-too-large", .detail = "The head of the request is too large."});
      return false;
    }
    if (at == std::string_view::npos) return false;
    parser_.emplace(limit + 4);
    parser_->eager(false);
    parser_->fields.swap(fields_kept_);
    parser_->fields.clear();
    ErrorOfAsio ec;
    const std::size_t used = parser_->put(asio::buffer(bytes.data(), at + 4), ec);
    begin_ += used;
    head_bytes_ = bytes.substr(0, used);
    if (ec) {
      refuse({.name = "bad-request",
              .detail = "The head of the request is wrong: " + ec.message() + "."});
      return false;
    }
    return check_head();
  }

  bool check_head() {
    fill_request();
    const auto bad = [this](const char* detail) {
      refuse({.name = "bad-request", .detail = detail});
      return false;
    };
    if (parser_->fields.size() > shared_.options.limits.header_count_max) {
      refuse({.name = "headers-too-large", .detail = "The request has too many headers."});
      return false;
    }
    if (const char* wrong = parser_->what_is_wrong(head_bytes_)) return bad(wrong);
    if (request_.target.empty() || (request_.target[0] != '/' && request_.target != "*")) {
      return bad("The target must be a path.");
    }
    body_limit_ = shared_.routes.body_bytes_max(request_);
    const auto length = parser_->content_length();
    if (length && *length > body_limit_) return too_large();
    body_view_ = {};
    body_.clear();
    detached_ = false;
    if (parser_->is_done()) {
      phase_ = Phase::kHandling;
      return true;
    }
    parser_->eager(true);
    phase_ = Phase::kBody;
    body_mark_ = 0;
    set_deadline(shared_.options.limits.body_timeout_ms);
    if (parser_->expects_continue && begin_ == end_) {
      detach();
      if (close_after_) return false;
      out_ += "HTTP/1.1 100 Continue\r\n\r\n";
      write();
    }
    return true;
  }

  bool too_large() {
    refuse({.name = "too-large",
            .detail = "The body may have " + std::to_string(body_limit_) + " bytes here."});
    return false;
  }

  void fill_request() {
    request_.method = parser_->method;
    std::string_view target = parser_->target;
    if (target.starts_with("http://") || target.starts_with("https://")) {
      const std::size_t slash = target.find('/', 8);
      target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
    }
    request_.target = target;
    const std::size_t question = target.find('?');
    request_.path = target.substr(0, question);
    request_.query =
        question == std::string_view::npos ? std::string_view{} : target.substr(question + 1);
    request_.peer = peer_;
    request_.local = local_;
    request_.headers.assign(parser_->fields.begin(), parser_->fields.end());
    request_.body = {};
  }

  // True when the body is whole. False: more bytes are needed, or it was refused.
  bool take_body() {
    while (!parser_->is_done()) {
      if (begin_ == end_) break;
      ErrorOfAsio ec;
      parser_->pieces.clear();
      const std::size_t used =
          parser_->put(asio::buffer(buffer_.data() + begin_, end_ - begin_), ec);
      begin_ += used;
      if (ec && ec != beast_http::error::need_more) {
        refuse(
            {.name = "bad-request", .detail = "The body is framed wrong: " + ec.message() + "."});
        return false;
      }
      if (!keep_pieces()) return false;
      if (ec == beast_http::error::need_more || used == 0) break;
    }
    if (parser_->is_done()) return inflate_if_told();
    if (end_ - begin_ > shared_.options.limits.header_bytes_max) {
      refuse({.name = "bad-request", .detail = "The header of a chunk is too long."});
      return false;
    }
    detach();
    return false;
  }

  bool keep_pieces() {
    for (const std::string_view piece : parser_->pieces) {
      if (body_.size() + body_view_.size() + piece.size() > body_limit_) return too_large();
      if (body_.empty() && body_view_.empty()) {
        body_view_ = piece;
      } else {
        if (body_.empty()) body_ = body_view_;
        body_view_ = {};
        body_ += piece;
      }
    }
    return true;
  }

  // Before more is read: nothing may point into the read buffer any longer.
  void detach() {
    if (!body_view_.empty()) {
      body_ = body_view_;
      body_view_ = {};
    }
    set_body_bytes(body_.capacity() > kReadBufferLargeBytes ? body_.capacity() : 0);
    if (shared_.body_bytes.load(std::memory_order_relaxed) >
        shared_.options.limits.body_bytes_buffered_max) {
      return refuse({.name = "unavailable", .detail = "Too many large bodies are being read."});
    }
    if (!detached_) {
      detached_ = true;
      head_ = head_bytes_;
      const std::ptrdiff_t moved = head_.data() - head_bytes_.data();
      const auto move = [moved](std::string_view& text) {
        if (!text.empty()) text = {text.data() + moved, text.size()};
      };
      move(request_.method);
      move(request_.target);
      move(request_.path);
      move(request_.query);
      move(parser_->content_encoding);
      move(parser_->host);
      for (auto& [name, value] : request_.headers) {
        move(name);
        move(value);
      }
    }
    const auto length = parser_->content_length_remaining();
    if ((!length || *length > kReadBufferBytes) && buffer_.size() < kReadBufferLargeBytes &&
        body_.size() > kReadBufferBytes) {
      buffer_.resize(kReadBufferLargeBytes);
    }
    if (body_.size() >= body_mark_ + kBodyPaceBytes) {  // a drop now and then buys no time
      body_mark_ = body_.size();
      set_deadline(shared_.options.limits.body_timeout_ms);
    }
  }

  bool inflate_if_told() {
    request_.body = body_.empty() ? body_view_ : std::string_view(body_);
    phase_ = Phase::kHandling;
    if (parser_->content_encoding.empty()) return true;
    const std::string encoding = lower_case(parser_->content_encoding);
    if (encoding == "identity") return true;
    if (encoding != "gzip" && encoding != "x-gzip" && encoding != "deflate") {
      refuse({.name = "unsupported-encoding",
              .detail = "Content-Encoding '" + encoding + "' is not known."});
      return false;
    }
    switch (inflate_bytes(request_.body, body_limit_, inflated_)) {
      case Inflated::kDone:
        request_.body = inflated_;
        return true;
      case Inflated::kTooLarge:
        return too_large();
      case Inflated::kDamaged:
        refuse({.name = "bad-encoding", .detail = "The body is not whole " + encoding + "."});
        return false;
    }
    return false;
  }

  void dispatch();

  // On the connection's thread: the answer to the request in hand.
  void finish(HttpResponse response) {
    if (closed_ || phase_ != Phase::kHandling) return;
    const bool keep = parser_->keep_alive() && !shared_.draining.load(std::memory_order_relaxed);
    append_answer(response, keep);
    if (!keep) close_after_ = true;
    if (in_flight_) {
      in_flight_ = false;
      shared_.in_flight.fetch_sub(1, std::memory_order_relaxed);
    }
    phase_ = Phase::kHead;
    parser_->fields.swap(fields_kept_);
    release_large_buffers();
    if (!in_dispatch_) process();
  }

  void release_large_buffers() {
    if (body_.capacity() > kReadBufferLargeBytes) body_ = {};
    if (inflated_.capacity() > kReadBufferLargeBytes) inflated_ = {};
    set_body_bytes(0);
    if (buffer_.size() > kReadBufferBytes && end_ - begin_ <= kReadBufferBytes) {
      std::vector<char> small(kReadBufferBytes);
      std::memcpy(small.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
      buffer_.swap(small);
    }
    set_deadline(begin_ == end_ ? shared_.options.limits.idle_timeout_ms
                                : shared_.options.limits.header_timeout_ms);
  }

  void append_answer(const HttpResponse& response, bool keep) {
    const bool no_body = response.status == 204 || response.status == 304;
    out_ += "HTTP/1.1 ";
    out_ += std::to_string(response.status);
    out_ += ' ';
    out_ += reason_of(response.status);
    out_ += "\r\nDate: ";
    out_ += worker_->date;
    if (!no_body) {
      out_ += "\r\nContent-Type: ";
      append_header_text(out_, response.content_type);
      out_ += "\r\nContent-Length: ";
      std::array<char, 20> digits{};
      out_.append(digits.data(),
                  std::to_chars(digits.data(), digits.data() + 20, response.body.size()).ptr);
    }
    for (const auto& [name, value] : response.headers) {
      out_ += "\r\n";
      append_header_text(out_, name);
      out_ += ": ";
      append_header_text(out_, value);
    }
    if (!keep) {
      out_ += "\r\nConnection: close";
    } else if (parser_ && parser_->version == 10) {
      out_ += "\r\nConnection: keep-alive";
    }
    out_ += "\r\n\r\n";
    if (!no_body && request_.method != "HEAD") out_ += response.body;
  }

  // Ends the connection with an answer; what the client still sends is read and thrown away.
  void refuse(const Problem& problem) {
    shared_.refused.add();
    if (!parser_) {
      request_ = {};
      request_.peer = peer_;
      request_.local = local_;
    }
    append_answer(shared_.routes.refuse(request_, problem), false);
    phase_ = Phase::kHead;
    close_after_ = true;
    linger_ = true;
    if (!writing_now_) write();
  }

  void write() {
    if (writing_now_ || out_.empty() || closed_) return;
    ErrorOfAsio ec;
    const std::size_t n = socket_.write_some(asio::buffer(out_), ec);
    if (!ec && n == out_.size()) {
      clear_out();
      return on_written();
    }
    if (ec && ec != asio::error::would_block && ec != asio::error::try_again) return close();
    writing_.swap(out_);
    out_.clear();
    writing_now_ = true;
    set_deadline(shared_.options.limits.write_timeout_ms);
    const std::size_t done = ec ? 0 : n;
    asio::async_write(socket_, asio::buffer(writing_.data() + done, writing_.size() - done),
                      [self = shared_from_this()](ErrorOfAsio error, std::size_t) {
                        self->writing_now_ = false;
                        if (error) return self->close();
                        self->writing_.clear();
                        self->on_written();
                      });
  }

  void clear_out() {
    if (out_.capacity() > kOutBufferKept) {
      out_ = {};
    } else {
      out_.clear();
    }
  }

  void on_written() {
    if (closed_) return;
    if (!out_.empty()) return write();
    if (phase_ == Phase::kHandling || phase_ == Phase::kLinger) return;
    if (close_after_) {
      if (!linger_) return close();
      ErrorOfAsio ignored;
      socket_.shutdown(asio::socket_base::shutdown_send, ignored);
      phase_ = Phase::kLinger;
      begin_ = end_ = 0;
      deadline_ = worker_->ticks + kLingerTicks;
      return read();
    }
    if (phase_ == Phase::kBody) return read();  // after 100 Continue
    if (begin_ < end_) {
      asio::post(worker_->io, [self = shared_from_this()] {
        if (!self->closed_ && self->phase_ == Phase::kHead) self->process();
      });
    } else {
      if (shared_.draining.load(std::memory_order_relaxed)) return close();
      set_deadline(shared_.options.limits.idle_timeout_ms);
      read();
    }
  }

  std::shared_ptr<Worker> worker_;
  Shared& shared_;
  Socket socket_;
  std::string peer_;
  bool local_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::optional<RequestParser> parser_;
  std::vector<std::pair<std::string_view, std::string_view>> fields_kept_;
  std::string_view head_bytes_;
  std::string head_;  // the head, once the read buffer is needed for more of the body
  HttpRequest request_;
  std::string_view body_view_;
  std::string body_, inflated_, out_, writing_;
  std::size_t body_limit_ = 0, counted_body_bytes_ = 0, lingered_ = 0, body_mark_ = 0;
  std::int64_t deadline_ = 0;  // in ticks of the worker; 0 = none
  Phase phase_ = Phase::kHead;
  bool detached_ = false, reading_now_ = false, writing_now_ = false, close_after_ = false;
  bool linger_ = false, closed_ = false, in_dispatch_ = false, in_flight_ = false;
};

// Carries the duty to answer: whoever drops it without answering has answered 500.
class Duty {
 public:
  explicit Duty(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  Duty(const Duty&) = delete;
  Duty& operator=(const Duty&) = delete;
  ~Duty() {
    if (!answered_.load()) {
      connection_->answer({.status = 500,
                           .body = R"({"type":"/problems/internal","title":"No answer",)"
                                   R"("status":500})",
                           .content_type = "application/problem+json",
                           .headers = {}});
    }
  }
  void answer(HttpResponse response) {
    if (!answered_.exchange(true)) connection_->answer(std::move(response));
  }

 private:
  std::shared_ptr<Connection> connection_;
  std::atomic<bool> answered_{false};
};

void Connection::dispatch() {
  deadline_ = 0;  // the router's time is its own
  if (shared_.in_flight.fetch_add(1, std::memory_order_relaxed) >=
      shared_.options.limits.requests_in_flight_max) {
    shared_.in_flight.fetch_sub(1, std::memory_order_relaxed);
    finish(shared_.routes.refuse(
        request_, {.name = "unavailable", .detail = "Too many requests are being answered."}));
    return;
  }
  in_flight_ = true;
  in_dispatch_ = true;
  auto duty = std::make_shared<Duty>(shared_from_this());
  shared_.routes.handle(request_,
                        [duty = std::move(duty)](HttpResponse r) { duty->answer(std::move(r)); });
  in_dispatch_ = false;
}

void Worker::start() {
  date = http_date(shared.clock.now_ms());
  tick();
  thread = std::thread([this] { io.run(); });
}

void Worker::tick() {
  tick_timer.expires_after(std::chrono::seconds(kTickSeconds));
  tick_timer.async_wait([this](ErrorOfAsio ec) {
    if (ec) return;
    ++ticks;
    date = http_date(shared.clock.now_ms());
    std::vector<std::shared_ptr<Connection>> all;
    all.reserve(connections.size());
    for (const auto& [pointer, weak] : connections) {
      if (auto connection = weak.lock()) all.push_back(std::move(connection));
    }
    const bool over = drain_until != 0 && ticks >= drain_until;
    for (const auto& connection : all) {
      over ? connection->close() : connection->check_deadline(ticks);
    }
    if (over) {
      ended.store(true, std::memory_order_release);
      io.stop();
    } else if (!ended.load()) {
      tick();
    }
  });
}

void Worker::add(const std::shared_ptr<Connection>& connection) {
  connections.emplace(connection.get(), connection);
}

void Worker::remove(Connection* connection) {
  connections.erase(connection);
  release_if_empty();
}

void Worker::release_if_empty() {
  if (drain_until == 0 || !connections.empty()) return;
  ended.store(true, std::memory_order_release);
  tick_timer.cancel();
  guard.reset();
}

void Worker::drain() {
  const DurationMs wait_ms = shared.options.limits.drain_ms;
  drain_until = ticks + (wait_ms + 999) / 1000 / kTickSeconds + 1;
  std::vector<std::shared_ptr<Connection>> all;
  for (const auto& [pointer, weak] : connections) {
    if (auto connection = weak.lock()) all.push_back(std::move(connection));
  }
  for (const auto& connection : all) connection->drain();
  release_if_empty();
}

class BoostHttpServer final : public HttpServer {
 public:
  BoostHttpServer(HttpServerOptions options, HttpRoutes& routes, const Clock& clock,
                  Metrics& metrics)
      : shared_(std::move(options), routes, clock, metrics) {
    const unsigned threads = std::clamp(shared_.options.threads, 1u, 256u);
    for (unsigned i = 0; i < threads; ++i) workers_.push_back(std::make_shared<Worker>(shared_));
  }
  ~BoostHttpServer() override { stop(); }

  Result<void> listen() {
    TRY(listen_tcp());
    if (!shared_.options.local_socket.empty()) TRY(listen_local());
    for (const auto& worker : workers_) worker->start();
    accept<asio::ip::tcp>(*tcp_);
    if (local_) accept<asio::local::stream_protocol>(*local_);
    return {};
  }

  std::uint16_t port() const override { return port_; }

  void stop() override {
    if (stopped_) return;
    stopped_ = true;
    shared_.draining.store(true);
    asio::post(workers_[0]->io, [this] {
      ErrorOfAsio ignored;
      if (tcp_) tcp_->close(ignored);
      if (local_) local_->close(ignored);
      for (const auto& worker : workers_) {
        asio::post(worker->io, [pointer = worker.get()] { pointer->drain(); });
      }
    });
    for (const auto& worker : workers_) {
      if (worker->thread.joinable()) worker->thread.join();
    }
    if (local_) ::unlink(shared_.options.local_socket.c_str());
  }

 private:
  Result<void> listen_tcp() {
    ErrorOfAsio ec;
    const auto& [host, wanted_port] = std::pair(shared_.options.host, shared_.options.port);
    const std::string place = host + ":" + std::to_string(wanted_port);
    auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, ec);
    if (ec) return invalid_argument("listen on " + place + ": '" + host + "' is no IP address");
    const asio::ip::tcp::endpoint endpoint(address, wanted_port);
    tcp_.emplace(workers_[0]->io);
    if (tcp_->open(endpoint.protocol(), ec); !ec) {
      tcp_->set_option(asio::socket_base::reuse_address(true), ec);
    }
    if (!ec) tcp_->bind(endpoint, ec);
    if (!ec) tcp_->listen(kListenBacklog, ec);
    if (ec) return unavailable("listen on " + place + ": " + ec.message());
    port_ = tcp_->local_endpoint(ec).port();
    return {};
  }

  Result<void> listen_local() {
    const std::string& path = shared_.options.local_socket;
    if (path.size() > kLocalPathBytesMax) {
      return invalid_argument("local socket " + path + ": a path of at most " +
                              std::to_string(kLocalPathBytesMax) + " bytes is possible");
    }
    ::unlink(path.c_str());  // of a server that was killed; the directory's lock is ours
    ErrorOfAsio ec;
    local_.emplace(workers_[0]->io);
    local_->open(asio::local::stream_protocol(), ec);
    if (!ec) local_->bind(asio::local::stream_protocol::endpoint(path), ec);
    // Nobody can connect before listen(), so nobody finds it with wider permissions.
    if (!ec && ::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) {
      ec.assign(errno, boost::system::system_category());
    }
    if (!ec) local_->listen(kListenBacklog, ec);
    if (ec) return unavailable("local socket " + path + ": " + ec.message());
    return {};
  }

  template <typename Protocol>
  void accept(typename Protocol::acceptor& acceptor) {
    const auto worker = workers_[next_++ % workers_.size()];
    acceptor.async_accept(
        worker->io, [this, &acceptor, worker](ErrorOfAsio ec, typename Protocol::socket socket) {
          if (ec == asio::error::operation_aborted || shared_.draining.load()) return;
          if (!ec) admit<Protocol>(worker, std::move(socket));
          if (ec == asio::error::no_descriptors || ec == asio::error::no_buffer_space) {
            return accept_later<Protocol>(acceptor);
          }
          accept<Protocol>(acceptor);
        });
  }

  // Out of descriptors: trying again at once would only burn the processor.
  template <typename Protocol>
  void accept_later(typename Protocol::acceptor& acceptor) {
    auto timer = std::make_shared<asio::steady_timer>(workers_[0]->io);
    timer->expires_after(std::chrono::milliseconds(100));
    timer->async_wait([this, &acceptor, timer](ErrorOfAsio ec) {
      if (!ec && !shared_.draining.load()) accept<Protocol>(acceptor);
    });
  }

  template <typename Protocol>
  void admit(const std::shared_ptr<Worker>& worker, typename Protocol::socket socket) {
    ErrorOfAsio ignored;
    if constexpr (std::is_same_v<Protocol, asio::ip::tcp>) {
      socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    }
    socket.non_blocking(true, ignored);
    std::string peer = "local";
    if constexpr (std::is_same_v<Protocol, asio::ip::tcp>) {
      peer = plain_address(socket.remote_endpoint(ignored).address().to_string(ignored));
    }
    const bool full = shared_.connections.fetch_add(1) >= shared_.options.limits.connections_max;
    shared_.connections_open.set(static_cast<double>(shared_.connections.load()));
    auto connection =
        std::make_shared<Connection>(worker, Socket(std::move(socket)), std::move(peer),
                                     !std::is_same_v<Protocol, asio::ip::tcp>);
    asio::post(worker->io, [worker, connection, full] {
      worker->add(connection);
      full ? connection->refuse_at_once() : connection->start();
    });
  }

  Shared shared_;
  std::vector<std::shared_ptr<Worker>> workers_;
  std::optional<asio::ip::tcp::acceptor> tcp_;
  std::optional<asio::local::stream_protocol::acceptor> local_;
  std::size_t next_ = 0;
  std::uint16_t port_ = 0;
  bool stopped_ = false;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerOptions options, HttpRoutes& routes,
                                                      const Clock& clock, Metrics& metrics) {
  auto server = std::make_unique<BoostHttpServer>(std::move(options), routes, clock, metrics);
  TRY(server->listen());
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace ante
