// Is what is stored whole, and does folding the log again give what is in RAM?
//
// In:   a store, or an engine that nobody writes to. Out: counts, what is damaged, what differs.
// Reads the whole log: slow.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/engine.h"
#include "base/result.h"

namespace ante {

struct LogCount {
  std::uint64_t values = 0, records = 0, events = 0, decisions = 0, activations = 0, rewards = 0,
                erased = 0;
};

// Every value of the log, its checksum and its sequences. kDataLoss names the first damage.
Result<LogCount> count_log(const Store& store);

// Folds the whole log into fresh folds and compares their saved states with the engine's:
// (name of the fold, equal). REQUIRES that nobody writes.
Result<std::vector<std::pair<std::string, bool>>> rebuild_and_compare(Engine& engine);

// Where an id is known: a decision, an item, a slot or key, a userId or anonymousId, or
// ROUTINGID/MESSAGEID for a stored message. As JSON; kNotFound: nowhere.
Result<std::string> find_id(Engine& engine, std::string_view id);

}  // namespace ante
