// One message of Segment's shape, read from its JSON: who, what kind, when, and the parts that the
// rest of this folder understands. Views point into the DOM. Pure functions; any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <simdjson.h>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace ante {

enum class MessageType : std::uint8_t { kTrack, kIdentify, kPage, kScreen, kGroup, kAlias };
const char* to_string(MessageType type);

// Why a message is not stored. `reason` is one of few words, for a metric.
struct Refusal {
  std::string_view reason;
  std::string pointer;  // below the message: "/properties/revenue"
  std::string detail;
};

using JsonElement = simdjson::dom::element;

struct Message {
  MessageType type = MessageType::kTrack;
  std::string message_id;  // empty = none: counts each time it comes
  std::string anonymous_id, user_id, previous_id, group_id;
  std::string_view event, name;
  std::optional<JsonElement> properties, traits, context, integrations;
  std::optional<TimeMs> timestamp, sent_at;
};

// What a batch says about all of its messages.
struct BatchCommon {
  std::optional<JsonElement> context, integrations;
  std::optional<TimeMs> sent_at;
};

// `fixed`: the type, when the address says it; else the member "type" does.
std::optional<Refusal> read_message(JsonElement element, std::optional<MessageType> fixed,
                                    Message& message);

// A member of an object that is there and not null.
std::optional<JsonElement> member(const std::optional<JsonElement>& object, std::string_view name);

// A text or a whole number, as text. Anything else: none.
std::optional<std::string> id_text(JsonElement value);

// When it happened, as far as it can be known.
struct Occurred {
  TimeMs at_ms = 0;       // <= received_ms
  bool adjusted = false;  // what the sender's clock said could not be
};
// `age_ms_max`: what seems older happened now instead; 0 = however old.
Occurred occurred_at(const Message& message, const BatchCommon& common, TimeMs received_ms,
                     DurationMs age_ms_max);

}  // namespace ante
