// The bytes of every stored noun: what is written reads back the same, damage is refused, and the
// files of format version 1 in tests/golden/domain are read for ever.

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/random.h"
#include "domain/decision.h"
#include "domain/event.h"
#include "domain/item.h"
#include "domain/record.h"

namespace ante {
namespace {

std::string text(Random& random, std::size_t size_max) {
  std::string out(random.below(size_max + 1), '\0');
  for (char& c : out) c = static_cast<char>('a' + random.below(26));
  return out;
}
Hash128 hash(Random& random) { return {random.next(), random.next()}; }
float real(Random& random) { return static_cast<float>(random.uniform() * 2 - 1); }
std::vector<TopicKey> topics(Random& random) {
  std::vector<TopicKey> out(random.below(4));
  for (TopicKey& topic : out) topic = TopicKey{random.next()};
  return out;
}
std::vector<ItemKey> keys(Random& random) {
  std::vector<ItemKey> out(random.below(5));
  for (ItemKey& key : out) key = ItemKey{random.next()};
  return out;
}
bool coin(Random& random) { return random.below(2) == 1; }

Event random_event(Random& random) {
  Event e;
  e.kind = static_cast<EventKind>(random.below(22));
  e.source = static_cast<EventSource>(1 + random.below(3));
  e.name = text(random, 20);
  for (std::size_t i = random.below(4); i > 0; --i) {
    EventItem item;
    item.id = text(random, 12);
    item.key = item_key(item.id);
    item.topics = topics(random);
    item.group = ItemKey{random.below(3)};
    item.price_micros = static_cast<std::int64_t>(random.next()) >> random.below(63);
    item.quantity = static_cast<std::uint32_t>(random.below(4));
    item.position = static_cast<std::uint16_t>(random.below(4));
    item.known = coin(random);
    item.repeatable = coin(random);
    item.sell = coin(random);
    e.items.push_back(item);
  }
  if (coin(random)) e.depth_percent = static_cast<std::uint8_t>(random.below(101));
  if (coin(random)) e.active_ms = static_cast<std::uint32_t>(random.next());
  e.finished = coin(random);
  if (coin(random)) e.value = random.normal();
  e.query = text(random, 5);
  e.reason = text(random, 5);
  e.topics = topics(random);
  if (coin(random)) e.decision = DecisionId{hash(random)};
  if (coin(random)) e.consent = consent_of_bits(static_cast<std::uint8_t>(random.below(32)));
  e.use_for_decisions = coin(random);
  e.clock_adjusted = coin(random);
  if (coin(random)) e.claim = PersonHash{hash(random)};
  if (coin(random)) e.properties_json = "{\"a\":1}";
  return e;
}

Decision random_decision(Random& random) {
  Decision d;
  d.id = DecisionId{hash(random)};
  for (std::size_t i = random.below(3); i > 0; --i) d.people.push_back(PersonHash{hash(random)});
  d.slot_name = text(random, 10);
  d.slot = slot_key(d.slot_name);
  d.at_ms = static_cast<TimeMs>(random.below(7258118400000));
  d.outcome = static_cast<Outcome>(1 + random.below(8));
  d.fallback = static_cast<Fallback>(random.below(7));
  d.arm = static_cast<Arm>(1 + random.below(2));
  d.rung = static_cast<Rung>(1 + random.below(4));
  d.activated = coin(random);
  d.situation = {ItemKey{random.next()},
                 text(random, 8),
                 text(random, 8),
                 text(random, 8),
                 text(random, 8),
                 21,
                 6};
  d.versions = {random.next(), random.next(), random.next()};
  d.policy = {random.next(), 3, real(random), 1, 4};
  d.attention_cost = real(random);
  for (std::size_t i = random.below(kHandItemsMax + 1); i > 0; --i) {
    HandItem h{ItemKey{random.next()}, 5, real(random), real(random), real(random),
               real(random),           {}};
    for (auto& feature : h.features) feature = static_cast<std::uint8_t>(random.below(256));
    d.hand.push_back(h);
  }
  d.candidate_count = static_cast<std::uint32_t>(random.next());
  d.candidate_digest = hash(random);
  d.safe_default = keys(random);
  for (std::size_t i = random.below(5); i > 0; --i) {
    d.served.push_back({ItemKey{random.next()}, text(random, 10), real(random), 7, topics(random)});
  }
  d.would_have = keys(random);
  for (std::size_t i = random.below(3); i > 0; --i) d.reasons.push_back(text(random, 30));
  return d;
}

// What format version 2 added.
void add_bet(Random& random, Decision& d) {
  d.bet = {text(random, 10), static_cast<BetPlay>(random.below(5)),
           static_cast<Exclusion>(random.below(6)),
           static_cast<std::uint16_t>(random.below(10001))};
  d.policy.permitted = real(random);
  d.policy.places = static_cast<std::uint8_t>(random.below(kSlatePlacesMax + 1));
  d.prices = {real(random), real(random), real(random), real(random)};
  for (std::size_t t = 0; t < kTraitCount; ++t) {
    d.traits.level[t] =
        static_cast<std::uint8_t>(random.below(trait_levels(static_cast<Trait>(t)).size()));
  }
}

Item random_item(Random& random) {
  Item item;
  item.id = "i" + text(random, 10);
  item.key = item_key(item.id);
  item.url = text(random, 20);
  item.title = text(random, 20);
  item.text = text(random, 50);
  item.kind = text(random, 5);
  for (std::size_t i = random.below(4); i > 0; --i) item.topics.push_back("t" + std::to_string(i));
  for (const std::string& topic : item.topics) item.topic_keys.push_back(topic_key(topic));
  if (coin(random)) item.needs = {"gift"};
  item.group = text(random, 4);
  item.published_at_ms = static_cast<TimeMs>(random.below(2000000000000));
  if (coin(random)) item.expires_at_ms = 5;
  item.evergreen = coin(random);
  if (coin(random))
    item.price = Price{static_cast<std::int64_t>(random.below(1000000)) * 10000, "EUR"};
  item.available = coin(random);
  item.withdrawn = coin(random);
  item.must_read = coin(random);
  item.repeatable = coin(random);
  if (coin(random)) item.intent = Intent::kSell;
  if (coin(random)) item.offer = Offer{1, 2, 3, "shop", 4.5, 0.25, true};
  if (coin(random)) item.attrs_json = R"({"a":[1,"x"]})";
  item.version = random.below(100);
  return item;
}

// Each cut is refused, and each changed byte gives an error or another value, never a crash.
template <typename Decode>
void expect_damage_refused(const std::string& bytes, Decode decode) {
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto cut = decode(std::string_view(bytes).substr(0, size));
    ASSERT_FALSE(cut.has_value()) << size;
    EXPECT_EQ(cut.error().code, ErrorCode::kDataLoss);
  }
  EXPECT_FALSE(decode(bytes + "x").has_value());
  std::string later = bytes;
  later[0] = 9;
  const auto found = decode(later);
  ASSERT_FALSE(found.has_value());
  EXPECT_NE(found.error().message.find("format version 9 found"), std::string::npos);
  for (std::size_t at = 1; at < bytes.size(); ++at) {
    for (const int change : {0x01, 0x80, 0xff}) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ change);
      static_cast<void>(decode(changed).has_value());
    }
  }
}

