#include "learning/organic_learner.h"

#include <algorithm>
#include <memory>
#include <unordered_set>
#include <vector>

#include "base/bytes.h"
#include "domain/event.h"

namespace ante {

namespace {
constexpr std::uint8_t kOrganicLearnerFormat = 1;
const Trail kNobody;
}  // namespace

OrganicLearner::OrganicLearner(const LiveItems& live, Published<OrganicWeights>& published)
    : live_(live), published_(published) {}

void OrganicLearner::consume(const CommittedRecord& record) {
  if (record.header.kind != RecordKind::kEvent) return;
  const auto second = static_cast<std::uint32_t>(record.header.received_at / 1000);
  if (second != second_) {
    second_ = second;
    learned_in_second_ = 0;
  }
  if (learned_in_second_ >= kComingsLearnedPerSecondMax) return;
  const auto event = decode_event(record.body);
  if (!event || event->items.empty() || !is_attention(*event)) return;
  ++learned_in_second_;

  const auto now_s =
      static_cast<std::uint32_t>(std::max<TimeMs>(record.header.occurred_at, 1000) / 1000);
  const Trail* known = live_.trail(record.header.person);
  const Trail& trail = known != nullptr ? *known : kNobody;
  std::unordered_set<std::uint32_t> came_to;
  for (const EventItem& item : event->items) {
    const auto index = live_.interner().find(item.key);
    if (!index) continue;
    // Again in the same visit is not another coming.
    const TrailStep* step = trail.find(*index);
    if (step != nullptr && now_s <= step->last_s + kVisitGapMs / 1000) continue;
    came_to.insert(index->value);
  }
  if (came_to.empty()) return;

  pool_.begin(live_.interner().size());
  sources_.propose({live_, trail, now_s, nullptr}, pool_);
  const OrganicScene scene(live_, trail, now_s, trainer_.weights());
  std::vector<OrganicItem> items;
  std::vector<bool> came;
  items.reserve(pool_.entries().size());
  for (const PoolEntry& proposed : pool_.entries()) {
    OrganicItem item;
    item.pool = proposed;
    scene.cut(item);
    const bool chosen = came_to.contains(proposed.item.value);
    if (!item.stats.available && !chosen) continue;
    items.push_back(item);
    came.push_back(chosen);
  }
  if (!items.empty()) trainer_.learn(scene, items, came);
}

void OrganicLearner::commit_consumed(Commit) {
  if (trainer_.weights().steps == published_steps_) return;
  published_steps_ = trainer_.weights().steps;
  published_.publish(std::make_shared<const OrganicWeights>(trainer_.weights()));
}

std::string OrganicLearner::save() const {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kOrganicLearnerFormat);
  out.u32(second_);
  out.u32(learned_in_second_);
  out.string(trainer_.save());
  return bytes;
}

Result<void> OrganicLearner::load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.u8() != kOrganicLearnerFormat)
    return data_loss("organic learner: the checkpoint has an unknown format");
  second_ = in.u32();
  learned_in_second_ = in.u32();
  const std::string_view trainer = in.string();
  if (!in.ok() || !in.at_end()) return data_loss("organic learner: the checkpoint is damaged");
  TRY(trainer_.load(trainer));
  commit_consumed(Commit{});
  return {};
}

}  // namespace ante
