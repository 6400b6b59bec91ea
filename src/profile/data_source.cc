#include "profile/data_source.h"

#include <algorithm>

namespace ante {
namespace {

constexpr std::uint8_t kMonday = 1;

// Facts that refuse something are a guard too.
bool refuses(const Fact& fact) { return fact.name.starts_with("notForMe."); }

void leave_out_facts(PersonState& state, std::initializer_list<Provenance> kinds) {
  std::erase_if(state.facts, [&](const Fact& fact) {
    return std::ranges::find(kinds, fact.provenance) != kinds.end() && !refuses(fact);
  });
}

}  // namespace

PersonState without(const PersonState& state, DataSource source) {
  PersonState seen = state;
  switch (source) {
    case DataSource::kTold:
      seen.pinned.clear();
      for (TopicInterest& topic : seen.topics) topic.told = std::min(topic.told, 0.0F);
      leave_out_facts(seen, {Provenance::kTold});
      break;
    case DataSource::kNoticed:
      seen.recent.clear();
      seen.own.clear();
      for (TopicInterest& topic : seen.topics) topic.visit = topic.lasting = 0;
      seen.events = seen.visits = seen.purchases = 0;
      seen.last_query.clear();
      seen.last_query_ms = 0;
      leave_out_facts(seen, {Provenance::kNoticed, Provenance::kGuessed});
      break;
    case DataSource::kImported:
      leave_out_facts(seen, {Provenance::kImported});
      break;
    case DataSource::kSituation:
      break;
  }
  return seen;
}

Situation without(const Situation& situation, DataSource source) {
  if (source != DataSource::kSituation) return situation;
  Situation seen;
  seen.hour = kHourUnknown;
  seen.weekday = kMonday;
  return seen;
}

}  // namespace ante
