#include "events/ingest.h"

#include <set>

#include <gtest/gtest.h>

#include "base/json_writer.h"
#include "base/time_text.h"

namespace ante {
namespace {

constexpr TimeMs kNow = 1795330800000;  // 2026-11-22T07:00:00Z
constexpr SecretKey kKey{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

// Stores in memory and folds at once, like the real one with an instant disk.
class FakeJournal final : public Journal {
 public:
  explicit FakeJournal(ProfileStore& people) : people_(people) {}

  void append(std::vector<NewRecord> batch, Completion done) override {
    if (full) {
      done(unavailable("the disk is full"));
      return;
    }
    std::vector<AppendOutcome> outcomes;
    for (NewRecord& record : batch) {
      if (record.dedup && !keys_.insert(record.dedup->value).second) {
        outcomes.push_back({Appended::kDuplicate, Sequence{0}});
        continue;
      }
      EXPECT_LE(record.header.occurred_at, record.header.received_at);
      EXPECT_EQ(record.partition, partition_of(record.header.person));
      records.push_back(std::move(record));
      const NewRecord& stored = records.back();
      people_.consume(
          {Commit{1}, stored.partition, Sequence{records.size()}, stored.header, stored.body});
      outcomes.push_back({Appended::kStored, Sequence{records.size()}});
    }
    done(std::move(outcomes));
  }
  bool append_unacknowledged(NewRecord) override { return true; }
  Result<void> flush() override { return {}; }
  Result<void> stop() override { return {}; }
  Status status() const override { return {}; }
  Result<Decision> find_decision(DecisionId) const override { return not_found("none"); }

  std::vector<NewRecord> records;
  bool full = false;

 private:
  ProfileStore& people_;
  std::set<Hash128> keys_;
};

class IngestTest : public testing::Test {
 protected:
  IngestTest() {
    put_item(R"({"id":"a1","topics":["watches","style"],"group":"g1","price":{"amount":9.5,)"
             R"("currency":"EUR"},"repeatable":true,"intent":"sell"})");
  }

  void put_item(std::string_view json) {
    const auto item = item_from_json(json);
    ASSERT_TRUE(item.has_value()) << item.error().message;
    const std::string body = encode(*item);
    catalog.consume({Commit{1},
                     kControlPartition,
                     Sequence{1},
                     {RecordKind::kItem, kFirstTenant, {}, kNow, kNow},
                     body});
    catalog.commit_consumed(Commit{1});
  }
  IngestReply send(EndpointKind endpoint, std::string_view body, const IngestCaller& from) {
    Ingest ingest(journal, catalog, people, clock, kKey, options, metrics);
    IngestReply reply;
    int calls = 0;
    ingest.accept(from, endpoint, body, [&](IngestReply r) {
      reply = std::move(r);
      ++calls;
    });
    EXPECT_EQ(calls, 1);
    return reply;
  }
  IngestReply track(std::string_view body) { return send(EndpointKind::kTrack, body, secret); }
  Event event(std::size_t i) const {
    auto decoded = decode_event(journal.records.at(i).body);
    EXPECT_TRUE(decoded.has_value());
    return decoded ? *decoded : Event{};
  }
  static PersonHash hash(RoutingKind kind, std::string id) {
    return person_hash(kKey, kFirstTenant, {kind, std::move(id)});
  }
  std::size_t count(RecordKind kind) const {
    return static_cast<std::size_t>(
        std::count_if(journal.records.begin(), journal.records.end(),
                      [&](const NewRecord& r) { return r.header.kind == kind; }));
  }

  SimulatedClock clock{kNow};
  ItemInterner interner;
  Catalog catalog{interner};
  ProfileStore people;
  FakeJournal journal{people};
  Metrics metrics;
  IngestOptions options;
  IngestCaller secret{kFirstTenant, KeyClass::kSecret, {}, false};
  IngestCaller browser{kFirstTenant, KeyClass::kPublishable, {}, false};
};

TEST_F(IngestTest, ReadsAnEventWithTheAttributesOfItsItem) {
  const auto reply = send(
      EndpointKind::kTrack,
      R"({"anonymousId":"x","messageId":"m1","event":"Article Read","properties":{"itemId":"a1",)"
      R"("depth":80,"activeSeconds":95.5,"finished":true,"extra":[1]}})",
      browser);
  ASSERT_FALSE(reply.refused);
  EXPECT_EQ(reply.accepted, 1u);
  const Event stored = event(0);
  EXPECT_EQ(stored.kind, EventKind::kArticleRead);
  EXPECT_EQ(stored.source, EventSource::kBrowser);
  ASSERT_EQ(stored.items.size(), 1u);
  const EventItem& item = stored.items[0];
  EXPECT_TRUE(item.known && item.repeatable && item.sell);
  EXPECT_EQ(item.topics, (std::vector{topic_key("watches"), topic_key("style")}));
  EXPECT_EQ(item.group, item_key("g1"));
  EXPECT_EQ(item.price_micros, 9'500'000);
  EXPECT_EQ(stored.depth_percent, 80);
  EXPECT_EQ(stored.active_ms, 95'500u);
  EXPECT_TRUE(stored.finished);
  EXPECT_EQ(journal.records[0].identity, (RoutingId{RoutingKind::kAnonymous, "x"}));
}

TEST_F(IngestTest, UnderstandsTheNamesOfShopsAndMagazines) {
  const struct {
    std::string_view name;
    EventKind kind;
  } rows[] = {{"Product Viewed", EventKind::kViewed},
              {"product_viewed", EventKind::kViewed},
              {"productClicked", EventKind::kClicked},
              {"Order Completed", EventKind::kPurchased},
              {"Order Refunded", EventKind::kRefunded},
              {"Product Removed", EventKind::kRemovedFromCart},
              {"Product Added", EventKind::kAddedToCart},
              {"Products Searched", EventKind::kSearched},
              {"Product Added to Wishlist", EventKind::kPinned},
              {"Decision Dismissed", EventKind::kNotForMe},
              {"Email Marked as Spam", EventKind::kChannelOutcome},
              {"Experiment Viewed", EventKind::kExperimentViewed},
              {"Topic Followed", EventKind::kTopicFollowed},
              {"More Like This", EventKind::kMoreLikeThis},
              {"Song Played", EventKind::kOther},
              {"Order Completed Twice", EventKind::kOther}};
  for (const auto& row : rows) {
    journal.records.clear();
    const auto reply = track(R"({"userId":"u","event":")" + std::string(row.name) + "\"}");
    ASSERT_EQ(reply.accepted, 1u) << row.name;
    EXPECT_EQ(event(0).kind, row.kind) << row.name;
  }
}

TEST_F(IngestTest, AnOrderHasItsLinesAndItsRevenue) {
  track(R"({"userId":"c7","event":"Order Completed","timestamp":"2026-11-02T07:00:00Z",)"
        R"("properties":{"value":1,"revenue":"25.50","total":30,"products":[{"product_id":"a1",)"
        R"("quantity":2,"price":12},{"productId":88},"z"]}})");
  const Event stored = event(0);
  EXPECT_EQ(stored.value, 25.5);
  ASSERT_EQ(stored.items.size(), 3u);
  EXPECT_EQ(stored.items[0].quantity, 2u);
  EXPECT_EQ(stored.items[0].price_micros, 12'000'000);
  EXPECT_EQ(stored.items[1].id, "88");
  EXPECT_FALSE(stored.items[2].known);
  EXPECT_EQ(journal.records[0].header.occurred_at, kNow - 20 * kDayMs);
}

TEST_F(IngestTest, RefusesWithThePointerToWhatIsWrong) {
  const struct {
    EndpointKind endpoint;
    std::string_view body, pointer;
  } rows[] = {
      {EndpointKind::kTrack, R"({"userId":"u"})", "#/event"},
      {EndpointKind::kTrack, R"({"event":"x"})", "#/anonymousId"},
      {EndpointKind::kTrack, R"({"userId":"","anonymousId":null,"event":"x"})", "#/anonymousId"},
      {EndpointKind::kTrack, R"({"userId":["u"],"event":"x"})", "#/userId"},
      {EndpointKind::kTrack, R"({"userId":1.5,"event":"x"})", "#/userId"},
      {EndpointKind::kTrack, R"({"userId":"u","event":7})", "#/event"},
      {EndpointKind::kTrack, R"({"userId":"u","event":"x","properties":[]})", "#/properties"},
      {EndpointKind::kTrack, R"({"userId":"u","event":"x","context":"c"})", "#/context"},
      {EndpointKind::kTrack, R"({"userId":"u","event":"x","timestamp":1795330800000})",
       "#/timestamp"},
      {EndpointKind::kTrack, R"({"userId":"u","event":"x","sentAt":"yesterday"})", "#/sentAt"},
      {EndpointKind::kTrack,
       R"({"userId":"u","event":"x","originalTimestamp":"9999-01-01T00:00:00Z"})",
       "#/originalTimestamp"},
      {EndpointKind::kTrack, R"({"userId":"u","event":"Article Read","properties":{"depth":101}})",
       "#/properties/depth"},
      {EndpointKind::kTrack,
       R"({"userId":"u","event":"Article Read","properties":{"depth":"deep"}})",
       "#/properties/depth"},
      {EndpointKind::kTrack,
       R"({"userId":"u","event":"Article Read","properties":{"activeSeconds":-1}})",
       "#/properties/activeSeconds"},
      {EndpointKind::kTrack,
       R"({"userId":"u","event":"Article Read","properties":{"finished":"yes"}})",
       "#/properties/finished"},
      {EndpointKind::kTrack,
       R"({"userId":"u","event":"Order Completed","properties":{"revenue":{}}})",
       "#/properties/revenue"},
      {EndpointKind::kTrack,
       R"({"userId":"u","event":"Order Completed","properties":{"products":{}}})",
       "#/properties/products"},
      {EndpointKind::kTrack,
       R"({"userId":"u","event":"Order Completed","properties":{"products":[{}]}})",
       "#/properties/products/0"},
      {EndpointKind::kTrack,
       R"({"userId":"u","event":"Order Completed","properties":{"products":[{"product_id":"a",)"
       R"("quantity":0}]}})",
       "#/properties/products/0/quantity"},
      {EndpointKind::kTrack,
       R"({"userId":"u","event":"Product Viewed","properties":{"product_id":true}})",
       "#/properties/product_id"},
      {EndpointKind::kTrack, R"({"userId":"u","event":"Answer Given","properties":{"value":1}})",
       "#/properties/questionId"},
      {EndpointKind::kTrack,
       R"({"userId":"u","event":"Answer Given","properties":{"questionId":"q"}})",
       "#/properties/value"},
      {EndpointKind::kAlias, R"({"userId":"u"})", "#/previousId"},
      {EndpointKind::kAlias, R"({"anonymousId":"u","previousId":"p"})", "#/userId"},
      {EndpointKind::kGroup, R"({"userId":"u"})", "#/groupId"},
      {EndpointKind::kIdentify, R"({"userId":"u","traits":7})", "#/traits"},
      {EndpointKind::kIdentify, R"({"userId":"u","traits":{"ante.paused":true}})",
       "#/traits/ante.paused"},
      {EndpointKind::kBatch, R"({"batch":[7]})", "#/batch/0"},
      {EndpointKind::kBatch, R"({"batch":[{"type":"trak","userId":"u","event":"x"}]})",
       "#/batch/0/type"},
      {EndpointKind::kBatch, R"({"batch":[{"userId":"u","event":"x"}]})", "#/batch/0/type"},
  };
  for (const auto& row : rows) {
    const auto reply = send(row.endpoint, row.body, secret);
    EXPECT_FALSE(reply.refused) << row.body;
    ASSERT_EQ(reply.rejected.size(), 1u) << row.body;
    EXPECT_EQ(reply.rejected[0].pointer, row.pointer) << row.body;
  }
  EXPECT_TRUE(journal.records.empty());
}

TEST_F(IngestTest, RefusesAWholeCallThatCannotBeRead) {
  const std::string deep = "{\"batch\":" + std::string(100'000, '[');
  for (const std::string& body :
       {std::string(), std::string("{"), std::string("[]"), std::string("NaN"), deep,
        std::string(R"({"batch":7})"), std::string(R"({})"), std::string(kBatchBytesMax + 1, ' '),
        std::string(R"({"batch":[],"sentAt":5})")}) {
    const auto reply = send(EndpointKind::kBatch, body, secret);
    ASSERT_TRUE(reply.refused) << body.substr(0, 40);
    EXPECT_EQ(reply.refused->code, ErrorCode::kInvalidArgument);
  }
  std::string many = "{\"batch\":[0";
  for (std::size_t i = 0; i < kBatchEventsMax; ++i) many += ",0";
  EXPECT_TRUE(send(EndpointKind::kBatch, many + "]}", secret).refused);
  EXPECT_TRUE(send(EndpointKind::kTrack,
                   R"({"userId":"u","event":")" + std::string(kEventBytesMax, 'x') + "\"}", secret)
                  .refused);
  journal.full = true;
  const auto reply = track(R"({"userId":"u","event":"x"})");
  ASSERT_TRUE(reply.refused);
  EXPECT_EQ(reply.refused->code, ErrorCode::kUnavailable);
}

// In a batch each message is measured as the text it is: numbers by their digits, and control
// characters as they are escaped.
TEST_F(IngestTest, AMessageOfABatchIsRefusedFromOneByteBeyondTheLimit) {
  const auto message = [](const char* name, const std::string& value) {
    std::string text = R"({"type":"track","anonymousId":"p","messageId":"m","event":"x",)";
    return text + "\"properties\":{\"" + name + "\":" + value + "}}";
  };
  const std::string big = message("fill", "\"" + std::string(kEventBytesMax / 2, 'f') + "\"");
  const auto accepted = [&](const std::string& list) {
    const std::string body = message("list", "[" + list + "]") + "," + big + "," + big;
    return send(EndpointKind::kBatch, "{\"batch\":[" + body + "]}", secret).rejected.empty();
  };
  for (const char* part : {"123456789.125", "\"\\u0001\\u0002\""}) {
    std::string list = part;
    while (message("list", "[" + list + "," + part + "]").size() <= kEventBytesMax) {
      list += ",";
      list += part;
    }
    EXPECT_TRUE(accepted(list)) << part;
    EXPECT_FALSE(accepted(list + "," + part)) << part;
  }
}

TEST_F(IngestTest, OfAThousandWithThirtySevenBadTheOthersAreStored) {
  std::string body = "{\"batch\":[";
  std::set<std::string> wanted;
  for (int i = 0; i < 1000; ++i) {
    const bool bad = i % 27 == 3 && wanted.size() < 37;
    if (bad) wanted.insert("#/batch/" + std::to_string(i) + "/event");
    body += (i > 0 ? ",{" : "{") + std::string(R"("type":"track","anonymousId":"p)") +
            std::to_string(i % 50) + R"(","messageId":"m)" + std::to_string(i) + "\"" +
            (bad ? "" : R"(,"event":"Article Viewed","properties":{"itemId":"a1"})") + "}";
  }
  ASSERT_EQ(wanted.size(), 37u);
  const auto reply = send(EndpointKind::kBatch, body + "]}", browser);
  EXPECT_EQ(reply.accepted, 963u);
  std::set<std::string> found;
  for (const RejectedMessage& r : reply.rejected) found.insert(r.pointer);
  EXPECT_EQ(found, wanted);
  EXPECT_EQ(reply.rejected[0].message_id, "m3");
  const auto again = send(EndpointKind::kBatch, body + "]}", browser);
  EXPECT_EQ(again.accepted, 0u);
  EXPECT_EQ(again.duplicates, 963u);
  EXPECT_EQ(journal.records.size(), 963u);
  IngestCaller strict = browser;
  strict.strict = true;
  const auto refused =
      send(EndpointKind::kBatch, R"({"batch":[{"type":"track","anonymousId":"n","event":"x"},{}]})",
           strict);
  EXPECT_EQ(refused.accepted, 0u);
  EXPECT_EQ(refused.rejected.size(), 1u);
  EXPECT_EQ(journal.records.size(), 963u);
}

TEST_F(IngestTest, EqualMessageIdsCountOnceForAPersonAndNotAcrossPeople) {
  const auto reply =
      send(EndpointKind::kBatch,
           R"({"batch":[{"type":"track","anonymousId":"a","messageId":"m","event":"x"},)"
           R"({"type":"track","anonymousId":"a","messageId":"m","event":"x"},{"type":"track",)"
           R"("anonymousId":"b","messageId":"m","event":"x"},{"type":"track","anonymousId":"a",)"
           R"("event":"x"},{"type":"track","anonymousId":"a","event":"x"}]})",
           browser);
  EXPECT_EQ(reply.accepted, 4u);
  EXPECT_EQ(reply.duplicates, 1u);
}

TEST_F(IngestTest, ClocksAreCorrectedAndNeverAheadOfUs) {
  const struct {
    std::string_view times;
    TimeMs occurred_ago_ms;
    bool adjusted;
  } rows[] = {
      {"", 0, false},
      {R"(,"timestamp":"2026-11-22T06:00:00Z")", kHourMs, false},
      {R"(,"timestamp":"2031-01-01T00:00:00Z","sentAt":"2031-01-01T00:00:10Z")", 10 * kSecondMs,
       false},
      {R"(,"originalTimestamp":"1971-01-01T00:00:00Z","timestamp":"2026-11-22T06:00:00Z",)"
       R"("sentAt":"1971-01-01T00:01:00Z")",
       kMinuteMs, false},
      {R"(,"timestamp":"2031-01-01T00:00:00Z")", 0, true},
      {R"(,"timestamp":"1971-01-01T00:00:00Z")", 0, true},
      {R"(,"timestamp":"2026-11-22T06:00:10Z","sentAt":"2026-11-22T06:00:00Z")", 0, true},
      {R"(,"timestamp":"2026-11-22T06:00:00Z","sentAt":"2199-11-22T06:00:00Z")", 0, true},
  };
  for (const auto& row : rows) {
    journal.records.clear();
    send(EndpointKind::kTrack, R"({"anonymousId":"x","event":"e")" + std::string(row.times) + "}",
         browser);
    ASSERT_EQ(journal.records.size(), 1u) << row.times;
    EXPECT_EQ(kNow - journal.records[0].header.occurred_at, row.occurred_ago_ms) << row.times;
    EXPECT_EQ(event(0).clock_adjusted, row.adjusted) << row.times;
  }
}

TEST_F(IngestTest, APublishableKeyWritesForItsAnonymousIdOnly) {
  const std::string_view foreign[] = {R"({"userId":"victim","event":"x"})"};
  for (const std::string_view body : foreign) {
    const auto reply = send(EndpointKind::kTrack, body, browser);
    EXPECT_EQ(reply.rejected.size(), 1u);
  }
  EXPECT_TRUE(send(EndpointKind::kAlias,
                   R"({"anonymousId":"me","previousId":"victim","userId":"me2"})", browser)
                  .rejected.size() == 1);
  EXPECT_TRUE(send(EndpointKind::kImport, R"({"batch":[]})", browser).refused);
  EXPECT_TRUE(journal.records.empty());
  // A claim without proof is kept, and links nothing.
  send(EndpointKind::kIdentify,
       R"({"anonymousId":"me","userId":"victim","traits":{"plan":"gold"}})", browser);
  EXPECT_EQ(event(0).claim, hash(RoutingKind::kUser, "victim"));
  EXPECT_EQ(count(RecordKind::kLink), 0u);
  for (const NewRecord& record : journal.records)
    EXPECT_EQ(record.header.person, hash(RoutingKind::kAnonymous, "me"));
  // Another person's token proves nothing.
  IngestCaller other = browser;
  other.person = "somebody";
  send(EndpointKind::kIdentify, R"({"anonymousId":"me","userId":"victim"})", other);
  EXPECT_EQ(count(RecordKind::kLink), 0u);
}

TEST_F(IngestTest, WhoMayClaimIsLinkedInBothHalvesOnce) {
  IngestCaller proven = browser;
  proven.person = "u1";
  const std::string_view body = R"({"anonymousId":"x1","userId":"u1"})";
  for (int i = 0; i < 3; ++i) send(EndpointKind::kIdentify, body, proven);
  EXPECT_EQ(count(RecordKind::kLink), 2u);
  EXPECT_EQ(people.person(hash(RoutingKind::kUser, "u1")).members.size(), 2u);
  options.trust_browser = true;
  send(EndpointKind::kTrack, R"({"anonymousId":"x2","userId":"u1","event":"e"})", browser);
  EXPECT_EQ(people.person(hash(RoutingKind::kAnonymous, "x1")).members.size(), 3u);
  // Circles and self links change nothing.
  const std::size_t before = count(RecordKind::kLink);
  send(EndpointKind::kAlias, R"({"previousId":"x1","userId":"u1"})", secret);
  send(EndpointKind::kAlias, R"({"previousId":"u1","userId":"u1"})", secret);
  EXPECT_EQ(count(RecordKind::kLink), before);
}

TEST_F(IngestTest, APersonHasAtMostSixteenIdsEvenWithinOneCall) {
  std::string body = "{\"batch\":[";
  for (int i = 0; i < 40; ++i) {
    body += std::string(i > 0 ? "," : "") + R"({"type":"identify","userId":"u","anonymousId":"d)" +
            std::to_string(i) + "\"}";
  }
  EXPECT_EQ(send(EndpointKind::kBatch, body + "]}", secret).accepted, 40u);
  EXPECT_EQ(count(RecordKind::kLink), 2 * (kLinkMembersMax - 1));
  EXPECT_EQ(people.person(hash(RoutingKind::kUser, "u")).members.size(), kLinkMembersMax);
}

TEST_F(IngestTest, TraitsBecomeFactsWithoutRawIdentity) {
  send(EndpointKind::kIdentify,
       R"({"userId":"u","traits":{"plan":"gold","email":"a@b.example","Phone":"1","tags":["a",2],)"
       R"("company":{"x":1},"age":41}})",
       secret);
  ASSERT_EQ(count(RecordKind::kFacts), 1u);
  const auto facts = decode_facts(journal.records[1].body);
  ASSERT_TRUE(facts.has_value());
  ASSERT_EQ(facts->facts.size(), 3u);
  EXPECT_EQ(facts->facts[0].value_json, "\"gold\"");
  EXPECT_EQ(facts->facts[1].value_json, "[\"a\",2]");
  EXPECT_EQ(facts->facts[0].provenance, Provenance::kImported);
  for (const NewRecord& record : journal.records)
    EXPECT_EQ(record.body.find("a@b.example"), std::string::npos);
}

TEST_F(IngestTest, ConsentInBandActsOnTheMessageThatCarriesIt) {
  send(EndpointKind::kTrack,
       R"({"anonymousId":"x","event":"e",)"
       R"("context":{"consent":{"categoryPreferences":{"Personalization":false}}}})",
       browser);
  EXPECT_FALSE(event(0).consent->profile);
  EXPECT_TRUE(event(0).consent->measure);
  send(EndpointKind::kTrack,
       R"({"anonymousId":"x","event":"e","context":{"consent":{"store":false}}})", browser);
  EXPECT_EQ(count(RecordKind::kConsent), 1u);
  EXPECT_EQ(send(EndpointKind::kTrack, R"({"anonymousId":"x","event":"secret"})", browser).accepted,
            1u);
  EXPECT_EQ(journal.records.size(), 2u);
  send(EndpointKind::kTrack,
       R"({"anonymousId":"x","event":"e","context":{"consent":{"store":true,)"
       R"("contact":{"email":true}}}})",
       browser);
  EXPECT_TRUE(event(2).consent->email);
  EXPECT_FALSE(event(2).consent->profile);
}

TEST_F(IngestTest, BatchContextAndIntegrationsReachEachMessage) {
  const DecisionId decision = make_decision_id(kNow, Partition{3}, 5, 6);
  send(EndpointKind::kBatch,
       R"({"context":{"page":{"search":"?a=1&ante=)" + to_string(decision) +
           R"("}},"integrations":{"All":false},"batch":[{"type":"page","anonymousId":"x",)"
           R"("properties":{"itemId":"a1"}},{"type":"track","event":"e","anonymousId":"x",)"
           R"("integrations":{"All":false,"ante":true}}]})",
       browser);
  EXPECT_EQ(event(0).kind, EventKind::kViewed);
  EXPECT_EQ(event(0).decision, decision);
  EXPECT_FALSE(event(0).use_for_decisions);
  EXPECT_TRUE(event(1).use_for_decisions);
}

TEST_F(IngestTest, DecisionShownIsAnActivationCountedOnce) {
  const std::string id = to_string(make_decision_id(kNow, Partition{3}, 5, 6));
  const std::string body =
      R"({"anonymousId":"x","event":"Decision Shown","properties":{"decisionId":")" + id +
      R"(","slot":"home","items":["a1"]}})";
  for (int i = 0; i < 2; ++i) send(EndpointKind::kTrack, body, browser);
  ASSERT_EQ(count(RecordKind::kActivation), 1u);
  const auto activation = decode_activation(journal.records[1].body);
  EXPECT_EQ(activation->slot, slot_key("home"));
  EXPECT_EQ(activation->items, std::vector{item_key("a1")});
}

