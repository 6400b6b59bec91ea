#include "base/encoding.h"

#include <array>
#include <cstdint>

namespace ante {

namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::uint8_t kNoDigit = 255;
constexpr std::size_t kCrockfordLength = 26;

constexpr std::array<std::uint8_t, 256> digits_of(std::string_view alphabet, bool fold_case) {
  std::array<std::uint8_t, 256> table{};
  for (auto& digit : table) digit = kNoDigit;
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    const auto c = static_cast<std::uint8_t>(alphabet[i]);
    table[c] = static_cast<std::uint8_t>(i);
    if (fold_case && c >= 'A' && c <= 'Z') table[c + 32u] = static_cast<std::uint8_t>(i);
    if (fold_case && c >= 'a' && c <= 'z') table[c - 32u] = static_cast<std::uint8_t>(i);
  }
  return table;
}

constexpr auto kHexDigits = digits_of(kHexText, true);
constexpr auto kBase64Digits = digits_of(kBase64, false);
constexpr auto kBase64UrlDigits = digits_of(kBase64Url, false);
constexpr auto kCrockfordDigits = digits_of(kCrockford, true);

void append_base64_with(std::string& out, std::string_view bytes, std::string_view alphabet) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[i]));
  };
  std::size_t at = 0;
  for (; at + 3 <= bytes.size(); at += 3) {
    const std::uint32_t group = byte(at) << 16 | byte(at + 1) << 8 | byte(at + 2);
    const std::array<char, 4> text{alphabet[group >> 18], alphabet[group >> 12 & 63],
                                   alphabet[group >> 6 & 63], alphabet[group & 63]};
    out.append(text.data(), text.size());
  }
  if (bytes.size() - at == 1) {
    const std::uint32_t group = byte(at) << 16;
    out.push_back(alphabet[group >> 18]);
    out.push_back(alphabet[group >> 12 & 63]);
  } else if (bytes.size() - at == 2) {
    const std::uint32_t group = byte(at) << 16 | byte(at + 1) << 8;
    out.push_back(alphabet[group >> 18]);
    out.push_back(alphabet[group >> 12 & 63]);
    out.push_back(alphabet[group >> 6 & 63]);
  }
}

std::optional<std::string> decode_base64_with(std::string_view text,
                                              const std::array<std::uint8_t, 256>& digits) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int bit_count = 0;
  for (const char c : text) {
    const std::uint8_t digit = digits[static_cast<std::uint8_t>(c)];
    if (digit == kNoDigit) return std::nullopt;
    bits = bits << 6 | digit;
    bit_count += 6;
    if (bit_count >= 8) {
      bit_count -= 8;
      bytes.push_back(static_cast<char>(bits >> bit_count & 0xff));
    }
  }
  // Left-over bits must be zero, so that each value has one text.
  if ((bits & ((1u << bit_count) - 1)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace

std::string hex_encode(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    text.push_back(kHexText[byte >> 4]);
    text.push_back(kHexText[byte & 15]);
  }
  return text;
}

std::optional<std::string> hex_decode(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t at = 0; at < text.size(); at += 2) {
    const std::uint8_t high = kHexDigits[static_cast<std::uint8_t>(text[at])];
    const std::uint8_t low = kHexDigits[static_cast<std::uint8_t>(text[at + 1])];
    if (high == kNoDigit || low == kNoDigit) return std::nullopt;
    bytes.push_back(static_cast<char>(high << 4 | low));
  }
  return bytes;
}

void append_base64url(std::string& out, std::string_view bytes) {
  append_base64_with(out, bytes, kBase64Url);
}

std::string base64url_encode(std::string_view bytes) {
  std::string text;
  append_base64_with(text, bytes, kBase64Url);
  return text;
}

std::optional<std::string> base64url_decode(std::string_view text) {
  return decode_base64_with(text, kBase64UrlDigits);
}

std::string base64_encode(std::string_view bytes) {
  std::string text;
  append_base64_with(text, bytes, kBase64);
  while (text.size() % 4 != 0) text.push_back('=');
  return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 == 0) {
    for (int padding = 0; padding < 2 && !text.empty() && text.back() == '='; ++padding)
      text.remove_suffix(1);
  }
  return decode_base64_with(text, kBase64Digits);
}

std::string crockford32_encode(Hash128 value) {
  std::string text(kCrockfordLength, '0');
  for (std::size_t i = kCrockfordLength; i-- > 0;) {
    text[i] = kCrockford[value.lo & 31];
    value.lo = value.lo >> 5 | value.hi << 59;
    value.hi >>= 5;
  }
  return text;
}

std::optional<Hash128> crockford32_decode(std::string_view text) {
  if (text.size() != kCrockfordLength || text[0] < '0' || text[0] > '7') return std::nullopt;
  Hash128 value;
  for (const char c : text) {
    const std::uint8_t digit = kCrockfordDigits[static_cast<std::uint8_t>(c)];
    if (digit == kNoDigit) return std::nullopt;
    value.hi = value.hi << 5 | value.lo >> 59;
    value.lo = value.lo << 5 | digit;
  }
  return value;
}

std::string hash_bytes(Hash128 value) {
  std::string bytes(16, '\0');
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<char>(value.hi >> (56 - 8 * i) & 0xff);
    bytes[8 + i] = static_cast<char>(value.lo >> (56 - 8 * i) & 0xff);
  }
  return bytes;
}

}  // namespace ante
