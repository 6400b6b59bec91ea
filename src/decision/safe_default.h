// The safe default: what is shown when no bet is placed, and in the holdout always.
//
// The editor's list in its order, less what cannot be had now, filled up by the best single action
// so far. The same for everybody but for what a person refused: items and topics they said "not
// for me" to, and what they just bought, are left out, in every arm alike. So the arms differ in
// nothing but the bet. Pure function; any thread.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "candidates/candidate.h"
#include "domain/slot.h"
#include "ranking/ranker.h"

namespace ante {

// At most `places` items, none twice. Items the caller supplied, if any, are the only ones.
// Where the request does not use the profile only what the person hid is left out.
std::vector<ItemKey> safe_default_of(const CandidateRequest& request, const Slot& slot,
                                     const Ranker& ranker, std::size_t places);

// Everybody's best single actions so far, whatever the editor's list says: what a control gets.
std::vector<ItemKey> best_single_of(const CandidateRequest& request, const Ranker& ranker,
                                    std::size_t places);
// What is looked at most now; filled up by the best single actions.
std::vector<ItemKey> trending_of(const CandidateRequest& request, const Ranker& ranker,
                                 std::size_t places);
// The first of `keys` that this person may be shown, by the same rules.
std::vector<ItemKey> allowed_of(const CandidateRequest& request, std::span<const ItemKey> keys,
                                std::size_t places);

}  // namespace ante
