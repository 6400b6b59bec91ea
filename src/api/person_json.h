// A person as JSON: what is known, how it is known, and everything that is stored.
//
// append_person() is pure. append_person_export() reads the log of the person's partitions: slow.

#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/engine.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "profile/profile_store.h"

namespace ante {

inline constexpr std::size_t kExportBytesMax = 256u << 20;

using Members = std::vector<std::pair<PersonHash, std::optional<RoutingId>>>;

// {"id", "ids", "facts", "interests", "recent", "bought", "hidden", "pinned", "consent", …}
void append_person(std::string& out, const PersonView& person, const Members& members,
                   const CatalogView& catalog);

// The person, then each of their records, one JSON object a line. kUnavailable: beyond
// kExportBytesMax.
Result<void> append_person_export(std::string& out, Engine& engine, PersonHash person);

}  // namespace ante
