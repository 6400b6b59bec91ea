#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "api/inflate.h"
#include "app/command.h"
#include "base/json_parser.h"

namespace ante {
namespace {

struct Answer {
  int exit = 0;
  std::string out, messages;
};

Answer evaluate(std::vector<std::string> words) {
  words.insert(words.begin(), "ante");
  std::vector<const char*> arguments;
  arguments.reserve(words.size());
  for (const std::string& word : words) arguments.push_back(word.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Answer answer;
  answer.exit = run_command_line(static_cast<int>(arguments.size()), arguments.data());
  answer.out = testing::internal::GetCapturedStdout();
  answer.messages = testing::internal::GetCapturedStderr();
  return answer;
}

std::string file_of(const std::string& name, const std::string& bytes) {
  const std::string path = testing::TempDir() + "ante_evaluate_" + name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

// Two actions, 400 rounds: "good" earns 1 in three of four rounds, "poor" in one of four.
std::string log_of(std::size_t rounds) {
  std::string log;
  for (std::size_t i = 0; i < rounds; ++i) {
    const bool good = i % 2 == 0;
    const bool paid = good == ((i / 2) % 4 != 0);
    log += R"({"decision":"d)" + std::to_string(i);
    log += R"(","actions":[{"id":"good","propensity":0.5},{"id":"poor","propensity":0.5}],)";
    log += std::string(R"("chosen":")") + (good ? "good" : "poor");
    log += std::string(R"(","reward":)") + (paid ? "1" : "0") + "}\n";
  }
  return log;
}

double number(simdjson::dom::element element) {
  double value = std::nan("");
  if (element.get(value)) return std::nan("");
  return value;
}

TEST(EvaluatePolicy, AnswersInJson) {
  const std::string path = file_of("log.ndjson", log_of(800));
  const Answer answer =
      evaluate({"evaluate", "policy", "--log", path, "--policy", "constant:good", "--json"});
  ASSERT_EQ(answer.exit, 0) << answer.messages;
  JsonParser parser(1 << 20);
  const auto json = parser.parse(answer.out);
  ASSERT_TRUE(json) << answer.out;
  for (const char* name : {"ips", "snips", "dm", "dr", "dros"})
    EXPECT_NEAR(number((*json)["estimates"][name]["value"]), 0.75, 0.01) << name;
  EXPECT_TRUE((*json)["estimates"]["dm"]["interval"].is_null());
  EXPECT_LT(number((*json)["estimates"]["dr"]["interval"].at(0)), 0.75);
  EXPECT_GT(number((*json)["estimates"]["dr"]["interval"].at(1)), 0.75);
  EXPECT_NEAR(number((*json)["onPolicy"]["value"]), 0.5, 1e-12);
  EXPECT_NEAR(number((*json)["ess"]), 400, 1e-6);
  EXPECT_EQ(number((*json)["outOfSupport"]), 0);
  EXPECT_TRUE((*json)["refused"].is_null());
}

TEST(EvaluatePolicy, SaysInWordsAndReadsGzip) {
  const std::string path = file_of("log.ndjson.gz", gzip_bytes(log_of(800)));
  const Answer answer = evaluate(
      {"evaluate", "policy", "--log", path, "--policy", "constant:good", "--estimator", "dr"});
  ASSERT_EQ(answer.exit, 0) << answer.messages;
  EXPECT_NE(answer.out.find("  dr    0.74"), std::string::npos) << answer.out;
  EXPECT_EQ(answer.out.find("snips"), std::string::npos);
}

TEST(EvaluatePolicy, RefusesAValueAndSaysWhy) {
  const std::string path = file_of("short.ndjson", log_of(100));
  const Answer answer =
      evaluate({"evaluate", "policy", "--log", path, "--policy", "constant:good", "--json"});
  ASSERT_EQ(answer.exit, 0);
  JsonParser parser(1 << 20);
  const auto json = parser.parse(answer.out);
  ASSERT_TRUE(json);
  EXPECT_TRUE((*json)["estimates"]["ips"]["value"].is_null());
  std::string_view refused;
  ASSERT_FALSE((*json)["refused"].get(refused));
  EXPECT_NE(refused.find("too little evidence"), std::string_view::npos);
}

TEST(EvaluatePolicy, EvaluatesSlates) {
  std::string log;
  for (int i = 0; i < 600; ++i) {
    const char* shown[] = {R"(["a","b"])", R"(["b","a"])"};
    log += R"({"decision":"d)" + std::to_string(i) + R"(","reward":)" + (i % 2 == 0 ? "1" : "0") +
           R"(,"slate":)" + shown[i % 2] +
           R"(,"actions":[{"id":"a","weight":1,"target":3},{"id":"b","weight":1,"target":1}]})" +
           "\n";
  }
  const Answer answer =
      evaluate({"evaluate", "policy", "--log", file_of("slates.ndjson", log), "--json"});
  ASSERT_EQ(answer.exit, 0) << answer.messages;
  JsonParser parser(1 << 20);
  const auto json = parser.parse(answer.out);
  ASSERT_TRUE(json);
  EXPECT_NEAR(number((*json)["estimates"]["pseudoInverse"]["value"]), 0.75, 1e-9);
  EXPECT_TRUE((*json)["estimates"]["pseudoInverse"]["interval"].is_null());
}

TEST(EvaluatePolicy, BadInputNamesFileLineAndWhatToDo) {
  const std::string good = file_of("good.ndjson", log_of(800));
  const std::string zero =
      file_of("zero.ndjson", R"({"decision":"a","actions":[{"id":"x","propensity":0},)"
                             R"({"id":"y","propensity":1}],"chosen":"x","reward":1})");
  const std::string damaged = file_of("damaged.gz", gzip_bytes(log_of(800)).substr(0, 100));
  struct Case {
    std::vector<std::string> words;
    int exit;
    std::string says;
  };
  const Case cases[] = {
      {{"--log", "no/such/file"}, 3, "cannot read no/such/file"},
      {{"--log", zero}, 1, zero + ": line 1: the chosen action has propensity 0"},
      {{"--log", damaged}, 1, "damaged or cut off"},
      {{"--log", good}, 1, "has no \"target\" probabilities"},
      {{"--log", good, "--policy", "constant:other"}, 1, "no round has this action"},
      {{"--log", good, "--policy", "squarecbb"}, 1, "Did you mean 'squarecb'"},
      {{"--log", good, "--policy", "uniform", "--reward-max", "0.5"}, 1, "line 2: the reward is 1"},
      {{"--log", good, "--policy", "uniform", "--reward-max", "-1"}, 1, "--reward-min must be"},
      {{"--log", good, "--target-log", good}, 1, "--target-log goes with --format obd"},
      {{"--log", good, "--format", "obd"}, 1, "line 1: no CSV header"},
      {{"--log", good, "--format", "csv"}, 2, "--format"},
      {{"--log", good, "--estimator", "best"}, 2, "--estimator"},
      {{}, 2, "--log"},
  };
  for (const Case& c : cases) {
    std::vector<std::string> words = {"evaluate", "policy"};
    words.insert(words.end(), c.words.begin(), c.words.end());
    const Answer answer = evaluate(words);
    EXPECT_EQ(answer.exit, c.exit) << answer.messages;
    EXPECT_NE(answer.messages.find(c.says), std::string::npos) << answer.messages << c.says;
  }
}

std::string labelled(std::size_t rows) {
  std::string tsv = "x\ttarget\n";
  for (std::size_t i = 0; i < rows; ++i)
    tsv += std::to_string(i % 7) + "\t" + (i % 7 < 3 ? "low" : "high") + "\n";
  return tsv;
}

TEST(EvaluateBandit, AnswersInJsonAndInWords) {
  const std::string path = file_of("rows.tsv.gz", gzip_bytes(labelled(2000)));
  const std::vector<std::string> words = {"evaluate", "bandit",   "--data", path,
                                          "--policy", "squarecb", "--seed", "5"};
  std::vector<std::string> with_json = words;
  with_json.emplace_back("--json");
  const Answer answer = evaluate(with_json), again = evaluate(with_json), text = evaluate(words);
  ASSERT_EQ(answer.exit, 0) << answer.messages;
  EXPECT_EQ(answer.out, again.out);
  JsonParser parser(1 << 20);
  const auto json = parser.parse(answer.out);
  ASSERT_TRUE(json);
  EXPECT_LT(number((*json)["progressiveLoss"]), 0.05);
  EXPECT_LT(number((*json)["regretVsBestFixed"]), -0.3);
  EXPECT_LT(number((*json)["probabilitySumError"]), 1e-9);
  EXPECT_EQ(number((*json)["n"]), 2000);
  EXPECT_NE(text.out.find("chose wrongly in"), std::string::npos);
  EXPECT_NE(text.out.find("Always choosing 'high'"), std::string::npos);
}

TEST(EvaluateBandit, BadInputIsRefused) {
  const std::string path = file_of("bad.tsv", "x\ttarget\n1\ta\nred\tb\n");
  const Answer bad = evaluate({"evaluate", "bandit", "--data", path});
  EXPECT_EQ(bad.exit, 1);
  EXPECT_NE(bad.messages.find("line 3: column 'x' holds 'red'"), std::string::npos);
  EXPECT_EQ(evaluate({"evaluate", "bandit", "--data", path, "--policy", "best"}).exit, 1);
  EXPECT_EQ(evaluate({"evaluate", "bandit", "--data", "no/such/file"}).exit, 3);
  EXPECT_EQ(evaluate({"evaluate", "bandit", "--data", path, "--seed", "x"}).exit, 2);
  EXPECT_EQ(evaluate({"evaluate", "bandit"}).exit, 2);
  EXPECT_EQ(evaluate({"evaluate"}).exit, 2);
}

}  // namespace
}  // namespace ante
