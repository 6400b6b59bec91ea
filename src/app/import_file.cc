#include "app/import_file.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <span>

#include <fmt/format.h>
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "app/input_file.h"
#include "base/hash.h"
#include "base/json_parser.h"
#include "base/json_writer.h"
#include "base/time_text.h"
#include "domain/event.h"

namespace ante {
namespace {

constexpr std::size_t kSliceBytes = kBatchBytesMax - 16 * 1024;
constexpr std::size_t kSliceEvents = 1000;
constexpr std::size_t kItemSliceBytes = 8u << 20;
constexpr std::size_t kPeopleSliceBytes = 4u << 20;
constexpr std::size_t kPeopleSliceLines = 5000;
constexpr std::int64_t kSecondsBelow = 100'000'000'000;  // larger whole numbers are milliseconds

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Numbers stay numbers, true and false too; everything else is a string.
void append_value(std::string& out, std::string_view text) {
  double number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = failure == std::errc{} && end == text.data() + text.size() &&
                         !(text.size() > 1 && text[0] == '0' && all_digits(text));
  if (text == "true" || text == "false") {
    out += text;
  } else if (is_number) {
    JsonWriter(out).number(number);
  } else {
    append_json_string(out, text);
  }
}

bool is_time_field(std::string_view name) {
  return name == "timestamp" || name == "at" || name == "originalTimestamp" || name == "sentAt";
}

constexpr std::string_view kEventFields[] = {"type",        "event",     "userId",
                                             "anonymousId", "messageId", "timestamp",
                                             "name",        "groupId",   "previousId"};

// A record of a CSV as a JSON object: fields at the top, "group.name" one level down, and the rest
// in `rest` (properties or traits).
class RecordObject {
 public:
  RecordObject(std::span<const std::string_view> top, std::string_view rest)
      : top_(top), rest_(rest) {}

  void add(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    const std::size_t dot = name.find('.');
    std::string_view group = rest_;
    std::string_view key = name;
    if (dot != name.npos) {
      group = name.substr(0, dot);
      key = name.substr(dot + 1);
    } else if (std::ranges::find(top_, name) != top_.end() || is_time_field(name)) {
      group = {};
    }
    std::string& text = groups_[std::string(group)];
    if (!text.empty()) text += ',';
    append_json_string(text, key);
    text += ':';
    if (is_time_field(key)) {
      append_json_string(text, plain_time(value));
    } else if (group.empty() || key.ends_with("Id") || key.ends_with("id")) {
      append_json_string(text, value);  // ids are texts, also when they look like numbers
    } else {
      append_value(text, value);
    }
  }

  std::string json() const {
    std::string out = "{";
    for (const auto& [group, text] : groups_) {
      if (out.size() > 1) out += ',';
      if (group.empty()) {
        out += text;
      } else {
        append_json_string(out, group);
        out += ":{" + text + "}";
      }
    }
    return out + "}";
  }

 private:
  std::span<const std::string_view> top_;
  std::string_view rest_;
  std::map<std::string, std::string> groups_;
};

struct Line {
  std::uint64_t number;
  std::string json;
};

std::vector<Line> lines_of_ndjson(std::string_view bytes) {
  std::vector<Line> lines;
  std::uint64_t number = 0;
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    ++number;
    while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
    if (!line.empty()) lines.push_back({number, std::string(line)});
  }
  return lines;
}

Result<std::vector<Line>> lines_of_csv(std::string_view bytes, const ImportMap& map,
                                       std::span<const std::string_view> top, std::string_view rest,
                                       std::vector<ImportError>& errors) {
  std::vector<Line> lines;
  CsvReader reader(bytes, map.delimiter);
  if (reader.at_end()) return invalid_argument("the file is empty");
  const CsvRecord header = TRY(reader.next());
  std::vector<std::string> names;
  for (const std::string& column : header.fields) {
    const auto ours = map.fields.find(column);
    names.push_back(ours == map.fields.end() ? column : ours->second);
  }
  while (!reader.at_end()) {
    const auto record = reader.next();
    if (!record) {
      errors.push_back({0, record.error().message});
      continue;
    }
    if (record->fields.size() != names.size()) {
      errors.push_back({record->line, fmt::format("has {} fields, the header has {}",
                                                  record->fields.size(), names.size())});
      continue;
    }
    RecordObject object(top, rest);
    for (const auto& [name, value] : map.constants) object.add(name, value);
    for (std::size_t i = 0; i < names.size(); ++i) object.add(names[i], record->fields[i]);
    lines.push_back({record->line, object.json()});
  }
  return lines;
}

// The message with a messageId made of its own bytes where it has none.
std::string with_message_id(const Line& line) {
  if (line.json.find("\"messageId\"") != std::string::npos || !line.json.starts_with('{')) {
    return line.json;
  }
  const Hash128 hash = hash128(line.json);
  const std::size_t next = line.json.find_first_not_of(" \t", 1);
  const bool is_empty = next != std::string::npos && line.json[next] == '}';
  return fmt::format("{{\"messageId\":\"import-{}-{:016x}{:016x}\"{}{}", line.number, hash.hi,
                     hash.lo, is_empty ? "" : ",", std::string_view(line.json).substr(1));
}

}  // namespace

