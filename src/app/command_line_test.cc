#include <filesystem>

#include <gtest/gtest.h>

#include "app/command.h"
#include "app/import_file.h"
#include "app/serve.h"
#include "domain/event.h"

namespace ante {
namespace {

int run(std::vector<const char*> words) {
  words.insert(words.begin(), "ante");
  return run_command_line(static_cast<int>(words.size()), words.data());
}

TEST(CommandLine, WrongUsageEndsWithTwo) {
  EXPECT_EQ(run({}), 2);
  EXPECT_EQ(run({"sevre"}), 2);
  EXPECT_EQ(run({"serve", "--clock", "sundial"}), 2);
  EXPECT_EQ(run({"serve", "--threads", "0"}), 2);
  EXPECT_EQ(run({"decide"}), 2);
  EXPECT_EQ(run({"import", "houses", "file"}), 2);
  EXPECT_EQ(run({"slot"}), 2);
  EXPECT_EQ(run({"bet"}), 2);
  EXPECT_EQ(run({"bet", "fold"}), 2);
  EXPECT_EQ(run({"bet", "fold", "a", "--all"}), 2);
  EXPECT_EQ(run({"figures"}), 2);
  EXPECT_EQ(run({"report"}), 2);
  EXPECT_EQ(run({"report", "scale"}), 2);
  EXPECT_EQ(run({"report", "card"}), 2);
  EXPECT_EQ(run({"cost"}), 2);
  EXPECT_EQ(run({"cost", "new"}), 2);
  EXPECT_EQ(run({"cost", "worth", "home"}), 2);
  EXPECT_EQ(run({"figures", "--slot", "home", "--bet", "spring"}), 2);
  EXPECT_EQ(run({"export"}), 2);
  EXPECT_EQ(run({"export", "people"}), 2);
  EXPECT_EQ(run({"whatif", "--slot", "home"}), 2);
  EXPECT_EQ(run({"whatif", "--policy", "uniform"}), 2);
}

TEST(CommandLine, HelpEndsWithZero) {
  EXPECT_EQ(run({"--help"}), 0);
  EXPECT_EQ(run({"serve", "--help"}), 0);
  EXPECT_EQ(run({"--version"}), 0);
}

TEST(CommandLine, ADirectoryThatIsNoneEndsWithThree) {
  const std::string none = testing::TempDir() + "ante_no_directory";
  EXPECT_EQ(run({"slot", "list", "--data", none.c_str()}), 3);
  EXPECT_EQ(run({"serve", "--data", none.c_str()}), 3);
  EXPECT_EQ(run({"config", "set", "http.threads", "2", "--data", none.c_str()}), 3);
}

TEST(CommandLine, InitMakesADirectoryOnce) {
  const std::string directory = testing::TempDir() + "ante_init_once";
  std::filesystem::remove_all(directory);
  EXPECT_EQ(run({"init", "--data", directory.c_str(), "--json"}), 0);
  EXPECT_EQ(run({"init", "--data", directory.c_str()}), 4);
  EXPECT_EQ(run({"slot", "show", "home", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"slot", "show", "nothing", "--data", directory.c_str()}), 3);
  EXPECT_EQ(run({"bet", "list", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"bet", "show", "nothing", "--data", directory.c_str()}), 3);
  EXPECT_EQ(run({"bet", "fold", "--all", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"bet", "calibration", "--data", directory.c_str()}), 0);
  const std::string bet = R"({"need":"n","slot":"home","owner":"me","audience":{"everybody":true},)"
                          R"("content":{"topic":"t"},"expires":"2099-01-01T00:00:00Z"})";
  EXPECT_EQ(run({"bet", "new", "b", "--body", bet.c_str(), "--data", directory.c_str()}), 1);
  EXPECT_EQ(run({"bet", "fold", "b", "--data", directory.c_str()}), 3);
  EXPECT_EQ(run({"figures", "--slot", "home", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"figures", "--slot", "nothing", "--data", directory.c_str()}), 3);
  EXPECT_EQ(run({"figures", "--bet", "nothing", "--data", directory.c_str()}), 3);
  EXPECT_EQ(run({"holdout", "set", "20%", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"holdout", "set", "0.1", "--slot", "home", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"holdout", "set", "0", "--data", directory.c_str()}), 1);
  EXPECT_EQ(run({"holdout", "set", "0", "--why", "law", "--data", directory.c_str()}), 0);
  for (const char* share : {"91%", "-1", "x", "", "5 per cent"})
    EXPECT_EQ(run({"holdout", "set", share, "--data", directory.c_str()}), 1) << share;
  EXPECT_EQ(run({"holdout", "set", "5%", "--slot", "nothing", "--data", directory.c_str()}), 3);
  EXPECT_EQ(run({"holdout", "show", "--data", directory.c_str()}), 0);
  EXPECT_NE(run({"holdout", "redraw", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"holdout", "redraw", "--why", "", "--data", directory.c_str()}), 1);
  EXPECT_EQ(run({"holdout", "redraw", "--why", "a quarter", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"report", "holdout", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"report", "lift", "--slot", "home", "--data", directory.c_str()}), 0);
  const std::string cost = R"({"kind":"staff","amount":10,"per":"month","owner":"me",)"
                           R"("from":"2026-01-01T00:00:00Z"})";
  EXPECT_EQ(run({"cost", "new", "c", "--body", cost.c_str(), "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"cost", "new", "d", "--body", "{}", "--data", directory.c_str()}), 1);
  EXPECT_EQ(run({"cost", "new", "c", "--if-version", "7", "--body", cost.c_str(), "--data",
                 directory.c_str()}),
            4);
  EXPECT_EQ(run({"cost", "list", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"cost", "show", "c", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"cost", "worth", "home", "--margin", "2", "--currency", "EUR", "--smallest", "1",
                 "--data", directory.c_str()}),
            0);
  EXPECT_EQ(run({"cost", "worth", "nothing", "--margin", "2", "--data", directory.c_str()}), 3);
  EXPECT_EQ(run({"cost", "worth", "home", "--margin", "-2", "--data", directory.c_str()}), 1);
  EXPECT_EQ(run({"report", "worth", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"report", "worth", "--slot", "home", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"report", "worth", "--slot", "nothing", "--data", directory.c_str()}), 3);
  EXPECT_EQ(run({"report", "losers", "--map", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"report", "losers", "--json", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"report", "card", "--slot", "home", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"report", "executive", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"cost", "delete", "c", "--dry-run", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"cost", "delete", "c", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"cost", "delete", "c", "--data", directory.c_str()}), 3);
  EXPECT_EQ(run({"report", "scale", "--slot", "home", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"report", "scale", "--slot", "nothing", "--data", directory.c_str()}), 3);
  EXPECT_EQ(run({"report", "scale", "--slot", "home", "--lift", "-1", "--data", directory.c_str()}),
            1);
  EXPECT_EQ(run({"report", "supply", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"report", "supply", "--json", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"report", "audit", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"report", "audit", "--slot", "home", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"report", "audit", "--slot", "nothing", "--data", directory.c_str()}), 3);
  EXPECT_EQ(run({"verify", "--rebuild", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"export", "decisions", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"export", "decisions", "--slot", "hoem", "--data", directory.c_str()}), 3);
  EXPECT_EQ(run({"whatif", "--slot", "home", "--policy", "safe", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run({"whatif", "--slot", "home", "--policy", "best", "--data", directory.c_str()}), 1);
  std::filesystem::remove_all(directory);
}

TEST(Listen, ReadsHostAndPort) {
  EXPECT_EQ(*parse_listen("127.0.0.1:8080"),
            std::pair(std::string("127.0.0.1"), std::uint16_t{8080}));
  EXPECT_EQ(*parse_listen("[::1]:0"), std::pair(std::string("::1"), std::uint16_t{0}));
  EXPECT_EQ(*parse_listen(":80"), std::pair(std::string("0.0.0.0"), std::uint16_t{80}));
  for (const char* text : {"", "host", "host:", "host:x", "host:70000", "host:80x", "host:-1"}) {
    EXPECT_FALSE(parse_listen(text)) << text;
  }
}

TEST(ImportFile, TimesBecomePlain) {
  EXPECT_EQ(plain_time("2011-12-01 08:26"), "2011-12-01T08:26:00Z");
  EXPECT_EQ(plain_time("2011-12-01 08:26:05"), "2011-12-01T08:26:05Z");
  EXPECT_EQ(plain_time("2011-12-01"), "2011-12-01T00:00:00Z");
  EXPECT_EQ(plain_time("1322727960"), "2011-12-01T08:26:00.000Z");
  EXPECT_EQ(plain_time("1322727960000"), "2011-12-01T08:26:00.000Z");
  EXPECT_EQ(plain_time("2011-12-01T08:26:00+01:00"), "2011-12-01T08:26:00+01:00");
  EXPECT_EQ(plain_time("yesterday"), "yesterday");
}

TEST(ImportFile, CsvOfEventsFollowsTheMap) {
  ImportMap map;
  map.fields = {{"Customer", "userId"}, {"Item", "itemId"}, {"When", "timestamp"}};
  map.constants = {{"type", "track"}, {"event", "Product Viewed"}};
  const auto slices =
      event_slices("Customer,Item,When,Price\n17,85123,2011-12-01 08:26,2.5\nshort\n", true, map);
  ASSERT_TRUE(slices);
  ASSERT_EQ(slices->bodies.size(), 1u);
  EXPECT_EQ(slices->messages, 1u);
  ASSERT_EQ(slices->errors.size(), 1u);
  EXPECT_EQ(slices->errors[0].line, 3u);
  const std::string& body = slices->bodies[0];
  for (const char* part : {"\"userId\":\"17\"", "\"itemId\":\"85123\"", "\"Price\":2.5",
                           "\"timestamp\":\"2011-12-01T08:26:00Z\"", "\"messageId\":\"import-2-"}) {
    EXPECT_NE(body.find(part), std::string::npos) << part << " in " << body;
  }
}

TEST(ImportFile, TheSameLineHasTheSameMessageId) {
  const char* line = "{\"type\":\"track\",\"event\":\"x\",\"userId\":\"u\"}\n";
  EXPECT_EQ(event_slices(line, false, {})->bodies, event_slices(line, false, {})->bodies);
}

TEST(ImportFile, BatchesStayWithinTheirLimits) {
  std::string lines;
  for (int i = 0; i < 2500; ++i) {
    lines +=
        "{\"userId\":\"u" + std::to_string(i) + "\",\"event\":\"" + std::string(500, 'e') + "\"}\n";
  }
  const auto slices = event_slices(lines, false, {});
  ASSERT_TRUE(slices);
  EXPECT_EQ(slices->messages, 2500u);
  for (const std::string& body : slices->bodies) EXPECT_LE(body.size(), kBatchBytesMax);
}

}  // namespace
}  // namespace ante
