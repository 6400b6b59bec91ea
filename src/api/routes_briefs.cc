// Briefs: write, list, show, check, renew; and what all of them say together of needs and of data.

#include <fmt/format.h>

#include "api/brief_evidence.h"
#include "api/routes.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "base/time_text.h"
#include "report/needs.h"

namespace ante {
namespace {

constexpr std::size_t kBriefBodyBytesMax = kObjectJsonBytesMax;

void unknown_brief(Api& api, Call& call, const std::string& id) {
  const std::vector<Brief> briefs = api.engine.briefs();
  std::vector<std::string_view> known;
  for (const Brief& other : briefs) known.push_back(other.id);
  call.problem({.name = "unknown-brief",
                .detail = "There is no brief '" + id + "'." + did_you_mean(id, known),
                .fix = "ante brief list"});
}

void answer_brief_error(Api& api, Call& call, const Error& error, ExpectedVersion expected) {
  const std::string& id = call.path_values[0];
  if (error.code == ErrorCode::kNotFound) return unknown_brief(api, call, id);
  Problem problem = problem_of(error);
  // A version that was named and is not there any more is 412; what cannot be done now is 409.
  const auto brief = api.engine.brief(id);
  const std::uint64_t version = brief ? brief->version : 0;
  if (error.code == ErrorCode::kConflict && expected && *expected != version)
    problem.name = "version-mismatch";
  call.problem(std::move(problem));
}

BriefCheck check_now(Api& api, const Call& call, const Brief& brief) {
  return check(brief, brief_evidence(api.engine, brief, call.origin));
}

// The brief as stored, what is still to be said, and when it is over.
std::string brief_answer(Api& api, const Brief& brief, const BriefCheck* checked) {
  std::string body = brief_to_json(brief);
  body.pop_back();  // the closing brace: more members follow
  std::string more;
  JsonWriter json(more);
  json.begin_object().field("answered", answered(brief));
  std::vector<std::string> missing;
  for (const auto& members : unanswered(brief))
    missing.insert(missing.end(), members.begin(), members.end());
  json.texts("missing", missing).key("due");
  brief.registered_at_ms > 0 ? json.string(format_time(brief.due_ms())) : json.null();
  json.field("overdue", brief.is_overdue(api.engine.clock().now_ms()));
  json.field("sentence", to_words(brief));
  if (checked != nullptr) json.key("check").raw(to_json(brief, *checked));
  json.end_object();
  return body + "," + more.substr(1);
}

void answer_brief(Api& api, Call& call, const Brief& brief, int status, bool with_check) {
  HttpResponse response;
  response.status = status;
  if (with_check) {
    const BriefCheck checked = check_now(api, call, brief);
    response.body = brief_answer(api, brief, &checked);
  } else {
    response.body = brief_answer(api, brief, nullptr);
  }
  response.headers.emplace_back("ETag", etag(brief.version));
  call.reply(std::move(response));
}

void put_brief(Api& api, CallPointer call) {
  ExpectedVersion expected;
  if (!body_object(*call) || !read_expected_version(*call, expected)) return;
  later(api, call, [&api, expected](const CallPointer& waiting) {
    const std::string& id = waiting->path_values[0];
    const bool is_new = !api.engine.brief(id);
    const auto brief =
        api.engine.put_brief(id, waiting->request.body, author_of(*waiting), expected);
    if (!brief) return answer_brief_error(api, *waiting, brief.error(), expected);
    answer_brief(api, *waiting, *brief, is_new ? 201 : 200, true);
  });
}

void get_brief(Api& api, CallPointer call) {
  const auto brief = api.engine.brief(call->path_values[0]);
  if (!brief) return unknown_brief(api, *call, call->path_values[0]);
  if (call->request.header("If-None-Match") == etag(brief->version)) return call->reply_empty(304);
  answer_brief(api, *call, *brief, 200, false);
}

void check_brief(Api& api, CallPointer call) {
  const auto brief = api.engine.brief(call->path_values[0]);
  if (!brief) return unknown_brief(api, *call, call->path_values[0]);
  call->reply_json(200, to_json(*brief, check_now(api, *call, *brief)));
}

void delete_brief(Api& api, CallPointer call) {
  ExpectedVersion expected;
  if (!read_expected_version(*call, expected)) return;
  later(api, call, [&api, expected](const CallPointer& waiting) {
    const auto gone = api.engine.delete_object(kBriefObjectType, waiting->path_values[0],
                                               author_of(*waiting), expected);
    if (gone) return waiting->reply_empty();
    answer_brief_error(api, *waiting, gone.error(), expected);
  });
}

void renew_brief(Api& api, CallPointer call) {
  ExpectedVersion expected;
  const auto author = author_with_reason(*call);
  if (!author || !read_expected_version(*call, expected)) return;
  later(api, call, [&api, expected, author = *author](const CallPointer& waiting) {
    const auto brief = api.engine.renew_brief(waiting->path_values[0], author, expected);
    if (!brief) return answer_brief_error(api, *waiting, brief.error(), expected);
    answer_brief(api, *waiting, *brief, 200, true);
  });
}

std::string briefs_answer(Api& api, const Call& call) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("data").begin_array();
  for (const Brief& brief : api.engine.briefs()) {
    const BriefCheck checked = check_now(api, call, brief);
    json.begin_object().field("id", brief.id).field("title", brief.title);
    json.field("owner", brief.owner).field("purpose", brief.purpose);
    json.field("decision", brief.decision).field("answered", checked.answered);
    json.field("status", to_string(checked.status)).field("sentence", checked.sentence);
    json.key("due");
    brief.registered_at_ms > 0 ? json.string(format_time(brief.due_ms())) : json.null();
    json.field("version", brief.version).end_object();
  }
  json.end_array().key("nextCursor").null().end_object();
  return body;
}

// A check takes up to a millisecond, and there may be a thousand briefs.
void list_briefs(Api& api, CallPointer call) {
  later(api, call, [&api](const CallPointer& waiting) {
    waiting->reply_json(200, briefs_answer(api, *waiting));
  });
}

void needs_report(Api& api, CallPointer call) {
  call->reply_json(200, needs_to_json(rank_needs(api.engine.briefs())));
}

void data_gaps(Api& api, CallPointer call) {
  const EventCounts& counts = api.engine.reports().event_counts;
  call->reply_json(
      200, data_gaps_to_json(data_needs(api.engine.briefs(), [&counts](std::string_view name) {
        return counts.find(name);
      })));
}

}  // namespace

