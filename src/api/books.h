// The books of the engine: costs and worths as people enter them, and what the reports of proof ask
// of the live state.
//
// In:   the engine; JSON of a cost or of what a slot's reward is worth. Out: stored objects; the
// questions of report/worth.h, losers.h, model_card.h and executive.h. Any thread; writes wait for
// the disk.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/engine.h"
#include "domain/cost.h"
#include "report/executive.h"
#include "report/model_card.h"

namespace ante {

inline constexpr std::string_view kCostObjectType = "cost", kWorthObjectType = "worth";

// Checked against slots and against the currency that the others are in. kInvalidArgument,
// kConflict.
Result<Cost> put_cost(Engine& engine, std::string_view id, std::string_view json,
                      const Author& author, ExpectedVersion expected);
// kNotFound: there is no such slot. kInvalidArgument, kConflict.
Result<SlotWorth> put_worth(Engine& engine, std::string_view slot, std::string_view json,
                            const Author& author, ExpectedVersion expected);

std::optional<Cost> find_cost(const Engine& engine, std::string_view id);
std::vector<Cost> list_costs(const Engine& engine);
std::optional<SlotWorth> find_worth(const Engine& engine, std::string_view slot);

// Of each metric with an interval, the reader's against our own, slot by slot.
ConflictReport conflicts_now(const Engine& engine, const std::string* only_slot);
// Of all that can be shown now.
SupplySummary supply_now(const Engine& engine);
// Of one slot; "" = of all.
AuditSummary audit_now(const Engine& engine, const std::string& slot);

// Of all slots, or of the one.
LedgerQuestion ledger_question(const Engine& engine, const std::string* only_slot);
// With the bets in it that began. `ledger`: of the same slots.
LosersReport losers_now(const Engine& engine, const std::string* only_slot,
                        const WorthReport& ledger);
// REQUIRES a slot that exists.
CardQuestion card_question(const Engine& engine, const Slot& slot);
ExecutiveQuestion executive_question(const Engine& engine);

}  // namespace ante
