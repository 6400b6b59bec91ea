#include "learning/experiment_looks.h"

#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ante {
namespace {

constexpr const char* kLooksHeader =
    "experiment_id,variant_id,metric_id,time_since_start,count_c,count_t,mean_c,mean_t,variance_c,"
    "variance_t\n";

// One row of rates p and q after n persons in each arm.
std::string look_row(const std::string& experiment, double time, double n, double p, double q) {
  return experiment + ",1,1," + std::to_string(time) + "," + std::to_string(n) + "," +
         std::to_string(n) + "," + std::to_string(p) + "," + std::to_string(q) + "," +
         std::to_string(p * (1 - p)) + "," + std::to_string(q * (1 - q)) + "\n";
}

TEST(ExperimentLooks, SaysWhatEachRuleCallsAndWhen) {
  const auto file =
      parse_experiment_looks(kLooksHeader +                       //
                                 look_row("a", 1, 200, .1, .4) +  // 20 conversions
                                 look_row("a", 2, 1000, .1, .13) + look_row("a", 3, 4000, .1, .11) +
                                 look_row("a", 4, 20'000, .1, .13) + look_row("b", 1, 1000, .1, .1),
                             "looks.csv");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->experiments, 2u);
  ASSERT_EQ(file->series.size(), 2u);
  const ExperimentSeries& a = file->series[0];
  EXPECT_TRUE(a.looks[0].too_early);  // at least 20 conversions, not 25
  EXPECT_EQ(a.looks_asked(), 3u);
  ASSERT_TRUE(a.first_naive() && a.first_sequence());
  EXPECT_EQ(*a.first_naive(), 1u);     // z = 2.1
  EXPECT_EQ(*a.first_sequence(), 3u);  // z = 9.4
  EXPECT_TRUE(a.naive_at_end());
  EXPECT_FALSE(file->series[1].first_naive());
  // z = .03 / sqrt((.09 + .1131) / 1000); the sequence at its planned 2,000 persons is 1.55 as
  // wide.
  const double se = std::sqrt((0.09 + 0.1131) / 1000);
  EXPECT_NEAR(a.looks[1].fixed.high, 0.03 + 1.959964 * se, 1e-5);
  EXPECT_NEAR(a.looks[1].sequence.high, 0.03 + 3.0352 * se, 1e-5);
  const auto crossings = look_crossings(*file);
  ASSERT_EQ(crossings.size(), 4u);
  EXPECT_EQ(crossings[0].series, 2u);
  EXPECT_EQ(crossings[1].naive_ever, 1u);
  EXPECT_EQ(crossings[2].naive_now, 0u);
  EXPECT_EQ(crossings[2].naive_ever, 1u);
  EXPECT_EQ(crossings[3].sequence_ever, 1u);
}

TEST(ExperimentLooks, WhatIsNotKnownYetIsCounted) {
  const std::string rows = "a,1,1,1,100,100,0.1,0.1,,\na,1,1,2,0,0,0,0,0,0\n" +
                           look_row("a", 3, 1000, .1, .1) + look_row("a", 4, 900, .1, .1);
  const auto file = parse_experiment_looks(kLooksHeader + rows, "looks.csv");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->looks, 4u);
  EXPECT_EQ(file->without_variance, 2u);
  EXPECT_EQ(file->shrinking, 1u);
  EXPECT_EQ(file->series[0].looks.size(), 2u);
}

TEST(ExperimentLooks, BadInputNamesTheLine) {
  const std::string good = look_row("a", 1, 1000, .1, .1);
  struct Case {
    std::string csv, says;
  };
  const Case cases[] = {
      {"", "the file is empty"},
      {"experiment_id,variant_id\n", "no column 'metric_id'"},
      {kLooksHeader + good + "a,1,1\n", "line 3: 3 fields, the header has 10"},
      {kLooksHeader + std::string("a,1,1,1,x,1,1,1,1,1\n"), "line 2: 'count_c' holds 'x'"},
      {kLooksHeader + std::string("a,1,1,1,-5,1,1,1,1,1\n"), "'count_c' is below 0"},
      {kLooksHeader + good + "a,1,1,2,100,100,1e308,-1e308,1,1\n",
       "line 3: 'mean_c' is 1e308; it lies between -1e+15 and 1e+15"},
      {kLooksHeader + std::string("a,1,1,2,1e16,100,1,1,1,1\n"), "line 2: 'count_c' is 1e16"},
      {kLooksHeader + std::string("a,1,1,2,100,100,1,1,1,1e31\n"), "line 2: 'variance_t' is 1e31"},
      {kLooksHeader + std::string("a,1,1,1,100,100,0.1,0.2,1e-320,1e-320\n"),
       "1 looks and none with"},
      {kLooksHeader + std::string("a,1,1,,5,1,1,1,1,1\n"), "no 'time_since_start'"},
      {kLooksHeader + good + good, "line 3: a second look at 1 of experiment 'a'"},
      {kLooksHeader + std::string("a,1,1,1,100,100,0.1,0.1,,\n"), "1 looks and none with"},
      {kLooksHeader, "0 looks and none with"},
  };
  for (const Case& c : cases) {
    const auto file = parse_experiment_looks(c.csv, "looks.csv");
    ASSERT_FALSE(file) << c.says;
    EXPECT_NE(file.error().message.find(c.says), std::string::npos) << file.error().message;
  }
}

// 200 null series of 60 looks: the sequence calls 5 % at most (10; 21 has a chance below .001), a z
// test that peeks calls a quarter or more.
TEST(ExperimentLooks, OurRuleIsSeldomWrongWhereAZTestOftenIs) {
  std::string csv = kLooksHeader;
  for (int s = 0; s < 200; ++s) {
    Random random(static_cast<std::uint64_t>(s) + 5);
    double n = 0, hits[2] = {0, 0};
    for (int look = 1; look <= 60; ++look) {
      for (int i = 0; i < 100; ++i)
        for (double& count : hits) count += random.uniform() < 0.2 ? 1 : 0;
      n += 100;
      csv += look_row(std::to_string(s), look, n, hits[0] / n, hits[1] / n);
    }
  }
  const auto file = parse_experiment_looks(csv, "looks.csv");
  ASSERT_TRUE(file) << file.error().message;
  const LookCrossings last = look_crossings(*file).back();
  EXPECT_EQ(last.series, 200u);
  EXPECT_LT(last.sequence_ever, 21u);
  EXPECT_GT(last.naive_ever, 50u);
}

}  // namespace
}  // namespace ante
