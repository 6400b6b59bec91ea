// The words of the made-up magazine: topics, titles, texts, things in the shop, first names.
//
// All of it is our own and about nobody. Pure functions of small numbers, so that the same world
// has the same pages everywhere; any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ante::sim {

struct TopicWords {
  std::string_view name;   // "watches"
  std::string_view title;  // "Watches"
  float readers;           // how many take to it, relative to the others
  float supply;            // how much is written about it, relative to the others
};

// What is written about; the last one, gifts, stands in the shop only.
inline constexpr std::size_t kTopicCount = 21;
inline constexpr std::size_t kArticleTopicCount = 20;
inline constexpr std::size_t kGiftTopic = 20;

std::span<const TopicWords> topic_words();

// Title and a few sentences of the `number`-th article of a topic; no title comes twice in the
// first 140 of a topic.
std::string article_title(std::size_t topic, std::size_t number);
std::string article_text(std::size_t topic, std::size_t number);

// What the shop sells.
struct Thing {
  std::size_t topic;
  std::string_view name;
  double price;
  bool repeatable;            // used up, bought again
  std::string_view variants;  // "black|tan|olive"; empty = one kind only
};
std::span<const Thing> things();

std::string_view first_name(std::size_t number);

}  // namespace ante::sim
