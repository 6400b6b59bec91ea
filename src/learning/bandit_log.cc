#include "learning/bandit_log.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "base/json_parser.h"
#include "catalog/import.h"

namespace ante {
namespace {

using Element = simdjson::dom::element;

class ActionNames {
 public:
  explicit ActionNames(std::vector<std::string>& names) : names_(names) {}
  std::uint32_t number(std::string_view name) {
    const auto [place, added] =
        known_.emplace(std::string(name), static_cast<std::uint32_t>(known_.size()));
    if (added) names_.emplace_back(name);
    return place->second;
  }

 private:
  std::vector<std::string>& names_;
  std::unordered_map<std::string, std::uint32_t> known_;
};

Error at_line(const LogOptions& options, std::uint64_t line, std::string_view what) {
  return invalid_argument(fmt::format("{}: line {}: {}", options.file, line, what));
}

Result<double> checked_reward(double reward, const LogOptions& options, std::uint64_t line) {
  if (std::isfinite(reward) && reward >= options.reward_min && reward <= options.reward_max)
    return reward;
  return at_line(options, line,
                 fmt::format("the reward is {}, outside {} to {}; say what rewards can be with "
                             "--reward-min and --reward-max, or correct the line",
                             reward, options.reward_min, options.reward_max));
}

// Reads one line after another; each message names the field.
class NativeReader {
 public:
  NativeReader(const LogOptions& options, BanditLog& log)
      : options_(options), log_(log), names_(log.action_names) {}

  Result<void> read(std::uint64_t line, Element round) {
    line_ = line;
    if (!round.is_object()) return bad("not a JSON object");
    TRY(read_decision(round));
    if (!TRY(flag(round, "drawn", true))) {
      ++log_.not_drawn;
      return {};
    }
    const Element reward_field = TRY(field(round, "reward"));
    if (reward_field.is_null()) {
      ++log_.without_reward;
      return {};
    }
    const double found = TRY(number(round, "reward"));
    const double reward = TRY(checked_reward(found, options_, line_));
    TRY(read_model(round));
    simdjson::dom::array slate;
    if (!round["places"].get(slate)) return read_places(slate, reward);
    if (!round["slate"].get(slate)) return read_slate(round, slate, reward);
    return read_round(round, reward);
  }

  Result<void> finish() const {
    if (!log_.rounds.empty() && !log_.slates.empty()) {
      return invalid_argument(options_.file +
                              ": holds single choices and slates; evaluate them one by one");
    }
    if (log_.rounds.empty() && log_.slates.empty()) {
      return invalid_argument(fmt::format(
          "{}: no round with a reward ({} without){}", options_.file, log_.without_reward,
          log_.not_drawn == 0 ? "" : fmt::format(", and {} that no policy drew", log_.not_drawn)));
    }
    return {};
  }

 private:
  Error bad(std::string_view what) const { return at_line(options_, line_, what); }

  Result<Element> field(Element object, std::string_view name) const {
    Element value;
    if (!object[name].get(value)) return value;
    return bad(fmt::format("no \"{}\"; docs/formats/decision-log.md says what a line holds", name));
  }

  Result<double> number(Element object, std::string_view name) const {
    const Element value = TRY(field(object, name));
    double result = 0;
    if (value.get(result) || !std::isfinite(result))
      return bad(fmt::format("\"{}\" is no finite number", name));
    return result;
  }

  Result<bool> flag(Element object, std::string_view name, bool otherwise) const {
    Element value;
    if (object[name].get(value)) return otherwise;
    bool result = false;
    if (value.get(result)) return bad(fmt::format("\"{}\" is neither true nor false", name));
    return result;
  }

  Result<std::string_view> text(Element object, std::string_view name) const {
    const Element value = TRY(field(object, name));
    std::string_view result;
    if (value.get(result) || result.empty())
      return bad(fmt::format("\"{}\" is no text, or empty", name));
    return result;
  }

  Result<void> read_decision(Element round) {
    const std::string_view id = TRY(text(round, "decision"));
    if (decisions_.emplace(id).second) return {};
    return bad(
        fmt::format("decision '{}' stands in the log already: a reward counts once; "
                    "remove the second line",
                    id.substr(0, 64)));
  }

