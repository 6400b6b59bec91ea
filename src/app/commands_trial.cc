// evaluate uplift: who is moved by a treatment, and does choosing by person pay? Asks a file.

#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "app/command.h"
#include "app/input_file.h"
#include "base/json_writer.h"
#include "learning/trial_basis.h"
#include "learning/trial_policy.h"

namespace ante {
namespace {

constexpr double kUpliftConversionsMin = 25;  // in each arm, of an outcome that is 0 or 1
constexpr std::size_t kDifferingNamed = 3;    // of the columns that differ between arms

struct UpliftQuestion {
  TrialColumns columns;
  TrialEconomics economics;
  std::string policy_out;
};

struct UpliftAnswer {
  TrialTable table;
  TrialReport report;
  bool too_early = false, arms_differ = false;
  std::string verdict, sentence;
  std::string warning;  // or empty
};

bool has_too_few_conversions(const TrialTable& table) {
  if (!table.is_binary()) return false;
  std::vector<double> conversions(table.arms.size());
  for (std::size_t i = 0; i < table.rows(); ++i) conversions[table.arm[i]] += table.outcome[i];
  return *std::ranges::min_element(conversions) < kUpliftConversionsMin;
}

// 'age', 'income', 'town' and 2 more.
std::string names_of_some(const std::vector<std::string>& names) {
  std::string words;
  for (std::size_t i = 0; i < std::min(names.size(), kDifferingNamed); ++i)
    words += fmt::format("{}'{}'", i == 0 ? "" : ", ", names[i]);
  if (names.size() > kDifferingNamed)
    words += fmt::format(" and {} more", names.size() - kDifferingNamed);
  return words;
}

void say_that_arms_differ(UpliftAnswer& answer) {
  const std::vector<std::string> names = answer.table.differing();
  const bool one = names.size() == 1;
  answer.verdict = "arms differ";
  answer.warning = fmt::format(
      "{} differ{} between the arms by more than chance: either the arms were not drawn at random, "
      "and what came of them cannot be told from who was in them, or {} measured after the "
      "treatment",
      names_of_some(names), one ? "s" : "", one ? "it was" : "they were");
  answer.sentence = fmt::format(
      "Nothing is recommended: {}. If you know that {} came after the treatment, ask again and "
      "name the columns that were known before (--features).",
      answer.warning, one ? "it" : "they");
}

void say_verdict(UpliftAnswer& answer) {
  const TrialReport& report = answer.report;
  const std::string& best = answer.table.arms[report.best_single];
  answer.warning = answer.table.warning;
  if (answer.arms_differ) {
    say_that_arms_differ(answer);
  } else if (answer.too_early) {
    answer.verdict = "too early";
    answer.sentence = fmt::format(
        "Too early to say: an arm has fewer than {:.0f} persons with the outcome; wait for more.",
        kUpliftConversionsMin);
  } else if (report.claim) {
    answer.verdict = "personalise";
    answer.sentence = fmt::format(
        "Personalise: choosing by person earns {:.5g} more a person than '{}' for everybody.",
        report.value, best);
  } else if (report.best_single != 0 && report.best_single_profit.low > 0) {
    answer.verdict = "best single action";
    answer.sentence = fmt::format(
        "Use '{}' for everybody: that choosing by person earns more is not shown.", best);
  } else {
    answer.verdict = "nothing proven";
    answer.sentence = fmt::format(
        "Nothing proven: no arm credibly earns more than '{}', and choosing by person does not "
        "either.",
        answer.table.arms[0]);
  }
}

std::string trial_policy_json(const UpliftQuestion& question, const UpliftAnswer& answer,
                              const TrialBasis& basis, const TrialPolicy& policy) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("kind", "trial policy").field("version", 1);
  json.field("treatment", question.columns.treatment);
  json.field("outcome", question.columns.outcome).texts("arms", answer.table.arms);
  json.field("cost", policy.economics.cost).field("value", policy.economics.worth);
  json.field("rule",
             "the arm with the largest value x effect - cost, the first arm if none is above 0; "
             "effect = first coefficient + sum of coefficient x (column - mean) / sd");
  json.key("columns");
  basis.write(json);
  json.key("effects").begin_object();
  for (std::size_t a = 1; a < answer.table.arms.size(); ++a) {
    json.key(answer.table.arms[a]).begin_array();
    for (const double coefficient : policy.effects[a - 1]) json.number(coefficient);
    json.end_array();
  }
  json.end_object().end_object();
  return out + "\n";
}

Result<void> check_economics(const TrialEconomics& economics) {
  if (!(economics.cost >= 0)) {
    return invalid_argument(
        fmt::format("--cost is {}: what a contact costs cannot be below 0; write 3 cents as 0.03",
                    economics.cost));
  }
  if (economics.cost > kTrialNumberMax) {
    return invalid_argument(
        fmt::format("--cost is {}: it lies between 0 and {:g}; use a larger unit", economics.cost,
                    kTrialNumberMax));
  }
  if (!(economics.worth > 0)) {
    return invalid_argument(fmt::format(
        "--value is {}: what one unit of the outcome is worth must be above 0; to make an outcome "
        "smaller, turn its sign in the file",
        economics.worth));
  }
  if (economics.worth < 1 / kTrialNumberMax || economics.worth > kTrialNumberMax) {
    return invalid_argument(
        fmt::format("--value is {}: it lies between {:g} and {:g}; use another unit",
                    economics.worth, 1 / kTrialNumberMax, kTrialNumberMax));
  }
  return {};
}

Result<UpliftAnswer> answer_uplift(const UpliftQuestion& question) {
  TRY(check_economics(question.economics));
  const std::string bytes = TRY(read_input_file(question.columns.file));
  UpliftAnswer answer;
  answer.table = TRY(parse_trial(bytes, question.columns));
  const TrialBasis basis(answer.table);
  const std::vector<double> x = TRY(basis.rows_of(answer.table));
  const TrialRows rows{basis.width(), x, answer.table.arm, answer.table.outcome,
                       answer.table.arms.size()};
  answer.report = evaluate_trial(rows, question.economics);
  answer.too_early = has_too_few_conversions(answer.table);
  answer.arms_differ = !answer.table.differing().empty();
  say_verdict(answer);
  if (question.policy_out.empty() || answer.arms_differ) return answer;
  std::ofstream file(question.policy_out, std::ios::binary);
  file << trial_policy_json(question, answer, basis, learn_trial_policy(rows, question.economics));
  file.close();
  if (!file) return internal_error("cannot write the policy to " + question.policy_out);
  return answer;
}

void write_trial_interval(JsonWriter& json, std::string_view key, const Interval& interval) {
  json.key(key).begin_array().number(interval.low).number(interval.high).end_array();
}

void write_trial_arms(JsonWriter& json, const UpliftAnswer& answer) {
  json.key("arms").begin_array();
  for (std::size_t a = 0; a < answer.table.arms.size(); ++a) {
    const TrialArm& arm = answer.report.arms[a];
    json.begin_object().field("arm", answer.table.arms[a]).field("n", arm.n);
    json.field("mean", arm.mean);
    if (a == 0) {
      json.key("effect").null().key("interval").null();
    } else {
      json.field("effect", arm.effect);
      write_trial_interval(json, "interval", arm.interval);
    }
    json.end_object();
  }
  json.end_array();
}

void write_area(JsonWriter& json, std::string_view key, double value, const Interval& interval,
                const Interval& band) {
  json.key(key).begin_object().field("value", value);
  write_trial_interval(json, "interval", interval);
  write_trial_interval(json, "randomBand", band);
  json.end_object();
}

// What to choose, and how well; all null where the arms are not alike.
void write_choices(JsonWriter& json, const UpliftAnswer& answer) {
  if (answer.arms_differ) {
    for (const char* name : {"heterogeneity", "bestSingle", "personalisedMinusBestSingle",
                             "rankedBy", "qini", "auuc", "check"})
      json.key(name).null();
    return;
  }
  const TrialReport& report = answer.report;
  json.key("heterogeneity").begin_object().field("p", report.heterogeneity_p).end_object();
  json.field("bestSingle", answer.table.arms[report.best_single]);
  json.key("personalisedMinusBestSingle").begin_object().field("value", report.value);
  write_trial_interval(json, "interval", report.interval);
  json.field("cuts", kTrialCuts).field("folds", kTrialFolds).end_object();
  const UpliftCurve& curve = report.curve;
  json.field("rankedBy", answer.table.arms[report.curve_arm]);
  if (curve.ranks) {
    write_area(json, "qini", curve.qini, curve.qini_interval, curve.qini_band);
    write_area(json, "auuc", curve.auuc, curve.auuc_interval, curve.auuc_band);
  } else {
    json.key("qini").null().key("auuc").null();
  }
  json.key("check").begin_object();
  json.field("personalisedMinusBestSingleByTLearner", report.value_of_t_learner);
  json.field("sameChoice", report.same_choice).field("contacted", report.policy_share);
  json.end_object();
}

std::string uplift_json(const UpliftQuestion& question, const UpliftAnswer& answer) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("data", question.columns.file).field("n", answer.table.rows());
  json.field("brokenRows", answer.table.broken_rows).field("control", answer.table.arms[0]);
  write_trial_arms(json, answer);
  json.field("verdict", answer.verdict).field("sentence", answer.sentence);
  json.key("warning");
  answer.warning.empty() ? json.null() : json.string(answer.warning);
  write_choices(json, answer);
  json.key("features").begin_array();
  for (const TrialFeature& feature : answer.table.features) {
    json.begin_object().field("name", feature.name);
    json.field("is", feature.is_category ? "category" : "number").end_object();
  }
  json.end_array().key("leftOut").begin_array();
  for (const LeftOutColumn& column : answer.table.left_out)
    json.begin_object().field("name", column.name).field("why", column.why).end_object();
  json.end_array().end_object();
  return out;
}