TEST_F(IngestTest, PeopleAreImportedLineByLine) {
  Ingest ingest(journal, catalog, people, clock, kKey, options, metrics);
  IngestReply reply;
  const auto import = [&](std::string_view body, const IngestCaller& from) {
    ingest.import_people(from, body, [&](IngestReply r) { reply = std::move(r); });
  };
  import(
      "{\"userId\":\"u1\",\"traits\":{\"plan\":\"gold\"},\"at\":\"2026-01-01T00:00:00Z\"}"
      "\n\nnonsense\n"
      "{\"userid\":\"u2\",\"traits\":{}}\n{\"userId\":3,\"traits\":{\"a\":1}}\r\n{\"userId\":"
      "\"u4\",\"traits\":{}}\n[]\n",
      secret);
  EXPECT_EQ(reply.accepted, 2u);
  ASSERT_EQ(reply.rejected.size(), 4u);
  EXPECT_EQ(reply.rejected[0].pointer, "#/1");
  EXPECT_EQ(reply.rejected[1].pointer, "#/2/userid");
  EXPECT_EQ(reply.rejected[1].detail, "is no field of this object. Did you mean 'userId'?");
  EXPECT_EQ(reply.rejected[2].pointer, "#/4/traits");
  import(R"([{"userId":"u9","traits":{"a":1}}])", secret);
  EXPECT_EQ(reply.accepted, 1u);
  import("[", secret);
  EXPECT_TRUE(reply.refused);
  import("{}", browser);
  EXPECT_TRUE(reply.refused);
}

}  // namespace
}  // namespace ante
