#include "candidates/eligibility.h"

#include <algorithm>

namespace ante {

Eligibility can_be_shown(const ItemCard& item, TimeMs now_ms) {
  if (item.withdrawn) return Eligibility::kWithdrawn;
  if (item.valid_until_ms <= now_ms || item.valid_from_ms > now_ms) return Eligibility::kExpired;
  if (item.sold_out) return Eligibility::kSoldOut;
  return Eligibility::kEligible;
}

EligibilityCheck::EligibilityCheck(const CandidateRequest& request, const PersonFeatures* person)
    : request_(request),
      person_(person),
      excluded_(request.exclude.begin(), request.exclude.end()) {
  std::sort(excluded_.begin(), excluded_.end());
}

Eligibility EligibilityCheck::check(const ItemCard* item) const {
  if (item == nullptr) return Eligibility::kUnknown;
  if (const Eligibility all = can_be_shown(*item, request_.now_ms); all != Eligibility::kEligible)
    return all;
  if (item->key == request_.situation.item) return Eligibility::kExcluded;  // it is on the page
  if (!excluded_.empty() && std::binary_search(excluded_.begin(), excluded_.end(), item->key)) {
    return Eligibility::kExcluded;
  }
  if (!request_.capped.empty() && std::ranges::binary_search(request_.capped, item->key)) {
    return Eligibility::kCapped;
  }
  if (person_ == nullptr) return Eligibility::kEligible;
  if (refuses_topic_of(*item)) return Eligibility::kHidden;
  if (person_->is_new(item->key, item->group)) return Eligibility::kEligible;
  if (person_->is_hidden(item->key, item->group)) return Eligibility::kHidden;
  const bool may_repeat = !item->one_per_person && (item->repeatable || request_.consumes_bought);
  if (!may_repeat && person_->is_bought(item->key, item->group)) return Eligibility::kBought;
  return Eligibility::kEligible;
}

// The item itself is read only where there is something to refuse.
bool EligibilityCheck::refuses_topic_of(const ItemCard& item) const {
  return !person_->state().hidden_topics.empty() && person_->refuses(item.item->topic_keys);
}

void count(Removed& removed, Eligibility why) {
  switch (why) {
    case Eligibility::kEligible:
      break;
    case Eligibility::kUnknown:
      ++removed.unknown;
      break;
    case Eligibility::kWithdrawn:
      ++removed.withdrawn;
      break;
    case Eligibility::kExpired:
      ++removed.expired;
      break;
    case Eligibility::kSoldOut:
      ++removed.sold_out;
      break;
    case Eligibility::kBought:
      ++removed.bought;
      break;
    case Eligibility::kHidden:
      ++removed.hidden;
      break;
    case Eligibility::kExcluded:
      ++removed.excluded;
      break;
    case Eligibility::kCapped:
      ++removed.capped;
      break;
  }
}

}  // namespace ante
