#include "domain/slot.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/json_parser.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "domain/decision.h"
#include "domain/json_fields.h"
#include "domain/object_id.h"

namespace ante {

namespace {

constexpr std::size_t kSlotJsonBytesMax = 64 * 1024;
constexpr std::size_t kSlotTextBytesMax = 1000;  // who waived and why
constexpr DurationMs kGoalWindowMsMin = kSecondMs;
constexpr DurationMs kGoalWindowMsMax = 30 * kDayMs;
constexpr double kGoalValueMin = 1e-6, kGoalValueMax = 1e6;  // rewards are kept in millionths
constexpr double kShareTolerance = 1e-9;                     // of shares that are added
constexpr double kStakeMax = 0.5;
constexpr double kCostMax = 1e9;
constexpr double kAllowedLossMax = 0.5;
// Limits of profile/unanswered.h, which counts.
constexpr std::int64_t kRepeatExposuresMax = 15, kRepeatDaysMax = 7;

using Names = std::string_view;
constexpr std::array<Names, 18> kSlotFields = {
    "name",     "channel",       "limit",    "safeDefault",  "goal",        "holdout",
    "stake",    "attentionCost", "missCost", "repeatLimit",  "allowedLoss", "mode",
    "fellBack", "restock",       "brief",    "briefMissing", "version",     "controls"};
constexpr std::array<Names, kControlCount> kControlFields = {
    "bestSingle",     "shuffled",        "trending",        "withoutTold",
    "withoutNoticed", "withoutImported", "withoutSituation"};
// In the same order, which is that of the arms.
constexpr std::array<double StandingControls::*, kControlCount> kControlShares = {
    &StandingControls::best_single,      &StandingControls::shuffled,
    &StandingControls::trending,         &StandingControls::without_told,
    &StandingControls::without_noticed,  &StandingControls::without_imported,
    &StandingControls::without_situation};
constexpr std::array<Names, 2> kRepeatFields = {"exposures", "days"};
constexpr std::array<Names, 2> kSafeDefaultFields = {"items", "best"};
constexpr std::array<Names, 6> kGoalFields = {"event",    "windowMs",      "value",
                                              "outcomes", "defaultReward", "rewardWaitMs"};
constexpr std::array<Names, 2> kOutcomeFields = {"event", "value"};
constexpr std::array<Names, 1> kBriefFields = {"waived"};
constexpr std::array<Names, 2> kWaiverFields = {"by", "reason"};

void read_channel(const JsonFields& fields, Slot& slot) {
  const auto text = fields.text("channel", 1, kSlotTextBytesMax);
  if (!text) return;
  for (const Channel channel : {Channel::kSite, Channel::kEmail, Channel::kPush}) {
    if (*text == to_string(channel)) {
      slot.channel = channel;
      return;
    }
  }
  fields.refuse("channel", "must be site, email or push, found '" + text->substr(0, 40) + "'");
}

void read_safe_default(const JsonFields& fields, Slot& slot) {
  const auto value = fields.get("safeDefault");
  if (!value) return;
  std::string_view text;
  if (value->get(text) == simdjson::SUCCESS && text == "best") return;
  const auto safe = fields.object("safeDefault", kSafeDefaultFields);
  if (!safe) return;
  const auto best = safe->boolean("best");
  const auto items = safe->texts("items", kSafeDefaultItemsMax, kIdBytesMax);
  if (best.has_value() == safe->get("items").has_value() || (best && !*best)) {
    safe->refuse_self("must be either {\"items\": [ids]} or {\"best\": true}");
    return;
  }
  if (!items) return;
  if (items->empty())
    safe->refuse("items", "must name at least one item; for none say {\"best\": true}");
  for (std::size_t i = 0; i < items->size(); ++i) {
    if (std::find(items->begin(), items->begin() + static_cast<std::ptrdiff_t>(i), (*items)[i]) !=
        items->begin() + static_cast<std::ptrdiff_t>(i)) {
      safe->refuse("items", "names '" + (*items)[i] + "' twice");
    }
  }
  slot.safe_items = *items;
}

// Outcomes are told apart by their names, whatever the case.
bool is_named(const Slot& slot, std::string_view event) {
  return same_word(slot.goal_event, event) ||
         std::any_of(slot.further_outcomes.begin(), slot.further_outcomes.end(),
                     [event](const SlotOutcome& known) { return same_word(known.event, event); });
}

void read_outcomes(const JsonFields& goal, Slot& slot) {
  const auto value = goal.get("outcomes");
  if (!value) return;
  simdjson::dom::array list;
  if (value->get(list) != simdjson::SUCCESS || list.size() > kFurtherOutcomesMax) {
    goal.refuse("outcomes", "must be a list of at most " + std::to_string(kFurtherOutcomesMax) +
                                " {\"event\", \"value\"}");
    return;
  }
  std::size_t index = 0;
  for (const simdjson::dom::element element : list) {
    const std::string path = "outcomes/" + std::to_string(index++);
    simdjson::dom::object object;
    if (element.get(object) != simdjson::SUCCESS) {
      goal.refuse("outcomes",
                  std::string("must hold {\"event\", \"value\"}, found ") + json_kind(element));
      return;
    }
    const JsonFields outcome = goal.inner(object, path, kOutcomeFields);
    const auto event = outcome.line("event", 1, kSlotTextBytesMax);
    const auto worth = outcome.number("value", -kGoalValueMax, kGoalValueMax);
    if (!event) {
      outcome.refuse("event", "must name an event or a measure of rewards");
    } else if (is_named(slot, *event)) {
      outcome.refuse("event", "names '" + event->substr(0, 40) + "' again; it counts already");
    } else if (!worth || std::abs(*worth) < kGoalValueMin) {
      outcome.refuse("value", "must be what one of them is worth, from a millionth up, or below 0");
    } else {
      slot.further_outcomes.push_back({*event, *worth});
    }
  }
}

void read_goal(const JsonFields& fields, Slot& slot) {
  const auto goal = fields.object("goal", kGoalFields);
  if (!goal) return;
  if (const auto event = goal->line("event", 1, kSlotTextBytesMax)) slot.goal_event = *event;
  if (const auto window = goal->integer("windowMs", kGoalWindowMsMin, kGoalWindowMsMax))
    slot.goal_window_ms = *window;
  slot.goal_value = goal->number("value", kGoalValueMin, kGoalValueMax).value_or(slot.goal_value);
  read_outcomes(*goal, slot);
  if (const auto reward = goal->number("defaultReward", -kGoalValueMax, kGoalValueMax)) {
    if (*reward < slot.goal_value)
      slot.default_reward = *reward;
    else
      goal->refuse("defaultReward", "must be below the goal's value, or nothing could be learned");
  }
  if (const auto wait = goal->integer("rewardWaitMs", 0, kGoalWindowMsMax)) {
    if (*wait <= slot.goal_window_ms)
      slot.reward_wait_ms = *wait;
    else
      goal->refuse("rewardWaitMs", "must not be longer than windowMs (" +
                                       std::to_string(slot.goal_window_ms) + ")");
  }
}

void read_repeat_limit(const JsonFields& fields, Slot& slot) {
  const auto limit = fields.object("repeatLimit", kRepeatFields);
  if (!limit) return;
  if (const auto exposures = limit->integer("exposures", 0, kRepeatExposuresMax))
    slot.repeat_exposures = static_cast<unsigned>(*exposures);
  if (const auto days = limit->integer("days", 1, kRepeatDaysMax))
    slot.repeat_days = static_cast<unsigned>(*days);
}

void read_controls(const JsonFields& fields, Slot& slot) {
  const auto controls = fields.object("controls", kControlFields);
  if (!controls) return;
  StandingControls& of = slot.controls;
  for (std::size_t i = 0; i < kControlCount; ++i)
    of.*kControlShares[i] = controls->number(kControlFields[i], 0, kControlShareMax).value_or(0);
  if (of.best_single > 0 && slot.safe_items.empty())
    controls->refuse("bestSingle",
                     "must be 0 where the safe default is the best single action: the people held "
                     "out are that comparison already");
  if (slot.holdout + of.lists_sum() + of.ablations_sum() > kHoldoutShareMax + kShareTolerance)
    controls->refuse_self("leave too few: with the holdout they may take at most " +
                          std::to_string(std::lround(100 * kHoldoutShareMax)) + " % of people");
}

void read_mode(const JsonFields& fields, Slot& slot) {
  const auto mode = fields.text("mode", 1, kSlotTextBytesMax);
  if (!mode) return;
  slot.apprentice = *mode == "apprentice";
  if (!slot.apprentice && *mode != "online")
    fields.refuse("mode", "must be online or apprentice, found '" + mode->substr(0, 40) + "'");
}

void read_brief(const JsonFields& fields, Slot& slot) {
  const auto value = fields.get("brief");
  if (!value) return;
  if (value->is_string()) {
    if (const auto id = fields.text("brief", 1, kIdBytesMax)) slot.brief = *id;
    return;
  }
  if (!value->is_object()) {
    fields.refuse("brief", "must be the id of a brief or {\"waived\": {\"by\", \"reason\"}}");
    return;
  }
  const auto brief = fields.object("brief", kBriefFields);
  const auto waived = brief->object("waived", kWaiverFields);
  if (!waived) {
    brief->refuse_self("must say who waived it and why: {\"waived\": {\"by\", \"reason\"}}");
    return;
  }
  const auto by = waived->line("by", 1, kSlotTextBytesMax);
  const auto reason = waived->line("reason", 1, kSlotTextBytesMax);
  if (!by) waived->refuse("by", "must say who waived the brief");
  if (!reason) waived->refuse("reason", "must say why there is no brief");
  slot.waived_by = by.value_or("");
  slot.waived_reason = reason.value_or("");
}

}  // namespace

double StandingControls::share(Arm control) const {
  return this->*kControlShares[control_index(control)];
}

double StandingControls::part(Arm arm) const {
  if (is_list_control(arm)) return share(arm);
  return (1 - lists_sum()) * (is_ablation(arm) ? share(arm) : 1 - ablations_sum());
}

double RewardRange::share_of(double reward) const {
  return width > 0 ? std::clamp((reward - low) / width, 0.0, 1.0) : 0;
}

bool Slot::measures_as(const Slot& other) const {
  return same_word(goal_event, other.goal_event) && goal_window_ms == other.goal_window_ms &&
         goal_value == other.goal_value && further_outcomes == other.further_outcomes;
}

RewardRange Slot::reward_range() const {
  double worst = 0, best = goal_value;
  for (const SlotOutcome& outcome : further_outcomes)
    (outcome.value < 0 ? worst : best) += outcome.value;
  worst = std::min(worst, default_reward);
  return {worst, best - worst};
}

const char* to_string(Channel channel) {
  switch (channel) {
    case Channel::kSite:
      return "site";
    case Channel::kEmail:
      return "email";
    case Channel::kPush:
      return "push";
  }
  return "unknown";
}

Result<Slot> slot_from_json(std::string_view name, std::string_view json) {
  TRY(check_object_id(name, "#/name: a slot's name", "article-end"));
  JsonParser parser(kSlotJsonBytesMax);
  const simdjson::dom::element root = TRY(parser.parse(json));
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS) {
    return invalid_argument(std::string("#: a slot must be an object, found ") + json_kind(root));
  }
  JsonRefusal refusal;
  const JsonFields fields(object, "#", kSlotFields, refusal);
  Slot slot;
  slot.name = std::string(name);
  slot.key = slot_key(name);
  if (const auto own_name = fields.text("name", 1, kObjectIdBytesMax);
      own_name && *own_name != name) {
    fields.refuse("name",
                  "must be '" + slot.name + "' like the address, found '" + *own_name + "'");
  }
  read_channel(fields, slot);
  if (const auto limit = fields.integer("limit", 1, kSlatePlacesMax))
    slot.limit = static_cast<std::uint8_t>(*limit);
  read_safe_default(fields, slot);
  read_goal(fields, slot);
  slot.holdout = fields.number("holdout", 0, kHoldoutShareMax).value_or(slot.holdout);
  read_controls(fields, slot);
  slot.stake = fields.number("stake", 0, kStakeMax).value_or(slot.stake);
  slot.attention_cost = fields.number("attentionCost", 0, kCostMax).value_or(slot.attention_cost);
  slot.miss_cost = fields.number("missCost", 0, kCostMax).value_or(slot.miss_cost);
  slot.allowed_loss = fields.number("allowedLoss", 0, kAllowedLossMax).value_or(slot.allowed_loss);
  read_repeat_limit(fields, slot);
  read_mode(fields, slot);
  slot.fell_back = fields.text("fellBack", 0, kSlotTextBytesMax).value_or("");
  slot.consumes_bought = fields.boolean("restock").value_or(false);
  read_brief(fields, slot);
  slot.brief_missing = fields.text("briefMissing", 0, kSlotTextBytesMax).value_or("");
  slot.version = static_cast<std::uint64_t>(fields.integer("version", 0, INT64_MAX).value_or(0));
  if (slot.allowed_loss > 0 && slot.reward_range().low < 0)
    fields.refuse("allowedLoss",
                  "cannot be kept where rewards fall below 0: set it to 0, or leave out outcomes "
                  "and default rewards below 0");
  if (refusal.first) return *refusal.first;
  return slot;
}

