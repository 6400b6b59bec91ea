// The text of parsed JSON again, without spaces, and how long it is.
//
// In: an element of a JsonParser's DOM, as deep as the parser allows. Pure; any thread.

#pragma once

#include <cstddef>
#include <simdjson.h>
#include <string>

namespace ante {

// Parsing the text again gives an equal element.
std::string json_text(const simdjson::dom::element& element);

// About the length of that text, for limits: an escaped character counts as the bytes it stands
// for, a number as one byte. Never more than the length.
std::size_t json_bytes(const simdjson::dom::element& element);

}  // namespace ante
