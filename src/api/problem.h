// What went wrong, for the one who asked: RFC 9457 problem documents with names that resolve.
//
// In:   one of the problems in the table below, and what is particular to this request.
// Out:  an answer of type application/problem+json; GET /problems/{name} explains each name.
//
// Every problem of the product stands in kProblems: name, status, title, what to do. Any thread.

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http.h"
#include "base/result.h"

namespace ante {

struct ProblemType {
  std::string_view name;  // last part of its address: /problems/unknown-slot
  int status;
  std::string_view title;
  std::string_view explanation;  // for the page at its address: why, and what to do
};

std::span<const ProblemType> problem_types();
const ProblemType* find_problem_type(std::string_view name);

struct Problem {
  std::string_view name;                                      // REQUIRES a name of the table
  std::string detail{};                                       // what was found, and where
  std::vector<std::pair<std::string, std::string>> errors{};  // pointer, detail
  std::string fix{};      // a command, a setting or a call; empty = none
  int retry_after_s = 0;  // 0 = no Retry-After header; 429 and 503 get at least 1
  std::vector<std::pair<std::string, std::string>> headers{};
};

// The problem that fits an error of the engine.
Problem problem_of(const Error& error);
// `origin`: where the type's address begins ("http://host:port") and the instance.
HttpResponse problem_response(const Problem& problem, std::string_view origin,
                              std::string_view instance);

}  // namespace ante
