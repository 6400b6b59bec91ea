// The groups of routes, one function each; router.cc puts them into one table.
//
// And what several groups need: the body as JSON, who a request speaks of, work that may wait.

#pragma once

#include <functional>
#include <optional>
#include <simdjson.h>
#include <span>
#include <string>
#include <string_view>

#include "api/call.h"
#include "api/fields.h"
#include "api/router.h"

namespace ante {

std::span<const Route> event_routes();
std::span<const Route> decide_routes();
std::span<const Route> decision_routes();
std::span<const Route> item_routes();
std::span<const Route> slot_routes();
std::span<const Route> bet_routes();
std::span<const Route> metric_routes();
std::span<const Route> brief_routes();
std::span<const Route> cost_routes();
std::span<const Route> proof_routes();
std::span<const Route> people_routes();
std::span<const Route> report_routes();
std::span<const Route> holdout_routes();
std::span<const Route> supply_routes();
std::span<const Route> evaluation_routes();
std::span<const Route> system_routes();
std::span<const Route> admin_routes();

// The body as a JSON object, valid until this thread parses again. None: the problem is answered.
std::optional<simdjson::dom::object> body_object(Call& call);
// Answers "invalid-request" with all errors; true when there are any.
bool answer_errors(Call& call, FieldErrors& errors);
// Runs `work` on a thread that may wait for the disk; answers 503 when there is no room.
void later(Api& api, CallPointer call, std::function<void(const CallPointer&)> work);
// If-Match and If-None-Match as an expected version. False: the problem is answered.
bool read_expected_version(Call& call, ExpectedVersion& expected);
// Counts the topics that are not deep enough anew, off this thread, at most once a minute.
void refresh_supply_gauge(Api& api);
std::string etag(std::uint64_t version);
// Who sends the request and, by its header Ante-Why, why: kept with what it changes.
Author author_of(const Call& call);
// The caller with the reason of the body, {"why": "..."}; none: the problem is answered.
inline constexpr std::size_t kWhyBodyBytesMax = 4096;
std::optional<Author> author_with_reason(Call& call);
// `limit` of a list, within 1 .. most; none: the problem is answered.
std::optional<std::size_t> list_limit(Call& call, std::size_t usual, std::size_t most);
// Narrows what the person allowed by what this request says (Sec-GPC, context.consent).
Consent request_consent(const HttpRequest& request);
void narrow_consent(Fields& body, FieldErrors& errors, Consent& consent);

}  // namespace ante
