#include "base/json_parser.h"

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace ante {

namespace {

// A plain scanner of RFC 8259 that remembers where it stopped. Iterative: nesting costs a byte.
class JsonScanner {
 public:
  JsonScanner(std::string_view text, std::size_t depth_max) : text_(text), depth_max_(depth_max) {}

  JsonProblem run() {
    if (!document()) return {problem_, at_};
    return {};
  }

 private:
  bool fail(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }
  bool ended() const { return at_ >= text_.size(); }
  char here() const { return ended() ? '\0' : text_[at_]; }
  void skip_space() {
    while (!ended() && (here() == ' ' || here() == '\t' || here() == '\n' || here() == '\r')) ++at_;
  }

  bool document() {
    std::vector<char> open;  // the brackets around here
    for (;;) {
      skip_space();
      if (ended()) return fail("the text ends too early");
      const char c = here();
      if (c == '{' || c == '[') {
        const std::size_t bracket = at_++;
        skip_space();
        if (!ended() && here() == (c == '{' ? '}' : ']')) {
          ++at_;  // nothing in it: no level, as for simdjson
        } else {
          if (open.size() >= depth_max_) {
            at_ = bracket;
            return fail("nested deeper than " + std::to_string(depth_max_) + " levels");
          }
          open.push_back(c);
          if (c == '{' && !member_key()) return false;
          continue;
        }
      } else if (!scalar()) {
        return false;
      }
      if (!after_value(open)) return false;
      if (open.empty()) return at_end();
    }
  }

  // Closes containers and steps over the comma before the next value.
  bool after_value(std::vector<char>& open) {
    for (;;) {
      if (open.empty()) return true;
      skip_space();
      if (ended()) return fail("the text ends too early");
      const char closing = open.back() == '{' ? '}' : ']';
      if (here() == closing) {
        open.pop_back();
        ++at_;
        continue;
      }
      if (here() != ',') return fail(std::string("expected ',' or '") + closing + "'");
      ++at_;
      skip_space();
      return open.back() == '{' ? member_key() : true;
    }
  }

  bool at_end() {
    skip_space();
    return ended() ? true : fail("unexpected text after the value");
  }

  bool member_key() {
    skip_space();
    if (ended()) return fail("the text ends too early");
    if (here() != '"') return fail("expected a name in double quotes");
    if (!string()) return false;
    skip_space();
    if (ended()) return fail("the text ends too early");
    if (here() != ':') return fail("expected ':'");
    ++at_;
    return true;
  }

  bool scalar() {
    const char c = here();
    if (c == '"') return string();
    if (c == '-' || (c >= '0' && c <= '9')) return number();
    for (const std::string_view word : {"true", "false", "null"}) {
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return true;
      }
    }
    return fail("expected a value");
  }

  bool digits() {
    const std::size_t from = at_;
    while (here() >= '0' && here() <= '9') ++at_;
    return at_ > from;
  }

  bool number() {
    const std::size_t from = at_;
    if (here() == '-') ++at_;
    const std::size_t first_digit = at_;
    if (!digits()) return fail("expected a digit");
    if (text_[first_digit] == '0' && at_ > first_digit + 1) {
      at_ = first_digit;
      return fail("a number must not start with 0");
    }
    bool whole = true;
    if (here() == '.') {
      whole = false;
      ++at_;
      if (!digits()) return fail("expected a digit");
    }
    if (here() == 'e' || here() == 'E') {
      whole = false;
      ++at_;
      if (here() == '+' || here() == '-') ++at_;
      if (!digits()) return fail("expected a digit");
    }
    if (whole && at_ - first_digit > 20) {
      at_ = from;
      return fail("an integer must fit in 64 bits");
    }
    return true;
  }

  bool hex4(std::uint32_t& value) {
    value = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = here();
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return fail("expected four hexadecimal digits after \\u");
      value = value * 16 + static_cast<std::uint32_t>(digit);
    }
    return true;
  }

  bool escape() {
    const std::size_t from = at_;
    ++at_;
    const char c = here();
    if (c != 'u') {
      if (ended()) return fail("the text ends too early");
      if (std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos)
        return fail("no such escape");
      ++at_;
      return true;
    }
    ++at_;
    std::uint32_t unit = 0;
    if (!hex4(unit)) return false;
    if (unit < 0xd800 || unit > 0xdfff) return true;
    std::uint32_t low = 0;
    const bool paired = unit < 0xdc00 && text_.substr(at_, 2) == "\\u";
    if (paired) {
      at_ += 2;
      if (!hex4(low)) return false;
    }
    if (!paired || low < 0xdc00 || low > 0xdfff) {
      at_ = from;
      return fail("half of a surrogate pair");
    }
    return true;
  }

  bool string() {
    ++at_;
    for (;;) {
      if (ended()) return fail("the text ends inside a string");
      const auto c = static_cast<std::uint8_t>(here());
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c == '\\') {
        if (!escape()) return false;
      } else if (c < 0x20) {
        return fail("a control character must be escaped");
      } else {
        ++at_;
      }
    }
  }

  std::string_view text_;
  std::size_t depth_max_;
  std::size_t at_ = 0;
  std::string problem_;
};

