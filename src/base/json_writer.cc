#include "base/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/encoding.h"

namespace ante {

namespace {

// How many bytes the UTF-8 sequence at `at` has; 0 when it is none (RFC 3629: no overlong forms,
// no surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const auto follows = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xc0) == 0x80; };
  const std::uint8_t first = byte(at);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(at + 1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (!follows(at + 1) || !follows(at + 2)) return 0;
    const bool overlong = first == 0xe0 && byte(at + 1) < 0xa0;
    const bool surrogate = first == 0xed && byte(at + 1) >= 0xa0;
    return overlong || surrogate ? 0 : 3;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (!follows(at + 1) || !follows(at + 2) || !follows(at + 3)) return 0;
    const bool overlong = first == 0xf0 && byte(at + 1) < 0x90;
    const bool too_high = first == 0xf4 && byte(at + 1) >= 0x90;
    return overlong || too_high ? 0 : 4;
  }
  return 0;
}

void append_control(std::string& out, std::uint8_t c) {
  switch (c) {
    case '\b':
      out.append("\\b");
      return;
    case '\f':
      out.append("\\f");
      return;
    case '\n':
      out.append("\\n");
      return;
    case '\r':
      out.append("\\r");
      return;
    case '\t':
      out.append("\\t");
      return;
    default:
      out.append("\\u00");
      out.push_back(kHexText[c >> 4]);
      out.push_back(kHexText[c & 15]);
  }
}

template <typename T>
void append_number(std::string& out, T value) {
  std::array<char, 32> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t copied = 0;  // text before it is in `out` already
  std::size_t at = 0;
  while (at < text.size()) {
    const auto c = static_cast<std::uint8_t>(text[at]);
    if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
      ++at;
      continue;
    }
    const std::size_t length = c < 0x80 ? 1 : utf8_length(text, at);
    const bool separator =
        length == 3 && (text.substr(at, 3) == "\u2028" || text.substr(at, 3) == "\u2029");
    if (length > 1 && !separator) {
      at += length;
      continue;
    }
    out.append(text, copied, at - copied);
    if (separator) {
      out.append(static_cast<std::uint8_t>(text[at + 2]) == 0xa8 ? "\\u2028" : "\\u2029");
    } else if (length == 0) {
      out.append("\xef\xbf\xbd");
    } else if (c < 0x20) {
      append_control(out, c);
    } else {
      out.push_back('\\');
      out.push_back(text[at]);
    }
    at += length == 0 ? 1 : length;
    copied = at;
  }
  out.append(text, copied, at - copied);
  out.push_back('"');
}

JsonWriter& JsonWriter::key(std::string_view name) {
  comma();
  append_json_string(out_, name);
  out_.push_back(':');
  comma_next_ = false;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
  comma();
  append_json_string(out_, text);
  comma_next_ = true;
  return *this;
}

JsonWriter& JsonWriter::number(double value) {
  if (!std::isfinite(value)) return null();
  comma();
  append_number(out_, value);
  comma_next_ = true;
  return *this;
}

JsonWriter& JsonWriter::number(float value) {
  if (!std::isfinite(value)) return null();
  comma();
  append_number(out_, value);
  comma_next_ = true;
  return *this;
}

JsonWriter& JsonWriter::write_signed(std::int64_t value) {
  comma();
  append_number(out_, value);
  comma_next_ = true;
  return *this;
}

JsonWriter& JsonWriter::write_unsigned(std::uint64_t value) {
  comma();
  append_number(out_, value);
  comma_next_ = true;
  return *this;
}

JsonWriter& JsonWriter::texts(std::string_view name, const std::vector<std::string>& values) {
  key(name).begin_array();
  for (const std::string& value : values) string(value);
  return end_array();
}

}  // namespace ante