TEST(Codec, RandomNounsReadBackTheSame) {
  Random random(20261122);
  for (int round = 0; round < 500; ++round) {
    Event event = random_event(random);
    event.invited = coin(random);
    EXPECT_EQ(*decode_event(encode(event)), event);
    Decision decision = random_decision(random);
    add_bet(random, decision);
    decision.arm = static_cast<Arm>(1 + round % 9);
    decision.outcome = static_cast<Outcome>(1 + round % kOutcomeCount);
    decision.fallback = static_cast<Fallback>(round % 9);
    EXPECT_EQ(*decode_decision(encode(decision)), decision);
    const Item item = random_item(random);
    EXPECT_EQ(*decode_item(encode(item)), item);
    EXPECT_EQ(*item_from_json(item_to_json(item)), item);
    const Activation activation{DecisionId{hash(random)}, SlotKey{1}, keys(random)};
    EXPECT_EQ(*decode_activation(encode(activation)), activation);
    const Reward reward{DecisionId{hash(random)}, SlotKey{2},     ItemKey{3}, 4, decision.arm, 0.5F,
                        text(random, 9),          random.normal()};
    EXPECT_EQ(*decode_reward(encode(reward)), reward);
    const Link link{PersonHash{hash(random)}, static_cast<TimeMs>(random.below(1u << 30)),
                    coin(random)};
    EXPECT_EQ(*decode_link(encode(link)), link);
    FactSet facts;
    for (std::size_t i = random.below(5); i > 0; --i)
      facts.facts.push_back({text(random, 9), "1", Provenance::kTold, 7,
                             coin(random) ? std::optional<TimeMs>(9) : std::nullopt});
    EXPECT_EQ(*decode_facts(encode(facts)), facts);
    const Object object{"slot", text(random, 9), random.next(), coin(random), "me", "why", "{}"};
    EXPECT_EQ(*decode_object(encode(object)), object);
  }
}

TEST(Codec, DamageIsRefused) {
  Random random(5);
  expect_damage_refused(encode(random_event(random)), decode_event);
  Decision decision = random_decision(random);
  decision.hand.resize(3);
  expect_damage_refused(encode(decision), decode_decision);
  expect_damage_refused(encode(random_item(random)), decode_item);
  expect_damage_refused(encode(Reward{}), decode_reward);
  expect_damage_refused(encode(Activation{}), decode_activation);
  expect_damage_refused(encode(Link{}), decode_link);
  expect_damage_refused(encode(FactSet{{Fact{"a", "1", Provenance::kTold, 1, 2}}}), decode_facts);
  expect_damage_refused(encode(Object{"slot", "a", 1, false, "b", "c", "{}"}), decode_object);
}

