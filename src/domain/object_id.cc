#include "domain/object_id.h"

#include <algorithm>

#include <fmt/format.h>

namespace ante {

Result<void> check_object_id(std::string_view id, std::string_view what, std::string_view example) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  if (id.empty() || id.size() > kObjectIdBytesMax || !std::ranges::all_of(id, allowed))
    return invalid_argument(fmt::format("{} has 1 to {} of a-z 0-9 - _ . and is like '{}'", what,
                                        kObjectIdBytesMax, example));
  if (id == "." || id == "..")
    return invalid_argument(fmt::format(
        "{} cannot be '{}': in an address that is a step, which clients take before they send it; "
        "it is like '{}'",
        what, id, example));
  return {};
}

}  // namespace ante
