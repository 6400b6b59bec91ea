// Is the best thing to show different for different people, in a slot as it runs?
//
// In:   the log in commit order (LogConsumer) and the joiner's matured rows (RewardSink).
// Out:  LikingsSummary of a slot: the value of personalization with its verdict, what to do, and
//       that in one sentence. Part of the scale gauge: it asks whether there are readers and views
//       enough, and today's catalogue is not looked at.
//
// An arm is a topic: the first one of what was shown, the kLikingArmsMax seen by most persons in
// both halves. Single items come and go within days; hardly anybody meets one in two visits, and
// what a site would do for somebody is more of a topic. What has no topic is an arm of its own.
// An outcome counts as far as it differs from what the same item brings at the same place by
// others, and persons who do everything more often are no liking: both are fitted together (a
// person's and an item's effect) and taken off first. Else persons who came in a good week would
// look as if they liked what was shown then. Items seen by fewer than kShownPeopleMin are left out.
// One thread follows the log, the joiner first, whose sink this is; summary() by any thread.
// docs/decisions/0071-value-of-personalization.md, 0082-value-live.md.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/log_consumer.h"
#include "report/likings_fold.h"
#include "report/personalization_value.h"
#include "reward/reward_row.h"

namespace ante {

inline constexpr std::size_t kLikingArmsMax = 20;
inline constexpr std::size_t kShownPeopleMin = 10;

struct LikingsSummary {
  std::string slot;
  std::uint64_t people = 0;    // who are kept; value.persons of them count
  double each_stands_for = 1;  // for so many
  PersonalizationValue value;
  std::string sentence;
};

// `cost` of a view: none = 1 % of the best single. REQUIRES cost >= 0.
LikingsSummary summarize(const LikingsFold::SlotPeople& slot, std::string_view name,
                         std::optional<double> cost);
std::string to_json(const LikingsSummary& summary);

class Likings final : public LogConsumer, public RewardSink {
 public:
  Likings();
  ~Likings() override;

  // Of a slot that nothing is known of: zeros and "not yet".
  LikingsSummary summary(std::string_view slot, std::optional<double> cost) const;

  void matured(const RewardRow& row) override;

  std::string_view name() const override { return "likings"; }
  void consume(const CommittedRecord& record) override;
  std::string save() const override;
  Result<void> load(std::string_view bytes) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ante
