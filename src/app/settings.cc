#include "app/settings.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "base/check.h"
#include "base/text.h"

namespace ante {
namespace {

constexpr std::string_view kMetricsGroup = "metrics";
constexpr auto kInt = SettingType::kInteger;
constexpr auto kNum = SettingType::kNumber;
constexpr auto kBool = SettingType::kBoolean;
constexpr auto kText = SettingType::kText;
constexpr auto kTexts = SettingType::kTexts;
constexpr std::string_view kEnvironmentPrefix = "ANTE_";
constexpr std::size_t kFileBytesMax = 1u << 20;

constexpr SettingDefinition kSettings[] = {
    {"http.listen", kText, "\"127.0.0.1:8080\"", 3, 300, true,
     "Address and port the server listens on.", ""},
    {"http.threads", kInt, "2", 1, 256, true, "Threads that answer requests.", ""},
    {"http.public_url", kText, "\"\"", 0, 300, true,
     "How visitors reach this server, like https://ante.example; empty: the Host header.", ""},
    {"http.cors_origins", kTexts, "[]", 0, 300, true,
     "Origins whose pages may call this server from a browser, compared exactly.", ""},
    {"http.header_bytes_max", kInt, "16384", 1024, 1048576, true,
     "Bytes of a request line with its headers.", ""},
    {"http.header_count_max", kInt, "100", 8, 1000, true, "Headers of a request.", ""},
    {"http.connections_max", kInt, "10000", 1, 1000000, true, "Open connections.", ""},
    {"http.requests_in_flight_max", kInt, "10000", 1, 1000000, true,
     "Requests being answered at once.", ""},
    {"http.body_bytes_buffered_max", kInt, "536870912", 1048576, 1e12, true,
     "Bytes of large bodies in memory, of all connections together.", ""},
    {"http.header_timeout_ms", kInt, "10000", 100, 3600000, true,
     "Time for the head of a request to arrive.", ""},
    {"http.body_timeout_ms", kInt, "60000", 100, 3600000, true,
     "Time for each 64 KiB of a body to arrive.", ""},
    {"http.idle_timeout_ms", kInt, "75000", 100, 3600000, true,
     "Time a connection may stay open without a request.", ""},
    {"http.drain_ms", kInt, "5000", 0, 600000, true,
     "Time for requests in flight to end when stopping.", ""},
    {"limits.key_requests_per_second", kNum, "100000", 0, 1e9, true,
     "Requests a second of one key; 0: no limit.", ""},
    {"limits.key_burst", kNum, "200000", 1, 1e9, true, "Requests of one key at once.", ""},
    {"limits.network_requests_per_second", kNum, "1000", 0, 1e9, true,
     "Requests a second of one network (/24, /64) with a publishable key; 0: no limit.", ""},
    {"limits.network_burst", kNum, "5000", 1, 1e9, true, "Requests of one network at once.", ""},
    {"limits.failed_auth_cost", kNum, "20", 1, 1e6, true,
     "What a request without a valid key costs its network, in requests.", ""},
    {"identity.trustBrowser", kBool, "false", 0, 0, true,
     "Believe a userId that comes with a publishable key. Anybody can send one.", ""},
    {"journal.queue_records_max", kInt, "200000", 1000, 1e8, true,
     "Records waiting to be written; beyond, writes are refused with 503.", ""},
    {"journal.queue_bytes_max", kInt, "268435456", 1048576, 1e12, true,
     "Bytes waiting to be written.", ""},
    {"journal.commit_records_max", kInt, "20000", 1, 1e6, true, "Records of one commit.", ""},
    {"journal.checkpoint_interval_ms", kInt, "5000", 100, 3600000, true,
     "At most this long between two checkpoints of a changed partition.", ""},
    {"journal.dedup_retention_ms", kInt, "604800000", 3600000, 3.2e10, true,
     "How long a messageId is remembered.", ""},
    {"store.block_cache_bytes", kInt, "25165824", 1048576, 1e12, true, "Cache of the store.", ""},
    {"store.memtable_bytes", kInt, "50331648", 1048576, 1e12, true, "Write buffers of the store.",
     ""},
    {"log.level", kText, "\"info\"", 0, 20, true, "What is logged.", "debug|info|warning|error"},
    {"log.format", kText, "\"auto\"", 0, 20, true,
     "Lines for people or for machines; auto: for people on a terminal.", "auto|json|human"},
    {"engine.seed", kInt, "1", 0, 9e18, true, "Seed of what the engine draws.", ""},
};

const SettingDefinition* find_definition(std::string_view name) {
  const auto* found = std::ranges::find(kSettings, name, &SettingDefinition::name);
  return found == std::end(kSettings) ? nullptr : found;
}

// Names in the environment have no case and no underscores of their own.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '_') continue;
    out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  }
  return out;
}