  Result<void> read_model(Element round) {
    const bool learning = TRY(flag(round, "learning", false));
    log_.learning_policy = log_.learning_policy || learning;
    Element model;
    if (round["model"].get(model)) return {};
    const std::string version = simdjson::to_string(model);
    if (model_.empty()) model_ = version;
    log_.learning_policy = log_.learning_policy || model_ != version;
    return {};
  }

  // A probability, or a weight of Plackett-Luce, which may be above 1.
  Result<double> chance(Element action, std::string_view name, double most) const {
    const double value = TRY(number(action, name));
    if (value >= 0 && value <= most) return value;
    return bad(fmt::format("\"{}\" is {}, not between 0 and 1", name, value));
  }

  Result<void> check_sum(double sum, std::string_view name) const {
    if (std::abs(sum - 1) <= kPropensitySumTolerance) return {};
    return bad(
        fmt::format("\"{}\" sums to {:.6g} over the actions, not to 1: list every action "
                    "that could be chosen",
                    name, sum));
  }

  // What some lines have, all must have.
  Result<void> same_in_all(bool has, int& known, std::string_view name) const {
    if (known < 0) known = has ? 1 : 0;
    if (known == (has ? 1 : 0)) return {};
    return bad(
        fmt::format("\"{}\" stands in some actions and not in others; give it for all or "
                    "for none",
                    name));
  }

  static bool has(Element object, std::string_view name) {
    Element value;
    return !object[name].get(value);
  }

  Result<void> read_actions(simdjson::dom::array actions, std::string_view chosen,
                            LoggedRound& round) {
    if (actions.size() == 0 || actions.size() > kLogActionsMax)
      return bad(fmt::format("\"actions\" has {} entries; 1 to {} can be", actions.size(),
                             kLogActionsMax));
    round.chosen = static_cast<std::uint32_t>(actions.size());
    seen_.clear();
    double propensities = 0, targets = 0;
    for (const Element action : actions) {
      if (!action.is_object()) return bad("an action is no JSON object");
      const std::string_view id = TRY(text(action, "id"));
      const std::uint32_t number_of_id = names_.number(id);
      if (!seen_.insert(number_of_id).second)
        return bad(fmt::format("action '{}' stands in \"actions\" twice", id.substr(0, 64)));
      if (id == chosen) round.chosen = round.action_count;
      ++round.action_count;
      log_.actions.push_back(number_of_id);
      log_.propensities.push_back(TRY(chance(action, "propensity", 1)));
      propensities += log_.propensities.back();
      TRY(same_in_all(has(action, "target"), has_target_, "target"));
      TRY(same_in_all(has(action, "estimate"), has_estimate_, "estimate"));
      if (has_target_ == 1) {
        log_.targets.push_back(TRY(chance(action, "target", 1)));
        targets += log_.targets.back();
      }
      if (has_estimate_ == 1) log_.estimates.push_back(TRY(number(action, "estimate")));
    }
    TRY(check_sum(propensities, "propensity"));
    if (has_target_ == 1) TRY(check_sum(targets, "target"));
    return {};
  }

  Result<void> read_round(Element object, double reward) {
    LoggedRound round;
    round.line = line_;
    round.reward = reward;
    round.first_action = log_.actions.size();
    const std::string_view chosen = TRY(text(object, "chosen"));
    simdjson::dom::array actions;
    if (TRY(field(object, "actions")).get(actions)) return bad("\"actions\" is no array");
    TRY(read_actions(actions, chosen, round));
    if (round.chosen == round.action_count)
      return bad(fmt::format("the chosen action '{}' is not in \"actions\"", chosen.substr(0, 64)));
    if (!(log_.propensities[round.first_action + round.chosen] > 0)) {
      return bad(
          "the chosen action has propensity 0: what cannot be chosen cannot be logged; the "
          "log must hold the probability with which it was drawn");
    }
    TRY(read_features(object));
    log_.rounds.push_back(round);
    return {};
  }

