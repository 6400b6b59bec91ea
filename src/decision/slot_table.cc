#include "decision/slot_table.h"

#include <utility>

#include "base/bytes.h"

namespace ante {

namespace {

constexpr std::uint8_t kFormatVersion = 1;
constexpr std::string_view kSlotType = "slot";

}  // namespace

void SlotTable::consume(const CommittedRecord& record) {
  if (record.header.kind != RecordKind::kObject) return;
  Result<Object> object = decode_object(record.body);
  if (!object || object->type != kSlotType) return;
  auto next = std::make_shared<SlotMap>(*slots_.get());
  if (object->deleted) {
    next->erase(object->id);
  } else {
    // What cannot be read any more leaves the slot as it was: the writer validated it.
    Result<Slot> slot = slot_from_json(object->id, object->json);
    if (!slot || (next->size() >= kSlotsMax && next->find(object->id) == next->end())) return;
    slot->version = object->version;
    (*next)[object->id] = std::move(*slot);
  }
  slots_.publish(std::move(next));
}

std::string SlotTable::save() const {
  const std::shared_ptr<const SlotMap> slots = slots_.get();
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kFormatVersion);
  out.varint(slots->size());
  for (const auto& [name, slot] : *slots) {
    out.string(name);
    out.varint(slot.version);
    out.string(slot_to_json(slot));
  }
  return bytes;
}

Result<void> SlotTable::load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.u8() != kFormatVersion)
    return data_loss("slots: the checkpoint is of a format that is not known");
  const std::size_t count = in.count(3);
  auto next = std::make_shared<SlotMap>();
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const std::string name(in.string());
    const std::uint64_t version = in.varint();
    Result<Slot> slot = slot_from_json(name, in.string());
    if (!in.ok() || !slot)
      return data_loss("slots: the checkpoint is damaged at slot '" + name + "'");
    slot->version = version;
    (*next)[name] = std::move(*slot);
  }
  if (!in.ok() || !in.at_end()) return data_loss("slots: the checkpoint is damaged");
  slots_.publish(std::move(next));
  return {};
}

}  // namespace ante
