#include "profile/profile_store.h"

#include <map>

#include <gtest/gtest.h>

#include "profile/features.h"
#include "profile/test_records.h"

namespace ante {
namespace {

// A stream of random records of `people` people.
void fill(TestLog& log, std::uint64_t seed, std::size_t records, std::uint64_t people) {
  Random random(seed);
  TimeMs now_ms = kTestStartMs;
  for (std::size_t i = 0; i < records; ++i)
    add_random_record(log, random, test_person(random.below(people)), now_ms);
}

TEST(PersonBytes, RoundTripExactlyAndFindDamage) {
  TestLog log;
  fill(log, 3, 600, 1);
  PersonState state;
  for (const CommittedRecord& record : log.records()) {
    fold(state, record);
    const auto back = decode_person_state(encode(state));
    ASSERT_TRUE(back.has_value()) << back.error().message;
    ASSERT_EQ(*back, state);
  }
  const std::string bytes = encode(state);
  for (std::size_t i = 0; i < bytes.size(); i += 7) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    const auto result = decode_person_state(damaged);
    ASSERT_FALSE(result.has_value()) << "byte " << i;
    EXPECT_EQ(result.error().code, ErrorCode::kDataLoss);
  }
  for (std::size_t size = 0; size < bytes.size(); size += 5) {
    EXPECT_FALSE(decode_person_state(std::string_view(bytes).substr(0, size)).has_value()) << size;
  }
}

TEST(PersonBytes, RefuseWhatIsBeyondTheLimitsThoughItsChecksumHolds) {
  PersonState state = empty_state(test_person(1));
  EXPECT_TRUE(decode_person_state(encode(state)).has_value());
  state.recent.resize(kRecentItemsMax + 1);
  EXPECT_FALSE(decode_person_state(encode(state)).has_value());
  state.recent.clear();
  state.last_query.assign(kQueryBytesMax + 1, 'x');
  EXPECT_FALSE(decode_person_state(encode(state)).has_value());
}

TEST(ProfileStore, EqualsFoldingEachPersonAlone) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    TestLog log;
    fill(log, seed, 6000, 40'000 / (seed * 100));
    ProfileStore store;
    std::map<PersonHash, PersonState> model;
    Random random(seed);
    for (const CommittedRecord& record : log.records()) {
      store.consume(record);
      fold(model[record.header.person], record);
      if (random.below(3) == 0) {
        const auto seen = store.find(record.header.person);
        ASSERT_EQ(*seen, model[record.header.person]) << "seed " << seed;
      }
    }
    EXPECT_EQ(store.size(), model.size());
    for (const auto& [person, state] : model)
      ASSERT_EQ(*store.find(person), state) << "seed " << seed;
  }
}

TEST(ProfileStore, MorePeopleOfOneShardThanAreKeptReady) {
  ProfileStore store;
  std::map<PersonHash, PersonState> model;
  TestLog log;
  Random random(9);
  TimeMs now_ms = kTestStartMs;
  for (int i = 0; i < 4000; ++i) {
    const PersonHash person{
        Hash128{random.below(3 * kReadyPeoplePerShardMax), 77}};  // all of partition 0
    const CommittedRecord& record = add_random_record(log, random, person, now_ms);
    store.consume(record);
    fold(model[person], record);
  }
  for (const auto& [person, state] : model) ASSERT_EQ(*store.find(person), state);
}

TEST(ProfileStore, WhatAReaderHoldsNeverChanges) {
  ProfileStore store;
  TestLog log;
  const PersonHash person = test_person(1);
  store.consume(
      log.event(person, kTestStartMs, test_event(EventKind::kViewed, {test_item("a", {"cars"})})));
  const auto held = store.find(person);
  const PersonState copy = *held;
  store.consume(log.event(person, kTestStartMs + 1,
                          test_event(EventKind::kViewed, {test_item("b", {"cars"})})));
  EXPECT_EQ(*held, copy);
  EXPECT_EQ(store.find(person)->events, 2u);
}

