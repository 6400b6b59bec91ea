#include "events/ingest.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/json_parser.h"
#include "base/json_text.h"
#include "base/mutex.h"
#include "domain/json_fields.h"
#include "events/message.h"
#include "events/record_builder.h"
#include "events/traits.h"

namespace ante {

namespace {

constexpr std::size_t kParsersKept = 16;
constexpr std::array<std::string_view, 3> kImportFields = {"userId", "traits", "at"};

struct NamedEndpoint {
  std::string_view name;
  EndpointKind kind;
};
constexpr std::array kEndpoints = std::to_array<NamedEndpoint>({
    {"track", EndpointKind::kTrack},
    {"t", EndpointKind::kTrack},
    {"identify", EndpointKind::kIdentify},
    {"i", EndpointKind::kIdentify},
    {"page", EndpointKind::kPage},
    {"p", EndpointKind::kPage},
    {"screen", EndpointKind::kScreen},
    {"s", EndpointKind::kScreen},
    {"group", EndpointKind::kGroup},
    {"g", EndpointKind::kGroup},
    {"alias", EndpointKind::kAlias},
    {"a", EndpointKind::kAlias},
    {"batch", EndpointKind::kBatch},
    {"b", EndpointKind::kBatch},
    {"import", EndpointKind::kImport},
});

// The type of a single call; none for the lists.
std::optional<MessageType> type_of(EndpointKind endpoint) {
  switch (endpoint) {
    case EndpointKind::kTrack:
      return MessageType::kTrack;
    case EndpointKind::kIdentify:
      return MessageType::kIdentify;
    case EndpointKind::kPage:
      return MessageType::kPage;
    case EndpointKind::kScreen:
      return MessageType::kScreen;
    case EndpointKind::kGroup:
      return MessageType::kGroup;
    case EndpointKind::kAlias:
      return MessageType::kAlias;
    case EndpointKind::kBatch:
    case EndpointKind::kImport:
      return std::nullopt;
  }
  return std::nullopt;
}

EventSource source_of(const IngestCaller& caller, EndpointKind endpoint) {
  if (endpoint == EndpointKind::kImport) return EventSource::kImport;
  return caller.key == KeyClass::kSecret ? EventSource::kServer : EventSource::kBrowser;
}

const char* to_string(EventSource source) {
  switch (source) {
    case EventSource::kBrowser:
      return "browser";
    case EventSource::kServer:
      return "server";
    case EventSource::kImport:
      return "import";
  }
  return "unknown";
}

IngestReply refused(Error error) {
  IngestReply reply;
  reply.refused = std::move(error);
  return reply;
}

Error too_large(std::string_view what, std::size_t found, std::size_t limit) {
  return invalid_argument(std::string(what) + " has " + std::to_string(found) +
                          " bytes, the limit is " + std::to_string(limit));
}

// Lent to one call at a time: their buffers are worth keeping.
class ParserPool {
 public:
  std::unique_ptr<JsonParser> take() EXCLUDES_LOCK(mutex_) {
    {
      MutexLock lock(mutex_);
      if (!free_.empty()) {
        auto parser = std::move(free_.back());
        free_.pop_back();
        return parser;
      }
    }
    return std::make_unique<JsonParser>(kBatchBytesMax);
  }
  void give_back(std::unique_ptr<JsonParser> parser) EXCLUDES_LOCK(mutex_) {
    MutexLock lock(mutex_);
    if (free_.size() < kParsersKept) free_.push_back(std::move(parser));
  }

