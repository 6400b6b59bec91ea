#include "math/bounded_sequence.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace ante {
namespace {

constexpr double kBetMax = 0.5;

}  // namespace

BoundedSequence::BoundedSequence(double low, double high, double alpha)
    : low_(low), high_(high), alpha_(alpha) {
  CHECK(low < high && alpha > 0 && alpha < 1);
}

void BoundedSequence::add(double outcome) {
  CHECK(outcome >= low_ && outcome <= high_);
  const double x = (outcome - low_) / (high_ - low_);
  const auto before = static_cast<double>(n_) + 1;  // outcomes, with the one it begins as
  const double mean = sum_ / before, variance = squares_ / before;
  const double bet = std::min(
      kBetMax, std::sqrt(2 * std::log(2 / alpha_) / (variance * before * std::log1p(before))));
  bets_ += bet;
  weighted_ += bet * x;
  penalties_ += (x - mean) * (x - mean) * (-std::log1p(-bet) - bet);
  ++n_;
  sum_ += x;
  const double off = x - sum_ / (before + 1);
  squares_ += off * off;
}

void BoundedSequence::merge(const BoundedSequence& other) {
  CHECK(low_ == other.low_ && high_ == other.high_ && alpha_ == other.alpha_);
  n_ += other.n_;
  sum_ += other.sum_ - 0.5;
  squares_ += other.squares_ - 0.25;
  bets_ += other.bets_;
  weighted_ += other.weighted_;
  penalties_ += other.penalties_;
}

Interval BoundedSequence::interval() const {
  if (n_ == 0) return {low_, high_};
  const double middle = weighted_ / bets_;
  const double half = (std::log(2 / alpha_) + penalties_) / bets_;
  const double scale = high_ - low_;
  return {low_ + scale * std::clamp(middle - half, 0.0, 1.0),
          low_ + scale * std::clamp(middle + half, 0.0, 1.0)};
}

Interval bounded_difference(const BoundedSequence& treated, const BoundedSequence& control) {
  const Interval t = treated.interval(), c = control.interval();
  return {t.low - c.high, t.high - c.low};
}

}  // namespace ante