const SettingDefinition* find_environment_name(std::string_view variable) {
  std::string dotted;
  for (std::size_t i = 0; i < variable.size(); ++i) {
    if (variable.substr(i, 2) == "__") {
      dotted.push_back('.');
      ++i;
    } else {
      dotted.push_back(variable[i]);
    }
  }
  for (const SettingDefinition& definition : kSettings) {
    if (plain(definition.name) == plain(dotted)) return &definition;
  }
  return nullptr;
}

Error unknown_setting(std::string_view name) {
  std::vector<std::string_view> known;
  for (const SettingDefinition& definition : kSettings) known.push_back(definition.name);
  return invalid_argument(
      fmt::format("there is no setting '{}'.{}", name, did_you_mean(name, known)));
}

template <typename T>
std::optional<T> parsed(std::string_view text) {
  T value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (comma > 0) parts.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

std::optional<SettingValue> value_of_text(SettingType type, std::string_view text) {
  switch (type) {
    case SettingType::kInteger:
      if (const auto value = parsed<std::int64_t>(text)) return SettingValue(*value);
      return std::nullopt;
    case SettingType::kNumber:
      if (const auto value = parsed<double>(text)) return SettingValue(*value);
      return std::nullopt;
    case SettingType::kBoolean:
      if (text == "true" || text == "false") return SettingValue(text == "true");
      return std::nullopt;
    case SettingType::kText:
      return SettingValue(std::string(text));
    case SettingType::kTexts:
      return SettingValue(split(text));
  }
  return std::nullopt;
}

std::optional<SettingValue> value_of_toml(SettingType type, const toml::node& node) {
  switch (type) {
    case SettingType::kInteger:
      if (const auto value = node.value_exact<std::int64_t>()) return SettingValue(*value);
      return std::nullopt;
    case SettingType::kNumber:
      if (const auto value = node.value<double>()) return SettingValue(*value);
      return std::nullopt;
    case SettingType::kBoolean:
      if (const auto value = node.value_exact<bool>()) return SettingValue(*value);
      return std::nullopt;
    case SettingType::kText:
      if (const auto value = node.value_exact<std::string>()) return SettingValue(*value);
      return std::nullopt;
    case SettingType::kTexts: {
      const toml::array* array = node.as_array();
      if (array == nullptr) return std::nullopt;
      std::vector<std::string> texts;
      for (const toml::node& entry : *array) {
        const auto text = entry.value_exact<std::string>();
        if (!text) return std::nullopt;
        texts.push_back(*text);
      }
      return SettingValue(std::move(texts));
    }
  }
  return std::nullopt;
}

bool is_one_of(std::string_view text, std::string_view choices) {
  if (choices.empty()) return true;
  while (!choices.empty()) {
    const std::size_t bar = std::min(choices.find('|'), choices.size());
    if (choices.substr(0, bar) == text) return true;
    choices.remove_prefix(std::min(bar + 1, choices.size()));
  }
  return false;
}

bool within(const SettingDefinition& definition, const SettingValue& value) {
  const auto fits = [&](double v) {
    return std::isfinite(v) && v >= definition.low && v <= definition.high;
  };
  if (const auto* integer = std::get_if<std::int64_t>(&value))
    return fits(static_cast<double>(*integer));
  if (const auto* number = std::get_if<double>(&value)) return fits(*number);
  if (const auto* text = std::get_if<std::string>(&value)) {
    return fits(static_cast<double>(text->size())) && is_one_of(*text, definition.one_of);
  }
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
    return std::ranges::all_of(
        *texts, [&](const std::string& text) { return fits(static_cast<double>(text.size())); });
  }
  return true;
}