 private:
  Mutex mutex_;
  std::vector<std::unique_ptr<JsonParser>> free_ GUARDED_BY(mutex_);
};

// The messages of a body, and what is said about all of them.
struct Body {
  std::vector<JsonElement> messages;
  BatchCommon common;
  bool is_list = false;
};

Result<Body> read_batch(JsonElement root) {
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS) {
    return invalid_argument(std::string("#: must be an object {\"batch\": […]}, found ") +
                            json_kind(root));
  }
  Body body;
  body.is_list = true;
  simdjson::dom::array array;
  if (object.at_key("batch").get(array) != simdjson::SUCCESS) {
    return invalid_argument("#/batch: must be an array of messages");
  }
  for (const JsonElement message : array) {
    if (body.messages.size() == kBatchEventsMax) {
      return invalid_argument("#/batch: must have at most " + std::to_string(kBatchEventsMax) +
                              " messages");
    }
    body.messages.push_back(message);
  }
  body.common.context = member(root, "context");
  body.common.integrations = member(root, "integrations");
  JsonRefusal refusal;
  body.common.sent_at = JsonFields(object, "#", {}, refusal).time("sentAt");
  if (refusal.first) return *refusal.first;
  return body;
}

Result<Body> read_body(JsonElement root, EndpointKind endpoint) {
  if (!type_of(endpoint)) return read_batch(root);
  if (!root.is_object()) {
    return invalid_argument(std::string("#: a message must be an object, found ") +
                            json_kind(root));
  }
  Body body;
  body.messages.push_back(root);
  return body;
}

}  // namespace

std::optional<EndpointKind> endpoint_of(std::string_view last_path_segment) {
  for (const NamedEndpoint& endpoint : kEndpoints) {
    if (endpoint.name == last_path_segment) return endpoint.kind;
  }
  return std::nullopt;
}

struct Ingest::State {
  Journal& journal;
  const Catalog& catalog;
  const ProfileStore& people;
  const Clock& clock;
  SecretKey person_key;
  IngestOptions options;
  Metrics& metrics;
  Counter& unstored;
  Counter& links_refused;
  Counter& duplicates;
  std::array<std::array<Counter*, 6>, 3> received;  // by source, by type
  ParserPool parsers;

  Counter& received_of(EventSource source, MessageType type) {
    return *received[static_cast<std::size_t>(source) - 1][static_cast<std::size_t>(type)];
  }
  Counter& rejected_for(std::string_view reason) {
    return metrics.counter("ante_events_rejected_total", "Messages refused, by reason.",
                           {{"reason", reason}});
  }

  RecordBuilder builder_for(const IngestCaller& caller, EventSource source) {
    return RecordBuilder(
        {people, catalog.view(), person_key, options, caller, source, clock.now_ms()});
  }
  void reject(IngestReply& reply, std::size_t index, std::string message_id, std::string pointer,
              Refusal refusal) {
    rejected_for(refusal.reason).add();
    reply.rejected.push_back(
        {index, std::move(message_id), std::move(pointer), std::move(refusal.detail)});
  }
  void store(RecordBuilder builder, bool strict, IngestReply reply, Done done);
  void accept_parsed(const IngestCaller& caller, EndpointKind endpoint, JsonElement root,
                     bool check_sizes, const Done& done);
};

// Sends the records off; the reply is complete when they are durable.
void Ingest::State::store(RecordBuilder builder, bool strict, IngestReply reply, Done done) {
  links_refused.add(builder.links_refused);
  if (strict && !reply.rejected.empty()) {
    done(std::move(reply));
    return;
  }
  unstored.add(builder.unstored);
  reply.accepted = builder.unstored;
  if (builder.records.empty()) {
    done(std::move(reply));
    return;
  }
  // A std::function is copied; what it needs is shared.
  struct Pending {
    IngestReply reply;
    std::vector<std::size_t> primary;
    Done done;
  };
  auto pending = std::make_shared<Pending>(
      Pending{std::move(reply), std::move(builder.primary), std::move(done)});
  Counter& duplicate_counter = duplicates;
  journal.append(std::move(builder.records),
                 [pending, &duplicate_counter](Result<std::vector<AppendOutcome>> outcomes) {
                   IngestReply& answer = pending->reply;
                   if (!outcomes) {
                     pending->done(refused(outcomes.error()));
                     return;
                   }
                   for (const std::size_t at : pending->primary) {
                     if ((*outcomes)[at].appended == Appended::kDuplicate)
                       ++answer.duplicates;
                     else
                       ++answer.accepted;
                   }
                   duplicate_counter.add(answer.duplicates);
                   pending->done(std::move(answer));
                 });
}

