// The stake ledger: bets may cost at most a share of what the safe default would have earned.
//
// In:   each round's draw (bet or safe default, with the stake it was drawn with) and, later, its
//       reward. Out: the stake of the next round.
//
// Kept, with confidence, at every round t at once:
//   sum of mean rewards of what was played >= (1 - allowed_loss) x that of the safe default.
// A bet is allowed when the worst that it can cost (the whole default, since rewards are not
// negative) leaves this true by one of two bounds:
//   certain: bets played <= kCertainShare x allowed_loss x rounds. No reward needs to be known;
//   true
//     while the default would earn, where bets are played, at most 1 / kCertainShare of its mean.
//   by evidence: the sum of Z = B r - (1 - B) r (p - allowed_loss) / (1 - p), with B = bet, p =
//   stake,
//     estimates sum of [gain of the bets + allowed_loss x default] without bias from the draws
//     alone; its lower confidence sequence counts once both sides have kEvidenceMin rewards.
// By evidence the stake is the largest with which the bound would still hold after half as many
// rounds again as there were, if bets earned in them no more than the default: what is allowed is
// spent where it teaches most, for noise grows with p^2 / (1 - p) (conservative bandits: Kazerouni
// et al. 2017, Garcelon et al. 2020; the bound is Waudby-Smith et al. 2024, its time the variance).
// The evidence assumes nothing of how rewards move over time. Bets whose reward is not settled are
// charged in full. Pure arithmetic, no clock, no draw. One thread.
// Why so: docs/decisions/0061-stake-ledger.md, 0067-what-differs-and-what-may-be-spent.md.

#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace ante {

struct StakeLedgerOptions {
  double allowed_loss = 0.05;   // share of the safe default's reward; in (0, 1)
  double confidence = 0.95;     // that the promise holds at every round; in (0, 1)
  double stake_max = 0.9;       // the rest is always the safe default, or nothing could be learned
  double rewards_planned = 50;  // variance, in rewards, at which the bound is narrowest, relatively
};

class StakeLedger {
 public:
  static constexpr std::uint64_t kEvidenceMin = 3;  // settled rounds with a reward, on each side
  static constexpr double kCertainShare = 0.5;
  static constexpr double kPlannedShare = 0.5;  // of the rounds so far: how far the stake looks

  // REQUIRES options within their ranges.
  explicit StakeLedger(const StakeLedgerOptions& options);

  // The probability with which the next round may bet. 0: no bet can be afforded now.
  // ENSURES 0 <= stake <= stake_max.
  double stake() const;

  // A round was drawn with the stake of the last stake().
  void draw(bool bet);

  // The round will never have a reward: it was not shown. As if it had not been drawn.
  void withdraw(bool bet);

  // Its reward is known: as drawn, with the stake it was drawn with. In any order.
  // REQUIRES reward >= 0 and finite, 0 <= stake <= stake_max, a draw() for each settle().
  void settle(double stake, bool bet, double reward);

  // Lower confidence bound of [gain of settled bets + allowed_loss x default of settled rounds], in
  // the unit of reward; minus infinity without enough evidence.
  double slack() const;
  std::uint64_t rounds() const { return rounds_; }
  std::uint64_t bets() const { return bets_; }

  void save(ByteWriter& out) const;
  // False: the bytes are damaged.
  bool load(ByteReader& in);

 private:
  double default_mean() const;
  double reward_square() const;  // mean square of the rewards above 0
  double half_width(double squares) const;
  bool holds_on(double stake, double left) const;

  StakeLedgerOptions options_;
  std::uint64_t rounds_ = 0, bets_ = 0;        // drawn
  std::uint64_t settled_ = 0, bets_open_ = 0;  // settled; bets drawn and not settled
  std::uint64_t rewarded_bets_ = 0, rewarded_defaults_ = 0;
  double sum_ = 0, squares_ = 0;                     // of Z
  double reward_squares_ = 0;                        // of settled rewards
  double default_rewards_ = 0, default_rounds_ = 0;  // (1 - B) r / (1 - p) and (1 - B) / (1 - p)
};

}  // namespace ante
