#include <future>

#include <gtest/gtest.h>

#include "api/router.h"
#include "api/test_entropy.h"
#include "app/demo_bets.h"
#include "app/demo_routes.h"
#include "app/demo_site.h"
#include "app/demo_stage.h"
#include "base/time_text.h"
#include "report/bet_rulings.h"
#include "store/memory_store.h"

namespace ante {
namespace {

TimeMs at(std::string_view text) { return parse_time(text).value(); }

TEST(DemoClockTest, EachButtonLeadsWhereItSays) {
  struct Case {
    std::string_view step, now, then;
  };
  constexpr Case kCases[] = {
      {"next-hour", "2026-11-22T07:20:00Z", "2026-11-22T08:20:00Z"},
      {"next-morning", "2026-11-22T07:59:59Z", "2026-11-22T08:00:00Z"},
      {"next-morning", "2026-11-22T08:00:00Z", "2026-11-23T08:00:00Z"},
      {"+7d", "2026-12-28T10:00:00Z", "2027-01-04T10:00:00Z"},
      {"+30d", "2026-11-22T10:00:00Z", "2026-12-22T10:00:00Z"},
      {"next-quarter", "2026-11-22T10:00:00Z", "2027-01-01T08:00:00Z"},
      {"next-quarter", "2026-01-01T00:00:00Z", "2026-04-01T08:00:00Z"},
      {"next-quarter", "2026-06-30T23:59:00Z", "2026-07-01T08:00:00Z"},
  };
  for (const Case& one : kCases) {
    EXPECT_EQ(clock_target(one.step, at(one.now)), at(one.then)) << one.step << " " << one.now;
  }
  for (const std::string_view step : {"", "next", "-7d", "+8d", "next-hour "}) {
    EXPECT_FALSE(clock_target(step, at("2026-11-22T10:00:00Z"))) << step;
  }
}

TEST(DemoStageTest, RefusesToGoBeyondTheWrittenWorld) {
  const sim::Magazine world({.seed = 1, .readers = 1, .start_ms = at("2026-01-05T00:00:00Z")});
  DemoPlayer player(world, {"127.0.0.1", 1, "sk", nullptr}, 1);
  SimulatedClock clock(world.options().start_ms);
  DemoStage stage(world, player, clock);
  const auto refused = stage.play_to(world.end() + 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  stage.tick(500);
  EXPECT_EQ(stage.now().now_ms, world.options().start_ms + 500);
}

// A directory in which the demo's bets have just been placed and opened.
class DemoBetsTest : public testing::Test {
 protected:
  DemoBetsTest() {
    clock_.advance_to(world_.day_start(kDemoBetsDay));
    EngineOptions options;
    options.secret = {1, 2, 3};
    options.entropy = seeded(5);
    engine_ = *Engine::open(store_, clock_, metrics_, options, [](Error) { FAIL(); });
    for (const sim::Place place : kAllPlaces) {
      EXPECT_TRUE(engine_->put_slot(sim::slot_name(place),
                                    R"({"brief":{"waived":{"by":"t","reason":"t"}}})", kMe, 0));
    }
    for (const DemoBet& bet : demo_bets(world_, clock_.now_ms())) {
      const auto placed = engine_->put_bet(bet.id, bet.json, kMe, 0);
      EXPECT_TRUE(placed) << placed.error().message;
      EXPECT_TRUE(engine_->move_bet(bet.id, BetState::kSmallStake, kMe, {}));
      EXPECT_TRUE(engine_->move_bet(bet.id, BetState::kOpen, kMe, {}));
    }
    router_ = std::make_unique<Router>(*engine_, RouterOptions{});
    router_->set_ready(true);
    routes_ = std::make_unique<DemoRoutes>(*router_, stage_, "pk");
  }

  HttpResponse ask(std::string_view method, std::string_view path, std::string_view query = {},
                   std::string_view origin = {}) {
    HttpRequest request;
    request.method = method;
    request.target = request.path = path;
    request.query = query;
    request.headers.emplace_back("Host", "localhost:8080");
    if (!origin.empty()) request.headers.emplace_back("Origin", origin);
    std::promise<HttpResponse> answered;
    routes_->handle(request, [&](HttpResponse r) { answered.set_value(std::move(r)); });
    return answered.get_future().get();
  }
  Bet bet(std::string_view id) const { return *engine_->bets().get()->by_id.find(id)->second; }

  const Author kMe{"test", "why"};
  const sim::Magazine world_{{.seed = 1, .readers = 50, .start_ms = at("2026-01-05T00:00:00Z")}};
  SimulatedClock clock_{world_.options().start_ms};
  MemoryStore store_;
  Metrics metrics_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Router> router_;
  DemoPlayer player_{world_, {"127.0.0.1", 1, "sk", nullptr}, 1};
  DemoStage stage_{world_, player_, clock_};
  std::unique_ptr<DemoRoutes> routes_;
};

TEST_F(DemoBetsTest, EachHasANeedContentAndOddsAndRuns) {
  ASSERT_EQ(engine_->bets().get()->by_id.size(), kDemoBets);
  for (const auto& [id, one] : engine_->bets().get()->by_id) {
    EXPECT_EQ(one->state, BetState::kOpen) << id;
    EXPECT_TRUE(one->need.starts_with("“")) << id << ": a need is told in readers' own words";
    EXPECT_TRUE(!one->topic.empty() || one->items.size() > sim::kPlacesMax) << id;
    for (const std::string& item : one->items) EXPECT_TRUE(world_.find(item)) << id << item;
    ASSERT_EQ(one->stated.size(), 1U) << id;
    EXPECT_EQ(one->stated[0].who, one->owner);
  }
  EXPECT_TRUE(bet("free-weekend").stop_when_losing);
  EXPECT_FALSE(bet("worth-buying").stop_when_losing);  // it is seen losing on purpose
}

TEST_F(DemoBetsTest, TheTaskOfAPageIsItsProduct) {
  for (sim::Piece piece = 0; piece < world_.items().size(); ++piece) {
    const bool gift = world_.topic_of(piece) == sim::kGiftTopic;
    ASSERT_EQ(task_on(world_, piece), gift ? "gift" : "");
  }
  EXPECT_EQ(task_on(world_, std::nullopt), "");
}

TEST_F(DemoBetsTest, OnlyOurOwnPageFoldsAndItEndsTheBet) {
  const std::string_view path = "/demo/api/fold", query = "id=worth-buying";
  EXPECT_EQ(ask("GET", path, query).status, 405);
  EXPECT_EQ(ask("POST", path, {}).status, 400);
  EXPECT_EQ(ask("POST", path, query, "http://elsewhere.example").status, 403);
  EXPECT_EQ(ask("POST", path, "id=no-such-bet").status, 404);
  EXPECT_EQ(bet("worth-buying").state, BetState::kOpen);
  EXPECT_EQ(ask("POST", path, query, "http://localhost:8080").status, 200);
  EXPECT_EQ(bet("worth-buying").state, BetState::kFolded);
  EXPECT_FALSE(bet("worth-buying").live(clock_.now_ms()));
  EXPECT_EQ(bet("worth-buying").moves.back().why, "folded on the demo's page");
  EXPECT_EQ(bet("free-weekend").state, BetState::kOpen);
  EXPECT_EQ(ask("POST", path, query).status, 409);  // folded is folded
}

TEST_F(DemoBetsTest, TheVerdictIsTheEnginesWord) {
  ASSERT_TRUE(engine_->journal().flush());
  for (const auto& [id, one] : engine_->bets().get()->by_id) {
    const HttpResponse answer = ask("GET", "/demo/api/bet", "id=" + id);
    ASSERT_EQ(answer.status, 200) << answer.body;
    const auto figures = bet_figures(answer.body);
    ASSERT_TRUE(figures) << figures.error().message;
    const auto evidence = engine_->lift().bet(*one, clock_.now_ms());
    ASSERT_TRUE(evidence);
    EXPECT_EQ(figures->verdict, bet_verdict(evidence->lift));
    EXPECT_EQ(figures->sentence, evidence->lift.sentence);
    EXPECT_NE(to_row(*figures).find(id + " "), std::string::npos);
    EXPECT_EQ(to_row(*figures).find('\n'), std::string::npos);
  }
  for (const std::string_view bad : {"", "{}", R"({"id":"a","state":"open"})"}) {
    EXPECT_FALSE(bet_figures(bad)) << bad;
  }
}

TEST(BetFiguresTest, ANumberStandsWithItsIntervalAndN) {
  const auto figures = bet_figures(
      R"({"id":"b","state":"open","evidence":{"verdict":"losing","lift":{"sentence":"Losing.",)"
      R"("treated":{"n":300},"holdout":{"n":200},"lift":{"value":-0.1,"interval":[-0.2,-0.05]}},)"
      R"("segments":{"sentence":"Who pays: device: phone."}}})");
  ASSERT_TRUE(figures);
  EXPECT_EQ(to_row(*figures),
            "b             losing            -0.100 [-0.200, -0.050]  n 500   "
            "Who pays: device: phone.");
}

TEST(DemoSiteTest, NoMarkupFromTextNoInlineScriptNothingFromElsewhere) {
  for (const std::string_view name : {"", "demo.css", "demo.js"}) {
    const DemoFile* file = demo_file(name);
    ASSERT_NE(file, nullptr) << name;
    for (const std::string_view bad : {"innerHTML", "outerHTML", "insertAdjacent", "document.write",
                                       "eval(", "onclick=", "style=", "https://", "@import"}) {
      EXPECT_EQ(file->text.find(bad), std::string::npos) << name << " has " << bad;
    }
  }
  const std::string& page = demo_file("")->text;
  EXPECT_EQ(page.find("<script>"), std::string::npos);
  EXPECT_EQ(demo_file("no-such-file"), nullptr);
  EXPECT_EQ(demo_file("../demo.js"), nullptr);
}

}  // namespace
}  // namespace ante
