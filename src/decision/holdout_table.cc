#include "decision/holdout_table.h"

#include <utility>

#include "base/bytes.h"
#include "domain/record.h"

namespace ante {

namespace {

constexpr std::uint8_t kHoldoutTableFormat = 1;

}  // namespace

void HoldoutTable::consume(const CommittedRecord& record) {
  if (record.header.kind != RecordKind::kObject) return;
  const Result<Object> object = decode_object(record.body);
  if (!object || object->type != kHoldoutObjectType || object->id != kHoldoutObjectId) return;
  const Result<HoldoutDraw> draw = holdout_draw_from_json(object->json);
  if (draw) draw_.publish(std::make_shared<const HoldoutDraw>(*draw));
}

std::string HoldoutTable::save() const {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kHoldoutTableFormat);
  out.string(holdout_draw_to_json(*draw_.get()));
  return bytes;
}

Result<void> HoldoutTable::load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.u8() != kHoldoutTableFormat)
    return data_loss("holdout: the checkpoint is of a format that is not known");
  const Result<HoldoutDraw> draw = holdout_draw_from_json(in.string());
  if (!in.ok() || !in.at_end() || !draw) return data_loss("holdout: the checkpoint is damaged");
  draw_.publish(std::make_shared<const HoldoutDraw>(*draw));
  return {};
}

}  // namespace ante
