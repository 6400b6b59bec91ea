// What every command of the command line shares: where it prints, and how it ends.
//
// Results go to stdout, messages to stderr; --json prints one JSON value instead of text.

#pragma once

#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "app/api_caller.h"
#include "base/result.h"

namespace ante {

enum class Exit : int {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,
  kNotFound = 3,
  kRefused = 4,      // by a rule of safety: it exists already, it has changed, the clock differs
  kUnreachable = 5,  // no server, and the directory is locked
};

struct CommonOptions {
  std::string data = "./ante-data";
  bool json = false;
  bool quiet = false;
  bool dry_run = false;
};

// Both as printable(), base/text.h.
void print_line(std::string_view text);     // stdout
void print_message(std::string_view text);  // stderr
// Prints the error and says how the process ends.
Exit end_with(const Error& error);
// 2xx: kOk. Else prints the problem's detail and fix.
Exit end_with(const ApiAnswer& answer);

// Each adds its commands to `app`; a command stores its exit code in `exit`.
struct CommandLine {
  CLI::App& app;
  CommonOptions& common;
  Exit& exit;
};
void add_serve_command(CommandLine line);
void add_directory_commands(CommandLine line);  // init, config, doctor
void add_data_commands(CommandLine line);       // import, backup, restore, verify
void add_api_commands(CommandLine line);        // decide, slot, people, figures, report
void add_bet_commands(CommandLine line);        // bet
void add_metric_commands(CommandLine line);     // metric
void add_metric_reports(CLI::App* report, CommandLine line);  // report metrics, proxies
void add_supply_reports(CommandLine line, CLI::App& report);  // report supply, report audit
void add_brief_commands(CommandLine line);                    // brief, report needs, report gaps
void add_cost_commands(CommandLine line);      // cost; after add_api_commands: more of report
void add_holdout_commands(CommandLine line);   // holdout
void add_evaluate_commands(CommandLine line);  // evaluate policy, evaluate bandit
void add_trial_commands(CommandLine line, CLI::App& evaluate);  // evaluate uplift
void add_experiment_command(CommandLine line, CLI::App& evaluate);
void add_log_commands(CommandLine line);  // export decisions, whatif

// The whole command line: parses, runs, returns the exit code of the process.
int run_command_line(int argc, const char* const* argv);

}  // namespace ante
