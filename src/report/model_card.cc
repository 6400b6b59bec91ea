#include "report/model_card.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/time_text.h"

namespace ante {

namespace {

using CardWords = std::vector<std::string>;

std::string card_duration(DurationMs ms) {
  const struct {
    DurationMs ms;
    const char* name;
  } units[] = {{kDayMs, "day"}, {kHourMs, "hour"}, {kMinuteMs, "minute"}, {kSecondMs, "second"}};
  for (const auto& unit : units) {
    if (ms < unit.ms) continue;
    const double n = static_cast<double>(ms) / static_cast<double>(unit.ms);
    return fmt::format("{:.3g} {}{}", n, unit.name, n == 1 ? "" : "s");
  }
  return fmt::format("{} ms", ms);
}

std::string card_list(const CardWords& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "nothing" : text;
}

CardWords optimizes_of(const Slot& slot) {
  CardWords words = {fmt::format("The reward of a shown item within {}: {} counts {:g}.",
                                 card_duration(slot.goal_window_ms), slot.goal_event,
                                 slot.goal_value)};
  for (const SlotOutcome& outcome : slot.further_outcomes)
    words.push_back(fmt::format("{} counts {:g}.", outcome.event, outcome.value));
  if (slot.default_reward != 0)
    words.push_back(
        fmt::format("When nothing comes of it, that counts {:g}.", slot.default_reward));
  return words;
}

CardWords ignores_of(const CardQuestion& q) {
  const Slot& slot = q.slot;
  CardWords words = {fmt::format("Whatever happens later than {} after it was shown.",
                                 card_duration(slot.goal_window_ms)),
                     fmt::format("Every event but {}{}.", slot.goal_event,
                                 slot.further_outcomes.empty() ? "" : " and those named above")};
  if (std::ranges::none_of(slot.further_outcomes,
                           [](const SlotOutcome& outcome) { return outcome.value < 0; }))
    words.emplace_back("Harm: no outcome counts against a bet here.");
  if (slot.attention_cost == 0)
    words.emplace_back("Attention: taking it costs a bet nothing here.");
  if (slot.miss_cost == 0) words.emplace_back("Goodwill: a bet without an answer costs nothing.");
  if (!q.readers) words.emplace_back("What readers themselves get of it: it is not measured.");
  return words;
}

std::optional<std::string> since_of(const CardQuestion& q) {
  if (!q.figures || q.figures->days.empty()) return std::nullopt;
  return format_time(static_cast<TimeMs>(q.figures->first_day) * kDayMs).substr(0, 10);
}

CardWords trained_of(const CardQuestion& q) {
  if (q.model_version == 0)
    return {"Nothing was learned yet: it goes by what was expected beforehand."};
  CardWords words = {fmt::format("{} shown items of all slots and what came of them; version {}.",
                                 q.model_rows, q.model_version)};
  words.emplace_back("Nothing of the people held out.");
  if (const auto since = since_of(q))
    words.push_back(fmt::format("Decisions of this slot are known since {}.", *since));
  return words;
}

CardWords policy_of(const CardQuestion& q) {
  const Slot& slot = q.slot;
  CardWords words = {fmt::format("Policy version {}; {:.3g} % of decisions may explore.",
                                 q.policy_version, 100 * slot.stake)};
  if (slot.allowed_loss > 0)
    words.push_back(fmt::format("Bets may cost at most {:.3g} % of what the safe default earns.",
                                100 * slot.allowed_loss));
  words.push_back(
      fmt::format("{:.3g} % of people are left alone to compare with.", 100 * slot.holdout));
  if (!slot.fell_back.empty())
    words.push_back("It went back to its safe default: " + slot.fell_back);
  else if (slot.in_shadow())
    words.emplace_back("It only watches: everybody gets the safe default.");
  return words;
}

CardWords calibration_of(const CardQuestion& q) {
  CardWords words;
  if (q.figures && q.figures->regret.expected_total && q.figures->regret.expected_n > 0 &&
      q.figures->regret.per_decision.value) {
    const Regret& regret = q.figures->regret;
    const double expected = *regret.expected_total / static_cast<double>(regret.expected_n);
    const Estimate& measured = regret.per_decision;
    words.push_back(fmt::format(
        "Against the best single action the model expected to win {:.3g} a decision (n {}); "
        "measured was {:.3g} ({:.3g} to {:.3g}; n {}): {}.",
        -expected, regret.expected_n, -*measured.value, -measured.interval.high,
        -measured.interval.low, measured.n,
        measured.interval.contains(expected) ? "not at odds" : "it was wrong about itself"));
  } else {
    words.emplace_back("What it expects was not held against what came yet: too early.");
  }
  words.push_back(q.odds.n == 0
                      ? "None of the bets it gave odds for has been settled yet."
                      : fmt::format("Of {} settled bets it said {:.0f} % would pay; {:.0f} % did.",
                                    q.odds.n, 100 * q.odds.said, 100 * q.odds.came));
  return words;
}

CardWords worse_for_of(const CardQuestion& q) {
  CardWords words;
  for (const MapCell& cell : q.cells.losers)
    words.push_back(fmt::format("{}: {} against those left alone; n {}.", name_of(cell),
                                size_of(cell), cell.treated + cell.holdout));
  if (words.empty()) words.push_back(q.cells.sentence);
  return words;
}

CardWords limits_of(const CardQuestion& q) {
  CardWords words;
  const auto add = [&words](bool holds, const char* text) {
    if (holds) words.emplace_back(text);
  };
  add(q.slot.holdout <= 0, "Nobody is held out: whether it works cannot be known.");
  add(q.lift.srm_p < kSampleRatioAlarm,
      "The split is not as planned: no comparison here can be believed.");
  add(q.lift.verdict == Verdict::kTooEarly,
      "It is too early to say whether anybody is better off.");
  add(q.lift.verdict == Verdict::kUnproven && q.lift.srm_p >= kSampleRatioAlarm,
      "Whether anybody is better off is not proven: it could be either way.");
  add(true, "The lift counts each person once, in the window after their first bet.");
  add(q.model_version != 0,
      "One model decides in every slot; what it learned elsewhere acts here.");
  add(q.slot.safe_items.empty(),
      "The safe default is made of what is best for everybody: it changes, and the comparison with "
      "it.");
  if (q.cells.tested < 2)
    words.emplace_back("No group of people is large enough to say for whom it does worse.");
  return words;
}

void write_words(JsonWriter& json, std::string_view name, const CardWords& words) {
  json.key(name).begin_object().texts("words", words);
}

void write_odds(JsonWriter& json, const Calibration& odds) {
  json.key("odds");
  if (odds.n == 0) {
    json.null();
    return;
  }
  json.begin_object().field("n", odds.n).field("said", odds.said).field("came", odds.came);
  json.field("brier", odds.brier).end_object();
}

}  // namespace

ModelCard model_card(CardQuestion question) {
  ModelCard card;
  card.slot = question.slot.name;
  card.optimizes = optimizes_of(question.slot);
  card.ignores = ignores_of(question);
  card.uses = {"Of item and person: " + card_list(question.features) + ".",
               "Items come from: " + card_list(question.sources) + "."};
  card.trained = trained_of(question);
  card.policy = policy_of(question);
  card.calibration = calibration_of(question);
  card.worse_for = worse_for_of(question);
  card.limits = limits_of(question);
  card.sentence =
      fmt::format("What decides in {}: model version {}, policy version {}. {}", card.slot,
                  question.model_version, question.policy_version, question.lift.sentence);
  card.facts = std::move(question);
  return card;
}

std::string to_json(const ModelCard& card) {
  const CardQuestion& q = card.facts;
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("slot", card.slot).field("sentence", card.sentence);
  write_words(json, "optimizes", card.optimizes);
  json.field("goal", q.slot.goal_event).field("value", q.slot.goal_value);
  json.field("windowMs", q.slot.goal_window_ms).key("outcomes").begin_array();
  for (const SlotOutcome& outcome : q.slot.further_outcomes)
    json.begin_object().field("event", outcome.event).field("value", outcome.value).end_object();
  json.end_array().end_object();
  write_words(json, "ignores", card.ignores);
  json.end_object();
  write_words(json, "uses", card.uses);
  json.texts("features", q.features).texts("sources", q.sources).end_object();
  write_words(json, "trained", card.trained);
  json.field("model", q.model_version).field("rows", q.model_rows).key("since");
  const auto since = since_of(q);
  since ? json.string(*since) : json.null();
  json.end_object();
  write_words(json, "policy", card.policy);
  json.field("version", q.policy_version).field("stake", q.slot.stake);
  json.field("holdout", q.slot.holdout).field("allowedLoss", q.slot.allowed_loss).end_object();
  write_words(json, "calibration", card.calibration);
  write_odds(json, q.odds);
  json.end_object();
  write_words(json, "worseFor", card.worse_for);
  json.field("tested", q.cells.tested).key("groups").begin_array();
  for (const MapCell& cell : q.cells.losers) json.string(name_of(cell));
  json.end_array().end_object().key("lift").raw(to_json(q.lift));
  write_words(json, "limits", card.limits);
  json.end_object().end_object();
  return text;
}

}  // namespace ante