void Ingest::State::accept_parsed(const IngestCaller& caller, EndpointKind endpoint,
                                  JsonElement root, bool check_sizes, const Done& done) {
  auto body = read_body(root, endpoint);
  if (!body) {
    done(refused(body.error()));
    return;
  }
  const EventSource source = source_of(caller, endpoint);
  RecordBuilder builder = builder_for(caller, source);
  builder.records.reserve(body->messages.size() + 8);
  IngestReply reply;
  for (std::size_t i = 0; i < body->messages.size(); ++i) {
    Message message;
    std::optional<Refusal> problem = read_message(body->messages[i], type_of(endpoint), message);
    if (!problem && check_sizes && json_bytes_at_most(body->messages[i]) > kEventBytesMax) {
      const std::size_t size = json_text(body->messages[i]).size();
      if (size > kEventBytesMax)
        problem = Refusal{"limit", "", too_large("the message", size, kEventBytesMax).message};
    }
    if (!problem) problem = builder.add(message, body->common);
    if (problem) {
      const std::string at = body->is_list ? "#/batch/" + std::to_string(i) : "#";
      std::string pointer = at + problem->pointer;
      reject(reply, i, std::move(message.message_id), std::move(pointer), std::move(*problem));
    } else {
      received_of(source, message.type).add();
    }
  }
  store(std::move(builder), caller.strict, std::move(reply), done);
}

Ingest::Ingest(Journal& journal, const Catalog& catalog, const ProfileStore& people,
               const Clock& clock, const SecretKey& person_key, IngestOptions options,
               Metrics& metrics)
    : state_(new State{
          journal,
          catalog,
          people,
          clock,
          person_key,
          options,
          metrics,
          metrics.counter("ante_events_unstored_total",
                          "Messages of people who allow no storing: not kept."),
          metrics.counter("ante_links_refused_total",
                          "Links refused because a person has the most ids already."),
          metrics.counter("ante_events_duplicate_total", "Messages that were stored before."),
          {},
          {}}) {
  for (const EventSource source :
       {EventSource::kBrowser, EventSource::kServer, EventSource::kImport}) {
    for (std::size_t type = 0; type < 6; ++type) {
      state_->received[static_cast<std::size_t>(source) - 1][type] =
          &metrics.counter("ante_events_received_total", "Messages taken, by source and type.",
                           {{"source", to_string(source)},
                            {"type", ante::to_string(static_cast<MessageType>(type))}});
    }
  }
}

Ingest::~Ingest() = default;

void Ingest::accept(const IngestCaller& caller, EndpointKind endpoint, std::string_view body,
                    Done done) {
  if (endpoint == EndpointKind::kImport && caller.key != KeyClass::kSecret) {
    done(refused(invalid_argument("import needs a secret key")));
    return;
  }
  const std::size_t limit = type_of(endpoint) ? kEventBytesMax : kBatchBytesMax;
  if (body.size() > limit) {
    state_->rejected_for("limit").add();
    done(refused(too_large("the body", body.size(), limit)));
    return;
  }
  std::unique_ptr<JsonParser> parser = state_->parsers.take();
  auto root = parser->parse(body);
  if (root) {
    state_->accept_parsed(caller, endpoint, *root, body.size() > kEventBytesMax, done);
  } else {
    state_->rejected_for("json").add();
    done(refused(root.error()));
  }
  state_->parsers.give_back(std::move(parser));
}

