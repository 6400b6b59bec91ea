// Learns the organic model from every coming of a person to an item, before the live statistics
// take it in: what the model is asked later is what it was taught.
//
// In:   the log in commit order. REQUIRES to stand before LiveItems among the followers.
// Out:  published OrganicWeights.
//
// At most kComingsLearnedPerSecondMax a second of log time are learned from: a rule of the log
// alone, so a rebuild gives the same weights, bit for bit. Follower thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/published.h"
#include "candidates/source.h"
#include "domain/log_consumer.h"
#include "ranking/organic_model.h"

namespace ante {

inline constexpr std::uint32_t kComingsLearnedPerSecondMax = 500;

class OrganicLearner final : public LogConsumer {
 public:
  // Borrowed; both outlive the learner.
  OrganicLearner(const LiveItems& live, Published<OrganicWeights>& published);

  std::string_view name() const override { return "organic"; }
  void consume(const CommittedRecord& record) override;
  void commit_consumed(Commit commit) override;  // publishes when something was learned
  std::string save() const override;
  Result<void> load(std::string_view bytes) override;

 private:
  const LiveItems& live_;
  Published<OrganicWeights>& published_;
  CandidateSources sources_;
  Pool pool_;
  OrganicTrainer trainer_;
  std::uint64_t published_steps_ = 0;
  std::uint32_t second_ = 0, learned_in_second_ = 0;
};

}  // namespace ante
