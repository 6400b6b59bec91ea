#include "domain/json_fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/json_parser.h"
#include "base/text.h"
#include "base/time_text.h"

namespace ante {

namespace {

std::string number_text(double value) {
  std::array<char, 32> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return std::string(digits.data(), end);
}

std::string found(simdjson::dom::element value) {
  return std::string(", found ") + json_kind(value);
}

}  // namespace

void JsonRefusal::note(const std::string& pointer, const std::string& problem) {
  if (!first) first = invalid_argument(pointer + ": " + problem);
}

const char* json_kind(simdjson::dom::element value) {
  switch (value.type()) {
    case simdjson::dom::element_type::ARRAY:
      return "an array";
    case simdjson::dom::element_type::OBJECT:
      return "an object";
    case simdjson::dom::element_type::STRING:
      return "a string";
    case simdjson::dom::element_type::BOOL:
      return "a boolean";
    case simdjson::dom::element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

JsonFields::JsonFields(simdjson::dom::object object, std::string pointer,
                       std::span<const std::string_view> known, JsonRefusal& refusal)
    : object_(object), pointer_(std::move(pointer)), refusal_(&refusal) {
  if (known.empty()) return;
  for (const auto member : object_) {
    if (std::find(known.begin(), known.end(), member.key) == known.end()) {
      refuse(member.key, "is no field of this object." + did_you_mean(member.key, known));
    }
  }
}

std::string JsonFields::pointer_of(std::string_view name) const {
  return pointer_ + "/" + pointer_token(name.substr(0, 100));
}

void JsonFields::refuse(std::string_view name, const std::string& problem) const {
  refusal_->note(pointer_of(name), problem);
}

std::optional<simdjson::dom::element> JsonFields::get(std::string_view name) const {
  simdjson::dom::element value;
  if (object_.at_key(name).get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

std::optional<std::string> JsonFields::text(std::string_view name, std::size_t bytes_min,
                                            std::size_t bytes_max) const {
  const auto value = get(name);
  if (!value) return std::nullopt;
  std::string_view text;
  if (value->get(text) != simdjson::SUCCESS) {
    refuse(name, "must be a string" + found(*value));
    return std::nullopt;
  }
  if (text.size() < bytes_min || text.size() > bytes_max) {
    refuse(name, "must have " + std::to_string(bytes_min) + " to " + std::to_string(bytes_max) +
                     " bytes, found " + std::to_string(text.size()));
    return std::nullopt;
  }
  return std::string(text);
}

std::optional<std::string> JsonFields::line(std::string_view name, std::size_t bytes_min,
                                            std::size_t bytes_max) const {
  auto found = text(name, bytes_min, bytes_max);
  if (!found || is_one_line(*found)) return found;
  refuse(name, "must be one line without control characters and without space at its ends");
  return std::nullopt;
}

std::optional<double> JsonFields::number(std::string_view name, double lowest,
                                         double highest) const {
  const auto value = get(name);
  if (!value) return std::nullopt;
  double number = 0;
  const std::string rule =
      "must be a number from " + number_text(lowest) + " to " + number_text(highest);
  if (value->get(number) != simdjson::SUCCESS) {
    refuse(name, rule + found(*value));
    return std::nullopt;
  }
  if (!(number >= lowest && number <= highest)) {
    refuse(name, rule + ", found " + number_text(number));
    return std::nullopt;
  }
  return number;
}

std::optional<std::int64_t> JsonFields::integer(std::string_view name, std::int64_t lowest,
                                                std::int64_t highest) const {
  const auto value = get(name);
  if (!value) return std::nullopt;
  std::int64_t number = 0;
  const std::string rule =
      "must be a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest);
  if (value->get(number) != simdjson::SUCCESS) {
    refuse(name, rule + found(*value));
    return std::nullopt;
  }
  if (number < lowest || number > highest) {
    refuse(name, rule + ", found " + std::to_string(number));
    return std::nullopt;
  }
  return number;
}

std::optional<bool> JsonFields::boolean(std::string_view name) const {
  const auto value = get(name);
  if (!value) return std::nullopt;
  bool boolean = false;
  if (value->get(boolean) != simdjson::SUCCESS) {
    refuse(name, "must be true or false" + found(*value));
    return std::nullopt;
  }
  return boolean;
}

std::optional<TimeMs> JsonFields::time(std::string_view name) const {
  const auto value = get(name);
  if (!value) return std::nullopt;
  std::string_view text;
  if (value->get(text) != simdjson::SUCCESS) {
    refuse(name,
           "must be a time as RFC 3339 has it, like \"2026-11-22T07:00:00Z\"" + found(*value));
    return std::nullopt;
  }
  auto time = parse_time(text);
  if (!time) {
    refuse(name, time.error().message);
    return std::nullopt;
  }
  return *time;
}

std::optional<std::vector<std::string>> JsonFields::texts(std::string_view name,
                                                          std::size_t count_max,
                                                          std::size_t bytes_max) const {
  const auto value = get(name);
  if (!value) return std::nullopt;
  simdjson::dom::array array;
  if (value->get(array) != simdjson::SUCCESS) {
    refuse(name, "must be an array of strings" + found(*value));
    return std::nullopt;
  }
  std::vector<std::string> texts;
  for (const simdjson::dom::element element : array) {
    const std::string place = std::string(name) + "/" + std::to_string(texts.size());
    std::string_view text;
    if (element.get(text) != simdjson::SUCCESS) {
      refusal_->note(pointer_ + "/" + place, "must be a string" + found(element));
      return std::nullopt;
    }
    if (text.empty() || text.size() > bytes_max) {
      refusal_->note(pointer_ + "/" + place, "must have 1 to " + std::to_string(bytes_max) +
                                                 " bytes, found " + std::to_string(text.size()));
      return std::nullopt;
    }
    if (texts.size() == count_max) {
      refuse(name, "must have at most " + std::to_string(count_max) + " entries");
      return std::nullopt;
    }
    texts.emplace_back(text);
  }
  return texts;
}

std::optional<JsonFields> JsonFields::object(std::string_view name,
                                             std::span<const std::string_view> known) const {
  const auto value = get(name);
  if (!value) return std::nullopt;
  simdjson::dom::object object;
  if (value->get(object) != simdjson::SUCCESS) {
    refuse(name, "must be an object" + found(*value));
    return std::nullopt;
  }
  return JsonFields(object, pointer_of(name), known, *refusal_);
}

}  // namespace ante
