#include "domain/record.h"

#include "base/bytes.h"
#include "domain/format_reader.h"

namespace ante {

namespace {

constexpr std::uint32_t kLogMagic = 0x4c544e41;  // "ANTL"
constexpr std::size_t kCrcBytes = 4;
constexpr std::size_t kRecordBytesMin = 1 + 1 + 16 + 1 + 1 + 1;
constexpr std::size_t kObjectTypeBytesMax = 64;
constexpr std::size_t kObjectJsonBytesMax = 1 << 20;
constexpr std::size_t kObjectTextBytesMax = 1000;  // who, why

// Differences wrap around like the unsigned numbers they are made of: no overflow, exact both ways.
std::int64_t difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

std::string place(const ByteReader& in) { return " at byte " + std::to_string(in.position()); }

Error damaged(std::string what) { return data_loss("log value: " + std::move(what)); }

bool is_record_kind(std::uint8_t kind) {
  return kind >= static_cast<std::uint8_t>(RecordKind::kEvent) &&
         kind <= static_cast<std::uint8_t>(RecordKind::kObject);
}

}  // namespace

std::string encode_log_value(Commit commit, Partition partition, Sequence first,
                             std::vector<NewRecord*> const& records) {
  std::size_t size = 32;
  for (const NewRecord* record : records) size += record->body.size() + 36;
  std::string value;
  value.reserve(size);
  ByteWriter out(value);
  out.u32(kLogMagic);
  out.u8(kFormatVersion);
  out.varint(commit.value);
  out.varint(partition.value);
  out.varint(first.value);
  out.varint(records.size());
  TimeMs received = 0;
  for (const NewRecord* record : records) {
    CHECK(record->partition == partition);
    const RecordHeader& header = record->header;
    out.u8(static_cast<std::uint8_t>(header.kind));
    out.varint(header.tenant.value);
    write_hash(out, header.person.value);
    out.svarint(difference(header.received_at, received));
    out.svarint(difference(header.received_at, header.occurred_at));
    out.string(record->body);
    received = header.received_at;
  }
  out.u32(crc32c(value));
  return value;
}

Result<std::vector<CommittedRecord>> decode_log_value(std::string_view value) {
  if (value.size() < kCrcBytes) return damaged("only " + std::to_string(value.size()) + " bytes");
  const std::string_view content = value.substr(0, value.size() - kCrcBytes);
  const auto stored_crc = ByteReader(value.substr(content.size())).u32();
  ByteReader in(content);
  if (in.u32() != kLogMagic) return damaged("does not start with its magic number");
  if (stored_crc != crc32c(content))
    return damaged("the checksum does not match its " + std::to_string(value.size()) + " bytes");
  const std::uint8_t version = in.u8();
  if (version != kFormatVersion) {
    return damaged("format version " + std::to_string(version) + " found, this program reads " +
                   std::to_string(kFormatVersion));
  }
  const Commit commit{in.varint()};
  const std::uint64_t partition = in.varint();
  const std::uint64_t first = in.varint();
  const std::size_t count = in.count(kRecordBytesMin);
  if (!in.ok()) return damaged("the header is cut" + place(in));
  if (partition >= kPartitions)
    return damaged("there is no partition " + std::to_string(partition));
  std::vector<CommittedRecord> records;
  records.reserve(count);
  TimeMs received = 0;
  for (std::size_t i = 0; i < count; ++i) {
    CommittedRecord record;
    record.commit = commit;
    record.partition = Partition{static_cast<std::uint16_t>(partition)};
    record.sequence = Sequence{first + i};
    const std::uint8_t kind = in.u8();
    const std::uint64_t tenant = in.varint();
    record.header.person.value.hi = in.u64();
    record.header.person.value.lo = in.u64();
    received = difference(received, difference(0, in.svarint()));
    record.header.received_at = received;
    record.header.occurred_at = difference(received, in.svarint());
    record.body = in.string();
    if (!in.ok())
      return damaged("record " + std::to_string(i) + " of " + std::to_string(count) + " is cut" +
                     place(in));
    if (!is_record_kind(kind))
      return damaged("unknown kind of record " + std::to_string(kind) + place(in));
    if (tenant > UINT32_MAX) return damaged("tenant out of range" + place(in));
    record.header.kind = static_cast<RecordKind>(kind);
    record.header.tenant = TenantId{static_cast<std::uint32_t>(tenant)};
    records.push_back(record);
  }
  if (!in.at_end()) return damaged(std::to_string(in.remaining()) + " bytes too many" + place(in));
  return records;
}

std::string encode(const Object& object) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kFormatVersion);
  out.string(object.type);
  out.string(object.id);
  out.varint(object.version);
  out.u8(object.deleted ? 1 : 0);
  out.string(object.who);
  out.string(object.why);
  out.string(object.json);
  return bytes;
}

Result<Object> decode_object(std::string_view bytes) {
  FormatReader in("object", bytes);
  Object object;
  object.type = in.string(kObjectTypeBytesMax);
  object.id = in.string(kIdBytesMax);
  object.version = in.varint();
  const std::uint8_t deleted = in.u8();
  if (deleted > 1) in.refuse("unknown flags");
  object.deleted = deleted == 1;
  object.who = in.string(kObjectTextBytesMax);
  object.why = in.string(kObjectTextBytesMax);
  object.json = in.string(kObjectJsonBytesMax);
  TRY(in.finish());
  return object;
}

}  // namespace ante
