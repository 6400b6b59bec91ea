#include "api/keys.h"

#include <algorithm>

#include <openssl/evp.h>

#include "base/check.h"
#include "base/encoding.h"
#include "base/json_parser.h"
#include "base/json_writer.h"

namespace ante {
namespace {

constexpr std::string_view kBase58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::string_view kPublishablePrefix = "pk_live_";
constexpr std::string_view kSecretPrefix = "sk_live_";
constexpr std::size_t kKeyJsonBytesMax = 64 * 1024;
constexpr std::size_t kIdLetters = 12;

// Letters without bias: bytes beyond the largest multiple of 58 are drawn again.
std::string random_letters(std::size_t count, const EntropySource& entropy) {
  std::string out;
  std::array<std::uint8_t, 64> bytes{};
  while (out.size() < count) {
    entropy(bytes);
    for (const std::uint8_t byte : bytes) {
      if (byte < 58 * 4 && out.size() < count) out.push_back(kBase58[byte % 58]);
    }
  }
  return out;
}

}  // namespace

NewKey make_key(KeyKind kind, const EntropySource& entropy, TimeMs now_ms) {
  NewKey made;
  made.text = kind == KeyKind::kSecret ? kSecretPrefix : kPublishablePrefix;
  made.text += random_letters(kKeyLetters, entropy);
  made.key.id = "key_" + random_letters(kIdLetters, entropy);
  made.key.kind = kind;
  made.key.digest = key_digest(made.text);
  made.key.created_ms = now_ms;
  return made;
}

std::string key_to_json(const ApiKey& key) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("kind", key.kind == KeyKind::kSecret ? "secret" : "publishable");
  json.field("tenant", key.tenant.value).field("digest", key.digest);
  json.field("createdMs", key.created_ms);
  json.key("origins").begin_array();
  for (const std::string& origin : key.origins) json.string(origin);
  json.end_array().end_object();
  return out;
}

Result<ApiKey> key_from_json(std::string_view id, std::string_view json) {
  JsonParser parser(kKeyJsonBytesMax);
  const auto damaged = [&] { return data_loss("key " + std::string(id) + ": damaged object"); };
  auto parsed = parser.parse(json);
  if (!parsed) return damaged();
  simdjson::dom::object object;
  std::string_view kind, digest;
  std::int64_t tenant = 0, created_ms = 0;
  simdjson::dom::array origins;
  if (parsed->get(object) || object["kind"].get(kind) || object["digest"].get(digest) ||
      object["tenant"].get(tenant) || object["createdMs"].get(created_ms) ||
      object["origins"].get(origins) || (kind != "secret" && kind != "publishable")) {
    return damaged();
  }
  ApiKey key;
  key.id = id;
  key.kind = kind == "secret" ? KeyKind::kSecret : KeyKind::kPublishable;
  key.tenant = TenantId{static_cast<std::uint32_t>(tenant)};
  key.digest = digest;
  key.created_ms = created_ms;
  for (const auto origin : origins) {
    std::string_view text;
    if (origin.get(text)) return damaged();
    key.origins.emplace_back(text);
  }
  return key;
}

std::string key_digest(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1);
  return hex_encode({reinterpret_cast<const char*>(digest.data()), size});
}

bool looks_like_key(std::string_view text) {
  if (!text.starts_with(kPublishablePrefix) && !text.starts_with(kSecretPrefix)) return false;
  const std::string_view letters = text.substr(kSecretPrefix.size());
  return letters.size() == kKeyLetters &&
         letters.find_first_not_of(kBase58) == std::string_view::npos;
}

void KeyTable::replace(std::vector<ApiKey> keys) {
  auto next = std::make_shared<Keys>();
  for (ApiKey& key : keys) {
    auto entry = std::make_shared<const ApiKey>(std::move(key));
    next->by_digest.emplace(entry->digest, entry);
  }
  keys_.publish(std::move(next));
}

std::shared_ptr<const ApiKey> KeyTable::find(std::string_view text) const {
  if (!looks_like_key(text)) return nullptr;
  struct Last {  // hashing the same text for each request of a connection would be a waste
    std::string text, digest;
  };
  thread_local Last last;
  if (last.text != text) {
    last.digest = key_digest(text);
    last.text = text;
  }
  const auto keys = keys_.get();
  const auto found = keys->by_digest.find(last.digest);
  return found == keys->by_digest.end() ? nullptr : found->second;
}

bool KeyTable::allows_origin(std::string_view origin) const {
  const auto keys = keys_.get();
  return std::ranges::any_of(keys->by_digest, [&](const auto& entry) {
    return std::ranges::find(entry.second->origins, origin) != entry.second->origins.end();
  });
}

std::vector<ApiKey> KeyTable::list() const {
  std::vector<ApiKey> all;
  const auto keys = keys_.get();
  for (const auto& [digest, key] : keys->by_digest) all.push_back(*key);
  std::ranges::sort(all, {}, &ApiKey::id);
  return all;
}

}  // namespace ante
