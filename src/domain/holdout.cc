#include "domain/holdout.h"

#include <array>

#include "base/json_parser.h"
#include "base/json_writer.h"
#include "domain/json_fields.h"

namespace ante {

namespace {

constexpr std::size_t kDrawJsonBytesMax = 1000;
constexpr TimeMs kSinceMax = 4'102'444'800'000;  // 2100
constexpr std::array<std::string_view, 2> kDrawFields = {"epoch", "since"};

}  // namespace

std::string holdout_salt(std::string_view salt, std::uint32_t epoch) {
  std::string text(salt);
  if (epoch > 0) text += " draw " + std::to_string(epoch);
  return text;
}

Result<HoldoutDraw> holdout_draw_from_json(std::string_view json) {
  JsonParser parser(kDrawJsonBytesMax);
  const simdjson::dom::element root = TRY(parser.parse(json));
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS) {
    return invalid_argument(std::string("#: a draw must be an object, found ") + json_kind(root));
  }
  JsonRefusal refusal;
  const JsonFields fields(object, "#", kDrawFields, refusal);
  HoldoutDraw draw;
  const auto epoch = fields.integer("epoch", 0, kHoldoutEpochMax);
  const auto since = fields.integer("since", 0, kSinceMax);
  if (!epoch) fields.refuse("epoch", "is required");
  if (!since) fields.refuse("since", "is required");
  if (refusal.first) return *refusal.first;
  draw.epoch = static_cast<std::uint32_t>(*epoch);
  draw.since_ms = *since;
  return draw;
}

std::string holdout_draw_to_json(const HoldoutDraw& draw) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("epoch", draw.epoch).field("since", draw.since_ms).end_object();
  return out;
}

}  // namespace ante
