// The same decision asked again and again through POST /v1/decide, with nothing learned in between:
// how often each slate came, and with what probability it said it would.
//
// One connection, so that with a fixed seed of the engine two runs draw the same. With --people
// above 1 each request is another person's, and the arms are counted as well.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <simdjson.h>
#include <string>

#include <fmt/core.h>

#include "bench/http_client.h"
#include "bench/load.h"

namespace ante::bench {
namespace {

struct Cell {
  std::uint64_t count = 0;
  double low = 1, high = 0;  // of the joint probability that was said
};

struct Draws {
  std::map<std::string, Cell> slates;
  std::map<std::string, std::uint64_t> arms, outcomes;
  std::uint64_t holdout_propensity_not_1 = 0, failed = 0;
};

void read_answer(simdjson::dom::parser& parser, const std::string& body, Draws& draws) {
  simdjson::dom::element root;
  simdjson::dom::array items;
  std::string_view arm, outcome;
  if (parser.parse(body).get(root) != simdjson::SUCCESS ||
      root["items"].get(items) != simdjson::SUCCESS || root["arm"].get(arm) != simdjson::SUCCESS ||
      root["outcome"].get(outcome) != simdjson::SUCCESS) {
    ++draws.failed;
    return;
  }
  std::string slate;
  double joint = 1;
  for (const simdjson::dom::element item : items) {
    std::string_view id;
    double propensity = 0;
    if (item["id"].get(id) != simdjson::SUCCESS ||
        item["propensity"].get(propensity) != simdjson::SUCCESS) {
      ++draws.failed;
      return;
    }
    slate += slate.empty() ? "" : " ";
    slate += id;
    joint *= propensity;
  }
  Cell& cell = draws.slates[slate];
  ++cell.count;
  cell.low = std::min(cell.low, joint);
  cell.high = std::max(cell.high, joint);
  ++draws.arms[std::string(arm)];
  ++draws.outcomes[std::string(outcome)];
  if (arm == "holdout" && joint != 1) ++draws.holdout_propensity_not_1;
}

std::string counts_json(const std::map<std::string, std::uint64_t>& counts) {
  std::string out = "{";
  for (const auto& [name, count] : counts)
    out += fmt::format("{}\"{}\":{}", out.size() > 1 ? "," : "", name, count);
  return out + "}";
}

}  // namespace

int load_draws(const LoadOptions& options) {
  HttpClient client(options.server, 1, "Authorization: Bearer " + options.secret_key + "\r\n");
  simdjson::dom::parser parser;
  Draws draws;
  for (std::uint64_t i = 0; i < options.draws; ++i) {
    const std::string person =
        options.people > 1 ? fmt::format("{}{}", options.name, i % options.people) : options.name;
    const HttpClient::Answer answer = client.call_and_wait(
        {"POST", "/v1/decide", "",
         fmt::format(R"({{"slot":"{}","anonymousId":"{}","activate":"defer"}})", options.slot,
                     person)});
    if (answer.status == 200) {
      read_answer(parser, answer.body, draws);
    } else {
      ++draws.failed;
    }
  }
  std::string slates = "[";
  for (const auto& [slate, cell] : draws.slates) {
    slates += fmt::format(R"({}{{"slate":"{}","count":{},"low":{},"high":{}}})",
                          slates.size() > 1 ? "," : "", slate, cell.count, cell.low, cell.high);
  }
  fmt::print(R"({{"draws":{},"failed":{},"holdoutPropensityNot1":{},"arms":{},"outcomes":{},)"
             R"("slates":{}]}})"
             "\n",
             options.draws, draws.failed, draws.holdout_propensity_not_1, counts_json(draws.arms),
             counts_json(draws.outcomes), slates);
  return draws.failed == 0 ? 0 : 1;
}

}  // namespace ante::bench
