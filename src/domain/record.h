// One record of the log: a header common to all, and the bytes of its body.
//
// Fold order is sequence, decay uses occurred_at, dedup and retention use received_at.
// docs/formats/log.md.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/ids.h"

namespace ante {

// Numbers are stored: only append.
enum class RecordKind : std::uint8_t {
  kEvent = 1,
  kFacts = 2,
  kLink = 3,
  kDecision = 4,
  kActivation = 5,
  kReward = 6,
  kConsent = 7,  // body: one byte of Consent bits
  kErased = 8,   // an empty record at its sequence
  kErase = 9,    // the person asked: their state is emptied from here on
  kItem = 10,    // control partition: encode(Item)
  kObject = 11,  // control partition: encode(Object)
};

struct RecordHeader {
  RecordKind kind = RecordKind::kEvent;
  TenantId tenant = kFirstTenant;
  PersonHash person;       // zero in the control partition
  TimeMs occurred_at = 0;  // skew-corrected, <= received_at
  TimeMs received_at = 0;  // monotone within a partition
  friend bool operator==(const RecordHeader&, const RecordHeader&) = default;
};

// A record on its way in.
struct NewRecord {
  Partition partition;
  RecordHeader header;
  std::string body;
  std::optional<MessageKey> dedup;  // none = every record counts
  // Stored beside the person when first seen: the raw id, for the identity table only.
  std::optional<RoutingId> identity;
};

// A record that is durable. `body` points into the batch that delivers it.
struct CommittedRecord {
  Commit commit;
  Partition partition;
  Sequence sequence;
  RecordHeader header;
  std::string_view body;
};

// The value of the log for one partition and commit: header, records, CRC-32C.
// Encodes `records` (all of one partition) with sequences first, first + 1, …
std::string encode_log_value(Commit commit, Partition partition, Sequence first,
                             std::vector<NewRecord*> const& records);
// kDataLoss: CRC, format or length is wrong. The views point into `value`.
Result<std::vector<CommittedRecord>> decode_log_value(std::string_view value);

// A versioned object of the control log: slot, key, holdout, feed, …
struct Object {
  std::string type, id;
  std::uint64_t version = 0;  // 1, 2, …; also its ETag
  bool deleted = false;
  std::string who, why;
  std::string json;
  friend bool operator==(const Object&, const Object&) = default;
};
std::string encode(const Object& object);
Result<Object> decode_object(std::string_view bytes);

}  // namespace ante