std::string possible(const SettingDefinition& definition) {
  if (!definition.one_of.empty()) return fmt::format("one of {}", definition.one_of);
  const char* unit = definition.type == kText || definition.type == kTexts ? " bytes" : "";
  if (definition.type == kBool) return "true or false";
  return fmt::format("{} from {:.0f} to {:.0f}{}", to_string(definition.type), definition.low,
                     definition.high, unit);
}

// [metrics.finished] class = "customer" …
Result<std::vector<Metric>> metrics_of(const toml::table& group, const std::string& path) {
  std::vector<Metric> metrics;
  for (const auto& [id, member] : group) {
    const toml::table* definition = member.as_table();
    if (definition == nullptr)
      return invalid_argument(fmt::format("{}:{}: metrics.{} must be a table: [metrics.{}]", path,
                                          member.source().begin.line, id.str(), id.str()));
    std::stringstream json;
    json << toml::json_formatter(*definition);
    Result<Metric> metric = metric_from_json(id.str(), json.str());
    if (!metric)
      return invalid_argument(fmt::format("{}:{}: metrics.{}: {}", path, member.source().begin.line,
                                          id.str(), metric.error().message));
    metrics.push_back(*std::move(metric));
  }
  return metrics;
}

}  // namespace

const char* to_string(SettingType type) {
  switch (type) {
    case SettingType::kInteger:
      return "whole number";
    case SettingType::kNumber:
      return "number";
    case SettingType::kBoolean:
      return "boolean";
    case SettingType::kText:
      return "text";
    case SettingType::kTexts:
      return "list of texts";
  }
  return "?";
}

std::span<const SettingDefinition> setting_definitions() { return kSettings; }

Settings::Settings() {
  for (const SettingDefinition& definition : kSettings) {
    const std::string line = fmt::format("value = {}", definition.usual);
    const toml::parse_result table = toml::parse(line);
    CHECK(static_cast<bool>(table));
    auto value = value_of_toml(definition.type, *table.table()["value"].node());
    CHECK(value.has_value() && within(definition, *value));
    entries_[definition.name] = {std::move(*value), "default"};
  }
}

Result<void> Settings::put(const SettingDefinition& definition, SettingValue value,
                           std::string origin) {
  if (!within(definition, value)) {
    return invalid_argument(fmt::format("{} = {} ({}): must be {}", definition.name, to_toml(value),
                                        origin, possible(definition)));
  }
  entries_[definition.name] = {std::move(value), std::move(origin)};
  return {};
}

Result<void> Settings::set(std::string_view name, std::string_view text, std::string origin) {
  const SettingDefinition* definition = find_definition(name);
  if (definition == nullptr) return unknown_setting(name);
  auto value = value_of_text(definition->type, text);
  if (!value) {
    return invalid_argument(
        fmt::format("{} = '{}' ({}): must be {}", name, text, origin, possible(*definition)));
  }
  return put(*definition, std::move(*value), std::move(origin));
}

Result<void> Settings::read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return not_found("cannot read " + path);
  std::stringstream text;
  text << file.rdbuf();
  if (text.str().size() > kFileBytesMax) return invalid_argument(path + " is larger than 1 MiB");
  const toml::parse_result parsed_file = toml::parse(text.str());
  if (!parsed_file) {
    const toml::parse_error& error = parsed_file.error();
    return invalid_argument(fmt::format("{}:{}: {}", path, error.source().begin.line,
                                        std::string(error.description())));
  }
  for (const auto& [group, node] : parsed_file.table()) {
    const toml::table* members = node.as_table();
    if (members == nullptr) return unknown_setting(group.str());
    if (group.str() == kMetricsGroup) {
      metrics_ = TRY(metrics_of(*members, path));
      continue;
    }
    for (const auto& [key, member] : *members) {
      const std::string name = fmt::format("{}.{}", group.str(), key.str());
      const SettingDefinition* definition = find_definition(name);
      if (definition == nullptr) return unknown_setting(name);
      auto value = value_of_toml(definition->type, member);
      if (!value) {
        return invalid_argument(fmt::format(
            "{}:{}: {} must be {}", path, member.source().begin.line, name, possible(*definition)));
      }
      TRY(put(*definition, std::move(*value), path));
    }
  }
  return {};
}

