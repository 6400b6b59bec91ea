// evaluate policy, evaluate bandit: questions to a file, no data directory and no server. The other
// questions to files stand in files of their own (commands_trial.cc).

#include <memory>
#include <optional>

#include <fmt/format.h>

#include "app/command.h"
#include "app/input_file.h"
#include "base/json_writer.h"
#include "learning/bandit_trial.h"
#include "learning/policy_evaluation.h"
#include "learning/reward_model.h"

namespace ante {
namespace {

struct PolicyQuestion {
  std::string log, format = "native", target_log, policy, estimator = "all";
  std::string interval = "auto";
  double reward_min = 0, reward_max = 1, shrinkage = 0;
  std::uint64_t seed = 1;
};

struct BanditQuestion {
  std::string data, policy = "squarecb";
  std::uint64_t seed = 1;
};

// ---------------------------------------------------------------- evaluate policy

struct PolicyAnswer {
  std::string policy;
  OffPolicyReport report;
  IntervalKind interval = IntervalKind::kBootstrap;
  MeanReward logged;
  std::optional<MeanReward> target;  // of the other log
  std::uint64_t without_reward = 0, not_drawn = 0;
  bool slates = false;
  std::optional<double> pseudo_inverse;  // of slates
  bool own_model = false;                // the log brought its own estimates
};

Result<BanditLog> read_log(const std::string& path, const PolicyQuestion& question) {
  const std::string bytes = TRY(read_input_file(path));
  const LogOptions options{path, question.reward_min, question.reward_max};
  return question.format == "obd" ? parse_obd_log(bytes, options)
                                  : parse_native_log(bytes, options);
}

Result<MeanReward> logged_mean(const BanditLog& log, IntervalKind kind, const std::string& path) {
  std::vector<double> rewards;
  rewards.reserve(log.rounds.size() + log.slates.size());
  for (const LoggedRound& round : log.rounds) rewards.push_back(round.reward);
  for (const SlateRound& slate : log.slates) rewards.push_back(slate.reward);
  if (rewards.size() < 2) return invalid_argument(path + ": one round is too few to evaluate");
  return mean_reward(rewards, kind);
}

// Slates have one estimator, and it carries no interval.
Result<PolicyAnswer> answer_of_slates(const BanditLog& log, const PolicyQuestion& question,
                                      PolicyAnswer answer) {
  if (!question.policy.empty() && question.policy != "target") {
    return invalid_argument(
        "slates are evaluated under the \"target\" of their actions; leave --policy out");
  }
  std::vector<OffPolicyRow> rows;
  for (const SlateRound& slate : log.slates) {
    const auto weight = slate_weight(slate);
    if (!weight) {
      return invalid_argument(
          fmt::format("{}: line {}: {}", question.log, slate.line, weight.error().message));
    }
    rows.push_back({weight->weight, slate.reward, 0, 0, weight->out_of_support});
  }
  answer.slates = true;
  answer.policy = "target";
  answer.report.health = off_policy_health(rows);
  if (answer.report.health.refusal.empty())
    answer.pseudo_inverse = estimate_value(Estimator::kIps, rows);
  return answer;
}

Result<PolicyAnswer> answer_policy(const PolicyQuestion& question) {
  if (!(question.reward_min < question.reward_max))
    return invalid_argument("--reward-min must be below --reward-max");
  if (!question.target_log.empty() && question.format != "obd") {
    return invalid_argument(
        "--target-log goes with --format obd; a native log brings \"target\" in its actions");
  }
  BanditLog log = TRY(read_log(question.log, question));
  PolicyAnswer answer;
  answer.without_reward = log.without_reward;
  answer.not_drawn = log.not_drawn;
  const bool sequence =
      question.interval == "sequence" || (question.interval == "auto" && log.learning_policy);
  answer.interval = sequence ? IntervalKind::kSequence : IntervalKind::kBootstrap;
  answer.logged = TRY(logged_mean(log, answer.interval, question.log));
  if (!log.slates.empty()) return answer_of_slates(log, question, std::move(answer));
  answer.own_model = !log.estimates.empty();
  std::vector<double> expected = answer.own_model ? log.estimates : cross_fitted_rewards(log);
  answer.policy = question.policy.empty() ? "target" : question.policy;
  if (!question.target_log.empty()) {
    const BanditLog other = TRY(read_log(question.target_log, question));
    answer.target = TRY(logged_mean(other, answer.interval, question.target_log));
    if (question.policy.empty()) {
      TRY(set_targets_from_obd(log, other, question.target_log));
      answer.policy = "of " + question.target_log;
    }
  }
  TRY(set_targets(log, question.policy.empty() ? "target" : question.policy, expected));
  if (!answer.own_model) expected = calibrated_to_target(log, std::move(expected));
  const std::vector<OffPolicyRow> rows = off_policy_rows(log, expected);
  answer.report = evaluate_off_policy(rows, {answer.interval, question.seed, question.shrinkage});
  return answer;
}

void write_interval(JsonWriter& json, std::string_view key, const Interval& interval) {
  json.key(key).begin_array().number(interval.low).number(interval.high).end_array();
}

void write_mean(JsonWriter& json, const MeanReward& mean) {
  json.field("value", mean.value);
  write_interval(json, "interval", mean.interval);
  json.field("n", mean.rows);
}

constexpr std::string_view kNoInterval = "no valid 95 % interval";

void write_estimate(JsonWriter& json, std::string_view name, const std::optional<double>& value,
                    const std::optional<Interval>& interval, const std::string& refusal) {
  json.key(name).begin_object();
  if (!value) {
    json.key("value").null().key("interval").null().field("refused", refusal);
  } else {
    json.field("value", *value);
    if (interval) {
      write_interval(json, "interval", *interval);
    } else {
      json.key("interval").null().field("note", kNoInterval);
    }
  }
  json.end_object();
}

bool wanted(const PolicyQuestion& question, std::string_view name) {
  return question.estimator == "all" || question.estimator == name;
}

void write_estimates(JsonWriter& json, const PolicyQuestion& question, const PolicyAnswer& answer) {
  const OffPolicyReport& report = answer.report;
  json.key("estimates").begin_object();
  if (answer.slates) {
    write_estimate(json, "pseudoInverse", answer.pseudo_inverse, std::nullopt,
                   report.health.refusal);
  } else {
    for (const Estimator estimator : kEstimators) {
      if (!wanted(question, to_string(estimator))) continue;
      write_estimate(json, to_string(estimator), report[estimator].value,
                     report[estimator].interval, report.health.refusal);
    }
  }
  json.end_object();
}

std::string policy_json(const PolicyQuestion& question, const PolicyAnswer& answer) {
  const OffPolicyHealth& health = answer.report.health;
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("log", question.log).field("policy", answer.policy);
  json.field("n", health.rows).field("withoutReward", answer.without_reward);
  json.field("notDrawn", answer.not_drawn);
  write_estimates(json, question, answer);
  json.key("onPolicy").begin_object();
  json.field("of", answer.target ? "target" : "logging");
  write_mean(json, answer.target ? *answer.target : answer.logged);
  json.key("logging").begin_object();
  write_mean(json, answer.logged);
  json.end_object().end_object();
  json.field("ess", health.effective_rows).field("effectiveClicks", health.effective_clicks);
  json.field("outOfSupport", health.out_of_support);
  json.key("weights").begin_object();
  json.field("mean", health.weight_mean).field("max", health.weight_max).end_object();
  json.key("clipping").begin_array();
  for (const ClippedEstimate& clip : health.clipped) {
    json.begin_object().field("weightMax", clip.weight_max).field("clipped", clip.clipped);
    json.field("ips", clip.ips).end_object();
  }
  json.end_array();
  if (answer.report.shrinkage > 0) json.field("shrinkage", answer.report.shrinkage);
  json.field("rewardModel", answer.slates ? "none"
                            : answer.own_model
                                ? "the log's own estimates"
                                : "ridge, calibrated to the target, cross-fitted in 3 folds");
  json.field("interval", answer.interval == IntervalKind::kBootstrap
                             ? "95 % bootstrap"
                             : "95 % confidence sequence, asymptotic");
  json.key("refused");
  health.refusal.empty() ? json.null() : json.string(health.refusal);
  json.key("warning");
  health.warning.empty() ? json.null() : json.string(health.warning);
  json.end_object();
  return out;
}

std::string in_words(const MeanReward& mean) {
  return fmt::format("{:.5f} [{:.5f}, {:.5f}], {} rounds", mean.value, mean.interval.low,
                     mean.interval.high, mean.rows);
}

void print_policy(const PolicyQuestion& question, const PolicyAnswer& answer) {
  const OffPolicyReport& report = answer.report;
  const OffPolicyHealth& health = report.health;
  print_line(fmt::format("What the policy '{}' would have earned a round, from {}.", answer.policy,
                         question.log));
  print_line("The logged policy earned " + in_words(answer.logged) + ".");
  if (answer.target) print_line("The target's own log earned " + in_words(*answer.target) + ".");
  if (!health.refusal.empty()) {
    print_line("No value: " + health.refusal + ".");
  } else {
    if (answer.pseudo_inverse)
      print_line(fmt::format("  pseudo-inverse {:.5f}  {}", *answer.pseudo_inverse, kNoInterval));
    for (const Estimator estimator : kEstimators) {
      const OffPolicyEstimate& e = report[estimator];
      if (!e.value || !wanted(question, to_string(estimator))) continue;
      print_line(
          e.interval
              ? fmt::format("  {:<5} {:.5f}  95 % [{:.5f}, {:.5f}]", to_string(estimator), *e.value,
                            e.interval->low, e.interval->high)
              : fmt::format("  {:<5} {:.5f}  {}", to_string(estimator), *e.value, kNoInterval));
    }
  }
  print_line(fmt::format(
      "Evidence: {} rounds weigh as much as {:.0f} of the target policy, their rewards as much as "
      "{:.1f}; {:.2f} % of the target could not have been logged; the largest weight is {:.1f}.",
      health.rows, health.effective_rows, health.effective_clicks, health.out_of_support * 100,
      health.weight_max));
  for (const ClippedEstimate& clip : health.clipped) {
    if (clip.clipped == 0) continue;
    print_line(fmt::format("With weights cut at {:.0f} ({} rounds) ips would be {:.5f}.",
                           clip.weight_max, clip.clipped, clip.ips));
  }
  if (!health.warning.empty()) print_line("Careful, " + health.warning + ".");
  if (answer.without_reward > 0) {
    print_line(
        fmt::format("{} rounds have no reward yet and were left out.", answer.without_reward));
  }
  if (answer.not_drawn > 0) {
    print_line(
        fmt::format("{} rounds were drawn by no policy and were left out.", answer.not_drawn));
  }
}

Exit evaluate_policy(const CommonOptions& common, const PolicyQuestion& question) {
  const auto answer = answer_policy(question);
  if (!answer) return end_with(answer.error());
  if (common.json) {
    print_line(policy_json(question, *answer));
  } else {
    print_policy(question, *answer);
  }
  return Exit::kOk;
}

// ---------------------------------------------------------------- evaluate bandit

std::string bandit_json(const BanditQuestion& question, const std::string& policy,
                        const LabelledRows& data, const BanditTrial& trial) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("data", question.data).field("policy", policy);
  json.field("seed", question.seed).field("n", trial.rounds);
  json.field("actions", data.names.size()).field("numbers", data.columns);
  json.field("progressiveLoss", trial.progressive_loss);
  write_interval(json, "interval", trial.interval);
  json.field("expectedLoss", trial.expected_loss);
  json.field("regretVsBestFixed", trial.regret_vs_best_fixed());
  json.key("bestFixed").begin_object().field("action", data.names[trial.best_fixed]);
  json.field("loss", trial.best_fixed_loss).end_object();
  json.field("exploring", trial.exploring);
  json.field("probabilitySumError", trial.propensity_sum_error).end_object();
  return out;
}

Exit evaluate_bandit(const CommonOptions& common, const BanditQuestion& question) {
  const auto rule = exploration_rule(question.policy);
  if (!rule) return end_with(rule.error());
  const auto bytes = read_input_file(question.data);
  if (!bytes) return end_with(bytes.error());
  const auto data = parse_labelled_tsv(*bytes, question.data);
  if (!data) return end_with(data.error());
  const BanditTrial trial = run_bandit_trial(*data, **rule, question.seed);
  if (common.json) {
    print_line(bandit_json(question, (*rule)->name(), *data, trial));
    return Exit::kOk;
  }
  print_line(fmt::format(
      "The policy {} chose wrongly in {:.2f} % of {} rounds [{:.2f}, {:.2f}], learning as it went.",
      (*rule)->name(), trial.progressive_loss * 100, trial.rounds, trial.interval.low * 100,
      trial.interval.high * 100));
  print_line(fmt::format(
      "Always choosing '{}', the best of {} actions, would have been wrong in {:.2f} %.",
      data->names[trial.best_fixed], data->names.size(), trial.best_fixed_loss * 100));
  print_line(fmt::format("It chose against its own expectation in {:.2f} % of rounds, to learn.",
                         trial.exploring * 100));
  return Exit::kOk;
}

void add_policy_options(CLI::App* command, PolicyQuestion& question) {
  command->add_option("--log", question.log, "the log; .gz is fine, - for stdin")->required();
  command->add_option("--format", question.format, "native (NDJSON) or obd (CSV)")
      ->check(CLI::IsMember({"native", "obd"}));
  command->add_option("--target-log", question.target_log,
                      "obd: the log of the policy to evaluate; its choices are the target");
  command->add_option("--policy", question.policy,
                      "target, logged, constant:ACTION, uniform, greedy, epsilon-greedy[:STAKE], "
                      "softmax[:SHARPNESS,FLOOR], squarecb[:GAMMA_SCALE]");
  command->add_option("--estimator", question.estimator, "all, ips, snips, dm, dr or dros")
      ->check(CLI::IsMember({"all", "ips", "snips", "dm", "dr", "dros"}));
  command
      ->add_option("--interval", question.interval,
                   "bootstrap, sequence (the logged policy learned on the way), or auto")
      ->check(CLI::IsMember({"auto", "bootstrap", "sequence"}));
  command->add_option("--reward-min", question.reward_min, "the least a reward can be");
  command->add_option("--reward-max", question.reward_max, "the most a reward can be");
  command->add_option("--shrinkage", question.shrinkage, "of dros; 0: chosen by SLOPE")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--seed", question.seed, "of the bootstrap");
}

}  // namespace

