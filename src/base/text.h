// Words: whether they are the same, can be printed, how many, and "did you mean …?". Pure
// functions; any thread.
// Case is that of the 26 letters of ASCII.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ante {

std::string lower_case(std::string_view text);
// The same whatever the case.
bool same_word(std::string_view a, std::string_view b);

// Control characters (C0, DEL, C1), line ends, marks that turn the direction of text. UTF-8.
bool has_control_characters(std::string_view text);
// Can be printed as it is: none of these, no space first or last.
bool is_one_line(std::string_view text);
// For a terminal: each of these as \u001b; newlines and tabs stay. JSON stays the same JSON.
std::string printable(std::string_view text);

// "1 hour", "2 hours"; `many` where it is not `one` and an s.
std::string counted(std::uint64_t n, std::string_view one, std::string_view many = {});

inline constexpr std::size_t kEditDistanceBytesMax = 64;  // longer words are never a near miss

// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other
// (Damerau's distance, restricted). Words over kEditDistanceBytesMax: the longer length.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The known word nearest to `word`, when it is near enough to be a slip (a third of its letters,
// at most 3); else empty. Case does not count.
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> known);

// " Did you mean 'article-end'?" or nothing: for the end of a message.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

}  // namespace ante
