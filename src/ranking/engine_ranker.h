// The ranker of the engine: sources → eligibility → first cut → features → value.
//
// Borrows the live statistics and the published weights; they outlive it. See ranker.h.

#pragma once

#include <memory>

#include "base/published.h"
#include "candidates/source.h"
#include "ranking/organic_model.h"
#include "ranking/popularity_table.h"
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
  std::vector<ItemKey> trending(const CandidateRequest& request, std::size_t places) const override;

  const CandidateSources& sources() const { return sources_; }

 private:
  // The best single actions at one moment: the same for all, so made once for many requests.
  struct Everybody {
    std::uint32_t now_s = 0;
    std::uint64_t catalog_version = 0, comings = 0;
    std::vector<ItemKey> best;
  };
  Everybody rank_for_everybody(const CandidateRequest& request, std::uint32_t now_s) const;

  const LiveItems& live_;
  const Published<OrganicWeights>& organic_;
  const Published<ValueModel>& values_;
  CandidateSources sources_;
  mutable Published<Everybody> everybody_;
  PopularityTables popularity_;
};

}  // namespace ante
