#include "api/verify.h"

#include <memory>

#include <fmt/format.h>

#include "api/report_side.h"
#include "api/reward_side.h"
#include "base/json_writer.h"
#include "base/time_text.h"
#include "journal/meta_keys.h"

namespace ante {
namespace {

void count(const CommittedRecord& record, LogCount& counts) {
  ++counts.records;
  switch (record.header.kind) {
    case RecordKind::kEvent:
      ++counts.events;
      break;
    case RecordKind::kDecision:
      ++counts.decisions;
      break;
    case RecordKind::kActivation:
      ++counts.activations;
      break;
    case RecordKind::kReward:
      ++counts.rewards;
      break;
    case RecordKind::kErased:
      ++counts.erased;
      break;
    case RecordKind::kFacts:
    case RecordKind::kLink:
    case RecordKind::kConsent:
    case RecordKind::kErase:
    case RecordKind::kItem:
    case RecordKind::kObject:
      break;
  }
}

// Fresh folds of everything that must come out the same.
struct Folds {
  explicit Folds(std::string holdout_salt) : reports(std::move(holdout_salt)) {
    all.insert(all.end(), reports.all.begin(), reports.all.end());
  }

  ItemInterner interner;
  Catalog catalog{interner};
  ProfileStore people;
  ObjectTable objects{{}};
  RewardSide reward_side;
  ReportSide reports;
  std::vector<LogConsumer*> all{&people, &catalog, &objects, &reward_side.together};
};

// The day a message was first stored, if it is remembered.
Result<std::optional<std::uint32_t>> day_of_message(const Store& store, const MessageKey& key) {
  std::vector<std::uint32_t> days;
  const std::string prefix = kDedupDayPrefix;
  TRY(store.scan(Table::kMeta, prefix, [&](std::string_view row, std::string_view) {
    std::uint32_t day = 0;
    for (const char byte : row.substr(prefix.size())) {
      day = day << 8 | static_cast<unsigned char>(byte);
    }
    days.push_back(day);
    return true;
  }));
  for (const std::uint32_t day : days) {
    if (TRY(store.get(Table::kDedup, dedup_key(day, key)))) return std::optional(day);
  }
  return std::optional<std::uint32_t>();
}

void place(JsonWriter& json, bool& found, const char* what, std::string_view where) {
  json.begin_object().field("what", what).field("where", where).end_object();
  found = true;
}

Result<void> find_message(JsonWriter& json, bool& found, Engine& engine, std::string_view id) {
  const std::size_t slash = id.rfind('/');
  if (slash == id.npos) return {};
  for (const RoutingKind kind : {RoutingKind::kAnonymous, RoutingKind::kUser}) {
    const PersonHash person =
        person_hash(engine.person_key(), kFirstTenant, {kind, std::string(id.substr(0, slash))});
    const auto day = TRY(day_of_message(engine.store(), message_key(person, id.substr(slash + 1))));
    if (day) place(json, found, "message", format_time(static_cast<TimeMs>(*day) * kDayMs));
  }
  return {};
}

}  // namespace

Result<LogCount> count_log(const Store& store) {
  LogCount counts;
  std::map<std::uint16_t, std::uint64_t> next;
  const Result<void> scanned = store.scan_log(
      0,
      [&](std::uint64_t commit, std::uint16_t partition, std::string_view value) -> Result<bool> {
        ++counts.values;
        for (const CommittedRecord& record : TRY(decode_log_value(value))) {
          std::uint64_t& expected =
              next.try_emplace(partition, record.sequence.value).first->second;
          if (record.commit.value != commit || record.partition.value != partition ||
              record.sequence.value != expected) {
            return data_loss(fmt::format("partition {}: commit {} has sequence {}, expected {}",
                                         partition, commit, record.sequence.value, expected));
          }
          ++expected;
          count(record, counts);
        }
        return true;
      });
  if (!scanned) return scanned.error();
  return counts;
}

Result<std::vector<std::pair<std::string, bool>>> rebuild_and_compare(Engine& engine) {
  TRY(engine.journal().flush());
  auto folds = std::make_unique<Folds>(engine.holdout_salt());
  std::uint64_t at = 0;
  const auto end_commit = [&] {
    for (LogConsumer* fold : folds->all) {
      if (at > 0) fold->commit_consumed(Commit{at});
    }
  };
  const Result<void> scanned = engine.store().scan_log(
      0, [&](std::uint64_t commit, std::uint16_t, std::string_view value) -> Result<bool> {
        if (commit != at) end_commit();
        at = commit;
        for (const CommittedRecord& record : TRY(decode_log_value(value))) {
          for (LogConsumer* fold : folds->all) fold->consume(record);
        }
        return true;
      });
  if (!scanned) return scanned.error();
  end_commit();
  std::vector<std::pair<std::string, bool>> compared{
      {"people", folds->people.save() == engine.people().save()},
      {"catalog", folds->catalog.save() == engine.catalog().save()},
      {"objects", folds->objects.save() == engine.objects().save()},
      {"rewards", folds->reward_side.together.save() == engine.rewards().save()}};
  for (std::size_t i = 0; i < folds->reports.all.size(); ++i) {
    const LogConsumer &anew = *folds->reports.all[i], &live = *engine.reports().all[i];
    compared.emplace_back(anew.name(), anew.save() == live.save());
  }
  return compared;
}

Result<std::string> find_id(Engine& engine, std::string_view id) {
  std::string body;
  JsonWriter json(body);
  bool found = false;
  json.begin_object().key("found").begin_array();
  if (const auto decision = parse_decision_id(id)) {
    if (const auto record = engine.journal().find_decision(*decision)) {
      place(json, found, "decision", format_time(record->at_ms));
    }
  }
  const CatalogView catalog = engine.catalog().view();
  if (const Item* item = catalog.find(item_key(id)); item != nullptr) {
    place(json, found, "item", fmt::format("version {}", item->version));
  }
  for (const char* type : {"slot", "brief", "key"}) {
    if (const auto object = engine.objects().find(type, id); object && !object->deleted) {
      place(json, found, type, fmt::format("version {}", object->version));
    }
  }
  for (const RoutingKind kind : {RoutingKind::kAnonymous, RoutingKind::kUser}) {
    const PersonHash person =
        person_hash(engine.person_key(), kFirstTenant, {kind, std::string(id)});
    if (engine.people().find(person) != nullptr) {
      place(json, found, kind == RoutingKind::kUser ? "userId" : "anonymousId", to_string(person));
    }
  }
  if (const auto person = parse_person_hash(id); person && engine.people().find(*person)) {
    place(json, found, "person", id);
  }
  TRY(find_message(json, found, engine, id));
  json.end_array().end_object();
  if (!found) return not_found("'" + std::string(id) + "' is known nowhere");
  return body;
}

}  // namespace ante
