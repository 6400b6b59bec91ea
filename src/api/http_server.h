// HTTP/1.1 over TCP and over the local socket of the data directory.
//
// In:   bytes of anybody. Out: whole requests, one at a time a connection, within every limit.
//
// N threads, each with its own event loop; a connection stays on one. A request's views stay valid
// until its answer is given, by any thread. Framing is strict: Content-Length and Transfer-Encoding
// together, a folded header or a missing Host end the connection with 400. Bodies are read to the
// limit their route allows (on the wire and after inflating), never further.
// Why Beast's parser under our own connection: performance of the whole request, docs/decisions.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "api/http.h"
#include "api/problem.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"

namespace ante {

struct HttpLimits {
  std::size_t header_bytes_max = 16 * 1024;  // request line and headers
  std::size_t header_count_max = 100;
  std::size_t connections_max = 10'000;
  std::size_t requests_in_flight_max = 10'000;       // handed to the router, not yet answered
  std::size_t body_bytes_buffered_max = 512u << 20;  // of all connections together
  std::size_t answer_bytes_waiting_max = 1u << 20;   // of one connection, before it reads on
  DurationMs header_timeout_ms = 10'000;
  DurationMs body_timeout_ms = 60'000;
  DurationMs idle_timeout_ms = 75'000;
  DurationMs write_timeout_ms = 30'000;
  DurationMs drain_ms = 5'000;  // for requests in flight, when stopping
};

struct HttpServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;    // 0 = any free one, see port()
  std::string local_socket;  // path; empty = none
  unsigned threads = 2;
  HttpLimits limits;
};

// What the server asks of the router. Every method may be called from any io thread.
class HttpRoutes {
 public:
  virtual ~HttpRoutes() = default;
  // How large the body of this request may be, on the wire and inflated. Only the head is known.
  virtual std::size_t body_bytes_max(const HttpRequest& head) const = 0;
  // Answers; now or later, exactly once.
  virtual void handle(const HttpRequest& request, Respond respond) = 0;
  // The answer to a request that broke a rule of HTTP or a limit; the head may be empty.
  virtual HttpResponse refuse(const HttpRequest& head, const Problem& problem) = 0;
};

class HttpServer {
 public:
  // Binds, listens and starts the threads. Borrowed objects must outlive the server.
  // kUnavailable: the address is in use or not ours; kInvalidArgument: it is no address.
  static Result<std::unique_ptr<HttpServer>> start(HttpServerOptions options, HttpRoutes& routes,
                                                   const Clock& clock, Metrics& metrics);
  virtual ~HttpServer() = default;

  virtual std::uint16_t port() const = 0;
  // Stops listening, lets requests in flight end (at most drain_ms), joins the threads.
  virtual void stop() = 0;
};

}  // namespace ante