  Result<void> read_features(Element object) {
    simdjson::dom::array features;
    std::size_t count = 0;
    if (!object["features"].get(features)) {
      for (const Element feature : features) {
        double value = 0;
        if (feature.get(value) || !std::isfinite(value))
          return bad("\"features\" holds what is no finite number");
        log_.features.push_back(value);
        ++count;
      }
    }
    if (log_.rounds.empty()) log_.feature_count = count;
    if (count == log_.feature_count && count <= kLogFeaturesMax) return {};
    return bad(fmt::format("{} features; the log begins with {}, and at most {} can be used", count,
                           log_.feature_count, kLogFeaturesMax));
  }

  // One list of a slate: logged and target chances, and which of it was shown.
  Result<void> read_list(simdjson::dom::array actions, std::string_view logged_name, double most,
                         SlateRound& slate, std::vector<std::string>& ids) const {
    std::vector<double> logged, target;
    ids.clear();
    for (const Element action : actions) {
      if (!action.is_object()) return bad("an action is no JSON object");
      ids.emplace_back(TRY(text(action, "id")));
      if (std::ranges::find(ids, ids.back()) != ids.end() - 1)
        return bad(fmt::format("action '{}' stands in \"actions\" twice", ids.back()));
      logged.push_back(TRY(chance(action, logged_name, most)));
      target.push_back(TRY(chance(action, "target", most)));
    }
    if (logged.empty() || logged.size() > kLogActionsMax)
      return bad(
          fmt::format("\"actions\" has {} entries; 1 to {} can be", logged.size(), kLogActionsMax));
    slate.logged.push_back(std::move(logged));
    slate.target.push_back(std::move(target));
    return {};
  }

  Result<std::uint32_t> shown(const std::vector<std::string>& ids, std::string_view id,
                              const std::vector<double>& logged) const {
    const auto place = std::ranges::find(ids, id);
    if (place == ids.end())
      return bad(fmt::format("the chosen action '{}' is not in \"actions\"", id.substr(0, 64)));
    const auto index = static_cast<std::size_t>(place - ids.begin());
    if (!(logged[index] > 0))
      return bad(fmt::format("the chosen action '{}' has propensity 0", id.substr(0, 64)));
    return static_cast<std::uint32_t>(index);
  }

  static double sum_of(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum;
  }

  Result<void> read_places(simdjson::dom::array places, double reward) {
    SlateRound slate;
    slate.line = line_;
    slate.reward = reward;
    std::vector<std::string> ids;
    for (const Element place : places) {
      simdjson::dom::array actions;
      if (!place.is_object() || TRY(field(place, "actions")).get(actions))
        return bad("a place is an object with \"actions\" and \"chosen\"");
      TRY(read_list(actions, "propensity", 1, slate, ids));
      TRY(check_sum(sum_of(slate.logged.back()), "propensity"));
      TRY(check_sum(sum_of(slate.target.back()), "target"));
      const std::string_view chosen = TRY(text(place, "chosen"));
      slate.slate.push_back(TRY(shown(ids, chosen, slate.logged.back())));
    }
    if (slate.slate.empty()) return bad("\"places\" is empty");
    log_.slates.push_back(std::move(slate));
    return {};
  }

  Result<void> read_slate(Element object, simdjson::dom::array items, double reward) {
    SlateRound slate;
    slate.line = line_;
    slate.reward = reward;
    slate.logging = SlateLogging::kPlackettLuce;
    simdjson::dom::array actions;
    if (TRY(field(object, "actions")).get(actions)) return bad("\"actions\" is no array");
    std::vector<std::string> ids;
    TRY(read_list(actions, "weight", std::numeric_limits<double>::max(), slate, ids));
    for (const Element item : items) {
      std::string_view id;
      if (item.get(id)) return bad("\"slate\" holds what is no text");
      const std::uint32_t index = TRY(shown(ids, id, slate.logged[0]));
      if (std::ranges::find(slate.slate, index) != slate.slate.end())
        return bad(fmt::format("action '{}' stands in \"slate\" twice", id.substr(0, 64)));
      slate.slate.push_back(index);
    }
    if (slate.slate.empty()) return bad("\"slate\" is empty");
    if (!(sum_of(slate.target[0]) > 0)) return bad("every \"target\" is 0");
    if (!std::isfinite(sum_of(slate.logged[0])) || !std::isfinite(sum_of(slate.target[0])))
      return bad("the weights are too large to be summed");
    log_.slates.push_back(std::move(slate));
    return {};
  }

