#include "learning/decision_export.h"

#include <array>
#include <charconv>
#include <cmath>
#include <numbers>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/time_text.h"
#include "learning/first_place.h"

namespace ante {
namespace {

constexpr std::array<std::string_view, 3> kDevices = {"phone", "tablet", "desktop"};
constexpr std::array<std::string_view, 5> kReferrers = {"search", "social", "newsletter", "direct",
                                                        "internal"};
constexpr double kHoursOfDay = 24;
constexpr std::uint8_t kSunday = 0, kSaturday = 6;

std::string known_name(ItemKey item, const Slot* slot, const ItemNames& names) {
  const std::string_view id = names(item, slot);
  return id.empty() ? fmt::format("key:{:016x}", item.value) : std::string(id);
}

void write_context(JsonWriter& json, const LoggedDecision& logged, const ItemNames& names) {
  const Situation& now = logged.decision.situation;
  json.key("context").begin_object();
  if (now.item != ItemKey{}) json.field("item", known_name(now.item, logged.slot, names));
  json.field("device", now.device).field("referrer", now.referrer).field("task", now.task);
  json.field("hour", now.hour).field("weekday", now.weekday).end_object();
}

// The same numbers in every line: device and referrer, one of each; the hour on a circle; weekend;
// whether something is on the page.
void write_features(JsonWriter& json, const Situation& now) {
  json.key("features").begin_array();
  for (const std::string_view device : kDevices) json.number(now.device == device ? 1 : 0);
  for (const std::string_view referrer : kReferrers) json.number(now.referrer == referrer ? 1 : 0);
  const double angle = 2 * std::numbers::pi * static_cast<double>(now.hour) / kHoursOfDay;
  json.number(std::sin(angle)).number(std::cos(angle));
  json.number(now.weekday == kSunday || now.weekday == kSaturday ? 1 : 0);
  json.number(now.item != ItemKey{} ? 1 : 0).end_array();
}

// A line without what came of the decision, and what is needed to end it.
struct Line {
  std::string text;
  DecisionId id;
  std::size_t places = 0;
  bool drawn = false;
};

class Page final : public DecisionSink {
 public:
  Page(const ItemNames& names, const ExportLimits& limits) : names_(names), limits_(limits) {}

  bool take(const LoggedDecision& logged) override {
    if (lines_.size() >= limits_.decisions || bytes_ >= limits_.bytes) return false;
    if (!at_.emplace(logged.decision.id, lines_.size()).second) return true;
    lines_.push_back(line_of(logged));
    bytes_ += lines_.back().text.size();
    return true;
  }

  void settle(DecisionId id, RewardState state, std::span<const PlaceReward> rewards) override {
    Line& line = lines_[at_.at(id)];
    if (line.text.ends_with('}')) return;  // a second record of the same decision
    std::vector<std::optional<double>> of_place(line.places);
    for (const PlaceReward& place : rewards)
      if (place.position >= 1 && place.position <= line.places)
        of_place[place.position - 1U] = place.reward;
    line.text.push_back(',');
    JsonWriter json(line.text);
    json.field("rewardState", to_string(state));
    json.key("rewards").begin_array();
    for (const auto& reward : of_place) reward ? json.number(*reward) : json.null();
    json.end_array().key("reward");
    const bool known = line.drawn && !of_place.empty() && of_place.front();
    known ? json.number(*of_place.front()) : json.null();
    json.end_object();
    evaluable_ += known ? 1 : 0;
  }

  DecisionPage finish(const DecisionReading& reading) {
    DecisionPage page;
    page.decisions = lines_.size();
    page.evaluable = evaluable_;
    page.unreadable = reading.unreadable;
    page.next = reading.next;
    page.lines.reserve(bytes_ + lines_.size() * 128);
    for (Line& line : lines_) {
      page.lines.append(line.text).push_back('\n');
      line.text = {};
    }
    return page;
  }

 private:
  std::string name_of(ItemKey item, const LoggedDecision& logged) const {
    for (const Placement& placement : logged.decision.served)
      if (placement.item == item && !placement.item_id.empty()) return placement.item_id;
    return known_name(item, logged.slot, names_);
  }

  void write_actions(JsonWriter& json, const FirstPlace& first,
                     const LoggedDecision& logged) const {
    json.key("actions").begin_array();
    for (const FirstPlaceAction& action : first.actions) {
      json.begin_object().field("id", name_of(action.item, logged));
      json.field("propensity", action.propensity).field("gain", action.gain);
      json.field("estimate", action.expected).end_object();
    }
    json.end_array();
  }

  Line line_of(const LoggedDecision& logged) const {
    const Decision& decision = logged.decision;
    const FirstPlace first = first_place_of(decision, logged.range());
    Line line{{}, decision.id, decision.served.size(), !first.not_drawn};
    JsonWriter json(line.text);
    json.begin_object().field("decision", to_string(decision.id));
    json.field("time", format_time(decision.at_ms)).field("slot", decision.slot_name);
    json.field("outcome", to_string(decision.outcome)).field("arm", to_string(decision.arm));
    if (decision.fallback != Fallback::kNone) json.field("fallback", to_string(decision.fallback));
    json.field("drawn", line.drawn);
    if (first.not_drawn) json.field("notDrawn", to_string(*first.not_drawn));
    json.field("learning", true).field("model", std::to_string(decision.versions.model));
    json.key("policy").begin_object().field("version", decision.policy.policy_version);
    json.field("branch", decision.policy.drawn_branch);
    json.field("base", decision.policy.base_branch);
    json.field("stake", decision.policy.stake).field("permitted", decision.policy.permitted);
    json.end_object();
    write_context(json, logged, names_);
    write_features(json, decision.situation);
    if (!first.not_drawn) write_actions(json, first, logged);
    if (!decision.served.empty()) {
      json.field("chosen", name_of(decision.served.front().item, logged));
      json.field("propensity", decision.served.front().propensity);
    }
    json.key("served").begin_array();
    for (std::size_t k = 0; k < decision.served.size(); ++k) {
      json.begin_object().field("id", name_of(decision.served[k].item, logged));
      json.field("position", k + 1).field("propensity", decision.served[k].propensity);
      json.end_object();
    }
    json.end_array().key("safeDefault").begin_array();
    for (const ItemKey item : decision.safe_default) json.string(name_of(item, logged));
    json.end_array();
    return line;
  }

  const ItemNames& names_;
  const ExportLimits& limits_;
  std::vector<Line> lines_;
  std::unordered_map<DecisionId, std::size_t> at_;
  std::size_t bytes_ = 0;
  std::uint64_t evaluable_ = 0;
};

}  // namespace

Result<DecisionPage> export_decisions(const Store& store, const DecisionsWanted& wanted,
                                      const ItemNames& names, const ExportLimits& limits) {
  Page page(names, limits);
  const DecisionReading reading = TRY(read_decisions(store, wanted, page));
  return page.finish(reading);
}

std::string to_cursor(const LogPlace& place) {
  return fmt::format("{}.{}.{}", place.commit, place.partition, place.sequence);
}

Result<LogPlace> parse_cursor(std::string_view text) {
  LogPlace place;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto take = [&](auto& number) {
    const auto [next, failure] = std::from_chars(at, end, number);
    at = next;
    return failure == std::errc{};
  };
  const auto dot = [&] { return at != end && *at++ == '.'; };
  const bool good =
      take(place.commit) && dot() && take(place.partition) && dot() && take(place.sequence);
  if (good && at == end) return place;
  return invalid_argument("the cursor is not one of ours");
}

}  // namespace ante
