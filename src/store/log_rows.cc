#include "store/log_rows.h"

#include "base/bytes.h"
#include "store/key_bytes.h"
#include "store/store.h"

namespace ante {

namespace {
constexpr std::uint8_t kLogRowsFormat = 1;
constexpr std::size_t kLogKeyBytes = 10;
}  // namespace

std::string log_key(std::uint64_t commit, std::uint16_t partition) {
  std::string key;
  append_big_endian(key, commit);
  append_big_endian(key, partition);
  return key;
}

std::uint16_t partition_of_log_key(std::string_view key) {
  return key.size() == kLogKeyBytes ? read_big_endian<std::uint16_t>(key.substr(8))
                                    : kStorePartitionsMax;
}

std::string log_prefix(std::string_view key, std::uint64_t first_sequence,
                       std::uint64_t next_sequence) {
  std::string prefix;
  ByteWriter writer(prefix);
  writer.u8(kLogRowsFormat);
  writer.varint(first_sequence);
  writer.varint(next_sequence - first_sequence);
  writer.u32(crc32c(prefix, crc32c(key)));
  return prefix;
}

Result<LogRow> decode_log_row(std::string_view key, std::string_view bytes) {
  LogRow row;
  if (key.size() != kLogKeyBytes) return data_loss("the log has a key of a wrong length");
  row.commit = read_big_endian<std::uint64_t>(key);
  row.partition = read_big_endian<std::uint16_t>(key.substr(8));
  ByteReader reader(bytes);
  const std::uint8_t format = reader.u8();
  row.first_sequence = reader.varint();
  row.next_sequence = row.first_sequence + reader.varint();
  const std::size_t covered = reader.position();
  const std::uint32_t crc = reader.u32();
  if (!reader.ok() || format != kLogRowsFormat || row.partition >= kStorePartitionsMax ||
      crc != crc32c(bytes.substr(0, covered), crc32c(key))) {
    return data_loss("the log row of commit " + std::to_string(row.commit) + ", partition " +
                     std::to_string(row.partition) + " is damaged");
  }
  row.value = bytes.substr(reader.position());
  return row;
}

std::string heads_key(std::uint64_t commit) {
  std::string key;
  append_big_endian(key, commit);
  return key;
}

std::string encode_heads(const Heads& heads) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.u8(kLogRowsFormat);
  std::size_t used = heads.next.size();
  while (used > 0 && heads.next[used - 1] <= 1) --used;
  writer.varint(used);
  for (std::size_t p = 0; p < used; ++p) writer.varint(heads.next[p]);
  writer.u32(crc32c(bytes));
  return bytes;
}

Result<Heads> decode_heads(std::string_view key, std::string_view bytes) {
  const Error damaged = data_loss("a row of the log's index is damaged");
  if (key.size() != 8 || bytes.size() < 4) return damaged;
  Heads heads{read_big_endian<std::uint64_t>(key), {}};
  const std::string_view covered = bytes.substr(0, bytes.size() - 4);
  if (crc32c(covered) != ByteReader(bytes.substr(covered.size())).u32()) return damaged;
  ByteReader reader(covered);
  const std::uint8_t format = reader.u8();
  const std::size_t used = reader.count(1);
  for (std::size_t p = 0; p < used; ++p) heads.next.push_back(reader.varint());
  if (!reader.ok() || !reader.at_end() || format != kLogRowsFormat || used > kStorePartitionsMax) {
    return damaged;
  }
  return heads;
}

}  // namespace ante