TEST(ProfileStore, ARebuildGivesTheSameBytesFromAnyCheckpoint) {
  TestLog log;
  fill(log, 21, 3000, 200);
  ProfileStore live;
  std::vector<std::string> saved(1, live.save());
  for (std::size_t i = 0; i < log.records().size(); ++i) {
    live.consume(log.records()[i]);
    if (i % 1000 == 499) saved.push_back(live.save());
  }
  const std::string expected = live.save();
  for (std::size_t k = 0; k < saved.size(); ++k) {
    ProfileStore again;
    ASSERT_TRUE(again.load(saved[k]).has_value());
    EXPECT_EQ(again.save(), saved[k]);
    for (std::size_t i = k == 0 ? 0 : (k - 1) * 1000 + 500; i < log.records().size(); ++i)
      again.consume(log.records()[i]);
    EXPECT_EQ(again.save(), expected) << "checkpoint " << k;
  }
}

TEST(ProfileStore, DirtyRowsBringEverybodyBack) {
  TestLog log;
  fill(log, 33, 3000, 300);
  ProfileStore live;
  std::map<std::string, std::string> table;
  const auto checkpoint = [&] {
    std::vector<std::pair<std::string, std::string>> rows;
    for (std::uint16_t p = 0; p < kPartitions; ++p) live.collect_dirty(Partition{p}, rows);
    for (auto& [key, value] : rows) {
      EXPECT_EQ(static_cast<unsigned char>(key[0]), partition_of(*person_of_row_key(key)).value);
      table[key] = value;
    }
    return rows.size();
  };
  for (std::size_t i = 0; i < log.records().size(); ++i) {
    live.consume(log.records()[i]);
    if (i % 700 == 0) checkpoint();
  }
  checkpoint();
  EXPECT_EQ(checkpoint(), 0u);
  ProfileStore again;
  for (const auto& [key, value] : table) ASSERT_TRUE(again.restore(key, value).has_value());
  EXPECT_EQ(again.save(), live.save());

  const auto& [key, value] = *table.begin();
  EXPECT_FALSE(ProfileStore().restore(key.substr(1), value).has_value());
  EXPECT_FALSE(ProfileStore().restore(std::next(table.begin())->first, value).has_value());
  EXPECT_FALSE(ProfileStore().restore(key, value.substr(0, value.size() / 2)).has_value());
  EXPECT_FALSE(again.restore(key, value).has_value());  // twice
}

TEST(ProfileStore, DamagedSavesAreRefused) {
  TestLog log;
  fill(log, 34, 100, 10);
  ProfileStore live;
  for (const CommittedRecord& record : log.records()) live.consume(record);
  const std::string bytes = live.save();
  EXPECT_FALSE(ProfileStore().load("").has_value());
  EXPECT_FALSE(ProfileStore().load(bytes.substr(0, bytes.size() - 1)).has_value());
  EXPECT_FALSE(ProfileStore().load(bytes + "x").has_value());
  std::string later = bytes;
  later[0] = 9;
  EXPECT_FALSE(ProfileStore().load(later).has_value());
}

TEST(ProfileStore, LinkedIdsAreOnePersonOldestFirst) {
  ProfileStore store;
  TestLog log;
  const PersonHash phone = test_person(3), desk = test_person(2), user = test_person(1);
  const auto view = [&](PersonHash p, TimeMs at, const char* item) {
    store.consume(log.event(p, at, test_event(EventKind::kViewed, {test_item(item, {item})})));
  };
  const auto link = [&](PersonHash from, PersonHash to, TimeMs to_seen_ms) {
    store.consume(
        log.add(RecordKind::kLink, from, kTestStartMs + 10,
                encode(Link{.other = to, .other_first_seen_ms = to_seen_ms, .verified = true})));
  };
  EXPECT_FALSE(store.person(user).known());
  EXPECT_EQ(store.person(user).oldest(), user);
  view(phone, kTestStartMs, "a");
  view(desk, kTestStartMs + 5, "b");
  view(user, kTestStartMs + 9, "c");
  link(phone, user, kTestStartMs + 9);
  link(user, phone, kTestStartMs);
  link(user, desk, kTestStartMs + 5);
  link(desk, user, kTestStartMs + 9);
  const std::vector<PersonHash> members{phone, desk, user};
  for (const PersonHash p : members) {
    const PersonView view_of = store.person(p);
    EXPECT_EQ(view_of.members, members);
    EXPECT_EQ(view_of.oldest(), phone);
    EXPECT_EQ(view_of.state->events, 3u);
    EXPECT_EQ(view_of.state->recent.size(), 3u);
  }
}

