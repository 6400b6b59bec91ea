#include "base/time_text.h"

#include <algorithm>
#include <chrono>
#include <optional>

namespace ante {

namespace {

constexpr TimeMs days_before_year(int year) {
  return std::chrono::sys_days(std::chrono::year(year) / 1 / 1).time_since_epoch().count();
}
constexpr TimeMs kTimeMax = days_before_year(kYearMax + 1) * kDayMs - 1;

class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : text_(text) {}

  // `digits` decimal digits, within lowest..highest.
  bool number(int digits, int lowest, int highest, int& value) {
    if (text_.size() < static_cast<std::size_t>(digits)) return false;
    value = 0;
    for (int i = 0; i < digits; ++i) {
      const char c = text_[static_cast<std::size_t>(i)];
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
    }
    text_.remove_prefix(static_cast<std::size_t>(digits));
    return value >= lowest && value <= highest;
  }
  bool literal(std::string_view either) {
    if (text_.empty() || either.find(text_[0]) == std::string_view::npos) return false;
    last_ = text_[0];
    text_.remove_prefix(1);
    return true;
  }
  // Nothing, or '.' and 1 to 9 digits.
  bool fraction(int& milliseconds) {
    milliseconds = 0;
    if (!literal(".")) return true;
    int scale = 100;
    std::size_t digits = 0;
    while (digits < text_.size() && text_[digits] >= '0' && text_[digits] <= '9') {
      milliseconds += scale * (text_[digits] - '0');
      scale /= 10;
      ++digits;
    }
    text_.remove_prefix(digits);
    return digits >= 1 && digits <= 9;
  }
  bool offset(int& minutes) {
    minutes = 0;
    if (literal("Zz")) return true;
    if (!literal("+-")) return false;
    const int sign = last_ == '-' ? -1 : 1;
    int hour = 0;
    int minute = 0;
    if (!number(2, 0, 23, hour) || !literal(":") || !number(2, 0, 59, minute)) return false;
    minutes = sign * (hour * 60 + minute);
    return true;
  }
  bool at_end() const { return text_.empty(); }

 private:
  std::string_view text_;
  char last_ = '\0';
};

std::optional<TimeMs> read_time(std::string_view text) {
  TimeReader reader(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, milliseconds = 0,
      offset_minutes = 0;
  const bool read =
      reader.number(4, kYearMin, kYearMax, year) && reader.literal("-") &&
      reader.number(2, 1, 12, month) && reader.literal("-") && reader.number(2, 1, 31, day) &&
      reader.literal("Tt ") && reader.number(2, 0, 23, hour) && reader.literal(":") &&
      reader.number(2, 0, 59, minute) && reader.literal(":") && reader.number(2, 0, 60, second) &&
      reader.fraction(milliseconds) && reader.offset(offset_minutes) && reader.at_end();
  if (!read) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  const TimeMs time = std::chrono::sys_days(date).time_since_epoch().count() * kDayMs +
                      hour * kHourMs + (minute - offset_minutes) * kMinuteMs + second * kSecondMs +
                      milliseconds;
  if (time < 0 || time > kTimeMax) return std::nullopt;
  return time;
}

void append_digits(std::string& out, std::int64_t value, int digits) {
  const std::size_t from = out.size();
  out.append(static_cast<std::size_t>(digits), '0');
  for (std::size_t i = out.size(); i-- > from; value /= 10)
    out[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

Result<TimeMs> parse_time(std::string_view text) {
  if (const auto time = read_time(text)) return *time;
  return invalid_argument("must be a time as RFC 3339 has it, like 2026-11-22T07:00:00Z, from " +
                          std::to_string(kYearMin) + " to " + std::to_string(kYearMax) +
                          ", found '" + std::string(text.substr(0, 40)) + "'");
}

std::string format_time(TimeMs time) {
  const TimeMs shown = std::clamp<TimeMs>(time, 0, kTimeMax);
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(shown / kDayMs))};
  const TimeMs of_day = shown % kDayMs;
  std::string text;
  text.reserve(24);
  append_digits(text, static_cast<int>(date.year()), 4);
  text.push_back('-');
  append_digits(text, static_cast<unsigned>(date.month()), 2);
  text.push_back('-');
  append_digits(text, static_cast<unsigned>(date.day()), 2);
  text.push_back('T');
  append_digits(text, of_day / kHourMs, 2);
  text.push_back(':');
  append_digits(text, of_day / kMinuteMs % 60, 2);
  text.push_back(':');
  append_digits(text, of_day / kSecondMs % 60, 2);
  text.push_back('.');
  append_digits(text, of_day % kSecondMs, 3);
  text.push_back('Z');
  return text;
}

}  // namespace ante
