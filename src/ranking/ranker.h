// From person and situation to a scored hand: candidates, first cut, full value model.
//
// In:   a request and a slot; live item statistics and the value model, as published.
// Out:  at most kHandItemsMax scored items, best first, with calibrated probability, its standard
//       deviation and the quantised features the learner will train on.
//
// rank() is const and may be called by any thread; scratch memory is thread-local.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "candidates/candidate.h"
#include "domain/decision.h"
#include "domain/slot.h"

namespace ante {

class LiveItems;   // candidates/live_items.h: trending, item graph, new: a fold of the log
class ValueModel;  // ranking/value_model.h: immutable, versioned, checksummed

struct ScoredItem {
  Candidate candidate;
  float probability = 0;  // calibrated P(goal | shown at the best place)
  float sd = 0;           // standard deviation of `probability`
  float misfit = 0;       // the part of `sd` that learning cannot make smaller, <= sd
  float common = 0;       // the part of `sd` that errs for the whole hand alike; both fit in `sd`
  QuantisedFeatures features{};
};

struct RankedHand {
  std::vector<ScoredItem> items;      // best first, ties by item key
  std::vector<ScoredItem> safe;       // the safe default's items that the catalogue knows, in order
  std::uint32_t candidate_count = 0;  // eligible, before the cut
  Hash128 rest_digest;                // of the candidates that did not fit
  Removed removed;
  Rung rung = Rung::kEverybody;
  std::uint64_t model_version = 0;  // 0 = no model yet: ranked by the organic score
};

class Ranker {
 public:
  virtual ~Ranker() = default;
  // `safe_default` is scored with the same eyes, beside the hand, whether eligible or not.
  virtual RankedHand rank(const CandidateRequest& request, const Slot& slot,
                          std::span<const ItemKey> safe_default) const = 0;
  // The best single action so far: what everybody would get, best first. Never personal.
  virtual std::vector<ItemKey> best_for_everybody(const CandidateRequest& request,
                                                  std::size_t places) const = 0;
  // What is looked at most now, by decayed counts alone, best first. Never personal.
  virtual std::vector<ItemKey> trending(const CandidateRequest& request, std::size_t places) const {
    return best_for_everybody(request, places);  // of who counts nothing else
  }
};

}  // namespace ante
