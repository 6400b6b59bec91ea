#include "decision/stake_ledger.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "math/statistics.h"

namespace ante {

namespace {

constexpr int kHalvings = 12;  // until the stake is known to a few ten-thousandths

}  // namespace

StakeLedger::StakeLedger(const StakeLedgerOptions& options) : options_(options) {
  CHECK(options.allowed_loss > 0 && options.allowed_loss < 1);
  CHECK(options.confidence > 0 && options.confidence < 1);
  CHECK(options.stake_max >= 0 && options.stake_max < 1 && options.rewards_planned >= 1);
}

double StakeLedger::default_mean() const {
  return default_rounds_ > 0 ? default_rewards_ / default_rounds_ : 0;
}

double StakeLedger::reward_square() const {
  const auto rewards = static_cast<double>(rewarded_bets_ + rewarded_defaults_);
  return rewards > 0 ? reward_squares_ / rewards : 0;
}

// Of the sum, where its variance is `squares`: that of so many rewards of mean square.
double StakeLedger::half_width(double squares) const {
  const double unit = reward_square();
  if (!(squares > 0 && unit > 0)) return 0;
  const double n = squares / unit;
  // One-sided: the two-sided sequence at twice the error.
  return n * std::sqrt(unit) *
         sequence_half_width(n, options_.rewards_planned, 2 * (1 - options_.confidence));
}

double StakeLedger::slack() const {
  if (rewarded_bets_ < kEvidenceMin || rewarded_defaults_ < kEvidenceMin)
    return -std::numeric_limits<double>::infinity();
  return sum_ - half_width(squares_);
}

// Whether `left` would last for the rounds that are planned with this stake, if bets earned what
// the default does.
bool StakeLedger::holds_on(double stake, double left) const {
  const double rounds = kPlannedShare * static_cast<double>(settled_);
  const double off = stake - options_.allowed_loss;
  // As if rewards were of one size.
  const double square_a_round = default_mean() * std::sqrt(reward_square());
  const double more = rounds * square_a_round * (stake + off * off / (1 - stake));
  return left + rounds * options_.allowed_loss * default_mean() >=
         half_width(squares_ + more) - half_width(squares_);
}

double StakeLedger::stake() const {
  const auto after = static_cast<double>(rounds_ + 1);
  const bool certain =
      static_cast<double>(bets_ + 1) <= kCertainShare * options_.allowed_loss * after;
  const double mean = default_mean();
  // Open bets and the next one may each cost a whole default.
  const double left = slack() - static_cast<double>(bets_open_ + 1) * mean;
  const double stake = certain ? std::min(options_.allowed_loss, options_.stake_max) : 0;
  if (!(left >= 0 && mean > 0)) return stake;
  if (holds_on(options_.stake_max, left)) return options_.stake_max;
  double low = 0, high = options_.stake_max;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (holds_on(middle, left) ? low : high) = middle;
  }
  return std::max(stake, low);
}

void StakeLedger::draw(bool bet) {
  ++rounds_;
  bets_ += bet ? 1 : 0;
  bets_open_ += bet ? 1 : 0;
}

void StakeLedger::withdraw(bool bet) {
  CHECK(settled_ < rounds_ && (!bet || bets_open_ > 0));
  --rounds_;
  bets_ -= bet ? 1 : 0;
  bets_open_ -= bet ? 1 : 0;
}

void StakeLedger::save(ByteWriter& out) const {
  for (const std::uint64_t n :
       {rounds_, bets_, settled_, bets_open_, rewarded_bets_, rewarded_defaults_})
    out.varint(n);
  for (const double sum : {sum_, squares_, reward_squares_, default_rewards_, default_rounds_})
    out.f64(sum);
}

bool StakeLedger::load(ByteReader& in) {
  for (std::uint64_t* n :
       {&rounds_, &bets_, &settled_, &bets_open_, &rewarded_bets_, &rewarded_defaults_})
    *n = in.varint();
  for (double* sum : {&sum_, &squares_, &reward_squares_, &default_rewards_, &default_rounds_}) {
    *sum = in.f64();
    if (!std::isfinite(*sum)) return false;
  }
  return in.ok() && settled_ <= rounds_ && bets_open_ <= bets_ && bets_ <= rounds_;
}

void StakeLedger::settle(double stake, bool bet, double reward) {
  CHECK(std::isfinite(reward) && reward >= 0);
  CHECK(stake >= 0 && stake <= options_.stake_max && settled_ < rounds_);
  CHECK(!bet || (bets_open_ > 0 && stake > 0));
  ++settled_;
  reward_squares_ += reward * reward;
  double z = 0;
  if (bet) {
    --bets_open_;
    rewarded_bets_ += reward > 0 ? 1 : 0;
    z = reward;
  } else {
    rewarded_defaults_ += reward > 0 ? 1 : 0;
    default_rewards_ += reward / (1 - stake);
    default_rounds_ += 1 / (1 - stake);
    z = -reward * (stake - options_.allowed_loss) / (1 - stake);
  }
  sum_ += z;
  // The draw itself moves the true gain by (B - p) of it, at most a default.
  const double off = (bet ? 1 - stake : -stake) * default_mean();
  squares_ += z * z + off * off;
}

}  // namespace ante