// simdjson decodes a lone low half as if it were a character, so texts with \ud… are looked at.
bool may_have_surrogate(std::string_view json) {
  for (std::size_t at = json.find("\\u"); at != std::string_view::npos;
       at = json.find("\\u", at + 2)) {
    if (at + 2 < json.size() && (json[at + 2] == 'd' || json[at + 2] == 'D')) return true;
  }
  return false;
}

Error refused(const std::string& problem) { return invalid_argument("JSON: " + problem); }

Error refused_at(const JsonProblem& found) {
  return refused(found.problem + " at byte " + std::to_string(found.byte));
}

}  // namespace

JsonParser::JsonParser(std::size_t bytes_max, std::size_t depth_max)
    : bytes_max_(bytes_max),
      depth_max_(depth_max),
      parser_(std::make_unique<simdjson::dom::parser>()) {}

JsonParser::~JsonParser() = default;
JsonParser::JsonParser(JsonParser&&) noexcept = default;

Result<simdjson::dom::element> JsonParser::parse(std::string_view json) {
  if (json.size() > bytes_max_) {
    return refused("the text has " + std::to_string(json.size()) + " bytes, the limit is " +
                   std::to_string(bytes_max_));
  }
  if (json.empty()) return refused("the text is empty");
  if (json.size() > capacity_) {
    const std::size_t wanted = std::min(bytes_max_, std::max<std::size_t>(json.size() * 2, 1024));
    buffer_ = std::make_unique<char[]>(wanted + simdjson::SIMDJSON_PADDING);
    // One more level than ours: simdjson refuses at its limit, we beyond it.
    if (parser_->allocate(wanted, depth_max_ + 1) != simdjson::SUCCESS) {
      return Error{ErrorCode::kUnavailable,
                   "JSON: no memory for a text of " + std::to_string(json.size()) + " bytes"};
    }
    capacity_ = wanted;
  }
  std::memcpy(buffer_.get(), json.data(), json.size());
  std::memset(buffer_.get() + json.size(), 0, simdjson::SIMDJSON_PADDING);
  simdjson::dom::element root;
  const simdjson::error_code error = parser_->parse(buffer_.get(), json.size(), false).get(root);
  if (error != simdjson::SUCCESS) {
    const JsonProblem found = find_json_problem(json, depth_max_);
    if (!found.problem.empty()) return refused_at(found);
    return refused(simdjson::error_message(error));
  }
  if (may_have_surrogate(json)) {
    const JsonProblem found = find_json_problem(json, depth_max_);
    if (!found.problem.empty()) return refused_at(found);
  }
  return root;
}

JsonProblem find_json_problem(std::string_view json, std::size_t depth_max) {
  return JsonScanner(json, depth_max).run();
}

std::string pointer_token(std::string_view key) {
  std::string token;
  for (const char c : key) {
    if (c == '~')
      token += "~0";
    else if (c == '/')
      token += "~1";
    else
      token.push_back(c);
  }
  return token;
}

}  // namespace ante
