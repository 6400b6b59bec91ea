// The stake ledgers of the slots that promise to lose at most a share of the safe default: what may
// be risked in the next decision, from what was risked and what came of it.
//
// In:   the log in commit order (decisions that the policy drew and that were shown, slots) and
//       their matured rows (RewardSink). Out: permitted(): the stake of each such slot.
// Bets that somebody placed are not in it: they risk their own stake, against their own control.
// A decision that never has rows (it was not shown, or came too late) is taken back after
// kLedgerWaitMs. The stake that decisions see is that of the last commit: what is under way
// meanwhile is charged when it is committed. A slot whose allowed loss changes begins anew.
// matured() and consume() on one thread; permitted() by any. decision/stake_ledger.h has the rule.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/published.h"
#include "decision/decision_engine.h"
#include "decision/stake_ledger.h"
#include "domain/log_consumer.h"
#include "reward/joiner.h"
#include "reward/reward_row.h"
#include "reward/slot_goals.h"

namespace ante {

inline constexpr DurationMs kLedgerWaitMs = kActivationWaitMs + 31 * kDayMs;  // longest window

class StakeLedgers final : public RewardSink, public LogConsumer {
 public:
  const Published<PermittedStakes>& permitted() const { return permitted_; }

  void matured(const RewardRow& row) override;

  std::string_view name() const override { return "stake-ledgers"; }
  void consume(const CommittedRecord& record) override;
  void commit_consumed(Commit commit) override;
  std::string save() const override;
  Result<void> load(std::string_view bytes) override;

 private:
  struct Book {
    double allowed_loss = 0;
    StakeLedger ledger;
  };
  struct Round {
    SlotKey slot;
    double stake = 0;
    bool bet = false, matured = false;
    double reward = 0;
  };
  void change_slots();
  void draw(const Decision& decision);
  void settle(const Round& round);
  void publish();

  SlotGoals slots_;
  std::map<SlotKey, Book> books_;
  std::map<DecisionId, Round> rounds_;  // by time; at most kPendingDecisionsMax wait
  std::vector<DecisionId> matured_;     // since the last commit
  Published<PermittedStakes> permitted_;
};

}  // namespace ante
