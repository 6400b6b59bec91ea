#include "app/api_command.h"

#include <fstream>
#include <iostream>
#include <iterator>

#include <fmt/format.h>

#include "app/data_directory.h"
#include "base/json_parser.h"

namespace ante {

// One call; prints the answer's body as it is (--json), or with `show`.
Exit run_call(const CommonOptions& common, std::string_view method, const std::string& target,
              const std::string& body, const ApiHeaders& headers,
              const std::function<void(simdjson::dom::element)>& show) {
  const auto settings = read_settings(common.data);
  if (!settings) return end_with(settings.error());
  auto caller = ApiCaller::open(common.data, *settings);
  if (!caller) return end_with(caller.error());
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
  const std::string path = options.file.empty() ? "-" : options.file;
  if (path == "-")
    return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  std::ifstream file(path, std::ios::binary);
  if (!file) return not_found("cannot read " + path);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
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
