#include "math/false_discovery.h"

#include <limits>

#include <gtest/gtest.h>

#include "base/random.h"
#include "math/statistics.h"

namespace ante {
namespace {

TEST(FalseDiscovery, MatchesValuesByHand) {
  struct Row {
    std::vector<double> p, q;
  };
  const Row rows[] = {
      {{}, {}},
      {{0.03}, {0.03}},
      {{0, 1}, {0, 1}},
      {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}},
      {{0.01, 0.02, 0.03, 0.04, 0.05}, {0.05, 0.05, 0.05, 0.05, 0.05}},
      {{0.04, 0.001, 0.8, 0.01}, {0.04 * 4 / 3, 0.004, 0.8, 0.02}},
      {{0.9, 0.95, 1}, {1, 1, 1}},
      {{0.0001, 0.0004, 0.0019, 0.0095, 0.0201}, {0.0005, 0.001, 0.0019 * 5 / 3, 0.011875, 0.0201}},
  };
  for (const Row& row : rows) {
    const std::vector<double> q = false_discovery_q(row.p);
    ASSERT_EQ(q.size(), row.q.size());
    for (std::size_t i = 0; i < q.size(); ++i) EXPECT_NEAR(q[i], row.q[i], 1e-12) << i;
  }
}

TEST(FalseDiscovery, NeverBelowPAndNeverOutOfOrder) {
  Random random(5);
  for (int run = 0; run < 200; ++run) {
    std::vector<double> p(1 + random.below(40));
    for (double& each : p) each = random.below(4) == 0 ? 0.25 : random.uniform();
    const std::vector<double> q = false_discovery_q(p);
    for (std::size_t i = 0; i < p.size(); ++i) {
      EXPECT_GE(q[i], p[i]);
      EXPECT_LE(q[i], 1);
      for (std::size_t j = 0; j < p.size(); ++j) {
        if (p[i] <= p[j]) {
          EXPECT_LE(q[i], q[j]);
        }
      }
    }
  }
}

// 2,000 families of 30, of which 0, 6 or 20 are real (3 standard errors away). Without the
// correction, half of the discoveries are false in the first two kinds of families at .10.
TEST(FalseDiscovery, KeepsTheShareOfFalseOnes) {
  constexpr std::size_t kFamilies = 2000, kTests = 30;
  constexpr double kRate = 0.10;
  for (const std::size_t real : {std::size_t{0}, std::size_t{6}, std::size_t{20}}) {
    Random random(11 + real);
    double share = 0, found = 0;
    for (std::size_t family = 0; family < kFamilies; ++family) {
      std::vector<double> p(kTests);
      for (std::size_t i = 0; i < kTests; ++i)
        p[i] = 2 * normal_cdf(-std::abs(random.normal() + (i < real ? 3 : 0)));
      const std::vector<double> q = false_discovery_q(p);
      double wrong = 0, right = 0;
      for (std::size_t i = 0; i < kTests; ++i) (i < real ? right : wrong) += q[i] <= kRate ? 1 : 0;
      if (wrong + right > 0) share += wrong / (wrong + right) / kFamilies;
      found += right / kFamilies;
    }
    EXPECT_LE(share, kRate + 0.02) << real;  // its standard error is below .007
    EXPECT_GE(found, 0.6 * static_cast<double>(real)) << real;
  }
}

TEST(FalseDiscoveryDeathTest, RefusesWhatIsNoP) {
  for (const double bad : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    const std::vector<double> p = {0.5, bad};
    EXPECT_DEATH(static_cast<void>(false_discovery_q(p)), "each >= 0");
  }
}

}  // namespace
}  // namespace ante