  const LogOptions& options_;
  BanditLog& log_;
  ActionNames names_;
  std::unordered_set<std::string> decisions_;
  std::set<std::uint32_t> seen_;
  std::string model_;
  std::uint64_t line_ = 0;
  int has_target_ = -1, has_estimate_ = -1;  // -1: not known yet
};

// ---------------------------------------------------------------- Open Bandit Dataset

struct ObdRow {
  std::uint64_t line = 0;
  std::uint32_t action = 0;
  std::uint32_t position = 0;  // index of its text, in the order of all positions
  double reward = 0, propensity = 0;
};

struct ObdColumns {
  std::size_t item = 0, position = 0, click = 0, propensity = 0;
};

Result<ObdColumns> find_columns(const std::vector<std::string>& header, const LogOptions& options) {
  const auto find = [&](std::initializer_list<std::string_view> names) -> Result<std::size_t> {
    for (const std::string_view name : names) {
      const auto place = std::ranges::find(header, name);
      if (place != header.end()) return static_cast<std::size_t>(place - header.begin());
    }
    return invalid_argument(
        fmt::format("{}: the header has no column '{}'; an Open Bandit Dataset file has item_id, "
                    "position, click and propensity_score",
                    options.file, *names.begin()));
  };
  return ObdColumns{TRY(find({"item_id"})), TRY(find({"position"})), TRY(find({"click"})),
                    TRY(find({"propensity_score", "action_prob"}))};
}

Result<double> csv_number(const std::string& text, std::string_view column,
                          const LogOptions& options, std::uint64_t line) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure == std::errc() && end == text.data() + text.size() && std::isfinite(value))
    return value;
  return at_line(options, line,
                 fmt::format("column '{}' holds '{}', no finite number", column,
                             std::string_view(text).substr(0, 40)));
}

struct ObdRows {
  std::vector<ObdRow> rows;
  std::map<std::string, std::uint32_t> items, positions;  // text → number, in the order of texts
};

Result<ObdRows> read_obd_rows(std::string_view bytes, const LogOptions& options) {
  CsvReader reader(bytes, ',');
  if (reader.at_end()) return invalid_argument(options.file + ": the file is empty");
  const auto first = reader.next();
  if (!first) return at_line(options, 1, "no CSV header: " + first.error().message);
  const CsvRecord& header = *first;
  const ObdColumns columns = TRY(find_columns(header.fields, options));
  ObdRows read;
  std::vector<std::pair<std::string, std::string>> texts;
  while (!reader.at_end()) {
    const std::uint64_t line = reader.line();
    const auto record = reader.next();
    if (!record) return at_line(options, line, record.error().message);
    const std::vector<std::string>& fields = record->fields;
    if (fields.size() == 1 && fields[0].empty() && reader.at_end()) break;
    if (fields.size() != header.fields.size()) {
      return at_line(
          options, record->line,
          fmt::format("{} columns, the header has {}", fields.size(), header.fields.size()));
    }
    ObdRow row;
    row.line = record->line;
    const double click = TRY(csv_number(fields[columns.click], "click", options, row.line));
    row.reward = TRY(checked_reward(click, options, row.line));
    row.propensity =
        TRY(csv_number(fields[columns.propensity], "propensity_score", options, row.line));
    if (!(row.propensity > 0 && row.propensity <= 1)) {
      return at_line(options, row.line,
                     fmt::format("the propensity is {}; it must be above 0 and at most 1: the "
                                 "probability with which the item was drawn",
                                 row.propensity));
    }
    if (fields[columns.item].empty() || fields[columns.position].empty())
      return at_line(options, row.line, "item_id or position is empty");
    texts.emplace_back(fields[columns.item], fields[columns.position]);
    read.items.emplace(texts.back().first, 0);
    read.positions.emplace(texts.back().second, 0);
    read.rows.push_back(row);
  }
  if (read.rows.empty()) return invalid_argument(options.file + ": a header and no rows");
  for (auto* numbers : {&read.items, &read.positions}) {
    std::uint32_t next = 0;
    for (auto& [text, number] : *numbers) number = next++;
  }
  for (std::size_t i = 0; i < texts.size(); ++i) {
    read.rows[i].action = read.items.at(texts[i].first);
    read.rows[i].position = read.positions.at(texts[i].second);
  }
  return read;
}

}  // namespace

