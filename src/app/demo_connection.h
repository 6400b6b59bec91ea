// One keep-alive HTTP/1.1 connection to a server of this machine, for the demo's player.
//
// It blocks: the player uses many of them. One thread at a time.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ante {

inline constexpr std::size_t kDemoAnswerBytesMax = 64u << 20;

struct DemoAnswer {
  int status = 0;
  std::string body;
};

class DemoConnection {
 public:
  // `host` is a numeric IPv4 address. Connects when first used.
  DemoConnection(std::string host, std::uint16_t port, std::string key);
  ~DemoConnection();
  DemoConnection(DemoConnection&& other) noexcept;
  DemoConnection& operator=(DemoConnection&&) = delete;

  // `now_ms` goes along as Ante-Now; 0 = none. Tries again, with pauses, when the server is busy.
  // kUnavailable: it cannot be reached, or stays busy; kInternal: what it says is not HTTP.
  Result<DemoAnswer> call(std::string_view method, std::string_view target, std::string_view body,
                          std::int64_t now_ms = 0);

 private:
  Result<DemoAnswer> call_once(std::string_view request);
  Result<void> connect();
  void close();
  // Reads more into buffer_. kUnavailable: the connection ended.
  Result<void> read_more();

  std::string host_;
  std::uint16_t port_;
  std::string key_;
  int socket_ = -1;
  std::string buffer_;
};

}  // namespace ante
