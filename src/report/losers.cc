#include "report/losers.h"

#include <algorithm>
#include <cmath>
#include <set>

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

std::string fold_words(const Bet& bet, std::string_view why) {
  return fmt::format("ante bet fold {} --why '{}'", shell_word(bet.id), why);
}

// A slot that bets run in cannot change what they are compared with: they are folded before.
std::string slot_off(const Slot& slot, const std::vector<const Bet*>& running) {
  std::string text;
  for (const Bet* bet : running) text += fold_words(*bet, "its slot harms") + " && ";
  Slot off = slot;
  off.apprentice = true;
  return text + fmt::format("ante slot set {} --if-version {} --why 'it harms' --body {}",
                            slot.name, slot.version, shell_word(slot_to_json(off)));
}

std::string off_bet_id(std::string_view slot, std::string_view trait, std::string_view level) {
  std::string id = fmt::format("off-{}-{}-{}", slot, trait, level);
  if (id.size() > 64) id.resize(64);
  return id;
}

// A group of a slot is left alone by a bet whose content is the safe default. REQUIRES that the
// slot has a list as its own.
std::string group_off(const Slot& slot, std::string_view trait, std::string_view level,
                      TimeMs now_ms) {
  const std::string id = off_bet_id(slot.name, trait, level);
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

// Why the slot shows nothing but its safe default already; empty: it does not.
std::string why_off(const Slot& slot) {
  if (!slot.fell_back.empty()) return "it has gone back to its safe default";
  if (slot.apprentice) return "it only learns";
  return slot.in_shadow() ? "it has no brief that counts" : "";
}

// What the commands above a cell switch off, each once.
struct SwitchedOff {
  std::set<std::string> slots;
  std::set<std::string> bets;  // ids
};

// The slot has only one switch: of itself, and of a group where it has no list to leave it with.
bool needs_whole_slot(const MapTrial& trial, const MapCell& cell) {
  return trial.bet == nullptr && (cell.trait.empty() || trial.slot->safe_items.empty());
}

void advise_on_bet(const MapTrial& trial, SwitchedOff& off, MapCell& cell) {
  const Bet& bet = *trial.bet;
  if (!cell.trait.empty())
    cell.advice += bet.left_alone_learned
                       ? " The bet leaves such people alone by itself once it has learned it; to "
                         "be sure, fold it and place it anew with leaveAlone.who."
                       : " Fold the bet and place it anew with leaveAlone.who.";
  if (off.bets.insert(bet.id).second)
    cell.command = fold_words(bet, "it harms");
  else
    cell.advice += " It is in bet " + bet.id + ", folded above.";
}

// `running`: the bets in its slot.
void advise_on_slot(const MapTrial& trial, const std::vector<const Bet*>& running, TimeMs now_ms,
                    SwitchedOff& off, MapCell& cell) {
  const Slot& slot = *trial.slot;
  if (needs_whole_slot(trial, cell)) {
    if (!cell.trait.empty())
      cell.advice +=
          " A slot without a list of its own as safe default can only be switched off whole.";
    cell.command = slot_off(slot, running);
    off.slots.insert(slot.name);
    for (const Bet* bet : running) off.bets.insert(bet->id);
    return;
  }
  const std::string id = off_bet_id(slot.name, cell.trait, cell.level);
  if (std::ranges::any_of(running, [&id](const Bet* bet) { return bet->id == id; })) {
    cell.switch_off = false;
    cell.advice = "It is left alone already, by bet " + id + ".";
    return;
  }
  cell.command = group_off(slot, cell.trait, cell.level, now_ms);
}

// REQUIRES that everything above it in the map was advised on.
void advise(const MapTrial& trial, const std::vector<const Bet*>& running, TimeMs now_ms,
            SwitchedOff& off, MapCell& cell) {
  const bool costs_more = cell.difference && cell.cost > 0 && cell.cost_q <= kCellRate;
  if (cell.verdict != CellVerdict::kHarms && !costs_more) return;
  if (const std::string why = why_off(*trial.slot); !why.empty()) {
    cell.advice = fmt::format("Slot {} is switched off already: {}.", trial.slot->name, why);
    return;
  }
  cell.switch_off = true;
  cell.advice = cell.verdict == CellVerdict::kHarms
                    ? "Switch off here: people are better off left alone."
                    : "Switch off here: it brings less than it costs to place one bet.";
  if (off.slots.contains(trial.slot->name))
    cell.advice += fmt::format(" It is in slot {}, switched off above.", trial.slot->name);
  else if (trial.bet != nullptr)
    advise_on_bet(trial, off, cell);
  else
    advise_on_slot(trial, running, now_ms, off, cell);
}

std::vector<const Bet*> running_in(const Slot& slot, const std::vector<MapTrial>& trials,
                                   TimeMs now_ms) {
  std::vector<const Bet*> running;
  for (const MapTrial& trial : trials)
    if (trial.bet != nullptr && trial.slot->name == slot.name && trial.bet->live(now_ms))
      running.push_back(trial.bet);
  return running;
}

// Slots before bets, so that a slot's switch is above what is in it wherever its trial stands.
void advise_all(const std::vector<MapTrial>& trials, const std::vector<const MapTrial*>& of,
                TimeMs now_ms, std::vector<MapCell>& map) {
  SwitchedOff off;
  for (const bool bets : {false, true})
    for (std::size_t i = 0; i < map.size(); ++i)
      if ((of[i]->bet != nullptr) == bets)
        advise(*of[i], running_in(*of[i]->slot, trials, now_ms), now_ms, off, map[i]);
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
  if (!cell.advice.empty()) json.field("advice", cell.advice);
  if (!cell.command.empty()) json.field("command", cell.command);
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
  for (MapCell& cell : report.map) cell.verdict = verdict_on(cell);
  advise_all(trials, of, now_ms, report.map);
  for (const MapCell& cell : report.map)
    if (cell.verdict == CellVerdict::kHarms) report.losers.push_back(cell);
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
