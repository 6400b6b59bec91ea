#include "report/figures_text.h"

#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "base/json_writer.h"

namespace ante {

namespace {

constexpr const char* kLevelNames[kLevels] = {"L0", "L1", "L2", "L3", "L4"};
constexpr double kWhole = 100;  // percent

std::string grouped(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, " ");
  }
  return digits;
}

std::string month_name(std::int32_t month) {
  const int year = 1970 + (month >= 0 ? month / 12 : -((11 - month) / 12));
  return fmt::format("{:04}-{:02}", year, month - (year - 1970) * 12 + 1);
}

// "0.31 (0.24 to 0.38; n 1 200)", or why it is not known.
std::string told(const Estimate& estimate) {
  if (!estimate.value) return fmt::format("not known yet: {}", estimate.why_not);
  return fmt::format("{:.3g} ({:.3g} to {:.3g}; n {})", *estimate.value, estimate.interval.low,
                     estimate.interval.high, grouped(estimate.n));
}

std::string told_share(const Estimate& estimate) {
  if (!estimate.value) return fmt::format("not known yet: {}", estimate.why_not);
  return fmt::format("{:.1f} % ({:.1f} to {:.1f}; n {})", kWhole * *estimate.value,
                     kWhole * estimate.interval.low, kWhole * estimate.interval.high,
                     grouped(estimate.n));
}

template <std::size_t kSize, typename Name>
std::string told_shares(const std::array<std::uint64_t, kSize>& counts, Name name) {
  std::uint64_t all = 0;
  for (const std::uint64_t count : counts) all += count;
  std::string text;
  for (std::size_t i = 0; i < kSize; ++i) {
    if (counts[i] == 0) continue;
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {:.1f} %", name(i),
                        kWhole * static_cast<double>(counts[i]) / static_cast<double>(all));
  }
  return text.empty() ? "none" : text;
}

const char* rung_name(std::size_t i) { return to_string(static_cast<Rung>(i + 1)); }
const char* outcome_name(std::size_t i) { return to_string(static_cast<Outcome>(i + 1)); }

std::string told_items(const std::vector<MovedItem>& items, const FigureItemNames& names) {
  std::string text;
  for (const MovedItem& each : items) {
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {:.1f} %", names(each.item), kWhole * each.share);
  }
  return text.empty() ? "nothing" : text;
}

std::string best_name(const Regret& regret, const FigureItemNames& names) {
  if (!regret.best[0] || !regret.best[1]) return "the best single action";
  if (*regret.best[0] == *regret.best[1]) return names(*regret.best[0]);
  return fmt::format("{} or {}", names(*regret.best[0]), names(*regret.best[1]));
}

void write_estimate(JsonWriter& json, std::string_view name, const Estimate& estimate) {
  json.key(name).begin_object().key("value");
  if (estimate.value) {
    json.number(*estimate.value)
        .interval("interval", estimate.interval.low, estimate.interval.high);
  } else {
    json.null().key("interval").null();
  }
  json.field("n", estimate.n);
  if (!estimate.value) json.field("whyNot", estimate.why_not);
  json.end_object();
}

void write_exposures(JsonWriter& json, std::string_view name, const Exposures& seen) {
  json.key(name).begin_object().field("exposures", seen.shown).field("hits", seen.hits);
  json.end_object();
}

void write_moved(JsonWriter& json, std::string_view name, std::uint64_t all,
                 const std::vector<MovedItem>& items, const FigureItemNames& names) {
  json.key(name).begin_object().field("places", all).key("items").begin_array();
  for (const MovedItem& each : items) {
    json.begin_object().field("id", names(each.item)).field("count", each.count);
    json.field("share", each.share).end_object();
  }
  json.end_array().end_object();
}

void write_served(JsonWriter& json, const FiguresSummary& figures) {
  json.key("levels").begin_array();
  for (const MonthLevels& month : figures.months) {
    json.begin_object().field("month", month_name(month.month));
    for (std::size_t i = 0; i < kLevels; ++i) json.field(kLevelNames[i], month.decisions[i]);
    json.end_object();
  }
  json.end_array().key("rungs").begin_object();
  for (std::size_t i = 0; i < figures.rungs.size(); ++i) json.field(rung_name(i), figures.rungs[i]);
  json.end_object().key("outcomes").begin_object();
  for (std::size_t i = 0; i < figures.outcomes.size(); ++i)
    json.field(outcome_name(i), figures.outcomes[i]);
  json.end_object();
  write_estimate(json, "individualization", figures.individualization);
  write_estimate(json, "abstention", figures.abstention);
  json.key("saved").begin_object().field("places", figures.places_saved);
  json.field("attention", figures.attention_saved).field("miss", figures.miss_saved);
  json.field("creep", figures.creep_saved).end_object();
}

void write_hits(JsonWriter& json, const FiguresSummary& figures) {
  write_estimate(json, "missile", figures.missile);
  json.field("shareDifferent", figures.share_different);
  write_exposures(json, "treatedExposures", figures.treated_seen);
  write_exposures(json, "generalExposures", figures.general_seen);
  json.key("snap").begin_object();
  write_estimate(json, "treated", figures.snap_treated);
  write_estimate(json, "general", figures.snap_general);
  json.end_object();
  write_estimate(json, "hedging", figures.hedging);
  write_estimate(json, "divergence", figures.divergence);
}

