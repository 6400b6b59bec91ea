#include "api/fields.h"

#include <cmath>

#include <fmt/format.h>

#include "base/json_parser.h"
#include "domain/json_fields.h"

namespace ante {

std::string Fields::pointer(std::string_view name) const { return at_ + "/" + pointer_token(name); }

void Fields::wrong(std::string_view name, std::string detail) {
  errors_.emplace_back(pointer(name), std::move(detail));
}

std::optional<simdjson::dom::element> Fields::present(std::string_view name) {
  simdjson::dom::element element;
  if (object_[name].get(element) || element.is_null()) return std::nullopt;
  return element;
}

std::optional<std::string_view> Fields::text(std::string_view name, std::size_t bytes_max) {
  const auto element = present(name);
  if (!element) return std::nullopt;
  std::string_view value;
  if (element->get(value)) {
    wrong(name, fmt::format("must be a string, found {}", json_kind(*element)));
    return std::nullopt;
  }
  if (value.size() > bytes_max) {
    wrong(name, fmt::format("may have {} bytes, found {}", bytes_max, value.size()));
    return std::nullopt;
  }
  return value;
}

std::string_view Fields::required_text(std::string_view name, std::size_t bytes_max) {
  const std::size_t before = errors_.size();
  const auto value = text(name, bytes_max);
  if ((!value || value->empty()) && errors_.size() == before) wrong(name, "is required");
  return value.value_or(std::string_view{});
}

std::optional<double> Fields::number(std::string_view name, double low, double high) {
  const auto element = present(name);
  if (!element) return std::nullopt;
  double value = 0;
  if (element->get(value)) {
    wrong(name, fmt::format("must be a number, found {}", json_kind(*element)));
    return std::nullopt;
  }
  if (!std::isfinite(value) || value < low || value > high) {
    wrong(name, fmt::format("must be from {} to {}", low, high));
    return std::nullopt;
  }
  return value;
}

std::optional<std::int64_t> Fields::integer(std::string_view name, std::int64_t low,
                                            std::int64_t high) {
  const auto element = present(name);
  if (!element) return std::nullopt;
  std::int64_t value = 0;
  if (element->get(value)) {
    wrong(name, fmt::format("must be a whole number, found {}", json_kind(*element)));
    return std::nullopt;
  }
  if (value < low || value > high) {
    wrong(name, fmt::format("must be from {} to {}, found {}", low, high, value));
    return std::nullopt;
  }
  return value;
}

std::optional<bool> Fields::boolean(std::string_view name) {
  const auto element = present(name);
  if (!element) return std::nullopt;
  bool value = false;
  if (element->get(value)) {
    wrong(name, fmt::format("must be true or false, found {}", json_kind(*element)));
    return std::nullopt;
  }
  return value;
}

std::optional<simdjson::dom::object> Fields::object(std::string_view name) {
  const auto element = present(name);
  if (!element) return std::nullopt;
  simdjson::dom::object value;
  if (element->get(value)) {
    wrong(name, fmt::format("must be an object, found {}", json_kind(*element)));
    return std::nullopt;
  }
  return value;
}

std::vector<std::string> Fields::texts(std::string_view name, std::size_t count_max,
                                       std::size_t bytes_max) {
  std::vector<std::string> values;
  const auto element = present(name);
  if (!element) return values;
  simdjson::dom::array array;
  if (element->get(array)) {
    wrong(name, fmt::format("must be an array of strings, found {}", json_kind(*element)));
    return values;
  }
  std::size_t i = 0;
  for (const auto entry : array) {
    std::string_view value;
    const std::string at = fmt::format("{}/{}", pointer(name), i++);
    if (i > count_max) {
      wrong(name, fmt::format("may have {} entries", count_max));
      break;
    }
    if (entry.get(value)) {
      errors_.emplace_back(at, fmt::format("must be a string, found {}", json_kind(entry)));
    } else if (value.empty() || value.size() > bytes_max) {
      errors_.emplace_back(at, fmt::format("must have 1 to {} bytes", bytes_max));
    } else {
      values.emplace_back(value);
    }
  }
  return values;
}

}  // namespace ante
