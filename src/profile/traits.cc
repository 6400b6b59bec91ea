#include "profile/traits.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "profile/features.h"

namespace ante {
namespace {

// A level's place among the trait's, which begin with "unknown".
std::uint8_t level_named(Trait trait, std::string_view name) {
  const std::span<const std::string_view> levels = trait_levels(trait);
  const auto found = std::ranges::find(levels, name);
  return found == levels.end() ? std::uint8_t{0}
                               : static_cast<std::uint8_t>(found - levels.begin());
}

// How many of the ascending `bounds` a number has reached.
template <typename T>
std::uint8_t level_at(T number, std::initializer_list<T> bounds) {
  return static_cast<std::uint8_t>(
      std::ranges::count_if(bounds, [&](T bound) { return number >= bound; }));
}

// The newest thing remembered from before the visit the person is in; 0 = nothing.
TimeMs last_trace_ms(const PersonState& state) {
  TimeMs newest = 0;
  const auto look = [&](std::uint32_t at_s) {
    const TimeMs at_ms = std::int64_t{at_s} * kSecondMs;
    if (at_ms < state.visit_started_ms - kVisitGapMs) newest = std::max(newest, at_ms);
  };
  for (const RecentItem& r : state.recent) look(r.at_s);
  for (const OwnItem& o : state.own) look(o.last_s);
  for (const BoughtItem& b : state.bought) look(b.at_s);
  for (const HiddenItem& h : state.hidden) look(h.at_s);
  for (const HiddenItem& p : state.pinned) look(p.at_s);
  for (const TopicInterest& t : state.topics) look(t.last_event_s);
  for (const SlotExposure& e : state.exposures) look(e.last_s);
  return newest;
}

std::uint8_t recency_of(const PersonState& state, TimeMs now_ms) {
  const bool visiting = in_visit(state, now_ms);
  if (state.visits < (visiting ? 2U : 1U)) return 0;
  TimeMs before_ms = state.last_seen_ms;
  if (visiting) {
    before_ms = last_trace_ms(state);
    if (before_ms == 0) before_ms = state.first_seen_ms;
  }
  return static_cast<std::uint8_t>(
      1 + level_at<DurationMs>(now_ms - before_ms, {kDayMs, 7 * kDayMs, 30 * kDayMs}));
}

bool has_told(const PersonState& state) {
  return !state.pinned.empty() || !state.hidden.empty() || !state.hidden_topics.empty() ||
         std::ranges::any_of(state.topics, [](const TopicInterest& t) { return t.told != 0; });
}

}  // namespace

Traits traits_of(const PersonState& state, const Situation& situation, TimeMs now_ms) {
  Traits traits;
  traits[Trait::kDevice] = level_named(Trait::kDevice, situation.device);
  traits[Trait::kReferrer] = level_named(Trait::kReferrer, situation.referrer);
  traits[Trait::kDaypart] = static_cast<std::uint8_t>(situation.hour % 24 / 6);
  traits[Trait::kDay] = situation.weekday == 0 || situation.weekday == 6 ? 1 : 0;
  traits[Trait::kVisits] = level_at<std::uint32_t>(state.visits, {2, 5, 20});
  traits[Trait::kPurchases] = level_at<std::uint32_t>(state.purchases, {1, 2});
  traits[Trait::kRecency] = recency_of(state, now_ms);
  traits[Trait::kTold] = has_told(state) ? 1 : 0;
  return traits;
}

}  // namespace ante
