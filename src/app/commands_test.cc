// What commands change and what they print, on a directory of their own: --dry-run, what is no
// file, what must not reach a terminal or a header.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "app/command.h"
#include "app/data_directory.h"
#include "base/json_parser.h"

namespace ante {
namespace {

struct Printed {
  int exit = 0;
  std::string out, messages;
};

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

bool is_json(const std::string& text) { return JsonParser(1u << 20).parse(text).has_value(); }

class Commands : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(directory_);
    ASSERT_EQ(ante({"init"}).exit, 0);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  Printed ante(std::vector<std::string> words) const {
    words.insert(words.begin(), "ante");
    // evaluate asks a file, and calls it --data.
    if (words[1] != "evaluate") words.insert(words.end(), {"--data", directory_});
    std::vector<const char*> arguments;
    arguments.reserve(words.size());
    for (const std::string& word : words) arguments.push_back(word.c_str());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Printed printed;
    printed.exit = run_command_line(static_cast<int>(arguments.size()), arguments.data());
    printed.out = testing::internal::GetCapturedStdout();
    printed.messages = testing::internal::GetCapturedStderr();
    return printed;
  }
  std::string file(const std::string& name, const std::string& bytes) const {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  // All that people set.
  std::string everything() const {
    std::string all;
    for (const char* noun : {"slot", "bet", "metric", "brief", "cost"})
      all += ante({noun, "list", "--json"}).out;
    return all + ante({"holdout", "show", "--json"}).out +
           ante({"report", "holdout", "--json"}).out;
  }

  const std::string directory_ = testing::TempDir() + "ante_commands_" +
                                 testing::UnitTest::GetInstance()->current_test_info()->name();
};

const std::string kWaived = R"("brief":{"waived":{"by":"t","reason":"t"}})";
const std::string kCost = R"({"kind":"staff","amount":10,"per":"month","owner":"me",)"
                          R"("from":"2026-01-01T00:00:00Z"})";

TEST_F(Commands, ADryRunSendsNothing) {
  ASSERT_EQ(ante({"cost", "new", "rent", "--body", kCost}).exit, 0);
  ASSERT_EQ(ante({"metric", "new", "m", "--body",
                  R"({"class":"customer","count":{"event":"Article Finished"}})"})
                .exit,
            0);
  const std::string before = everything();
  const std::vector<std::vector<std::string>> writes = {
      {"slot", "delete", "home"},
      {"slot", "set", "other", "--body", "{" + kWaived + "}"},
      {"metric", "new", "n", "--body",
       R"({"class":"customer","count":{"event":"Article Finished"}})"},
      {"metric", "end", "m"},
      {"brief", "new", "b", "--body", R"({"purpose":"p"})"},
      {"brief", "renew", "b", "--why", "w"},
      {"brief", "delete", "b"},
      {"cost", "new", "c", "--body", kCost},
      {"cost", "delete", "rent"},
      {"cost", "worth", "home", "--margin", "3"},
      {"bet", "new", "b", "--body", "{}"},
      {"bet", "move", "b", "open"},
      {"people", "erase", "ann"},
      {"decide", "--slot", "home", "--as", "ann"},
      {"holdout", "redraw", "--why", "w"}};
  for (std::vector<std::string> words : writes) {
    words.insert(words.begin(), "-n");
    const Printed said = ante(words);
    EXPECT_EQ(said.exit, 0) << words[1] << " " << words[2];
    EXPECT_TRUE(said.out.starts_with("Would ")) << said.out << said.messages;
    EXPECT_EQ(lines_of(said.out), 1u);
    words.insert(words.begin(), "--json");
    const Printed json = ante(words);
    EXPECT_TRUE(is_json(json.out)) << json.out;
    EXPECT_NE(json.out.find(R"("dryRun":true)"), std::string::npos);
  }
  EXPECT_EQ(ante({"-n", "slot", "delete", "home"}).out, "Would DELETE /v1/slots/home.\n");
  EXPECT_EQ(ante({"-n", "cost", "new", "c", "--body", "{ \"kind\" : 1 }"}).out,
            "Would PUT /v1/costs/c with {\"kind\":1}.\n");
  EXPECT_LT(ante({"-n", "cost", "new", "c", "--body", std::string(5000, 'x')}).out.size(), 400u);
  EXPECT_EQ(ante({"-n", "holdout", "set", "30%"}).exit, 0);
  EXPECT_EQ(ante({"-n", "bet", "fold", "--all"}).exit, 0);
  EXPECT_EQ(ante({"-n", "backup", directory_ + "/copy"}).exit, 0);
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/copy"));
  EXPECT_EQ(everything(), before);
  const std::string worth = ante({"report", "worth", "--slot", "home", "--json"}).out;
  EXPECT_NE(worth.find(R"("verdict":"not priced")"), std::string::npos) << worth;
}

TEST_F(Commands, ADirectoryIsNoFile) {
  const std::string no_file = testing::TempDir();
  const std::vector<std::vector<std::string>> all = {
      {"cost", "new", "x", no_file},
      {"metric", "new", "x", no_file},
      {"brief", "new", "x", no_file},
      {"bet", "new", "x", no_file},
      {"slot", "set", "x", no_file},
      {"import", "items", no_file},
      {"import", "items", file("items.csv", "a,b\n1,2\n"), "--map", no_file},
      {"evaluate", "uplift", "--data", no_file, "--treatment", "t", "--outcome", "o"},
      {"evaluate", "experiment", "--data", no_file}};
  for (const auto& words : all) {
    const Printed said = ante(words);
    EXPECT_EQ(said.exit, 1) << words[0] << " " << words[1];
    EXPECT_NE(said.messages.find("cannot read " + no_file + ": it is a directory"),
              std::string::npos)
        << words[0] << " " << words[1] << ": " << said.messages;
  }
}

TEST_F(Commands, TheHoldoutIsSetInEverySlotOrInNone) {
  ASSERT_EQ(ante({"slot", "set", "home", "--body",
                  R"({"safeDefault":{"items":["a"]},"holdout":0.05,)"
                  R"("controls":{"shuffled":0.2,"trending":0.2},)" +
                      kWaived + "}"})
                .exit,
            0);
  const std::string before = everything();
  const Printed refused = ante({"holdout", "set", "60%"});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_NE(refused.messages.find("slot 'home': #/controls"), std::string::npos)
      << refused.messages;
  EXPECT_NE(refused.messages.find("No slot was changed"), std::string::npos);
  EXPECT_EQ(everything(), before);
  const Printed json = ante({"holdout", "set", "50%", "--json"});
  EXPECT_EQ(json.exit, 0);
  EXPECT_EQ(json.out, R"([{"slot":"article-end","holdout":0.5},{"slot":"cart","holdout":0.5},)"
                      R"({"slot":"home","holdout":0.5}])"
                      "\n");
}

TEST_F(Commands, NextToNobodyHeldOutIsRefused) {
  for (const char* share : {"0.0000001", "1e-9", "0.09%", "1e-300"})
    EXPECT_EQ(ante({"holdout", "set", share}).exit, 1) << share;
  EXPECT_EQ(ante({"holdout", "set", "0.1%"}).exit, 0);
  EXPECT_NE(ante({"slot", "set", "new", "--body", R"({"holdout":1e-9,)" + kWaived + "}"})
                .messages.find("as good as nobody"),
            std::string::npos);
}

TEST_F(Commands, NobodyCommandsTheTerminal) {
  const std::string items = file(
      "items.ndjson", R"({"id":"a","title":"\u001b[2Jclear\u009b1m","topics":["\u001b]0;own"]})"
                      "\n");
  ASSERT_EQ(ante({"import", "items", items}).exit, 0);
  std::string said = ante({"decide", "--slot", "home", "--as", "ann", "--explain"}).out;
  EXPECT_NE(said.find("\\u001b[2Jclear\\u009b1m"), std::string::npos) << said;
  said += ante({"decide", "--slot", "home", "--as", "ann", "--json"}).out;
  said += ante({"report", "supply"}).out;
  const std::string csv = file("trial.csv", "seg\x1bment,visit\n1,2\n");
  const Printed uplift =
      ante({"evaluate", "uplift", "--data", csv, "--treatment", "segment", "--outcome", "visit"});
  EXPECT_NE(uplift.messages.find("'seg\\u001bment'"), std::string::npos) << uplift.messages;
  said += uplift.out + uplift.messages;
  EXPECT_EQ(said.find('\x1b'), std::string::npos);
  EXPECT_EQ(said.find("\xc2\x9b"), std::string::npos);
}

TEST_F(Commands, AReasonMakesNoHeaderOfItsOwn) {
  for (const char* why : {"a\r\nAnte-Now: 2030-01-01T00:00:00Z", "a\nb", "a\x1b[2J", "a\x7f"}) {
    for (const char* dry : {"--quiet", "--dry-run"}) {
      const Printed said = ante({"cost", "new", "c", "--body", kCost, "--why", why, dry});
      EXPECT_EQ(said.exit, 1);
      EXPECT_NE(said.messages.find("--why must be one line"), std::string::npos) << said.messages;
    }
  }
  EXPECT_EQ(ante({"cost", "show", "c"}).exit, 3);
  EXPECT_EQ(ante({"cost", "new", "c", "--body", kCost, "--why", "für alle – 50 %"}).exit, 0);
}

TEST_F(Commands, WhatIsBuiltInStays) {
  const Printed said = ante({"metric", "end", "revenue"});
  EXPECT_EQ(said.exit, 4);
  EXPECT_NE(said.messages.find("metric 'revenue' is built in"), std::string::npos) << said.messages;
  EXPECT_EQ(said.messages.find("Did you mean"), std::string::npos);
  EXPECT_EQ(ante({"metric", "end", "revenu"}).exit, 3);
}

TEST_F(Commands, TheListOfSlotsSaysWhichServeWhatTheyDecide) {
  ASSERT_EQ(ante({"slot", "set", "bare", "--body", R"({"limit":1})"}).exit, 0);
  ASSERT_EQ(ante({"slot", "set", "lost", "--body", R"({"brief":"nothing"})"}).exit, 0);
  ASSERT_EQ(
      ante({"slot", "set", "young", "--body", R"({"mode":"apprentice",)" + kWaived + "}"}).exit, 0);
  const std::string list = ante({"slot", "list"}).out;
  const auto line_of = [&list](const std::string& slot) {
    const std::size_t at = list.find(slot + " ");
    return at == std::string::npos ? std::string() : list.substr(at, list.find('\n', at) - at);
  };
  EXPECT_TRUE(line_of("home").ends_with("  live")) << list;
  EXPECT_TRUE(line_of("bare").ends_with("  in shadow: it has no brief")) << list;
  EXPECT_NE(line_of("bare").find(" 1 place "), std::string::npos);
  EXPECT_TRUE(line_of("lost").ends_with("  in shadow: there is no brief 'nothing'")) << list;
  EXPECT_TRUE(line_of("young").ends_with("  in shadow: it is an apprentice")) << list;
}

TEST_F(Commands, WhatIsSaidReadsWell) {
  EXPECT_EQ(ante({"cost", "worth", "home", "--margin", "3"}).out, "One unit of home is worth 3.\n");
  EXPECT_EQ(ante({"cost", "worth", "home", "--margin", "3", "--currency", "EUR"}).out,
            "One unit of home is worth 3 EUR.\n");
  EXPECT_TRUE(is_json(ante({"bet", "fold", "--all", "--json"}).out));
}

TEST(AddressHere, IsWhatACallerOnThisMachineCanUse) {
  EXPECT_EQ(address_here("127.0.0.1:8123"), "127.0.0.1:8123");
  EXPECT_EQ(address_here("0.0.0.0:8123"), "localhost:8123");
  EXPECT_EQ(address_here("[::]:8123"), "localhost:8123");
  EXPECT_EQ(address_here(":8123"), "localhost:8123");
  EXPECT_EQ(address_here("[::1]:8123"), "[::1]:8123");
  EXPECT_EQ(address_here("127.0.0.1:0"), "");
}

}  // namespace
}  // namespace ante
