// What may be shown to this person now. Sources propose; this decides, once, for every source.
//
// Forbidden items are removed before any probability is computed, never floored.
// Pure; one object a request.

#pragma once

#include <cstdint>
#include <vector>

#include "candidates/candidate.h"
#include "profile/features.h"

namespace ante {

enum class Eligibility : std::uint8_t {
  kEligible,
  kUnknown,
  kWithdrawn,
  kExpired,
  kSoldOut,
  kBought,
  kHidden,
  kExcluded,
  kCapped,
};

// Can anybody be shown it: withdrawn, expired or not yet valid, sold out.
Eligibility can_be_shown(const ItemCard& item, TimeMs now_ms);

class EligibilityCheck {
 public:
  // `person` null: only what holds for everybody. Borrowed; must outlive the check.
  EligibilityCheck(const CandidateRequest& request, const PersonFeatures* person);

  // `item` null = not in the catalogue.
  Eligibility check(const ItemCard* item) const;

 private:
  bool refuses_topic_of(const ItemCard& item) const;

  const CandidateRequest& request_;
  const PersonFeatures* person_;
  std::vector<ItemKey> excluded_;  // sorted
};

void count(Removed& removed, Eligibility why);

}  // namespace ante
