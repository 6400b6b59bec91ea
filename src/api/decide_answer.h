// A decision as the JSON that answers /v1/decide, and as the longer one that explains it.
//
// Written straight into the output string; nothing is built in between. Pure; any thread.

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "catalog/catalog.h"
#include "decision/decision_engine.h"
#include "profile/person_state.h"

namespace ante {

struct DecideView {
  const DecideAnswer& answer;
  const Slot* slot = nullptr;           // for ids of safe items the catalogue does not know
  const PersonState* person = nullptr;  // for the reasons; null: not used
  std::span<const std::string_view> source_names;
  bool explain = false;
  double took_ms = 0;
};

void append_decide_answer(std::string& out, const DecideView& view);

// The members that explain: hand, exploitRanking, removed, reasons, branches.
void append_explanation(JsonWriter& json, const Decision& decision,
                        const std::vector<ItemKey>& exploit_ranking, const Removed* removed,
                        const CatalogView& catalog, const Slot* slot,
                        std::span<const std::string_view> source_names);

// The id of an item, from the catalogue, else from the slot's own list; empty when unknown.
std::string_view item_id_of(ItemKey key, const CatalogView& catalog, const Slot* slot);

}  // namespace ante
