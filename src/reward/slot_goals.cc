#include "reward/slot_goals.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "reward/reward_row.h"

namespace ante {

namespace {

constexpr std::int64_t kGoalMicrosMax = 1'000'000'000'000;  // of one occurrence: a million units

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

constexpr std::array<std::pair<std::string_view, EventKind>, 8> kShortNames = {{
    {"click", EventKind::kClicked},
    {"read", EventKind::kArticleRead},
    {"finish", EventKind::kArticleRead},
    {"purchase", EventKind::kPurchased},
    {"view", EventKind::kViewed},
    {"cart", EventKind::kAddedToCart},
    {"pin", EventKind::kPinned},
    {"share", EventKind::kShared},
}};

}  // namespace

bool is_goal(const Slot& slot, const Event& event) {
  if (same_word(slot.goal_event, event.name)) return true;
  for (const auto& [name, kind] : kShortNames) {
    if (event.kind != kind || !same_word(slot.goal_event, name)) continue;
    return name != "finish" || event.finished;
  }
  return false;
}

bool is_goal(const Slot& slot, const Reward& reward) {
  return same_word(slot.goal_event, reward.measure);
}

std::int64_t goal_micros(const Slot& slot, double scale) {
  const double micros = slot.goal_value * scale * kMicros;
  if (!std::isfinite(micros)) return 0;
  constexpr auto kMax = static_cast<double>(kGoalMicrosMax);
  return std::llround(std::clamp(micros, -kMax, kMax));
}

void SlotGoals::consume(const CommittedRecord& record) {
  if (record.header.kind != RecordKind::kObject) return;
  const Result<Object> object = decode_object(record.body);
  if (!object || object->type != "slot" || object->deleted) return;
  Result<Slot> slot = slot_from_json(object->id, object->json);
  if (!slot) return;  // the writer validated it; what cannot be read leaves the slot as it was
  slot->version = object->version;
  if (slots_.size() >= kSlotsMax && slots_.count(slot->key) == 0) return;
  slots_[slot->key] = std::move(*slot);
}

const Slot* SlotGoals::find(SlotKey key) const {
  const auto found = slots_.find(key);
  return found == slots_.end() ? nullptr : &found->second;
}

const Slot* SlotGoals::find(std::string_view name) const {
  const Slot* slot = find(slot_key(name));
  return slot != nullptr && slot->name == name ? slot : nullptr;
}

void SlotGoals::save(std::string& bytes) const {
  ByteWriter out(bytes);
  out.varint(slots_.size());
  for (const auto& [key, slot] : slots_) {
    out.string(slot.name);
    out.varint(slot.version);
    out.string(slot_to_json(slot));
  }
}

Result<void> SlotGoals::load(std::string_view bytes) {
  ByteReader in(bytes);
  const std::size_t count = in.count(3);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const std::string_view name = in.string();
    const std::uint64_t version = in.varint();
    Result<Slot> slot = slot_from_json(name, in.string());
    if (!in.ok() || !slot) return data_loss("slots: the checkpoint is damaged");
    slot->version = version;
    slots_[slot->key] = std::move(*slot);
  }
  if (!in.ok() || !in.at_end()) return data_loss("slots: the checkpoint is damaged");
  return {};
}

}  // namespace ante
