// The one definition of a person's traits: which coarse levels they and the moment have.
//
// In:   a person's (merged) state, what is known of the request, the moment of deciding.
// Out:  levels of domain/traits.h, for the record of a decision and so for whoever learns from it.
//
// Pure; any thread. A glance over the person's lists: well under a microsecond for most people.

#pragma once

#include "base/clock.h"
#include "domain/decision.h"
#include "domain/traits.h"
#include "profile/person_state.h"

namespace ante {

// Classes that are not among the levels are "unknown"; hours above 23 begin again at 0; weekdays
// are counted from Sunday = 0, and all but 0 and 6 are workdays.
//
// Recency is the time since the last visit before the one the person is in now: "now" when there
// was none. Within a visit the state no longer says when the one before ended, so it is taken from
// the newest thing remembered of it (an item, a topic, something shown), and where nothing is, from
// when the person was first seen: never too short, sometimes too long. A moment before that time
// (clocks differ) counts as 0 later.
// ENSURES valid(result).
Traits traits_of(const PersonState& state, const Situation& situation, TimeMs now_ms);

}  // namespace ante
