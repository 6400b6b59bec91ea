#include "profile/data_source.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "profile/features.h"
#include "profile/traits.h"

namespace ante {
namespace {

constexpr TimeMs kNowMs = 1'700'000'000'000;
constexpr std::uint32_t kNowS = kNowMs / 1000;

ItemKey thing(const char* name) { return item_key(name); }

// Somebody of whom everything is known.
PersonState everything() {
  PersonState s;
  s.first_seen_ms = kNowMs - 90 * kDayMs;
  s.last_seen_ms = kNowMs;
  s.events = 40;
  s.visits = 7;
  s.purchases = 2;
  s.visit_started_ms = kNowMs - kMinuteMs;
  s.recent = {{thing("read"), kNowS, EventKind::kViewed}};
  s.own = {{thing("often"), kNowS, 4, 1}};
  s.bought = {{thing("bought"), {}, kNowS, false}};
  s.hidden = {{thing("hidden"), kNowS}};
  s.pinned = {{thing("pinned"), kNowS}};
  s.topics = {{TopicKey{1}, 2, 3, 4, kNowS, kNowS}, {TopicKey{2}, 1, 1, -4, kNowS, kNowS}};
  s.hidden_topics = {TopicKey{3}};
  s.exposures = {{slot_key("home"), kNowS, kNowS, 3}};
  s.shown = {{thing("shown"), 1, 5}};
  s.unanswered = 9;
  s.unanswered_s = kNowS;
  s.last_query = "whisky";
  s.last_query_ms = kNowMs;
  s.facts = {{"plan", "\"gold\"", Provenance::kImported, kNowMs, {}},
             {"favourite", "\"tea\"", Provenance::kTold, kNowMs, {}},
             {"notForMe.brand:x", "true", Provenance::kTold, kNowMs, {}},
             {"likely", "\"parent\"", Provenance::kGuessed, kNowMs, {}}};
  return s;
}

std::vector<std::string> names(const PersonState& state) {
  std::vector<std::string> names;
  for (const Fact& fact : state.facts) names.push_back(fact.name);
  return names;
}

TEST(DataSource, GuardsStayInEveryCopy) {
  const PersonState known = everything();
  for (std::size_t i = 0; i < kDataSourceCount; ++i) {
    const PersonState seen = without(known, static_cast<DataSource>(i));
    EXPECT_EQ(seen.hidden, known.hidden);
    EXPECT_EQ(seen.hidden_topics, known.hidden_topics);
    EXPECT_EQ(seen.bought, known.bought);
    EXPECT_EQ(seen.shown, known.shown);
    EXPECT_EQ(seen.unanswered, known.unanswered);
    EXPECT_EQ(seen.consent, known.consent);
    EXPECT_EQ(seen.first_seen_ms, known.first_seen_ms);
    EXPECT_EQ(seen.topics[1].told, -4);
    const PersonFeatures features(seen, kNowMs);
    EXPECT_TRUE(features.is_hidden(thing("hidden"), {}));
    EXPECT_TRUE(features.is_bought(thing("bought"), {}));
    EXPECT_TRUE(features.refuses(std::vector{TopicKey{3}}));
    const auto facts = names(seen);
    EXPECT_NE(std::ranges::find(facts, "notForMe.brand:x"), facts.end());
  }
}

TEST(DataSource, EachTakesItsOwnAndNothingElse) {
  const PersonState known = everything();

  PersonState told = known;
  told.pinned.clear();
  told.topics[0].told = 0;
  told.facts.erase(told.facts.begin() + 1);
  EXPECT_EQ(without(known, DataSource::kTold), told);

  PersonState noticed = known;
  noticed.recent.clear();
  noticed.own.clear();
  for (TopicInterest& topic : noticed.topics) topic.visit = topic.lasting = 0;
  noticed.events = noticed.visits = noticed.purchases = 0;
  noticed.last_query.clear();
  noticed.last_query_ms = 0;
  noticed.facts.pop_back();
  EXPECT_EQ(without(known, DataSource::kNoticed), noticed);

  PersonState imported = known;
  imported.facts.erase(imported.facts.begin());
  EXPECT_EQ(without(known, DataSource::kImported), imported);
  EXPECT_EQ(without(known, DataSource::kSituation), known);
}

TEST(DataSource, WhatIsLeftOutIsAsIfItHadNeverBeen) {
  const PersonFeatures noticed(without(everything(), DataSource::kNoticed), kNowMs);
  EXPECT_EQ(noticed.own_history(thing("often")), OwnHistory{});
  EXPECT_EQ(noticed.own_history(thing("read")), OwnHistory{});
  EXPECT_EQ(noticed.lasting_total() + noticed.visit_total(), 0);
  EXPECT_EQ(noticed.topic_affinity(std::vector{TopicKey{1}}).told, 4);
  const PersonState untold = without(everything(), DataSource::kTold);
  const PersonFeatures told(untold, kNowMs);
  EXPECT_FALSE(told.is_pinned(thing("pinned")));
  EXPECT_EQ(told.topic_affinity(std::vector{TopicKey{1}}).told, 0);
  EXPECT_GT(told.topic_affinity(std::vector{TopicKey{1}}).lasting, 0);
}

TEST(DataSource, TheSituationIsOfNoHourAndNoDevice) {
  const Situation now{thing("page"), "phone", "search", "gift", "tea", 13, 6};
  for (const DataSource source : {DataSource::kTold, DataSource::kNoticed, DataSource::kImported})
    EXPECT_EQ(without(now, source), now);
  const Situation seen = without(now, DataSource::kSituation);
  EXPECT_EQ(seen, (Situation{{}, "", "", "", "", kHourUnknown, 1}));
  EXPECT_TRUE(valid(traits_of(everything(), seen, kNowMs)));
}

}  // namespace
}  // namespace ante
