#include "profile/unanswered.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace ante {

namespace {

constexpr unsigned kDayBuckets = kRepeatDaysMax + 1;  // nibbles of ShownItem::counts
constexpr std::uint32_t kSecondsOfDay = 86'400;
constexpr double kFatigueMax = 5;

using Days = std::array<unsigned, kDayBuckets>;  // times a day; [0] is the newest

Days days_of(const ShownItem& shown) {
  Days days{};
  for (unsigned d = 0; d < kDayBuckets; ++d) days[d] = shown.counts >> (4 * d) & 15U;
  return days;
}

std::uint32_t packed(const Days& days) {
  std::uint32_t counts = 0;
  for (unsigned d = 0; d < kDayBuckets; ++d)
    counts |= std::min(days[d], kRepeatCountMax) << (4 * d);
  return counts;
}

// Adds `times` at `day`; what lies before the oldest bucket is forgotten.
void add_at(ShownItem& shown, std::uint32_t day, unsigned times) {
  Days days = days_of(shown);
  if (day > shown.day) {
    const std::uint32_t later = std::min<std::uint32_t>(day - shown.day, kDayBuckets);
    std::copy_backward(days.begin(), days.end() - static_cast<std::ptrdiff_t>(later), days.end());
    std::fill_n(days.begin(), later, 0U);
    shown.day = day;
  }
  const std::uint32_t back = shown.day - day;
  if (back < kDayBuckets) days[back] += times;
  shown.counts = packed(days);
}

unsigned sum(const Days& days) {
  unsigned times = 0;
  for (const unsigned of_day : days) times += of_day;
  return times;
}

}  // namespace

void add_shown(std::vector<ShownItem>& shown, ItemKey item, std::uint32_t at_s, unsigned times) {
  const std::uint32_t day = at_s / kSecondsOfDay;
  const auto same = std::ranges::find(shown, item, &ShownItem::item);
  if (same != shown.end()) {
    add_at(*same, day, times);
    return;
  }
  if (shown.size() >= kShownItemsMax) {
    const std::uint32_t newest = std::ranges::max(shown, {}, &ShownItem::day).day;
    shown.erase(std::ranges::min_element(shown, {}, [newest](const ShownItem& s) {
      // What is out of every window first; then the fewest times, the oldest day.
      const bool over = newest - s.day >= kDayBuckets;
      return std::tuple(!over, sum(days_of(s)), s.day, s.item.value);
    }));
  }
  ShownItem entry{item, day, 0};
  add_at(entry, day, times);
  shown.push_back(entry);
}

bool remove_shown(std::vector<ShownItem>& shown, ItemKey item) {
  return std::erase_if(shown, [item](const ShownItem& s) { return s.item == item; }) > 0;
}

void join_shown(ShownItem& into, const ShownItem& from) {
  const Days days = days_of(from);
  for (unsigned d = 0; d < kDayBuckets && d <= from.day; ++d) {
    if (days[d] > 0) add_at(into, from.day - d, days[d]);
  }
}

unsigned times_shown(const ShownItem& shown, TimeMs now_ms, unsigned days) {
  CHECK(days >= 1 && days <= kRepeatDaysMax);
  const std::int64_t today = now_ms / kDayMs;
  const Days counts = days_of(shown);
  unsigned times = 0;
  for (unsigned d = 0; d < kDayBuckets; ++d) {
    if (today - (static_cast<std::int64_t>(shown.day) - d) <= days) times += counts[d];
  }
  return times;
}

double fatigue(const PersonState& state, TimeMs now_ms) {
  const std::int64_t quiet_ms = now_ms - std::int64_t{state.unanswered_s} * kSecondMs;
  if (quiet_ms > std::int64_t{kRepeatDaysMax} * kDayMs) return 1;
  return std::min(kFatigueMax, 1 + static_cast<double>(state.unanswered) / kFatigueStep);
}

}  // namespace ante
