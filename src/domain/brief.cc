#include "domain/brief.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "base/json_parser.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "base/time_text.h"
#include "domain/event.h"
#include "domain/ids.h"
#include "domain/json_fields.h"
#include "domain/object_id.h"

namespace ante {

namespace {

constexpr std::size_t kBriefJsonBytesMax = 64 * 1024;  // as stored
constexpr std::size_t kBriefSaidBytesMax = 20 * 1024;  // the rest is for its changes
constexpr std::size_t kBriefTextBytesMax = 500;
constexpr double kWorthMax = 1e12;
constexpr std::int64_t kPeopleAskedMax = 1'000'000'000;
constexpr std::string_view kRenewed = "renewed";

using Names = std::string_view;
constexpr std::array<Names, 14> kBriefSaidFields = {
    "id",    "title",         "owner",       "purpose",    "impact",  "different",     "needs",
    "chain", "smallestWorth", "horizonDays", "guardrails", "renewBy", "opportunities", "version"};
constexpr std::array<Names, 19> kBriefStoredFields = {
    "id",           "title",     "owner",         "purpose",       "impact",
    "different",    "needs",     "chain",         "smallestWorth", "horizonDays",
    "guardrails",   "renewBy",   "opportunities", "version",       "registeredAt",
    "registeredBy", "renewedAt", "changes",       "changesDropped"};
constexpr std::array<Names, 2> kImpactFields = {"customer", "business"};
constexpr std::array<Names, 3> kAimFields = {"change", "metric", "target"};
constexpr std::array<Names, 2> kDifferentFields = {"promise", "share"};
constexpr std::array<Names, 4> kNeedsFields = {"decision", "events", "data", "consent"};
constexpr std::array<Names, 7> kBriefSourceFields = {"name",       "source",  "event", "have",
                                                     "obtainable", "purpose", "worth"};
constexpr std::array<Names, 5> kChainFields = {"impact", "behaviour", "need", "decision", "links"};
constexpr std::array<Names, 3> kBriefLinkNames = {"impactBehaviour", "behaviourNeed",
                                                  "needDecision"};
constexpr std::array<Names, 2> kBriefLinkFields = {"known", "evidence"};
constexpr std::array<Names, 4> kBriefNeedFields = {"need", "importance", "satisfaction", "n"};
constexpr std::array<Names, 4> kBriefChangeFields = {"at", "who", "why", "what"};

constexpr std::array<Names, 5> kPurposes = {"store", "profile", "measure", "email", "push"};
constexpr std::array<Names, 3> kEvidences = {"assumed", "observed", "tested"};

std::string line_of(const JsonFields& fields, std::string_view name) {
  return fields.line(name, 1, kBriefTextBytesMax).value_or("");
}

std::string needed_line(const JsonFields& fields, std::string_view name, std::string_view what) {
  const std::string text = line_of(fields, name);
  if (!fields.get(name)) fields.refuse(name, "is missing: " + std::string(what));
  return text;
}

std::optional<double> above_zero(const JsonFields& fields, std::string_view name, double highest,
                                 std::string_view what) {
  const auto number = fields.number(name, 0, highest);
  if (number && !(*number > 0)) fields.refuse(name, "must be above 0: " + std::string(what));
  return number;
}

// Texts of one line each, none twice whatever the case.
std::vector<std::string> different_lines(const JsonFields& fields, std::string_view name,
                                         std::size_t count_max) {
  auto texts = fields.texts(name, count_max, kEventNameBytesMax);
  if (!texts) return {};
  for (std::size_t i = 0; i < texts->size(); ++i) {
    if (!is_one_line((*texts)[i]))
      fields.refuse(name, "must be lines without control characters and space at their ends");
    for (std::size_t k = 0; k < i; ++k) {
      if (same_word((*texts)[i], (*texts)[k]))
        fields.refuse(name, "names '" + (*texts)[i] + "' twice");
    }
  }
  return *std::move(texts);
}

template <typename Read>
void read_list(const JsonFields& fields, std::string_view name, std::span<const Names> known,
               std::size_t count_max, Read read) {
  const auto value = fields.get(name);
  if (!value) return;
  simdjson::dom::array list;
  if (value->get(list) != simdjson::SUCCESS || list.size() > count_max) {
    fields.refuse(name, "must be a list of at most " + std::to_string(count_max) + " objects");
    return;
  }
  std::size_t index = 0;
  for (const simdjson::dom::element element : list) {
    simdjson::dom::object object;
    const std::string path = std::string(name) + "/" + std::to_string(index++);
    if (element.get(object) != simdjson::SUCCESS) {
      fields.refuse(name, std::string("must hold objects, found ") + json_kind(element));
      return;
    }
    read(fields.inner(object, path, known));
  }
}

std::optional<Purpose> purpose_named(std::string_view text) {
  const auto found = std::ranges::find(kPurposes, text);
  if (found == kPurposes.end()) return std::nullopt;
  return static_cast<Purpose>(found - kPurposes.begin());
}

std::string no_purpose(std::string_view text) {
  return "must be store, profile, measure, email or push, found '" +
         std::string(text.substr(0, 40)) + "'";
}

void read_aim(const JsonFields& impact, std::string_view name, BriefAim& aim) {
  const auto fields = impact.object(name, kAimFields);
  if (!fields) return;
  aim.change = line_of(*fields, "change");
  aim.metric = fields->line("metric", 1, kEventNameBytesMax).value_or("");
  aim.target = above_zero(*fields, "target", kBriefTargetMax,
                          "a lift in shares, like 0.02 for two per cent");
}

void read_source(const JsonFields& fields, Brief& brief) {
  BriefSource source;
  source.name = needed_line(fields, "name", "which data?");
  source.source = line_of(fields, "source");
  source.event = fields.line("event", 1, kEventNameBytesMax).value_or("");
  source.have = fields.boolean("have").value_or(false);
  source.obtainable = fields.boolean("obtainable").value_or(false);
  if (const auto text = fields.text("purpose", 1, kBriefTextBytesMax)) {
    const auto purpose = purpose_named(*text);
    if (!purpose) fields.refuse("purpose", no_purpose(*text));
    source.purpose = purpose.value_or(Purpose::kProfile);
  } else if (!fields.get("purpose")) {
    fields.refuse("purpose", "is missing: what must people allow for it?");
  }
  if (const auto worth = fields.get("worth"); worth && worth->is_string())
    source.worth_words = line_of(fields, "worth");
  else
    source.worth = fields.number("worth", 0, kWorthMax);
  for (const BriefSource& other : brief.sources) {
    if (same_word(other.name, source.name))
      fields.refuse("name", "names '" + source.name + "' twice");
  }
  brief.sources.push_back(std::move(source));
}

// She comes first: what is decided follows from a need, data from the decision, and a channel from
// both. REQUIRES that the chain and the opportunities are read.
void check_order(const JsonFields& needs, const Brief& brief) {
  if (brief.need.empty() && brief.opportunities.empty() && !brief.decision.empty())
    needs.refuse("decision", "comes after the need: say chain/need first");
  const auto is_channel = [](Purpose p) { return p == Purpose::kEmail || p == Purpose::kPush; };
  if (brief.decision.empty() && !brief.sources.empty())
    needs.refuse("data", "comes after the decision: say needs/decision first");
  if (brief.decision.empty() && std::ranges::any_of(brief.consent, is_channel))
    needs.refuse("consent",
                 "names a channel before there is a decision: say chain/need and needs/decision "
                 "first");
}

void read_needs(const JsonFields& fields, Brief& brief) {
  const auto needs = fields.object("needs", kNeedsFields);
  if (!needs) return;
  brief.decision = needs->line("decision", 1, kIdBytesMax).value_or("");
  brief.events = different_lines(*needs, "events", kBriefEventsMax);
  read_list(*needs, "data", kBriefSourceFields, kBriefEventsMax,
            [&brief](const JsonFields& source) { read_source(source, brief); });
  for (const std::string& text : different_lines(*needs, "consent", kPurposes.size())) {
    if (const auto purpose = purpose_named(text))
      brief.consent.push_back(*purpose);
    else
      needs->refuse("consent", no_purpose(text));
  }
  check_order(*needs, brief);
}

void read_chain(const JsonFields& fields, Brief& brief) {
  const auto chain = fields.object("chain", kChainFields);
  if (!chain) return;
  brief.impact = line_of(*chain, "impact");
  brief.behaviour = line_of(*chain, "behaviour");
  brief.need = line_of(*chain, "need");
  brief.decided = line_of(*chain, "decision");
  const auto links = chain->object("links", kBriefLinkNames);
  if (!links) return;
  for (std::size_t i = 0; i < kBriefLinkNames.size(); ++i) {
    const auto link = links->object(kBriefLinkNames[i], kBriefLinkFields);
    if (!link) continue;
    const std::string known = link->text("known", 1, kBriefTextBytesMax).value_or("assumed");
    const auto found = std::ranges::find(kEvidences, known);
    if (found == kEvidences.end()) {
      link->refuse("known",
                   "must be assumed, observed or tested, found '" + known.substr(0, 40) + "'");
      continue;
    }
    brief.links[i].known = static_cast<LinkEvidence>(found - kEvidences.begin());
    brief.links[i].evidence = line_of(*link, "evidence");
    if (brief.links[i].known != LinkEvidence::kAssumed && brief.links[i].evidence.empty())
      link->refuse("evidence", "is missing: where was it " + known + "?");
  }
}

void read_need(const JsonFields& fields, Brief& brief) {
  BriefNeed need;
  need.need = needed_line(fields, "need", "which need, in their words?");
  for (const auto& [name, score] : {std::pair{Names("importance"), &need.importance},
                                    std::pair{Names("satisfaction"), &need.satisfaction}}) {
    if (const auto said = fields.number(name, 0, kNeedScaleMax))
      *score = *said;
    else if (!fields.get(name))
      fields.refuse(name, "is missing: from 0 to 10, as people say");
  }
  need.n = static_cast<std::uint64_t>(fields.integer("n", 0, kPeopleAskedMax).value_or(0));
  for (const BriefNeed& other : brief.opportunities) {
    if (same_word(other.need, need.need)) fields.refuse("need", "is named twice");
  }
  brief.opportunities.push_back(std::move(need));
}

void read_brief_said(const JsonFields& fields, Brief& brief) {
  if (const auto own = fields.text("id", 1, kObjectIdBytesMax); own && *own != brief.id)
    fields.refuse("id", "must be '" + brief.id + "' like the address, found '" + *own + "'");
  brief.title = needed_line(fields, "title", "what is it called?");
  brief.owner = needed_line(fields, "owner", "who answers for it?");
  brief.purpose = needed_line(fields, "purpose", "why personalise here at all?");
  if (const auto impact = fields.object("impact", kImpactFields)) {
    read_aim(*impact, "customer", brief.person);
    read_aim(*impact, "business", brief.business);
  }
  if (const auto different = fields.object("different", kDifferentFields)) {
    brief.promise = line_of(*different, "promise");
    brief.share = above_zero(*different, "share", 1,
                             "where nothing differs it is the general "
                             "experience");
  }
  read_chain(fields, brief);
  read_list(fields, "opportunities", kBriefNeedFields, kBriefEventsMax,
            [&brief](const JsonFields& need) { read_need(need, brief); });
  read_needs(fields, brief);
  brief.smallest_worth = above_zero(fields, "smallestWorth", kBriefTargetMax,
                                    "the smallest lift that is worth the work");
  brief.horizon_days = fields.integer("horizonDays", 1, kBriefHorizonDaysMax);
  brief.guardrails = different_lines(fields, "guardrails", kBriefGuardrailsMax);
  brief.renew_by_ms = fields.time("renewBy");
  brief.version = static_cast<std::uint64_t>(fields.integer("version", 0, INT64_MAX).value_or(0));
}

void read_brief_kept(const JsonFields& fields, Brief& brief) {
  brief.registered_at_ms = fields.time("registeredAt").value_or(0);
  brief.registered_by = fields.text("registeredBy", 0, kBriefTextBytesMax).value_or("");
  brief.renewed_at_ms = fields.time("renewedAt").value_or(0);
  read_list(
      fields, "changes", kBriefChangeFields, kBriefChangesMax, [&brief](const JsonFields& change) {
        brief.changes.push_back({change.time("at").value_or(0),
                                 change.text("who", 0, kBriefTextBytesMax).value_or(""),
                                 change.text("why", 0, kBriefTextBytesMax).value_or(""),
                                 change.texts("what", kBriefStoredFields.size(), kObjectIdBytesMax)
                                     .value_or(std::vector<std::string>())});
      });
  brief.changes_dropped =
      static_cast<std::uint64_t>(fields.integer("changesDropped", 0, INT64_MAX).value_or(0));
}

Result<Brief> read_brief(std::string_view id, std::string_view json, bool is_stored) {
  TRY(check_object_id(id, "#/id: a brief's id", "long-reads"));
  if (!is_stored && json.size() > kBriefSaidBytesMax)
    return invalid_argument(
        fmt::format("#: a brief has at most {} bytes, found {}", kBriefSaidBytesMax, json.size()));
  JsonParser parser(kBriefJsonBytesMax);
  const simdjson::dom::element root = TRY(parser.parse(json));
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS)
    return invalid_argument(std::string("#: a brief must be an object, found ") + json_kind(root));
  JsonRefusal refusal;
  const std::span<const Names> known = is_stored ? std::span<const Names>(kBriefStoredFields)
                                                 : std::span<const Names>(kBriefSaidFields);
  const JsonFields fields(object, "#", known, refusal);
  Brief brief;
  brief.id = std::string(id);
  read_brief_said(fields, brief);
  if (is_stored) read_brief_kept(fields, brief);
  if (refusal.first) return *refusal.first;
  return brief;
}

void write_said_text(JsonWriter& json, std::string_view name, const std::string& text) {
  if (!text.empty()) json.field(name, text);
}

void write_said_number(JsonWriter& json, std::string_view name,
                       const std::optional<double>& number) {
  if (number) json.field(name, *number);
}

void write_aim(JsonWriter& json, std::string_view name, const BriefAim& aim) {
  json.key(name).begin_object();
  write_said_text(json, "change", aim.change);
  write_said_text(json, "metric", aim.metric);
  write_said_number(json, "target", aim.target);
  json.end_object();
}

void write_needs(JsonWriter& json, const Brief& brief) {
  json.key("needs").begin_object();
  write_said_text(json, "decision", brief.decision);
  json.texts("events", brief.events).key("data").begin_array();
  for (const BriefSource& source : brief.sources) {
    json.begin_object().field("name", source.name);
    write_said_text(json, "source", source.source);
    write_said_text(json, "event", source.event);
    json.field("have", source.have).field("obtainable", source.obtainable);
    json.field("purpose", to_string(source.purpose));
    write_said_text(json, "worth", source.worth_words);
    if (source.worth_words.empty()) write_said_number(json, "worth", source.worth);
    json.end_object();
  }
  json.end_array().key("consent").begin_array();
  for (const Purpose purpose : brief.consent) json.string(to_string(purpose));
  json.end_array().end_object();
}

void write_chain(JsonWriter& json, const Brief& brief) {
  json.key("chain").begin_object();
  write_said_text(json, "impact", brief.impact);
  write_said_text(json, "behaviour", brief.behaviour);
  write_said_text(json, "need", brief.need);
  write_said_text(json, "decision", brief.decided);
  json.key("links").begin_object();
  for (std::size_t i = 0; i < kBriefLinkNames.size(); ++i) {
    json.key(kBriefLinkNames[i]).begin_object().field("known", to_string(brief.links[i].known));
    write_said_text(json, "evidence", brief.links[i].evidence);
    json.end_object();
  }
  json.end_object().end_object();
}

void write_kept(JsonWriter& json, const Brief& brief) {
  if (brief.registered_at_ms > 0) json.field("registeredAt", format_time(brief.registered_at_ms));
  write_said_text(json, "registeredBy", brief.registered_by);
  if (brief.renewed_at_ms > 0) json.field("renewedAt", format_time(brief.renewed_at_ms));
  json.key("changes").begin_array();
  for (const BriefChange& change : brief.changes) {
    json.begin_object().field("at", format_time(change.at_ms)).field("who", change.who);
    json.field("why", change.why).texts("what", change.what).end_object();
  }
  json.end_array().field("changesDropped", brief.changes_dropped);
}

std::string day_in_words(TimeMs at_ms) { return format_time(at_ms).substr(0, 10); }

}  // namespace