TEST(Codec, NumbersThatAreNotFiniteAreNeverStoredNorRead) {
  Reward reward;
  reward.value = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(decode_reward(encode(reward))->value, 0);
  reward.value = 1;
  std::string bytes = encode(reward);
  const double infinite = std::numeric_limits<double>::infinity();
  std::memcpy(bytes.data() + bytes.size() - 8, &infinite, 8);
  EXPECT_FALSE(decode_reward(bytes).has_value());
}

std::vector<NewRecord> log_records() {
  std::vector<NewRecord> records(3);
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].partition = Partition{7};
    records[i].header = {RecordKind::kEvent, kFirstTenant, PersonHash{{7ULL << 56, i}},
                         static_cast<TimeMs>(1000 - i * 10), static_cast<TimeMs>(1000 + i)};
    records[i].body = std::string(i, 'b');
  }
  records[2].header = {RecordKind::kErased, TenantId{9}, {}, INT64_MIN, INT64_MAX};
  return records;
}

std::string log_value() {
  std::vector<NewRecord> records = log_records();
  std::vector<NewRecord*> pointers;
  for (NewRecord& record : records) pointers.push_back(&record);
  return encode_log_value(Commit{12}, Partition{7}, Sequence{100}, pointers);
}

TEST(LogValue, ReadsBackTheSame) {
  const std::string value = log_value();
  const auto decoded = decode_log_value(value);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  const auto records = log_records();
  ASSERT_EQ(decoded->size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*decoded)[i].header, records[i].header);
    EXPECT_EQ((*decoded)[i].body, records[i].body);
    EXPECT_EQ((*decoded)[i].sequence, Sequence{100 + i});
    EXPECT_EQ((*decoded)[i].commit, Commit{12});
    EXPECT_EQ((*decoded)[i].partition, Partition{7});
  }
}

TEST(LogValue, EachChangedBitAndEachCutIsDataLoss) {
  const std::string value = log_value();
  for (std::size_t bit = 0; bit < value.size() * 8; ++bit) {
    std::string changed = value;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    const auto decoded = decode_log_value(changed);
    ASSERT_FALSE(decoded.has_value()) << bit;
    EXPECT_EQ(decoded.error().code, ErrorCode::kDataLoss);
  }
  for (std::size_t size = 0; size < value.size(); ++size) {
    EXPECT_FALSE(decode_log_value(std::string_view(value).substr(0, size)).has_value());
  }
}

// UPDATE_GOLDEN=1 writes what is missing; an existing file of an old version never changes.
std::string read_golden(const std::string& name) {
  std::ifstream stream("tests/golden/domain/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

void expect_golden(const std::string& name, const std::string& bytes, const std::string& corpus) {
  const std::string path = "tests/golden/domain/" + name;
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << bytes;
    if (!corpus.empty()) std::ofstream("fuzz/" + corpus + "/" + name, std::ios::binary) << bytes;
  }
  EXPECT_EQ(read_golden(name), bytes) << path;
}

TEST(Golden, StaysAsItIs) {
  Random random(1);
  Event event = random_event(random);
  expect_golden("event_v1.bin", encode(event), "event_bytes");
  event.invited = true;
  expect_golden("event_v1_invited.bin", encode(event), "event_bytes");
  Decision decision = random_decision(random);
  EXPECT_EQ(decode_decision(read_golden("decision_v1.bin")).value(), decision);
  Random added(2);
  add_bet(added, decision);
  EXPECT_EQ(decode_decision(read_golden("decision_v2.bin")).value(), decision);
  decision.asked = "job-done";
  expect_golden("decision_v3.bin", encode(decision), "decision");
  expect_golden("item_v1.bin", encode(random_item(random)), "");
  expect_golden("reward_v1.bin",
                encode(Reward{DecisionId{{1, 2}}, SlotKey{3}, ItemKey{4}, 5, Arm::kTreated, 0.25F,
                              "click", 1}),
                "decision");
  expect_golden("activation_v1.bin",
                encode(Activation{DecisionId{{1, 2}}, SlotKey{3}, {ItemKey{4}}}), "decision");
  expect_golden("link_v1.bin", encode(Link{PersonHash{{1, 2}}, 3, true}), "event_bytes");
  expect_golden("facts_v1.bin",
                encode(FactSet{{Fact{"plan", "\"gold\"", Provenance::kImported, 4, 5}}}),
                "event_bytes");
  expect_golden("object_v1.bin", encode(Object{"slot", "home", 2, false, "me", "why", "{}"}), "");
  expect_golden("log_value_v1.bin", log_value(), "log_value");
}

}  // namespace
}  // namespace ante
