#include "report/content_audit.h"

#include <memory>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ante {
namespace {

constexpr TimeMs kAuditNow = 1'795'330'800'000;  // 2026-11-22, a Sunday

bool any_not_withdrawn(const ItemCard& item, TimeMs) { return !item.withdrawn; }

PersonHash audited(std::uint64_t n) { return PersonHash{{mix64(n + 1), mix64(n + 7)}}; }

class ContentAuditTest : public testing::Test {
 protected:
  void put(RecordKind kind, PersonHash who, TimeMs at, const std::string& body) {
    RecordHeader header;
    header.kind = kind;
    header.person = who;
    header.occurred_at = header.received_at = at;
    const bool control = kind == RecordKind::kItem;
    ++sequence_;
    const CommittedRecord record{Commit{sequence_}, control ? kControlPartition : partition_of(who),
                                 Sequence{sequence_}, header, body};
    audit->consume(record);
    catalog_.consume(record);
  }
  void put_item(const std::string& id, const std::string& topic, bool must_read = false,
                DurationMs age = 10 * kDayMs, Intent intent = Intent::kServe) {
    Item item;
    item.id = id;
    item.key = item_key(id);
    if (!topic.empty()) {
      item.topics = {topic};
      item.topic_keys = {topic_key(topic)};
    }
    item.published_at_ms = kAuditNow - age;
    item.must_read = must_read;
    item.intent = intent;
    put(RecordKind::kItem, {}, kAuditNow - age, encode(item));
    topic_of_[id] = topic;
  }
  void serve(std::uint64_t who, Arm arm, const std::vector<std::string>& ids, DurationMs ago,
             const std::string& slot = "home", Outcome outcome = Outcome::kBet) {
    Decision d;
    d.id = DecisionId{{static_cast<std::uint64_t>(kAuditNow - ago) << 16, ++sequence_}};
    d.people = {audited(who)};
    d.slot = slot_key(slot);
    d.slot_name = slot;
    d.at_ms = kAuditNow - ago;
    d.arm = arm;
    d.outcome = arm == Arm::kHoldout ? Outcome::kHoldout : outcome;
    for (const std::string& id : ids) {
      Placement place;
      place.item = item_key(id);
      place.item_id = id;
      if (!topic_of_[id].empty()) place.topics = {topic_key(topic_of_[id])};
      d.served.push_back(place);
    }
    put(RecordKind::kDecision, audited(who), d.at_ms, encode(d));
  }
  void read(std::uint64_t who, const std::string& topic, DurationMs ago) {
    Event event;
    event.kind = EventKind::kPage;
    event.name = "Page";
    event.topics = {topic_key(topic)};
    put(RecordKind::kEvent, audited(who), kAuditNow - ago, encode(event));
  }
  AuditSummary summary(std::string_view slot = "home") {
    catalog_.publish();
    return audit->summary(catalog_.view(), kAuditNow, any_not_withdrawn, slot);
  }
  void check_ways_back() {
    const std::string bytes = audit->save();
    auto loaded = std::make_unique<ContentAudit>();
    ASSERT_TRUE(loaded->load(bytes));
    EXPECT_EQ(loaded->save(), bytes);
    for (std::size_t cut = 0; cut < bytes.size(); cut += 1 + bytes.size() / 50) {
      ContentAudit damaged;
      EXPECT_FALSE(damaged.load(std::string_view(bytes).substr(0, cut)));
    }
  }

