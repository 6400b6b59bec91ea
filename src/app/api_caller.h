// Calls the API of a data directory: over the local socket of a running server, else by opening
// the directory in this process. Either way the same handlers answer.
//
// call() by one thread at a time.
// A header's value with a control character in it would begin a header of its own: it is refused.

#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/settings.h"
#include "base/result.h"

namespace ante {

using ApiHeaders = std::vector<std::pair<std::string, std::string>>;

struct ApiAnswer {
  int status = 0;
  std::string body;
  ApiHeaders headers;

  // Case-insensitive; empty when absent.
  std::string_view header(std::string_view name) const;
};

inline constexpr std::size_t kAnswerBytesMax = 512u << 20;

// kInvalidArgument: a value that is not on one line.
Result<void> check_headers(const ApiHeaders& headers);

class ApiCaller {
 public:
  // kNotFound: no data directory; kUnavailable: neither a server nor the directory can be had.
  static Result<std::unique_ptr<ApiCaller>> open(const std::string& directory,
                                                 const Settings& settings);
  virtual ~ApiCaller() = default;
  Result<ApiAnswer> call(std::string_view method, std::string_view target,
                         std::string_view body = {}, const ApiHeaders& headers = {});
  // Whether a running server answers.
  virtual bool is_remote() const = 0;

 private:
  // REQUIRES headers that check_headers() lets through.
  virtual Result<ApiAnswer> send(std::string_view method, std::string_view target,
                                 std::string_view body, const ApiHeaders& headers) = 0;
};

}  // namespace ante