std::span<const Route> brief_routes() {
  static constexpr Route kRoutes[] = {
      {"GET", "/v1/briefs", Role::kSecret, 0, list_briefs, "briefs",
       "All briefs, each with whether it holds"},
      {"GET", "/v1/briefs/{id}", Role::kSecret, 0, get_brief, "briefs",
       "A brief: its three questions, and every change of what was registered"},
      {"PUT", "/v1/briefs/{id}", Role::kSecret, kBriefBodyBytesMax, put_brief, "briefs",
       "Writes a brief; its checks are in the answer. If-Match names the version you read"},
      {"DELETE", "/v1/briefs/{id}", Role::kSecret, 0, delete_brief, "briefs",
       "Deletes a brief that no slot names"},
      {"GET", "/v1/briefs/{id}/check", Role::kSecret, 0, check_brief, "briefs",
       "Does it hold? Promised against measured, what arrives, what people allow"},
      {"POST", "/v1/briefs/{id}/renew", Role::kSecret, kWhyBodyBytesMax, renew_brief, "briefs",
       "Another quarter, with a reason; not while its customer measure is losing"},
      {"GET", "/v1/reports/needs", Role::kSecret, 0, needs_report, "reports",
       "Which need first: what matters and is badly served"},
      {"GET", "/v1/reports/data-gaps", Role::kSecret, 0, data_gaps, "reports",
       "For each decision the data it needs, has, and could have, with its worth"},
  };
  return kRoutes;
}

}  // namespace ante