void print_arms(const UpliftAnswer& answer) {
  for (std::size_t a = 0; a < answer.table.arms.size(); ++a) {
    const TrialArm& arm = answer.report.arms[a];
    std::string words =
        fmt::format("  {}: {} persons, mean {:.5g}", answer.table.arms[a], arm.n, arm.mean);
    if (a > 0) {
      words +=
          fmt::format(", {} {:+.5g}, 95 % [{:.5g}, {:.5g}]",
                      answer.arms_differ ? "other persons, so no effect: difference" : "effect",
                      arm.effect, arm.interval.low, arm.interval.high);
    }
    print_line(words);
  }
}

void print_choices(const UpliftAnswer& answer) {
  const TrialReport& report = answer.report;
  print_line(fmt::format(
      "Choosing by person less '{}' for everybody: {:+.5g} a person, 95 % [{:.5g}, {:.5g}], median "
      "of {} cuts; do effects differ: p = {:.2g}.",
      answer.table.arms[report.best_single], report.value, report.interval.low,
      report.interval.high, kTrialCuts, report.heterogeneity_p));
  const UpliftCurve& curve = report.curve;
  print_line(
      curve.ranks
          ? fmt::format("Ranking persons by the effect of '{}': Qini {:.3g} [{:.3g}, {:.3g}]; "
                        "orders that know nothing reach {:.3g} to {:.3g}.",
                        answer.table.arms[report.curve_arm], curve.qini, curve.qini_interval.low,
                        curve.qini_interval.high, curve.qini_band.low, curve.qini_band.high)
          : fmt::format("No Qini: the effect of '{}' is expected to be the same for everybody, so "
                        "nobody is ranked before anybody.",
                        answer.table.arms[report.curve_arm]));
  print_line(
      fmt::format("One regression an arm says {:+.5g}, and the same for {:.0f} % of persons.",
                  report.value_of_t_learner, 100 * report.same_choice));
}

