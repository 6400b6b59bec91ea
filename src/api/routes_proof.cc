// Whether it is worth it, for whom it is not, what decides, and all that on one page.

#include "api/books.h"
#include "api/routes.h"
#include "base/text.h"

namespace ante {
namespace {

// The slot asked for, null for all. False: the problem is answered.
bool read_report_slot(Api& api, Call& call, const std::string*& slot, bool required) {
  slot = call.query.find("slot");
  if (slot != nullptr && slot->empty()) slot = nullptr;
  if (slot == nullptr) {
    if (!required) return true;
    call.problem({.name = "invalid-request",
                  .detail = "The parameter slot is required.",
                  .errors = {{"?slot", "is required"}}});
    return false;
  }
  const auto slots = api.engine.slots().get();
  if (slots->contains(*slot)) return true;
  std::vector<std::string_view> known;
  for (const auto& [name, other] : *slots) known.push_back(name);
  call.problem({.name = "unknown-slot",
                .detail = "There is no slot '" + *slot + "'." + did_you_mean(*slot, known),
                .fix = "ante slot list"});
  return false;
}

void worth_report(Api& api, CallPointer call) {
  const std::string* slot = nullptr;
  if (!read_report_slot(api, *call, slot, false)) return;
  const WorthReport report = worth_it(ledger_question(api.engine, nullptr));
  if (slot == nullptr) return call->reply_json(200, to_json(report));
  for (const Worth& worth : report.slots)
    if (worth.slot == *slot) return call->reply_json(200, to_json(worth));
  call->problem(not_found("slot '" + *slot + "' has just ended"));
}

void losers_report(Api& api, CallPointer call) {
  const std::string* slot = nullptr;
  if (!read_report_slot(api, *call, slot, false)) return;
  const WorthReport ledger = worth_it(ledger_question(api.engine, slot));
  call->reply_json(200, to_json(losers_now(api.engine, slot, ledger)));
}

void conflicts_report(Api& api, CallPointer call) {
  const std::string* slot = nullptr;
  if (!read_report_slot(api, *call, slot, false)) return;
  call->reply_json(200, to_json(conflicts_now(api.engine, slot)));
}

void card_report(Api& api, CallPointer call) {
  const std::string* slot = nullptr;
  if (!read_report_slot(api, *call, slot, true)) return;
  const auto slots = api.engine.slots().get();
  const auto found = slots->find(*slot);
  if (found == slots->end()) return call->problem(not_found("slot '" + *slot + "' has just ended"));
  call->reply_json(200, to_json(model_card(card_question(api.engine, found->second))));
}

void executive_report(Api& api, CallPointer call) {
  later(api, std::move(call), [&api](const CallPointer& waiting) {
    waiting->reply_json(200, to_json(executive_page(executive_question(api.engine))));
  });
}

}  // namespace

std::span<const Route> proof_routes() {
  static constexpr Route kRoutes[] = {
      {"GET", "/v1/reports/worth", Role::kSecret, 0, worth_report, "reports",
       "Is it worth the money? Gain against the holdout less what it costs, and whether to stop"},
      {"GET", "/v1/reports/losers", Role::kSecret, 0, losers_report, "reports",
       "Who is worse off, where it works, and what switches it off where it does not"},
      {"GET", "/v1/reports/conflicts", Role::kSecret, 0, conflicts_report, "reports",
       "Where a reader's metric and one of ours move apart"},
      {"GET", "/v1/reports/model-card", Role::kSecret, 0, card_report, "reports",
       "What decides in a slot: what it optimizes and ignores, and for whom it does worse"},
      {"GET", "/v1/reports/executive", Role::kSecret, 0, executive_report, "reports",
       "One page: what works, what does not, what it needs, what it costs"},
  };
  return kRoutes;
}

}  // namespace ante
