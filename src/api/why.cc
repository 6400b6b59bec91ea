#include "api/why.h"

#include <algorithm>

#include "candidates/source.h"

namespace ante {
namespace {

// Bits of the sources, in the order of candidates/setup.cc.
constexpr SourceBits kGraph = 1u << 0, kTrending = 1u << 1, kFresh = 1u << 2, kOwn = 1u << 3;
constexpr SourceBits kText = 1u << 5;

void add(std::vector<Why>& whys, Provenance kind, std::string text) {
  if (whys.size() < kWhysMax) whys.push_back({kind, std::move(text)});
}

void add_topics(std::vector<Why>& whys, const Item& item, const PersonState& person,
                const CatalogView& catalog) {
  const TopicInterest* told = nullptr;
  const TopicInterest* noticed = nullptr;
  for (const TopicInterest& interest : person.topics) {
    if (std::ranges::find(item.topic_keys, interest.topic) == item.topic_keys.end()) continue;
    if (interest.told > 0 && (told == nullptr || interest.told > told->told)) told = &interest;
    const float strength = interest.visit + interest.lasting;
    if (strength > 0 && (noticed == nullptr || strength > noticed->visit + noticed->lasting)) {
      noticed = &interest;
    }
  }
  if (told != nullptr) {
    add(whys, Provenance::kTold, "you asked for more about " + catalog.topic_name(told->topic));
  }
  if (noticed != nullptr && noticed != told) {
    const char* when = noticed->visit > 0 ? "you are reading about " : "you have read about ";
    add(whys, Provenance::kNoticed, when + catalog.topic_name(noticed->topic));
  }
}

}  // namespace

std::vector<Why> whys_of(const Item& item, const PersonState* person, SourceBits sources,
                         bool is_safe_default, const CatalogView& catalog) {
  std::vector<Why> whys;
  if (person != nullptr) {
    const bool pinned = std::ranges::any_of(
        person->pinned, [&](const HiddenItem& pin) { return pin.item == item.key; });
    if (pinned) add(whys, Provenance::kTold, "you pinned it");
    add_topics(whys, item, *person, catalog);
    if ((sources & kOwn) != 0) add(whys, Provenance::kNoticed, "you have come back to it before");
    if ((sources & kText) != 0 && !person->last_query.empty()) {
      add(whys, Provenance::kNoticed, "you searched for something like it");
    }
    if ((sources & kGraph) != 0) {
      add(whys, Provenance::kGuessed, "people who saw what you saw went on to it");
    }
  }
  if ((sources & kTrending) != 0) add(whys, Provenance::kGuessed, "many people look at it now");
  if (whys.empty() && (sources & kFresh) != 0) add(whys, Provenance::kGuessed, "it is new");
  if ((sources & kSuppliedSource) != 0 && whys.empty()) {
    add(whys, Provenance::kGuessed, "the page proposed it");
  }
  if (whys.empty() && is_safe_default) {
    add(whys, Provenance::kGuessed, "it is what everybody gets here");
  }
  return whys;
}

}  // namespace ante
