#include "app/api_command.h"

#include <fmt/format.h>

#include "app/data_directory.h"
#include "app/input_file.h"
#include "base/json_parser.h"
#include "base/json_writer.h"

namespace ante {

namespace {

constexpr std::size_t kBodyBytesShown = 300;

// The call that --dry-run does not make.
void say_would(const CommonOptions& common, std::string_view method, const std::string& target,
               const std::string& body) {
  JsonParser parser(kAnswerBytesMax);
  const auto parsed = parser.parse(body);
  std::string text = parsed ? simdjson::minify(*parsed) : body;
  if (common.json) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().field("dryRun", true).field("method", method).field("target", target);
    if (parsed)
      json.key("body").raw(text);
    else if (!body.empty())
      json.field("body", body);
    json.end_object();
    return print_line(out);
  }
  if (text.size() > kBodyBytesShown) {
    std::size_t end = kBodyBytesShown;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text = text.substr(0, end) + "…";
  }
  print_line(fmt::format("Would {} {}{}{}.", method, target, text.empty() ? "" : " with ", text));
}

}  // namespace

Exit run_call(const CommonOptions& common, std::string_view method, const std::string& target,
              const std::string& body, const ApiHeaders& headers,
              const std::function<void(simdjson::dom::element)>& show) {
  const auto settings = read_settings(common.data);
  if (!settings) return end_with(settings.error());
  auto caller = ApiCaller::open(common.data, *settings);
  if (!caller) return end_with(caller.error());
  if (common.dry_run && method != "GET") {
    if (const auto good = check_headers(headers); !good) return end_with(good.error());
    say_would(common, method, target, body);
    return Exit::kOk;
  }
  const auto answer = (*caller)->call(method, target, body, headers);
  if (!answer) return end_with(answer.error());
  const Exit exit = end_with(*answer);
  if (exit != Exit::kOk) {
    if (common.json) print_line(answer->body);
    return exit;
  }
  JsonParser parser(kAnswerBytesMax);
  const auto element = parser.parse(answer->body);
  if (common.json || !show || !element) {
    if (!answer->body.empty()) print_line(answer->body);
  } else {
    show(*element);
  }
  return exit;
}

std::string_view text_of(simdjson::dom::element element, std::string_view name) {
  std::string_view text;
  return element[name].get(text) ? std::string_view{} : text;
}

double number_of(simdjson::dom::element element, std::string_view name) {
  double number = 0;
  return element[name].get(number) ? 0 : number;
}

void add_object_options(CLI::App* command, ObjectOptions& options) {
  command->add_option("name", options.name)->required();
  command->add_option("file", options.file, "a file, or - for stdin");
  command->add_option("--body", options.json, "the JSON itself");
  command->add_option("--if-version", options.if_version, "only if it is at this version (0: new)");
  command->add_option("--why", options.why, "why, for the record");
}

Result<std::string> object_body(const ObjectOptions& options) {
  if (!options.json.empty()) return options.json;
  return read_input_file(options.file.empty() ? "-" : options.file);
}

ApiHeaders object_headers(const ObjectOptions& options) {
  ApiHeaders headers;
  if (options.if_version == 0) headers.emplace_back("If-None-Match", "*");
  if (options.if_version > 0)
    headers.emplace_back("If-Match", fmt::format("\"{}\"", options.if_version));
  if (!options.why.empty()) headers.emplace_back("Ante-Why", options.why);
  return headers;
}

}  // namespace ante
