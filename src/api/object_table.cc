#include "api/object_table.h"

#include "base/bytes.h"

namespace ante {
namespace {

constexpr std::uint8_t kFormat = 1;

}  // namespace

std::optional<Object> ObjectTable::find(std::string_view type, std::string_view id) const {
  MutexLock lock(mutex_);
  const auto found = objects_.find(Key(type, id));
  if (found == objects_.end()) return std::nullopt;
  return found->second;
}

std::vector<Object> ObjectTable::list(std::string_view type) const {
  MutexLock lock(mutex_);
  std::vector<Object> found;
  for (auto at = objects_.lower_bound(Key(type, "")); at != objects_.end(); ++at) {
    if (at->first.first != type) break;
    if (!at->second.deleted) found.push_back(at->second);
  }
  return found;
}

void ObjectTable::consume(const CommittedRecord& record) {
  if (record.header.kind != RecordKind::kObject) return;
  auto object = decode_object(record.body);
  if (!object) return;  // of a later format: kept in the log for who understands it
  {
    MutexLock lock(mutex_);
    dirty_.emplace_back(object->type, object->id);
  }
  take(std::move(*object));
}

void ObjectTable::take(Object object) {
  const bool is_key = object.type == kKeyObjectType;
  {
    MutexLock lock(mutex_);
    Key key(object.type, object.id);
    objects_.insert_or_assign(std::move(key), std::move(object));
  }
  if (is_key) publish_keys();
}

void ObjectTable::publish_keys() {
  std::vector<ApiKey> keys;
  for (const Object& object : list(kKeyObjectType)) {
    if (auto key = key_from_json(object.id, object.json)) keys.push_back(std::move(*key));
  }
  keys_.replace(std::move(keys));
}

std::string ObjectTable::save() const {
  MutexLock lock(mutex_);
  std::string bytes;
  ByteWriter writer(bytes);
  writer.u8(kFormat);
  writer.varint(objects_.size());
  for (const auto& [key, object] : objects_) writer.string(encode(object));
  return bytes;
}

Result<void> ObjectTable::load(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.u8() != kFormat) return data_loss("objects: unknown format");
  const std::size_t count = reader.count(1);
  for (std::size_t i = 0; i < count; ++i) take(TRY(decode_object(reader.string())));
  if (!reader.ok() || !reader.at_end()) return data_loss("objects: damaged");
  return {};
}

void ObjectTable::collect(Partition partition, std::vector<Row>& rows) {
  if (partition != kControlPartition) return;
  MutexLock lock(mutex_);
  for (const Key& key : dirty_) {
    const auto found = objects_.find(key);
    if (found == objects_.end()) continue;
    std::string row_key = key.first;
    row_key.push_back('\0');
    row_key += key.second;
    rows.push_back({Table::kObjects, std::move(row_key), encode(found->second)});
  }
  dirty_.clear();
}

Result<void> ObjectTable::restore(const Row& row) {
  if (row.table != Table::kObjects || !row.value) return {};
  const Object object = TRY(decode_object(*row.value));
  CommittedRecord record;
  record.partition = kControlPartition;
  record.header.kind = RecordKind::kObject;
  record.body = *row.value;
  for (LogConsumer* mirror : mirrors_) mirror->consume(record);
  take(object);
  return {};
}

}  // namespace ante
