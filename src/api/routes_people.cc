#include <fmt/format.h>

#include "api/person_json.h"
#include "api/routes.h"
#include "base/json_writer.h"
#include "base/time_text.h"

namespace ante {
namespace {

// {id}: a userId, "anonymous:…" for an anonymousId, "user:…" for a userId that looks like such
// a one, or per_… as our own answers show it.
std::optional<PersonHash> person_of_path(Api& api, Call& call) {
  const std::string& id = call.path_values[0];
  if (const auto hash = parse_person_hash(id)) return hash;
  RoutingId routing{RoutingKind::kUser, id};
  constexpr std::string_view kAnonymous = "anonymous:", kUser = "user:";
  if (id.starts_with(kAnonymous)) {
    routing = {RoutingKind::kAnonymous, id.substr(kAnonymous.size())};
  } else if (id.starts_with(kUser)) {
    routing.id = id.substr(kUser.size());
  }
  if (routing.id.empty() || routing.id.size() > kIdBytesMax) {
    call.problem({.name = "invalid-request",
                  .detail = fmt::format("A person's id has 1 to {} bytes.", kIdBytesMax)});
    return std::nullopt;
  }
  return person_hash(api.engine.person_key(), call.caller.tenant, routing);
}

void unknown_person(Call& call) {
  call.problem({.name = "unknown-person",
                .detail = "Nothing is stored of '" + call.path_values[0].substr(0, 64) + "'.",
                .fix = "an anonymousId is written anonymous:ID"});
}

void get_person(Api& api, CallPointer call) {
  const auto person = person_of_path(api, *call);
  if (!person) return;
  later(api, call, [&api, person = *person](const CallPointer& waiting) {
    if (api.engine.people().find(person) == nullptr) return unknown_person(*waiting);
    const PersonView view = api.engine.people().person(person);
    std::string body;
    append_person(body, view, api.engine.members(person), api.engine.catalog().view());
    waiting->reply_json(200, std::move(body));
  });
}

void export_person(Api& api, CallPointer call) {
  const auto person = person_of_path(api, *call);
  if (!person) return;
  later(api, call, [&api, person = *person](const CallPointer& waiting) {
    if (api.engine.people().find(person) == nullptr) return unknown_person(*waiting);
    HttpResponse response;
    response.content_type = "application/x-ndjson";
    response.headers.emplace_back("Content-Disposition", "attachment; filename=\"person.jsonl\"");
    if (const auto done = append_person_export(response.body, api.engine, person); !done) {
      return waiting->problem(done.error());
    }
    waiting->reply(std::move(response));
  });
}

void erase_person(Api& api, CallPointer call) {
  const auto person = person_of_path(api, *call);
  if (!person) return;
  later(api, call, [&api, person = *person](const CallPointer& waiting) {
    const PersonView view = api.engine.people().person(person);
    const std::uint64_t events = view.state->events;
    const auto erased = api.engine.erase_person(person);
    if (!erased) {
      if (erased.error().code == ErrorCode::kNotFound) return unknown_person(*waiting);
      return waiting->problem(erased.error());
    }
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("erasedAt", format_time(api.engine.clock().now_ms()));
    json.field("eventsErased", events).field("idsErased", *erased);
    json.field("tombstone", to_string(person)).end_object();
    waiting->reply_json(202, std::move(body));
  });
}

void import_people(Api& api, CallPointer call) {
  later(api, call, [&api](const CallPointer& waiting) {
    IngestCaller caller;
    caller.tenant = waiting->caller.tenant;
    caller.key = KeyClass::kSecret;
    caller.strict = waiting->request.header("Ante-Strict") == "1";
    api.engine.ingest().import_people(caller, waiting->request.body, [waiting](IngestReply reply) {
      if (reply.refused) return waiting->problem(*reply.refused);
      std::string body;
      JsonWriter json(body);
      json.begin_object().field("accepted", reply.accepted);
      json.field("duplicates", reply.duplicates).key("rejected").begin_array();
      for (const RejectedMessage& rejected : reply.rejected) {
        json.begin_object().field("line", rejected.index + 1);
        json.field("pointer", rejected.pointer).field("detail", rejected.detail).end_object();
      }
      json.end_array().end_object();
      waiting->reply_json(200, std::move(body));
    });
  });
}

}  // namespace

std::span<const Route> people_routes() {
  static constexpr Route kRoutes[] = {
      {"POST", "/v1/people:import", Role::kSecret, kPeopleImportBytesMax, import_people, "people",
       "Facts about people from elsewhere, with provenance imported"},
      {"GET", "/v1/people/{id}", Role::kSecret, 0, get_person, "people",
       "What is known of a person, and how"},
      {"DELETE", "/v1/people/{id}", Role::kSecret, 0, erase_person, "people", "Forgets a person"},
      {"GET", "/v1/people/{id}/export", Role::kSecret, 0, export_person, "people",
       "Everything stored of a person, as JSON lines"},
  };
  return kRoutes;
}

}  // namespace ante
