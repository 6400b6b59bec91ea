// A candidate: an item some source proposes and every guard allows, for one request.
//
// In:   the person, the catalogue, the situation, and the live statistics of the sources.
// Out:  at most `limit` eligible candidates, each once, with the sources that proposed it.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "catalog/catalog.h"
#include "domain/decision.h"
#include "domain/ids.h"
#include "profile/profile_store.h"

namespace ante {

inline constexpr std::size_t kSuppliedCandidatesMax = 500;
inline constexpr std::size_t kExcludedItemsMax = 2000;

struct Candidate {
  ItemIndex index;
  ItemKey key, group;  // group: of its variants, 0 = none
  SourceBits sources = 0;
  float source_score = 0;  // the sum of what the sources said; only for the first cut
};

// What eligibility removed, by reason; for explain and metrics.
struct Removed {
  std::uint32_t withdrawn = 0, expired = 0, sold_out = 0, bought = 0, hidden = 0, excluded = 0,
                unknown = 0, capped = 0;
};

struct CandidateRequest {
  const PersonView& person;
  const CatalogView& catalog;
  const Situation& situation;
  TimeMs now_ms = 0;
  bool use_profile = true;            // false: only situation and popularity (no consent, paused)
  bool consumes_bought = false;       // Slot::consumes_bought
  std::span<const ItemKey> supplied;  // the caller's hand: when not empty, nothing else is proposed
  std::span<const ItemKey> exclude;
  std::span<const ItemKey> capped;  // sorted: shown to them often enough for now
};

}  // namespace ante
