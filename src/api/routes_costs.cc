// Costs, and what a slot's reward is worth: entered, read, deleted.

#include "api/books.h"
#include "api/routes.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace ante {
namespace {

constexpr std::size_t kCostBodyBytesMax = kObjectJsonBytesMax;

void unknown_cost(Api& api, Call& call, const std::string& id) {
  const std::vector<Cost> costs = list_costs(api.engine);
  std::vector<std::string_view> known;
  for (const Cost& cost : costs) known.push_back(cost.id);
  call.problem({.name = "unknown-cost",
                .detail = "There is no cost '" + id + "'." + did_you_mean(id, known),
                .fix = "ante cost list"});
}

void unknown_worth(Api& api, Call& call, const std::string& name) {
  if (api.engine.slots().get()->contains(name))
    return call.problem({.name = "not-found",
                         .detail = "Nobody said what slot '" + name + "' is worth.",
                         .fix = "ante cost worth " + name + " --margin 1.50"});
  const auto slots = api.engine.slots().get();
  std::vector<std::string_view> known;
  for (const auto& [other, slot] : *slots) known.push_back(other);
  call.problem({.name = "unknown-slot",
                .detail = "There is no slot '" + name + "'." + did_you_mean(name, known),
                .fix = "ante slot list"});
}

void answer_object(Call& call, std::string body, std::uint64_t version, int status) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.headers.emplace_back("ETag", etag(version));
  call.reply(std::move(response));
}

void answer_object_error(Call& call, const Error& error, ExpectedVersion expected) {
  Problem problem = problem_of(error);
  if (error.code == ErrorCode::kConflict && expected) problem.name = "version-mismatch";
  call.problem(std::move(problem));
}

void list_all_costs(Api& api, CallPointer call) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("data").begin_array();
  for (const Cost& cost : list_costs(api.engine)) json.raw(cost_to_json(cost));
  json.end_array().key("nextCursor").null().end_object();
  call->reply_json(200, std::move(body));
}

void get_cost(Api& api, CallPointer call) {
  const auto cost = find_cost(api.engine, call->path_values[0]);
  if (!cost) return unknown_cost(api, *call, call->path_values[0]);
  answer_object(*call, cost_to_json(*cost), cost->version, 200);
}

void put_one_cost(Api& api, CallPointer call) {
  ExpectedVersion expected;
  if (!body_object(*call) || !read_expected_version(*call, expected)) return;
  later(api, call, [&api, expected](const CallPointer& waiting) {
    const std::string& id = waiting->path_values[0];
    const bool is_new = !find_cost(api.engine, id);
    const auto cost =
        put_cost(api.engine, id, waiting->request.body, author_of(*waiting), expected);
    if (!cost) return answer_object_error(*waiting, cost.error(), expected);
    answer_object(*waiting, cost_to_json(*cost), cost->version, is_new ? 201 : 200);
  });
}

void delete_cost(Api& api, CallPointer call) {
  ExpectedVersion expected;
  if (!read_expected_version(*call, expected)) return;
  later(api, call, [&api, expected](const CallPointer& waiting) {
    const std::string& id = waiting->path_values[0];
    const auto gone = api.engine.delete_object(kCostObjectType, id, author_of(*waiting), expected);
    if (gone) return waiting->reply_empty();
    if (gone.error().code == ErrorCode::kNotFound) return unknown_cost(api, *waiting, id);
    answer_object_error(*waiting, gone.error(), expected);
  });
}

void get_worth(Api& api, CallPointer call) {
  const auto worth = find_worth(api.engine, call->path_values[0]);
  if (!worth) return unknown_worth(api, *call, call->path_values[0]);
  answer_object(*call, worth_to_json(*worth), worth->version, 200);
}

void put_slot_worth(Api& api, CallPointer call) {
  ExpectedVersion expected;
  if (!body_object(*call) || !read_expected_version(*call, expected)) return;
  later(api, call, [&api, expected](const CallPointer& waiting) {
    const std::string& slot = waiting->path_values[0];
    const bool is_new = !find_worth(api.engine, slot);
    const auto worth =
        put_worth(api.engine, slot, waiting->request.body, author_of(*waiting), expected);
    if (worth)
      return answer_object(*waiting, worth_to_json(*worth), worth->version, is_new ? 201 : 200);
    if (worth.error().code == ErrorCode::kNotFound) return unknown_worth(api, *waiting, slot);
    answer_object_error(*waiting, worth.error(), expected);
  });
}

void delete_worth(Api& api, CallPointer call) {
  ExpectedVersion expected;
  if (!read_expected_version(*call, expected)) return;
  later(api, call, [&api, expected](const CallPointer& waiting) {
    const std::string& slot = waiting->path_values[0];
    const auto gone =
        api.engine.delete_object(kWorthObjectType, slot, author_of(*waiting), expected);
    if (gone) return waiting->reply_empty();
    if (gone.error().code == ErrorCode::kNotFound) return unknown_worth(api, *waiting, slot);
    answer_object_error(*waiting, gone.error(), expected);
  });
}

}  // namespace

std::span<const Route> cost_routes() {
  static constexpr Route kRoutes[] = {
      {"GET", "/v1/costs", Role::kSecret, 0, list_all_costs, "costs",
       "What people say that personalising costs"},
      {"GET", "/v1/costs/{id}", Role::kSecret, 0, get_cost, "costs", "A cost"},
      {"PUT", "/v1/costs/{id}", Role::kSecret, kCostBodyBytesMax, put_one_cost, "costs",
       "Enters or changes a cost; If-Match names the version you read"},
      {"DELETE", "/v1/costs/{id}", Role::kSecret, 0, delete_cost, "costs", "Takes a cost out"},
      {"GET", "/v1/worth/{slot}", Role::kSecret, 0, get_worth, "costs",
       "What one unit of the slot's reward is worth"},
      {"PUT", "/v1/worth/{slot}", Role::kSecret, kCostBodyBytesMax, put_slot_worth, "costs",
       "Says what one unit of the slot's reward is worth; If-Match names the version you read"},
      {"DELETE", "/v1/worth/{slot}", Role::kSecret, 0, delete_worth, "costs",
       "Takes it back: what the slot brings is not counted in money any more"},
  };
  return kRoutes;
}

}  // namespace ante
