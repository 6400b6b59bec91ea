// The settings of the process: one table from which help, the docs page and validation come.
//
// In:   DIR/ante.toml, the environment (ANTE_HTTP__LISTEN), flags. Out: checked values, each with
// where it came from. Precedence: flags, environment, file, default.
//
// A value outside its bounds or a name that is not in the table is an error with a suggestion.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "domain/metric.h"

namespace ante {

using SettingValue =
    std::variant<std::int64_t, double, bool, std::string, std::vector<std::string>>;

enum class SettingType : std::uint8_t { kInteger, kNumber, kBoolean, kText, kTexts };
const char* to_string(SettingType type);

struct SettingDefinition {
  std::string_view name;
  SettingType type;
  std::string_view usual;  // the default, as TOML
  double low, high;        // bounds of numbers; of texts: bytes
  bool needs_restart;
  std::string_view sentence;
  std::string_view one_of;  // "a|b|c"; empty = anything
};

std::span<const SettingDefinition> setting_definitions();

// Sets a value as text ("true", "12", "a,b") or from TOML; checks type and bounds.
class Settings {
 public:
  Settings();  // all defaults

  // kInvalidArgument names the setting, what was found and what is possible.
  Result<void> set(std::string_view name, std::string_view text, std::string origin);
  // kNotFound: no such file; kInvalidArgument: not TOML, or a wrong setting.
  // Tables below [metrics] define metrics, as PUT /v1/metrics/{id} does.
  Result<void> read_file(const std::string& path);
  // Names and values of the environment; those that do not begin with ANTE_ are ignored.
  Result<void> read_environment(std::span<const std::pair<std::string, std::string>> variables);

  // REQUIRES a name of the table with that type.
  std::int64_t integer(std::string_view name) const;
  double number(std::string_view name) const;
  bool boolean(std::string_view name) const;
  const std::string& text(std::string_view name) const;
  const std::vector<std::string>& texts(std::string_view name) const;

  const SettingValue& value(std::string_view name) const;
  const std::string& origin(std::string_view name) const;
  const std::vector<Metric>& metrics() const { return metrics_; }

 private:
  struct Entry {
    SettingValue value;
    std::string origin;
  };
  Result<void> put(const SettingDefinition& definition, SettingValue value, std::string origin);

  std::map<std::string_view, Entry> entries_;
  std::vector<Metric> metrics_;
};

// As TOML: 12, true, "text", ["a", "b"].
std::string to_toml(const SettingValue& value);
// The docs page: one table row a setting.
std::string settings_page();
// `name = value` in the text of an ante.toml, its other lines and comments kept.
std::string with_setting(std::string_view file, std::string_view name, std::string_view toml_value);

}  // namespace ante
