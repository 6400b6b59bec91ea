#include "math/split_alarm.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ante {
namespace {

constexpr std::array kEven = {0.5, 0.5};

// Nearly exact for these sizes.
std::uint64_t binomial(double trials, double chance, Random& random) {
  const double x = trials * chance + std::sqrt(trials * chance * (1 - chance)) * random.normal();
  return static_cast<std::uint64_t>(std::max(0.0, std::round(x)));
}

TEST(SplitAlarm, EvidenceMatchesTheBayesFactorByHand) {
  const std::array<std::uint64_t, 2> none = {0, 0}, one = {1, 0}, two = {2, 0};
  EXPECT_NEAR(log_split_evidence(none, kEven), 0, 1e-9);
  EXPECT_NEAR(log_split_evidence(one, kEven), 0, 1e-9);
  // Two persons in one arm: (k/2)(k/2 + 1) / (k (k + 1)) x 4 = (k + 2) / (k + 1), k = 5,000 and
  // 100.
  EXPECT_NEAR(log_split_evidence(two, kEven), std::log(0.9 * 5002 / 5001 + 0.1 * 102 / 101), 1e-9);
}

TEST(SplitAlarm, SeesWhatIsOffAndOnlyThat) {
  struct Row {
    std::array<std::uint64_t, 3> counts;
    std::array<double, 3> shares;
    bool alarm;
  };
  constexpr std::array<double, 3> kThirds = {1.0 / 3, 1.0 / 3, 1.0 / 3}, kHoldout = {.05, .45, .5};
  const Row rows[] = {{{1000, 1000, 1000}, kThirds, false}, {{1000, 1040, 960}, kThirds, false},
                      {{1000, 1300, 700}, kThirds, true},   {{500, 4500, 5000}, kHoldout, false},
                      {{900, 4300, 4800}, kHoldout, true},  {{0, 0, 40}, kThirds, true},
                      {{0, 0, 3}, kThirds, false}};
  for (const Row& row : rows)
    EXPECT_EQ(split_alarm(row.counts, row.shares), row.alarm) << row.counts[0];
}

// 49/51 instead of 50/50 at 100,000 persons, looked at once a day for 100 days: caught in 99 % or
// more. Of 300 runs 297; fewer than 291 would have a chance below .001 at 99 %.
TEST(SplitAlarm, CatchesOnePercentOffAtAHundredThousand) {
  int caught = 0;
  for (std::uint64_t run = 0; run < 300; ++run) {
    Random random(run + 31);
    std::array<std::uint64_t, 2> counts = {0, 0};
    bool alarm = false;
    for (int day = 0; day < 100 && !alarm; ++day) {
      const std::uint64_t first = binomial(1000, 0.49, random);
      counts[0] += first;
      counts[1] += 1000 - first;
      alarm = split_alarm(counts, kEven);
    }
    caught += alarm ? 1 : 0;
  }
  EXPECT_GE(caught, 291);
}

// A sound split looked at daily: at most .2 % of runs ever. Of 1,000 runs 2; 10 or more would have
// a chance below .0001. A chi-square test of 5 % at each look alarms in about 40 % of them.
TEST(SplitAlarm, SeldomAlarmsHoweverOftenOneLooks) {
  int alarms = 0;
  for (std::uint64_t run = 0; run < 1000; ++run) {
    Random random(run + 41);
    std::array<std::uint64_t, 2> counts = {0, 0};
    bool alarm = false;
    for (int day = 0; day < 100 && !alarm; ++day) {
      const std::uint64_t first = binomial(1000, 0.5, random);
      counts[0] += first;
      counts[1] += 1000 - first;
      alarm = split_alarm(counts, kEven);
    }
    alarms += alarm ? 1 : 0;
  }
  EXPECT_LT(alarms, 10);
}

}  // namespace
}  // namespace ante