void add_evaluate_commands(CommandLine line) {
  CLI::App* evaluate =
      line.app.add_subcommand("evaluate", "What another policy would have earned, from a file");
  evaluate->require_subcommand(1);
  auto policy = std::make_shared<PolicyQuestion>();
  CLI::App* policy_command =
      evaluate->add_subcommand("policy", "Off-policy estimates from a log with propensities");
  add_policy_options(policy_command, *policy);
  policy_command->callback([line, policy] { line.exit = evaluate_policy(line.common, *policy); });
  auto bandit = std::make_shared<BanditQuestion>();
  CLI::App* bandit_command = evaluate->add_subcommand(
      "bandit", "What a policy loses while it learns labelled rows as a bandit, in one pass");
  bandit_command->add_option("--data", bandit->data, "TSV with a column target; .gz is fine")
      ->required();
  bandit_command->add_option("--policy", bandit->policy,
                             "squarecb, epsilon-greedy, softmax, thompson, greedy or uniform");
  bandit_command->add_option("--seed", bandit->seed, "of the shuffle and the draws");
  bandit_command->callback([line, bandit] { line.exit = evaluate_bandit(line.common, *bandit); });
  add_trial_commands(line, *evaluate);
  add_experiment_command(line, *evaluate);
}

}  // namespace ante
