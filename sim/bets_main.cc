// sim_bets <part> [runs] [first seed] [commit]: plays one part of the worlds of bets and prints it
// as JSON; exit 1 if a target is missed. Parts: breakeven, same, harm, odds, ledger, fall.

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "math/statistics.h"
#include "sim/bets_trials.h"

namespace ante::sim {
namespace {

struct Asked {
  std::uint64_t runs = 0, seed = 1;
};

// Means and extremes of one figure over runs.
struct Spread {
  double sum = 0, least = 1e300, most = -1e300;
  std::size_t n = 0;
  void add(double x) {
    sum += x;
    least = std::min(least, x);
    most = std::max(most, x);
    ++n;
  }
  double mean() const { return n == 0 ? 0 : sum / static_cast<double>(n); }
  void write(JsonWriter& json, std::string_view name) const {
    json.key(name).begin_object().field("mean", mean()).field("least", least).field("most", most);
    json.end_object();
  }
};

void write_breakeven(const Asked& asked, JsonWriter& json) {
  struct World {
    double value, annoyance, attention, safe_chance;
    std::size_t equals;
  };
  constexpr std::array kWorlds = {
      World{1, 1, 0, 0.001, 1},    World{1, 0.25, 0, 0.001, 1}, World{1, 0.1, 0, 0.001, 1},
      World{1, 0, 0, 0.1, 1},      World{1, 0.2, 0, 0.1, 1},    World{10, 2, 0.5, 0.05, 1},
      World{1, 0.25, 0, 0.001, 3},
  };
  BreakEvenSpec spec;
  json.field("shownBefore", std::uint64_t{spec.shown_before});
  json.field("visitsARung", std::uint64_t{spec.visits_a_rung}).key("worlds").begin_array();
  for (const World& world : kWorlds) {
    spec.value = world.value;
    spec.annoyance = world.annoyance;
    spec.attention = world.attention;
    spec.safe_chance = world.safe_chance;
    spec.equals = world.equals;
    Spread ratio, by_mean, stated, sd;
    for (std::uint64_t run = 0; run < asked.runs; ++run) {
      spec.seed = asked.seed + run;
      const BreakEvenRun played = run_break_even(spec);
      ratio.add(played.found / played.planted);
      by_mean.add(played.found_by_mean / played.planted);
      stated.add(played.stated_at_planted);
      sd.add(played.sd_at_planted);
    }
    json.begin_object().field("value", world.value).field("annoyance", world.annoyance);
    json.field("attention", world.attention).field("safeChance", world.safe_chance);
    json.field("equalCards", std::uint64_t{world.equals}).field("planted", break_even(spec));
    ratio.write(json, "foundOverPlanted");
    by_mean.write(json, "foundByMeanOverPlanted");
    stated.write(json, "statedOverTrueThere");
    sd.write(json, "sdOverChanceThere");
    json.field("holds", ratio.least >= 0.9 && ratio.most <= 1.1).end_object();
  }
  json.end_array();
}

void write_same(const Asked& asked, JsonWriter& json) {
  struct World {
    double stake, spread, returns;
    bool best;
  };
  constexpr std::array kWorlds = {World{0.05, 0.3, 0.3, false}, World{0.05, 0.3, 0.3, true},
                                  World{0.5, 0.6, 0.3, false}, World{0.5, 0.6, 0, false}};
  json.key("worlds").begin_array();
  for (const World& world : kWorlds) {
    for (const std::size_t items : {5U, 20U, 50U}) {
      Spread same, bets, rank;
      for (std::uint64_t run = 0; run < asked.runs; ++run) {
        SameSpec spec;
        spec.seed = asked.seed + run;
        spec.items = items;
        spec.stake = world.stake;
        spec.spread = world.spread;
        spec.best = world.best;
        spec.returns = world.returns;
        const SameRun played = run_same(spec);
        same.add(played.mean());
        bets.add(played.bets);
        rank.add(played.best_rank);
      }
      json.begin_object().field("items", std::uint64_t{items}).field("stake", world.stake);
      json.field("spread", world.spread).field("returns", world.returns);
      json.field("safeDefault", world.best ? "best" : "middle");
      same.write(json, "sameChoice");
      bets.write(json, "bets");
      rank.write(json, "rankOfTheChoice");
      json.field("holds", same.least >= 0.95).end_object();
    }
  }
  json.end_array();
}

void write_harm(const Asked& asked, JsonWriter& json) {
  struct World {
    double harmed, others;
  };
  constexpr std::array kWorlds = {World{-0.05, 0.03}, World{0.03, 0.03}, World{0, 0}};
  json.key("worlds").begin_array();
  for (const World& world : kWorlds) {
    for (const std::size_t persons : {30'000U, 40'000U}) {
      Spread harmed, others, any;
      for (std::uint64_t run = 0; run < asked.runs; ++run) {
        HarmSpec spec;
        spec.seed = asked.seed + run;
        spec.persons = persons;
        spec.harmed = world.harmed;
        spec.others = world.others;
        const HarmRun played = run_harm(spec);
        harmed.add(played.harmed_left_alone);
        others.add(played.others_left_alone);
        any.add(played.others_any);
      }
      json.begin_object().field("social", world.harmed).field("others", world.others);
      json.field("persons", std::uint64_t{persons});
      harmed.write(json, "socialLeftAloneAsDogs");
      others.write(json, "othersLeftAloneAsDogs");
      any.write(json, "othersLeftAloneAtAll");
      const bool found = world.harmed >= 0 ? harmed.mean() <= 0.05 : harmed.mean() >= 0.9;
      json.field("holds", found && others.mean() <= 0.05).end_object();
    }
  }
  json.end_array();
}

void write_odds(const Asked& asked, JsonWriter& json) {
  json.key("worlds").begin_array();
  for (const Effects effects : kAllEffects) {
    Spread error, chance, z, paid;
    std::vector<StatedOdds> together;
    for (std::uint64_t run = 0; run < asked.runs; ++run) {
      OddsSpec spec;
      spec.seed = asked.seed + run;
      spec.effects = effects;
      const OddsRun played = run_odds(spec);
      error.add(played.error);
      chance.add(played.chance_error);
      z.add(played.z);
      paid.add(static_cast<double>(played.paid) / static_cast<double>(played.settled));
      together.insert(together.end(), played.stated.begin(), played.stated.end());
    }
    json.begin_object().field("effects", to_string(effects));
    json.field("stated", std::uint64_t{together.size()});
    error.write(json, "error");
    chance.write(json, "errorByChance");
    z.write(json, "z");
    paid.write(json, "paid");
    json.field("errorTogether", calibration(together).overall.error);
    json.field("zTogether", calibration_z(together));
    json.field("holds", error.mean() <= 0.05).end_object();
  }
  json.end_array();
}

void write_ledger(const Asked& asked, JsonWriter& json) {
  json.key("worlds").begin_array();
  for (const bool reversed : {true, false}) {
    for (const double mean : {0.3, 0.1, 0.05, 0.02}) {
      LedgerSpec spec;
      spec.default_mean = mean;
      spec.reversed = reversed;
      if (!reversed) spec.worths = {1, 1.2, 0.8, 0.6};
      const std::uint64_t runs =
          reversed ? asked.runs : std::max<std::uint64_t>(1, asked.runs / 10);
      std::uint64_t kept = 0;
      Spread lowest, share, risked;
      for (std::uint64_t run = 0; run < runs; ++run) {
        spec.seed = asked.seed + run;
        const LedgerRun played = run_ledger(spec);
        kept += played.kept ? 1 : 0;
        lowest.add(played.lowest);
        share.add(played.gain_share);
        risked.add(played.risked);
      }
      const Interval interval = rate_interval(kept, runs, 0.05);
      json.begin_object().field("defaultMean", mean).field("reversed", reversed);
      json.field("rounds", std::uint64_t{spec.rounds}).field("runs", runs).field("kept", kept);
      json.key("keptInterval").begin_array().number(interval.low).number(interval.high);
      json.end_array();
      lowest.write(json, "lowestRatio");
      risked.write(json, "risked");
      if (!reversed) share.write(json, "gainShare");
      const bool promised = static_cast<double>(kept) >= 0.93 * static_cast<double>(runs);
      json.field("holds", promised && (reversed || share.mean() >= 0.6)).end_object();
    }
  }
  json.end_array();
}

void write_fall(const Asked& asked, JsonWriter& json) {
  struct World {
    std::string_view name;
    double shown, safe, elsewhere, elsewhere_of_safe;
    bool falls;
  };
  // In all of them what is shown is clicked more; what is clicked besides makes the difference.
  constexpr std::array kWorlds = {World{"worse by a quarter", 0.25, 0.1, 0.05, 0.3, true},
                                  World{"better by a quarter", 0.25, 0.1, 0.2, 0.26, false},
                                  World{"no difference", 0.25, 0.1, 0.15, 0.3, false}};
  json.key("worlds").begin_array();
  for (const World& world : kWorlds) {
    std::size_t fell = 0, shown_after = 0;
    Spread persons, bets;
    FallSpec spec;
    for (std::uint64_t run = 0; run < asked.runs; ++run) {
      spec.seed = asked.seed + run;
      spec.shown = world.shown;
      spec.safe = world.safe;
      spec.elsewhere = world.elsewhere;
      spec.elsewhere_of_safe = world.elsewhere_of_safe;
      const FallRun played = run_fall(spec);
      bets.add(played.treated_bets);
      if (!played.fell) continue;
      ++fell;
      persons.add(static_cast<double>(played.persons_then));
      shown_after += played.bets_after + played.decisions_after - played.fallbacks_after;
    }
    json.begin_object().field("world", world.name).field("runs", asked.runs);
    json.field("persons", std::uint64_t{spec.persons}).field("peek", std::uint64_t{spec.peek});
    json.field("fell", std::uint64_t{fell})
        .field("notTheSafeDefaultAfter", std::uint64_t{shown_after});
    bets.write(json, "betsOfTreated");
    if (fell > 0) persons.write(json, "personsThen");
    const double share = static_cast<double>(fell) / static_cast<double>(asked.runs);
    json.field("holds", shown_after == 0 && (world.falls ? share >= 0.95 : share <= 0.05));
    json.end_object();
  }
  json.end_array();
}

struct Part {
  std::string_view name;
  std::uint64_t runs;  // that are enough
  void (*write)(const Asked& asked, JsonWriter& json);
};
constexpr std::array kParts = {
    Part{"breakeven", 2, write_breakeven}, Part{"same", 5, write_same},
    Part{"harm", 10, write_harm},          Part{"odds", 5, write_odds},
    Part{"ledger", 1000, write_ledger},    Part{"fall", 100, write_fall},
};

bool read_count(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

int play_part(int argc, char** argv) {
  const Part* part = nullptr;
  for (const Part& each : kParts) {
    if (argc > 1 && each.name == argv[1]) part = &each;
  }
  Asked asked;
  if (part == nullptr || (argc > 2 && !read_count(argv[2], asked.runs)) ||
      (argc > 3 && !read_count(argv[3], asked.seed)) || asked.runs > 100'000) {
    std::fprintf(stderr,
                 "usage: sim_bets breakeven|same|harm|odds|ledger|fall [runs: up to 100000, 0 = "
                 "enough] "
                 "[first seed] [commit]\n");
    return 2;
  }
  if (asked.runs == 0) asked.runs = part->runs;
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("bench", "bets-" + std::string(part->name));
  json.field("commit", argc > 4 ? argv[4] : "").field("runs", asked.runs);
  json.field("firstSeed", asked.seed);
  part->write(asked, json);
  json.end_object();
  std::printf("%s\n", text.c_str());
  return text.find("\"holds\":false") == std::string::npos ? 0 : 1;
}

}  // namespace
}  // namespace ante::sim

int main(int argc, char** argv) { return ante::sim::play_part(argc, argv); }
