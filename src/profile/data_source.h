// What belongs to each source of data, and a person and a moment with one source left out.
//
// In:   what is known of a person, or of the request. Out: a copy in which the source is empty, so
//       that whatever reads it, candidates, ranking or a bet's audience, does not look at it.
//
//   told       pins, topics followed or asked for more of, facts they told (answers)
//   noticed    what they came to, searched for and how often; interest in topics; guessed facts
//   imported   facts that came from outside
//   situation  the request's page, search, device, referrer, task, hour and day
//
// Guards serve the person and stay in every copy: what they hid, refused (told interest below 0,
// "not for me") or bought, how often something was shown unanswered, how tired of us they are,
// consent and pause. Pure; any thread. docs/decisions/0081-ablation.md.

#pragma once

#include "domain/decision.h"
#include "profile/person_state.h"

namespace ante {

PersonState without(const PersonState& state, DataSource source);

// Without it the hour is kHourUnknown, and the day a workday.
Situation without(const Situation& situation, DataSource source);

}  // namespace ante