void write_regret(JsonWriter& json, const Regret& regret, const FigureItemNames& names) {
  json.key("regret").begin_object().key("best").begin_array();
  if (regret.best[0]) json.string(names(*regret.best[0]));
  if (regret.best[1] && regret.best[1] != regret.best[0]) json.string(names(*regret.best[1]));
  json.end_array();
  write_estimate(json, "total", regret.total);
  write_estimate(json, "perDecision", regret.per_decision);
  json.field("meanReward", regret.mean_reward).key("expected");
  if (regret.expected_total) {
    json.begin_object().field("total", *regret.expected_total);
    json.field("n", regret.expected_n).end_object();
  } else {
    json.null();
  }
  json.key("actions").begin_array();
  for (const ActionValue& action : regret.actions) {
    json.begin_object().field("id", names(action.item)).field("effectiveN", action.effective_n);
    write_estimate(json, "mean", action.mean);
    json.end_object();
  }
  json.end_array().end_object();
}

std::string regret_line(const Regret& regret, const FigureItemNames& names) {
  if (!regret.total.value) return "regret: " + told(regret.total);
  std::string line =
      fmt::format("regret against showing {} to everybody: {:+.4g} ({:+.4g} to {:+.4g}; n {})",
                  best_name(regret, names), *regret.total.value, regret.total.interval.low,
                  regret.total.interval.high, grouped(regret.total.n));
  if (regret.expected_total) {
    line += fmt::format("; the model expected {:+.4g} over {}", *regret.expected_total,
                        grouped(regret.expected_n));
  }
  return line;
}

}  // namespace

std::string sentence_of(const FiguresSummary& figures, const FigureItemNames& names) {
  if (figures.decisions == 0) return "Nothing was decided yet.";
  std::string start;
  if (figures.individualization.value) {
    start = fmt::format("{:.0f} % of {} lists were different for a reason of the person",
                        kWhole * *figures.individualization.value,
                        grouped(figures.individualization.n));
  } else {
    start = fmt::format("{} decisions, and nothing to compare yet", grouped(figures.decisions));
  }
  const Regret& regret = figures.regret;
  if (!regret.total.value) return start + "; whether that beats one list for all is not known yet.";
  const Interval& interval = regret.total.interval;
  const std::string best = best_name(regret, names);
  if (interval.high < 0) {
    return fmt::format("{}, and that earned {:.4g} more than showing {} to everybody would have.",
                       start, -*regret.total.value, best);
  }
  if (interval.low > 0) {
    return fmt::format("{}, and that cost {:.4g}: showing {} to everybody would have earned more.",
                       start, *regret.total.value, best);
  }
  return fmt::format("{}; it could still be better or worse than showing {} to everybody.", start,
                     best);
}

std::vector<std::string> lines_of(const FiguresSummary& figures, const FigureItemNames& names) {
  std::vector<std::string> lines;
  lines.reserve(figures.months.size() + figures.regret.actions.size() + 12);
  for (const MonthLevels& month : figures.months) {
    lines.push_back(
        fmt::format("levels {}: {}", month_name(month.month),
                    told_shares(month.decisions, [](std::size_t i) { return kLevelNames[i]; })));
  }
  lines.push_back("rungs: " + told_shares(figures.rungs, rung_name));
  lines.push_back("outcomes: " + told_shares(figures.outcomes, outcome_name));
  lines.push_back("individualization: " + told_share(figures.individualization));
  lines.push_back(fmt::format(
      "abstention: {}; it saved {} places, attention {:.4g}, misses {:.4g}, creep {:.4g}",
      told_share(figures.abstention), grouped(figures.places_saved), figures.attention_saved,
      figures.miss_saved, figures.creep_saved));
  lines.push_back(fmt::format("missile index: {}; {:.1f} % of places differ", told(figures.missile),
                              kWhole * figures.share_different));
  lines.push_back(fmt::format("snap index, exposures a hit: {} with bets, {} without",
                              told(figures.snap_treated), told(figures.snap_general)));
  lines.push_back("hedging index: " + told(figures.hedging));
  lines.push_back("divergence: " + told(figures.divergence));
  lines.push_back(fmt::format("pushed off the page, {} of {} places: {}",
                              grouped(figures.displaced), grouped(figures.places),
                              told_items(figures.displaced_items, names)));
  lines.push_back("shown instead: " + told_items(figures.replacing_items, names));
  lines.push_back(regret_line(figures.regret, names));
  for (const ActionValue& action : figures.regret.actions) {
    if (!action.mean.value) continue;
    lines.push_back(
        fmt::format("  {} for everybody: {} a place", names(action.item), told(action.mean)));
  }
  return lines;
}

std::string to_json(const FiguresSummary& figures, const FigureItemNames& names,
                    std::uint64_t rows_unseen) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field(figures.of_bet ? "bet" : "slot", figures.name);
  json.field("sentence", sentence_of(figures, names)).key("lines").begin_array();
  for (const std::string& line : lines_of(figures, names)) json.string(line);
  json.end_array().field("decisions", figures.decisions).field("treated", figures.treated);
  write_served(json, figures);
  write_hits(json, figures);
  json.field("places", figures.places);
  write_moved(json, "displaced", figures.displaced, figures.displaced_items, names);
  write_moved(json, "replacedBy", figures.replacing, figures.replacing_items, names);
  write_regret(json, figures.regret, names);
  json.field("rowsUnseen", rows_unseen).end_object();
  return text;
}

}  // namespace ante
