#include "base/json_text.h"

#include "base/json_writer.h"

namespace ante {

namespace {

using simdjson::dom::element_type;

void write(JsonWriter& json, const simdjson::dom::element& element) {
  switch (element.type()) {
    case element_type::ARRAY:
      json.begin_array();
      for (const simdjson::dom::element child : simdjson::dom::array(element)) write(json, child);
      json.end_array();
      return;
    case element_type::OBJECT:
      json.begin_object();
      for (const auto& [key, value] : simdjson::dom::object(element)) {
        json.key(key);
        write(json, value);
      }
      json.end_object();
      return;
    case element_type::STRING:
      json.string(std::string_view(element));
      return;
    case element_type::INT64:
      json.number(std::int64_t(element));
      return;
    case element_type::UINT64:
      json.number(std::uint64_t(element));
      return;
    case element_type::DOUBLE:
      json.number(double(element));
      return;
    case element_type::BOOL:
      json.boolean(bool(element));
      return;
    case element_type::NULL_VALUE:
      json.null();
      return;
  }
}

constexpr std::size_t kQuotes = 2, kBrackets = 2, kColon = 1, kComma = 1;
constexpr std::size_t kEscapedBytesMax = 6;  // \u0001
constexpr std::size_t kNumberBytesMax = 32;
constexpr std::size_t kWordBytesMax = 5;  // false

std::size_t text_bytes_at_most(std::string_view text) {
  return text.size() * kEscapedBytesMax + kQuotes;
}

}  // namespace

std::string json_text(const simdjson::dom::element& element) {
  std::string text;
  JsonWriter json(text);
  write(json, element);
  return text;
}

std::size_t json_bytes_at_most(const simdjson::dom::element& element) {
  std::size_t bytes = kBrackets;
  switch (element.type()) {
    case element_type::ARRAY:
      for (const simdjson::dom::element child : simdjson::dom::array(element))
        bytes += json_bytes_at_most(child) + kComma;
      return bytes;
    case element_type::OBJECT:
      for (const auto& [key, value] : simdjson::dom::object(element))
        bytes += text_bytes_at_most(key) + kColon + json_bytes_at_most(value) + kComma;
      return bytes;
    case element_type::STRING:
      return text_bytes_at_most(std::string_view(element));
    case element_type::INT64:
    case element_type::UINT64:
    case element_type::DOUBLE:
      return kNumberBytesMax;
    case element_type::BOOL:
    case element_type::NULL_VALUE:
      return kWordBytesMax;
  }
  return bytes;
}

}  // namespace ante