  std::unique_ptr<ContentAudit> audit = std::make_unique<ContentAudit>();
  ItemInterner interner_;
  Catalog catalog_{interner_};
  std::map<std::string, std::string> topic_of_;
  std::uint64_t sequence_ = 0;
};

TEST_F(ContentAuditTest, WithoutAnythingItSaysSo) {
  AuditSummary s = summary("");
  EXPECT_EQ(s.sentence, "Nobody was answered often enough lately to tell what their mix is.");
  EXPECT_FALSE(s.treated.never_shown.value);
  EXPECT_NE(to_json(s).find("\"slot\":null"), std::string::npos);
  put_item("bare", "");
  serve(1, Arm::kTreated, {"bare"}, 0);
  serve(1, Arm::kTreated, {"gone"}, 0);
  s = summary();
  EXPECT_EQ(s.treated.people, 0u);
  EXPECT_EQ(s.treated.people_few, 1u);
  EXPECT_FALSE(s.treated.entropy_bits.value);
  EXPECT_EQ(*s.treated.never_shown.value, 0);
  EXPECT_EQ(*s.holdout.never_shown.value, 1);
  check_ways_back();
}

// 200 people see two topics half and half, 60 held-out people four: one bit against two.
TEST_F(ContentAuditTest, TheNarrowerArmIsNamed) {
  for (const char* topic : {"a", "b", "c", "d"})
    put_item(topic, topic, topic[0] == 'a' || topic[0] == 'c', kDayMs * (topic[0] - 'a' + 1));
  put_item("unseen", "a");
  for (std::uint64_t who = 0; who < 260; ++who) {
    const bool treated = who < 200;
    for (int visit = 0; visit < 6; ++visit) {
      const DurationMs ago = (visit * 2) * kDayMs;
      if (treated)
        serve(who, Arm::kTreated, {"a", "b"}, ago);
      else
        serve(who, Arm::kHoldout, {"a", "b", "c", "d"}, ago);
    }
  }
  const AuditSummary s = summary();
  EXPECT_EQ(s.treated.people, 200u);
  EXPECT_EQ(s.holdout.people, 60u);
  EXPECT_NEAR(*s.treated.entropy_bits.value, 1, 1e-6);
  EXPECT_NEAR(*s.holdout.entropy_bits.value, 2, 1e-6);
  EXPECT_TRUE(
      s.sentence.starts_with("Readers with bets see the narrower mix: as if of 2.0 topics "
                             "with bets and 4.0 without"))
      << s.sentence;
  EXPECT_EQ(s.must_reads, 2u);
  EXPECT_NEAR(*s.treated.must_read_reach.value, 0.5, 1e-9);
  EXPECT_NEAR(*s.holdout.must_read_reach.value, 1, 1e-9);
  EXPECT_NEAR(*s.must_read_difference.value, -0.5, 1e-9);
  EXPECT_NEAR(*s.treated.never_shown.value, 0.6, 1e-9);
  EXPECT_NEAR(*s.holdout.never_shown.value, 0.2, 1e-9);
  EXPECT_NEAR(*s.never_shown.value, 0.2, 1e-9);
  EXPECT_EQ(s.treated.narrowed, 0u);
  check_ways_back();
  // Marked no more, it is no must-read; withdrawn neither.
  put_item("a", "a", false);
  EXPECT_EQ(summary().must_reads, 1u);
  EXPECT_NEAR(*summary().treated.must_read_reach.value, 0, 1e-9);
  check_ways_back();
}

// The same chances in both arms: the interval covers no difference as often as it says.
TEST_F(ContentAuditTest, TheIntervalCoversNoDifference) {
  for (const char* topic : {"a", "b", "c", "d", "e", "f"}) put_item(topic, topic);
  const std::vector<std::string> ids = {"a", "b", "c", "d", "e", "f"};
  int covered = 0, worlds = 200;
  for (int world = 0; world < worlds; ++world) {
    Random random(static_cast<std::uint64_t>(world) + 1);
    audit = std::make_unique<ContentAudit>();
    for (std::uint64_t who = 0; who < 120; ++who) {
      const Arm arm = who % 3 == 0 ? Arm::kHoldout : Arm::kTreated;
      const std::uint64_t taste = 1 + random.below(6);
      std::vector<std::string> served;
      for (int i = 0; i < 12; ++i) served.push_back(ids[random.below(taste)]);
      serve(who, arm, served, kDayMs);
    }
    const Estimate difference = summary().entropy_difference;
    ASSERT_TRUE(difference.value);
    if (difference.interval.contains(0)) ++covered;
  }
  EXPECT_GE(covered, 180);  // 95 % of 200 is 190 with sd 3: below 180 by chance once in 1,000
  EXPECT_LE(covered, 199);  // an interval that is always right is too wide
}

// Five topics against four and a fifth now and then: known, and not worth a word.
TEST_F(ContentAuditTest, ASmallDifferenceIsNoNarrowing) {
  for (const char* topic : {"a", "b", "c", "d", "e"}) put_item(topic, topic);
  for (std::uint64_t who = 0; who < 400; ++who) {
    std::vector<std::string> served;
    for (int i = 0; i < 20; ++i) served.emplace_back(1, "abcde"[i % 5]);
    if (who % 2 == 0) served[0] = served[5] = "b";
    serve(who, who % 2 == 0 ? Arm::kTreated : Arm::kHoldout, served, kDayMs);
  }
  const AuditSummary s = summary();
  EXPECT_LT(s.entropy_difference.interval.high, 0);
  EXPECT_GT(*s.entropy_difference.value, -kNarrowerBitsMin);
  EXPECT_TRUE(s.sentence.starts_with("Both see about the same mix")) << s.sentence;
}

TEST_F(ContentAuditTest, AReaderNarrowedForAWeekIsListed) {
  for (const char* topic : {"cars", "news"}) put_item(topic, topic);
  for (int day = 9; day >= 0; --day) {
    serve(1, Arm::kTreated, {"cars", "cars"}, day * kDayMs);                     // narrowed
    serve(2, Arm::kTreated, {"cars", "news"}, day * kDayMs);                     // not
    serve(3, Arm::kTreated, {day > 4 ? "news" : "cars", "cars"}, day * kDayMs);  // five days
    serve(4, Arm::kHoldout, {"news", "news"}, day * kDayMs);
  }
  for (int day = 40; day >= 20; --day) serve(5, Arm::kTreated, {"cars"}, day * kDayMs);  // gone
  const AuditSummary s = summary();
  EXPECT_EQ(s.treated.narrowed, 1u);
  EXPECT_EQ(s.holdout.narrowed, 1u);
  ASSERT_EQ(s.narrowed.size(), 2u);
  for (const NarrowedReader& reader : s.narrowed) {
    EXPECT_EQ(reader.since_day, day_of(kAuditNow) - 9);
    EXPECT_EQ(reader.topic, reader.person == audited(1) ? "cars" : "news");
    EXPECT_EQ(reader.places, 20u);
  }
  const std::string json = to_json(s);
  EXPECT_NE(json.find(R"("person":"per_)"), std::string::npos);
  EXPECT_NE(s.sentence.find("2 readers were shown one topic only"), std::string::npos);
  EXPECT_EQ(summary("other").narrowed.size(), 0u);
  check_ways_back();
}

TEST_F(ContentAuditTest, WhatServesAndWhatSells) {
  put_item("cars", "cars");
  put_item("news", "news");
  put_item("offer", "cars", false, kDayMs, Intent::kSell);
  for (std::uint64_t who = 0; who < 30; ++who) {
    read(who, "cars", kDayMs);
    for (int visit = 0; visit < 3; ++visit)
      serve(who, Arm::kTreated, {"cars", "cars", "news", "offer"}, visit * kHourMs);
  }
  const AuditSummary s = summary();
  EXPECT_EQ(s.treated.places, 360u);
  EXPECT_EQ(s.treated.serves, 180u);
  EXPECT_EQ(s.treated.sells, 90u);
  EXPECT_NEAR(*s.treated.serve_share.value, 0.5, 1e-6);
  EXPECT_NEAR(*s.treated.sell_share.value, 0.25, 1e-6);
  EXPECT_NEAR(*s.treated.serve_to_sell.value, 2, 1e-6);
  EXPECT_FALSE(s.holdout.serve_to_sell.value);
  // Three of four places are ten days old, one is a day old: half a doubling around ten days.
  EXPECT_GT(*s.treated.age_hours.value, 24 * 7);
  EXPECT_LT(*s.treated.age_hours.value, 24 * 11);
  Item product;
  product.kind = "product";
  EXPECT_TRUE(sells(product));
  product.kind = "article";
  EXPECT_FALSE(sells(product));
  product.price = Price{1'000'000, "EUR"};
  EXPECT_TRUE(sells(product));
}

TEST_F(ContentAuditTest, ArmsMixNowhere) {
  for (const char* topic : {"a", "b"}) put_item(topic, topic);
  const std::vector<std::string> ten(10, "a");
  serve(1, Arm::kTreated, ten, kDayMs);
  serve(1, Arm::kHoldout, {"b"}, 0);  // the holdout was made larger: they begin anew
  EXPECT_EQ(summary().treated.people, 0u);
  EXPECT_EQ(summary().holdout.people_few, 1u);
  serve(2, Arm::kTreated, ten, 0, "home");
  serve(2, Arm::kHoldout, ten, 0, "end");
  serve(3, Arm::kTreated, ten, 0, "home");
  serve(3, Arm::kTreated, ten, 0, "end");
  EXPECT_EQ(summary("").mixed, 1u);
  EXPECT_EQ(summary("").treated.people, 1u);
  EXPECT_EQ(summary("").treated.places, 20u);
  // Decisions for nobody, or where the slot does not compare, are nobody's mix.
  serve(4, Arm::kTreated, ten, 0, "home", Outcome::kNoConsent);
  serve(5, Arm::kTreated, ten, 0, "home", Outcome::kPaused);
  EXPECT_EQ(summary().treated.people, 2u);
  check_ways_back();
}

TEST_F(ContentAuditTest, LinkedIdsAreOnePersonAndErasedOnesNone) {
  put_item("a", "a");
  const std::vector<std::string> six(6, "a");
  for (std::uint64_t who = 1; who <= 4; ++who)
    serve(who, who == 4 ? Arm::kHoldout : Arm::kTreated, six, kDayMs);
  EXPECT_EQ(summary().treated.people_few, 3u);
  const auto link = [&](std::uint64_t a, std::uint64_t b) {
    Link half;
    half.other = audited(b);
    put(RecordKind::kLink, audited(a), kAuditNow, encode(half));
  };
  link(1, 2);
  EXPECT_EQ(summary().treated.people, 1u);
  EXPECT_EQ(summary().treated.places, 12u);
  link(3, 4);  // of two arms: nobody's
  EXPECT_EQ(summary().treated.people_few, 0u);
  EXPECT_EQ(summary().holdout.people_few, 0u);
  check_ways_back();
  put(RecordKind::kErase, audited(1), kAuditNow, "");
  EXPECT_EQ(summary().treated.people, 0u);
  check_ways_back();
}

TEST_F(ContentAuditTest, PeopleAndPairsAreBounded) {
  for (std::uint64_t who = 0; who < kAuditPeopleMax + 5000; ++who) {
    std::vector<std::string> ids;
    for (int k = 0; k < 10; ++k) ids.push_back("i" + std::to_string(10 * who + k));
    serve(who, Arm::kTreated, ids, kDayMs);
  }
  const AuditSummary s = summary();
  EXPECT_EQ(s.each_stands_for, 2);
  EXPECT_NEAR(static_cast<double>(s.treated.people), (kAuditPeopleMax + 5000) / 2.0, 400);
  EXPECT_LT(audit->save().size(), 6'000'000u);
  check_ways_back();
  for (std::uint64_t n = 0; n < 2 * kMustReadsMax; ++n)
    put_item("m" + std::to_string(n), "a", true);
  EXPECT_EQ(summary().must_reads, kMustReadsMax);
  check_ways_back();
}

}  // namespace
}  // namespace ante
