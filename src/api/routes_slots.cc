#include "api/routes.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "domain/slot.h"

namespace ante {
namespace {

constexpr std::size_t kSlotBodyBytesMax = kObjectJsonBytesMax;

void answer_slot(Call& call, const Slot& slot, int status) {
  HttpResponse response;
  response.status = status;
  response.body = slot_to_json(slot);
  response.headers.emplace_back("ETag", etag(slot.version));
  call.reply(std::move(response));
}

void unknown_slot(Api& api, Call& call, const std::string& name) {
  const auto slots = api.engine.slots().get();
  std::vector<std::string_view> known;
  for (const auto& [other, slot] : *slots) known.push_back(other);
  call.problem({.name = "unknown-slot",
                .detail = "There is no slot '" + name + "'." + did_you_mean(name, known),
                .fix = "ante slot list"});
}

// A version that was named and is not there any more is 412; what cannot be done now is 409.
void answer_write_error(Api& api, Call& call, const Error& error, ExpectedVersion expected) {
  Problem problem = problem_of(error);
  const auto slots = api.engine.slots().get();
  const auto found = slots->find(call.path_values[0]);
  const std::uint64_t version = found == slots->end() ? 0 : found->second.version;
  if (error.code == ErrorCode::kConflict && expected && *expected != version)
    problem.name = "version-mismatch";
  call.problem(std::move(problem));
}

void put_slot(Api& api, CallPointer call) {
  ExpectedVersion expected;
  if (!body_object(*call) || !read_expected_version(*call, expected)) return;
  later(api, call, [&api, expected](const CallPointer& waiting) {
    const std::string& name = waiting->path_values[0];
    const bool is_new = !api.engine.slots().get()->contains(name);
    const auto slot =
        api.engine.put_slot(name, waiting->request.body, author_of(*waiting), expected);
    if (!slot) return answer_write_error(api, *waiting, slot.error(), expected);
    answer_slot(*waiting, *slot, is_new ? 201 : 200);
  });
}

void resume_slot(Api& api, CallPointer call) {
  ExpectedVersion expected;
  const auto author = author_with_reason(*call);
  if (!author || !read_expected_version(*call, expected)) return;
  later(api, call, [&api, expected, author = *author](const CallPointer& waiting) {
    const std::string& name = waiting->path_values[0];
    const auto slot = api.engine.resume_slot(name, author, expected);
    if (slot) return answer_slot(*waiting, *slot, 200);
    if (slot.error().code == ErrorCode::kNotFound) return unknown_slot(api, *waiting, name);
    answer_write_error(api, *waiting, slot.error(), expected);
  });
}

void get_slot(Api& api, CallPointer call) {
  const auto slots = api.engine.slots().get();
  const auto found = slots->find(call->path_values[0]);
  if (found == slots->end()) return unknown_slot(api, *call, call->path_values[0]);
  if (call->request.header("If-None-Match") == etag(found->second.version)) {
    return call->reply_empty(304);
  }
  answer_slot(*call, found->second, 200);
}

void delete_slot(Api& api, CallPointer call) {
  ExpectedVersion expected;
  if (!read_expected_version(*call, expected)) return;
  later(api, call, [&api, expected](const CallPointer& waiting) {
    const auto gone =
        api.engine.delete_object("slot", waiting->path_values[0], author_of(*waiting), expected);
    if (gone) return waiting->reply_empty();
    if (gone.error().code == ErrorCode::kNotFound) {
      return unknown_slot(api, *waiting, waiting->path_values[0]);
    }
    answer_write_error(api, *waiting, gone.error(), expected);
  });
}

void list_slots(Api& api, CallPointer call) {
  const auto slots = api.engine.slots().get();
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("data").begin_array();
  for (const auto& [name, slot] : *slots) json.raw(slot_to_json(slot));
  json.end_array().key("nextCursor").null().end_object();
  call->reply_json(200, std::move(body));
}

}  // namespace

std::span<const Route> slot_routes() {
  static constexpr Route kRoutes[] = {
      {"GET", "/v1/slots", Role::kSecret, 0, list_slots, "slots", "All slots"},
      {"GET", "/v1/slots/{name}", Role::kSecret, 0, get_slot, "slots", "A slot"},
      {"PUT", "/v1/slots/{name}", Role::kSecret, kSlotBodyBytesMax, put_slot, "slots",
       "Makes or replaces a slot; If-Match names the version you read"},
      {"POST", "/v1/slots/{name}/resume", Role::kSecret, kWhyBodyBytesMax, resume_slot, "slots",
       "Lets a slot that fell back bet again, its evidence anew, and says why it may"},
      {"DELETE", "/v1/slots/{name}", Role::kSecret, 0, delete_slot, "slots", "Ends a slot"},
  };
  return kRoutes;
}

}  // namespace ante
