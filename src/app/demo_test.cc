#include <gtest/gtest.h>

#include "app/demo_site.h"
#include "app/demo_stage.h"
#include "base/time_text.h"

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
