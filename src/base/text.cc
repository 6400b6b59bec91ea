#include "base/text.h"

#include <algorithm>
#include <array>

namespace ante {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// One that must not reach a terminal: its code, and how many bytes it has. 0 bytes: it is none.
struct ControlCharacter {
  unsigned code = 0;
  std::size_t bytes = 0;
};

ControlCharacter control_character_at(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
  };
  const unsigned a = byte(i), b = byte(i + 1), c = byte(i + 2);
  if (a < 0x20 || a == 0x7f) return {a, 1};
  if (a == 0xc2 && b >= 0x80 && b < 0xa0) return {b, 2};
  if (a != 0xe2) return {};
  const bool line_end = b == 0x80 && (c == 0xa8 || c == 0xa9);
  const bool turns = (b == 0x80 && c >= 0xaa && c <= 0xae) || (b == 0x81 && c >= 0xa6 && c <= 0xa9);
  if (line_end || turns) return {0x2000 | (b & 0x3f) << 6 | (c & 0x3f), 3};
  return {};
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string word(text);
  for (char& c : word) c = lower(c);
  return word;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool has_control_characters(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i)
    if (control_character_at(text, i).bytes > 0) return true;
  return false;
}

bool is_one_line(std::string_view text) {
  if (!text.empty() && (text.front() == ' ' || text.back() == ' ')) return false;
  return !has_control_characters(text);
}

std::string printable(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const ControlCharacter found = control_character_at(text, i);
    if (found.bytes == 0 || text[i] == '\n' || text[i] == '\t') {
      out.push_back(text[i++]);
      continue;
    }
    out += "\\u";
    for (const unsigned shift : {12U, 8U, 4U, 0U})
      out.push_back(kDigits[found.code >> shift & 0xf]);
    i += found.bytes;
  }
  return out;
}

std::string counted(std::uint64_t n, std::string_view one, std::string_view many) {
  std::string text = std::to_string(n) + " ";
  if (n == 1 || many.empty())
    text.append(one).append(n == 1 ? "" : "s");
  else
    text.append(many);
  return text;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  if (a.size() > kEditDistanceBytesMax || b.size() > kEditDistanceBytesMax)
    return std::max(a.size(), b.size());
  using Line = std::array<std::size_t, kEditDistanceBytesMax + 1>;
  Line before_last{};
  Line last{};
  Line line{};
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    line[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      line[j] = std::min({last[j] + 1, line[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        line[j] = std::min(line[j], before_last[j - 2] + 1);
      }
    }
    before_last = last;
    last = line;
  }
  return last[b.size()];
}

std::string_view nearest_word(std::string_view word, std::span<const std::string_view> known) {
  const std::string wanted = lower_case(word);
  std::size_t nearest = std::clamp<std::size_t>(word.size() / 3, 1, 3) + 1;
  std::string_view found;
  for (const std::string_view candidate : known) {
    const std::size_t distance = edit_distance(wanted, lower_case(candidate));
    if (distance < nearest) {
      nearest = distance;
      found = candidate;
    }
  }
  return found;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  const std::string_view found = nearest_word(word, known);
  return found.empty() ? std::string() : " Did you mean '" + std::string(found) + "'?";
}

}  // namespace ante
