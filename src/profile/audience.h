// Whether a predicate holds for a person at this moment: a bet's audience, and whom it leaves out.
//
// Facts that have expired do not count; of facts of one name told beats imported. Pure; any thread.

#pragma once

#include "domain/predicate.h"
#include "domain/traits.h"
#include "profile/person_state.h"

namespace ante {

struct AudienceQuestion {  // borrowed for the call
  const PersonState& person;
  const Situation& situation;
  const Traits& traits;
  TimeMs now_ms = 0;
};

bool holds(const Predicate& predicate, const AudienceQuestion& of);

}  // namespace ante
