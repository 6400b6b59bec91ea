#include "events/message.h"

#include <array>
#include <utility>

#include "base/text.h"
#include "base/time_text.h"
#include "domain/event.h"
#include "domain/ids.h"
#include "domain/json_fields.h"

namespace ante {

namespace {

constexpr std::array<std::string_view, 6> kTypes = {"track",  "identify", "page",
                                                    "screen", "group",    "alias"};

Refusal refusal(std::string_view reason, std::string pointer, std::string detail) {
  return {reason, std::move(pointer), std::move(detail)};
}

Refusal wrong_kind(std::string_view name, std::string_view wanted, JsonElement value) {
  return refusal("type", "/" + std::string(name),
                 "must be " + std::string(wanted) + ", found " + json_kind(value));
}

std::optional<Refusal> read_type(JsonElement value, Message& message) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return wrong_kind("type", "a string", value);
  for (std::size_t i = 0; i < kTypes.size(); ++i) {
    if (kTypes[i] == text) {
      message.type = static_cast<MessageType>(i);
      return std::nullopt;
    }
  }
  return refusal(
      "schema", "/type",
      "must be track, identify, page, screen, group or alias." + did_you_mean(text, kTypes));
}

std::optional<Refusal> read_id(std::string_view name, JsonElement value, std::size_t bytes_max,
                               std::string& id) {
  auto text = id_text(value);
  if (!text) return wrong_kind(name, "a string", value);
  if (text->size() > bytes_max) {
    return refusal("limit", "/" + std::string(name),
                   "must have at most " + std::to_string(bytes_max) + " bytes, found " +
                       std::to_string(text->size()));
  }
  id = std::move(*text);
  return std::nullopt;
}

std::optional<Refusal> read_time(std::string_view name, JsonElement value,
                                 std::optional<TimeMs>& time) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS)
    return wrong_kind(name, "a time like \"2026-11-22T07:00:00Z\"", value);
  auto parsed = parse_time(text);
  if (!parsed) return refusal("time", "/" + std::string(name), parsed.error().message);
  time = *parsed;
  return std::nullopt;
}

std::optional<Refusal> read_text(std::string_view name, JsonElement value, std::string_view& out) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return wrong_kind(name, "a string", value);
  if (text.size() > kEventNameBytesMax) {
    return refusal("limit", "/" + std::string(name),
                   "must have at most " + std::to_string(kEventNameBytesMax) + " bytes, found " +
                       std::to_string(text.size()));
  }
  out = text;
  return std::nullopt;
}

std::optional<Refusal> read_object(std::string_view name, JsonElement value,
                                   std::optional<JsonElement>& out) {
  if (!value.is_object()) return wrong_kind(name, "an object", value);
  out = value;
  return std::nullopt;
}

// Members we do not know belong to somebody else and are left alone.
std::optional<Refusal> read_member(std::string_view key, JsonElement value, Message& message,
                                   std::optional<TimeMs>& original) {
  switch (key.empty() ? '\0' : key[0]) {
    case 'a':
      if (key == "anonymousId") return read_id(key, value, kIdBytesMax, message.anonymous_id);
      break;
    case 'c':
      if (key == "context") return read_object(key, value, message.context);
      break;
    case 'e':
      if (key == "event") return read_text(key, value, message.event);
      break;
    case 'g':
      if (key == "groupId") return read_id(key, value, kIdBytesMax, message.group_id);
      break;
    case 'i':
      if (key == "integrations") return read_object(key, value, message.integrations);
      break;
    case 'm':
      if (key == "messageId") return read_id(key, value, kMessageIdBytesMax, message.message_id);
      break;
    case 'n':
      if (key == "name") return read_text(key, value, message.name);
      break;
    case 'o':
      if (key == "originalTimestamp") return read_time(key, value, original);
      break;
    case 'p':
      if (key == "properties") return read_object(key, value, message.properties);
      if (key == "previousId") return read_id(key, value, kIdBytesMax, message.previous_id);
      break;
    case 's':
      if (key == "sentAt") return read_time(key, value, message.sent_at);
      break;
    case 't':
      if (key == "timestamp") return read_time(key, value, message.timestamp);
      if (key == "traits") return read_object(key, value, message.traits);
      break;
    case 'u':
      if (key == "userId") return read_id(key, value, kIdBytesMax, message.user_id);
      break;
    default:
      break;
  }
  return std::nullopt;
}

