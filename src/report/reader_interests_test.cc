#include "report/reader_interests.h"

#include <gtest/gtest.h>

namespace ante {
namespace {

TopicKey numbered_topic(std::uint64_t n) { return TopicKey{n}; }

Event event_of(EventKind kind, std::vector<TopicKey> topics) {
  Event event;
  event.kind = kind;
  event.topics = std::move(topics);
  return event;
}

TEST(ReaderInterests, TheOldestNoticedGivesWayAndWhatWasToldNever) {
  ReaderInterests reader;
  reader.consume(event_of(EventKind::kTopicFollowed, {numbered_topic(1)}), 0);
  for (std::uint64_t n = 2; n < 3 * kInterestTopicsMax; ++n)
    reader.consume(event_of(EventKind::kPage, {numbered_topic(n)}), static_cast<std::int32_t>(n));
  EXPECT_EQ(reader.topics.size(), kInterestTopicsMax);
  EXPECT_TRUE(reader.wants(1, 1000));
  EXPECT_FALSE(reader.wants(2, 10));
  EXPECT_TRUE(reader.wants(3 * kInterestTopicsMax - 1, 3 * kInterestTopicsMax));
  for (std::uint64_t n = 200; n < 300; ++n)
    reader.consume(event_of(EventKind::kTopicFollowed, {numbered_topic(n)}), 100);
  EXPECT_EQ(reader.topics.size(), kInterestTopicsMax);
  EXPECT_TRUE(reader.wants(1, 1000));
  EXPECT_FALSE(reader.wants(299, 1000));  // there was no room left
}

TEST(ReaderInterests, RefusalsTakeBack) {
  ReaderInterests reader;
  const auto all = std::vector{numbered_topic(1), numbered_topic(2), numbered_topic(3)};
  reader.consume(event_of(EventKind::kMoreLikeThis, all), 5);
  reader.consume(event_of(EventKind::kLessLikeThis, {numbered_topic(1)}), 5);
  Event refused = event_of(EventKind::kNotForMe, {numbered_topic(2)});
  refused.reason = "price";
  reader.consume(refused, 5);
  EXPECT_FALSE(reader.wants(1, 5));
  EXPECT_TRUE(reader.wants(2, 5));
  refused.reason = "topic";
  reader.consume(refused, 5);
  EXPECT_FALSE(reader.wants(2, 5));
  EXPECT_TRUE(reader.wants(3, 5));
}

TEST(ReaderInterests, WhatMayNotBeUsedIsNotNoticed) {
  ReaderInterests reader, other;
  Event page = event_of(EventKind::kPage, {numbered_topic(1)});
  page.use_for_decisions = false;
  reader.consume(page, 5);
  EXPECT_FALSE(reader.wants(1, 5));
  page.use_for_decisions = true;
  reader.consume(page, 5);
  EXPECT_TRUE(reader.wants(1, 5));
  EXPECT_TRUE(reader.wants(1, 5 + kInterestDays - 1));
  EXPECT_FALSE(reader.wants(1, 5 + kInterestDays));
  reader.consume(event_of(EventKind::kTopicFollowed, {numbered_topic(2)}), 5);
  page.consent = Consent{.profile = false};
  other.consume(page, 5);
  EXPECT_TRUE(other.topics.empty());
  reader.merge(other);  // what one id refuses is refused for the person
  EXPECT_FALSE(reader.wants(1, 5));
  EXPECT_TRUE(reader.wants(2, 5));
  EXPECT_FALSE(reader.may_notice);
}

}  // namespace
}  // namespace ante
