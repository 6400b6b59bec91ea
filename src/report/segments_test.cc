#include "report/segments.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/json_parser.h"
#include "base/random.h"

namespace ante {
namespace {

constexpr std::int64_t kOneMicros = 1'000'000;

// Persons over all levels alike, the goal's chance .10 (.08 for first visits when harmed).
SegmentTable played(std::uint64_t seed, std::size_t persons, double first_visit_effect) {
  Random random(seed);
  SegmentTable table;
  for (std::size_t i = 0; i < persons; ++i) {
    Traits traits;
    for (std::size_t t = 0; t < kTraitCount; ++t) {
      traits.level[t] =
          static_cast<std::uint8_t>(random.below(trait_levels(static_cast<Trait>(t)).size()));
    }
    const bool treated = random.below(2) == 0;
    const double chance = 0.10 + (treated && traits[Trait::kVisits] == 0 ? first_visit_effect : 0);
    add_person(table, traits, treated, random.uniform() < chance ? kOneMicros : 0);
  }
  return table;
}

std::string name_of(const Segment& segment) {
  const TraitLevel level = trait_level_of(segment.number);
  return std::string(level.trait) + ": " + std::string(level.level);
}

TEST(Segments, APlantedLoserIsFoundFirst) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Segments found = segments(played(seed, 30'000, -0.05));
    ASSERT_FALSE(found.payers.empty()) << seed;
    EXPECT_EQ(name_of(found.payers[0]), "visits: first") << seed;
    EXPECT_LT(found.payers[0].interval.high, 0) << seed;
    EXPECT_TRUE(found.payers[0].interval.contains(found.payers[0].difference));
    EXPECT_TRUE(found.sentence.starts_with("Who pays: visits: first (−")) << found.sentence;
    EXPECT_EQ(found.tested.size(), kTraitLevelCount);
  }
}

TEST(Segments, APlantedWinnerIsFoundFirst) {
  const Segments found = segments(played(3, 30'000, 0.05));
  ASSERT_FALSE(found.winners.empty());
  EXPECT_EQ(name_of(found.winners[0]), "visits: first");
  EXPECT_NE(found.sentence.find("Who wins: visits: first (+"), std::string::npos) << found.sentence;
}

// 300 worlds without any difference: at most 30 expected with a finding, sd 5.2 (the tests of
// overlapping levels depend on each other, positively). Without q-values, 3 in 4 have one.
TEST(Segments, WithoutADifferenceThereIsMostlyNoFinding) {
  int with_finding = 0, with_small_p = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const Segments found = segments(played(100 + seed, 10'000, 0));
    with_finding += found.winners.empty() && found.payers.empty() ? 0 : 1;
    with_small_p +=
        std::ranges::any_of(found.tested, [](const Segment& s) { return s.p < 0.05; }) ? 1 : 0;
  }
  EXPECT_LE(with_finding, 30);
  EXPECT_GE(with_small_p, 150);
}

TEST(Segments, ALevelIsTestedFromTwentyFiveConversionsInEachArmOn) {
  const auto with = [](std::uint64_t treated, std::uint64_t control) {
    SegmentTable table;
    table[8].treated.add(0);  // somebody else
    for (int i = 0; i < 100; ++i) {
      table[7].treated.add(static_cast<std::uint64_t>(i) < treated ? kOneMicros : 0);
      table[7].control.add(static_cast<std::uint64_t>(i) < control ? kOneMicros : 0);
    }
    return segments(table);
  };
  EXPECT_TRUE(with(24, 60).tested.empty());
  EXPECT_TRUE(with(60, 24).tested.empty());
  ASSERT_EQ(with(25, 60).tested.size(), 1u);
  EXPECT_EQ(with(25, 60).tested[0].number, 7u);
  EXPECT_EQ(with(25, 60).payers.size(), 1u);
}

TEST(Segments, WhatHoldsEverybodyIsNoGroup) {
  SegmentTable table;
  for (int i = 0; i < 100; ++i) {
    table[0].treated.add(kOneMicros);
    table[0].control.add(i < 50 ? kOneMicros : 0);
  }
  EXPECT_TRUE(segments(table).tested.empty());
  table[1].treated.add(0);
  EXPECT_EQ(segments(table).tested.size(), 1u);
}

TEST(Segments, SentencesSayWhatThereIs) {
  SegmentTable table;
  EXPECT_EQ(segments(table).sentence,
            "Too early to say who wins and who pays: no group has 25 conversions with and without "
            "the bet yet.");
  for (int i = 0; i < 100; ++i) {
    table[3].treated.add(i < 50 ? kOneMicros : 0);
    table[3].control.add(i < 50 ? kOneMicros : 0);
  }
  table[2].treated.add(0);  // somebody else
  EXPECT_EQ(segments(table).sentence,
            "Nobody credibly wins and nobody credibly pays; 1 group looked at.");
  for (int i = 0; i < 400; ++i) {
    table[18].treated.add(i < 260 ? kOneMicros : 0);
    table[18].control.add(i < 200 ? kOneMicros : 0);
  }
  table[17].treated.add(0);
  EXPECT_EQ(segments(table).sentence,
            "Nobody credibly pays. Who wins: visits: regular (+15.0 points, q < .001); 2 groups "
            "looked at.");
}

TEST(Segments, MoneyIsNotCountedInPoints) {
  SegmentTable table;
  for (int i = 0; i < 200; ++i) {
    table[0].treated.add((10 + i % 5) * kOneMicros);
    table[0].control.add((14 + i % 5) * kOneMicros);
  }
  table[1].treated.add(0);
  EXPECT_NE(segments(table).sentence.find("(−4, q < .001)"), std::string::npos)
      << segments(table).sentence;
}

TEST(Segments, OutcomesWithoutAnyVarianceDoNotDivideByZero) {
  SegmentTable table;
  for (int i = 0; i < 30; ++i) {
    table[0].treated.add(kOneMicros);
    table[0].control.add(kOneMicros);
  }
  table[1].treated.add(0);
  const Segments found = segments(table);
  ASSERT_EQ(found.tested.size(), 1u);
  EXPECT_EQ(found.tested[0].p, 1);
  EXPECT_TRUE(found.winners.empty());
}

TEST(Segments, JsonCanBeRead) {
  const std::string json = to_json(segments(played(1, 30'000, -0.05)));
  JsonParser parser(1 << 20);
  EXPECT_TRUE(parser.parse(json)) << json;
  EXPECT_TRUE(json.starts_with(R"({"rate":0.1,"confidence":0.95,"tested":30,"winners":[)")) << json;
  EXPECT_NE(json.find(R"("payers":[{"trait":"visits","level":"first","treated":)"),
            std::string::npos);
}

TEST(SegmentsDeathTest, RefusesLevelsThatAreNone) {
  SegmentTable table;
  Traits bad;
  bad[Trait::kTold] = 2;
  EXPECT_DEATH(add_person(table, bad, true, 0), "valid");
}

}  // namespace
}  // namespace ante
