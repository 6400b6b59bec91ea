#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "app/command.h"

namespace ante {
namespace {

int run_ante(std::vector<const char*> words) {
  words.insert(words.begin(), "ante");
  return run_command_line(static_cast<int>(words.size()), words.data());
}

// The share that so many readers need stands in the slots; without a number it is as it was.
TEST(Init, HoldsOutWhatTheTrafficNeeds) {
  struct Row {
    const char *readers, *rate, *holdout;
  };
  const Row rows[] = {{nullptr, "0.1", "\"holdout\":0.05,"},
                      {"1000", "0.1", "\"holdout\":0.5,"},
                      {"12000", "0.1", "\"holdout\":0.2,"},
                      {"10000000", "0.1", "\"holdout\":0.05,"}};
  const std::string directory = testing::TempDir() + "ante_init_readers";
  for (const Row& row : rows) {
    std::filesystem::remove_all(directory);
    std::vector<const char*> line = {"init", "--data", directory.c_str(), "--base-rate", row.rate};
    if (row.readers != nullptr) line.insert(line.end(), {"--readers", row.readers});
    testing::internal::CaptureStdout();
    EXPECT_EQ(run_ante(line), 0);
    const std::string said = testing::internal::GetCapturedStdout();
    EXPECT_NE(said.find("readers a month, with"), std::string::npos) << said;
    testing::internal::CaptureStdout();
    EXPECT_EQ(run_ante({"slot", "show", "cart", "--json", "--data", directory.c_str()}), 0);
    const std::string shown = testing::internal::GetCapturedStdout();
    EXPECT_NE(shown.find(row.holdout), std::string::npos) << shown;
  }
  EXPECT_EQ(run_ante({"report", "scale", "--slot", "home", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run_ante({"report", "value", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run_ante({"report", "value", "--slot", "home", "--data", directory.c_str()}), 0);
  EXPECT_EQ(run_ante({"report", "value", "--slot", "nothing", "--data", directory.c_str()}), 3);
  for (const char* readers : {"0", "-5", "many", "1e10", ""})
    EXPECT_EQ(run_ante({"init", "--readers", readers}), 2) << readers;
  for (const char* rate : {"0", "1", "-0.1", "x"})
    EXPECT_EQ(run_ante({"init", "--readers", "1000", "--base-rate", rate}), 2) << rate;
}

}  // namespace
}  // namespace ante
