#include "catalog/import.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/json_writer.h"

namespace ante {
namespace {

enum class FieldKind { kText, kList, kFlag, kMoney };
struct Field {
  std::string_view name;
  FieldKind kind;
};
constexpr std::array<Field, 18> kFields{{
    {"id", FieldKind::kText},
    {"url", FieldKind::kText},
    {"title", FieldKind::kText},
    {"text", FieldKind::kText},
    {"image", FieldKind::kText},
    {"kind", FieldKind::kText},
    {"topics", FieldKind::kList},
    {"needs", FieldKind::kList},
    {"group", FieldKind::kText},
    {"publishedAt", FieldKind::kText},
    {"expiresAt", FieldKind::kText},
    {"evergreen", FieldKind::kFlag},
    {"price", FieldKind::kMoney},
    {"currency", FieldKind::kText},
    {"available", FieldKind::kFlag},
    {"mustRead", FieldKind::kFlag},
    {"repeatable", FieldKind::kFlag},
    {"intent", FieldKind::kText},
}};

const Field* field_named(std::string_view name) {
  const auto found = std::ranges::find(kFields, name, &Field::name);
  return found == kFields.end() ? nullptr : &*found;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

void add_error(ImportedItems& imported, std::uint64_t line, std::string what) {
  ++imported.error_count;
  if (imported.errors.size() < kImportErrorsMax) imported.errors.push_back({line, std::move(what)});
}

Result<bool> flag_of(std::string_view name, std::string_view text) {
  if (text == "true" || text == "1" || text == "yes") return true;
  if (text == "false" || text == "0" || text == "no") return false;
  return invalid_argument("column " + std::string(name) + ": must be true or false, found '" +
                          std::string(text.substr(0, 40)) + "'");
}

Result<double> amount_of(std::string_view text) {
  double amount = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (error != std::errc() || end != text.data() + text.size()) {
    return invalid_argument("column price: must be a number with a point, like 12.50, found '" +
                            std::string(text.substr(0, 40)) + "'");
  }
  return amount;
}

// A row as the JSON of an item, so that a CSV and an API call are judged by the same rules.
class RowWriter {
 public:
  RowWriter(std::string& json, char list_separator) : json_(json), list_separator_(list_separator) {
    json_.begin_object();
  }

  Result<void> write(const Field& field, std::string_view text) {
    if (field.name == "currency") {
      currency_ = text;
      return {};
    }
    switch (field.kind) {
      case FieldKind::kText:
        json_.field(field.name, text);
        break;
      case FieldKind::kFlag:
        json_.field(field.name, TRY(flag_of(field.name, text)));
        break;
      case FieldKind::kMoney:
        amount_ = TRY(amount_of(text));
        break;
      case FieldKind::kList:
        json_.key(field.name).begin_array();
        while (!text.empty()) {
          const std::size_t end = std::min(text.find(list_separator_), text.size());
          if (const auto entry = trimmed(text.substr(0, end)); !entry.empty()) json_.string(entry);
          text.remove_prefix(std::min(end + 1, text.size()));
        }
        json_.end_array();
        break;
    }
    return {};
  }

  Result<void> finish(
      const std::vector<std::pair<std::string_view, std::string_view>>& attributes) {
    if (amount_ && currency_.empty()) {
      return invalid_argument(
          "column price: a price needs a currency; add a column 'currency' or a constant in the "
          "map");
    }
    if (amount_)
      json_.key("price")
          .begin_object()
          .field("amount", *amount_)
          .field("currency", currency_)
          .end_object();
    if (!attributes.empty()) {
      json_.key("attrs").begin_object();
      for (const auto& [name, value] : attributes) json_.field(name, value);
      json_.end_object();
    }
    json_.end_object();
    return {};
  }

 private:
  JsonWriter json_;
  char list_separator_;
  std::string currency_;
  std::optional<double> amount_;
};

struct Columns {
  std::vector<const Field*> fields;  // null = an attribute
  std::vector<std::string> names;
};

Result<Columns> columns_of(const CsvRecord& header, const ImportMap& map) {
  Columns columns;
  std::set<std::string_view> taken;
  for (const std::string& name : header.fields) {
    const std::string key(trimmed(name));
    const auto renamed = map.fields.find(key);
    const std::string& ours = renamed == map.fields.end() ? key : renamed->second;
    const Field* field = field_named(ours);
    if (renamed != map.fields.end() && field == nullptr) {
      return invalid_argument("map: '" + key + "' is mapped to '" + ours +
                              "', which is no field of an item");
    }
    if (field != nullptr && !taken.insert(field->name).second) {
      return invalid_argument("header: two columns give '" + ours + "'; rename one in the map");
    }
    columns.fields.push_back(field);
    columns.names.push_back(key);
  }
  for (const auto& [name, value] : map.constants) {
    if (field_named(name) == nullptr)
      return invalid_argument("map: the constant '" + name + "' is no field of an item");
  }
  if (!taken.contains("id")) {
    return invalid_argument(
        "header: no column 'id'; name the column that identifies an item in the map, e.g. SKU = "
        "\"id\"");
  }
  return columns;
}

Result<Item> item_of_row(const CsvRecord& row, const Columns& columns, const ImportMap& map) {
  if (row.fields.size() != columns.fields.size()) {
    return invalid_argument(
        "expected " + std::to_string(columns.fields.size()) + " columns as in the header, found " +
        std::to_string(row.fields.size()) + "; quote fields that hold the delimiter");
  }
  std::string json;
  RowWriter writer(json, map.list_separator);
  std::set<std::string_view> given;
  std::vector<std::pair<std::string_view, std::string_view>> attributes;
  for (std::size_t i = 0; i < row.fields.size(); ++i) {
    const std::string_view text = trimmed(row.fields[i]);
    if (text.empty()) continue;
    if (columns.fields[i] == nullptr) {
      if (!columns.names[i].empty()) attributes.emplace_back(columns.names[i], text);
      continue;
    }
    given.insert(columns.fields[i]->name);
    TRY(writer.write(*columns.fields[i], text));
  }
  for (const auto& [name, value] : map.constants) {
    const Field* field = field_named(name);
    if (!given.contains(field->name)) TRY(writer.write(*field, value));
  }
  TRY(writer.finish(attributes));
  return item_from_json(json);
}

Result<void> check_size(std::string_view bytes) {
  if (bytes.size() <= kImportBytesMax) return {};
  return invalid_argument("the file has " + std::to_string(bytes.size()) + " bytes, more than " +
                          std::to_string(kImportBytesMax) + "; import it in parts");
}

std::string_view without_byte_order_mark(std::string_view bytes) {
  return bytes.starts_with("\xef\xbb\xbf") ? bytes.substr(3) : bytes;
}

}  // namespace

Result<ImportedItems> items_from_ndjson(std::string_view bytes) {
  TRY(check_size(bytes));
  ImportedItems imported;
  bytes = without_byte_order_mark(bytes);
  for (std::uint64_t line = 1; !bytes.empty(); ++line) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view json = trimmed(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (json.empty()) continue;
    auto item = item_from_json(json);
    if (item) {
      imported.items.push_back(std::move(*item));
    } else {
      add_error(imported, line, item.error().message);
    }
  }
  return imported;
}

Result<ImportedItems> items_from_csv(std::string_view bytes, const ImportMap& map) {
  TRY(check_size(bytes));
  CsvReader reader(without_byte_order_mark(bytes), map.delimiter);
  if (reader.at_end())
    return invalid_argument("the file is empty; its first line must name the columns");
  const CsvRecord header = TRY(reader.next());
  const Columns columns = TRY(columns_of(header, map));
  ImportedItems imported;
  while (!reader.at_end()) {
    const std::uint64_t line = reader.line();
    const auto row = reader.next();
    if (!row) {
      add_error(imported, line, row.error().message);
      continue;
    }
    if (row->fields.size() == 1 && trimmed(row->fields[0]).empty()) continue;  // an empty line
    auto item = item_of_row(*row, columns, map);
    if (item) {
      imported.items.push_back(std::move(*item));
    } else {
      add_error(imported, row->line, item.error().message);
    }
  }
  return imported;
}

void CsvReader::skip_line() {
  const std::size_t end = rest_.find('\n');
  ++line_;
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
}

// After the opening quote. A quote within is doubled.
Result<std::string> CsvReader::quoted() {
  std::string text;
  std::string_view ahead = rest_;
  std::uint64_t lines = 0;
  for (;;) {
    const std::size_t quote = ahead.find('"');
    if (quote == std::string_view::npos) {
      skip_line();
      return invalid_argument(
          "a quote opens here and is never closed; close it, or double it if it is part of the "
          "text");
    }
    text.append(ahead.substr(0, quote));
    lines += static_cast<std::uint64_t>(std::ranges::count(ahead.substr(0, quote), '\n'));
    ahead.remove_prefix(quote + 1);
    if (!ahead.starts_with('"')) break;
    text.push_back('"');
    ahead.remove_prefix(1);
  }
  if (!ahead.empty() && ahead[0] != delimiter_ && ahead[0] != '\n' && ahead[0] != '\r') {
    skip_line();
    return invalid_argument(
        "text follows a closing quote; quote the whole field and double the quotes within");
  }
  rest_ = ahead;
  line_ += lines;
  return text;
}

Result<CsvRecord> CsvReader::next() {
  CHECK(!at_end());
  CsvRecord record{.line = line_, .fields = {}};
  for (;;) {
    if (record.fields.size() >= kImportColumnsMax) {
      skip_line();
      return invalid_argument("more than " + std::to_string(kImportColumnsMax) + " columns");
    }
    if (rest_.starts_with('"')) {
      rest_.remove_prefix(1);
      record.fields.push_back(TRY(quoted()));
    } else {
      const std::size_t end =
          std::min(rest_.find_first_of(std::string{delimiter_, '\n'}), rest_.size());
      std::string_view field = rest_.substr(0, end);
      rest_.remove_prefix(end);
      if ((rest_.empty() || rest_[0] == '\n') && field.ends_with('\r')) field.remove_suffix(1);
      record.fields.emplace_back(field);
    }
    if (rest_.starts_with('\r')) rest_.remove_prefix(1);
    if (rest_.empty()) return record;
    const bool line_ends = rest_[0] == '\n';
    if (!line_ends && rest_[0] != delimiter_) {
      skip_line();
      return invalid_argument("a carriage return stands within a line; end lines with LF or CRLF");
    }
    rest_.remove_prefix(1);
    if (line_ends) {
      ++line_;
      return record;
    }
  }
}

}  // namespace ante
