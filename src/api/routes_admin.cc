// What only the owner of the data directory may ask for, over its local socket.

#include "api/routes.h"
#include "api/verify.h"
#include "base/json_writer.h"

namespace ante {
namespace {

constexpr std::size_t kPathBytesMax = 4096;
constexpr std::size_t kAdminBodyBytesMax = 16 * 1024;

void backup(Api& api, CallPointer call) {
  const auto object = body_object(*call);
  if (!object) return;
  FieldErrors errors;
  Fields body(*object, "#", errors);
  const std::string directory(body.required_text("directory", kPathBytesMax));
  if (!directory.empty() && directory.front() != '/') {
    body.wrong("directory", "must be an absolute path");
  }
  if (answer_errors(*call, errors)) return;
  later(api, call, [&api, directory](const CallPointer& waiting) {
    // What was acknowledged before the call is in the copy.
    auto done = api.engine.journal().flush();
    if (done) done = api.engine.store().backup(directory);
    if (!done) return waiting->problem(done.error());
    waiting->reply_json(200, R"({"done":true})");
  });
}

void verify(Api& api, CallPointer call) {
  const std::string* wanted = call->query.find("find");
  const bool rebuild = call->query.find("rebuild") != nullptr;
  later(api, call,
        [&api, rebuild, id = wanted ? *wanted : std::string()](const CallPointer& waiting) {
          if (!id.empty()) {
            auto found = find_id(api.engine, id);
            if (!found) return waiting->problem(found.error());
            return waiting->reply_json(200, std::move(*found));
          }
          const auto counts = count_log(api.engine.store());
          if (!counts) return waiting->problem(counts.error());
          std::string body;
          JsonWriter json(body);
          json.begin_object().field("values", counts->values).field("records", counts->records);
          json.field("events", counts->events).field("decisions", counts->decisions);
          json.field("activations", counts->activations).field("rewards", counts->rewards);
          json.field("erased", counts->erased);
          bool equal = true;
          if (rebuild) {
            const auto compared = rebuild_and_compare(api.engine);
            if (!compared) return waiting->problem(compared.error());
            json.key("rebuild").begin_object();
            for (const auto& [name, same] : *compared) {
              json.field(name, same);
              equal = equal && same;
            }
            json.end_object();
          }
          json.field("good", equal).end_object();
          waiting->reply_json(200, std::move(body));
        });
}

}  // namespace

std::span<const Route> admin_routes() {
  static constexpr Route kRoutes[] = {
      {"POST", "/v1/admin:backup", Role::kLocal, kAdminBodyBytesMax, backup, "admin",
       "A copy of everything, while the server runs"},
      {"GET", "/v1/admin:verify", Role::kLocal, 0, verify, "admin",
       "Is everything stored whole; ?find=ID, ?rebuild=1 while nobody writes"},
  };
  return kRoutes;
}

}  // namespace ante
