#include "report/conflicts.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/json_parser.h"
#include "base/random.h"
#include "math/statistics.h"

namespace ante {
namespace {

Measurement metric_moved(std::string metric, Whose whose, double difference, double error = 0.005,
                         std::uint64_t n = 20'000) {
  Measurement m;
  m.metric = std::move(metric);
  m.where = "home";
  m.whose = whose;
  m.metric_class = whose == Whose::kReader ? "customer outcome" : "channel proxy";
  m.difference = difference;
  m.standard_error = error;
  m.n = n;
  return m;
}

// A standard normal number.
double normal_draw(Random& random) {
  return normal_quantile(std::min(1 - 1e-12, std::max(1e-12, random.uniform())));
}

TEST(Conflicts, WhatCannotBeComparedIsNamed) {
  EXPECT_TRUE(conflicts({}).sentence.starts_with("There is no pair"));
  const std::vector<Measurement> broken = {
      metric_moved("a", Whose::kReader, -0.1, 0),
      metric_moved("b", Whose::kReader, -0.1, 0.01, 0),
      metric_moved("c", Whose::kReader, std::numeric_limits<double>::quiet_NaN()),
      metric_moved("d", Whose::kReader, -0.1, -1),
      metric_moved("e", Whose::kPublisher, 0.1, std::numeric_limits<double>::infinity()),
      metric_moved("f", Whose::kPublisher, 0.1)};
  const ConflictReport report = conflicts(broken);
  EXPECT_EQ(report.pairs, 0U);
  EXPECT_EQ(report.unusable, (std::vector<std::string>{"a", "b", "c", "d", "e"}));
  // Two of one side are no pair, and places are not mixed.
  std::vector<Measurement> two = {metric_moved("a", Whose::kReader, -0.1),
                                  metric_moved("b", Whose::kPublisher, 0.1)};
  two[1].where = "end";
  EXPECT_EQ(conflicts(two).pairs, 0U);
  two[1].where = "home";
  two[1].whose = Whose::kReader;
  EXPECT_EQ(conflicts(two).pairs, 0U);
}

TEST(Conflicts, ClicksThatRiseWhileReturnsFallAreFlagged) {
  std::vector<Measurement> m = {metric_moved("return-7d", Whose::kReader, -0.03),
                                metric_moved("ctr", Whose::kPublisher, 0.03)};
  ConflictReport report = conflicts(m);
  ASSERT_EQ(report.apart.size(), 1U);
  EXPECT_LE(report.apart[0].p, 0.05);
  EXPECT_TRUE(report.apart[0].sentence.starts_with("home, apart: ctr (+0.03"))
      << report.apart[0].sentence;
  EXPECT_TRUE(report.apart[0].sentence.ends_with("Readers pay for what the publisher wins."));
  EXPECT_EQ(report.sentence,
            "1 pair of what readers and the publisher want moves apart; 1 pair looked at.");
  // The same way is no conflict; what is better when lower turns it round.
  m[0].difference = 0.03;
  EXPECT_TRUE(conflicts(m).apart.empty());
  m[0].higher_is_better = false;
  EXPECT_EQ(conflicts(m).apart.size(), 1U);
  // And the other way the publisher pays.
  m[0] = metric_moved("return-7d", Whose::kReader, 0.03);
  m[1].difference = -0.03;
  report = conflicts(m);
  ASSERT_EQ(report.apart.size(), 1U);
  EXPECT_NE(report.apart[0].sentence.find("The publisher pays"), std::string::npos);
}

TEST(Conflicts, OneCredibleHalfIsNoConflictAndTwoLikelyOnesAreAHint) {
  const std::vector<Measurement> half = {metric_moved("return-7d", Whose::kReader, -0.001),
                                         metric_moved("ctr", Whose::kPublisher, 0.05)};
  EXPECT_TRUE(conflicts(half).apart.empty());
  EXPECT_TRUE(conflicts(half).probably.empty());
  const std::vector<Measurement> likely = {metric_moved("return-7d", Whose::kReader, -0.009),
                                           metric_moved("ctr", Whose::kPublisher, 0.05)};
  const ConflictReport report = conflicts(likely);
  EXPECT_TRUE(report.apart.empty());
  ASSERT_EQ(report.probably.size(), 1U);
  const std::string& hint = report.probably[0].sentence;
  EXPECT_TRUE(hint.starts_with("home, maybe apart: ctr (+0.05, +0.0")) << hint;
  EXPECT_TRUE(hint.ends_with("Readers may pay for what the publisher wins.")) << hint;
  EXPECT_EQ(hint.find("±"), std::string::npos) << hint;
  EXPECT_EQ(report.sentence, "Nothing moves credibly apart, 1 may; 1 pair looked at.");
}

TEST(Conflicts, ItsIntervalIsTheOneOfTwoArms) {
  OutcomeSums treated, holdout;
  for (int i = 0; i < 5000; ++i) {
    treated.add(i % 3 == 0 ? 1'000'000 : 0);
    if (i < 1000) holdout.add(i % 4 == 0 ? 1'000'000 : 0);
  }
  const double error = std::sqrt(treated.variance() / 5000 + holdout.variance() / 1000);
  const Interval of_arms = sequence_interval(treated, holdout, 0.05, kPersonsPlanned);
  const Interval interval =
      metric_moved("m", Whose::kReader, treated.mean() - holdout.mean(), error, 6000).interval();
  EXPECT_NEAR(interval.low, of_arms.low, 1e-12);
  EXPECT_NEAR(interval.high, of_arms.high, 1e-12);
}

// 20,000 pairs in which nothing moves: one of 200 is a hint at one look, where halves of .8 would
// make one of twelve.
TEST(Conflicts, WhereNothingMovesAHintIsRare) {
  Random random(13);
  int hints = 0;
  for (int run = 0; run < 20'000; ++run) {
    const std::vector<Measurement> m = {
        metric_moved("r", Whose::kReader, 0.005 * normal_draw(random)),
        metric_moved("p", Whose::kPublisher, 0.005 * normal_draw(random))};
    hints += conflicts(m).probably.empty() ? 0 : 1;
  }
  EXPECT_GE(hints, 50);
  EXPECT_LE(hints, 150);
}

// 10,000 tables of 2 x 3 metrics. Nothing moves; or the publisher's truly rise and the reader's do
// not move at all, which is the hardest null; or all errors are one, with the signs against us.
TEST(Conflicts, NullPairsAreFlaggedInFewTables) {
  Random random(11);
  int nothing = 0, half = 0, same_error = 0;
  for (int run = 0; run < 10'000; ++run) {
    std::vector<Measurement> null, rising, tied;
    const double common = normal_draw(random);
    for (int k = 0; k < 5; ++k) {
      const Whose whose = k < 2 ? Whose::kReader : Whose::kPublisher;
      const std::string name(1, static_cast<char>('a' + k));
      const double error = 0.005, luck = error * normal_draw(random);
      null.push_back(metric_moved(name, whose, luck));
      rising.push_back(metric_moved(name, whose, luck + (whose == Whose::kPublisher ? 0.1 : 0)));
      tied.push_back(
          metric_moved(name, whose, (whose == Whose::kReader ? -error : error) * common));
    }
    nothing += conflicts(null).apart.empty() ? 0 : 1;
    half += conflicts(rising).apart.empty() ? 0 : 1;
    same_error += conflicts(tied).apart.empty() ? 0 : 1;
  }
  EXPECT_LE(nothing, 500);
  EXPECT_LE(half, 500);
  EXPECT_LE(same_error, 500);
}

// One pair watched at 100 looks while persons come, the publisher's half truly up: still rare.
TEST(Conflicts, WatchedNullPairsAreFlaggedInFewSeries) {
  Random random(12);
  int flagged = 0, naive = 0;
  for (int run = 0; run < 2000; ++run) {
    double reader = 0, publisher = 0;
    bool ever = false, ever_naive = false;
    for (int look = 1; look <= 100; ++look) {
      reader += 10 * normal_draw(random);  // a hundred persons more, sd 1
      publisher += 10 * normal_draw(random) + 20;
      const double n = 100.0 * look, error = 2 / std::sqrt(n);
      const std::vector<Measurement> m = {
          metric_moved("r", Whose::kReader, 2 * reader / n, error, static_cast<std::uint64_t>(n)),
          metric_moved("p", Whose::kPublisher, 2 * publisher / n, error,
                       static_cast<std::uint64_t>(n))};
      ever = ever || !conflicts(m).apart.empty();
      ever_naive =
          ever_naive || (m[0].difference < -1.96 * error && m[1].difference > 1.96 * error);
    }
    flagged += ever ? 1 : 0;
    naive += ever_naive ? 1 : 0;
  }
  EXPECT_LE(flagged, 100);
  EXPECT_GE(naive, 250);  // a z test on both halves at each look
}

TEST(Conflicts, ItsJsonHasBothHalves) {
  const std::vector<Measurement> m = {metric_moved("return-7d", Whose::kReader, -0.03),
                                      metric_moved("ctr", Whose::kPublisher, 0.03)};
  JsonParser parser(1 << 20);
  const auto json = parser.parse(to_json(conflicts(m)));
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(std::string_view((*json)["apart"].at(0)["reader"]["metric"]), "return-7d");
  EXPECT_EQ(double((*json)["apart"].at(0)["publisher"]["difference"]), 0.03);
}

}  // namespace
}  // namespace ante