std::string plain_time(std::string_view text) {
  if (all_digits(text) && text.size() >= 9 && text.size() <= 14) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return format_time(number < kSecondsBelow ? number * kSecondMs : number);
  }
  std::string out(text);
  if (out.size() == 10 && out[4] == '-') return out + "T00:00:00Z";
  if (out.size() >= 16 && out[4] == '-' && (out[10] == ' ' || out[10] == 'T')) {
    out[10] = 'T';
    if (out.size() == 16) out += ":00";
    const char last = out.back();
    if (last >= '0' && last <= '9' && out.find('+', 11) == out.npos &&
        out.find('-', 11) == out.npos) {
      out += 'Z';
    }
  }
  return out;
}

Result<ImportMap> read_import_map(const std::string& path) {
  const std::string bytes = TRY(read_input_file(path));
  const toml::parse_result file = toml::parse(bytes, path);
  if (!file) {
    return invalid_argument(fmt::format("{}:{}: {}", path, file.error().source().begin.line,
                                        std::string(file.error().description())));
  }
  ImportMap map;
  for (const auto& [name, node] : file.table()) {
    if (name.str() == "delimiter" || name.str() == "list_separator") {
      const auto text = node.value_exact<std::string>();
      if (!text || text->size() != 1) {
        return invalid_argument(fmt::format("{}: {} must be one character", path, name.str()));
      }
      (name.str() == "delimiter" ? map.delimiter : map.list_separator) = (*text)[0];
      continue;
    }
    const toml::table* table = node.as_table();
    if (table == nullptr || (name.str() != "fields" && name.str() != "constants")) {
      return invalid_argument(fmt::format(
          "{}: '{}' is not known; there are [fields], [constants], delimiter, list_separator", path,
          name.str()));
    }
    for (const auto& [key, member] : *table) {
      std::string text = member.value<std::string>().value_or("");
      if (const auto flag = member.value_exact<bool>()) text = *flag ? "true" : "false";
      if (const auto whole = member.value_exact<std::int64_t>()) text = std::to_string(*whole);
      if (const auto number = member.value_exact<double>()) text = fmt::format("{}", *number);
      if (text.empty()) return invalid_argument(fmt::format("{}: {} is empty", path, key.str()));
      auto& into = name.str() == "fields" ? map.fields : map.constants;
      into[std::string(key.str())] = std::move(text);
    }
  }
  return map;
}

Result<ImportSlices> event_slices(std::string_view bytes, bool is_csv, const ImportMap& map) {
  ImportSlices slices;
  const std::vector<Line> lines =
      is_csv ? TRY(lines_of_csv(bytes, map, kEventFields, "properties", slices.errors))
             : lines_of_ndjson(bytes);
  std::string batch;
  std::size_t in_batch = 0;
  const auto close = [&] {
    if (in_batch > 0) slices.bodies.push_back("{\"batch\":[" + batch + "]}");
    batch.clear();
    in_batch = 0;
  };
  JsonParser parser(kBatchBytesMax);
  for (const Line& line : lines) {
    if (const auto parsed = parser.parse(line.json); !parsed) {
      slices.errors.push_back({line.number, parsed.error().message});
      continue;
    }
    const std::string message = with_message_id(line);
    if (batch.size() + message.size() > kSliceBytes || in_batch == kSliceEvents) close();
    if (in_batch > 0) batch += ',';
    batch += message;
    ++in_batch;
    ++slices.messages;
    slices.lines.push_back(line.number);
  }
  close();
  return slices;
}

Result<ImportSlices> people_slices(std::string_view bytes, bool is_csv, const ImportMap& map) {
  static constexpr std::string_view kTop[] = {"userId", "at"};
  ImportSlices slices;
  const std::vector<Line> lines = is_csv
                                      ? TRY(lines_of_csv(bytes, map, kTop, "traits", slices.errors))
                                      : lines_of_ndjson(bytes);
  std::string slice;
  std::size_t in_slice = 0;
  for (const Line& line : lines) {
    if (slice.size() + line.json.size() > kPeopleSliceBytes || in_slice == kPeopleSliceLines) {
      slices.bodies.push_back(std::move(slice));
      slice.clear();
      in_slice = 0;
    }
    slice += line.json + "\n";
    ++in_slice;
    ++slices.messages;
    slices.lines.push_back(line.number);
  }
  if (!slice.empty()) slices.bodies.push_back(std::move(slice));
  return slices;
}

Result<ImportSlices> item_slices(std::string_view bytes, bool is_csv, const ImportMap& map) {
  ImportedItems imported = is_csv ? TRY(items_from_csv(bytes, map)) : TRY(items_from_ndjson(bytes));
  ImportSlices slices;
  slices.errors = std::move(imported.errors);
  std::string slice;
  for (const Item& item : imported.items) {
    const std::string json = item_to_json(item);
    if (slice.size() + json.size() > kItemSliceBytes) {
      slices.bodies.push_back(std::move(slice));
      slice.clear();
    }
    slice += json + "\n";
    ++slices.messages;
  }
  if (!slice.empty()) slices.bodies.push_back(std::move(slice));
  return slices;
}

}  // namespace ante
