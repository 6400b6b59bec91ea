// What is folded again from the log is what was live, whatever the catalogue says by now.

#include "journal/rebuild.h"

#include <future>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "api/engine.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "store/memory_store.h"

namespace ante {
namespace {

constexpr TimeMs kStartMs = 1'795'330'800'000;  // 2026-11-22T07:00:00Z

class Rebuild : public testing::Test {
 protected:
  std::unique_ptr<Engine> open() {
    EngineOptions options;
    options.entropy = [](std::span<std::uint8_t> bytes) {
      for (std::uint8_t& byte : bytes) byte = 7;
    };
    auto engine = Engine::open(
        store_, clock_, metrics_, std::move(options),
        [](const Error& error) { ADD_FAILURE() << "the journal gave up: " << error.message; });
    EXPECT_TRUE(engine.has_value()) << engine.error().message;
    return engine.has_value() ? std::move(*engine) : nullptr;
  }

  static void put_item(Engine& engine, std::string_view json) {
    const auto item = item_from_json(json);
    ASSERT_TRUE(item.has_value()) << item.error().message;
    std::promise<bool> stored;
    engine.put_items({*item}, [&](const Result<std::vector<AppendOutcome>>& outcome) {
      stored.set_value(outcome.has_value());
    });
    ASSERT_TRUE(stored.get_future().get());
  }

  static void track(Engine& engine, std::string_view json) {
    std::promise<std::size_t> accepted;
    engine.ingest().accept({kFirstTenant, KeyClass::kSecret, {}, false}, EndpointKind::kTrack, json,
                           [&](const IngestReply& reply) { accepted.set_value(reply.accepted); });
    ASSERT_EQ(accepted.get_future().get(), 1u);
  }

  SimulatedClock clock_{kStartMs};
  Metrics metrics_;
  MemoryStore store_;
};

// A read, then the item changes its topics, group and price, then everything is folded again: by
// another fold beside the live one, and by a start that lost the people's checkpoints only, so that
// the catalogue is already today's when the old events are folded.
TEST_F(Rebuild, AFoldReadsTheItemAsItWasAndNotTodaysCatalogue) {
  auto engine = open();
  ASSERT_NE(engine, nullptr);
  put_item(*engine, R"({"id":"a1","topics":["watches"],"group":"g1"})");
  track(*engine, R"({"anonymousId":"reader","messageId":"m1","event":"Article Read",)"
                 R"("properties":{"itemId":"a1","depth":90,"finished":true}})");
  const std::string live = engine->people().save();
  put_item(*engine, R"({"id":"a1","topics":["gardening"],"group":"g2"})");
  ASSERT_TRUE(engine->journal().flush().has_value());
  EXPECT_EQ(engine->people().save(), live);

  ProfileStore beside;
  LogConsumer* const folds[] = {&beside};
  ASSERT_TRUE(rebuild_folds(store_, folds).has_value());
  EXPECT_EQ(beside.save(), live);

  ASSERT_TRUE(engine->stop().has_value());
  engine.reset();
  const Table people[] = {Table::kPeople};
  ASSERT_TRUE(drop_checkpoints(store_, people).has_value());
  engine = open();
  ASSERT_NE(engine, nullptr);
  EXPECT_EQ(engine->people().save(), live);
}

}  // namespace
}  // namespace ante
