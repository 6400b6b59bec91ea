// The identities of Ante, each a type of its own.
//
// Raw ids of people never leave the identity table: log, state and tokens carry PersonHash, keyed
// by the data directory's secret. Item and topic keys are plain 64-bit hashes of their names: the
// same on every machine, so a fold needs no table of numbers (collision odds at a million items:
// 3e-8). Pure values; any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/strong.h"

namespace ante {

using TenantId = Strong<std::uint32_t, struct TenantIdTag>;
using ItemKey = Strong<std::uint64_t, struct ItemKeyTag>;
using TopicKey = Strong<std::uint64_t, struct TopicKeyTag>;
using SlotKey = Strong<std::uint64_t, struct SlotKeyTag>;
using BetKey = Strong<std::uint64_t, struct BetKeyTag>;
using Partition = Strong<std::uint16_t, struct PartitionTag>;
using Sequence = Strong<std::uint64_t, struct SequenceTag>;  // 1, 2, 3 … within a partition
using Commit = Strong<std::uint64_t, struct CommitTag>;      // 1, 2, 3 … over the whole store
using PersonHash = Strong<Hash128, struct PersonHashTag>;    // one routing id of a person
using MessageKey = Strong<Hash128, struct MessageKeyTag>;    // (tenant, routing id, messageId)

inline constexpr TenantId kFirstTenant{1};

// 256 partitions of people, fixed for the life of a data directory, and one for control records:
// items and objects.
inline constexpr std::uint16_t kPeoplePartitions = 256;
inline constexpr Partition kControlPartition{256};
inline constexpr std::uint16_t kPartitions = 257;

inline constexpr std::size_t kIdBytesMax = 128;         // user, anonymous, item, slot ids
inline constexpr std::size_t kMessageIdBytesMax = 100;  // as Segment's
inline constexpr std::size_t kLinkMembersMax = 16;      // routing ids of one person

inline ItemKey item_key(std::string_view id) { return ItemKey{hash64(id, 1)}; }
inline TopicKey topic_key(std::string_view name) { return TopicKey{hash64(name, 2)}; }
inline SlotKey slot_key(std::string_view name) { return SlotKey{hash64(name, 3)}; }
inline BetKey bet_key(std::string_view id) { return BetKey{hash64(id, 4)}; }

// Which kind of id routes a message: its anonymousId, else its userId. Never from an alias table.
enum class RoutingKind : std::uint8_t { kAnonymous = 1, kUser = 2 };

struct RoutingId {
  RoutingKind kind = RoutingKind::kAnonymous;
  std::string id;
  friend auto operator<=>(const RoutingId&, const RoutingId&) = default;
};

PersonHash person_hash(const SecretKey& key, TenantId tenant, const RoutingId& routing);
MessageKey message_key(PersonHash person, std::string_view message_id);

// The partition of a person: the hash's top byte.
inline Partition partition_of(PersonHash person) {
  return Partition{static_cast<std::uint16_t>(person.value.hi >> 56)};
}

// 128 bits: 48 of time (ms), 8 of partition, 72 random. Shown as `dec_` + 26 characters of
// Crockford's base 32, so ids sort by time.
struct DecisionId {
  Hash128 value;
  friend constexpr auto operator<=>(const DecisionId&, const DecisionId&) = default;
  std::int64_t time_ms() const { return static_cast<std::int64_t>(value.hi >> 16); }
  Partition partition() const {
    return Partition{static_cast<std::uint16_t>((value.hi >> 8) & 0xff)};
  }
};

// `random_a` and `random_b` are fresh random words; 72 of their bits are used.
DecisionId make_decision_id(std::int64_t time_ms, Partition partition, std::uint64_t random_a,
                            std::uint64_t random_b);
std::string to_string(DecisionId id);
std::optional<DecisionId> parse_decision_id(std::string_view text);

// `per_` + 32 hexadecimal digits.
std::string to_string(PersonHash person);
std::optional<PersonHash> parse_person_hash(std::string_view text);

}  // namespace ante

template <>
struct std::hash<ante::DecisionId> {
  std::size_t operator()(const ante::DecisionId& id) const noexcept { return id.value.lo; }
};
