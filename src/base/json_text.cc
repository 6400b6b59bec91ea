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

constexpr std::size_t kQuotes = 2, kBrackets = 2, kColon = 1;

}  // namespace

std::string json_text(const simdjson::dom::element& element) {
  std::string text;
  JsonWriter json(text);
  write(json, element);
  return text;
}

std::size_t json_bytes(const simdjson::dom::element& element) {
  std::size_t bytes = 0, commas = 0;
  switch (element.type()) {
    case element_type::ARRAY:
      for (const simdjson::dom::element child : simdjson::dom::array(element)) {
        bytes += json_bytes(child);
        ++commas;
      }
      return bytes + kBrackets + (commas > 0 ? commas - 1 : 0);
    case element_type::OBJECT:
      for (const auto& [key, value] : simdjson::dom::object(element)) {
        bytes += key.size() + kQuotes + kColon + json_bytes(value);
        ++commas;
      }
      return bytes + kBrackets + (commas > 0 ? commas - 1 : 0);
    case element_type::STRING:
      return std::string_view(element).size() + kQuotes;
    case element_type::BOOL:
      return bool(element) ? 4 : 5;
    case element_type::NULL_VALUE:
      return 4;
    case element_type::INT64:
    case element_type::UINT64:
    case element_type::DOUBLE:
      return 1;
  }
  return bytes;
}

}  // namespace ante
