// Why an item is shown to a person, in one or two sentences with the kind of knowledge behind them.
//
// In:   the item, what is known of the person, which sources proposed it. Out: short sentences,
// strongest knowledge first: told, noticed, guessed, imported. Pure; any thread.

#pragma once

#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "domain/decision.h"
#include "domain/event.h"
#include "profile/person_state.h"

namespace ante {

inline constexpr std::size_t kWhysMax = 3;

struct Why {
  Provenance kind = Provenance::kGuessed;
  std::string text;
};

// `person` null: nothing of the person was used. `sources`: as in HandItem; 0 = not in the hand.
std::vector<Why> whys_of(const Item& item, const PersonState* person, SourceBits sources,
                         bool is_safe_default, const CatalogView& catalog);

}  // namespace ante
