// Stored rewards, propensities, targets and estimates against values made by
// tests/golden/off_policy/textbook.py, which shares nothing with ours.

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "base/json_parser.h"
#include "learning/policy_evaluation.h"

namespace ante {
namespace {

std::string read(const char* name) {
  std::ifstream file(std::string("tests/golden/off_policy/") + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(OffPolicyGolden, EveryEstimatorEqualsItsTextbookValue) {
  auto log = parse_native_log(read("log.ndjson"), {"log.ndjson", 0, 1});
  ASSERT_TRUE(log) << log.error().message;
  const std::string text = read("textbook.json");
  JsonParser parser(1 << 20);
  const auto golden = parser.parse(text);
  ASSERT_TRUE(golden);
  const auto value = [&](std::string_view key) {
    double number = 0;
    EXPECT_FALSE((*golden)[key].get(number)) << key;
    return number;
  };
  ASSERT_EQ(log->estimates.size(), log->actions.size());
  const auto rows = off_policy_rows(*log, log->estimates);
  const OffPolicyReport report =
      evaluate_off_policy(rows, {IntervalKind::kBootstrap, 1, value("shrinkage")});
  for (const Estimator e : kEstimators) {
    ASSERT_TRUE(report[e].value) << report.health.refusal;
    EXPECT_NEAR(*report[e].value, value(to_string(e)), 1e-9) << to_string(e);
  }
  EXPECT_NEAR(report.health.effective_rows, value("ess"), 1e-6);
  EXPECT_NEAR(report.health.effective_clicks, value("effectiveClicks"), 1e-6);
}

}  // namespace
}  // namespace ante
