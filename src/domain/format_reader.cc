#include "domain/format_reader.h"

#include <utility>

namespace ante {

FormatReader::FormatReader(std::string_view noun, std::string_view bytes, std::uint8_t newest)
    : noun_(noun), in_(bytes), version_(in_.u8()) {
  if (in_.ok() && (version_ < 1 || version_ > newest)) {
    refuse("format version " + std::to_string(version_) + " found, this program reads " +
           (newest > 1 ? "1 to " : "") + std::to_string(newest));
  }
}

std::string FormatReader::string(std::size_t bytes_max) {
  const std::string_view text = in_.string();
  if (text.size() > bytes_max) {
    refuse("a text of " + std::to_string(text.size()) + " bytes found, the limit is " +
           std::to_string(bytes_max));
    return {};
  }
  return ok() ? std::string(text) : std::string();
}

std::size_t FormatReader::count(std::size_t element_bytes_min, std::size_t count_max) {
  const std::size_t n = in_.count(element_bytes_min);
  if (n > count_max) {
    refuse("a list of " + std::to_string(n) + " found, the limit is " + std::to_string(count_max));
  }
  return ok() ? n : 0;
}

Hash128 FormatReader::hash() {
  Hash128 value;
  value.hi = u64();
  value.lo = u64();
  return value;
}

std::uint64_t FormatReader::at_most(std::uint64_t highest, std::string_view what) {
  const std::uint64_t value = varint();
  if (value <= highest) return value;
  refuse(std::string(what) + " is " + std::to_string(value) + ", the limit is " +
         std::to_string(highest));
  return 0;
}

std::uint16_t FormatReader::bits(std::uint16_t known) {
  const std::uint16_t value = u16();
  if ((value & ~known) != 0) refuse("unknown flags " + std::to_string(value & ~known));
  return value;
}

void FormatReader::refuse(std::string problem) {
  if (problem_.empty() && in_.ok())
    problem_ = std::move(problem) + " at byte " + std::to_string(in_.position());
}

Result<void> FormatReader::finish() {
  if (problem_.empty() && !in_.ok()) {
    problem_ = "the bytes end too early, or a length is too large, at byte " +
               std::to_string(in_.position());
  }
  if (problem_.empty() && !in_.at_end()) {
    problem_ = std::to_string(in_.remaining()) + " bytes too many after byte " +
               std::to_string(in_.position());
  }
  if (problem_.empty()) return {};
  return data_loss("stored " + std::string(noun_) + ": " + problem_);
}

}  // namespace ante
