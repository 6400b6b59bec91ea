// A typed question about a person and a moment: who a bet is for, and whom it leaves alone.
//
// A tree of named questions, no script: it can be read aloud, checked when it is written, and
// answered in well under a microsecond (profile/audience.h). Pure values; any thread.
//
//   {"all": [..]} {"any": [..]} {"not": {..}} {"everybody": true}
//   {"trait": {"name": "visits", "in": ["regular", "frequent"]}}       levels of domain/traits.h
//   {"fact": {"name": "plan", "is": "gold"}}   or "in": [..], "atLeast", "atMost", "exists"
//   {"topic": {"name": "watches", "told": true}}  or "atLeast": share of lasting interest
//   {"item": {"id": "whisky-3", "was": "bought"}}  or touched, pinned, hidden
//   {"count": {"of": "visits", "atLeast": 2, "atMost": 9}}  or events, purchases
//   {"task": {"in": ["gift", "restock"]}}      as the page says

#pragma once

#include <cstdint>
#include <optional>
#include <simdjson.h>
#include <string>
#include <vector>

#include "domain/ids.h"
#include "domain/json_fields.h"

namespace ante {

class JsonWriter;

inline constexpr std::size_t kPredicateDepthMax = 4;
inline constexpr std::size_t kPredicateNodesMax = 64;
inline constexpr std::size_t kPredicateValuesMax = 100;

struct Predicate {
  enum class Kind : std::uint8_t {
    kEverybody,
    kAll,
    kAny,
    kNot,
    kTrait,  // trait, levels
    kFact,   // name, values or at_least/at_most or exists
    kTopic,  // topic, told or at_least
    kItem,   // item, was
    kCount,  // name, at_least, at_most
    kTask,   // values
  };
  enum class Was : std::uint8_t { kBought, kTouched, kPinned, kHidden };

  Kind kind = Kind::kEverybody;
  std::vector<Predicate> parts;     // of all, any; one of not
  std::string name;                 // of a fact, topic, item, count or trait, as written
  std::vector<std::string> values;  // as written
  std::uint8_t trait = 0;
  std::uint8_t levels = 0;  // bits of the trait's levels
  TopicKey topic;
  ItemKey item;
  Was was = Was::kBought;
  std::optional<double> at_least, at_most;
  std::optional<bool> flag;  // exists, told
  friend bool operator==(const Predicate&, const Predicate&) = default;
};

// Reads the member `name` of an object; absent: nothing. What is wrong goes to the refusal.
std::optional<Predicate> read_predicate(const JsonFields& fields, std::string_view name);
void write_predicate(JsonWriter& json, const Predicate& predicate);
// "visits: regular or frequent, and not plan: gold".
std::string to_words(const Predicate& predicate);

}  // namespace ante