Result<void> Settings::read_environment(
    std::span<const std::pair<std::string, std::string>> variables) {
  for (const auto& [name, value] : variables) {
    if (!name.starts_with(kEnvironmentPrefix) || name.find("__") == std::string::npos) continue;
    const std::string_view rest = std::string_view(name).substr(kEnvironmentPrefix.size());
    const SettingDefinition* definition = find_environment_name(rest);
    if (definition == nullptr) {
      return invalid_argument("the environment has " + name + ", which is no setting");
    }
    TRY(set(definition->name, value, "environment " + name));
  }
  return {};
}

const SettingValue& Settings::value(std::string_view name) const {
  const auto found = entries_.find(name);
  CHECK(found != entries_.end());
  return found->second.value;
}

const std::string& Settings::origin(std::string_view name) const {
  const auto found = entries_.find(name);
  CHECK(found != entries_.end());
  return found->second.origin;
}

std::int64_t Settings::integer(std::string_view name) const {
  return std::get<std::int64_t>(value(name));
}
double Settings::number(std::string_view name) const { return std::get<double>(value(name)); }
bool Settings::boolean(std::string_view name) const { return std::get<bool>(value(name)); }
const std::string& Settings::text(std::string_view name) const {
  return std::get<std::string>(value(name));
}
const std::vector<std::string>& Settings::texts(std::string_view name) const {
  return std::get<std::vector<std::string>>(value(name));
}

namespace {

std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

}  // namespace

std::string to_toml(const SettingValue& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *integer);
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "true" : "false";
  if (const auto* text = std::get_if<std::string>(&value)) return toml_text(*text);
  std::string out = "[";
  for (const std::string& text : std::get<std::vector<std::string>>(value)) {
    if (out.size() > 1) out += ", ";
    out += toml_text(text);
  }
  return out + "]";
}

std::string settings_page() {
  std::string page =
      "# Settings\n\nThe file is `ante.toml` in the data directory. The environment "
      "(`ANTE_HTTP__LISTEN`) counts more than the file, and a flag more than both.\n\n"
      "| setting | default | possible | meaning |\n| --- | --- | --- | --- |\n";
  for (const SettingDefinition& definition : kSettings) {
    std::string range = possible(definition);
    std::ranges::replace(range, '|', '/');
    page += fmt::format("| `{}` | `{}` | {} | {} |\n", definition.name, definition.usual, range,
                        definition.sentence);
  }
  return page;
}

std::string with_setting(std::string_view file, std::string_view name,
                         std::string_view toml_value) {
  const std::string group(name.substr(0, name.find('.')));
  const std::string key(name.substr(name.find('.') + 1));
  std::string out;
  bool in_group = false, written = false;
  const std::string line_of_setting = fmt::format("{} = {}\n", key, toml_value);
  while (!file.empty()) {
    const std::size_t end = std::min(file.find('\n'), file.size());
    const std::string_view line = file.substr(0, end);
    file.remove_prefix(std::min(end + 1, file.size()));
    const std::size_t first = line.find_first_not_of(" \t");
    const std::string_view text = first == line.npos ? std::string_view{} : line.substr(first);
    if (text.starts_with('[')) {
      if (in_group && !written) {
        out += line_of_setting;
        written = true;
      }
      in_group = text.starts_with("[" + group + "]");
    }
    const bool is_it = in_group && text.starts_with(key) &&
                       text.find_first_not_of(" \t", key.size()) != text.npos &&
                       text[text.find_first_not_of(" \t", key.size())] == '=';
    if (is_it && !written) {
      out += line_of_setting;
      written = true;
    } else if (!is_it) {
      out.append(line).push_back('\n');
    }
  }
  if (!written) {
    if (!in_group) out += fmt::format("{}[{}]\n", out.empty() ? "" : "\n", group);
    out += line_of_setting;
  }
  return out;
}

}  // namespace ante