std::string slot_to_json(const Slot& slot) {
  std::string out;
  JsonWriter json(out);
  json.begin_object()
      .field("name", slot.name)
      .field("channel", to_string(slot.channel))
      .field("limit", slot.limit);
  json.key("safeDefault").begin_object();
  if (slot.safe_items.empty()) {
    json.field("best", true);
  } else {
    json.texts("items", slot.safe_items);
  }
  json.end_object();
  json.key("goal").begin_object();
  json.field("event", slot.goal_event)
      .field("windowMs", slot.goal_window_ms)
      .field("value", slot.goal_value);
  if (!slot.further_outcomes.empty()) {
    json.key("outcomes").begin_array();
    for (const SlotOutcome& outcome : slot.further_outcomes)
      json.begin_object().field("event", outcome.event).field("value", outcome.value).end_object();
    json.end_array();
  }
  if (slot.default_reward != 0) json.field("defaultReward", slot.default_reward);
  if (slot.reward_wait_ms > 0) json.field("rewardWaitMs", slot.reward_wait_ms);
  json.end_object();
  json.field("holdout", slot.holdout);
  if (slot.controls != StandingControls{}) {
    json.key("controls").begin_object();
    for (std::size_t i = 0; i < kControlCount; ++i)
      json.field(kControlFields[i], slot.controls.*kControlShares[i]);
    json.end_object();
  }
  json.field("stake", slot.stake)
      .field("attentionCost", slot.attention_cost)
      .field("missCost", slot.miss_cost)
      .field("allowedLoss", slot.allowed_loss)
      .field("mode", slot.apprentice ? "apprentice" : "online");
  json.key("repeatLimit").begin_object();
  json.field("exposures", slot.repeat_exposures).field("days", slot.repeat_days).end_object();
  if (!slot.fell_back.empty()) json.field("fellBack", slot.fell_back);
  json.field("restock", slot.consumes_bought).key("brief");
  if (!slot.brief.empty()) {
    json.string(slot.brief);
  } else if (!slot.waived_by.empty()) {
    json.begin_object().key("waived").begin_object();
    json.field("by", slot.waived_by).field("reason", slot.waived_reason).end_object().end_object();
  } else {
    json.null();
  }
  if (!slot.brief_missing.empty()) json.field("briefMissing", slot.brief_missing);
  json.field("version", slot.version).end_object();
  return out;
}

}  // namespace ante
