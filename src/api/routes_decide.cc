#include <algorithm>
#include <array>
#include <charconv>

#include "api/decide_answer.h"
#include "api/routes.h"
#include "base/text.h"
#include "profile/data_source.h"

namespace ante {
namespace {

constexpr std::size_t kSlotNameBytesMax = 128;
constexpr std::size_t kTaskBytesMax = 64;
constexpr std::size_t kQueryBytesMax = 200;
constexpr DurationMs kDeadlineMsMax = 10'000;
constexpr std::array<std::string_view, 3> kDevices = {"phone", "tablet", "desktop"};
constexpr std::array<std::string_view, 5> kReferrers = {"search", "social", "newsletter", "direct",
                                                        "internal"};

std::string known_word(std::string_view word, std::span<const std::string_view> known) {
  if (word == "mobile") word = "phone";
  return std::ranges::find(known, word) != known.end() ? std::string(word) : std::string{};
}

void set_hour(Situation& situation, TimeMs now_ms) {
  situation.hour = static_cast<std::uint8_t>(now_ms / kHourMs % 24);
  situation.weekday = static_cast<std::uint8_t>((now_ms / kDayMs + 4) % 7);  // 1970 began on day 4
}

void read_situation(Fields& body, FieldErrors& errors, Situation& situation) {
  const auto given = body.object("situation");
  if (!given) return;
  Fields fields(*given, body.pointer("situation"), errors);
  if (const auto item = fields.text("item", kIdBytesMax); item && !item->empty()) {
    situation.item = item_key(*item);
  }
  situation.device = known_word(fields.text("device", kTaskBytesMax).value_or(""), kDevices);
  situation.referrer = known_word(fields.text("referrer", kQueryBytesMax).value_or(""), kReferrers);
  situation.task = fields.text("task", kTaskBytesMax).value_or("");
  situation.query = fields.text("query", kQueryBytesMax).value_or("");
  if (const auto hour = fields.integer("hour", 0, 23)) {
    situation.hour = static_cast<std::uint8_t>(*hour);
  }
  if (const auto day = fields.integer("weekday", 0, 6)) {
    situation.weekday = static_cast<std::uint8_t>(*day);
  }
}

// Whose decision it is: the anonymousId, else the userId where the caller may claim one.
std::optional<PersonHash> person_of(Api& api, const Call& call, std::string_view anonymous_id,
                                    std::string_view user_id) {
  RoutingId routing;
  if (!anonymous_id.empty()) {
    routing = {RoutingKind::kAnonymous, std::string(anonymous_id)};
  } else if (!user_id.empty() && (call.caller.is_secret() || api.options.trust_browser)) {
    routing = {RoutingKind::kUser, std::string(user_id)};
  } else {
    return std::nullopt;
  }
  return person_hash(api.engine.person_key(), call.caller.tenant, routing);
}

// False: the errors say why.
bool read_body(Api& api, Call& call, simdjson::dom::object object, DecideRequest& request,
               FieldErrors& errors) {
  Fields body(object, "#", errors);
  request.slot = body.required_text("slot", kSlotNameBytesMax);
  const std::string_view anonymous_id = body.text("anonymousId", kIdBytesMax).value_or("");
  const std::string_view user_id = body.text("userId", kIdBytesMax).value_or("");
  request.person = person_of(api, call, anonymous_id, user_id);
  request.limit = static_cast<std::uint8_t>(body.integer("limit", 1, kSlatePlacesMax).value_or(0));
  set_hour(request.situation, api.engine.clock().now_ms());
  read_situation(body, errors, request.situation);
  request.candidates = body.texts("candidates", kSuppliedCandidatesMax, kIdBytesMax);
  request.exclude = body.texts("exclude", kExcludedItemsMax, kIdBytesMax);
  if (const auto activate = body.text("activate", 16)) {
    request.activate = *activate != "defer";
    if (*activate != "auto" && *activate != "defer") {
      body.wrong("activate", "must be auto or defer");
    }
  }
  if (const auto mode = body.text("mode", 16)) {
    request.general = *mode == "general";
    if (*mode != "general" && *mode != "personal")
      body.wrong("mode", "must be personal or general");
  }
  request.deadline_ms = body.integer("deadlineMs", 1, kDeadlineMsMax).value_or(0);
  request.explain = body.boolean("explain").value_or(false);
  request.request_consent = request_consent(call.request);
  narrow_consent(body, errors, request.request_consent);
  return errors.empty();
}

bool read_query(Api& api, Call& call, DecideRequest& request, FieldErrors& errors) {
  const auto text = [&](const char* name) {
    const std::string* value = call.query.find(name);
    if (value != nullptr && value->size() > kIdBytesMax) {
      errors.emplace_back(std::string("?") + name, "is too long");
    }
    return value == nullptr ? std::string_view{} : std::string_view(*value);
  };
  request.slot = text("slot");
  if (request.slot.empty()) errors.emplace_back("?slot", "is required");
  request.person = person_of(api, call, text("anonymousId"), text("userId"));
  set_hour(request.situation, api.engine.clock().now_ms());
  if (const auto item = text("item"); !item.empty()) request.situation.item = item_key(item);
  request.situation.device = known_word(text("device"), kDevices);
  if (const auto limit = text("limit"); !limit.empty()) {
    unsigned value = 0;
    const auto [end, failure] = std::from_chars(limit.data(), limit.data() + limit.size(), value);
    if (failure != std::errc{} || end != limit.data() + limit.size() || value < 1 ||
        value > kSlatePlacesMax) {
      errors.emplace_back("?limit", "must be from 1 to 50");
    }
    request.limit = static_cast<std::uint8_t>(value);
  }
  request.general = text("mode") == "general";
  request.activate = text("activate") != "defer";
  request.request_consent = request_consent(call.request);
  return errors.empty();
}

void answer_decide(Api& api, Call& call, const DecideRequest& request) {
  if (request.explain && !call.caller.is_secret()) {
    return call.problem(
        {.name = "forbidden",
         .detail = "explain shows the hand and the profile: it needs a secret key."});
  }
  auto decided = api.engine.decisions().decide(request);
  if (!decided) {
    const bool unknown = decided.error().code == ErrorCode::kNotFound;
    Problem problem = problem_of(decided.error());
    if (unknown) {
      problem.name = "unknown-slot";
      problem.errors = {{"#/slot", "does not exist"}};
      problem.fix = "ante slot list";
    }
    return call.problem(std::move(problem));
  }
  const auto slots = api.engine.slots().get();
  const auto slot = slots->find(request.slot);
  const Outcome outcome = decided->decision.outcome;
  const bool uses_person = request.person && outcome != Outcome::kGeneral &&
                           outcome != Outcome::kNoConsent && outcome != Outcome::kPaused &&
                           outcome != Outcome::kHoldout && outcome != Outcome::kControl;
  PersonView person;
  if (uses_person) person = api.engine.people().person(*request.person);
  // Reasons name nothing that was not looked at.
  if (uses_person && is_ablation(decided->decision.arm))
    person.state = std::make_shared<const PersonState>(
        without(*person.state, left_out_in(decided->decision.arm)));
  HttpResponse response;
  response.body.reserve(4096);
  const double took_ns = static_cast<double>(api.engine.clock().monotonic_ns() - call.started_ns);
  append_decide_answer(response.body, {.answer = *decided,
                                       .slot = slot == slots->end() ? nullptr : &slot->second,
                                       .person = uses_person ? person.state.get() : nullptr,
                                       .source_names = api.engine.source_names(),
                                       .explain = request.explain,
                                       .took_ms = took_ns / 1e6});
  response.headers.emplace_back("Cache-Control", "private, no-store");
  call.reply(std::move(response));
}

void decide(Api& api, CallPointer call) {
  const auto object = body_object(*call);
  if (!object) return;
  DecideRequest request;
  request.tenant = call->caller.tenant;
  FieldErrors errors;
  if (!read_body(api, *call, *object, request, errors)) {
    answer_errors(*call, errors);
    return;
  }
  answer_decide(api, *call, request);
}

void decide_by_query(Api& api, CallPointer call) {
  DecideRequest request;
  request.tenant = call->caller.tenant;
  FieldErrors errors;
  if (!read_query(api, *call, request, errors)) {
    answer_errors(*call, errors);
    return;
  }
  answer_decide(api, *call, request);
}

}  // namespace

std::span<const Route> decide_routes() {
  static constexpr Route kRoutes[] = {
      {"POST", "/v1/decide", Role::kPublishable, 256 * 1024, decide, "decisions",
       "What to show this person in a slot, now"},
      {"GET", "/v1/decide", Role::kPublishable, 0, decide_by_query, "decisions",
       "The same from a query, for edges"},
  };
  return kRoutes;
}

}  // namespace ante
