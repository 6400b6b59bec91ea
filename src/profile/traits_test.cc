#include "profile/traits.h"

#include <gtest/gtest.h>

#include "profile/test_records.h"

namespace ante {
namespace {

constexpr TimeMs kMomentMs = kTestStartMs;

std::string_view level_of(const Traits& traits, Trait trait) {
  return trait_levels(trait)[traits[trait]];
}

// A person whose last visit ended `ago_ms` before the moment.
PersonState seen(std::uint32_t visits, DurationMs ago_ms) {
  PersonState state = empty_state(test_person(1));
  state.visits = visits;
  state.last_seen_ms = kMomentMs - ago_ms;
  state.visit_started_ms = state.last_seen_ms - kMinuteMs;
  state.first_seen_ms = kMomentMs - 400 * kDayMs;
  return state;
}

Situation coming(const std::string& device, const std::string& referrer) {
  Situation situation;
  situation.device = device;
  situation.referrer = referrer;
  return situation;
}

std::string_view recency(const PersonState& state, TimeMs now_ms = kMomentMs) {
  return level_of(traits_of(state, {}, now_ms), Trait::kRecency);
}

TEST(PersonTraits, AStrangerHasTheFirstLevelsOfWhatIsKnownOfPeople) {
  Situation situation;
  situation.hour = 12;
  situation.weekday = 3;
  const Traits traits = traits_of(empty_state(test_person(1)), situation, kMomentMs);
  EXPECT_EQ(level_of(traits, Trait::kDevice), "unknown");
  EXPECT_EQ(level_of(traits, Trait::kReferrer), "unknown");
  EXPECT_EQ(level_of(traits, Trait::kDaypart), "day");
  EXPECT_EQ(level_of(traits, Trait::kDay), "workday");
  EXPECT_EQ(level_of(traits, Trait::kVisits), "first");
  EXPECT_EQ(level_of(traits, Trait::kPurchases), "none");
  EXPECT_EQ(level_of(traits, Trait::kRecency), "now");
  EXPECT_EQ(level_of(traits, Trait::kTold), "silent");
  EXPECT_TRUE(valid(traits));
}

TEST(PersonTraits, ClassesAreTheLevelsByNameAndElseUnknown) {
  for (const std::string device : {"phone", "tablet", "desktop"}) {
    const Traits traits = traits_of({}, coming(device, ""), kMomentMs);
    EXPECT_EQ(level_of(traits, Trait::kDevice), device);
  }
  for (const std::string referrer : {"search", "social", "newsletter", "direct", "internal"}) {
    const Traits traits = traits_of({}, coming("", referrer), kMomentMs);
    EXPECT_EQ(level_of(traits, Trait::kReferrer), referrer);
  }
  for (const std::string odd : {"", "Phone", "watch", "phone "}) {
    const Traits traits = traits_of({}, coming(odd, odd), kMomentMs);
    EXPECT_EQ(level_of(traits, Trait::kDevice), "unknown") << odd;
    EXPECT_EQ(level_of(traits, Trait::kReferrer), "unknown") << odd;
  }
}

TEST(PersonTraits, HoursAndDaysAtTheirBoundaries) {
  struct Row {
    int hour;
    std::string_view daypart;
  };
  const Row rows[] = {{0, "night"},  {5, "night"}, {6, "morning"},  {11, "morning"},
                      {12, "day"},   {17, "day"},  {18, "evening"}, {23, "evening"},
                      {24, "night"}, {255, "day"}};
  for (const Row& row : rows) {
    Situation situation;
    situation.hour = static_cast<std::uint8_t>(row.hour);
    EXPECT_EQ(level_of(traits_of({}, situation, kMomentMs), Trait::kDaypart), row.daypart)
        << row.hour;
  }
  const std::string_view days[] = {"weekend", "workday", "workday", "workday",
                                   "workday", "workday", "weekend", "workday"};
  for (std::uint8_t day = 0; day < std::size(days); ++day) {
    Situation situation;
    situation.weekday = day;
    EXPECT_EQ(level_of(traits_of({}, situation, kMomentMs), Trait::kDay), days[day]) << int{day};
  }
}

TEST(PersonTraits, VisitsAndPurchasesAtTheirBoundaries) {
  struct Row {
    std::uint32_t count;
    std::string_view visits, purchases;
  };
  const Row rows[] = {{0, "first", "none"},        {1, "first", "one"},
                      {2, "few", "several"},       {4, "few", "several"},
                      {5, "regular", "several"},   {19, "regular", "several"},
                      {20, "frequent", "several"}, {~0U, "frequent", "several"}};
  for (const Row& row : rows) {
    PersonState state = seen(row.count, kDayMs);
    state.purchases = row.count;
    const Traits traits = traits_of(state, {}, kMomentMs);
    EXPECT_EQ(level_of(traits, Trait::kVisits), row.visits) << row.count;
    EXPECT_EQ(level_of(traits, Trait::kPurchases), row.purchases) << row.count;
  }
}

TEST(PersonTraits, RecencyBetweenVisitsIsSinceTheLastSign) {
  struct Row {
    DurationMs ago_ms;
    std::string_view recency;
  };
  const Row rows[] = {{kVisitGapMs, "now"},        // still in the only visit
                      {kVisitGapMs + 1, "today"},  // a new one begins
                      {kDayMs - 1, "today"},      {kDayMs, "week"},
                      {7 * kDayMs - 1, "week"},   {7 * kDayMs, "month"},
                      {30 * kDayMs - 1, "month"}, {30 * kDayMs, "longer"},
                      {900 * kDayMs, "longer"},   {0, "now"},
                      {-10 * kDayMs, "now"}};
  for (const Row& row : rows) EXPECT_EQ(recency(seen(1, row.ago_ms)), row.recency) << row.ago_ms;
}

TEST(PersonTraits, RecencyWithinAVisitIsSinceTheNewestThingFromBeforeIt) {
  const auto second = [](DurationMs ago_ms) {
    return static_cast<std::uint32_t>((kMomentMs - ago_ms) / kSecondMs);
  };
  PersonState state = seen(2, 0);
  EXPECT_EQ(recency(state), "longer");  // nothing remembered: since they were first seen
  state.recent.push_back({.item = item_key("a"), .at_s = second(0)});  // of this visit
  EXPECT_EQ(recency(state), "longer");
  state.exposures.push_back({.slot = SlotKey{1}, .last_s = second(29 * kDayMs)});
  EXPECT_EQ(recency(state), "month");
  state.topics.push_back({.topic = topic_key("t"), .last_event_s = second(6 * kDayMs)});
  EXPECT_EQ(recency(state), "week");
  state.recent.push_back({.item = item_key("b"), .at_s = second(kDayMs - kSecondMs)});
  EXPECT_EQ(recency(state), "today");
  state.visits = 1;  // then these came late, of the same visit
  EXPECT_EQ(recency(state), "now");
}

TEST(PersonTraits, AnActAtTheVeryStartOfAVisitIsNotBeforeIt) {
  PersonState state = seen(2, 0);
  state.visit_started_ms = kMomentMs - 500;
  state.recent.push_back({.item = item_key("a"),
                          .at_s = static_cast<std::uint32_t>(state.visit_started_ms / kSecondMs)});
  EXPECT_EQ(recency(state), "longer");
}

TEST(PersonTraits, AClockThatGoesBackIsTakenForNoTime) {
  PersonState state = seen(3, 0);
  state.first_seen_ms = kMomentMs - kHourMs;
  EXPECT_EQ(recency(state, kMomentMs - 300 * kDayMs), "today");
  EXPECT_EQ(recency(state, 0), "today");
  EXPECT_EQ(recency(state, -kDayMs), "today");
}

TEST(PersonTraits, FoldedVisitsGiveTheSame) {
  TestLog log;
  PersonState state;
  const auto view = [&](TimeMs at_ms, const char* item) {
    fold(state,
         log.event(test_person(1), at_ms, test_event(EventKind::kViewed, {test_item(item)})));
  };
  view(kMomentMs - 3 * kDayMs, "a");
  EXPECT_EQ(recency(state, kMomentMs - 3 * kDayMs), "now");
  EXPECT_EQ(recency(state), "week");  // asked before this visit's first act is folded
  view(kMomentMs, "b");
  EXPECT_EQ(recency(state), "week");  // and after it
}

TEST(PersonTraits, ToldIsAnythingSaidAndNothingNoticed) {
  const auto told = [](const PersonState& state) {
    return level_of(traits_of(state, {}, kMomentMs), Trait::kTold);
  };
  PersonState state = seen(3, kDayMs);
  state.topics.push_back({.topic = topic_key("t"), .visit = 1, .lasting = 5});
  Fact fact;
  fact.name = "a";
  fact.provenance = Provenance::kTold;  // a fact is no wish: it may come from an account
  state.facts.push_back(fact);
  EXPECT_EQ(told(state), "silent");
  PersonState says = state;
  says.topics[0].told = -1;
  EXPECT_EQ(told(says), "told");
  says = state;
  says.hidden_topics.push_back(topic_key("u"));
  EXPECT_EQ(told(says), "told");
  says = state;
  says.pinned.push_back({.item = item_key("a")});
  EXPECT_EQ(told(says), "told");
  says = state;
  says.hidden.push_back({.item = item_key("a")});
  EXPECT_EQ(told(says), "told");
}

}  // namespace
}  // namespace ante
