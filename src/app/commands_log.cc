// export decisions, whatif: what the log of decisions is asked, through the API.

#include <charconv>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "api/url.h"
#include "app/command.h"
#include "app/data_directory.h"
#include "base/json_parser.h"
#include "base/json_writer.h"

namespace ante {
namespace {

struct LogQuestion {
  std::string slot, since, until, policy, out;

  // The parameters that are set, behind a question mark or an ampersand.
  std::string parameters(char first) const {
    std::string text;
    const auto add = [&](std::string_view name, const std::string& value) {
      if (value.empty()) return;
      text += text.empty() ? first : '&';
      text.append(name).append("=").append(percent_encode(value));
    };
    add("slot", slot);
    add("policy", policy);
    add("since", since);
    add("until", until);
    return text;
  }
};

Result<std::unique_ptr<ApiCaller>> caller_of(const CommonOptions& common) {
  const Settings settings = TRY(read_settings(common.data));
  return ApiCaller::open(common.data, settings);
}

// ---------------------------------------------------------------- export decisions

// Where lines go: stdout, or a file that has its name only when it is whole.
class LineOutput {
 public:
  static Result<LineOutput> open(const std::string& path) {
    LineOutput output(path);
    if (path.empty()) return output;
    output.file_.open(output.unfinished(), std::ios::binary | std::ios::trunc);
    if (!output.file_) return unavailable("cannot write " + output.unfinished());
    return output;
  }
  Result<void> write(std::string_view lines) {
    if (path_.empty()) {
      if (std::fwrite(lines.data(), 1, lines.size(), stdout) == lines.size()) return {};
      return unavailable("cannot write to stdout");
    }
    file_.write(lines.data(), static_cast<std::streamsize>(lines.size()));
    if (file_) return {};
    return unavailable("cannot write " + unfinished() + ": is the disk full?");
  }
  Result<void> finish() {
    if (path_.empty()) return std::fflush(stdout) == 0 ? Result<void>{} : unavailable("stdout");
    file_.close();
    std::error_code failure;
    if (file_) std::filesystem::rename(unfinished(), path_, failure);
    if (!file_ || failure) return unavailable("cannot write " + path_);
    return {};
  }

 private:
  explicit LineOutput(std::string path) : path_(std::move(path)) {}
  std::string unfinished() const { return path_ + ".part"; }

  std::string path_;
  std::ofstream file_;
};

struct ExportTotals {
  std::uint64_t decisions = 0, evaluable = 0, unreadable = 0, pages = 0;

