// Reads JSON from outside: a DOM, or a message that says what is wrong and at which byte.
//
// In:   any bytes. Out: simdjson's DOM, valid until the next parse() and as long as the parser.
//
// Refused: what RFC 8259 refuses (NaN, raw control characters, bytes that are no UTF-8, more text
// after the value), lone surrogates, integers beyond 64 bits, nesting deeper than the limit, text
// longer than the limit, empty text. A key given twice: element["key"] finds the first.
// Buffers are kept between calls. One thread at a time for each parser.

#pragma once

#include <cstddef>
#include <memory>
#include <simdjson.h>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ante {

inline constexpr std::size_t kJsonDepthMax = 64;  // nested arrays and objects that hold something

class JsonParser {
 public:
  // `bytes_max`: longer texts are refused. Memory grows to about 12 bytes a byte of the longest
  // text parsed, then stays.
  explicit JsonParser(std::size_t bytes_max, std::size_t depth_max = kJsonDepthMax);
  ~JsonParser();
  JsonParser(JsonParser&&) noexcept;

  // kInvalidArgument: not JSON, or beyond a limit; "JSON: … at byte 17".
  Result<simdjson::dom::element> parse(std::string_view json);

 private:
  std::size_t bytes_max_;
  std::size_t depth_max_;
  std::size_t capacity_ = 0;
  std::unique_ptr<char[]> buffer_;
  std::unique_ptr<simdjson::dom::parser> parser_;
};

// Where a text stops being JSON: the first offending byte and what is wrong there. An empty
// `problem` means that nothing is wrong. Slower than the parser; used to explain its refusals.
struct JsonProblem {
  std::string problem;
  std::size_t byte = 0;
};
JsonProblem find_json_problem(std::string_view json, std::size_t depth_max = kJsonDepthMax);

// The path of a place in a document, as RFC 6901 wants its tokens escaped: "#/batch/3/a~1b".
std::string pointer_token(std::string_view key);

}  // namespace ante