TEST(ProfileStore, AnOutsiderLinkedToFromOneSideIsStillOrdered) {
  ProfileStore store;
  TestLog log;
  const PersonHash known = test_person(9), unseen = test_person(4);
  store.consume(log.add(
      RecordKind::kLink, known, kTestStartMs,
      encode(Link{.other = unseen, .other_first_seen_ms = kTestStartMs - 5, .verified = true})));
  const PersonView view = store.person(known);
  EXPECT_EQ(view.members, (std::vector{unseen, known}));
  EXPECT_EQ(view.state->person, known);
}

TEST(Merge, IsTheUnionAndIndependentOfGrouping) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    TestLog log;
    Random random(seed);
    TimeMs now_ms = kTestStartMs;
    std::vector<PersonState> ids(3);
    for (int i = 0; i < 36; ++i) {
      const std::uint64_t who = random.below(3);
      fold(ids[who], add_random_record(log, random, test_person(who), now_ms));
    }
    for (auto& s : ids)
      s.topics.resize(std::min<std::size_t>(s.topics.size(), 8));  // stay below the limit
    const auto pair = [](const PersonState& a, const PersonState& b) { return merge({&a, &b}); };
    PersonState left = pair(pair(ids[0], ids[1]), ids[2]);
    PersonState right = pair(ids[0], pair(ids[1], ids[2]));
    const PersonState all = merge({&ids[0], &ids[1], &ids[2]});
    EXPECT_EQ(left, all) << "seed " << seed;
    ASSERT_EQ(left.topics.size(), right.topics.size());
    for (std::size_t i = 0; i < left.topics.size(); ++i) {
      EXPECT_NEAR(left.topics[i].lasting, right.topics[i].lasting, 1e-4);
      right.topics[i].lasting = left.topics[i].lasting;
    }
    EXPECT_EQ(left, right) << "seed " << seed;
    EXPECT_EQ(all.events, ids[0].events + ids[1].events + ids[2].events);
    for (const PersonState& s : ids) {
      for (const HiddenItem& h : s.hidden) EXPECT_TRUE(is_hidden(all, h.item, {}));
      for (const BoughtItem& b : s.bought) EXPECT_TRUE(is_bought(all, b.item, {}));
    }
    EXPECT_EQ(merge({&ids[1]}), ids[1]);
  }
}

TEST(Merge, ConsentIsRefusedByAnyMemberAndChannelsFollowTheOldest) {
  PersonState a, b, silent;
  a.consent_stated = b.consent_stated = true;
  a.consent = {.store = true, .profile = true, .measure = true, .email = true, .push = false};
  b.consent = {.store = true, .profile = false, .measure = true, .email = false, .push = true};
  const PersonState whole = merge({&silent, &a, &b});
  EXPECT_TRUE(whole.consent_stated);
  EXPECT_FALSE(whole.consent.profile);
  EXPECT_TRUE(whole.consent.email);
  EXPECT_FALSE(whole.consent.push);
}

TEST(Features, ServingAndTheSlowDefinitionAgree) {
  TestLog log;
  Random random(77);
  TimeMs now_ms = kTestStartMs;
  PersonState state;
  for (int i = 0; i < 800; ++i) {
    fold(state, add_random_record(log, random, test_person(1), now_ms));
    if (i % 50 != 0) continue;
    const TimeMs at_ms = now_ms + static_cast<TimeMs>(random.below(kDayMs));
    const PersonFeatures features(state, at_ms);
    EXPECT_EQ(features.lasting_total(), lasting_total(state, at_ms));
    for (int k = 0; k < 300; ++k) {
      const ItemKey item = item_key("item" + std::to_string(k)),
                    group = item_key("group" + std::to_string(k % 50));
      EXPECT_EQ(features.is_hidden(item, group), is_hidden(state, item, group));
      EXPECT_EQ(features.is_bought(item, group), is_bought(state, item, group));
      EXPECT_EQ(features.is_bought(item, {}), is_bought(state, item, {}));
      EXPECT_EQ(features.is_pinned(item), is_pinned(state, item));
      EXPECT_EQ(features.own_history(item), own_history(state, item));
      const std::vector<TopicKey> topics{topic_key("topic" + std::to_string(k % 60)),
                                         topic_key("topic" + std::to_string(k % 7))};
      EXPECT_EQ(features.topic_affinity(topics), topic_affinity(state, topics, at_ms));
    }
  }
}

}  // namespace
}  // namespace ante
