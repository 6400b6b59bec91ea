// Traits of a person, as facts. Pure functions; any thread.

#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "domain/event.h"
#include "events/message.h"

namespace ante {

inline constexpr std::size_t kTraitBytesMax = 1000;  // one trait's value as JSON

// Scalars and arrays of scalars become facts; objects and what says who somebody is or where they
// can be reached (e-mail, telephone, names, addresses) do not: the log holds no raw identity.
// Refused: a value over kTraitBytesMax, a name over kFactNameBytesMax or of our own ("ante.…"),
// more than kPersonFactsMax facts.
std::optional<Refusal> read_traits(const std::optional<JsonElement>& traits, Provenance provenance,
                                   TimeMs at_ms, std::vector<Fact>& facts);

// "Answer Given" {questionId, value}: a told fact `answer.<questionId>`.
std::optional<Refusal> read_answer(const std::optional<JsonElement>& properties, TimeMs at_ms,
                                   std::vector<Fact>& facts);

}  // namespace ante
