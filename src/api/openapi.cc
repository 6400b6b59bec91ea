#include "api/openapi.h"

#include <algorithm>
#include <map>
#include <vector>

#include "base/json_writer.h"
#include "base/text.h"

namespace ante {
namespace {

std::vector<std::string_view> path_parameters(std::string_view pattern) {
  std::vector<std::string_view> names;
  std::size_t at = 0;
  while ((at = pattern.find('{', at)) != std::string_view::npos) {
    const std::size_t end = pattern.find('}', at);
    names.push_back(pattern.substr(at + 1, end - at - 1));
    at = end;
  }
  return names;
}

void append_operation(JsonWriter& json, const Route& route) {
  json.key(lower_case(route.method)).begin_object().field("summary", route.summary);
  json.key("tags").begin_array().string(route.tag).end_array();
  json.key("security").begin_array();
  if (route.role != Role::kAnybody) {
    json.begin_object().key("key").begin_array().end_array().end_object();
  }
  json.end_array().field("x-ante-role", to_string(route.role));
  const auto parameters = path_parameters(route.pattern);
  if (!parameters.empty()) {
    json.key("parameters").begin_array();
    for (const std::string_view name : parameters) {
      json.begin_object().field("name", name).field("in", "path").field("required", true);
      json.key("schema").begin_object().field("type", "string").end_object().end_object();
    }
    json.end_array();
  }
  if (route.body_bytes_max > 0) {
    json.key("requestBody").begin_object().key("content").begin_object();
    json.key("application/json").begin_object().key("schema").begin_object();
    json.end_object().end_object().end_object();
    json.field("x-ante-bytes-max", route.body_bytes_max).end_object();
  }
  json.key("responses").begin_object();
  json.key("2XX").begin_object().field("description", "Done").end_object();
  json.key("default").begin_object().field("description", "A problem (RFC 9457)");
  json.key("content").begin_object().key("application/problem+json").begin_object();
  json.key("schema").begin_object().field("$ref", "#/components/schemas/Problem").end_object();
  json.end_object().end_object().end_object().end_object().end_object();
}

void append_components(JsonWriter& json) {
  json.key("components").begin_object().key("securitySchemes").begin_object();
  json.key("key").begin_object().field("type", "http").field("scheme", "bearer").end_object();
  json.end_object().key("schemas").begin_object().key("Problem").begin_object();
  json.field("type", "object").key("required").begin_array();
  json.string("type").string("title").string("status").end_array();
  json.key("properties").begin_object();
  for (const char* name : {"type", "title", "detail", "instance", "fix"}) {
    json.key(name).begin_object().field("type", "string").end_object();
  }
  json.key("status").begin_object().field("type", "integer").end_object();
  json.key("errors").begin_object().field("type", "array").key("items").begin_object();
  json.field("type", "object").end_object().end_object();
  json.end_object().end_object().end_object().end_object();
}

}  // namespace

std::string openapi_document(std::span<const Route> routes, std::string_view version) {
  std::map<std::string_view, std::vector<const Route*>> by_path;
  for (const Route& route : routes) by_path[route.pattern].push_back(&route);
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("openapi", "3.1.0").key("info").begin_object();
  json.field("title", "Ante").field("version", version);
  json.key("license").begin_object().field("name", "Apache-2.0");
  json.field("identifier", "Apache-2.0").end_object().end_object();
  json.key("paths").begin_object();
  for (const auto& [path, operations] : by_path) {
    json.key(path).begin_object();
    for (const Route* route : operations) append_operation(json, *route);
    json.end_object();
  }
  json.end_object();
  append_components(json);
  json.end_object();
  return body;
}

}  // namespace ante
