#include "app/demo_connection.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "base/mutex.h"

namespace ante {
namespace {

constexpr int kTriesMax = 8;
constexpr std::chrono::milliseconds kFirstPause{5};  // doubles with each try
constexpr std::size_t kReadBytes = 64 * 1024;
constexpr int kAnswerTimeoutS = 60;

// Nobody notifies: the pause is the condition.
void rest(std::chrono::milliseconds pause) {
  Mutex mutex;
  ConditionVariable over;
  MutexLock lock(mutex);
  over.wait_for(mutex, pause);
}

bool starts_with_word(std::string_view line, std::string_view word) {
  return line.size() >= word.size() &&
         std::equal(word.begin(), word.end(), line.begin(), [](char a, char b) {
           return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + 32) : b);
         });
}

// What the head of an answer says. Status 0: it is none.
struct Head {
  int status = 0;
  std::size_t body_bytes = 0;
  bool keep = true;
};

Head read_head(std::string_view head) {
  Head out;
  const std::size_t space = head.find(' ');
  if (space == head.npos) return out;
  std::from_chars(head.data() + space + 1, head.data() + head.size(), out.status);
  while (!head.empty()) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(head.size(), end + 2));
    constexpr std::string_view kLength = "content-length:", kClose = "connection: close";
    if (starts_with_word(line, kLength)) {
      const std::size_t at = line.find_first_not_of(' ', kLength.size());
      if (at != line.npos) {
        std::from_chars(line.data() + at, line.data() + line.size(), out.body_bytes);
      }
    }
    if (starts_with_word(line, kClose)) out.keep = false;
  }
  return out;
}

}  // namespace

DemoConnection::DemoConnection(std::string host, std::uint16_t port, std::string key)
    : host_(std::move(host)), port_(port), key_(std::move(key)) {}

DemoConnection::DemoConnection(DemoConnection&& other) noexcept
    : host_(std::move(other.host_)),
      port_(other.port_),
      key_(std::move(other.key_)),
      socket_(std::exchange(other.socket_, -1)),
      buffer_(std::move(other.buffer_)) {}

DemoConnection::~DemoConnection() { close(); }

void DemoConnection::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  buffer_.clear();
}

Result<void> DemoConnection::connect() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  if (inet_pton(AF_INET, host_.c_str(), &address.sin_addr) != 1) {
    return invalid_argument("connect to '" + host_ + "': it must be a numeric IPv4 address");
  }
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return unavailable(std::string("no socket: ") + std::strerror(errno));
  const int yes = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  const timeval timeout{.tv_sec = kAnswerTimeoutS, .tv_usec = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const std::string why = std::strerror(errno);
    close();
    return unavailable("cannot reach " + host_ + ":" + std::to_string(port_) + ": " + why);
  }
  return {};
}

Result<void> DemoConnection::read_more() {
  const std::size_t before = buffer_.size();
  buffer_.resize(before + kReadBytes);
  ssize_t got = 0;
  do {
    got = ::recv(socket_, buffer_.data() + before, kReadBytes, 0);
  } while (got < 0 && errno == EINTR);
  buffer_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got <= 0) return unavailable("the server closed the connection or gave no answer in time");
  return {};
}

Result<DemoAnswer> DemoConnection::call_once(std::string_view request) {
  if (socket_ < 0) TRY(connect());
  for (std::size_t sent = 0; sent < request.size();) {
    const ssize_t n = ::send(socket_, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return unavailable(std::string("cannot send: ") + std::strerror(errno));
    sent += static_cast<std::size_t>(n);
  }
  std::size_t head_end = std::string::npos;
  while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) TRY(read_more());
  const Head head = read_head(std::string_view(buffer_).substr(0, head_end));
  if (head.status < 100 || head.body_bytes > kDemoAnswerBytesMax) {
    return internal_error("the answer is not HTTP, or too large");
  }
  const std::size_t end = head_end + 4 + head.body_bytes;
  while (buffer_.size() < end) TRY(read_more());
  DemoAnswer answer{head.status, buffer_.substr(head_end + 4, head.body_bytes)};
  buffer_.erase(0, end);
  if (!head.keep) close();
  return answer;
}

Result<DemoAnswer> DemoConnection::call(std::string_view method, std::string_view target,
                                        std::string_view body, std::int64_t now_ms) {
  std::string request;
  request.reserve(body.size() + 256);
  request.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ");
  request.append(host_).append(":").append(std::to_string(port_));
  request.append("\r\nAuthorization: Bearer ").append(key_).append("\r\n");
  if (now_ms > 0) request.append("Ante-Now: ").append(std::to_string(now_ms)).append("\r\n");
  request.append("Content-Type: application/json\r\nContent-Length: ");
  request.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  auto pause = kFirstPause;
  for (int attempt = 1;; ++attempt) {
    auto answer = call_once(request);
    const bool busy = answer && (answer->status == 429 || answer->status == 503);
    const bool lost = !answer && answer.error().code == ErrorCode::kUnavailable;
    if (!answer) close();
    if ((!busy && !lost) || attempt == kTriesMax) {
      if (!busy) return answer;
      return unavailable("the server stays busy: " + answer->body.substr(0, 300));
    }
    rest(pause);
    pause *= 2;
  }
}

}  // namespace ante
