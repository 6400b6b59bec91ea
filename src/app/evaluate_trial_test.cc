#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "app/command.h"
#include "base/json_parser.h"
#include "base/random.h"

namespace ante {
namespace {

struct TrialAnswer {
  int exit = 0;
  std::string out, messages;
};

TrialAnswer ask_trial(std::vector<std::string> words) {
  words.insert(words.begin(), {"ante", "evaluate"});
  std::vector<const char*> arguments;
  arguments.reserve(words.size());
  for (const std::string& word : words) arguments.push_back(word.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  TrialAnswer answer;
  answer.exit = run_command_line(static_cast<int>(arguments.size()), arguments.data());
  answer.out = testing::internal::GetCapturedStdout();
  answer.messages = testing::internal::GetCapturedStderr();
  return answer;
}

std::string trial_file(const std::string& name, const std::string& bytes) {
  const std::string path = testing::TempDir() + "ante_trial_" + name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

double trial_value(simdjson::dom::element element) {
  double value = std::nan("");
  if (element.get(value)) return std::nan("");
  return value;
}

// Women's mail moves those who bought women's things by `effect`, men's mail those who bought
// men's; each does nothing for the other. Purchases are rarer than visits and moved by both.
std::string mails(std::size_t rows, double effect) {
  Random random(1);
  std::string csv = "recency,mens,womens,channel,segment,visit,spend\n";
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t arm = random.below(3);
    const bool mens = random.uniform() < 0.5;
    const bool moved = (arm == 1 && mens) || (arm == 2 && !mens);
    const bool visit = random.uniform() < 0.12 + (moved ? effect : 0);
    const char* arms[] = {"No E-Mail", "Mens E-Mail", "Womens E-Mail"};
    const char* channels[] = {"Web", "Phone", "Multichannel"};
    csv += std::to_string(1 + random.below(12)) + (mens ? ",1,0," : ",0,1,") +
           channels[random.below(3)] + "," + arms[arm] + "," + (visit ? "1," : "0,") +
           (visit ? std::to_string(10 + random.below(90)) : "0") + "\n";
  }
  return csv;
}

TEST(EvaluateUplift, FindsWhomAMailMoves) {
  const std::string path = trial_file("mails.csv", mails(9000, 0.12));
  const std::string policy = testing::TempDir() + "ante_trial_policy.json";
  const TrialAnswer answer = ask_trial({"uplift", "--data", path, "--treatment", "segment",
                                        "--outcome", "visit", "--policy-out", policy, "--json"});
  ASSERT_EQ(answer.exit, 0) << answer.messages;
  JsonParser parser(1 << 20);
  const auto json = parser.parse(answer.out);
  ASSERT_TRUE(json) << answer.out;
  std::string_view control, verdict, left_out;
  ASSERT_FALSE((*json)["control"].get(control));
  EXPECT_EQ(control, "No E-Mail");
  ASSERT_FALSE((*json)["verdict"].get(verdict));
  EXPECT_EQ(verdict, "personalise");
  // Half of a mail's receivers are moved by .12.
  EXPECT_NEAR(trial_value((*json)["arms"].at(1)["effect"]), 0.06, 0.04);
  EXPECT_LT(trial_value((*json)["arms"].at(1)["interval"].at(0)), 0.06);
  EXPECT_TRUE((*json)["arms"].at(0)["effect"].is_null());
  EXPECT_LT(trial_value((*json)["heterogeneity"]["p"]), 1e-4);
  EXPECT_NEAR(trial_value((*json)["personalisedMinusBestSingle"]["value"]), 0.06, 0.03);
  EXPECT_GT(trial_value((*json)["personalisedMinusBestSingle"]["interval"].at(0)), 0);
  EXPECT_GT(trial_value((*json)["qini"]["value"]),
            trial_value((*json)["qini"]["randomBand"].at(1)));
  EXPECT_GT(trial_value((*json)["auuc"]["value"]), 0);
  EXPECT_GT(trial_value((*json)["check"]["sameChoice"]), 0.5);
  // Nobody spends without a visit: it came with it, and says nothing of how the arms were drawn.
  EXPECT_TRUE((*json)["warning"].is_null());
  ASSERT_FALSE((*json)["leftOut"].at(0)["name"].get(left_out));
  EXPECT_EQ(left_out, "spend");
  std::ifstream file(policy);
  std::stringstream written;
  written << file.rdbuf();
  const auto policy_json = parser.parse(written.str());
  ASSERT_TRUE(policy_json) << written.str();
  simdjson::dom::array coefficients, columns;
  ASSERT_FALSE((*policy_json)["effects"]["Mens E-Mail"].get(coefficients));
  ASSERT_FALSE((*policy_json)["columns"].get(columns));
  EXPECT_EQ(coefficients.size(), columns.size() + 1);
}

// Whoever is older is contacted more often and buys more often; contact does nothing.
TEST(EvaluateUplift, RecommendsNothingWhereTheArmsAreOtherPersons) {
  Random random(1);
  std::string csv = "age,town,arm,bought\n";
  for (int i = 0; i < 6000; ++i) {
    const double age = 20 + 50 * random.uniform(), share = (age - 20) / 50;
    csv += std::to_string(age) + (random.uniform() < 0.5 ? ",urban," : ",rural,") +
           (random.uniform() < 0.2 + 0.6 * share ? "1," : "0,") +
           (random.uniform() < 0.1 + 0.8 * share ? "1\n" : "0\n");
  }
  const std::string path = trial_file("chosen.csv", csv);
  const std::string policy = testing::TempDir() + "ante_no_policy.json";
  std::filesystem::remove(policy);
  const std::vector<std::string> words = {"uplift",      "--data",       path,
                                          "--treatment", "arm",          "--outcome",
                                          "bought",      "--policy-out", policy};
  const TrialAnswer answer = ask_trial(words);
  ASSERT_EQ(answer.exit, 0) << answer.messages;
  EXPECT_TRUE(answer.out.starts_with("Nothing is recommended: 'age' differs between the arms"))
      << answer.out;
  EXPECT_EQ(answer.out.find("for everybody"), std::string::npos) << answer.out;
  EXPECT_NE(answer.out.find("No policy was written."), std::string::npos) << answer.out;
  EXPECT_FALSE(std::ifstream(policy).good());
  std::vector<std::string> as_json = words;
  as_json.emplace_back("--json");
  JsonParser parser(1 << 20);
  const TrialAnswer in_json = ask_trial(as_json);
  const auto json = parser.parse(in_json.out);
  ASSERT_TRUE(json) << in_json.out;
  std::string_view verdict, warning;
  ASSERT_FALSE((*json)["verdict"].get(verdict));
  EXPECT_EQ(verdict, "arms differ");
  ASSERT_FALSE((*json)["warning"].get(warning));
  EXPECT_NE(warning.find("'age'"), std::string::npos);
  for (const char* name : {"bestSingle", "personalisedMinusBestSingle", "qini", "heterogeneity"})
    EXPECT_TRUE((*json)[name].is_null()) << name;
  // Whoever says that age came afterwards gets a verdict, and is told on what it stands.
  std::vector<std::string> without = words;
  without.insert(without.end(), {"--features", "town"});
  const TrialAnswer said = ask_trial(without);
  EXPECT_TRUE(said.out.starts_with("Use '1' for everybody")) << said.out;
  EXPECT_NE(said.out.find("\nCareful, 'age', which is not among the features, differs"),
            std::string::npos)
      << said.out;
}

TEST(EvaluateUplift, GivesNoQiniWhereNobodyIsToldApart) {
  Random random(3);
  std::string csv = "same,arm,bought\n";
  for (int i = 0; i < 1000; ++i) {
    const bool treated = random.uniform() < 0.5;
    csv += std::string("x,") + (treated ? "1," : "0,") +
           (random.uniform() < (treated ? 0.4 : 0.2) ? "1\n" : "0\n");
  }
  const std::string path = trial_file("same.csv", csv);
  const std::vector<std::string> words = {"uplift", "--data",    path,    "--treatment",
                                          "arm",    "--outcome", "bought"};
  const TrialAnswer answer = ask_trial(words);
  EXPECT_TRUE(answer.out.starts_with("Use '1' for everybody")) << answer.out;
  EXPECT_NE(answer.out.find("No Qini: "), std::string::npos) << answer.out;
  std::vector<std::string> as_json = words;
  as_json.emplace_back("--json");
  JsonParser parser(1 << 20);
  const TrialAnswer in_json = ask_trial(as_json);
  const auto json = parser.parse(in_json.out);
  ASSERT_TRUE(json) << in_json.out;
  EXPECT_TRUE((*json)["qini"].is_null());
  EXPECT_TRUE((*json)["auuc"].is_null());
}

TEST(EvaluateUplift, SaysInWordsThatNothingIsProven) {
  const std::string path = trial_file("null.csv", mails(3000, 0));
  const TrialAnswer answer =
      ask_trial({"uplift", "--data", path, "--treatment", "segment", "--outcome", "visit"});
  ASSERT_EQ(answer.exit, 0) << answer.messages;
  EXPECT_TRUE(answer.out.starts_with("Nothing proven: ")) << answer.out;
  EXPECT_NE(answer.out.find("Careful, 'spend' says nearly all"), std::string::npos) << answer.out;
  EXPECT_NE(answer.out.find("median of 20 cuts"), std::string::npos);
}

TEST(EvaluateUplift, TooFewConversionsAreTooEarly) {
  const std::string path = trial_file("few.csv", mails(400, 0));
  const TrialAnswer answer =
      ask_trial({"uplift", "--data", path, "--treatment", "segment", "--outcome", "visit"});
  ASSERT_EQ(answer.exit, 0) << answer.messages;
  EXPECT_TRUE(answer.out.starts_with("Too early to say")) << answer.out;
}

TEST(EvaluateUplift, BadInputSaysWhatToDo) {
  const std::string good = trial_file("good.csv", mails(600, 0.1));
  struct Case {
    std::vector<std::string> words;
    int exit;
    std::string says;
  };
  const Case cases[] = {
      {{"--treatment", "segment", "--outcome", "visit", "--cost=-0.1"}, 1, "cannot be below 0"},
      {{"--treatment", "segment", "--outcome", "visit", "--value", "0"}, 1, "must be above 0"},
      {{"--treatment", "segment", "--outcome", "visit", "--cost", "1e308"}, 1, "--cost is 1e+308"},
      {{"--treatment", "segment", "--outcome", "visit", "--cost", "inf"}, 1, "--cost is inf"},
      {{"--treatment", "segment", "--outcome", "visit", "--cost", "nan"}, 1, "--cost is nan"},
      {{"--treatment", "segment", "--outcome", "visit", "--value", "1e308"},
       1,
       "--value is 1e+308"},
      {{"--treatment", "segment", "--outcome", "visit", "--value", "1e-308"},
       1,
       "use another unit"},
      {{"--treatment", "segmnt", "--outcome", "visit"}, 1, "Did you mean 'segment'?"},
      {{"--treatment", "segment", "--outcome", "visits"}, 1, "Did you mean 'visit'?"},
      {{"--treatment", "segment", "--outcome", "visit", "--control", "none"}, 1, "is never 'none'"},
      {{"--treatment", "segment", "--outcome", "visit", "--features", "age"}, 1, "no column 'age'"},
      {{"--treatment", "channel", "--outcome", "visit"}, 1, "Say it with --control"},
      {{"--treatment", "segment", "--outcome", "channel"}, 1, "rows cannot be read"},
      {{"--treatment", "segment", "--outcome", "visit", "--policy-out", "/no/such/dir/p"},
       1,
       "cannot write the policy to /no/such/dir/p"},
      {{"--treatment", "segment"}, 2, "--outcome"},
  };
  for (const Case& c : cases) {
    std::vector<std::string> words = {"uplift", "--data", good};
    words.insert(words.end(), c.words.begin(), c.words.end());
    const TrialAnswer answer = ask_trial(words);
    EXPECT_EQ(answer.exit, c.exit) << answer.messages;
    EXPECT_NE(answer.messages.find(c.says), std::string::npos) << answer.messages << c.says;
  }
  const TrialAnswer absent = ask_trial(
      {"uplift", "--data", "no/such/file", "--treatment", "segment", "--outcome", "visit"});
  EXPECT_EQ(absent.exit, 3);
}

TEST(EvaluateExperiment, TellsWhatLookingAllTheTimeWouldHaveSaid) {
  Random random(2);
  std::string csv =
      "experiment_id,variant_id,metric_id,time_since_start,count_c,count_t,mean_c,mean_t,"
      "variance_c,variance_t\n";
  for (int experiment = 0; experiment < 40; ++experiment) {
    double n = 0, hits[2] = {0, 0};
    const double treated = experiment < 4 ? 0.3 : 0.2;  // four of forty differ
    for (int look = 1; look <= 50; ++look) {
      n += 100;
      for (int i = 0; i < 100; ++i) {
        hits[0] += random.uniform() < 0.2 ? 1 : 0;
        hits[1] += random.uniform() < treated ? 1 : 0;
      }
      const double c = hits[0] / n, t = hits[1] / n;
      csv += std::to_string(experiment) + ",1,1," + std::to_string(look) + "," + std::to_string(n) +
             "," + std::to_string(n) + "," + std::to_string(c) + "," + std::to_string(t) + "," +
             std::to_string(c * (1 - c)) + "," + std::to_string(t * (1 - t)) + "\n";
    }
  }
  const std::string path = trial_file("looks.csv", csv);
  const TrialAnswer answer = ask_trial({"experiment", "--data", path, "--json"});
  ASSERT_EQ(answer.exit, 0) << answer.messages;
  JsonParser parser(1 << 20);
  const auto json = parser.parse(answer.out);
  ASSERT_TRUE(json) << answer.out;
  EXPECT_EQ(trial_value((*json)["experiments"]), 40);
  // Four differ; of 36 that do not, 5 % would be 2, and 8 have a chance below .001.
  EXPECT_GE(trial_value((*json)["called"]["ours"]), 4);
  EXPECT_LT(trial_value((*json)["called"]["ours"]), 12);
  EXPECT_GT(trial_value((*json)["called"]["zTestEver"]), 10);
  EXPECT_EQ(trial_value((*json)["byLook"].at(49)["series"]), 40);
  std::string_view verdict;
  ASSERT_FALSE((*json)["tests"].at(0)["verdict"].get(verdict));
  EXPECT_EQ(verdict, "paying");
  const TrialAnswer words = ask_trial({"experiment", "--data", path});
  EXPECT_NE(words.out.find("40 experiments, 40 comparisons"), std::string::npos) << words.out;
  // A line a comparison, those called first, not more than 20.
  const std::size_t first =
      words.out.find("\n  experiment '0', variant '1', metric '1': paying, +0.");
  ASSERT_NE(first, std::string::npos) << words.out;
  const std::string line = words.out.substr(first + 1, words.out.find('\n', first + 1) - first - 1);
  EXPECT_NE(line.find(" [+0."), std::string::npos) << line;
  EXPECT_NE(line.find("10000 persons, 50 looks"), std::string::npos) << line;
  EXPECT_NE(words.out.find("\n  … and 20 more; --json has all.\n"), std::string::npos) << words.out;
  const TrialAnswer little = ask_trial(
      {"experiment", "--data",
       trial_file("little.csv", csv.substr(0, csv.find('\n') + 1) +
                                    "a,1,1,1,20,20,0.2,0.2,0.16,0.16\n"
                                    "a,1,2,1,20,20,0.2,0.2,,\nb,1,1,1,90,80,0.5,0.5,0.25,0.25\n")});
  EXPECT_NE(little.out.find("'a', variant '1', metric '1': too early, +0; 40 persons, 1 looks\n"),
            std::string::npos)
      << little.out;
  EXPECT_NE(little.out.find("'a', variant '1', metric '2': too early; no look with a variance\n"),
            std::string::npos)
      << little.out;
  EXPECT_NE(little.out.find("'b', variant '1', metric '1': unproven, +0, 95 % ["),
            std::string::npos)
      << little.out;
  const TrialAnswer bad =
      ask_trial({"experiment", "--data", trial_file("bad_looks.csv", "a,b\n1,2\n")});
  EXPECT_EQ(bad.exit, 1);
  EXPECT_NE(bad.messages.find("no column 'experiment_id'"), std::string::npos);
}

}  // namespace
}  // namespace ante
