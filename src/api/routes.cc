#include "api/routes.h"

#include <charconv>

#include "base/json_parser.h"

namespace ante {

std::optional<simdjson::dom::object> body_object(Call& call) {
  thread_local JsonParser parser(kBodyBytesMax);
  auto parsed = parser.parse(call.request.body);
  if (!parsed) {
    call.problem({.name = "malformed-json", .detail = parsed.error().message});
    return std::nullopt;
  }
  simdjson::dom::object object;
  if (parsed->get(object)) {
    call.problem({.name = "invalid-request",
                  .detail = "The body must be a JSON object.",
                  .errors = {{"#", "must be an object"}}});
    return std::nullopt;
  }
  return object;
}

bool answer_errors(Call& call, FieldErrors& errors) {
  if (errors.empty()) return false;
  std::string detail = errors.front().first + " " + errors.front().second;
  if (errors.size() > 1) detail += ", and " + std::to_string(errors.size() - 1) + " more";
  call.problem({.name = "invalid-request", .detail = detail + ".", .errors = std::move(errors)});
  return true;
}

void later(Api& api, CallPointer call, std::function<void(const CallPointer&)> work) {
  const bool taken = api.work.post([call, work = std::move(work)] { work(call); });
  if (!taken) {
    call->problem(
        {.name = "unavailable", .detail = "Too much work is waiting.", .retry_after_s = 1});
  }
}

std::string etag(std::uint64_t version) { return "\"" + std::to_string(version) + "\""; }

bool read_expected_version(Call& call, ExpectedVersion& expected) {
  const std::string_view match = call.request.header("If-Match");
  const std::string_view none = call.request.header("If-None-Match");
  if (none == "*") {
    expected = 0;
    return true;
  }
  if (match.empty()) return true;
  std::string_view digits = match;
  std::uint64_t version = 0;
  const bool quoted = digits.size() > 2 && digits.front() == '"' && digits.back() == '"';
  if (quoted) digits = digits.substr(1, digits.size() - 2);
  const auto [end, failure] =
      std::from_chars(digits.data(), digits.data() + digits.size(), version);
  if (!quoted || failure != std::errc{} || end != digits.data() + digits.size()) {
    call.problem({.name = "version-mismatch",
                  .detail = "If-Match must be the ETag of one version, like \"3\"."});
    return false;
  }
  expected = version;
  return true;
}

std::optional<std::size_t> list_limit(Call& call, std::size_t usual, std::size_t most) {
  const std::string* text = call.query.find("limit");
  if (text == nullptr) return usual;
  std::size_t limit = 0;
  const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (failure != std::errc{} || end != text->data() + text->size() || limit < 1 || limit > most) {
    call.problem(
        {.name = "invalid-request",
         .detail = "limit must be a whole number from 1 to " + std::to_string(most) + "."});
    return std::nullopt;
  }
  return limit;
}

Consent request_consent(const HttpRequest& request) {
  Consent consent{.store = true, .profile = true, .measure = true, .email = true, .push = true};
  if (request.header("Sec-GPC") == "1") consent.profile = consent.email = consent.push = false;
  return consent;
}

void narrow_consent(Fields& body, FieldErrors& errors, Consent& consent) {
  const auto context = body.object("context");
  if (!context) return;
  Fields around(*context, body.pointer("context"), errors);
  const auto stated = around.object("consent");
  if (!stated) return;
  Fields fields(*stated, around.pointer("consent"), errors);
  const auto narrow = [&fields](const char* name, bool& allowed) {
    allowed = allowed && fields.boolean(name).value_or(true);
  };
  narrow("store", consent.store);
  narrow("profile", consent.profile);
  narrow("measure", consent.measure);
}

Author author_of(const Call& call) {
  const std::string_view why = call.request.header("Ante-Why");
  return {call.caller.key ? call.caller.key->id : "local", std::string(why.substr(0, 500))};
}

std::optional<Author> author_with_reason(Call& call) {
  const auto object = body_object(call);
  if (!object) return std::nullopt;
  FieldErrors errors;
  Fields body(*object, "#", errors);
  Author author = author_of(call);
  author.why = body.required_text("why", 500);
  if (!is_one_line(author.why)) body.wrong("why", "must be one line without control characters");
  if (answer_errors(call, errors)) return std::nullopt;
  return author;
}

}  // namespace ante
