// Writes JSON by appending to a string; commas come by themselves.
//
// In:   calls in the order of the text. Out: the text, in the string passed to the constructor.
//
// Nothing is allocated but the output string. Bytes that are no UTF-8 become U+FFFD, control
// characters and U+2028/2029 are escaped, numbers are the shortest that read back the same, and a
// number that is not finite becomes null. Nesting is the caller's to balance. One thread.

#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ante {

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }

  JsonWriter& key(std::string_view name);
  JsonWriter& string(std::string_view text);
  JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter& null() { return raw("null"); }
  // An integer stays an integer; a float is written with the digits of a float.
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  JsonWriter& number(T value) {
    if constexpr (std::is_signed_v<T>)
      return write_signed(value);
    else
      return write_unsigned(value);
  }
  JsonWriter& number(double value);
  JsonWriter& number(float value);
  // Splices a value that is JSON already.
  JsonWriter& raw(std::string_view json) {
    comma();
    out_.append(json);
    comma_next_ = true;
    return *this;
  }

  // A member that is the two ends of an interval.
  JsonWriter& interval(std::string_view name, double low, double high) {
    return key(name).begin_array().number(low).number(high).end_array();
  }
  // A member that is a list of texts.
  JsonWriter& texts(std::string_view name, const std::vector<std::string>& values);

  // One member of an object: key and value.
  JsonWriter& field(std::string_view name, std::string_view value) {
    return key(name).string(value);
  }
  JsonWriter& field(std::string_view name, const char* value) { return key(name).string(value); }
  JsonWriter& field(std::string_view name, const std::string& value) {
    return key(name).string(value);
  }
  JsonWriter& field(std::string_view name, std::same_as<bool> auto value) {
    return key(name).boolean(value);
  }
  template <typename T>
    requires(std::integral<T> && !std::same_as<T, bool>) || std::floating_point<T>
  JsonWriter& field(std::string_view name, T value) {
    return key(name).number(value);
  }

 private:
  JsonWriter& open(char bracket) {
    comma();
    out_.push_back(bracket);
    comma_next_ = false;
    return *this;
  }
  JsonWriter& close(char bracket) {
    out_.push_back(bracket);
    comma_next_ = true;
    return *this;
  }
  void comma() {
    if (comma_next_) out_.push_back(',');
  }
  JsonWriter& write_signed(std::int64_t value);
  JsonWriter& write_unsigned(std::uint64_t value);

  std::string& out_;
  bool comma_next_ = false;
};

// Appends `text` as a JSON string, with its quotes.
void append_json_string(std::string& out, std::string_view text);

}  // namespace ante
