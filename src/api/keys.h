// API keys: made once, shown once, kept as a hash in the control log.
//
// In:   objects of type "key" (from ObjectTable). Out: whom a text presented as a key belongs to.
//
// A key is pk_live_ or sk_live_ and 32 letters of base 58 (187 bits). A publishable key stands in
// pages that everybody can read; a secret key never leaves servers. Any thread.

#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/published.h"
#include "base/result.h"
#include "domain/ids.h"
#include "domain/record.h"

namespace ante {

inline constexpr std::size_t kKeyLetters = 32;
inline constexpr std::size_t kKeysMax = 1000;
inline constexpr std::size_t kKeyOriginsMax = 50;
inline constexpr std::string_view kKeyObjectType = "key";

enum class KeyKind : std::uint8_t { kPublishable = 1, kSecret = 2 };

struct ApiKey {
  std::string id;  // key_ + 12 letters; harmless to show
  KeyKind kind = KeyKind::kPublishable;
  TenantId tenant = kFirstTenant;
  std::string digest;                // SHA-256 of the text, hexadecimal
  std::vector<std::string> origins;  // exact; empty = what the settings allow
  TimeMs created_ms = 0;
};

// Fresh random bytes; the system's in the product, seeded ones in simulations.
using EntropySource = std::function<void(std::span<std::uint8_t>)>;

struct NewKey {
  ApiKey key;
  std::string text;  // shown once
};
NewKey make_key(KeyKind kind, const EntropySource& entropy, TimeMs now_ms);

std::string key_to_json(const ApiKey& key);
// kDataLoss: not what key_to_json wrote.
Result<ApiKey> key_from_json(std::string_view id, std::string_view json);
// SHA-256 as hexadecimal.
std::string key_digest(std::string_view text);
// Whether `text` has the form of a key.
bool looks_like_key(std::string_view text);

class KeyTable {
 public:
  // Takes over all keys that are not deleted.
  void replace(std::vector<ApiKey> keys);
  // Null when nobody's. Costs one hash of the text, less when the same thread asks again.
  std::shared_ptr<const ApiKey> find(std::string_view text) const;
  // Whether any key names this origin.
  bool allows_origin(std::string_view origin) const;
  std::vector<ApiKey> list() const;

 private:
  struct Keys {
    std::unordered_map<std::string, std::shared_ptr<const ApiKey>> by_digest;
  };
  Published<Keys> keys_;
};

}  // namespace ante
