#include "report/losers.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/time_text.h"
#include "math/false_discovery.h"
#include "math/statistics.h"

namespace ante {

namespace {

constexpr std::size_t kLosersNamed = 3;  // in the sentence

// Text as one word of a shell.
std::string shell_word(std::string_view text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string slot_off(const Slot& slot) {
  Slot off = slot;
  off.apprentice = true;
  return fmt::format("ante slot set {} --if-version {} --why 'it harms' --body {}", slot.name,
                     slot.version, shell_word(slot_to_json(off)));
}

std::string bet_off(const Bet& bet) {
  return fmt::format("ante bet fold {} --why 'it harms'", shell_word(bet.id));
}

// A group of a slot is left alone by a bet whose content is the safe default.
std::string group_off(const Slot& slot, std::string_view trait, std::string_view level,
                      TimeMs now_ms) {
  if (slot.safe_items.empty()) return slot_off(slot);
  std::string id = fmt::format("off-{}-{}-{}", slot.name, trait, level);
  if (id.size() > 64) id.resize(64);
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("need", "to be left alone: it harms them");
  json.field("slot", slot.name).field("owner", "losers report");
  json.key("audience").begin_object().key("trait").begin_object().field("name", trait);
  json.texts("in", {std::string(level)}).end_object().end_object();
  json.key("content").begin_object().texts("items", slot.safe_items).end_object();
  json.field("stake", 0.95).field("expires", format_time(now_ms + kSwitchedOffMs)).end_object();
  return fmt::format("ante bet new {} --body {} && ante bet move {} 'small stake'", id,
                     shell_word(body), id);
}

bool enough_to_compare(const OutcomeSums& treated, const OutcomeSums& holdout) {
  return treated.conversions >= kConversionsMin && holdout.conversions >= kConversionsMin;
}

// What is known of a cell by itself.
MapCell cell_of(const MapTrial& trial, const OutcomeSums& treated, const OutcomeSums& holdout) {
  MapCell cell;
  cell.slot = trial.slot->name;
  if (trial.bet != nullptr) cell.bet = trial.bet->id;
  cell.treated = treated.n;
  cell.holdout = holdout.n;
  cell.holdout_mean = holdout.mean();
  cell.cost = std::max(0.0, trial.cost_a_decision);
  const double variance = treated.variance() / std::max<double>(1, static_cast<double>(treated.n)) +
                          holdout.variance() / std::max<double>(1, static_cast<double>(holdout.n));
  if (!enough_to_compare(treated, holdout) || !(variance > 0) ||
      trial.lift.srm_p < kSampleRatioAlarm)
    return cell;
  const double difference = treated.mean() - holdout.mean();
  const auto persons = static_cast<double>(treated.n + holdout.n);
  const double error = std::sqrt(variance);
  cell.difference = difference;
  cell.interval = sequence_interval(treated, holdout, kLiftAlpha, kPersonsPlanned);
  cell.p = sequence_p(difference / error, persons, kPersonsPlanned);
  cell.cost_q = difference < cell.cost
                    ? sequence_p((difference - cell.cost) / error, persons, kPersonsPlanned)
                    : 1;
  return cell;
}

std::vector<MapCell> cells_of(const MapTrial& trial) {
  std::vector<MapCell> cells = {cell_of(trial, trial.sums.treated, trial.sums.holdout)};
  const std::uint64_t everybody = cells[0].treated + cells[0].holdout;
  for (std::size_t number = 0; number < kTraitLevelCount; ++number) {
    const SegmentSums& sums = trial.sums.levels[number];
    if (!enough_to_compare(sums.treated, sums.control)) continue;
    if (sums.treated.n + sums.control.n >= everybody) continue;  // no group of its own
    MapCell cell = cell_of(trial, sums.treated, sums.control);
    const TraitLevel level = trait_level_of(number);
    cell.trait = level.trait;
    cell.level = level.level;
    cells.push_back(std::move(cell));
  }
  return cells;
}

// q-values over all cells; `cost_q` holds a p until then.
std::size_t set_q(std::vector<MapCell>& map) {
  std::vector<double> p, cost_p;
  std::vector<MapCell*> tested, costly;
  for (MapCell& cell : map) {
    if (!cell.difference) continue;
    tested.push_back(&cell);
    p.push_back(cell.p);
    if (!(cell.cost > 0)) continue;
    costly.push_back(&cell);
    cost_p.push_back(cell.cost_q);
  }
  const std::vector<double> q = false_discovery_q(p), cost_q = false_discovery_q(cost_p);
  for (std::size_t i = 0; i < q.size(); ++i) tested[i]->q = q[i];
  for (std::size_t i = 0; i < cost_q.size(); ++i) costly[i]->cost_q = cost_q[i];
  return tested.size();
}

CellVerdict verdict_on(const MapCell& cell) {
  if (!cell.difference) return CellVerdict::kUnproven;
  if (cell.q <= kCellRate && *cell.difference != 0)
    return *cell.difference > 0 ? CellVerdict::kWorks : CellVerdict::kHarms;
  const double small = kNeutralShare * std::abs(cell.holdout_mean);
  return cell.interval.low >= -small && cell.interval.high <= small ? CellVerdict::kNeutral
                                                                    : CellVerdict::kUnproven;
}

void advise(const MapTrial& trial, TimeMs now_ms, MapCell& cell) {
  cell.verdict = verdict_on(cell);
  const bool costs_more = cell.difference && cell.cost > 0 && cell.cost_q <= kCellRate;
  cell.switch_off = cell.verdict == CellVerdict::kHarms || costs_more;
  if (!cell.switch_off) return;
  cell.advice = cell.verdict == CellVerdict::kHarms
                    ? "Switch off here: people are better off left alone."
                    : "Switch off here: it brings less than it costs to place one bet.";
  const bool is_group = !cell.trait.empty();
  if (trial.bet != nullptr) {
    cell.command = bet_off(*trial.bet);
    if (is_group)
      cell.advice += trial.bet->left_alone_learned
                         ? " The bet leaves such people alone by itself once it has learned it; to "
                           "be sure, fold it and place it anew with leaveAlone.who."
                         : " Fold the bet and place it anew with leaveAlone.who.";
  } else if (is_group) {
    cell.command = group_off(*trial.slot, cell.trait, cell.level, now_ms);
    if (trial.slot->safe_items.empty())
      cell.advice +=
          " A slot without a list of its own as safe default can only be switched off whole.";
  } else {
    cell.command = slot_off(*trial.slot);
    if (!trial.slot->fell_back.empty())
      cell.advice += " It has gone back to its safe default already.";
  }
}

// Of one slot's cells, everybody first: the trait whose groups show most people worse off.
std::optional<CrowdHarm> crowd_harm(const std::vector<MapCell>& map, std::size_t first) {
  CrowdHarm most, of_trait;
  for (std::size_t i = first + 1; i < map.size(); ++i) {
    const MapCell& cell = map[i];
    if (cell.trait.empty()) break;  // the next trial
    if (cell.trait != of_trait.trait) {
      of_trait = {};
      of_trait.slot = cell.slot;
      of_trait.trait = cell.trait;
    }
    if (cell.verdict != CellVerdict::kWorks) continue;
    of_trait.worse_off += cell.treated + cell.holdout;
    of_trait.levels.push_back(cell.level);
    if (of_trait.worse_off > most.worse_off) most = of_trait;
  }
  if (most.worse_off == 0) return std::nullopt;
  most.people = map[first].treated + map[first].holdout;
  most.share = static_cast<double>(most.worse_off) / static_cast<double>(most.people);
  std::string levels;
  for (const std::string& level : most.levels) levels += (levels.empty() ? "" : ", ") + level;
  most.sentence = fmt::format(
      "{}: what is best for everybody leaves at least {:.0f} % of people worse off than bets do "
      "({}: {}; {} of {} people).",
      most.slot, 100 * most.share, most.trait, levels, most.worse_off, most.people);
  return most;
}

std::string losers_sentence(const LosersReport& report) {
  if (report.tested == 0)
    return fmt::format(
        "Too early to say who is worse off: nowhere have {} people done it both with and without "
        "bets.",
        kConversionsMin);
  const std::string looked =
      fmt::format("{} {} looked at", report.tested, report.tested == 1 ? "place" : "places");
  if (report.losers.empty()) return fmt::format("Nobody is credibly worse off; {}.", looked);
  std::string text = "Worse off than those left alone: ";
  for (std::size_t i = 0; i < std::min(kLosersNamed, report.losers.size()); ++i)
    text += fmt::format("{}{} {}", i > 0 ? "; " : "", name_of(report.losers[i]),
                        size_of(report.losers[i]));
  if (report.losers.size() > kLosersNamed)
    text += fmt::format("; and {} more", report.losers.size() - kLosersNamed);
  return fmt::format("{}. {}.", text, looked);
}

void write_cell(JsonWriter& json, const MapCell& cell) {
  json.begin_object().field("slot", cell.slot);
  if (!cell.bet.empty()) json.field("bet", cell.bet);
  if (!cell.trait.empty()) json.field("trait", cell.trait).field("level", cell.level);
  json.field("name", name_of(cell)).field("verdict", to_string(cell.verdict));
  json.field("treated", cell.treated).field("holdout", cell.holdout);
  json.key("difference");
  if (cell.difference) {
    json.number(*cell.difference).interval("interval", cell.interval.low, cell.interval.high);
    json.field("holdoutMean", cell.holdout_mean).field("p", cell.p).field("q", cell.q);
    json.field("lost", cell.lost());
  } else {
    json.null().key("interval").null();
  }
  if (cell.cost > 0) json.field("costOfADecision", cell.cost);
  json.field("switchOff", cell.switch_off);
  if (cell.switch_off) json.field("advice", cell.advice).field("command", cell.command);
  json.end_object();
}

}  // namespace

const char* to_string(CellVerdict verdict) {
  switch (verdict) {
    case CellVerdict::kUnproven:
      return "unproven";
    case CellVerdict::kWorks:
      return "works";
    case CellVerdict::kNeutral:
      return "neutral";
    case CellVerdict::kHarms:
      return "harms";
  }
  return "unknown";
}

std::string name_of(const MapCell& cell) {
  std::string name = cell.slot;
  if (!cell.bet.empty()) name += ", bet " + cell.bet;
  if (!cell.trait.empty()) name += ", " + cell.trait + ": " + cell.level;
  return name;
}

std::string size_of(const MapCell& cell) {
  if (!cell.difference) return "not known yet";
  const auto minus = [](std::string text) {
    for (std::size_t at = 0; (at = text.find('-', at)) != std::string::npos; at += 3)
      text.replace(at, 1, "−");
    return text;
  };
  if (cell.holdout_mean > 0) {
    const double percent = 100 / cell.holdout_mean;
    return minus(fmt::format("{:+.1f} % ({:+.1f} % to {:+.1f} %)", percent * *cell.difference,
                             percent * cell.interval.low, percent * cell.interval.high));
  }
  return minus(fmt::format("{:+.4g} ({:+.4g} to {:+.4g})", *cell.difference, cell.interval.low,
                           cell.interval.high));
}

LosersReport losers(const std::vector<MapTrial>& trials, TimeMs now_ms) {
  LosersReport report;
  std::vector<const MapTrial*> of;
  for (const MapTrial& trial : trials) {
    for (MapCell& cell : cells_of(trial)) {
      report.map.push_back(std::move(cell));
      of.push_back(&trial);
    }
  }
  report.tested = set_q(report.map);
  for (std::size_t i = 0; i < report.map.size(); ++i) {
    advise(*of[i], now_ms, report.map[i]);
    if (report.map[i].verdict == CellVerdict::kHarms) report.losers.push_back(report.map[i]);
  }
  for (std::size_t i = 0; i < report.map.size(); ++i) {
    if (!report.map[i].trait.empty() || of[i]->bet != nullptr || !of[i]->slot->safe_items.empty())
      continue;
    if (auto harm = crowd_harm(report.map, i)) report.crowd.push_back(*std::move(harm));
  }
  std::ranges::stable_sort(report.losers, std::greater<>(), &MapCell::lost);
  report.sentence = losers_sentence(report);
  return report;
}

std::string to_json(const LosersReport& report) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("sentence", report.sentence).key("losers").begin_array();
  for (const MapCell& cell : report.losers) write_cell(json, cell);
  json.end_array().key("crowd").begin_array();
  for (const CrowdHarm& harm : report.crowd) {
    json.begin_object().field("slot", harm.slot).field("trait", harm.trait);
    json.texts("levels", harm.levels).field("worseOff", harm.worse_off);
    json.field("people", harm.people).field("share", harm.share);
    json.field("sentence", harm.sentence).end_object();
  }
  json.end_array().key("map").begin_array();
  const std::size_t listed = std::min(kMapCellsListed, report.map.size());
  for (std::size_t i = 0; i < listed; ++i) write_cell(json, report.map[i]);
  json.end_array().field("leftOut", report.map.size() - listed).field("tested", report.tested);
  json.field("rate", kCellRate).field("confidence", 1 - kLiftAlpha).end_object();
  return text;
}

}  // namespace ante
