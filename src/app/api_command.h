// What commands that call the API share: one call, its answer read and shown.
//
// One thread.

#pragma once

#include <functional>
#include <simdjson.h>
#include <string>
#include <string_view>

#include "app/command.h"

namespace ante {

// One call; prints the answer's body as it is (--json), or with `show`. Under --dry-run what is no
// GET is not sent, only said.
Exit run_call(const CommonOptions& common, std::string_view method, const std::string& target,
              const std::string& body, const ApiHeaders& headers,
              const std::function<void(simdjson::dom::element)>& show);

// A member of an answer; empty, 0 when it is not there.
std::string_view text_of(simdjson::dom::element element, std::string_view name);
double number_of(simdjson::dom::element element, std::string_view name);

// What a command sets an object to, and under which condition.
struct ObjectOptions {
  std::string name, file, json, why;
  int if_version = -1;  // none
};
void add_object_options(CLI::App* command, ObjectOptions& options);
// The body: what --body says, or the file, or stdin.
Result<std::string> object_body(const ObjectOptions& options);
ApiHeaders object_headers(const ObjectOptions& options);

}  // namespace ante
