// Who is better left alone, bet by bet: learned from each bet's own comparison, read by decisions.
//
// In:   persons as they are counted in the trials of bets (LiftListener), on the thread that
//       consumes the log. Out: exclusion() for any thread.
// A model is made anew at the end of a commit when its persons have grown by kRefitGrowth since the
// last. What is kept is exact sums (learning/uplift.h), saved with the lift.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/published.h"
#include "domain/bet.h"
#include "learning/uplift.h"
#include "report/lift_fold.h"

namespace ante {

inline constexpr double kRefitGrowth = 0.05;

class Uplifts final : public LiftListener, public LeaveAloneAdvice {
 public:
  void counted(const Trial& trial, const LiftUnit& unit) override;
  void changed(const Trial& trial, const LiftUnit& unit, std::int64_t micros_before) override;
  // Makes the models that are due. The slots say what a contact costs there.
  void refit(const SlotGoals& slots);

  Exclusion exclusion(std::string_view bet, const Traits& traits) const override;

  void save(std::string& bytes) const;
  Result<void> load(std::string_view bytes);

 private:
  struct Learner {
    UpliftLearner learner;
    std::uint64_t persons = 0, fitted_persons = 0;
  };
  struct Advice {
    UpliftModel model;
    double contact_cost = 0;
  };
  using AdviceMap = std::map<BetKey, std::shared_ptr<const Advice>>;

  std::map<Trial, Learner> learners_;
  Published<AdviceMap> advice_;
};

}  // namespace ante
