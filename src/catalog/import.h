// Files of items → item records: NDJSON, or CSV with a header line (RFC 4180).
//
// In:   the bytes of a file and, for CSV, how its columns are called. Out: items, and for each line
// that cannot be read what is wrong and what to do. One bad line stops nothing.
// Pure functions; any thread.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/item.h"

namespace ante {

inline constexpr std::size_t kImportBytesMax = 512U * 1024 * 1024;
inline constexpr std::size_t kImportColumnsMax = 256;
inline constexpr std::size_t kImportErrorsMax = 1000;  // listed; all are counted

struct ImportError {
  std::uint64_t line = 0;  // of the file, from 1: where the record starts
  std::string what;        // what was found and what to do
  friend bool operator==(const ImportError&, const ImportError&) = default;
};

struct ImportedItems {
  std::vector<Item> items;  // in the order of the file
  std::vector<ImportError> errors;
  std::uint64_t error_count = 0;
};

// What the columns of a file mean, where their names are not ours.
struct ImportMap {
  std::map<std::string, std::string> fields;     // their name → our field: "SKU" → "id"
  std::map<std::string, std::string> constants;  // our field → a value for every item
  char delimiter = ',';
  char list_separator = '|';  // within topics and needs
};

// One JSON object a line; empty lines are skipped. kInvalidArgument: the file is too large.
Result<ImportedItems> items_from_ndjson(std::string_view bytes);

// Our fields: id, url, title, text, image, kind, topics, needs, group, publishedAt, expiresAt,
// evergreen, price, currency, available, mustRead, repeatable, intent; every other column becomes
// an attribute of the item. kInvalidArgument: too large, no header, no id column, a field twice.
Result<ImportedItems> items_from_csv(std::string_view bytes, const ImportMap& map);

// A record of a CSV file. Lines end with LF or CRLF; a quoted field may hold both.
struct CsvRecord {
  std::uint64_t line = 0;
  std::vector<std::string> fields;
};

class CsvReader {
 public:
  CsvReader(std::string_view bytes, char delimiter) : rest_(bytes), delimiter_(delimiter) {}
  bool at_end() const { return rest_.empty(); }
  std::uint64_t line() const { return line_; }  // of what next() reads, from 1
  // REQUIRES !at_end(). kInvalidArgument: a quote that is not closed or not doubled, or too many
  // columns; the reader then stands after the line.
  Result<CsvRecord> next();

 private:
  Result<std::string> quoted();
  void skip_line();

  std::string_view rest_;
  char delimiter_;
  std::uint64_t line_ = 1;
};

}  // namespace ante
