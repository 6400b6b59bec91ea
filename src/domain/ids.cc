#include "domain/ids.h"

#include <array>
#include <cstring>

#include "base/encoding.h"

namespace ante {

namespace {

constexpr std::string_view kDecisionPrefix = "dec_";
constexpr std::string_view kPersonPrefix = "per_";

// Puts the bytes together on the stack when they are short, as ids are.
template <typename Hash>
auto hash_of_parts(std::string_view head, std::string_view tail, Hash hash) {
  std::array<char, 512> buffer;
  if (head.size() + tail.size() <= buffer.size()) {
    if (!head.empty()) std::memcpy(buffer.data(), head.data(), head.size());
    if (!tail.empty()) std::memcpy(buffer.data() + head.size(), tail.data(), tail.size());
    return hash(std::string_view(buffer.data(), head.size() + tail.size()));
  }
  std::string bytes(head);
  bytes.append(tail);
  return hash(std::string_view(bytes));
}

}  // namespace

PersonHash person_hash(const SecretKey& key, TenantId tenant, const RoutingId& routing) {
  std::array<char, 5> head;
  std::memcpy(head.data(), &tenant.value, 4);
  head[4] = static_cast<char>(routing.kind);
  return PersonHash{hash_of_parts(std::string_view(head.data(), head.size()), routing.id,
                                  [&](std::string_view bytes) { return siphash128(key, bytes); })};
}

MessageKey message_key(PersonHash person, std::string_view message_id) {
  std::array<char, 16> head;
  std::memcpy(head.data(), &person.value.hi, 8);
  std::memcpy(head.data() + 8, &person.value.lo, 8);
  return MessageKey{hash_of_parts(std::string_view(head.data(), head.size()), message_id,
                                  [](std::string_view bytes) { return hash128(bytes); })};
}

DecisionId make_decision_id(std::int64_t time_ms, Partition partition, std::uint64_t random_a,
                            std::uint64_t random_b) {
  const std::uint64_t time = static_cast<std::uint64_t>(time_ms) << 16;
  const std::uint64_t part = static_cast<std::uint64_t>(partition.value & 0xff) << 8;
  return DecisionId{{time | part | (random_a & 0xff), random_b}};
}

std::string to_string(DecisionId id) {
  return std::string(kDecisionPrefix) + crockford32_encode(id.value);
}

std::optional<DecisionId> parse_decision_id(std::string_view text) {
  if (!text.starts_with(kDecisionPrefix)) return std::nullopt;
  const auto value = crockford32_decode(text.substr(kDecisionPrefix.size()));
  if (!value) return std::nullopt;
  return DecisionId{*value};
}

std::string to_string(PersonHash person) {
  return std::string(kPersonPrefix) + hex_encode(hash_bytes(person.value));
}

std::optional<PersonHash> parse_person_hash(std::string_view text) {
  if (!text.starts_with(kPersonPrefix)) return std::nullopt;
  const auto bytes = hex_decode(text.substr(kPersonPrefix.size()));
  if (!bytes || bytes->size() != 16) return std::nullopt;
  Hash128 value;
  for (std::size_t i = 0; i < 8; ++i) {
    value.hi = value.hi << 8 | static_cast<std::uint8_t>((*bytes)[i]);
    value.lo = value.lo << 8 | static_cast<std::uint8_t>((*bytes)[8 + i]);
  }
  return PersonHash{value};
}

}  // namespace ante
