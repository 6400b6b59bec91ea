// Bytes as text and back: hexadecimal, base 64 (both alphabets), Crockford's base 32.
//
// Decoders take exactly what the encoders write (base64_decode also takes missing padding) and
// answer nothing for anything else. Pure functions; any thread.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace ante {

inline constexpr std::string_view kHexText = "0123456789abcdef";

std::string hex_encode(std::string_view bytes);                // lower case
std::optional<std::string> hex_decode(std::string_view text);  // either case

std::string base64url_encode(std::string_view bytes);  // RFC 4648 §5, no padding
void append_base64url(std::string& out, std::string_view bytes);
std::optional<std::string> base64url_decode(std::string_view text);

std::string base64_encode(std::string_view bytes);  // RFC 4648 §4, padded
std::optional<std::string> base64_decode(std::string_view text);

// 128 bits as 26 characters (the first is 0..7), most significant first: sorts like the number.
std::string crockford32_encode(Hash128 value);
std::optional<Hash128> crockford32_decode(std::string_view text);  // either case

// A hash as 16 bytes, high half first, big-endian: sorts like the number.
std::string hash_bytes(Hash128 value);

}  // namespace ante