const char* to_string(Purpose purpose) {
  return kPurposes[static_cast<std::size_t>(purpose)].data();
}

const char* to_string(LinkEvidence evidence) {
  return kEvidences[static_cast<std::size_t>(evidence)].data();
}

TimeMs Brief::due_ms() const {
  if (registered_at_ms == 0) return 0;
  const TimeMs since = std::max(registered_at_ms, renewed_at_ms);
  const TimeMs quarter = since + kBriefRenewMs;
  return renew_by_ms && *renew_by_ms > since ? std::min(*renew_by_ms, quarter) : quarter;
}

TimeMs Brief::horizon_ms() const {
  if (registered_at_ms == 0) return 0;
  return registered_at_ms + horizon_days.value_or(0) * kDayMs;
}

void Brief::stamp(BriefChange change) {
  if (changes.size() >= kBriefChangesMax) {
    changes.erase(changes.begin() + 1);
    ++changes_dropped;
  }
  if (change.what.size() == 1 && change.what.front() == kRenewed) renewed_at_ms = change.at_ms;
  changes.push_back(std::move(change));
}

std::array<std::vector<std::string>, kBriefQuestions> unanswered(const Brief& brief) {
  std::array<std::vector<std::string>, kBriefQuestions> missing;
  const auto need = [&missing](std::size_t question, bool is_said, const char* member) {
    if (!is_said) missing[question].emplace_back(member);
  };
  need(0, !brief.person.change.empty(), "impact/customer/change");
  need(0, !brief.person.metric.empty(), "impact/customer/metric");
  need(0, brief.person.target.has_value(), "impact/customer/target");
  need(0, !brief.business.change.empty(), "impact/business/change");
  need(0, !brief.business.metric.empty(), "impact/business/metric");
  need(0, brief.horizon_days.has_value(), "horizonDays");
  need(1, !brief.promise.empty(), "different/promise");
  need(1, brief.share.has_value(), "different/share");
  need(2, !brief.decision.empty(), "needs/decision");
  need(2, !brief.events.empty(), "needs/events");
  need(2, !brief.sources.empty(), "needs/data");
  return missing;
}

