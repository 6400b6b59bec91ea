// The bets as published objects: a fold of the control log, read by every decision.
//
// In:   objects of type "bet". Out: the bets of a slot that decide or watch, in their order.
// Two bets on one slot never share a person: the first whose audience they are in takes the
// decision, treated or not. First is which went live first, then the smaller id.
// consume() on the committer thread; everything else any thread.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/published.h"
#include "domain/bet.h"
#include "domain/bucketing.h"
#include "domain/decision.h"
#include "domain/log_consumer.h"
#include "profile/audience.h"

namespace ante {

using BetPointer = std::shared_ptr<const Bet>;

struct Bets {
  std::map<std::string, BetPointer, std::less<>> by_id;
  // By slot: shadow, small stake, open and banked ones, in their order.
  std::map<std::string, std::vector<BetPointer>, std::less<>> by_slot;
};

inline constexpr std::string_view kBetObjectType = "bet";
inline constexpr std::size_t kFoldedBetsMax = 2000;  // beyond, the oldest are in the log only

class BetTable final : public LogConsumer {
 public:
  std::shared_ptr<const Bets> get() const { return bets_.get(); }

  std::string_view name() const override { return "bets"; }
  void consume(const CommittedRecord& record) override;
  std::string save() const override;
  Result<void> load(std::string_view bytes) override;

 private:
  void publish(std::map<std::string, BetPointer, std::less<>> by_id);

  Published<Bets> bets_;
};

// The bet that this decision belongs to and what it makes of it; no bet: nothing. A bet that only
// watches is named where no other decides.
struct BetChoice {
  BetPointer bet;
  BetPart part;
};
BetChoice choose_bet(const Bets& bets, std::string_view slot, const AudienceQuestion& of,
                     PersonHash oldest_member, std::string_view salt,
                     const LeaveAloneAdvice* advice);

}  // namespace ante