  void add(const ApiAnswer& page) {
    ++pages;
    const auto count = [&](std::string_view name) {
      const std::string_view text = page.header(name);
      std::uint64_t number = 0;
      std::from_chars(text.data(), text.data() + text.size(), number);
      return number;
    };
    decisions += count("Ante-Decisions");
    evaluable += count("Ante-Evaluable");
    unreadable += count("Ante-Unreadable");
  }
};

void print_export(const CommonOptions& common, const LogQuestion& question,
                  const ExportTotals& totals) {
  if (common.json && !question.out.empty()) {
    std::string text;
    JsonWriter json(text);
    json.begin_object().field("file", question.out).field("decisions", totals.decisions);
    json.field("evaluable", totals.evaluable).field("unreadable", totals.unreadable).end_object();
    return print_line(text);
  }
  if (!common.quiet || totals.unreadable > 0) {
    print_message(fmt::format(
        "{} decisions, {} of them with a reward that can be evaluated; {} records were unreadable "
        "and left out.",
        totals.decisions, totals.evaluable, totals.unreadable));
  }
}

Exit export_command(const CommonOptions& common, const LogQuestion& question) {
  auto caller = caller_of(common);
  if (!caller) return end_with(caller.error());
  const std::string target = "/v1/export/decisions";
  auto answer = (*caller)->call("GET", target + question.parameters('?'));
  if (!answer) return end_with(answer.error());
  // Before the file is touched: a wrong question leaves it as it is.
  if (const Exit exit = end_with(*answer); exit != Exit::kOk) return exit;
  auto output = LineOutput::open(question.out);
  if (!output) return end_with(output.error());
  ExportTotals totals;
  while (true) {
    totals.add(*answer);
    if (const auto written = output->write(answer->body); !written)
      return end_with(written.error());
    const std::string cursor(answer->header("Ante-Next-Cursor"));
    if (cursor.empty()) break;
    answer = (*caller)->call(
        "GET", target + "?cursor=" + percent_encode(cursor) + question.parameters('&'));
    if (!answer) return end_with(answer.error());
    if (const Exit exit = end_with(*answer); exit != Exit::kOk) return exit;
  }
  if (const auto finished = output->finish(); !finished) return end_with(finished.error());
  print_export(common, question, totals);
  return Exit::kOk;
}

// ---------------------------------------------------------------- whatif

double number_at(simdjson::dom::element object, std::string_view name) {
  double number = 0;
  return object[name].get(number) ? 0 : number;
}

std::string_view words_at(simdjson::dom::element object, std::string_view name) {
  std::string_view text;
  return object[name].get(text) ? std::string_view{} : text;
}

// "0.08120  95 % [0.07010, 0.09230]"; empty: there is no value.
std::string value_in_words(simdjson::dom::element estimate) {
  double value = 0, low = 0, high = 0;
  if (estimate["value"].get(value)) return {};
  if (estimate["interval"].at(0).get(low) || estimate["interval"].at(1).get(high))
    return fmt::format("{:.5f}  no valid 95 % interval", value);
  return fmt::format("{:.5f}  95 % [{:.5f}, {:.5f}]", value, low, high);
}

void print_what_if(simdjson::dom::element answer) {
  print_line(words_at(answer, "sentence"));
  simdjson::dom::object estimates;
  if (!answer["estimates"].get(estimates)) {
    for (const auto estimate : estimates) {
      const std::string words = value_in_words(estimate.value);
      if (!words.empty()) print_line(fmt::format("  {:<10} {}", estimate.key, words));
    }
  }
  for (const auto& [name, title] :
       {std::pair("onPolicy", "it earned"), {"difference", "dr - that"}}) {
    simdjson::dom::element mean;
    if (answer[name].get(mean) || mean.is_null()) continue;
    print_line(fmt::format("  {:<10} {}", title, value_in_words(mean)));
  }
  const simdjson::dom::element left_out = answer["leftOut"];
  print_line(fmt::format(
      "Evidence: {:.0f} decisions weigh as much as {:.0f} of the policy asked about, their rewards "
      "as much as {:.1f}; {:.2f} % of it could not have been logged; the largest weight is {:.1f}.",
      number_at(answer, "n"), number_at(answer, "ess"), number_at(answer, "effectiveClicks"),
      number_at(answer, "outOfSupport") * 100, number_at(answer["weights"], "max")));
  print_line(fmt::format(
      "Left out: {:.0f} with an open window, {:.0f} not shown, {:.0f} not joined, {:.0f} that the "
      "policy did not draw (holdout, failures); {:.0f} records were unreadable.",
      number_at(left_out, "open"), number_at(left_out, "notShown"),
      number_at(left_out, "notJoined"), number_at(left_out, "notDrawn"),
      number_at(answer, "unreadable")));
  const std::string_view warning = words_at(answer, "warning");
  if (!warning.empty()) print_line(fmt::format("Careful, {}.", warning));
  bool cut = false;
  if (!answer["cut"].get(cut) && cut) {
    print_line(
        fmt::format("Only the first {:.0f} decisions were looked at; narrow it with --since.",
                    number_at(answer, "decisionsMax")));
  }
}

Exit what_if_command(const CommonOptions& common, const LogQuestion& question) {
  auto caller = caller_of(common);
  if (!caller) return end_with(caller.error());
  const auto answer = (*caller)->call("GET", "/v1/whatif" + question.parameters('?'));
  if (!answer) return end_with(answer.error());
  if (const Exit exit = end_with(*answer); exit != Exit::kOk) return exit;
  JsonParser parser(kAnswerBytesMax);
  const auto element = parser.parse(answer->body);
  if (common.json || !element) {
    print_line(answer->body);
  } else {
    print_what_if(*element);
  }
  return Exit::kOk;
}

void add_span_options(CLI::App* command, LogQuestion& question) {
  command->add_option("--since", question.since, "decisions from this time on, RFC 3339");
  command->add_option("--until", question.until, "decisions before this time, RFC 3339");
}

}  // namespace

void add_log_commands(CommandLine line) {
  CLI::App* exporting = line.app.add_subcommand("export", "Decisions, for any other tool");
  exporting->require_subcommand(1);
  auto wanted = std::make_shared<LogQuestion>();
  CLI::App* decisions = exporting->add_subcommand(
      "decisions", "Decisions with propensities and matured rewards, as NDJSON");
  decisions->add_option("--slot", wanted->slot, "of this slot only");
  add_span_options(decisions, *wanted);
  decisions->add_option("--out", wanted->out, "a file instead of stdout");
  decisions->callback([line, wanted] { line.exit = export_command(line.common, *wanted); });

  auto asked = std::make_shared<LogQuestion>();
  CLI::App* whatif = line.app.add_subcommand(
      "whatif", "What another policy would have earned in a slot, from the log of decisions");
  whatif->add_option("--slot", asked->slot, "the slot")->required();
  whatif
      ->add_option("--policy", asked->policy,
                   "safe, uniform, greedy, epsilon-greedy[:STAKE], softmax[:SHARPNESS,FLOOR] or "
                   "squarecb[:GAMMA_SCALE]")
      ->required();
  add_span_options(whatif, *asked);
  whatif->callback([line, asked] { line.exit = what_if_command(line.common, *asked); });
}

}  // namespace ante