std::optional<Refusal> check_whole(const Message& message) {
  if (message.anonymous_id.empty() && message.user_id.empty()) {
    return refusal("no_user_anon_id", "/anonymousId", "a message needs an anonymousId or a userId");
  }
  switch (message.type) {
    case MessageType::kTrack:
      if (message.event.empty()) return refusal("schema", "/event", "track needs an event name");
      break;
    case MessageType::kGroup:
      if (message.group_id.empty()) return refusal("schema", "/groupId", "group needs a groupId");
      break;
    case MessageType::kAlias:
      if (message.previous_id.empty())
        return refusal("schema", "/previousId", "alias needs a previousId");
      if (message.user_id.empty()) return refusal("schema", "/userId", "alias needs a userId");
      break;
    case MessageType::kIdentify:
    case MessageType::kPage:
    case MessageType::kScreen:
      break;
  }
  return std::nullopt;
}

}  // namespace

const char* to_string(MessageType type) { return kTypes[static_cast<std::size_t>(type)].data(); }

std::optional<std::string> id_text(JsonElement value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return std::string(text);
  std::int64_t number = 0;
  if (value.get(number) == simdjson::SUCCESS) return std::to_string(number);
  return std::nullopt;
}

std::optional<JsonElement> member(const std::optional<JsonElement>& object, std::string_view name) {
  if (!object) return std::nullopt;
  simdjson::dom::object members;
  JsonElement value;
  if (object->get(members) != simdjson::SUCCESS ||
      members.at_key(name).get(value) != simdjson::SUCCESS || value.is_null()) {
    return std::nullopt;
  }
  return value;
}

std::optional<Refusal> read_message(JsonElement element, std::optional<MessageType> fixed,
                                    Message& message) {
  simdjson::dom::object object;
  if (element.get(object) != simdjson::SUCCESS) {
    return refusal("type", "",
                   std::string("a message must be an object, found ") + json_kind(element));
  }
  std::optional<JsonElement> type;
  std::optional<TimeMs> original;
  std::optional<Refusal> problem;
  for (const auto field : object) {
    if (field.value.is_null()) continue;
    if (field.key == "type" && !type) type = field.value;
    // The id goes into the answer, so it is read even after a problem.
    if (problem && field.key != "messageId") continue;
    auto found = read_member(field.key, field.value, message, original);
    if (found && !problem) problem = std::move(found);
  }
  if (problem) return problem;
  if (original) message.timestamp = original;
  if (fixed) {
    message.type = *fixed;
  } else if (!type) {
    return refusal("schema", "/type", "must be track, identify, page, screen, group or alias");
  } else if (auto found = read_type(*type, message)) {
    return found;
  }
  return check_whole(message);
}

Occurred occurred_at(const Message& message, const BatchCommon& common, TimeMs received_ms,
                     DurationMs age_ms_max) {
  if (!message.timestamp) return {received_ms, false};
  const std::optional<TimeMs> sent_at = message.sent_at ? message.sent_at : common.sent_at;
  // All times lie within 1970..2199, so the sums cannot overflow.
  const TimeMs said = sent_at ? received_ms - (*sent_at - *message.timestamp) : *message.timestamp;
  const bool impossible =
      said > received_ms || said < 0 || (age_ms_max > 0 && said < received_ms - age_ms_max);
  return impossible ? Occurred{received_ms, true} : Occurred{said, false};
}

}  // namespace ante
