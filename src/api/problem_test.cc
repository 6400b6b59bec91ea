#include "api/problem.h"

#include <set>

#include <gtest/gtest.h>

#include "base/json_parser.h"

namespace ante {
namespace {

std::string header_of(const HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

TEST(Problem, EveryTypeHasItsOwnNameAndSaysWhatToDo) {
  std::set<std::string_view> names;
  for (const ProblemType& type : problem_types()) {
    EXPECT_TRUE(names.insert(type.name).second) << type.name;
    EXPECT_GE(type.status, 400);
    EXPECT_LT(type.status, 600);
    EXPECT_FALSE(type.title.empty());
    EXPECT_GT(type.explanation.size(), 20u) << type.name;
    EXPECT_EQ(find_problem_type(type.name), &type);
  }
  EXPECT_EQ(find_problem_type("no-such-problem"), nullptr);
}

TEST(Problem, IsADocumentOfRfc9457) {
  const HttpResponse response = problem_response({.name = "unknown-slot",
                                                  .detail = "there is no \"slot\"",
                                                  .errors = {{"#/slot", "does not exist"}},
                                                  .fix = "ante slot list"},
                                                 "https://ante.example", "/v1/decide#req_1");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.body,
            R"({"type":"https://ante.example/problems/unknown-slot","title":"No such slot",)"
            R"("status":404,"detail":"there is no \"slot\"","instance":"/v1/decide#req_1",)"
            R"("errors":[{"pointer":"#/slot","detail":"does not exist"}],"fix":"ante slot list"})");
}

TEST(Problem, SaysWhenToComeBack) {
  EXPECT_EQ(header_of(problem_response({.name = "rate-limited", .retry_after_s = 7}, "", ""),
                      "Retry-After"),
            "7");
  EXPECT_EQ(header_of(problem_response({.name = "unavailable"}, "", ""), "Retry-After"), "1");
  EXPECT_EQ(header_of(problem_response({.name = "bad-request"}, "", ""), "Retry-After"), "");
  EXPECT_NE(header_of(problem_response({.name = "unauthorized"}, "", ""), "WWW-Authenticate"), "");
}

TEST(Problem, OfAnErrorKeepsItsMeaningAndPointer) {
  struct Case {
    Error error;
    std::string_view name;
  };
  const Case cases[] = {{invalid_argument("x"), "invalid-request"},
                        {not_found("x"), "not-found"},
                        {conflict("x"), "conflict"},
                        {unavailable("x"), "unavailable"},
                        {data_loss("x"), "internal"},
                        {internal_error("x"), "internal"}};
  for (const Case& c : cases) EXPECT_EQ(problem_of(c.error).name, c.name);
  const Problem pointed = problem_of(invalid_argument("#/price/amount: must be a number"));
  ASSERT_EQ(pointed.errors.size(), 1u);
  EXPECT_EQ(pointed.errors[0].first, "#/price/amount");
  EXPECT_EQ(pointed.errors[0].second, "must be a number");
}

}  // namespace
}  // namespace ante
