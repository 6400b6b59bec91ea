#include "report/calibration.h"

#include <limits>

#include <gtest/gtest.h>

#include "base/json_parser.h"
#include "base/random.h"

namespace ante {
namespace {

TEST(Calibration, FiguresAreThoseByHand) {
  const StatedOdds stated[] = {{"ann", 0.9, true}, {"ann", 0.9, false}, {"bob", 0.25, false}};
  const CalibrationReport report = calibration(stated);
  EXPECT_EQ(report.overall.n, 3u);
  EXPECT_NEAR(report.overall.said, 2.05 / 3, 1e-12);
  EXPECT_NEAR(report.overall.came, 1.0 / 3, 1e-12);
  EXPECT_NEAR(report.overall.brier, (0.01 + 0.81 + 0.0625) / 3, 1e-12);
  EXPECT_NEAR(report.overall.error, (2 * 0.4 + 0.25) / 3, 1e-12);
  ASSERT_EQ(report.by_who.size(), 2u);
  EXPECT_EQ(report.by_who[0].who, "ann");
  EXPECT_NEAR(report.by_who[0].error, 0.4, 1e-12);
  EXPECT_EQ(report.by_who[1].who, "bob");
  EXPECT_NEAR(report.by_who[1].brier, 0.0625, 1e-12);
  const CalibrationBin& bin = report.overall.bins[9];
  EXPECT_EQ(bin.n, 2u);
  EXPECT_EQ(bin.came_true, 1u);
  EXPECT_NEAR(bin.interval.low, 0.0945, 1e-3);
  EXPECT_NEAR(bin.interval.high, 0.9055, 1e-3);
}

TEST(Calibration, TenthsAtTheirBoundaries) {
  struct Row {
    double probability;
    std::size_t bin;
  };
  const Row rows[] = {{0, 0}, {0.0999, 0}, {0.1, 1}, {0.5, 5}, {0.899, 8}, {0.9, 9}, {1, 9}};
  for (const Row& row : rows) {
    const StatedOdds stated{"a", row.probability, true};
    EXPECT_EQ(calibration(std::span(&stated, 1)).overall.bins[row.bin].n, 1u) << row.probability;
  }
}

TEST(Calibration, NothingStatedIsNoFigure) {
  const CalibrationReport report = calibration({});
  EXPECT_EQ(report.overall.n, 0u);
  EXPECT_EQ(to_json(report),
            R"({"overall":{"n":0,"said":null,"came":null,"brier":null,"error":null,"bins":[]},)"
            R"("byWho":[],"confidence":0.95})");
}

// 4,000 statements: whoever says what is true has an error below .03 (chance alone makes .012),
// whoever is sure of everything has more.
TEST(Calibration, TellsTheHonestFromTheSure) {
  Random random(6);
  std::vector<StatedOdds> stated;
  for (int i = 0; i < 4000; ++i) {
    const double chance = random.uniform();
    const bool came = random.uniform() < chance;
    stated.push_back({"honest", chance, came});
    stated.push_back({"sure", chance < 0.5 ? 0.02 : 0.98, came});
  }
  const CalibrationReport report = calibration(stated);
  EXPECT_LT(report.by_who[0].error, 0.03);
  EXPECT_GT(report.by_who[1].error, 0.15);
  EXPECT_LT(report.by_who[0].brier, report.by_who[1].brier);
}

// 1,000 times 100 true statements: z is standard normal (a standard error of its mean is .03).
TEST(Calibration, ZIsStandardNormalOfTrueOdds) {
  Random random(7);
  double sum = 0, squares = 0;
  std::vector<StatedOdds> stated(100);
  for (int run = 0; run < 1000; ++run) {
    for (StatedOdds& odds : stated) {
      odds.probability = random.uniform();
      odds.came_true = random.uniform() < odds.probability;
    }
    const double z = calibration_z(stated);
    sum += z / 1000;
    squares += z * z / 1000;
  }
  EXPECT_NEAR(sum, 0, 0.1);
  EXPECT_NEAR(squares, 1, 0.15);
  for (StatedOdds& odds : stated) odds.probability = odds.probability < 0.5 ? 0.02 : 0.98;
  EXPECT_GT(calibration_z(stated), 10);
  EXPECT_EQ(calibration_z({}), 0);
}

TEST(Calibration, JsonCanBeReadAndNamesAreEscaped) {
  const StatedOdds stated[] = {{"\"ann\"\n", 0.95, true}};
  const std::string json = to_json(calibration(stated));
  JsonParser parser(1 << 16);
  ASSERT_TRUE(parser.parse(json)) << json;
  EXPECT_NE(json.find(R"("byWho":[{"who":"\"ann\"\n","n":1,)"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("bins":[{"from":0.9,"to":1)"), std::string::npos) << json;
}

TEST(CalibrationDeathTest, RefusesWhatIsNoProbability) {
  for (const double bad : {-0.01, 1.01, std::numeric_limits<double>::quiet_NaN()}) {
    const StatedOdds stated{"a", bad, true};
    EXPECT_DEATH(static_cast<void>(calibration(std::span(&stated, 1))), "probability");
  }
}

}  // namespace
}  // namespace ante
