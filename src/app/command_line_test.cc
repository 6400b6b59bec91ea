#include <filesystem>
#include <string>
#include <utility>
#include <vector>

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

// Each command on a directory of its own.
class CommandInADirectory : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(directory_);
    ASSERT_EQ(here({"init", "--json"}), 0);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  int here(std::vector<const char*> words) {
    words.insert(words.end(), {"--data", directory_.c_str()});
    return run(std::move(words));
  }
  const std::string directory_ =
      testing::TempDir() + "ante_" + testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(CommandInADirectory, InitMakesItOnceAndSlotsAndBetsAreThere) {
  EXPECT_EQ(here({"init"}), 4);
  EXPECT_EQ(here({"slot", "show", "home"}), 0);
  EXPECT_EQ(here({"slot", "show", "nothing"}), 3);
  EXPECT_EQ(here({"bet", "list"}), 0);
  EXPECT_EQ(here({"bet", "show", "nothing"}), 3);
  EXPECT_EQ(here({"bet", "fold", "--all"}), 0);
  EXPECT_EQ(here({"bet", "calibration"}), 0);
  const std::string bet = R"({"need":"n","slot":"home","owner":"me","audience":{"everybody":true},)"
                          R"("content":{"topic":"t"},"expires":"2099-01-01T00:00:00Z"})";
  EXPECT_EQ(here({"bet", "new", "b", "--body", bet.c_str()}), 1);
  EXPECT_EQ(here({"bet", "fold", "b"}), 3);
  EXPECT_EQ(here({"figures", "--slot", "home"}), 0);
  EXPECT_EQ(here({"figures", "--slot", "nothing"}), 3);
  EXPECT_EQ(here({"figures", "--bet", "nothing"}), 3);
}

TEST_F(CommandInADirectory, TheHoldout) {
  EXPECT_EQ(here({"holdout", "set", "20%"}), 0);
  EXPECT_EQ(here({"holdout", "set", "0.1", "--slot", "home"}), 0);
  EXPECT_EQ(here({"holdout", "set", "0"}), 1);
  EXPECT_EQ(here({"holdout", "set", "0", "--why", "law"}), 0);
  for (const char* share : {"91%", "-1", "x", "", "5 per cent"})
    EXPECT_EQ(here({"holdout", "set", share}), 1) << share;
  EXPECT_EQ(here({"holdout", "set", "5%", "--slot", "nothing"}), 3);
  EXPECT_EQ(here({"holdout", "show"}), 0);
  EXPECT_NE(here({"holdout", "redraw"}), 0);
  EXPECT_EQ(here({"holdout", "redraw", "--why", ""}), 1);
  EXPECT_EQ(here({"holdout", "redraw", "--why", "a quarter"}), 0);
  EXPECT_EQ(here({"report", "holdout"}), 0);
  EXPECT_EQ(here({"report", "lift", "--slot", "home"}), 0);
}

TEST_F(CommandInADirectory, CostsAndWhatTheyProve) {
  const std::string cost = R"({"kind":"staff","amount":10,"per":"month","owner":"me",)"
                           R"("from":"2026-01-01T00:00:00Z"})";
  EXPECT_EQ(here({"cost", "new", "c", "--body", cost.c_str()}), 0);
  EXPECT_EQ(here({"cost", "new", "d", "--body", "{}"}), 1);
  EXPECT_EQ(here({"cost", "new", "c", "--if-version", "7", "--body", cost.c_str()}), 4);
  EXPECT_EQ(here({"cost", "list"}), 0);
  EXPECT_EQ(here({"cost", "show", "c"}), 0);
  EXPECT_EQ(
      here({"cost", "worth", "home", "--margin", "2", "--currency", "EUR", "--smallest", "1"}), 0);
  EXPECT_EQ(here({"cost", "worth", "nothing", "--margin", "2"}), 3);
  EXPECT_EQ(here({"cost", "worth", "home", "--margin", "-2"}), 1);
  EXPECT_EQ(here({"report", "worth"}), 0);
  EXPECT_EQ(here({"report", "worth", "--slot", "home"}), 0);
  EXPECT_EQ(here({"report", "worth", "--slot", "nothing"}), 3);
  EXPECT_EQ(here({"report", "losers", "--map"}), 0);
  EXPECT_EQ(here({"report", "losers", "--json"}), 0);
  EXPECT_EQ(here({"report", "card", "--slot", "home"}), 0);
  EXPECT_EQ(here({"report", "executive"}), 0);
  EXPECT_EQ(here({"cost", "delete", "c", "--dry-run"}), 0);
  EXPECT_EQ(here({"cost", "delete", "c"}), 0);
  EXPECT_EQ(here({"cost", "delete", "c"}), 3);
}

TEST_F(CommandInADirectory, ReportsAndTheLog) {
  EXPECT_EQ(here({"report", "scale", "--slot", "home"}), 0);
  EXPECT_EQ(here({"report", "scale", "--slot", "nothing"}), 3);
  EXPECT_EQ(here({"report", "scale", "--slot", "home", "--lift", "-1"}), 1);
  EXPECT_EQ(here({"report", "supply"}), 0);
  EXPECT_EQ(here({"report", "supply", "--json"}), 0);
  EXPECT_EQ(here({"report", "audit"}), 0);
  EXPECT_EQ(here({"report", "audit", "--slot", "home"}), 0);
  EXPECT_EQ(here({"report", "audit", "--slot", "nothing"}), 3);
  EXPECT_EQ(here({"report", "conflicts"}), 0);
  EXPECT_EQ(here({"report", "conflicts", "--slot", "nothing"}), 3);
  EXPECT_EQ(here({"verify", "--rebuild"}), 0);
  EXPECT_EQ(here({"export", "decisions"}), 0);
  EXPECT_EQ(here({"export", "decisions", "--slot", "hoem"}), 3);
  EXPECT_EQ(here({"whatif", "--slot", "home", "--policy", "safe"}), 0);
  EXPECT_EQ(here({"whatif", "--slot", "home", "--policy", "best"}), 1);
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
