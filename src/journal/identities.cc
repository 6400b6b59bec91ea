#include "journal/identities.h"

#include <algorithm>

#include "base/bytes.h"
#include "journal/meta_keys.h"

namespace ante {

namespace {
constexpr std::uint8_t kIdentitiesFormat = 1;
}  // namespace

std::string encode_identity(const RoutingId& id) {
  std::string out;
  ByteWriter writer(out);
  writer.u8(kIdentitiesFormat);
  writer.u8(static_cast<std::uint8_t>(id.kind));
  writer.string(id.id);
  writer.u32(crc32c(out));
  return out;
}

Result<RoutingId> decode_identity(std::string_view bytes) {
  ByteReader reader(bytes);
  const std::uint8_t format = reader.u8();
  const std::uint8_t kind = reader.u8();
  RoutingId id;
  id.id = reader.string();
  const std::size_t covered = reader.position();
  const std::uint32_t crc = reader.u32();
  if (!reader.ok() || !reader.at_end() || format != kIdentitiesFormat || kind < 1 || kind > 2 ||
      crc != crc32c(bytes.substr(0, covered))) {
    return data_loss("an identity row is damaged");
  }
  id.kind = static_cast<RoutingKind>(kind);
  return id;
}

PersonHash& Identities::slot_of(PersonHash person) {
  return remembered_[(person.value.lo ^ mix64(person.value.hi)) & (kIdentitiesRemembered - 1)];
}

Result<void> Identities::rows_for(const NewRecord& record, std::vector<Row>& rows) {
  const PersonHash person = record.header.person;
  if (record.header.kind == RecordKind::kErase) {
    if (slot_of(person) == person) slot_of(person) = PersonHash{};
    rows.push_back({Table::kIdentity, hash_key(person.value), std::nullopt});
    return {};
  }
  if (!record.identity.has_value() || person == PersonHash{}) return {};
  PersonHash& slot = slot_of(person);
  if (slot == person) return {};
  std::string key = hash_key(person.value);
  const auto stored = TRY(store_.get(Table::kIdentity, key));
  slot = person;
  if (stored.has_value()) return {};
  rows.push_back({Table::kIdentity, std::move(key), encode_identity(*record.identity)});
  return {};
}

void Identities::failed() { std::fill(remembered_.begin(), remembered_.end(), PersonHash{}); }

}  // namespace ante
