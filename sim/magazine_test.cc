#include "sim/magazine.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "sim/lives.h"

namespace ante::sim {
namespace {

constexpr TimeMs kMonday = 1'755'475'200'000;  // 2025-08-18

Magazine make(std::uint32_t readers = 300, std::uint64_t seed = 7) {
  return Magazine({.seed = seed, .readers = readers, .start_ms = kMonday});
}

TEST(MagazineTest, TheSameSeedIsTheSameWorldAndAnotherIsNot) {
  const Magazine a = make(), b = make(), c = make(300, 8);
  ASSERT_EQ(a.items().size(), b.items().size());
  EXPECT_TRUE(std::equal(a.items().begin(), a.items().end(), b.items().begin()));
  const auto va = a.visits(20), vb = b.visits(20), vc = c.visits(20);
  ASSERT_EQ(va.size(), vb.size());
  for (std::size_t i = 0; i < va.size(); ++i) {
    EXPECT_EQ(va[i].at_ms, vb[i].at_ms);
    EXPECT_EQ(va[i].article, vb[i].article);
  }
  bool differs = va.size() != vc.size();
  for (std::size_t i = 0; !differs && i < va.size(); ++i) differs = va[i].at_ms != vc[i].at_ms;
  EXPECT_TRUE(differs);
}

TEST(MagazineTest, TwentyArticlesAWeekAndUniqueIds) {
  const Magazine m = make();
  std::set<std::string> ids;
  std::map<std::int32_t, int> articles;
  for (const Item& item : m.items()) {
    EXPECT_TRUE(ids.insert(item.id).second) << item.id;
    const bool by_us = !m.is_partner(*m.find(item.id));
    if (item.kind == "article" && by_us && item.published_at_ms >= kMonday)
      ++articles[m.day_of(item.published_at_ms) / 7];
    EXPECT_TRUE(item_from_json(item_to_json(item))) << item.id;
  }
  ASSERT_EQ(articles.size(), static_cast<std::size_t>(kWeeksMax));
  for (const auto& [week, count] : articles) EXPECT_EQ(count, kTopicsAWeek) << week;
}

TEST(MagazineTest, NothingIsReadBeforeItIsPublished) {
  const Magazine m = make();
  for (const std::int32_t day : {0, 1, 30, 89, 400}) {
    for (const Visit& visit : m.visits(day)) {
      EXPECT_LE(m.items()[visit.article].published_at_ms, visit.at_ms);
      EXPECT_EQ(m.day_of(visit.at_ms), day);
      for (const Place place : {Place::kHome, Place::kArticleEnd, Place::kCart}) {
        for (const Piece piece : m.picks(place, visit.at_ms)) {
          EXPECT_LE(m.items()[piece].published_at_ms, visit.at_ms);
          EXPECT_EQ(m.is_product(piece), place == Place::kCart);
        }
      }
    }
  }
}

TEST(MagazineTest, PicksAreEnoughForThePlacesAndNoneTwice) {
  const Magazine m = make();
  for (std::int32_t week = 0; week < kWeeksMax; ++week) {
    for (const Place place : {Place::kHome, Place::kArticleEnd, Place::kCart}) {
      const auto picks = m.picks(place, m.day_start(week * 7) + kHourMs);
      EXPECT_GE(picks.size(), 4U) << week;
      EXPECT_EQ(std::set<Piece>(picks.begin(), picks.end()).size(), picks.size());
    }
  }
}

TEST(MagazineTest, AReaderComesAboutTwentyTimesInNinetyDays) {
  const Magazine m = make(2000);
  std::size_t visits = 0;
  std::set<std::pair<std::uint32_t, std::uint32_t>> numbers;
  for (std::int32_t day = 0; day < 90; ++day) {
    for (const Visit& visit : m.visits(day)) {
      ++visits;
      EXPECT_TRUE(numbers.insert({visit.reader, visit.number}).second);
    }
  }
  EXPECT_GT(visits, 2000U * 14);
  EXPECT_LT(visits, 2000U * 28);
}

TEST(MagazineTest, ClickFrequencyIsTheTrueChance) {
  // 40,000 slates: the sum of chances and the count of goals agree within 4 standard deviations.
  const Magazine m = make(2000);
  for (const Place place : {Place::kHome, Place::kArticleEnd}) {
    double expected = 0, variance = 0, seen = 0;
    for (std::int32_t day = 20; day < 80; ++day) {
      for (const Visit& visit : m.visits(day)) {
        const auto picks = m.picks(place, visit.at_ms);
        const Reaction r = m.react(visit, place, std::span(picks).first(3), {});
        expected += r.goal_chance;
        variance += r.goal_chance * (1 - r.goal_chance);
        seen += r.clicked && (place == Place::kHome || r.finished) ? 1 : 0;
      }
    }
    EXPECT_NEAR(seen, expected, 4 * std::sqrt(variance));
  }
}

TEST(MagazineTest, KnowingTastesHelps) {
  // The world must be one where personal pages are worth something: an oracle doubles the goals.
  const Magazine m = make(500);
  double general = 0, oracle = 0;
  for (std::int32_t day = 30; day < 40; ++day) {
    for (const Visit& visit : m.visits(day)) {
      const auto picks = m.picks(Place::kHome, visit.at_ms);
      general += m.react(visit, Place::kHome, std::span(picks).first(3), {}).goal_chance;
      std::vector<std::pair<double, Piece>> all;
      for (Piece p = 0; p < m.published_until(visit.at_ms); ++p)
        all.emplace_back(-m.appeal(visit.reader, p, visit.at_ms), p);
      std::partial_sort(all.begin(), all.begin() + 3, all.end());
      const std::array<Piece, 3> best = {all[0].second, all[1].second, all[2].second};
      oracle += m.react(visit, Place::kHome, best, {}).goal_chance;
    }
  }
  EXPECT_GT(oracle, 2 * general);
}

TEST(MagazineTest, PartnerPiecesAreWorseThanTheEditorsListForTheReadersOfTheirTopics) {
  const Magazine m = make(500);
  std::vector<Piece> partner;
  for (Piece p = 0; p < m.items().size(); ++p) {
    if (!m.is_partner(p)) continue;
    partner.push_back(p);
    EXPECT_EQ(m.items()[p].published_at_ms, m.day_start(kPartnerWeek * 7));
  }
  ASSERT_EQ(partner.size(), kPartnerPieces);
  double general = 0, best_of_partner = 0;
  for (std::int32_t day = kPartnerWeek * 7; day < kPartnerWeek * 7 + 20; ++day) {
    for (const Visit& visit : m.visits(day)) {
      const auto& taste = m.readers()[visit.reader].taste;
      const bool his =
          std::ranges::any_of(partner, [&](Piece p) { return taste[m.topic_of(p)] > 0.4F; });
      if (!his) continue;
      const auto picks = m.picks(Place::kHome, visit.at_ms);
      for (const Piece pick : picks) ASSERT_FALSE(m.is_partner(pick));
      general += m.react(visit, Place::kHome, std::span(picks).first(3), {}).goal_chance;
      const auto slate = std::span(partner).first(3);  // one of each topic: as good as any
      best_of_partner += m.react(visit, Place::kHome, slate, {}).goal_chance;
    }
  }
  EXPECT_GT(general, 0);
  EXPECT_LT(best_of_partner, 0.5 * general);
}

TEST(MagazineTest, WhatWasReadOrRefusedIsHardlyTakenAgain) {
  const Magazine m = make();
  const Visit visit = m.visits(30).front();
  const std::vector<Piece> slate = {visit.article};
  Memory fresh, read, refused;
  remember_read(read, visit.article);
  refused.refused.push_back(visit.article);
  const double chance = m.react(visit, Place::kHome, slate, fresh).goal_chance;
  EXPECT_LT(m.react(visit, Place::kHome, slate, read).goal_chance, 0.1 * chance);
  EXPECT_EQ(m.react(visit, Place::kHome, slate, refused).goal_chance, 0);
  EXPECT_TRUE(general_slate(slate, refused, std::nullopt, 3).empty());
  EXPECT_TRUE(general_slate(slate, fresh, visit.article, 3).empty());
}

TEST(MagazineTest, MemoryIsBounded) {
  Memory memory;
  for (Piece piece = 0; piece < 1000; ++piece) {
    const std::vector<Piece> slate = {piece};
    Reaction reaction;
    reaction.clicked = 0;
    remember(memory, slate, reaction);
  }
  EXPECT_EQ(memory.shown.size(), kShownKept);
  EXPECT_EQ(memory.taken.size(), kTakenKept);
}

TEST(MagazineTest, RestockersComeBackEveryMonthAndGiftsAreForOthers) {
  const Magazine m = make(2000);
  std::array<int, 4> kinds{};
  for (std::uint32_t reader = 0; reader < 2000; ++reader) {
    std::set<std::int32_t> starts;
    for (std::int32_t day = 0; day < 90; ++day) {
      const auto errand = m.errand(reader, day);
      if (!errand) continue;
      EXPECT_LE(errand->first_day, day);
      EXPECT_GE(errand->last_day, day);
      if (errand->kind == ErrandKind::kGift) {
        EXPECT_EQ(errand->topic, kGiftTopic);
      }
      if (starts.insert(errand->first_day).second) ++kinds[static_cast<std::size_t>(errand->kind)];
    }
  }
  EXPECT_GT(kinds[1], 300);
  EXPECT_GT(kinds[2], 100);
  EXPECT_GT(kinds[3], 3 * 300);
}

TEST(LivesTest, ServedTheGeneralPageTheLiftIsExactlyNothing) {
  const Magazine m = make(500);
  Lives lives(m);
  for (std::int32_t day = 0; day < 40; ++day) {
    for (const Visit& visit : m.visits(day)) {
      const auto slate = lives.general(visit, Place::kHome);
      lives.live(visit, Place::kHome, slate, true);
      lives.read(visit);
    }
  }
  const Truth truth = lives.truth(Place::kHome, 7 * kDayMs, m.day_start(40));
  EXPECT_GT(truth.readers, 100U);
  EXPECT_GT(truth.as_served, 0);
  EXPECT_EQ(truth.as_served, truth.as_general);
}

TEST(LivesTest, TheHoldoutIsNotInTheTruthAndOpenWindowsWait) {
  const Magazine m = make(50);
  Lives lives(m);
  Visit visit = m.visits(30).front();
  lives.live(visit, Place::kHome, lives.general(visit, Place::kHome), false);
  EXPECT_EQ(lives.truth(Place::kHome, kDayMs, m.day_start(60)).readers, 0U);
  lives.live(visit, Place::kHome, lives.general(visit, Place::kHome), true);
  EXPECT_EQ(lives.truth(Place::kHome, kDayMs, visit.at_ms + kDayMs - 1).readers, 0U);
  EXPECT_EQ(lives.truth(Place::kHome, kDayMs, visit.at_ms + kDayMs).readers, 1U);
}

}  // namespace
}  // namespace ante::sim
