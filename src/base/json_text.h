// The text of parsed JSON again, without spaces, and a bound of its length.
//
// In: an element of a JsonParser's DOM, as deep as the parser allows. Pure; any thread.

#pragma once

#include <cstddef>
#include <simdjson.h>
#include <string>

namespace ante {

// Parsing the text again gives an equal element.
std::string json_text(const simdjson::dom::element& element);

// A bound of that text's length, found without writing it: never less than the length, at most six
// times as much of a text and 32 bytes of a number.
std::size_t json_bytes_at_most(const simdjson::dom::element& element);

}  // namespace ante
