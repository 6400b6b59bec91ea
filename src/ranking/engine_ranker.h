// The ranker of the engine: sources → eligibility → first cut → features → value.
//
// Borrows the live statistics and the published weights; they outlive it. See ranker.h.

#pragma once

#include <memory>

#include "base/published.h"
#include "candidates/source.h"
#include "ranking/organic_model.h"
#include "ranking/ranker.h"
#include "ranking/value_model.h"

namespace ante {

class EngineRanker final : public Ranker {
 public:
  EngineRanker(const LiveItems& live, const Published<OrganicWeights>& organic,
               const Published<ValueModel>& values);

  RankedHand rank(const CandidateRequest& request, const Slot& slot,
                  std::span<const ItemKey> safe_default) const override;
  std::vector<ItemKey> best_for_everybody(const CandidateRequest& request,
                                          std::size_t places) const override;

  const CandidateSources& sources() const { return sources_; }

 private:
  const LiveItems& live_;
  const Published<OrganicWeights>& organic_;
  const Published<ValueModel>& values_;
  CandidateSources sources_;
};

}  // namespace ante
