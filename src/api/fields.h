// Reads the members of a JSON object from outside, and collects everything that is wrong with them.
//
// In:   an object and its JSON pointer. Out: values within their bounds; errors with pointers.
// null counts as absent. Members nobody asks for are ignored: clients may be newer than we are.

#pragma once

#include <cstdint>
#include <optional>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ante {

using FieldErrors = std::vector<std::pair<std::string, std::string>>;  // pointer, what is wrong

class Fields {
 public:
  // `errors` outlives the reader. `at`: pointer of the object, "#" for the whole body.
  Fields(simdjson::dom::object object, std::string at, FieldErrors& errors)
      : object_(object), at_(std::move(at)), errors_(errors) {}

  // Absent, null or wrong: none (and an error unless it is merely absent).
  std::optional<std::string_view> text(std::string_view name, std::size_t bytes_max);
  std::optional<double> number(std::string_view name, double low, double high);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t low, std::int64_t high);
  std::optional<bool> boolean(std::string_view name);
  std::optional<simdjson::dom::object> object(std::string_view name);
  std::vector<std::string> texts(std::string_view name, std::size_t count_max,
                                 std::size_t bytes_max);
  // As text(), and an error when absent or empty.
  std::string_view required_text(std::string_view name, std::size_t bytes_max);

  void wrong(std::string_view name, std::string detail);
  std::string pointer(std::string_view name) const;

 private:
  std::optional<simdjson::dom::element> present(std::string_view name);

  simdjson::dom::object object_;
  std::string at_;
  FieldErrors& errors_;
};

}  // namespace ante