std::size_t answered(const Brief& brief) {
  const auto missing = unanswered(brief);
  return static_cast<std::size_t>(
      std::ranges::count_if(missing, [](const auto& members) { return members.empty(); }));
}

std::vector<std::string> registered_changes(const Brief& before, const Brief& after) {
  std::vector<std::string> changed;
  const auto compare = [&changed](bool is_same, const char* member) {
    if (!is_same) changed.emplace_back(member);
  };
  compare(before.person.change == after.person.change, "impact/customer/change");
  compare(before.person.metric == after.person.metric, "impact/customer/metric");
  compare(before.person.target == after.person.target, "impact/customer/target");
  compare(before.business.change == after.business.change, "impact/business/change");
  compare(before.business.metric == after.business.metric, "impact/business/metric");
  compare(before.business.target == after.business.target, "impact/business/target");
  compare(before.promise == after.promise, "different/promise");
  compare(before.share == after.share, "different/share");
  compare(before.decision == after.decision, "needs/decision");
  compare(before.smallest_worth == after.smallest_worth, "smallestWorth");
  compare(before.horizon_days == after.horizon_days, "horizonDays");
  compare(before.guardrails == after.guardrails, "guardrails");
  compare(before.renew_by_ms == after.renew_by_ms, "renewBy");
  return changed;
}

