// Reads the members of a JSON object from outside, strictly, and says what is wrong and where.
//
// The first problem stays: "#/price/amount: must be a number from 0 to 1e+12, found a string".
// A member that is null counts as absent; one given twice counts once, the first. One thread; the
// DOM must outlive it.

#pragma once

#include <cstdint>
#include <optional>
#include <simdjson.h>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace ante {

// The problem of a whole document, shared by the readers of its objects.
struct JsonRefusal {
  std::optional<Error> first;
  void note(const std::string& pointer, const std::string& problem);
};

// "a string", "an object", …
const char* json_kind(simdjson::dom::element value);

class JsonFields {
 public:
  // Unknown members are refused, with the nearest known name, unless `known` is empty.
  JsonFields(simdjson::dom::object object, std::string pointer,
             std::span<const std::string_view> known, JsonRefusal& refusal);

  // Absent, or refused: nothing.
  std::optional<simdjson::dom::element> get(std::string_view name) const;
  std::optional<std::string> text(std::string_view name, std::size_t bytes_min,
                                  std::size_t bytes_max) const;
  // The same on one line: no control characters, no space at its ends, nothing that turns the
  // direction of text. For what is read aloud and printed.
  std::optional<std::string> line(std::string_view name, std::size_t bytes_min,
                                  std::size_t bytes_max) const;
  std::optional<double> number(std::string_view name, double lowest, double highest) const;
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t lowest,
                                      std::int64_t highest) const;
  std::optional<bool> boolean(std::string_view name) const;
  std::optional<TimeMs> time(std::string_view name) const;
  // Texts of 1 to `bytes_max` bytes.
  std::optional<std::vector<std::string>> texts(std::string_view name, std::size_t count_max,
                                                std::size_t bytes_max) const;
  std::optional<JsonFields> object(std::string_view name,
                                   std::span<const std::string_view> known) const;

  // The fields of an object that stands within this one at `path`, as "parts/0".
  JsonFields inner(simdjson::dom::object object, std::string_view path,
                   std::span<const std::string_view> known) const {
    return {object, pointer_ + "/" + std::string(path), known, *refusal_};
  }

  void refuse(std::string_view name, const std::string& problem) const;
  void refuse_self(const std::string& problem) const { refusal_->note(pointer_, problem); }
  std::string pointer_of(std::string_view name) const;

 private:
  simdjson::dom::object object_;
  std::string pointer_;
  JsonRefusal* refusal_;
};

}  // namespace ante
