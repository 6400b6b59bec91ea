#include "decision/exposure_guard.h"

#include <algorithm>
#include <unordered_map>

#include "profile/unanswered.h"

namespace ante {

namespace {

constexpr std::size_t kShards = 1024;

// A decision whose record is not yet folded, or that may still be activated.
struct Reserved {
  DecisionId id;
  PersonHash oldest;
  TimeMs at_ms = 0;
  bool activated = false;
  bool asked = false;
  std::vector<ItemKey> items;
};

struct Times {
  ItemKey item;
  unsigned times = 0;
};

void count(std::vector<Times>& counted, ItemKey item, unsigned times) {
  const auto same = std::ranges::find(counted, item, &Times::item);
  if (same != counted.end())
    same->times += times;
  else
    counted.push_back({item, times});
}

}  // namespace

struct ExposureGuard::Shard {
  Mutex turn;  // held by whoever decides for a person of this shard
  Mutex mutex;
  std::vector<Reserved> reserved GUARDED_BY(mutex);  // oldest first
};

ExposureGuard::ExposureGuard() : shards_(std::make_unique<Shard[]>(kShards)) {}
ExposureGuard::~ExposureGuard() = default;

ExposureGuard::Shard& ExposureGuard::shard_of(PersonHash oldest) {
  return shards_[oldest.value.lo % kShards];
}

ExposureTurn::ExposureTurn(ExposureGuard& guard, PersonHash oldest_member)
    : shard_(guard.shard_of(oldest_member)), oldest_(oldest_member), turn_(shard_.turn) {}

std::vector<ItemKey> ExposureTurn::at_limit(const PersonState& state, TimeMs now_ms,
                                            unsigned exposures, unsigned days) const {
  std::vector<Times> counted;
  {
    MutexLock lock(shard_.mutex);
    for (const Reserved& reserved : shard_.reserved) {
      if (reserved.oldest != oldest_ || now_ms - reserved.at_ms > kReservedMs) continue;
      for (const ItemKey item : reserved.items) count(counted, item, 1);
    }
  }
  for (const ShownItem& shown : state.shown) {
    const unsigned times = times_shown(shown, now_ms, days);
    if (times > 0) count(counted, shown.item, times);
  }
  std::vector<ItemKey> at_limit;
  for (const Times& item : counted) {
    if (item.times >= exposures) at_limit.push_back(item.item);
  }
  std::ranges::sort(at_limit);
  return at_limit;
}

bool ExposureTurn::is_asked() const {
  MutexLock lock(shard_.mutex);
  return std::ranges::any_of(shard_.reserved, [this](const Reserved& reserved) {
    return reserved.oldest == oldest_ && reserved.asked;
  });
}

void ExposureTurn::keep(const Decision& decision) {
  Reserved reserved{
      decision.id, oldest_, decision.at_ms, decision.activated, !decision.asked.empty(), {}};
  for (const Placement& place : decision.served) reserved.items.push_back(place.item);
  if (reserved.items.empty() && !reserved.asked) return;
  MutexLock lock(shard_.mutex);
  auto& list = shard_.reserved;
  std::erase_if(list, [&](const Reserved& r) { return decision.at_ms - r.at_ms > kReservedMs; });
  if (list.size() >= kReservedPerShardMax) list.erase(list.begin());
  list.push_back(std::move(reserved));
}

void ExposureGuard::consume(const CommittedRecord& record) {
  const auto drop = [this](PersonHash oldest, DecisionId id, bool only_activated) {
    Shard& shard = shard_of(oldest);
    MutexLock lock(shard.mutex);
    std::erase_if(shard.reserved, [&](const Reserved& r) {
      return r.id == id && (r.activated || !only_activated);
    });
  };
  if (record.header.kind == RecordKind::kDecision) {
    const auto head = decode_decision_head(record.body);
    if (head && head->activated) drop(head->oldest, head->id, true);
  } else if (record.header.kind == RecordKind::kActivation) {
    // One that names no items is counted here only, until it is forgotten. One of a linked id other
    // than the oldest counts twice until then.
    const auto activation = decode_activation(record.body);
    if (activation && !activation->items.empty())
      drop(record.header.person, activation->decision, false);
  }
}

}  // namespace ante
