#include "profile/unanswered.h"

#include <map>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ante {
namespace {

constexpr TimeMs kNoon = 20'000 * kDayMs + 12 * kHourMs;

std::uint32_t seconds(TimeMs at_ms) { return static_cast<std::uint32_t>(at_ms / kSecondMs); }

// The obvious model: every exposure with its time.
TEST(Unanswered, IsNeverLessThanWhatAListOfTimesSays) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    std::vector<ShownItem> shown;
    std::map<std::uint64_t, std::vector<TimeMs>> model;
    TimeMs now = kNoon;
    for (int step = 0; step < 200; ++step) {
      now += static_cast<TimeMs>(random.below(2 * kDayMs));
      const ItemKey item{1 + random.below(4)};
      if (random.below(8) == 0) {
        EXPECT_EQ(remove_shown(shown, item), model.erase(item.value) > 0);
      } else {
        add_shown(shown, item, seconds(now));
        model[item.value].push_back(now);
      }
      const auto days = static_cast<unsigned>(1 + random.below(kRepeatDaysMax));
      for (const ShownItem& s : shown) {
        unsigned exact = 0, wider = 0;
        for (const TimeMs at : model[s.item.value]) {
          exact += at > now - days * kDayMs ? 1 : 0;
          wider += at > now - (days + 1) * kDayMs ? 1 : 0;
        }
        EXPECT_GE(times_shown(s, now, days), exact);
        EXPECT_LE(times_shown(s, now, days), wider);
      }
    }
  }
}

TEST(Unanswered, ADayHoldsNoMoreThanItCanCount) {
  std::vector<ShownItem> shown;
  for (int i = 0; i < 40; ++i) add_shown(shown, ItemKey{1}, seconds(kNoon));
  EXPECT_EQ(times_shown(shown.front(), kNoon, 1), kRepeatCountMax);
}

TEST(Unanswered, LateAndEarlyExposuresFindTheirDay) {
  std::vector<ShownItem> shown;
  add_shown(shown, ItemKey{1}, seconds(kNoon));
  add_shown(shown, ItemKey{1}, seconds(kNoon - 3 * kDayMs));
  add_shown(shown, ItemKey{1}, seconds(kNoon - 30 * kDayMs));  // before every window
  EXPECT_EQ(times_shown(shown.front(), kNoon, 7), 2u);
  EXPECT_EQ(times_shown(shown.front(), kNoon, 1), 1u);
  EXPECT_EQ(times_shown(shown.front(), kNoon + 100 * kDayMs, 7), 0u);
}

TEST(Unanswered, WhatIsAtItsLimitIsNotForgottenForWhatWasShownOnce) {
  std::vector<ShownItem> shown;
  for (int i = 0; i < 5; ++i) add_shown(shown, ItemKey{1}, seconds(kNoon));
  for (std::uint64_t i = 2; i < 2000; ++i) add_shown(shown, ItemKey{i}, seconds(kNoon));
  EXPECT_EQ(shown.size(), kShownItemsMax);
  EXPECT_EQ(shown.front().item, ItemKey{1});
  add_shown(shown, ItemKey{5000}, seconds(kNoon + 9 * kDayMs));
  add_shown(shown, ItemKey{5001}, seconds(kNoon + 9 * kDayMs));
  EXPECT_EQ(shown.size(), kShownItemsMax);
}

TEST(Unanswered, JoiningAddsDayByDay) {
  std::vector<ShownItem> a, b;
  add_shown(a, ItemKey{1}, seconds(kNoon), 2);
  add_shown(b, ItemKey{1}, seconds(kNoon + 2 * kDayMs), 3);
  ShownItem ab = a.front(), ba = b.front();
  join_shown(ab, b.front());
  join_shown(ba, a.front());
  EXPECT_EQ(ab, ba);
  EXPECT_EQ(times_shown(ab, kNoon + 2 * kDayMs, 7), 5u);
  EXPECT_EQ(times_shown(ab, kNoon + 2 * kDayMs, 1), 3u);
}

TEST(Unanswered, FatigueGrowsByFivesAndRestsAfterAWeek) {
  PersonState state;
  EXPECT_EQ(fatigue(state, kNoon), 1);
  state.unanswered = 5;
  state.unanswered_s = seconds(kNoon);
  EXPECT_EQ(fatigue(state, kNoon), 2);
  EXPECT_EQ(fatigue(state, kNoon + 8 * kDayMs), 1);
  state.unanswered = 60'000;
  EXPECT_EQ(fatigue(state, kNoon), 5);
}

}  // namespace
}  // namespace ante