void print_columns(const UpliftAnswer& answer) {
  for (const LeftOutColumn& column : answer.table.left_out)
    print_line(fmt::format("Left out '{}': {}.", column.name, column.why));
  if (answer.table.features.empty()) {
    print_line("No column tells persons apart, so there is nothing to choose by.");
    return;
  }
  std::string names;
  for (const TrialFeature& feature : answer.table.features)
    names += (names.empty() ? "" : ", ") + feature.name;
  print_line(answer.arms_differ
                 ? "Alike in all arms: " + names + "."
                 : "Chosen by " + names +
                       ". If one of them was written after the treatment, name the others "
                       "(--features).");
}

void print_uplift(const UpliftQuestion& question, const UpliftAnswer& answer) {
  print_line(answer.sentence);
  if (!answer.warning.empty() && !answer.arms_differ)
    print_line("Careful, " + answer.warning + ".");
  print_arms(answer);
  if (!answer.arms_differ) print_choices(answer);
  print_columns(answer);
  if (answer.table.broken_rows > 0) {
    print_line(fmt::format("{} rows cannot be read and were left out.", answer.table.broken_rows));
  }
  if (question.policy_out.empty()) return;
  print_line(answer.arms_differ
                 ? "No policy was written."
                 : "The policy, learned from all rows, is in " + question.policy_out + ".");
}

Exit evaluate_uplift(const CommonOptions& common, const UpliftQuestion& question) {
  const auto answer = answer_uplift(question);
  if (!answer) return end_with(answer.error());
  if (common.json) {
    print_line(uplift_json(question, *answer));
  } else {
    print_uplift(question, *answer);
  }
  return Exit::kOk;
}

}  // namespace

void add_trial_commands(CommandLine line, CLI::App& evaluate) {
  auto uplift = std::make_shared<UpliftQuestion>();
  CLI::App* command = evaluate.add_subcommand(
      "uplift", "Who is moved by a treatment, and does choosing by person pay? From a trial");
  TrialColumns& columns = uplift->columns;
  command->add_option("--data", columns.file, "CSV with a header, a row a person; .gz is fine")
      ->required();
  command->add_option("--treatment", columns.treatment, "the column of the arm")->required();
  command->add_option("--control", columns.control, "the arm that was left alone");
  command->add_option("--outcome", columns.outcome, "the column of what came of it")->required();
  command->add_option("--cost", uplift->economics.cost, "of one contact, not of the control");
  command->add_option("--value", uplift->economics.worth, "of one unit of the outcome");
  command
      ->add_option("--features", columns.features,
                   "columns known before the treatment, by commas; else all that are fit")
      ->delimiter(',');
  command->add_option("--treated-at", columns.treated_at, "the column of when it was treated");
  command->add_option("--outcome-at", columns.outcome_at, "the column of when the outcome was");
  command->add_option("--policy-out", uplift->policy_out, "where to write the policy, as JSON");
  command->callback([line, uplift] { line.exit = evaluate_uplift(line.common, *uplift); });
}

}  // namespace ante
