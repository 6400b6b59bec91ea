// The command line as a whole: common options, "did you mean", exit codes.

#include <algorithm>
#include <cstdio>
#include <span>
#include <vector>

#include "api/problem.h"
#include "app/command.h"
#include "app/demo_command.h"
#include "base/json_parser.h"
#include "base/text.h"

namespace ante {
namespace {

void add_common_options(CLI::App& app, CommonOptions& common) {
  app.add_option("--data", common.data, "the data directory")->envname("ANTE_DATA_DIR");
  app.add_flag("--json", common.json, "print JSON");
  app.add_flag("-q,--quiet", common.quiet, "no messages but errors");
  app.add_flag("-n,--dry-run", common.dry_run, "change nothing, say what would change");
  app.fallthrough();
  app.require_subcommand(1);
}

void fall_through(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    command->fallthrough();
    fall_through(*command);
  }
}

// Titles, topics and columns come from outside: none may command the terminal.
void print_to(std::FILE* file, std::string_view text) {
  const std::string line = printable(text) + "\n";
  std::fwrite(line.data(), 1, line.size(), file);
}

int usage_error(const CLI::App& app, const CLI::ParseError& error,
                std::span<const char* const> words) {
  print_message(std::string("ante: ") + error.what());
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  for (const char* word : words.subspan(std::min<std::size_t>(1, words.size()))) {
    if (word[0] == '-') continue;
    const std::string hint = did_you_mean(word, known);
    if (!hint.empty() && std::find(known.begin(), known.end(), word) == known.end()) {
      print_message(hint.substr(1));
    }
    break;
  }
  print_message("See: ante --help");
  return static_cast<int>(Exit::kUsage);
}

}  // namespace

void print_line(std::string_view text) { print_to(stdout, text); }
void print_message(std::string_view text) { print_to(stderr, text); }

Exit end_with(const Error& error) {
  print_message("ante: " + error.message);
  switch (error.code) {
    case ErrorCode::kNotFound:
      return Exit::kNotFound;
    case ErrorCode::kConflict:
      return Exit::kRefused;
    case ErrorCode::kUnavailable:
      return Exit::kUnreachable;
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kDataLoss:
    case ErrorCode::kInternal:
      return Exit::kFailed;
  }
  return Exit::kFailed;
}

Exit end_with(const ApiAnswer& answer) {
  if (answer.status >= 200 && answer.status < 300) return Exit::kOk;
  JsonParser parser(kAnswerBytesMax);
  std::string_view title = "the request failed", detail, fix;
  const auto problem = parser.parse(answer.body);
  if (problem) {
    if ((*problem)["title"].get(title)) title = "the request failed";
    if ((*problem)["detail"].get(detail)) detail = {};
    if ((*problem)["fix"].get(fix)) fix = {};
  }
  print_message("ante: " + std::string(detail.empty() ? title : detail));
  if (!fix.empty()) print_message("fix: " + std::string(fix));
  switch (answer.status) {
    case 404:
      return Exit::kNotFound;
    case 403:
    case 409:
    case 412:
      return Exit::kRefused;
    case 503:
      return Exit::kUnreachable;
    default:
      return Exit::kFailed;
  }
}

int run_command_line(int argc, const char* const* argv) {
  CLI::App app("Ante places bets on what to show each person, and measures whether they pay.",
               "ante");
  CommonOptions common;
  Exit exit = Exit::kOk;
  const CommandLine line{app, common, exit};
  add_common_options(app, common);
  add_serve_command(line);
  add_directory_commands(line);
  add_data_commands(line);
  add_api_commands(line);
  add_bet_commands(line);
  add_metric_commands(line);
  add_brief_commands(line);
  add_cost_commands(line);
  add_holdout_commands(line);
  add_evaluate_commands(line);
  add_log_commands(line);
  add_demo_command(line);
  fall_through(app);
  app.set_version_flag("--version", "ante 0.1.0");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);  // --help, --version
  } catch (const CLI::ParseError& error) {
    return usage_error(app, error, {argv, static_cast<std::size_t>(argc)});
  }
  return static_cast<int>(exit);
}

}  // namespace ante
