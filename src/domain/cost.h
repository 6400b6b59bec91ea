// What personalising costs, and what a slot's reward is worth in money, as people enter it.
//
// `{kind, slot, amount, currency, per, from, until, note, owner}` of a cost, `{margin, currency,
// smallestMargin}` of a slot's worth. A cost is never below 0: what brings money is a gain, and is
// measured. Pure values; any thread. docs/decisions/0077-worth-it-ledger.md.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace ante {

enum class CostKind : std::uint8_t { kContent, kMessages, kCompute, kStaff, kDiscounts, kOther };
const char* to_string(CostKind kind);

enum class CostPer : std::uint8_t {
  kOnce,
  kMonth,     // a twelfth of 365.25 days
  kDecision,  // of the slot, whoever it was made for
  kMessage,   // a decision of a slot that sends mails or pushes, made for somebody treated
};
const char* to_string(CostPer per);

inline constexpr std::size_t kCostsMax = 500;
inline constexpr double kCostAmountMax = 1e12;
inline constexpr double kMarginMin = 1e-9, kMarginMax = 1e9;

struct Cost {
  std::string id;
  CostKind kind = CostKind::kOther;
  std::string slot;      // empty = all
  double amount = 0;     // >= 0
  std::string currency;  // three letters; empty = the one that all is in
  CostPer per = CostPer::kOnce;
  TimeMs from_ms = 0;
  std::optional<TimeMs> until_ms;  // after from_ms
  std::string note, owner;
  std::uint64_t version = 0;
  friend bool operator==(const Cost&, const Cost&) = default;
};

// kInvalidArgument: names the member and says what it must be.
Result<Cost> cost_from_json(std::string_view id, std::string_view json);
std::string cost_to_json(const Cost& cost);

struct SlotWorth {
  std::string slot;
  double margin = 1;     // money that one unit of the slot's reward brings, costs of it taken off
  std::string currency;  // as above
  std::optional<double> smallest_margin;  // at least so much; above 0, at most `margin`
  std::uint64_t version = 0;
  friend bool operator==(const SlotWorth&, const SlotWorth&) = default;
};

Result<SlotWorth> worth_from_json(std::string_view slot, std::string_view json);
std::string worth_to_json(const SlotWorth& worth);

}  // namespace ante