namespace {

// One person of people:import, strictly: an unknown member is a slip of the sender.
std::optional<Refusal> read_person(JsonElement element, TimeMs now_ms, std::string& user_id,
                                   std::vector<Fact>& facts, TimeMs& at_ms) {
  simdjson::dom::object object;
  if (element.get(object) != simdjson::SUCCESS) {
    return Refusal{"type", "",
                   std::string("a person must be an object, found ") + json_kind(element)};
  }
  JsonRefusal problem;
  const JsonFields fields(object, "", kImportFields, problem);
  const auto given_id = fields.get("userId");
  user_id = given_id ? id_text(*given_id).value_or("") : "";
  if (user_id.empty() || user_id.size() > kIdBytesMax) {
    fields.refuse("userId",
                  "a person needs a userId of 1 to " + std::to_string(kIdBytesMax) + " bytes");
  }
  at_ms = std::min(fields.time("at").value_or(now_ms), now_ms);
  const auto traits = fields.get("traits");
  if (!traits || !traits->is_object())
    fields.refuse("traits", "must be an object of name and value");
  if (problem.first) {
    const std::string& text = problem.first->message;
    const std::size_t colon = text.find(": ");
    return Refusal{"schema", text.substr(0, colon), text.substr(colon + 2)};
  }
  if (auto refusal = read_traits(traits, Provenance::kImported, at_ms, facts)) return refusal;
  if (facts.empty())
    return Refusal{"schema", "/traits", "holds nothing that can be kept as a fact"};
  return std::nullopt;
}

// The lines of NDJSON that are not blank.
std::vector<std::string_view> lines_of(std::string_view body) {
  std::vector<std::string_view> lines;
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    const std::string_view line = body.substr(0, end);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) lines.push_back(line);
    body.remove_prefix(std::min(end + 1, body.size()));
  }
  return lines;
}

bool starts_array(std::string_view body) {
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && body[first] == '[';
}

}  // namespace

void Ingest::import_people(const IngestCaller& caller, std::string_view body, Done done) {
  if (caller.key != KeyClass::kSecret) {
    done(refused(invalid_argument("people:import needs a secret key")));
    return;
  }
  if (body.size() > kPeopleImportBytesMax) {
    done(refused(too_large("the body", body.size(), kPeopleImportBytesMax)));
    return;
  }
  RecordBuilder builder = state_->builder_for(caller, EventSource::kImport);
  const TimeMs now_ms = state_->clock.now_ms();
  IngestReply reply;
  const auto take = [&](std::size_t index, JsonElement element) {
    std::string user_id;
    std::vector<Fact> facts;
    TimeMs at_ms = 0;
    auto problem = read_person(element, now_ms, user_id, facts, at_ms);
    if (!problem) problem = builder.add_facts(user_id, std::move(facts), at_ms);
    if (!problem) return;
    std::string pointer = "#/" + std::to_string(index) + problem->pointer;
    state_->reject(reply, index, "", std::move(pointer), std::move(*problem));
  };
  const bool is_array = starts_array(body);
  JsonParser parser(is_array ? kPeopleImportBytesMax : kEventBytesMax);
  std::size_t count = 0;
  if (is_array) {
    auto root = parser.parse(body);
    if (!root) {
      done(refused(root.error()));
      return;
    }
    const simdjson::dom::array people = root->get_array().value_unsafe();
    for (const JsonElement element : people) {
      if (count == kPeopleImportLinesMax) break;
      take(count++, element);
    }
    count = people.size();
  } else {
    const auto lines = lines_of(body);
    for (std::size_t i = 0; i < std::min(lines.size(), kPeopleImportLinesMax); ++i) {
      auto element = parser.parse(lines[i]);
      if (element)
        take(i, *element);
      else
        state_->reject(reply, i, "", "#/" + std::to_string(i),
                       {"json", "", element.error().message});
    }
    count = lines.size();
  }
  if (count > kPeopleImportLinesMax) {
    done(refused(invalid_argument("people:import takes at most " +
                                  std::to_string(kPeopleImportLinesMax) + " people a call, found " +
                                  std::to_string(count))));
    return;
  }
  state_->store(std::move(builder), caller.strict, std::move(reply), std::move(done));
}

}  // namespace ante
