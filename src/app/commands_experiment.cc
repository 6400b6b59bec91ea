// evaluate experiment: what looking all the time would have said of experiments kept as running
// counts. Asks a file.

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "app/command.h"
#include "app/input_file.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "learning/experiment_looks.h"
#include "math/watched_difference.h"

namespace ante {
namespace {

constexpr std::size_t kComparisonsShown = 20;

struct ExperimentCounts {
  std::uint64_t asked = 0;  // series with a look that was not too early
  std::uint64_t naive_ever = 0, naive_end = 0, sequence_ever = 0;
  std::uint64_t reversed = 0;    // the z test called once and does not at the end
  std::uint64_t naive_only = 0;  // the z test called once, the sequence never
};

WatchedVerdict verdict_of(const ExperimentSeries& series) {
  if (series.looks_asked() == 0) return WatchedVerdict::kTooEarly;
  const auto first = series.first_sequence();
  if (!first) return WatchedVerdict::kUnproven;
  return series.looks[*first].difference > 0 ? WatchedVerdict::kPaying : WatchedVerdict::kLosing;
}

ExperimentCounts count_calls(const ExperimentFile& file) {
  ExperimentCounts counts;
  for (const ExperimentSeries& series : file.series) {
    const bool naive = series.first_naive().has_value(), ours = series.first_sequence().has_value();
    counts.asked += series.looks_asked() > 0 ? 1 : 0;
    counts.naive_ever += naive ? 1 : 0;
    counts.naive_end += series.naive_at_end() ? 1 : 0;
    counts.sequence_ever += ours ? 1 : 0;
    counts.reversed += naive && !series.naive_at_end() ? 1 : 0;
    counts.naive_only += naive && !ours ? 1 : 0;
  }
  return counts;
}

void write_call(JsonWriter& json, std::string_view key, const ExperimentSeries& series,
                const std::optional<std::size_t>& look) {
  json.key(key);
  if (!look) {
    json.null();
    return;
  }
  json.begin_object().field("look", *look + 1).field("time", series.looks[*look].time).end_object();
}

void write_series(JsonWriter& json, const ExperimentSeries& series) {
  json.begin_object().field("experiment", series.experiment).field("variant", series.variant);
  json.field("metric", series.metric).field("looks", series.looks.size());
  json.field("verdict", to_string(verdict_of(series)));
  write_call(json, "zTestCalledAt", series, series.first_naive());
  write_call(json, "calledAt", series, series.first_sequence());
  json.key("zTestAtEnd").boolean(series.naive_at_end());
  if (!series.looks.empty()) {
    const ExperimentLook& last = series.looks.back();
    json.field("n", last.treated_n + last.control_n).field("difference", last.difference);
    json.key("interval").begin_array().number(last.sequence.low).number(last.sequence.high);
    json.end_array();
  }
  json.end_object();
}

std::string experiment_json(const std::string& path, const ExperimentFile& file) {
  const ExperimentCounts counts = count_calls(file);
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("data", path).field("experiments", file.experiments);
  json.field("series", file.series.size()).field("looks", file.looks);
  json.field("withoutVariance", file.without_variance).field("shrinking", file.shrinking);
  json.field("rule",
             "95 %, two-sided; a look is too early below 25 persons with an outcome in an arm; "
             "ours: confidence sequence planned for 2,000 persons; a call is final");
  json.key("called").begin_object().field("asked", counts.asked);
  json.field("zTestEver", counts.naive_ever).field("zTestAtEnd", counts.naive_end);
  json.field("ours", counts.sequence_ever).field("zTestTakenBack", counts.reversed);
  json.field("zTestOnly", counts.naive_only).end_object();
  json.key("byLook").begin_array();
  for (const LookCrossings& row : look_crossings(file)) {
    json.begin_object().field("look", row.look).field("series", row.series);
    json.field("zTestNow", row.naive_now).field("zTestEver", row.naive_ever);
    json.field("oursNow", row.sequence_now).field("oursEver", row.sequence_ever).end_object();
  }
  json.end_array().key("tests").begin_array();
  for (const ExperimentSeries& series : file.series) write_series(json, series);
  json.end_array().end_object();
  return out;
}

// The last look, with the interval that holds at every look.
void print_comparison(const ExperimentSeries& series) {
  const WatchedVerdict verdict = verdict_of(series);
  std::string words =
      fmt::format("  experiment '{}', variant '{}', metric '{}': {}", series.experiment,
                  series.variant, series.metric, to_string(verdict));
  if (series.looks.empty()) {
    print_line(words + "; no look with a variance");
    return;
  }
  const ExperimentLook& last = series.looks.back();
  words += fmt::format(", {:+.5g}", last.difference);
  if (!last.too_early)
    words += fmt::format(", 95 % [{:+.5g}, {:+.5g}]", last.sequence.low, last.sequence.high);
  words += fmt::format("; {:.0f} persons, {} looks", last.treated_n + last.control_n,
                       series.looks.size());
  if (const auto called = series.first_sequence())
    words += fmt::format(", called at look {}", *called + 1);
  print_line(words);
}

// Those that are called stand first.
void print_comparisons(const ExperimentFile& file) {
  std::vector<const ExperimentSeries*> order;
  for (const ExperimentSeries& series : file.series) order.push_back(&series);
  std::ranges::stable_partition(
      order, [](const ExperimentSeries* series) { return series->first_sequence().has_value(); });
  print_line(
      "The last look of each comparison, treated less control, the interval for every look at "
      "once:");
  for (std::size_t i = 0; i < std::min(order.size(), kComparisonsShown); ++i)
    print_comparison(*order[i]);
  if (order.size() > kComparisonsShown)
    print_line(fmt::format("  … and {} more; --json has all.", order.size() - kComparisonsShown));
}

void print_experiment(const std::string& path, const ExperimentFile& file) {
  const ExperimentCounts counts = count_calls(file);
  print_line(fmt::format(
      "{}: {}, {} (variant and metric), {}; {} no variance yet, {} fewer persons than "
      "the one before.",
      path, counted(file.experiments, "experiment"), counted(file.series.size(), "comparison"),
      counted(file.looks, "look"), counted(file.without_variance, "look has", "looks have"),
      counted(file.shrinking, "has", "have")));
  print_line(fmt::format(
      "A z test at every look calls a difference in {} of {} comparisons that could be asked, and "
      "in {} at the last look: {} calls are taken back.",
      counts.naive_ever, counts.asked, counts.naive_end, counts.reversed));
  print_line(fmt::format(
      "The sequence, which holds at every look, calls {}; {} calls of the z test it never makes.",
      counts.sequence_ever, counts.naive_only));
  print_line("  look  comparisons  z test now  ever  ours now  ever");
  for (const LookCrossings& row : look_crossings(file)) {
    const bool shown = row.look <= 3 || row.look == 5 || (row.look <= 50 && row.look % 10 == 0) ||
                       row.look % 50 == 0;
    if (!shown) continue;
    print_line(fmt::format("  {:>4}  {:>11}  {:>10}  {:>4}  {:>8}  {:>4}", row.look, row.series,
                           row.naive_now, row.naive_ever, row.sequence_now, row.sequence_ever));
  }
  print_comparisons(file);
}

Exit evaluate_experiment(const CommonOptions& common, const std::string& path) {
  const auto bytes = read_input_file(path);
  if (!bytes) return end_with(bytes.error());
  const auto file = parse_experiment_looks(*bytes, path);
  if (!file) return end_with(file.error());
  if (common.json) {
    print_line(experiment_json(path, *file));
  } else {
    print_experiment(path, *file);
  }
  return Exit::kOk;
}

}  // namespace

void add_experiment_command(CommandLine line, CLI::App& evaluate) {
  auto data = std::make_shared<std::string>();
  CLI::App* command = evaluate.add_subcommand(
      "experiment", "What looking all the time would have said, from running counts");
  command->add_option("--data", *data, "CSV with a row a look; .gz is fine")->required();
  command->callback([line, data] { line.exit = evaluate_experiment(line.common, *data); });
}

}  // namespace ante
