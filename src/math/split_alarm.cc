#include "math/split_alarm.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"

namespace ante {
namespace {

struct SharesPrior {
  double probability, persons;
};
constexpr std::array kPriors = {SharesPrior{0.9, 5000}, SharesPrior{0.1, 100}};

double log_bayes_factor(std::span<const std::uint64_t> counts, std::span<const double> shares,
                        double prior_persons) {
  double all = 0, sum = 0;
  for (std::size_t a = 0; a < counts.size(); ++a) {
    const auto n = static_cast<double>(counts[a]);
    const double prior = prior_persons * shares[a];
    sum += std::lgamma(prior + n) - std::lgamma(prior) - n * std::log(shares[a]);
    all += n;
  }
  return sum + std::lgamma(prior_persons) - std::lgamma(prior_persons + all);
}

}  // namespace

double log_split_evidence(std::span<const std::uint64_t> counts, std::span<const double> shares) {
  CHECK(counts.size() == shares.size() && counts.size() >= 2);
  double total = 0;
  for (const double share : shares) {
    CHECK(share > 0);
    total += share;
  }
  CHECK(std::abs(total - 1) < 1e-9);
  std::array<double, kPriors.size()> logs{};
  for (std::size_t i = 0; i < kPriors.size(); ++i)
    logs[i] =
        std::log(kPriors[i].probability) + log_bayes_factor(counts, shares, kPriors[i].persons);
  const double largest = *std::ranges::max_element(logs);
  double sum = 0;
  for (const double log : logs) sum += std::exp(log - largest);
  return largest + std::log(sum);
}

bool split_alarm(std::span<const std::uint64_t> counts, std::span<const double> shares,
                 double level) {
  CHECK(level > 0 && level < 1);
  return log_split_evidence(counts, shares) >= -std::log(level);
}

}  // namespace ante
