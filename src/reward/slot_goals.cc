#include "reward/slot_goals.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/text.h"
#include "reward/reward_row.h"

namespace ante {

namespace {

constexpr std::int64_t kCreditMicrosMax = 1'000'000'000'000;  // of one occurrence: a million units

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

bool is_named(std::string_view outcome, const Reward& reward) {
  return same_word(outcome, reward.measure);
}

bool has_outcome(const Slot& slot, std::string_view name) {
  return same_word(slot.goal_event, name) ||
         std::ranges::any_of(slot.further_outcomes, [name](const SlotOutcome& outcome) {
           return same_word(outcome.event, name);
         });
}

// Whether the slot also has the event under its own name: then its kind's short name says the same
// again. That it was finished is something else.
bool is_named_longer(const Slot& slot, std::string_view outcome, const Event& event) {
  return !same_word(outcome, event.name) && !same_word(outcome, "finish") &&
         has_outcome(slot, event.name);
}
bool is_named_longer(const Slot&, std::string_view, const Reward&) { return false; }

std::int64_t micros_of(double worth) {
  const double micros = worth * kMicros;
  if (!std::isfinite(micros)) return 0;
  constexpr auto kMax = static_cast<double>(kCreditMicrosMax);
  return std::llround(std::clamp(micros, -kMax, kMax));
}

template <typename Happened>
Credits credits_for(const Slot& slot, const Happened& happened, double scale) {
  Credits credits;
  const auto look = [&](const std::string& name, double value) {
    if (is_named(name, happened) && !is_named_longer(slot, name, happened))
      credits.push_back({hash64(lower_case(name)), micros_of(value * scale)});
  };
  look(slot.goal_event, slot.goal_value);
  for (const SlotOutcome& outcome : slot.further_outcomes) look(outcome.event, outcome.value);
  return credits;
}

}  // namespace

bool is_named(std::string_view outcome, const Event& event) {
  if (same_word(outcome, event.name)) return true;
  for (const auto& [name, kind] : kShortNames) {
    if (event.kind != kind || !same_word(outcome, name)) continue;
    return name != "finish" || event.finished;
  }
  return false;
}

Credits credits_of(const Slot& slot, const Event& event) { return credits_for(slot, event, 1); }

Credits credits_of(const Slot& slot, const Reward& reward) {
  return credits_for(slot, reward, reward.value);
}

void add_credit(Credits& credits, const Credit& credit) {
  for (Credit& known : credits) {
    if (known.outcome != credit.outcome) continue;
    const std::int64_t more = std::abs(credit.micros) - std::abs(known.micros);
    if (more > 0 || (more == 0 && credit.micros > 0)) known.micros = credit.micros;
    return;
  }
  credits.push_back(credit);
}

std::int64_t reward_micros(const Slot& slot, const Credits& credits) {
  if (credits.empty()) return micros_of(slot.default_reward);
  std::int64_t sum = 0;
  for (const Credit& credit : credits) sum += credit.micros;
  return sum;
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
