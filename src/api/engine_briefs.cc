// The briefs of the engine: written and renewed by people, and what follows of them for slots.

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "api/brief_evidence.h"
#include "api/engine.h"
#include "base/text.h"
#include "base/time_text.h"

namespace ante {
namespace {

std::string comma_list(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all.append(all.empty() ? "" : ", ").append(text);
  return all;
}

Result<void> check_why(const Author& author, std::string_view what) {
  if (author.why.empty())
    return invalid_argument(
        fmt::format("#/why: is missing: {}, so say why (--why, or the header Ante-Why)", what));
  if (!is_one_line(author.why))
    return invalid_argument("#/why: must be one line without control characters");
  return {};
}

// The owner's own date: not over yet, and within the quarter that began when it was registered or
// last renewed.
Result<void> check_renew_by(const Brief& next, const Brief* present, TimeMs now_ms) {
  if (!next.renew_by_ms) return {};
  if (present != nullptr && present->renew_by_ms == next.renew_by_ms) return {};
  if (*next.renew_by_ms <= now_ms)
    return invalid_argument("#/renewBy: lies in the past: renew it before a day that is to come");
  const TimeMs began = std::max(next.registered_at_ms, next.renewed_at_ms);
  const TimeMs last = (began > 0 ? began : now_ms) + kBriefRenewMs;
  if (*next.renew_by_ms > last)
    return invalid_argument(
        fmt::format("#/renewBy: is later than {}: a brief must be renewed within {} days",
                    format_time(last).substr(0, 10), kBriefRenewMs / kDayMs));
  return {};
}

// What is registered stays answered and stays over when it is over.
Result<void> check_registered(const Brief& next, const Brief& present, TimeMs now_ms) {
  std::vector<std::string> missing;
  for (const auto& members : unanswered(next))
    missing.insert(missing.end(), members.begin(), members.end());
  if (!missing.empty())
    return invalid_argument(fmt::format(
        "#/{}: is missing, and brief '{}' is registered: what it says can be changed and is "
        "stamped, but not be taken away",
        missing.front(), next.id));
  if (present.is_overdue(now_ms) && !next.is_overdue(now_ms))
    return conflict(fmt::format(
        "brief '{}' was to be renewed by {}: a later date does not renew it. Renew it and say why",
        next.id, format_time(present.due_ms()).substr(0, 10)));
  return {};
}

}  // namespace

std::optional<Brief> Engine::brief(std::string_view id) const {
  const auto object = objects().find(kBriefObjectType, id);
  if (!object || object->deleted) return std::nullopt;
  auto brief = stored_brief_from_json(id, object->json);
  if (!brief) return std::nullopt;  // of a later format
  brief->version = object->version;
  return *std::move(brief);
}

std::vector<Brief> Engine::briefs() const {
  std::vector<Brief> all;
  for (const Object& object : objects().list(kBriefObjectType)) {
    auto brief = stored_brief_from_json(object.id, object.json);
    if (!brief) continue;
    brief->version = object.version;
    all.push_back(*std::move(brief));
  }
  return all;
}

std::string Engine::why_brief_missing(const Slot& slot) const {
  if (slot.brief.empty()) return "";
  if (const auto found = brief(slot.brief))
    return why_not_open(*found, slot.name, clock().now_ms());
  return fmt::format("there is no brief '{}'", slot.brief);
}

Result<std::size_t> Engine::keep_briefs(std::string_view id) {
  std::size_t changes = 0;
  const auto all = slots().get();
  for (const auto& [name, slot] : *all) {
    if (slot.brief.empty() || (!id.empty() && slot.brief != id)) continue;
    std::string why = why_brief_missing(slot);
    if (why == slot.brief_missing) continue;
    Slot next = slot;
    next.brief_missing = std::move(why);
    const Author rules{"rules",
                       next.brief_missing.empty() ? "its brief counts" : next.brief_missing};
    const auto stored = put_object("slot", name, slot_to_json(next), rules, slot.version);
    if (!stored && stored.error().code == ErrorCode::kConflict) continue;  // somebody was faster
    if (!stored) return stored.error();
    ++changes;
  }
  return changes;
}

Result<void> Engine::check_no_slot_uses(std::string_view id) const {
  std::vector<std::string> used;
  const auto all = slots().get();
  for (const auto& [name, slot] : *all) {
    if (slot.brief == id) used.push_back(name);
  }
  if (used.empty()) return {};
  return conflict(fmt::format(
      "brief '{}' cannot be deleted: slot {} names it. Give the slot another brief, or waive it",
      id, comma_list(used)));
}

Result<Brief> Engine::store_brief(Brief brief, const Author& author, ExpectedVersion expected) {
  const std::string id = brief.id;
  const Object stored =
      TRY(put_object(kBriefObjectType, id, brief_to_json(brief), author, expected));
  brief.version = stored.version;
  TRY(keep_briefs(id));
  return brief;
}

Result<Brief> Engine::put_brief(std::string_view id, std::string_view json, const Author& author,
                                ExpectedVersion expected) {
  Brief next = TRY(brief_from_json(id, json));
  MutexLock lock(bet_writes());
  const TimeMs now = clock().now_ms();
  const auto all_slots = slots().get();
  if (!next.decision.empty() && !all_slots->contains(next.decision)) {
    std::vector<std::string_view> known;
    for (const auto& [name, slot] : *all_slots) known.push_back(name);
    return invalid_argument(fmt::format(
        "#/needs/decision: there is no slot '{}'.{} Make the slot first: it stays in shadow until "
        "its brief counts",
        next.decision, did_you_mean(next.decision, known)));
  }
  const std::optional<Brief> present = brief(id);
  // Who has not seen the present version is told so first.
  if (const std::uint64_t found = present ? present->version : 0; expected && *expected != found)
    return conflict(fmt::format("brief '{}' is at version {}, not {}", id, found, *expected));
  if (!present && objects().list(kBriefObjectType).size() >= kBriefsMax)
    return invalid_argument(fmt::format("at most {} briefs are possible", kBriefsMax));
  if (present) {
    next.registered_at_ms = present->registered_at_ms;
    next.registered_by = present->registered_by;
    next.renewed_at_ms = present->renewed_at_ms;
    next.changes = present->changes;
    next.changes_dropped = present->changes_dropped;
  }
  TRY(check_renew_by(next, present ? &*present : nullptr, now));
  if (next.registered_at_ms == 0) {
    if (is_complete(next)) {
      next.registered_at_ms = now;
      next.registered_by = author.who;
    }
    return store_brief(std::move(next), author, expected);
  }
  TRY(check_registered(next, *present, now));
  const auto its_slot = all_slots->find(present->decision);
  if (next.decision != present->decision && its_slot != all_slots->end() &&
      its_slot->second.brief == id)
    return conflict(
        fmt::format("#/needs/decision: slot '{}' runs on brief '{}'. Write another brief for '{}'",
                    present->decision, id, next.decision));
  std::vector<std::string> changed = registered_changes(*present, next);
  if (!changed.empty()) {
    TRY(check_why(author,
                  fmt::format("this changes what is registered ({})", comma_list(changed))));
    next.stamp({now, author.who, author.why, std::move(changed)});
  }
  return store_brief(std::move(next), author, expected);
}

Result<Brief> Engine::renew_brief(std::string_view id, const Author& author,
                                  ExpectedVersion expected) {
  MutexLock lock(bet_writes());
  std::optional<Brief> next = brief(id);
  if (!next) return not_found(fmt::format("there is no brief '{}'", id));
  TRY(check_why(author, "a renewal says what was learned"));
  if (next->registered_at_ms == 0)
    return conflict(fmt::format(
        "brief '{}' is not registered yet: {} of {} questions are answered. There is nothing to "
        "renew",
        id, answered(*next), kBriefQuestions));
  const BriefEvidence evidence = brief_evidence(*this, *next);
  const MeasuredMetric* hers = person_measure(*next, evidence);
  if (hers != nullptr && hers->verdict == Verdict::kLosing)
    return conflict(fmt::format(
        "brief '{}' cannot be renewed: its customer measure '{}' is losing, and the default is to "
        "stop. Change what is decided and begin anew, or leave it stopped",
        id, hers->id));
  next->stamp({evidence.now_ms, author.who, author.why, {"renewed"}});
  return store_brief(*std::move(next), author,
                     expected ? expected : ExpectedVersion(next->version));
}

}  // namespace ante