Result<BanditLog> parse_native_log(std::string_view bytes, const LogOptions& options) {
  BanditLog log;
  log.reward_min = options.reward_min;
  log.reward_max = options.reward_max;
  NativeReader reader(options, log);
  JsonParser parser(kLogLineBytesMax);
  for (std::uint64_t line = 1; !bytes.empty(); ++line) {
    const std::size_t end = bytes.find('\n');
    std::string_view text = bytes.substr(0, end);
    bytes.remove_prefix(end == bytes.npos ? bytes.size() : end + 1);
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    if (text.empty() && bytes.empty()) break;  // an empty last line
    const auto round = parser.parse(text);
    if (!round) return at_line(options, line, round.error().message);
    TRY(reader.read(line, *round));
  }
  TRY(reader.finish());
  return log;
}

Result<BanditLog> parse_obd_log(std::string_view bytes, const LogOptions& options) {
  const ObdRows read = TRY(read_obd_rows(bytes, options));
  const std::size_t items = read.items.size(), positions = read.positions.size();
  if (items > kLogActionsMax || positions - 1 > kLogFeaturesMax) {
    return invalid_argument(fmt::format("{}: {} items at {} positions; at most {} at {} can be",
                                        options.file, items, positions, kLogActionsMax,
                                        kLogFeaturesMax + 1));
  }
  BanditLog log;
  log.reward_min = options.reward_min;
  log.reward_max = options.reward_max;
  for (const auto& entry : read.items) log.action_names.push_back(entry.first);
  std::vector<bool> logged(items * positions, false);
  for (const ObdRow& row : read.rows) logged[row.position * items + row.action] = true;
  log.feature_count = positions - 1;
  for (const ObdRow& row : read.rows) {
    log.rounds.push_back(
        {row.line, log.actions.size(), static_cast<std::uint32_t>(items), row.action, row.reward});
    for (std::uint32_t a = 0; a < items; ++a) {
      log.actions.push_back(a);
      const bool possible = logged[row.position * items + a];
      log.propensities.push_back(a == row.action ? row.propensity
                                 : possible      ? kUnknownPropensity
                                                 : 0);
    }
    for (std::uint32_t p = 1; p < positions; ++p) log.features.push_back(row.position == p ? 1 : 0);
  }
  return log;
}

Result<void> set_targets_from_obd(BanditLog& log, const BanditLog& other, std::string_view file) {
  if (log.feature_count != other.feature_count) {
    return invalid_argument(fmt::format("{}: {} positions, the log has {}", file,
                                        other.feature_count + 1, log.feature_count + 1));
  }
  std::unordered_map<std::string_view, std::uint32_t> numbers;
  for (std::uint32_t a = 0; a < log.action_names.size(); ++a) numbers[log.action_names[a]] = a;
  const auto position_of = [](const BanditLog& of, std::size_t round) {
    std::size_t position = 0;
    for (std::size_t p = 0; p < of.feature_count; ++p)
      position = of.features_of(round)[p] > 0 ? p + 1 : position;
    return position;
  };
  const std::size_t items = log.action_names.size();
  std::vector<double> counts(items * (log.feature_count + 1), 1);
  std::vector<double> totals(log.feature_count + 1, static_cast<double>(items));
  for (std::size_t i = 0; i < other.rounds.size(); ++i) {
    const LoggedRound& round = other.rounds[i];
    const std::string& name = other.action_names[other.actions[round.first_action + round.chosen]];
    const auto place = numbers.find(name);
    if (place == numbers.end()) {
      return invalid_argument(
          fmt::format("{}: line {}: item '{}' was never logged in the log that is to evaluate it",
                      file, round.line, name));
    }
    ++counts[position_of(other, i) * items + place->second];
    ++totals[position_of(other, i)];
  }
  log.targets.clear();
  for (std::size_t i = 0; i < log.rounds.size(); ++i) {
    const std::size_t position = position_of(log, i);
    for (std::uint32_t a = 0; a < log.rounds[i].action_count; ++a) {
      const std::uint32_t action = log.actions[log.rounds[i].first_action + a];
      log.targets.push_back(counts[position * items + action] / totals[position]);
    }
  }
  return {};
}

}  // namespace ante
