#include "app/api_caller.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <future>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/router.h"
#include "app/data_directory.h"
#include "base/text.h"

namespace ante {
namespace {

class Connected {
 public:
  explicit Connected(int file) : file_(file) {}
  Connected(Connected&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  Connected& operator=(Connected&&) = delete;
  ~Connected() {
    if (file_ >= 0) ::close(file_);
  }
  int file() const { return file_; }

 private:
  int file_;
};

// None: nobody listens there.
std::optional<Connected> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return std::nullopt;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  Connected connected(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connected.file() < 0) return std::nullopt;
  if (::connect(connected.file(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return std::nullopt;
  }
  return connected;
}

Result<void> send_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(file, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return unavailable(std::string("the server went away: ") + std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<std::string> receive_all(int file) {
  std::string bytes;
  std::string piece(64 * 1024, '\0');
  while (true) {
    const ssize_t n = ::recv(file, piece.data(), piece.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unavailable(std::string("the server went away: ") + std::strerror(errno));
    if (n == 0) return bytes;
    bytes.append(piece.data(), static_cast<std::size_t>(n));
    if (bytes.size() > kAnswerBytesMax) return unavailable("the server's answer is too large");
  }
}

// Of the head of an answer, after its first line.
ApiHeaders headers_of(std::string_view head) {
  ApiHeaders headers;
  for (std::size_t end = head.find("\r\n"); end != head.npos; end = head.find("\r\n")) {
    head.remove_prefix(end + 2);
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const std::size_t colon = line.find(':');
    if (colon == line.npos) continue;
    const std::size_t value = line.find_first_not_of(' ', colon + 1);
    headers.emplace_back(line.substr(0, colon), value == line.npos ? "" : line.substr(value));
  }
  return headers;
}

Result<ApiAnswer> parse_answer(const std::string& bytes) {
  const std::size_t head_end = bytes.find("\r\n\r\n");
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  ApiAnswer answer;
  if (head_end == std::string::npos || !bytes.starts_with(kVersion)) {
    return unavailable("the server's answer was cut off");
  }
  const char* digits = bytes.data() + kVersion.size();
  if (std::from_chars(digits, digits + 3, answer.status).ec != std::errc{}) {
    return unavailable("the server's answer has no status");
  }
  answer.headers = headers_of(std::string_view(bytes).substr(0, head_end));
  answer.body = bytes.substr(head_end + 4);
  return answer;
}

class RemoteCaller final : public ApiCaller {
 public:
  explicit RemoteCaller(std::string path) : path_(std::move(path)) {}

  Result<ApiAnswer> send(std::string_view method, std::string_view target, std::string_view body,
                         const ApiHeaders& headers) override {
    auto connected = connect_to(path_);
    if (!connected) return unavailable("no server answers on " + path_);
    std::string head(method);
    head.append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\nConnection: close");
    head += "\r\nContent-Length: " + std::to_string(body.size());
    for (const auto& [name, value] : headers) head.append("\r\n" + name + ": " + value);
    head += "\r\n\r\n";
    TRY(send_all(connected->file(), head));
    TRY(send_all(connected->file(), body));
    return parse_answer(TRY(receive_all(connected->file())));
  }
  bool is_remote() const override { return true; }

 private:
  std::string path_;
};

class OwnCaller final : public ApiCaller {
 public:
  OwnCaller(std::unique_ptr<DataDirectory> directory, const Settings& settings)
      : directory_(std::move(directory)),
        router_(directory_->engine(), directory_->router_options(settings)) {
    router_.set_ready(true);
  }

  Result<ApiAnswer> send(std::string_view method, std::string_view target, std::string_view body,
                         const ApiHeaders& headers) override {
    HttpRequest request;
    request.method = method;
    request.target = target;
    const std::size_t question = target.find('?');
    request.path = target.substr(0, question);
    if (question != target.npos) request.query = target.substr(question + 1);
    request.body = body;
    request.local = true;
    for (const auto& [name, value] : headers) request.headers.emplace_back(name, value);
    std::promise<HttpResponse> answered;
    auto waiting = answered.get_future();
    router_.handle(request,
                   [&answered](HttpResponse response) { answered.set_value(std::move(response)); });
    HttpResponse response = waiting.get();
    return ApiAnswer{response.status, std::move(response.body), std::move(response.headers)};
  }
  bool is_remote() const override { return false; }

 private:
  std::unique_ptr<DataDirectory> directory_;
  Router router_;
};

}  // namespace

std::string_view ApiAnswer::header(std::string_view name) const {
  for (const auto& [found, value] : headers)
    if (same_word(found, name)) return value;
  return {};
}

Result<void> check_headers(const ApiHeaders& headers) {
  for (const auto& [name, value] : headers) {
    if (has_control_characters(value))
      return invalid_argument(
          (name == "Ante-Why" ? "--why" : name) +
          " must be one line without control characters: it travels in a header");
  }
  return {};
}

Result<ApiAnswer> ApiCaller::call(std::string_view method, std::string_view target,
                                  std::string_view body, const ApiHeaders& headers) {
  TRY(check_headers(headers));
  return send(method, target, body, headers);
}

Result<std::unique_ptr<ApiCaller>> ApiCaller::open(const std::string& directory,
                                                   const Settings& settings) {
  const std::string path = local_socket_path(directory);
  if (connect_to(path)) return std::unique_ptr<ApiCaller>(std::make_unique<RemoteCaller>(path));
  auto opened = TRY(DataDirectory::open(directory, settings, std::nullopt, nullptr));
  return std::unique_ptr<ApiCaller>(std::make_unique<OwnCaller>(std::move(opened), settings));
}

}  // namespace ante