std::string why_not_open(const Brief& brief, std::string_view slot, TimeMs now_ms) {
  if (const std::size_t said = answered(brief); said < kBriefQuestions)
    return fmt::format("{} of {} questions of brief '{}' are answered", said, kBriefQuestions,
                       brief.id);
  if (brief.decision != slot)
    return fmt::format("brief '{}' is for slot '{}', not for this one", brief.id, brief.decision);
  if (brief.is_overdue(now_ms))
    return fmt::format("brief '{}' was to be renewed by {}, and nobody did", brief.id,
                       day_in_words(brief.due_ms()));
  return "";
}

Result<Brief> brief_from_json(std::string_view id, std::string_view json) {
  return read_brief(id, json, false);
}

Result<Brief> stored_brief_from_json(std::string_view id, std::string_view json) {
  return read_brief(id, json, true);
}

std::string brief_to_json(const Brief& brief) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("id", brief.id).field("title", brief.title);
  json.field("owner", brief.owner).field("purpose", brief.purpose);
  json.key("impact").begin_object();
  write_aim(json, "customer", brief.person);
  write_aim(json, "business", brief.business);
  json.end_object().key("different").begin_object();
  write_said_text(json, "promise", brief.promise);
  write_said_number(json, "share", brief.share);
  json.end_object();
  write_needs(json, brief);
  write_said_number(json, "smallestWorth", brief.smallest_worth);
  if (brief.horizon_days) json.field("horizonDays", *brief.horizon_days);
  json.texts("guardrails", brief.guardrails);
  write_chain(json, brief);
  json.key("opportunities").begin_array();
  for (const BriefNeed& need : brief.opportunities) {
    json.begin_object().field("need", need.need).field("importance", need.importance);
    json.field("satisfaction", need.satisfaction).field("n", need.n).end_object();
  }
  json.end_array();
  if (brief.renew_by_ms) json.field("renewBy", format_time(*brief.renew_by_ms));
  write_kept(json, brief);
  json.field("version", brief.version).end_object();
  return out;
}

std::string to_words(const Brief& brief) {
  std::string text = brief.title + ": " + brief.purpose + ".";
  const auto missing = unanswered(brief);
  if (missing[0].empty())
    text += fmt::format(" For her: {} ({} up by {:.3g} % in {} days). For us: {} ({}).",
                        brief.person.change, brief.person.metric, 100 * *brief.person.target,
                        *brief.horizon_days, brief.business.change, brief.business.metric);
  if (missing[1].empty())
    text +=
        fmt::format(" Different: {}, in {:.3g} % of decisions.", brief.promise, 100 * *brief.share);
  if (missing[2].empty())
    text += fmt::format(" It takes slot {}, {} event{} and {} piece{} of data.", brief.decision,
                        brief.events.size(), brief.events.size() == 1 ? "" : "s",
                        brief.sources.size(), brief.sources.size() == 1 ? "" : "s");
  return text;
}

}  // namespace ante
