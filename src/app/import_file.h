// Files of events, people and items → what the API takes, in slices within its limits.
//
// In:   NDJSON, or CSV with a header and a map of its columns. Out: bodies to post.
// Pure but for reading the map file.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/import.h"

namespace ante {

struct ImportSlices {
  std::vector<std::string> bodies;
  std::vector<std::uint64_t> lines;  // of the file, in the order of all messages
  std::vector<ImportError> errors;   // lines that could not be read
  std::uint64_t messages = 0;
};

// MAP.toml: [fields] "Their column" = "our.field", [constants] our.field = value, delimiter = ";".
Result<ImportMap> read_import_map(const std::string& path);

// Bodies of POST /v1/import. A message without messageId gets one made of its line: importing the
// same file again counts nothing twice.
Result<ImportSlices> event_slices(std::string_view bytes, bool is_csv, const ImportMap& map);
// Bodies of POST /v1/people:import.
Result<ImportSlices> people_slices(std::string_view bytes, bool is_csv, const ImportMap& map);
// Bodies of POST /v1/items:import (NDJSON).
Result<ImportSlices> item_slices(std::string_view bytes, bool is_csv, const ImportMap& map);

// "2011-12-01 08:26", "2011-12-01", seconds or milliseconds since 1970 → RFC 3339; else as it is.
std::string plain_time(std::string_view text);

}  // namespace ante
