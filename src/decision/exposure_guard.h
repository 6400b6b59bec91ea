// The hard limit on repetition: an item is shown to a person so often without an answer, and no
// more, however many requests come at once.
//
// In:   decisions as they are made (keep) and as they are committed (LogConsumer, on the committer
//       thread). Out: which items stand at the limit for this person, now.
// What is committed is counted in the person's state (profile/unanswered.h); what is on its way
// there is counted here. An ExposureTurn is held from the look to the keeping, so the decisions of
// one person are made one after another. A deferred decision counts while it may still be
// activated, at most kReservedMs; then only if it was. Any thread, one turn a thread. At most
// kReservedPerShardMax decisions wait in each of 1024 shards; beyond, the oldest is forgotten.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "domain/decision.h"
#include "domain/log_consumer.h"
#include "profile/person_state.h"

namespace ante {

inline constexpr DurationMs kReservedMs = 30 * kMinuteMs;
inline constexpr std::size_t kReservedPerShardMax = 1000;

class ExposureGuard final : public LogConsumer {
 public:
  ExposureGuard();
  ~ExposureGuard() override;

  // Stands after the fold of people: what it drops is in their state.
  std::string_view name() const override { return "exposure-guard"; }
  void consume(const CommittedRecord& record) override;
  std::string save() const override { return {}; }  // nothing that outlives the process
  Result<void> load(std::string_view) override { return {}; }

  struct Shard;  // of people
  Shard& shard_of(PersonHash oldest_member);

 private:
  std::unique_ptr<Shard[]> shards_;
};

// A decision about a person, from the look at what they were shown to the keeping of what they are
// shown now. Others who decide for the same person wait.
class ExposureTurn {
 public:
  ExposureTurn(ExposureGuard& guard, PersonHash oldest_member);

  // Items that may not be shown again in this window, sorted. `state` must have been read since
  // the turn began. REQUIRES 1 <= exposures, 1 <= days <= kRepeatDaysMax.
  std::vector<ItemKey> at_limit(const PersonState& state, TimeMs now_ms, unsigned exposures,
                                unsigned days) const;
  // Whether a decision that is on its way to the journal puts a question to them.
  bool is_asked() const;
  // The decision's record is on its way to the journal.
  void keep(const Decision& decision);

 private:
  ExposureGuard::Shard& shard_;
  PersonHash oldest_;
  MutexLock turn_;
};

}  // namespace ante
