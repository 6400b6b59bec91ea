#include "domain/impression_token.h"

// The one-block functions are used on purpose: a keyed HMAC state is 224 plain bytes that any
// thread may copy, where EVP_MAC allocates and takes locks for each copy.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <array>
#include <cmath>
#include <cstring>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "base/bytes.h"
#include "base/encoding.h"

namespace ante {

namespace {

constexpr std::string_view kPrefix = "it1.";
constexpr std::uint8_t kTokenVersion = 1;
constexpr std::size_t kBlockBytes = 64;
constexpr std::size_t kMacBytes = 16;
constexpr std::size_t kPayloadBytes = 1 + 4 + 16 + 8 + 1 + 8 + 1 + 4 + 4 + 16 + 8;
constexpr std::size_t kTokenTextBytes = 4 + ((kPayloadBytes + kMacBytes) * 8 + 5) / 6;

Error not_valid() { return invalid_argument("not a valid impression token"); }

// The payload is written and read by position: every field has a fixed width.
void append_payload(std::string& out, const ImpressionToken& token) {
  ByteWriter writer(out);
  writer.u8(kTokenVersion);
  writer.u32(token.tenant.value);
  writer.u64(token.decision.value.hi);
  writer.u64(token.decision.value.lo);
  writer.u64(token.item.value);
  writer.u8(token.position);
  writer.u64(token.slot.value);
  writer.u8(static_cast<std::uint8_t>(token.arm));
  writer.f32(token.propensity);
  writer.u32(token.policy_version);
  writer.u64(token.person.value.hi);
  writer.u64(token.person.value.lo);
  writer.fixed(token.at_ms);
}

Result<ImpressionToken> read_payload(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.u8() != kTokenVersion) return not_valid();
  ImpressionToken token;
  token.tenant = TenantId{reader.u32()};
  token.decision.value.hi = reader.u64();
  token.decision.value.lo = reader.u64();
  token.item = ItemKey{reader.u64()};
  token.position = reader.u8();
  token.slot = SlotKey{reader.u64()};
  const std::uint8_t arm = reader.u8();
  token.propensity = reader.f32();
  token.policy_version = reader.u32();
  token.person.value.hi = reader.u64();
  token.person.value.lo = reader.u64();
  token.at_ms = reader.fixed<TimeMs>();
  if (!reader.ok() || !reader.at_end()) return not_valid();
  if (arm < static_cast<std::uint8_t>(Arm::kTreated) || arm > static_cast<std::uint8_t>(kLastArm)) {
    return not_valid();
  }
  if (!std::isfinite(token.propensity)) return not_valid();
  token.arm = static_cast<Arm>(arm);
  return token;
}

}  // namespace

// HMAC (RFC 2104) with SHA-256, both key blocks absorbed once. Read-only after the constructor.
struct TokenSigner::Contexts {
  SHA256_CTX inner;
  SHA256_CTX outer;

  explicit Contexts(const SecretKey& key) {
    static_assert(std::tuple_size_v<SecretKey> <= kBlockBytes);
    std::array<std::uint8_t, kBlockBytes> block{};
    for (std::size_t i = 0; i < kBlockBytes; ++i) block[i] = (i < key.size() ? key[i] : 0) ^ 0x36;
    SHA256_Init(&inner);
    SHA256_Update(&inner, block.data(), block.size());
    for (std::uint8_t& byte : block) byte ^= 0x36 ^ 0x5c;
    SHA256_Init(&outer);
    SHA256_Update(&outer, block.data(), block.size());
    OPENSSL_cleanse(block.data(), block.size());
  }
  ~Contexts() {
    OPENSSL_cleanse(&inner, sizeof inner);
    OPENSSL_cleanse(&outer, sizeof outer);
  }
  Contexts(const Contexts&) = delete;
  Contexts& operator=(const Contexts&) = delete;

  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> mac(std::string_view bytes) const {
    std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest;
    SHA256_CTX context = inner;
    SHA256_Update(&context, bytes.data(), bytes.size());
    SHA256_Final(digest.data(), &context);
    context = outer;
    SHA256_Update(&context, digest.data(), digest.size());
    SHA256_Final(digest.data(), &context);
    return digest;
  }
};

TokenSigner::TokenSigner(const SecretKey& key) : contexts_(std::make_unique<Contexts>(key)) {}
TokenSigner::~TokenSigner() = default;
TokenSigner::TokenSigner(TokenSigner&&) noexcept = default;

std::string TokenSigner::sign(const ImpressionToken& token) const {
  std::string bytes;
  bytes.reserve(kPayloadBytes + kMacBytes);
  append_payload(bytes, token);
  const auto mac = contexts_->mac(bytes);
  bytes.append(reinterpret_cast<const char*>(mac.data()), kMacBytes);
  std::string text;
  text.reserve(kTokenTextBytes);
  text.append(kPrefix);
  append_base64url(text, bytes);
  return text;
}

Result<ImpressionToken> TokenSigner::verify(std::string_view text) const {
  if (text.size() != kTokenTextBytes || !text.starts_with(kPrefix)) return not_valid();
  const auto bytes = base64url_decode(text.substr(kPrefix.size()));
  if (!bytes || bytes->size() != kPayloadBytes + kMacBytes) return not_valid();
  const std::string_view payload = std::string_view(*bytes).substr(0, kPayloadBytes);
  const auto mac = contexts_->mac(payload);
  if (CRYPTO_memcmp(mac.data(), bytes->data() + kPayloadBytes, kMacBytes) != 0) return not_valid();
  return read_payload(payload);
}

}  // namespace ante
